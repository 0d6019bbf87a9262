"""read and write with threads: the same elements as through HDF5's own pipeline."""

import itertools
import math

import h5py
import numpy as np
import pytest
from python_support import assert_same, correlated, noise

import h5prism
from h5prism import Prism, PrismError

SHAPE, CHUNKS = (37, 41, 10), (16, 12, 10)

SELECTIONS = [
    (),
    np.s_[...],
    np.s_[3],
    np.s_[-1],
    np.s_[5:30],
    np.s_[5:30, 7:8],
    np.s_[..., 4],
    np.s_[2:36:5, 1:40:13, ::3],
    np.s_[30:100, :, 2:2],
    np.s_[:, 11:13, np.int64(9)],
]


@pytest.fixture(params=["i1", "u1", "<i2", ">u2"])
def dataset(request, tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        array = correlated(SHAPE, request.param)
        file.create_dataset("x", data=array, chunks=CHUNKS, compression=Prism(effort=1))
    with h5py.File(tmp_path / "x.h5") as file:
        yield file["x"]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_read_is_what_hdf5_reads(dataset, selection, threads):
    assert_same(h5prism.read(dataset, selection, threads=threads), dataset[selection])


OTHER_SELECTIONS = {
    "list": np.s_[[1, 5, 9]],
    "list and slices": np.s_[3:20:2, [0, 7, 40], 1],
    "mask of an axis": np.arange(37) % 2 == 0,
    "mask of all": np.arange(37 * 41 * 10).reshape(SHAPE) % 7 == 0,
    "block": h5py.MultiBlockSlice(start=1, count=3, stride=12, block=2),
}


@pytest.mark.parametrize("selection", OTHER_SELECTIONS.values(), ids=OTHER_SELECTIONS)
def test_other_selections_go_through_hdf5(dataset, selection):
    assert_same(h5prism.read(dataset, selection), dataset[selection])


def random_item(random, size):
    start, stop = random.integers(-size - 2, size + 3, 2)
    kinds = [
        random.integers(-size, size),
        np.uint8(random.integers(size)),
        slice(None, None, int(random.integers(1, size + 2))),
        slice(start, None),
        slice(start, stop, int(random.integers(1, 20))),
    ]
    return kinds[random.integers(len(kinds))]


def test_random_selections(dataset):
    random = np.random.default_rng(7)
    for _ in range(100):
        items = [random_item(random, size) for size in SHAPE[: random.integers(1, 4)]]
        if random.random() < 0.3:
            items.insert(random.integers(len(items) + 1), Ellipsis)
        try:
            expected = dataset[tuple(items)]
        except (IndexError, ValueError) as error:  # beyond an axis, or a slice that ends too early
            with pytest.raises(type(error)):
                h5prism.read(dataset, tuple(items))
            continue
        assert_same(h5prism.read(dataset, tuple(items), threads=2), expected)


BAD_SELECTIONS = [
    np.s_[37],
    np.s_[-38],
    np.s_[0, 0, 0, 0],
    np.s_["a"],
    np.s_[..., 0, ...],
    np.s_[::-1],
    np.s_[5:2:-1],
    np.s_[::0],
    np.s_[None],
    np.s_[1.5],
    np.s_[[9, 5]],
]


@pytest.mark.parametrize("selection", BAD_SELECTIONS, ids=str)
def test_bad_selections_fail_as_in_h5py(dataset, selection):
    with pytest.raises((IndexError, ValueError, TypeError)) as expected:
        dataset[selection]
    with pytest.raises(expected.type):
        h5prism.read(dataset, selection)


def test_chunks_that_were_never_written_hold_the_fill_value(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        sparse = file.create_dataset(
            "x", SHAPE, "i2", chunks=CHUNKS, fillvalue=-7, compression=Prism()
        )
        sparse[20:25] = correlated((5, *SHAPE[1:]), "i2")
        assert_same(h5prism.read(sparse), sparse[()])
        assert (h5prism.read(sparse, np.s_[:16]) == -7).all()


def low_level(file, name, kind, extent, chunks, change=lambda plist: None):
    """A dataset of an HDF5 type, with whatever `change` does to its creation properties."""
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk(chunks)
    plist.set_filter(h5prism.FILTER_ID, 0, Prism(effort=1).filter_options)
    change(plist)
    space = h5py.h5s.create_simple(extent, (h5py.h5s.UNLIMITED,) * len(extent))
    return h5py.Dataset(h5py.h5d.create(file.id, name.encode(), kind, space, plist))


def test_fill_time_never(tmp_path):
    def never(plist):
        plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        plist.set_fill_value(np.array(-7, "i2"))

    with h5py.File(tmp_path / "x.h5", "w") as file:
        sparse = low_level(file, "x", h5py.h5t.STD_I16LE, (30, 9), (8, 4), never)
        sparse[8:16, :4] = 5
        assert_same(h5prism.read(sparse), sparse[()])


def test_resized_datasets(tmp_path):
    values = correlated((40, 25), ">i2")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = low_level(file, "x", h5py.h5t.STD_I16BE, (10, 9), (8, 4))
        for extent in ((10, 9), (40, 25), (19, 22), (7, 3), (21, 25), (0, 5), (9, 9)):
            made.resize(extent)
            assert_same(h5prism.read(made), made[()])
            made[...] = values[tuple(map(slice, extent))]
            assert_same(h5prism.read(made), values[tuple(map(slice, extent))])


def test_what_is_not_yet_in_the_file_is_read(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w", rdcc_nbytes=2**20) as file:
        made = low_level(file, "x", h5py.h5t.STD_I8LE, (16, 4), (8, 4))
        for value in (3, 4):
            made[8:] = value
            assert (h5prism.read(made)[8:] == value).all()
            assert len(h5prism.inspect(made)) == 1


def test_skipped_filters_are_honoured(tmp_path):
    values = noise(CHUNKS, "i1")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = file.create_dataset("x", CHUNKS, "i1", chunks=CHUNKS, compression=Prism())
        made.id.write_direct_chunk((0, 0, 0), values.tobytes(), filter_mask=1)
    with h5py.File(tmp_path / "x.h5") as file:
        assert_same(h5prism.read(file["x"]), values)


def test_elements_that_look_like_an_encoded_chunk(tmp_path):
    blob = np.frombuffer(h5prism.encode(noise((50,), "u1")), "u1")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = low_level(file, "x", h5py.h5t.STD_U8LE, blob.shape, blob.shape)
        made.id.write_direct_chunk((0,), blob.tobytes(), filter_mask=1)
        assert_same(h5prism.read(made), blob)


def as_large_as_its_elements():
    """An array and a chunk of it of the array's size."""
    for length in range(1, 600):
        values = np.concatenate([noise(length, "u1"), np.zeros(600 - length, "u1")])
        blob = h5prism.encode(values, predictor="none", coder="deflate")
        if len(blob) == values.size:
            return values, blob
    raise AssertionError("no chunk has this size")


@pytest.mark.parametrize("edge", [0, 1], ids=["whole", "partial"])
def test_encoded_chunks_as_large_as_their_elements(tmp_path, edge):
    """Partial chunks of this size may be plain."""
    values, blob = as_large_as_its_elements()
    with h5py.File(tmp_path / "x.h5", "w") as file:
        extent = (values.size - edge,)
        made = low_level(file, "x", h5py.h5t.STD_U8LE, extent, values.shape)
        made.id.write_direct_chunk((0,), blob)
        assert_same(h5prism.read(made), values[: extent[0]])
        assert h5prism.inspect(made)[0].info


def test_integers_with_padding_bits_are_converted_by_hdf5(tmp_path):
    kind = h5py.h5t.STD_I16LE.copy()
    kind.set_precision(12)
    kind.set_offset(2)
    values = correlated((30, 9), "i1").astype("i2") * 16
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = low_level(file, "x", kind, values.shape, (8, 4))
        made[...] = values
        assert_same(h5prism.read(made), values)


def test_enumerations(tmp_path):
    kind = h5py.enum_dtype({"SEA": 0, "LAND": 7}, basetype=">u2")
    values = (noise((30, 9), "u1") % 2 * 7).astype(kind)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = h5prism.write(file, "x", values, chunks=(8, 4))
        assert h5py.check_enum_dtype(made.dtype) == {"SEA": 0, "LAND": 7}
        assert_same(h5prism.read(made), made[()])
        assert_same(h5prism.read(made), values)


@pytest.mark.parametrize(
    "content",
    [np.zeros(CHUNKS, "u2"), np.zeros(CHUNKS, ">i2"), np.zeros((3, 3), "<i2"), np.zeros(1, "i1")],
    ids=str,
)
def test_chunks_of_another_array_are_refused(tmp_path, content):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = file.create_dataset("x", CHUNKS, "<i2", chunks=CHUNKS, compression=Prism())
        made.id.write_direct_chunk((0, 0, 0), h5prism.encode(content))
        with pytest.raises(PrismError, match="where the dataset has"):
            h5prism.read(made)


@pytest.mark.parametrize("shape", [None, (), (0, 5), (3, 0, 2)], ids=str)
def test_datasets_without_elements_or_dimensions(tmp_path, shape):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        if shape is None:
            made = file.create_dataset("x", data=h5py.Empty("i1"))
            assert h5prism.read(made) == made[()]
        else:
            made = file.create_dataset("x", shape, "i1")
            assert_same(np.asarray(h5prism.read(made)), np.asarray(made[()]))
        if shape:
            chunked = low_level(file, "y", h5py.h5t.STD_I8LE, shape, (4,) * len(shape))
            assert_same(h5prism.read(chunked), np.zeros(shape, "i1"))


def test_many_chunks(tmp_path):
    """The work for each chunk does not grow with their number."""
    values = np.arange(6000, dtype="i2")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = h5prism.write(file, "x", values, chunks=(2,), effort=1)
        assert_same(h5prism.read(made), values)
        assert_same(h5prism.read(made, np.s_[::2000]), values[::2000])


def test_few_elements_of_a_huge_dataset(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        huge = file.create_dataset("x", (2**40,), "i1", chunks=(2**20,), compression=Prism())
        assert_same(h5prism.read(huge, np.s_[:: 2**37]), np.zeros(8, "i1"))
        assert_same(h5prism.read(huge, np.s_[2**39 : 2**39 + 3]), np.zeros(3, "i1"))


@pytest.mark.parametrize("filters", [{}, {"compression": "gzip"}], ids=["plain", "gzip"])
def test_other_datasets_are_read_by_hdf5(tmp_path, filters):
    values = correlated(SHAPE, "i1")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = file.create_dataset("x", data=values, chunks=CHUNKS, **filters)
        assert_same(h5prism.read(made), values)
        assert_same(h5prism.read(file.create_dataset("y", data=values)), values)


@pytest.mark.parametrize("dtype", ["i1", "u1", "<i2", ">u2", "?"])
@pytest.mark.parametrize("threads", [1, 3])
def test_write_is_what_hdf5_writes(tmp_path, dtype, threads):
    values = correlated(SHAPE, "i1") > 0 if dtype == "?" else correlated(SHAPE, dtype)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = h5prism.write(file, "x", values, chunks=CHUNKS, threads=threads, effort=2)
        assert made.chunks == CHUNKS
    with h5py.File(tmp_path / "x.h5") as file:
        assert_same(file["x"][()], values)
        assert_same(h5prism.read(file["x"]), values)
        chunks = h5prism.inspect(file["x"])
        assert len(chunks) == 12
        assert all(chunk.filter_mask == 0 and chunk.info for chunk in chunks)
        assert sum(chunk.stored_bytes for chunk in chunks) < values.nbytes


@pytest.mark.parametrize("dtype", ["<f4", ">f8"])
def test_floats_keep_every_bit(tmp_path, dtype):
    bits = noise((30, 8 * np.dtype(dtype).itemsize), "u1")
    values = bits.view(dtype)  # among them NaNs of all kinds
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = h5prism.write(file, "x", values, chunks=(16, 5))
        assert_same(h5prism.read(made).view("u1"), bits)
        assert_same(made[()].view("u1"), bits)


def test_default_chunks_keep_channels_together(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        assert h5prism.write(file, "x", np.zeros((300, 5, 64), "i1")).chunks == (300, 5, 64)
        assert h5prism.write(file, "y", np.zeros(5000, "i1")).chunks == (5000,)


@pytest.mark.parametrize(
    "shape, dtype",
    [((9,), "f8"), ((1535, 768), "i1"), ((100000, 1024), "f4"), ((2, 10**9), "f4")]
    + [((1, 128, 4096, 4096), "i1"), ((4, 300, 300, 1000), "f8"), ((60000, 28, 28), "u1")],
)
def test_suggested_chunks_are_neither_large_nor_small(shape, dtype):
    chunks = h5prism.suggest_chunks(shape, dtype)
    item = np.dtype(dtype).itemsize
    assert len(chunks) == len(shape) and all(1 <= c <= s for c, s in zip(chunks, shape))
    assert min(math.prod(shape) * item, 2**20) <= math.prod(chunks) * item <= 2**24
    if len(shape) == 2 and shape[0] > 2 * shape[1]:
        assert chunks[0] >= 1.9 * chunks[1]


def test_suggested_chunks_keep_channels_together():
    assert h5prism.suggest_chunks((912, 912, 64), "i1")[-1] == 64
    assert h5prism.suggest_chunks((4, 300, 300, 1000), "f8")[-1] == 1000
    for shape in [(), (0, 5)]:
        with pytest.raises(ValueError):
            h5prism.suggest_chunks(shape, "i1")


@pytest.mark.parametrize(
    "shape, dtype",
    [((500, 480, 640), "u1"), ((2000, 512, 512), "u1"), ((40000, 28, 28), "u1")]
    + [((1, 128, 1000, 1000), "i1"), ((3, 5000, 4000), "u1"), ((8760, 721, 1440), "f4")]
    + [((256, 1000, 1000), "c16"), ((7, 100000, 60000), "f8"), ((365, 180, 360), "f4")],
)
def test_suggested_chunks_of_pictures_are_square_tiles_of_many(shape, dtype):
    """Bands are all there, and so are many frames of a stack."""
    *_, count, height, width = h5prism.suggest_chunks(shape, dtype)
    assert max(height, width) <= 2 * min(height, width)
    assert count >= min(shape[-3], 61)
    assert shape[-3] > 128 or count == shape[-3]


def test_suggested_chunks_hold_no_part_of_the_bands():
    """Bands predict each other: a chunk of some of them is larger than one of all in small tiles."""
    rng, (y, x) = np.random.default_rng(11), np.mgrid[:192, :192]
    parts = [np.sin(x * a + y * b + c) for a, b, c in rng.uniform(0.01, 0.2, (6, 3))]
    bands = np.tensordot(rng.normal(0, 12, (64, 6)), parts, 1) + rng.normal(0, 1, (64, 192, 192))
    array = np.clip(np.rint(bands), -128, 127).astype("i1")

    def size(chunks):
        starts = itertools.product(*(range(0, n, c) for n, c in zip(array.shape, chunks)))
        cut = (tuple(slice(a, a + c) for a, c in zip(start, chunks)) for start in starts)
        return sum(len(h5prism.encode(np.ascontiguousarray(array[place]))) for place in cut)

    assert h5prism.suggest_chunks((64, 1000, 1000), "i1")[0] == 64
    assert size((64, 96, 96)) < 0.95 * size((16, 192, 192))


@pytest.mark.parametrize(("access", "block"), [("pixel", 8), ("patch", 16)])
@pytest.mark.parametrize("shape", [(912, 917, 64), (1, 128, 4096, 4099), (2881, 64), (50, 13, 7)])
def test_suggested_chunks_are_whole_blocks(shape, access, block):
    whole = h5prism.suggest_chunks(shape, "i1", access="whole")
    chunks = h5prism.suggest_chunks(shape, "i1", access=access)
    assert whole == h5prism.suggest_chunks(shape, "i1")
    for chunk, plain, size in zip(chunks, whole, shape):
        assert plain <= chunk < plain + block
        assert chunk == size or len(shape) < 3 or chunk % block == 0
    with pytest.raises(h5prism.PrismError, match="access=row"):
        h5prism.suggest_chunks(shape, "i1", access="row")


@pytest.mark.parametrize("order", ["C", "F", "reversed"])
def test_write_takes_any_strides_and_chunks(tmp_path, order):
    values = correlated(SHAPE, ">i2")
    values = values[::-1, :, ::2] if order == "reversed" else values.copy(order)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        for name, chunks in (("a", None), ("b", True), ("c", (5, 41, 3))):
            made = h5prism.write(file, name, values, chunks=chunks, effort=1)
            assert_same(made[()], values)


def test_write_of_what_has_no_elements_or_dimensions(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = h5prism.write(file, "empty", np.zeros((0, 4), "i1"))
        assert made.shape == (0, 4) and h5prism.read(made).shape == (0, 4)
        with pytest.raises(TypeError, match="[Ss]calar"):
            h5prism.write(file, "scalar", np.int8(3))
        with pytest.raises(PrismError, match="mask"):
            h5prism.write(file, "x", np.ma.masked_equal(np.arange(9, dtype="i1"), 3))
        assert list(file) == ["empty"]


def test_write_keeps_what_is_there(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["x"] = 5
        with pytest.raises(ValueError):
            h5prism.write(file, "x", np.zeros(9, "i1"))
        assert file["x"][()] == 5


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        for values, options in ((np.zeros(9, "S4"), {}), (np.zeros(9, "i1"), {"coder": "zip"})):
            with pytest.raises((ValueError, PrismError)):
                h5prism.write(file, "x", values, **options)
            assert "x" not in file


def test_damage_is_reported(tmp_path):
    values = correlated(SHAPE, "i1")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = h5prism.write(file, "x", values, chunks=CHUNKS)
        blob = bytearray(made.id.read_direct_chunk((16, 12, 0))[1])
        blob[-10] ^= 1
        made.id.write_direct_chunk((16, 12, 0), bytes(blob))
        with pytest.raises(PrismError, match="damaged"):
            h5prism.read(made)
        assert_same(h5prism.read(made, np.s_[:16]), values[:16])


@pytest.mark.parametrize("threads", [0, -1])
def test_threads_are_checked(dataset, threads):
    with pytest.raises(PrismError, match="threads"):
        h5prism.read(dataset, threads=threads)
