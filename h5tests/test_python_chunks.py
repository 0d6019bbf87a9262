"""Chunks are found where they are: every index of HDF5, files open for writing, what is no dataset."""

import io
import itertools

import h5py
import numpy as np
import pytest
from python_support import assert_same, correlated, noise, run_python
from random_reads import grid, inside, referred, stored

import h5prism
from h5prism import Prism, PrismError, Status

SHAPE, CHUNKS = (4, 6, 10), (2, 2, 3)

INDICES = {  # maxshape, libver: the index that HDF5 keeps of the chunks
    "version 1 B-tree": (SHAPE, "earliest"),
    "version 1 B-tree, unlimited": ((4, None, 10), "earliest"),
    "fixed array": ((4, 6, 11), "latest"),
    "extensible array": ((None, 6, 10), "latest"),
    "extensible array, axis 1": ((4, None, 10), "latest"),
    "extensible array, axis 2": ((9, 7, None), "latest"),
    "version 2 B-tree": ((4, None, None), "latest"),
}


@pytest.fixture(params=INDICES.values(), ids=INDICES)
def sparse(request, tmp_path):
    """Chunks of which every fourth was never written."""
    limits, libver = request.param
    with h5py.File(tmp_path / "x.h5", "w", libver=libver) as file:
        made = file.create_dataset(
            "x", SHAPE, "i2", maxshape=limits, chunks=CHUNKS, fillvalue=-3, compression=Prism()
        )
        for number, offset in enumerate(grid(SHAPE, CHUNKS)):
            if number % 4:
                made[inside(offset, CHUNKS)] = 100 + number
    with h5py.File(tmp_path / "x.h5") as file:
        yield file["x"]


def test_every_chunk_is_read_from_its_place(sparse):
    expected = np.full(SHAPE, -3, "i2")
    for number, offset in enumerate(grid(SHAPE, CHUNKS)):
        if number % 4:
            expected[inside(offset, CHUNKS)] = 100 + number
    assert_same(sparse[()], expected)
    assert_same(h5prism.read(sparse), expected)
    assert_same(h5prism.read(sparse, np.s_[1:, ::3, -4:]), expected[1:, ::3, -4:])


@pytest.mark.parametrize("unseen", ["stored_chunks", "places_tell"])
def test_every_chunk_is_inspected_at_its_place(sparse, unseen, monkeypatch):
    """By its place, where HDF5's list would be asked for once more for each chunk; else by that list."""
    monkeypatch.setattr(f"h5prism._inspect.{unseen}", lambda _: False)
    expected = [offset for number, offset in enumerate(grid(SHAPE, CHUNKS)) if number % 4]
    chunks = h5prism.inspect(sparse)
    assert [chunk.offset for chunk in chunks] == expected
    for chunk in chunks:
        blob = sparse.id.read_direct_chunk(chunk.offset)[1]
        assert chunk.stored_bytes == len(blob) and chunk.info.encoded_bytes == len(blob)


def test_chunks_that_no_place_tells_of_are_listed(sparse, monkeypatch):
    expected = h5prism.inspect(sparse)
    monkeypatch.setattr("h5prism._inspect.chunks_at_places", lambda _: iter(()))
    assert h5prism.inspect(sparse) == expected


