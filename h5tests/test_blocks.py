"""Option `block`: parts of chunks that are decoded without the rest."""

import itertools

import numpy as np
import pytest
import reference_decoder as reference
import reference_native  # noqa: F401  (decodes coder 3 once it is imported)
from filter_support import h5py
from generated import embedding, picture, runs
from python_support import NARROW_DTYPES, assert_same, correlated, noise

import h5prism
from h5prism._reader import is_in_blocks

SIDES = [4, 8, 16, 32, 64]


def encoded(array, **options):
    blob = h5prism.encode(array, **options)
    assert h5prism.inspect_chunk(blob).method == "blocks"
    assert_same(h5prism.decode(blob), array)
    return blob


def random_region(random, shape):
    starts = [int(random.integers(size)) for size in shape]
    stops = [int(random.integers(a, size)) + 1 for a, size in zip(starts, shape)]
    return tuple(slice(a, b) for a, b in zip(starts, stops))


# Whole chunks


@pytest.mark.parametrize("dtype", NARROW_DTYPES)
@pytest.mark.parametrize("side", SIDES)
def test_types_and_efforts(side, dtype):
    array = np.asarray(correlated((41, 70, 6), dtype, side) // 16, dtype)
    for effort in (1, 5, 9):
        blob = encoded(array, block=side, axis=2, effort=effort)
        assert len(blob) < array.nbytes
    assert_same(reference.decode(blob), array)


SHAPES = [(40, 33, 5), (17, 700, 1), (700, 17, 2), (5, 300, 3), (300, 5, 3), (24, 24, 530), (70, 70, 1)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_shapes(shape):
    array = correlated(shape, "<i2", 3) // 64
    for side in (4, 16):
        blob = encoded(array, block=side, axis=2)
    assert_same(reference.decode(blob), array)


@pytest.mark.parametrize("content", [noise, runs], ids=["noise", "runs"])
def test_contents_that_gain_little(content):
    """What is not smaller in blocks is stored raw, and is read in parts all the same."""
    array = noise((40, 40, 3), "i1", 1) if content is noise else runs(48, 40, 3)
    blob = h5prism.encode(array, block=8, axis=2)
    assert h5prism.inspect_chunk(blob).method in ("blocks", "none")
    assert_same(h5prism.decode(blob, region=np.s_[3:9, 5:, 1]), array[3:9, 5:, 1])


def test_constant_planes_and_outliers():
    array = embedding(40, 40, 6, "int16")
    array[..., ::2] = 7
    array[3, 5, 1], array[30, 39, 3] = 32767, -32768
    blob = encoded(array, block=8, axis=2)
    assert_same(reference.decode(blob), array)


@pytest.mark.parametrize("side, most", [(4, 1.08), (8, 1.03), (16, 1.03), (32, 1.01)])
def test_blocks_cost_little(side, most):
    array = embedding(128, 128, 48, "int8")
    whole = h5prism.encode(array, axis=2, transform="channels", predictor="lsq", coder="ans")
    assert len(encoded(array, block=side, axis=2)) < most * len(whole)


@pytest.mark.parametrize("shape", [(60, 50, 3), (3, 60, 50), (4, 5, 40, 30)], ids=str)
def test_planes_without_blocks_are_not_chosen(shape):
    """Noise, which other layouts make smaller by a little."""
    array = noise(shape, "uint8") // 3
    for order in itertools.permutations(range(len(shape))):
        laid = np.ascontiguousarray(array.transpose(order))
        assert h5prism.inspect_chunk(h5prism.encode(laid, block=8)).method == "blocks"


def test_one_block_is_no_blocks():
    """Other methods are smaller then, and nothing is to be had by parts."""
    array = embedding(30, 30, 5, "int8")
    assert h5prism.inspect_chunk(h5prism.encode(array, block=32, axis=2)).method != "blocks"


# Parts


@pytest.mark.parametrize("rank", [2, 3, 4, 5])
def test_regions(rank):
    random = np.random.default_rng(rank)
    for axis in range(rank):
        shape = [int(size) for size in random.integers(5, 14, rank)]
        shape[(axis + 1) % rank] = 60
        array = np.cumsum(random.integers(-3, 4, shape), (axis + 1) % rank).astype(">i2")
        blob = h5prism.encode(array, block=4, axis=axis, checksum=bool(axis % 2))
        for _ in range(25):
            region = random_region(random, shape)
            assert_same(h5prism.decode(blob, region=region), np.ascontiguousarray(array[region]))


@pytest.mark.parametrize("dtype", ["|i1", "<u2"])
@pytest.mark.parametrize("side", SIDES[:4])
def test_a_block_of_four_by_four_alone(side, dtype):
    """It is decoded in a way of its own, but not where larger blocks are cut to this size."""
    array = np.asarray(correlated((36, 68, 37), dtype, side) // (2 if dtype == "|i1" else 99), dtype)
    for order in ("auto", "stored"):
        blob = encoded(array, block=side, axis=2, order=order)
        for region in (np.s_[32:, 64:], np.s_[32:, 64:, :9], np.s_[32:, 64:, 3:], np.s_[4:8, :4]):
            assert_same(h5prism.decode(blob, region=region), np.ascontiguousarray(array[region]))


REGIONS = [np.s_[3], np.s_[-3, ...], np.s_[..., 2:4], np.s_[5:30:7, :, ::2], np.s_[4:4], np.s_[:, 39:, -1]]


@pytest.mark.parametrize("region", REGIONS, ids=str)
@pytest.mark.parametrize("block", [0, 8])
def test_regions_are_as_those_of_numpy(block, region):
    array = embedding(40, 40, 6, "int8")
    found = h5prism.decode(h5prism.encode(array, block=block), region=region)
    assert_same(found, np.ascontiguousarray(array[region]))


def test_regions_that_are_none():
    blob = h5prism.encode(embedding(40, 40, 6, "int8"), block=8)
    for region in (np.s_[40], np.s_[0, 0, 0, 0], [1, 2], np.s_[::-1], "x"):
        with pytest.raises(IndexError):
            h5prism.decode(blob, region=region)
    with pytest.raises(h5prism.PrismError, match="one of them"):
        h5prism.decode(blob, region=np.s_[1], planes=[0])


def test_floats_and_other_methods_have_regions():
    for array in (embedding(40, 40, 6, "int8") / np.float32(7), embedding(30, 40, 6, "int16")):
        blob = h5prism.encode(array, effort=8)
        assert_same(h5prism.decode(blob, region=np.s_[7:9]), array[7:9])


# Planes as they come


@pytest.mark.parametrize("block", [0, *SIDES])
def test_stored_planes(block):
    for shape, dtype in (((40, 70, 6), "<i2"), ((37, 33, 40), "u1"), ((70, 66, 2), "i1")):
        array = np.asarray(correlated(shape, dtype, block) // 16, dtype)
        encoded(array, block=block, order="stored", axis=2)


@pytest.mark.parametrize("shape, block", [((30, 31, 7), 0), ((25, 38, 8), 8)], ids=str)
def test_the_decoders_agree_on_stored_planes(shape, block):
    array = np.asarray(correlated(shape, "<i2", 5) // 16, "<i2")
    assert_same(reference.decode(encoded(array, block=block, order="stored", axis=2)), array)


def test_stored_planes_of_other_axes_and_constant_ones():
    array = embedding(40, 33, 9, "int8")
    array[..., 2:4], array[..., 8] = 3, -1
    for axis in range(3):
        laid = np.ascontiguousarray(np.moveaxis(array, 2, axis))
        blob = encoded(laid, order="stored", axis=axis, transform="channels", effort=3)
        assert_same(reference.decode(blob), laid)
        region = tuple(slice(1, 4) if i == axis else slice(5, 9) for i in range(3))
        assert_same(h5prism.decode(blob, region=region), np.ascontiguousarray(laid[region]))
        assert_same(h5prism.decode(blob, planes=[1, 3]), np.ascontiguousarray(laid.take([1, 3], axis)))


@pytest.mark.parametrize("block, most", [(0, 1.03), (4, 1.05), (16, 1.04)])
def test_stored_planes_cost_little(block, most):
    array = embedding(128, 128, 48, "int8")
    other = h5prism.encode(array, axis=2, block=block)
    assert len(encoded(array, axis=2, block=block, order="stored")) < most * len(other)


def assert_decoders_agree_on_damage(blob, random, count):
    for at in random.integers(9, len(blob), count):
        damaged = flipped(blob, int(at))
        try:
            found = h5prism.decode(damaged)
        except h5prism.PrismError:
            with pytest.raises(reference.CorruptChunk):
                reference.decode(damaged)
        else:
            assert_same(reference.decode(damaged), found)


def test_the_decoders_agree_on_damage_of_stored_planes():
    array = embedding(24, 24, 6, "int8")
    blob = encoded(array, block=8, axis=2, order="stored", checksum=False)
    assert_decoders_agree_on_damage(blob, np.random.default_rng(4), 40)


# Damage


def sections(blob):
    """Where parameters and payload of a chunk in blocks begin."""
    info = h5prism.inspect_chunk(blob)
    payload = len(blob) - 4 - info.payload_bytes
    return payload - info.parameter_bytes, payload


def flipped(blob, at):
    return blob[:at] + bytes([blob[at] ^ 16]) + blob[at + 1 :]


def test_a_damaged_block_leaves_the_others():
    array = embedding(64, 64, 8, "int8")
    blob = encoded(array, block=16, axis=2)
    _, payload = sections(blob)
    for at in range(payload, len(blob) - 4, 997):
        damaged, lost = flipped(blob, at), []
        with pytest.raises(h5prism.PrismError):
            h5prism.decode(damaged)
        for y, x in itertools.product(range(0, 64, 16), repeat=2):
            region = np.s_[y : y + 16, x : x + 16]
            try:
                assert_same(h5prism.decode(damaged, region=region), array[region])
            except h5prism.PrismError as error:
                assert error.status == h5prism.Status.CHECKSUM
                lost.append(str(error))
        assert len(lost) == 1
        assert "is damaged" in lost[0]


def test_a_damaged_head_is_found():
    blob = encoded(embedding(40, 40, 8, "int8"), block=8, axis=2)
    _, payload = sections(blob)
    for at in (*range(payload), payload + 1):
        with pytest.raises(h5prism.PrismError):
            h5prism.decode(flipped(blob, at), region=np.s_[:8, :8])


def test_the_decoders_agree_on_damage_without_checksums():
    array = embedding(24, 24, 6, "int8")
    blob = encoded(array, block=8, axis=2, checksum=False)
    assert_decoders_agree_on_damage(blob, np.random.default_rng(2), 150)


@pytest.mark.parametrize("options", [{"block": 8}, {"order": "stored"}])
def test_channels_are_the_planes_of_parts(options):
    """Also where rows say more of each other than channels do."""
    random = np.random.default_rng(4)
    mixed = np.tensordot(random.normal(size=(56, 5)), random.normal(size=(5, 60, 20)), 1)
    array = (400 * mixed).astype("<i2")
    assert h5prism.inspect_chunk(h5prism.encode(array)).axis != 2
    assert h5prism.inspect_chunk(encoded(array, **options)).axis == 2
    first = np.ascontiguousarray(np.moveaxis(array, 2, 0))
    assert h5prism.inspect_chunk(encoded(first, **options)).axis == 0
    assert h5prism.inspect_chunk(encoded(first[np.newaxis], **options)).axis == 1
    assert h5prism.inspect_chunk(encoded(array, axis=1, **options)).axis == 1


def test_truncation():
    blob = encoded(embedding(24, 24, 6, "int8"), block=8, axis=2, checksum=False)
    array = h5prism.decode(blob)
    for end in range(0, len(blob), 7):
        with pytest.raises(h5prism.PrismError):
            h5prism.decode(blob[:end])
        with pytest.raises(h5prism.PrismError):
            h5prism.decode(blob[:end], region=np.s_[-1:, -1:])
        try:  # blocks that are all there are read
            assert_same(h5prism.decode(blob[:end], region=np.s_[:1]), array[:1])
        except h5prism.PrismError as error:
            assert error.status == h5prism.Status.TRUNCATED


# Options


@pytest.mark.parametrize("block", [1, 3, 5, 12, 63, 128, -4, 256, "x"])
def test_sides_that_are_none(block):
    with pytest.raises(h5prism.PrismError):
        h5prism.Prism(block=block)


@pytest.mark.parametrize(
    "options",
    [{"coder": "jxl"}, {"transform": "stack"}, {"predictor": "paeth"}, {"coder": "zstd"}],
    ids=str,
)
def test_options_that_do_not_go_with_blocks(options):
    with pytest.raises(h5prism.PrismError, match="block=8"):
        h5prism.Prism(block=8, **options)


def test_the_order_is_kept():
    prism = h5prism.Prism(order="stored", block=8)
    assert h5prism.Prism.from_filter_options(prism.filter_options) == prism
    assert prism.filter_options[6] == 4 + 256 * 8
    assert prism.get_config()["order"] == "stored"
    for options in ({"order": "x"}, {"order": "stored", "coder": "zstd"}):
        with pytest.raises(h5prism.PrismError, match="order="):
            h5prism.Prism(**options)


@pytest.mark.parametrize("block", [0, *SIDES])
def test_the_option_is_kept(block):
    prism = h5prism.Prism(block=block, checksum=False, verify=True)
    assert h5prism.Prism.from_filter_options(prism.filter_options) == prism
    assert prism.filter_options[6] == 3 + 256 * block


def test_access_is_a_block_in_words():
    for access, block in (("whole", 0), ("patch", 16), ("pixel", 8), (None, 0)):
        assert h5prism.Prism(access=access) == h5prism.Prism(block=block)
    array = embedding(40, 40, 6, "int8")
    assert h5prism.encode(array, access="pixel") == h5prism.encode(array, block=8)
    with pytest.raises(h5prism.PrismError, match="access=line: expected one of whole, patch, pixel"):
        h5prism.Prism(access="line")
    with pytest.raises(h5prism.PrismError, match="one of them"):
        h5prism.Prism(access="pixel", block=4)


# Files


@pytest.fixture
def file(tmp_path):
    with h5py.File(tmp_path / "blocks.h5", "w") as opened:
        yield opened


def test_files_are_read_by_any_reader_and_in_parts(file):
    array = embedding(90, 80, 12, "int8")
    d = file.create_dataset("d", data=array, chunks=(64, 64, 12), **h5prism.Prism(block=8))
    assert d.id.get_storage_size() < 0.8 * array.nbytes
    assert_same(d[()], array)
    infos = {chunk.info.method for chunk in h5prism.inspect(d)}
    assert infos == {"blocks"}
    for selection in (np.s_[60:70, 10:12], np.s_[::9, 5, 3:], np.s_[...]):
        assert_same(np.asarray(h5prism.read(d, selection)), np.asarray(d[selection]))


@pytest.mark.parametrize("block", [0, 8])
def test_points(file, block):
    random = np.random.default_rng(1)
    array = embedding(90, 80, 12, "int16")
    options = h5prism.Prism(block=block)
    d = file.create_dataset("d", data=array, chunks=(64, 32, 5), **options)
    planes = np.ascontiguousarray(array.transpose(2, 0, 1))[None]
    e = file.create_dataset("e", data=planes, chunks=(1, 12, 32, 32), **options)
    rows, columns = random.integers(-90, 90, 300), random.integers(-80, 80, 300)
    assert_same(h5prism.points(d, rows, columns), array[rows, columns])
    assert_same(h5prism.points(e, rows, columns, axes=(-2, -1))[:, 0], array[rows, columns])
    assert h5prism.points(d, [], []).shape == (0, 12)


ELEMENTS = {
    "fields": [("a", "i1"), ("b", "i1"), ("c", "i1")],
    "words": [("a", "<i2"), ("b", "<u2")],
    "arrays": ("<i2", (2, 2)),
    "fields of arrays": [("a", "u1", (2,)), ("b", "u1")],
    "booleans": "?",
}


@pytest.mark.parametrize("kind", ELEMENTS)
def test_elements_of_several_numbers(file, kind):
    dtype = np.dtype(ELEMENTS[kind])
    numbers = np.stack([picture(60, 50) // (k + 1) for k in range(dtype.itemsize)], -1).astype("u1")
    if kind == "booleans":
        numbers //= 128
    elif kind in ("words", "arrays"):
        numbers[..., 1::2] = 0
    array = numbers.view(dtype.base).reshape(60, 50, *dtype.shape)
    d = file.create_dataset("x", (60, 50), dtype, chunks=(40, 50), **h5prism.Prism(block=8))
    d[...] = array
    assert all(is_in_blocks(d.id.read_direct_chunk((at, 0))[1]) for at in (0, 40))
    assert_same(h5prism.read(d, np.s_[5:9, 40:45:2]), array[5:9, 40:45:2])
    assert_same(h5prism.points(d, [3, 59, 41], [0, 49, 7]), array[[3, 59, 41], [0, 49, 7]])


def test_points_of_what_is_not_stored(file):
    plain = file.create_dataset("plain", data=embedding(20, 20, 3, "int8"))
    sparse = file.create_dataset(
        "sparse", (40, 40, 3), "i1", chunks=(16, 16, 3), fillvalue=5, **h5prism.Prism(block=4)
    )
    sparse[:16, :16] = embedding(16, 16, 3, "int8")
    for d in (plain, sparse):
        rows = np.arange(0, d.shape[0], 3)
        assert_same(h5prism.points(d, rows, rows), d[()][rows, rows])


def test_points_that_are_none(file):
    d = file.create_dataset("d", data=embedding(20, 20, 3, "int8"), chunks=(10, 10, 3), **h5prism.Prism())
    for rows in ([20], [-21]):
        with pytest.raises(IndexError):
            h5prism.points(d, rows, [0])
    for rows, columns in (([0.5], [0]), ([[0]], [[0]]), ([0, 1], [0])):
        with pytest.raises(ValueError):
            h5prism.points(d, rows, columns)
    for axes in ((0, 0), (0, 3), (2, -1)):
        with pytest.raises(ValueError):
            h5prism.points(d, [0], [0], axes=axes)
