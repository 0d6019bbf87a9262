"""read and write of floats, wide integers and what numpy has no type for."""

import h5py
import numpy as np
import pytest
from python_support import DTYPES, assert_same, correlated, with_gaps

import h5prism

SHAPE, CHUNKS = (37, 41, 10), (16, 12, 10)


@pytest.mark.parametrize("dtype", DTYPES)
def test_all_types(tmp_path, dtype):
    values = correlated(SHAPE, dtype)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        h5prism.write(file, "x", values, chunks=CHUNKS, threads=2, effort=2)
    with h5py.File(tmp_path / "x.h5") as file:
        assert_same(file["x"][()], values)
        assert_same(h5prism.read(file["x"]), values)
        assert_same(h5prism.read(file["x"], np.s_[3:30:4, -5, 2:]), file["x"][3:30:4, -5, 2:])
        assert all(chunk.filter_mask == 0 and chunk.info for chunk in h5prism.inspect(file["x"]))
        assert file["x"].id.get_storage_size() < values.nbytes


@pytest.mark.parametrize("dtype", ["<f2", ">f4", "<f8"])
def test_nan_as_fill_value(tmp_path, dtype):
    values = with_gaps((5, *SHAPE[1:]), dtype)
    fill = values[np.isnan(values)][0]
    with h5py.File(tmp_path / "x.h5", "w") as file:
        sparse = file.create_dataset(
            "x", SHAPE, dtype, chunks=CHUNKS, fillvalue=fill, compression=h5prism.Prism()
        )
        sparse[20:25] = values
        assert_same(h5prism.read(sparse), sparse[()])
        assert_same(h5prism.read(sparse, np.s_[20:25]), values)
        assert np.isnan(h5prism.read(sparse, np.s_[:16])).all()


@pytest.mark.parametrize("threads", [1, 3])
def test_special_floats(tmp_path, threads):
    values = {dtype: with_gaps(SHAPE, dtype) for dtype in ("<f2", ">f4", "<f8")}
    with h5py.File(tmp_path / "x.h5", "w") as file:
        for dtype, array in values.items():
            h5prism.write(file, dtype, array, chunks=CHUNKS, threads=threads)
    with h5py.File(tmp_path / "x.h5") as file:
        for dtype, array in values.items():
            assert_same(file[dtype][()], array)
            assert_same(h5prism.read(file[dtype], threads=threads), array)


def test_types_that_numpy_does_not_have_are_converted_by_hdf5(tmp_path):
    """numpy's type for them is a wider one, or the elements need shifting."""
    twelve_bits = h5py.h5t.STD_U16LE.copy()
    twelve_bits.set_precision(12)
    twelve_bits.set_offset(3)
    bfloat16 = h5py.h5t.IEEE_F16LE.copy()
    bfloat16.set_fields(15, 7, 8, 0, 7)
    bfloat16.set_ebias(127)
    values = np.arange(600).reshape(20, 30) // 4
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((16, 30))
    plist.set_filter(h5prism.FILTER_ID, 0, h5prism.Prism().filter_options)
    space = h5py.h5s.create_simple(values.shape)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        for name, kind in (("integers", twelve_bits), ("floats", bfloat16)):
            made = h5py.Dataset(h5py.h5d.create(file.id, name.encode(), kind, space, plist))
            made[...] = values
            assert_same(h5prism.read(made), made[()])
            np.testing.assert_array_equal(h5prism.read(made), values)
            assert [chunk.info.mapping != "" for chunk in h5prism.inspect(made)] == [True, True]


def test_a_chunk_of_another_type_is_reported(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = file.create_dataset("x", (9, 8), "<f4", chunks=(9, 8), compression=h5prism.Prism())
        for dtype in (">f4", "<i4", "<u4"):
            made.id.write_direct_chunk((0, 0), h5prism.encode(np.zeros((9, 8), dtype)))
            with pytest.raises(h5prism.PrismError, match="chunk holds"):
                h5prism.read(made)
