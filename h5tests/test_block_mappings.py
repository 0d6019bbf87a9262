"""Floats and wide integers in blocks: a part decodes no more than the blocks that it meets."""

import numpy as np
import pytest
import reference_decoder as reference
import reference_mappings  # noqa: F401  (decodes mapped chunks once it is imported)
import reference_native  # noqa: F401  (decodes coder 3 once it is imported)
from filter_support import h5py
from generated import embedding, hashed, smooth
from python_support import assert_same
from test_blocks import flipped, random_region

import h5prism
from h5prism._reader import START_BYTES, ChunkReader, chunk_sizes, is_in_blocks
from h5prism._selection import Selection

SHAPE = (60, 52, 24)


def integers(dtype="int16"):
    return embedding(*SHAPE, dtype)


def by_scale():
    return integers("int8").astype("f4") * np.float32(0.0213)


def by_position():
    scales = 1 + np.random.default_rng(1).random((*SHAPE[:2], 1), np.float32)
    return integers("int8").astype("f4") * scales


def with_exceptions():
    array = by_scale()
    array[20:23, 9:30, 3:5] = np.nan
    array[40, 40] = np.inf
    array[-1, -1, -1] = -0.0
    return array


def few_values():
    values = np.array([np.nan, -0.0, 5e-324, 1e300, -3.25, 7.0, 1.5, 0.1])
    return values[(integers("int8").astype(int) // 16) % 8]


def missing(array, value):
    """A region without data, which has whole blocks, and some rows of the picture."""
    away = smooth(hashed(SHAPE[:2], 5).astype(np.int64), 9) < 29000
    away[30:36] = True
    array[away[: len(array)]] = value
    return array


MADE = {
    "mask": lambda: missing(integers("int8"), -128),
    "mask, channels first": lambda: missing(integers(), -9999).transpose(2, 0, 1).copy(),
    "mask of scales": lambda: missing(by_position(), np.nan),
    "mask of doubles": lambda: missing(integers().astype("f8") / 100, np.nan),
    "scale": by_scale,
    "scale for each position": by_position,
    "halves": lambda: (integers() // 64).astype("f2") / np.float16(8),
    "big-endian": lambda: by_scale().astype(">f4"),
    "doubles": lambda: integers().astype("f8") / 100,
    "exceptions": with_exceptions,
    "table": few_values,
    "wide integers": lambda: integers().astype("<i4") * 7 + 10**6,
    "times": lambda: integers().astype(">i8") * 3600 - 10**15,
    "dimensions of 1": lambda: by_position()[:, np.newaxis, :, :, np.newaxis],
}


def coded(array, **options):
    """With the planes along the axis of channels, wherever dimensions of 1 are."""
    axis = next(axis for axis, size in enumerate(array.shape) if size in (6, SHAPE[2]))
    blob = h5prism.encode(array, **{"block": 8, "axis": axis} | options)
    info = h5prism.inspect_chunk(blob)
    assert info.method == "blocks"
    assert info.mapping != "none" or array.dtype.itemsize < 4
    assert is_in_blocks(blob)
    assert len(blob) < array.nbytes * 0.9
    assert_same(h5prism.decode(blob), array)
    return blob


def same_bits(found, expected):
    assert found.dtype == expected.dtype
    assert found.tobytes() == np.ascontiguousarray(expected).tobytes()


@pytest.mark.parametrize("checksum", [True, False])
@pytest.mark.parametrize("name", MADE)
def test_regions(name, checksum):
    array = MADE[name]()
    random = np.random.default_rng(2)
    blob = coded(array, checksum=checksum)
    for _ in range(20):
        region = random_region(random, array.shape)
        same_bits(h5prism.decode(blob, region=region), array[region])


@pytest.mark.parametrize("name", MADE)
def test_the_decoders_agree(name):
    cut = {SHAPE[0]: 26, SHAPE[1]: 26, SHAPE[2]: 6}
    array = MADE[name]()
    array = np.ascontiguousarray(array[tuple(slice(cut.get(size)) for size in array.shape)])
    for options in ({}, {"order": "stored", "block": 16}):
        same_bits(reference.decode(coded(array, **options)), array)


def opened(blob, keep):
    """With the head, and zeros in place of the rest."""
    head, whole = chunk_sizes(blob[:START_BYTES])
    assert whole == len(blob)
    assert head < keep * whole
    return ChunkReader(blob[:head], whole)


@pytest.mark.parametrize("name", MADE)
def test_no_other_bytes_are_looked_at(name):
    array = MADE[name]()
    blob = coded(array)
    reader = opened(blob, 0.6)
    items = tuple(
        range(size - 1, size) if size in SHAPE[:2] else range(size) for size in array.shape
    )
    regions = Selection(items).regions(array.shape)
    taken = 0
    for offset, size in reader.ranges(regions):
        reader.add(offset, blob[offset : offset + size])
        taken += size
    assert 0 < taken < len(blob) / 20
    expected = Selection(items).of(array)
    same_bits(reader.read(regions).reshape(expected.shape), expected)


def test_a_damaged_block_is_named_and_leaves_the_others():
    array = by_position()
    blob = coded(array, block=16)
    size, region = len(blob), np.s_[:16, :16]
    lost = 0
    for at in range(size - 5, size // 2, -211):
        damaged = flipped(blob, at)
        with pytest.raises(h5prism.PrismError):
            h5prism.decode(damaged)
        same_bits(h5prism.decode(damaged, region=region), array[region])
        try:
            h5prism.decode(damaged, region=np.s_[16:])
        except h5prism.PrismError as error:
            assert error.status == h5prism.Status.CHECKSUM
            assert "is damaged" in str(error)
            lost += 1
    assert lost > 5


def test_any_damage_of_the_head_is_found():
    blob = coded(with_exceptions())
    head, _ = chunk_sizes(blob[:START_BYTES])
    for at in range(0, head, 3):
        with pytest.raises(h5prism.PrismError):
            h5prism.decode(flipped(blob, at), region=np.s_[:8, :8])


@pytest.mark.parametrize("make", [by_position, with_exceptions, few_values])
def test_damage_without_checksums(make):
    """No crash; a part is that of the whole, where both can be decoded."""
    random = np.random.default_rng(5)
    array = np.ascontiguousarray(make()[:24, :24, :6])
    blob = h5prism.encode(array, block=8, axis=2, checksum=False)
    assert is_in_blocks(blob)
    agreed = 0
    for _ in range(60):
        damaged = flipped(blob, int(random.integers(len(blob))))
        try:
            whole = h5prism.decode(damaged)
        except h5prism.PrismError:
            with pytest.raises(reference.CorruptChunk):
                reference.decode(damaged)
            continue
        same_bits(reference.decode(damaged), whole)
        if whole.shape == array.shape:
            same_bits(h5prism.decode(damaged, region=np.s_[3:9, 5:20]), whole[3:9, 5:20])
            agreed += 1
    assert agreed


def test_empty_blocks_cost_next_to_nothing():
    array = embedding(64, 64, 16, "int8")
    left = h5prism.encode(np.ascontiguousarray(array[:, :32]), block=4, axis=2)
    array[:, 36:] = array[8:, 32:36] = -128  # two blocks are left beside them
    masked = h5prism.encode(array, block=4, axis=2)
    assert h5prism.inspect_chunk(masked).mapping == "mask"
    assert len(masked) < 1.03 * len(left) + 126
    same_bits(h5prism.decode(masked), array)
    same_bits(h5prism.decode(masked, region=np.s_[:, 30:]), array[:, 30:])


def test_datasets_are_read_in_parts(tmp_path):
    array = by_position()
    with h5py.File(tmp_path / "f.h5", "w") as file:
        made = file.create_dataset(
            "d", data=array, chunks=(40, 52, 24), **h5prism.Prism(block=8, axis=2)
        )
        assert is_in_blocks(made.id.read_direct_chunk((0, 0, 0))[1])
        rows, columns = np.random.default_rng(3).integers(0, 52, (2, 50))
        same_bits(h5prism.points(made, rows, columns), array[rows, columns])
        same_bits(h5prism.read(made, np.s_[30:50, 7:9]), array[30:50, 7:9])