def test_references_lead_to_every_chunk(sparse):
    refs = h5prism.references(sparse)["refs"]
    expected = stored(sparse)
    assert len(refs) == len(expected) + 4  # metadata of the group and of the array
    with open(sparse.file.filename, "rb") as raw:
        for offset, blob in expected.items():
            key = ".".join(str(start // size) for start, size in zip(offset, CHUNKS))
            assert referred(refs[f"x/{key}"], raw) == bytes(blob)


@pytest.mark.parametrize("limits", [(2, 1300), (2, None), (None, 1300), (None, None)], ids=str)
@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_indices_of_many_chunks(tmp_path, limits, libver):
    """From 1024 on, arrays of chunks come in pages. The chunks are plain."""
    values = noise((2, 1300), "u2")
    with h5py.File(tmp_path / "x.h5", "w", libver=libver) as file:
        made = file.create_dataset(
            "x", values.shape, "u2", maxshape=limits, chunks=(1, 1), compression=Prism()
        )
        offsets = [offset for offset in grid(values.shape, (1, 1)) if offset[1] % 100 < 90]
        for offset in offsets:
            made.id.write_direct_chunk(offset, values[offset].tobytes(), filter_mask=1)
    with h5py.File(tmp_path / "x.h5") as file:
        found = h5prism.read(file["x"])
        assert_same(found, file["x"][()])
        assert (found[0, :90] == values[0, :90]).all() and not found[:, 90:100].any()
        chunks = h5prism.inspect(file["x"])
        assert [chunk.offset for chunk in chunks] == offsets
        assert all(chunk.filter_mask == 1 and not chunk.info for chunk in chunks)


# ---- Files that are open for writing ----


@pytest.mark.parametrize("libver", ["earliest", "latest"])
@pytest.mark.parametrize("limits", [(8, 8), (None, 8), (8, None), (16, 16)], ids=str)
def test_what_is_only_in_memory_is_read(tmp_path, libver, limits):
    """Among them a single chunk without an index, and one that was cut and has grown again."""
    values = correlated((8, 8), "i2")
    with h5py.File(tmp_path / "x.h5", "w", libver=libver) as file:
        for name, chunks in (("whole", (8, 8)), ("parts", (3, 5))):
            made = file.create_dataset(
                name, (8, 8), "i2", maxshape=limits, chunks=chunks, compression=Prism()
            )
            assert h5prism.inspect(made) == []
            assert_same(h5prism.read(made), np.zeros((8, 8), "i2"))
            made[:7] = values[:7]
            expected = np.concatenate([values[:7], np.zeros((1, 8), "i2")])
            assert_same(h5prism.read(made), expected)
            made[7] = values[7]
            assert len(h5prism.inspect(made)) == len(stored(made))
            made.resize((5, 8))
            made.resize((8, 8))
            expected = np.concatenate([values[:5], np.zeros((3, 8), "i2")])
            assert_same(h5prism.read(made), expected)


def test_writers_that_others_read_meanwhile(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w", libver="latest") as file:
        made = file.create_dataset(
            "x", (4, 4), "i2", maxshape=(4, None), chunks=(2, 2), compression=Prism()
        )
        file.swmr_mode = True
        made.resize((4, 6))
        made[...] = 7
        assert (h5prism.read(made) == 7).all() and len(h5prism.inspect(made)) == 6
        code = (
            "import sys, h5py, h5prism\n"
            "with h5py.File(sys.argv[1], swmr=True) as file:\n"
            "    print(h5prism.read(file['x']).sum(), len(h5prism.inspect(file['x'])))"
        )
        done = run_python("-c", code, tmp_path / "x.h5")
        assert done.stdout.split() == ["168", "6"], done.stderr


# ---- Every kind of dataset, and what is none ----


def test_other_layouts_are_read_by_hdf5(tmp_path):
    values = correlated((6, 8), "i2")
    with h5py.File(tmp_path / "x.h5", "w", libver="latest") as file:
        own = h5prism.write(file, "own", values, chunks=(4, 4))
        layout = h5py.VirtualLayout((6, 8), "i2")
        layout[:] = h5py.VirtualSource(own)
        external = [(str(tmp_path / "raw"), 0, h5py.h5f.UNLIMITED)]
        made = {
            "virtual": file.create_virtual_dataset("virtual", layout),
            "contiguous": file.create_dataset("contiguous", data=values),
            "external": file.create_dataset("external", data=values, external=external),
        }
        for name, dataset in made.items():
            assert_same(h5prism.read(dataset, np.s_[1:, ::3]), values[1:, ::3])
            with pytest.raises(PrismError, match=f"{name} is not compressed by h5prism"):
                h5prism.inspect(dataset)
            if name != "contiguous":
                with pytest.raises(PrismError, match="elements in other files"):
                    h5prism.references(dataset)


def test_elements_that_are_no_numbers_are_read_by_hdf5(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        texts = file.create_dataset(
            "texts", (5,), h5py.string_dtype(), chunks=(2,), compression=Prism()
        )
        texts[:] = ["one", "", "three", "four", "fünf"]
        pairs = file.create_dataset("pairs", data=np.zeros(3, "i2,f4"))
        none = file.create_dataset("none", data=h5py.Empty("i2"))
        assert h5prism.read(texts).tolist() == texts[()].tolist()
        assert h5prism.read(texts, 4) == texts[4]
        assert_same(h5prism.read(pairs, "f0"), pairs["f0"])
        assert h5prism.read(none) == h5py.Empty("i2")
        with pytest.raises(PrismError, match="converts"):
            h5prism.references(texts)


class Variable:
    """As another package has it."""

    shape, chunks, dtype = (3,), (3,), np.dtype("i1")


@pytest.mark.parametrize("function", [h5prism.read, h5prism.inspect])
def test_what_is_no_dataset(tmp_path, function):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        dataset = h5prism.write(file, "x", np.zeros(9, "i1"))
        for other in (tmp_path / "x.h5", "x.h5", file, np.zeros(3), Variable(), None):
            with pytest.raises(TypeError, match="expected an open h5py.Dataset"):
                function(other)
        with pytest.raises(TypeError):
            function("x.h5", "x")
    with pytest.raises(ValueError, match="closed"):
        function(dataset)


@pytest.mark.parametrize("group", ["x.h5", None, np.zeros(3)], ids=str)
def test_what_is_no_group(group):
    with pytest.raises(TypeError, match="expected an open h5py.File or h5py.Group"):
        h5prism.write(group, "x", np.zeros(9, "i1"))


def test_references_of_files_that_others_cannot_open(tmp_path):
    values = correlated((6, 8), "i2")
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        made = h5prism.write(file, "x", values)
        with pytest.raises(PrismError, match="give its url"):
            h5prism.references(made)
        refs = h5prism.references(made, "s3://bucket/x.h5")["refs"]
    url, start, size = refs["x/0.0"]
    assert url == "s3://bucket/x.h5"
    assert_same(h5prism.decode(memory.getvalue()[start : start + size]), values)

    with h5py.File(tmp_path / "part%d.h5", "w", driver="family", memb_size=1024) as file:
        made = h5prism.write(file, "x", values)
        with pytest.raises(PrismError, match="several parts"):
            h5prism.references(made, "x.h5")
        assert_same(h5prism.read(made), values)
        assert len(h5prism.inspect(made)) == 1

    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = h5prism.write(file, None, values)
        with pytest.raises(PrismError, match="without a name") as caught:
            h5prism.references(made)
        assert caught.value.status is Status.ARGUMENT


def test_references_by_an_external_link(tmp_path):
    values = correlated((6, 8), "i2")
    with h5py.File(tmp_path / "there.h5", "w", libver="latest") as file:
        h5prism.write(file, "run/x", values, chunks=(4, 4), maxshape=(6, None))
    with h5py.File(tmp_path / "here.h5", "w") as file:
        file["link"] = h5py.ExternalLink("there.h5", "/run/x")
        refs = h5prism.references(file["link"])["refs"]
        assert_same(h5prism.read(file["link"]), values)
    assert {place[0] for key, place in refs.items() if key[-1].isdigit()} == {
        str(tmp_path / "there.h5")
    }


def test_user_blocks(tmp_path):
    values = correlated((6, 8), "i2")
    with h5py.File(tmp_path / "x.h5", "w", userblock_size=512, libver="latest") as file:
        made = h5prism.write(file, "x", values, chunks=(4, 4), maxshape=(6, None))
        assert_same(h5prism.read(made), values)
        expected = [(0, 0), (0, 4), (4, 0), (4, 4)]
        assert [chunk.offset for chunk in h5prism.inspect(made)] == expected


# ---- What write makes ----


@pytest.mark.parametrize("dtype", ["i2", ">u2", "f4", "?"])
def test_datasets_may_grow(tmp_path, dtype):
    """What was beyond the edge of the array is the fill value."""
    values = correlated((10, 7), "i1").astype(dtype)
    fill = np.array(1, dtype)[()]
    with h5py.File(tmp_path / "x.h5", "w", libver="latest") as file:
        made = h5prism.write(
            file, "x", values, chunks=(8, 4), maxshape=(20, None), fillvalue=fill, effort=1
        )
        assert made.maxshape == (20, None) and made.fillvalue == fill
        for dataset in (made, h5prism.write(file, "y", values, chunks=(8, 4), maxshape=(20, 9))):
            dataset.resize((15, 9))
            expected = np.full((15, 9), dataset.fillvalue, dtype)
            expected[:10, :7] = values
            assert_same(dataset[()], expected)
            assert_same(h5prism.read(dataset), expected)


@pytest.mark.parametrize("dtype", ["u1", "i8", ">f4", "f2"])
def test_elements_are_converted_as_by_h5py(tmp_path, dtype):
    values = np.array([[1.5, -2.25, 100], [0, 7, 3]])
    values = abs(values) if dtype == "u1" else values
    with h5py.File(tmp_path / "x.h5", "w") as file:
        expected = file.create_dataset("a", data=values, dtype=dtype)
        assert_same(h5prism.write(file, "b", values, dtype=dtype)[()], expected[()])
        assert_same(h5prism.write(file, "c", values.tolist(), dtype=dtype)[()], expected[()])


def test_attributes(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        attrs = {f"name {number}": number for number in (3, 1, 2)} | {"units": "m"}
        made = h5prism.write(file, "x", np.zeros(9, "i1"), attrs=attrs, track_order=True)
        assert list(made.attrs) == list(attrs) and dict(made.attrs) == attrs
        with pytest.raises(TypeError):
            h5prism.write(file, "y", np.zeros(9, "i1"), attrs={"bad": object()})
        assert "y" not in file


def test_empty_arrays_that_may_grow(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = h5prism.write(file, "x", np.zeros((0, 300, 64), "i2"), maxshape=(None, 300, 64))
        assert made.shape == (0, 300, 64) and made.chunks == (128, 150, 64)
        made.resize((1, 300, 64))
        made[0] = 5
        assert (h5prism.read(made) == 5).all() and len(h5prism.inspect(made)) == 2


@pytest.mark.parametrize(
    "options",
    [
        {"shuffle": True},
        {"compression": "gzip"},
        {"maxshape": (2, 2)},
        {"maxshape": (9,)},
        {"chunks": (9, 9)},
        {"fillvalue": "x"},
        {"dtype": "S3"},
        {"dtype": "no type"},
    ],
    ids=str,
)
def test_options_that_do_not_fit(tmp_path, options):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        with pytest.raises((TypeError, ValueError)):
            h5prism.write(file, "x", np.zeros((3, 4), "i1"), **options)
        assert "x" not in file


def test_the_axes_of_an_index_that_was_turned():
    """Of every rank and axis, against a count of the chunks in HDF5's order."""
    for rank in (2, 3, 4):
        for axis in range(1, rank):
            counts = (3, 2, 4, 2)[:rank]
            others = [range(count) for at, count in enumerate(counts) if at != axis]
            for number, (first, *rest) in enumerate(
                itertools.product(range(counts[axis]), *others)
            ):
                own = (*rest[:axis], first, *rest[axis:])
                assert turned_back(number, counts, axis) == own


def turned_back(number, counts, axis):
    """The place of the chunk with this number, from where HDF5 lists it."""
    listed = [0] * len(counts)
    for at in range(len(counts) - 1, axis, -1):
        number, listed[at] = divmod(number, counts[at])
    listed[axis] = number

    class Dataset:
        chunks = (5,) * len(counts)
        maxshape = tuple(None if at == axis else 5 * count for at, count in enumerate(counts))

    offset = tuple(5 * index for index in listed)
    return tuple(start // 5 for start in h5prism._chunks._turned(Dataset, offset))
