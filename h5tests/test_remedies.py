"""What docs/hdf5.md advises in "When something does not work", tried."""

import subprocess

import h5py
import numpy as np
import pytest
from filter_support import (
    ROOT,
    assert_filtered,
    correlated,
    filter_of,
    needs,
    needs_module,
    not_sanitized,
    run,
    run_python,
)
from tool_support import tool
from venv_support import venv_python

pytestmark = not_sanitized

DATA = correlated((64, 48, 8), "i2")


@pytest.fixture
def zipped(tmp_path):
    """A variable of netCDF that gzip compresses."""
    with h5py.File(tmp_path / "gzip.nc", "w", track_order=True) as file:
        for name, size in zip("yxc", DATA.shape):
            file.create_dataset(name, data=np.arange(size)).make_scale(name)
        made = file.create_dataset("v", data=DATA, chunks=DATA.shape, compression="gzip")
        for axis, name in enumerate("yxc"):
            made.dims[axis].attach_scale(file[name])
    return tmp_path / "gzip.nc"


@needs("nccopy")
def test_nccopy_leaves_filters_that_are_there(zipped):
    words = "v,33128,1,2,0,2,7"
    paths = [zipped.with_name(name) for name in ("alone.nc", "plain.nc", "packed.nc")]
    run("nccopy", "-F", words, zipped, paths[0])
    with h5py.File(paths[0]) as file:
        assert file["v"].compression == "gzip"
    run("nccopy", "-F", "none", zipped, paths[1])
    run("nccopy", "-F", words, paths[1], paths[2])
    with h5py.File(paths[2]) as file:
        assert_filtered(file["v"])
        assert filter_of(file["v"])[1][:5] == (1, 2, 0, 2, 7)
        assert np.array_equal(file["v"][...], DATA)


AGAIN = """
import sys, h5prism, numpy, xarray
first, *paths = sys.argv[1:]
data = numpy.load(first + ".npy")
cube = xarray.DataArray(data, dims=("y", "x", "c"), name="v").to_dataset()
options = {"chunksizes": data.shape, **h5prism.Prism(effort=2)}
cube.to_netcdf(first, engine="h5netcdf", encoding={"v": options})
opened = xarray.open_dataset(first, engine="h5netcdf").load()
try:
    opened.to_netcdf(paths[0], engine="h5netcdf")
except ValueError as error:
    assert "unknown" in str(error), error
opened["v"].encoding.update(h5prism.Prism())
opened.to_netcdf(paths[1], engine="h5netcdf")
opened.drop_encoding().to_netcdf(paths[2], engine="netcdf4")
"""


def test_xarray_saves_again(tmp_path):
    python = venv_python("readers", "h5py", "netCDF4", "tables", "xarray", "h5netcdf")
    np.save(tmp_path / "a.nc.npy", DATA)
    paths = [tmp_path / name for name in ("a.nc", "b.nc", "c.nc", "d.nc")]
    run_python(AGAIN, *paths, python=python, PYTHONPATH=str(ROOT / "python"))
    tool("repack", paths[3], tmp_path / "e.nc")
    for path in (paths[2], tmp_path / "e.nc"):
        with h5py.File(path) as file:
            assert_filtered(file["v"])
            assert np.array_equal(file["v"][...], DATA)


@needs_module("netCDF4")
def test_what_netcdf4_writes_is_compressed_afterwards(zipped):
    tool("repack", zipped, zipped.with_name("out.nc"))
    code = "import sys, netCDF4; print(netCDF4.Dataset(sys.argv[1])['v'][3, 4, 5])"
    assert int(run_python(code, zipped.with_name("out.nc")).stdout) == DATA[3, 4, 5]


PROGRAM = """
#include <hdf5.h>
int main(int count, char **arguments) {
    hsize_t size[] = {64, 64};
    static short values[64 * 64];
    hid_t file = H5Fcreate(arguments[1], H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(2, size, NULL);
    H5Pset_chunk(list, 2, size);
    H5Pset_filter(list, 33128, H5Z_FLAG_MANDATORY, 0, NULL);
    hid_t dataset = H5Dcreate2(file, "v", H5T_NATIVE_SHORT, space, H5P_DEFAULT, list, H5P_DEFAULT);
    int status = H5Dwrite(dataset, H5T_NATIVE_SHORT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(dataset);
    H5Fclose(file);
    return count != 2 || status < 0;
}
"""


@needs("h5cc")
def test_h5cc_links_the_shared_library(tmp_path):
    (tmp_path / "program.c").write_text(PROGRAM)
    done = subprocess.run(
        ["h5cc", "-shlib", "-o", "program", "program.c"], cwd=tmp_path, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    run(tmp_path / "program", tmp_path / "x.h5")
    with h5py.File(tmp_path / "x.h5") as file:
        assert_filtered(file["v"])
