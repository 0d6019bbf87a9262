"""Programs and libraries that read HDF5: each in a process of its own, by HDF5_PLUGIN_PATH alone."""

import shutil
import subprocess

import h5py
import numpy as np
import pytest
from filter_support import (
    assert_filtered,
    correlated,
    create,
    filter_of,
    needs,
    needs_module,
    not_sanitized,
    run,
    run_python,
)

pytestmark = not_sanitized

DATA = correlated((30, 20, 8), "i2")
CHUNKS = (15, 20, 4)
WORDS = (1, 2, 2, 1, 7)


@pytest.fixture
def packed(tmp_path):
    """A file with a dataset `v`, and the same values by numpy."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        assert_filtered(create(file, "v", DATA, CHUNKS, WORDS))
    np.save(tmp_path / "x.npy", DATA)
    return tmp_path / "x.h5", tmp_path / "x.npy"


NETCDF = """
import sys, netCDF4, numpy
path, values = sys.argv[1], numpy.load(sys.argv[2])
with netCDF4.Dataset(path) as file:
    assert (file["v"][:] == values).all() and (file["v"][3:9, ::5, 7] == values[3:9, ::5, 7]).all()
"""


@needs_module("netCDF4")
def test_netcdf4(packed):
    run_python(NETCDF, *packed)


H5NETCDF = """
import sys, h5netcdf, numpy
values = numpy.load(sys.argv[2])
with h5netcdf.File(sys.argv[3], "w") as file:
    file.dimensions = dict(zip("yxc", values.shape))
    made = file.create_variable("v", ("y", "x", "c"), values.dtype, chunks=(15, 20, 4),
                                compression=33128, compression_opts=(1, 2, 2, 1, 7))
    made[...] = values
for path in sys.argv[1], sys.argv[3]:
    with h5netcdf.File(path, phony_dims="sort") as file:
        assert (file["v"][...] == values).all()
"""


@needs_module("h5netcdf")
def test_h5netcdf(packed, tmp_path):
    run_python(H5NETCDF, *packed, tmp_path / "x.nc")
    with h5py.File(tmp_path / "x.nc") as file:
        assert_filtered(file["v"])
        assert filter_of(file["v"])[1][:5] == WORDS


XARRAY = """
import sys, numpy, xarray
values, path, again = numpy.load(sys.argv[1]), *sys.argv[2:]
variable = xarray.DataArray(values, dims=("y", "x", "c"), name="v")
encoding = {"compression": 33128, "compression_opts": (1, 2, 2, 1, 7), "chunksizes": (15, 20, 4)}
variable.to_netcdf(path, engine="h5netcdf", encoding={"v": encoding})
with xarray.open_dataset(path, engine="h5netcdf") as opened:
    assert (opened["v"].values == values).all()
    kept = opened["v"].encoding
    assert kept["chunksizes"] == (15, 20, 4), kept
    opened.to_netcdf(again, engine="h5netcdf", encoding={"v": encoding | {"chunksizes": (6, 20, 8)}})
"""


@needs_module("h5netcdf")
@needs_module("xarray")
def test_xarray_writes_by_its_encoding(packed, tmp_path):
    run_python(XARRAY, packed[1], tmp_path / "x.nc", tmp_path / "again.nc")
    for name, chunks in (("x.nc", CHUNKS), ("again.nc", (6, 20, 8))):
        with h5py.File(tmp_path / name) as file:
            assert file["v"].chunks == chunks
            assert_filtered(file["v"])
            np.testing.assert_array_equal(file["v"][...], DATA)


XARRAY_NETCDF4 = """
import sys, numpy, xarray
with xarray.open_dataset(sys.argv[1], engine="netcdf4") as opened:
    assert (opened["v"].values == numpy.load(sys.argv[2])).all()
"""


@needs_module("xarray")
@needs_module("netCDF4")
def test_xarray_by_netcdf4(packed):
    run_python(XARRAY_NETCDF4, *packed)


PYTABLES = """
import sys, numpy, tables
values = numpy.load(sys.argv[2])
with tables.open_file(sys.argv[1]) as file:
    assert (file.root.v[:] == values).all() and (file.root.v[4:9, 3] == values[4:9, 3]).all()
"""


@needs_module("tables")
def test_pytables(packed):
    run_python(PYTABLES, *packed)


@pytest.mark.parametrize(
    "driver, source, rows",
    [("HDF5", 'HDF5:"{}"://v', slice(None)), ("netCDF", 'NETCDF:"{}":v', slice(None, None, -1))],
    ids=["hdf5", "netcdf"],
)
@needs("gdal_translate")
def test_gdal(packed, tmp_path, driver, source, rows):
    """Bands are the first axis; rows without coordinates count from below for the netCDF driver."""
    if f"  {driver} " not in run("gdalinfo", "--formats").stdout:
        pytest.skip(f"GDAL has no driver {driver}")
    assert "Band 30 " in run("gdalinfo", source.format(packed[0]), check=False).stdout
    raw = tmp_path / "x.raw"
    run("gdal_translate", "-q", "-of", "ENVI", source.format(packed[0]), raw, check=False)
    np.testing.assert_array_equal(np.fromfile(raw, "<i2").reshape(DATA.shape), DATA[:, rows])


@needs("octave-cli")
def test_octave(packed):
    """Octave shows the axes in Fortran's order."""
    code = f"x = load('-hdf5', '{packed[0]}'); printf('%d %d\\n', size(x.v)(1), x.v(3, 5, 7))"
    done = run("octave-cli", "--norc", "--eval", code, check=False)
    assert done.stdout.split() == ["8", str(DATA[6, 4, 2])], done.stderr


def has_hdf5r():
    if shutil.which("Rscript") is None:
        return False
    return subprocess.run(["Rscript", "-e", "library(hdf5r)"], capture_output=True).returncode == 0


@needs("Rscript")
def test_r(packed):
    if not has_hdf5r():
        pytest.skip("R has no package hdf5r")
    code = f"x <- hdf5r::H5File$new('{packed[0]}', 'r')[['v']][,,]; cat(dim(x)[1], x[3, 5, 7])"
    done = run("Rscript", "-e", code, check=False)
    assert done.stdout.split() == ["8", str(DATA[6, 4, 2])], done.stderr
