"""read and write with threads: the same elements as through HDF5's own pipeline."""

import h5py
import numpy as np
import pytest
from python_support import assert_same, correlated, noise

import h5prism

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
        file.create_dataset("x", data=array, chunks=CHUNKS, compression=h5prism.Prism(effort=1))
    with h5py.File(tmp_path / "x.h5") as file:
        yield file["x"]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_read_is_what_hdf5_reads(dataset, selection, threads):
    assert_same(h5prism.read(dataset, selection, threads=threads), dataset[selection])


@pytest.mark.parametrize(
    "selection", [np.s_[[1, 5, 9]], np.arange(37) % 2 == 0], ids=["list", "mask"]
)
def test_other_selections_go_through_hdf5(dataset, selection):
    assert_same(h5prism.read(dataset, selection), dataset[selection])


@pytest.mark.parametrize("selection", [np.s_[37], np.s_[0, 0, 0, 0], np.s_["a"]], ids=str)
def test_bad_selections_fail_as_in_h5py(dataset, selection):
    with pytest.raises((IndexError, ValueError, TypeError)):
        h5prism.read(dataset, selection)


def test_chunks_that_were_never_written_hold_the_fill_value(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        sparse = file.create_dataset(
            "x", SHAPE, "i2", chunks=CHUNKS, fillvalue=-7, compression=h5prism.Prism()
        )
        sparse[20:25] = correlated((5, *SHAPE[1:]), "i2")
        assert_same(h5prism.read(sparse), sparse[()])
        assert (h5prism.read(sparse, np.s_[:16]) == -7).all()


def test_skipped_filters_are_honoured(tmp_path):
    values = noise(CHUNKS, "i1")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = file.create_dataset("x", CHUNKS, "i1", chunks=CHUNKS, compression=h5prism.Prism())
        made.id.write_direct_chunk((0, 0, 0), values.tobytes(), filter_mask=1)
    with h5py.File(tmp_path / "x.h5") as file:
        assert_same(h5prism.read(file["x"]), values)


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


def test_default_chunks_keep_channels_together(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        assert h5prism.write(file, "x", np.zeros((300, 5, 64), "i1")).chunks == (256, 5, 64)
        assert h5prism.write(file, "y", np.zeros(5000, "i1")).chunks == (1024,)


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        for values, options in ((np.zeros(9, "c8"), {}), (np.zeros(9, "i1"), {"coder": "zip"})):
            with pytest.raises((ValueError, h5prism.PrismError)):
                h5prism.write(file, "x", values, **options)
            assert "x" not in file


def test_damage_is_reported(tmp_path):
    values = correlated(SHAPE, "i1")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = h5prism.write(file, "x", values, chunks=CHUNKS)
        blob = bytearray(made.id.read_direct_chunk((16, 12, 0))[1])
        blob[-10] ^= 1
        made.id.write_direct_chunk((16, 12, 0), bytes(blob))
        with pytest.raises(h5prism.PrismError, match="damaged"):
            h5prism.read(made)
        assert_same(h5prism.read(made, np.s_[:16]), values[:16])


@pytest.mark.parametrize("threads", [0, -1])
def test_threads_are_checked(dataset, threads):
    with pytest.raises(h5prism.PrismError, match="threads"):
        h5prism.read(dataset, threads=threads)
