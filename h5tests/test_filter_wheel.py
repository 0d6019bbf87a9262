"""h5py and netCDF4 as pip installs them: each brings an HDF5 library of its own."""

import json
import re
import sys

import h5py
import numpy as np
import pytest
from filter_support import assert_filtered, correlated, create, run, run_python
from venv_support import venv_python


@pytest.fixture(scope="session")
def wheel_python():
    return venv_python("h5py", "h5py", "netCDF4")


WRITE = """
import json, sys, h5py, numpy
path, source, words = sys.argv[1:]
data = numpy.load(source)
with h5py.File(path, "w") as file:
    dataset = file.create_dataset("x", data=data, chunks=data.shape[:-1] + (4,), compression=33128,
                                  compression_opts=tuple(json.loads(words)))
    file.flush()
    for i in range(dataset.id.get_num_chunks()):
        chunk = dataset.id.get_chunk_info(i)
        assert chunk.filter_mask == 0 and chunk.size < data.nbytes * 4 // data.shape[-1], chunk
"""

READ = """
import sys, h5py, numpy
with h5py.File(sys.argv[1]) as file:
    numpy.testing.assert_array_equal(file["x"][...], numpy.load(sys.argv[2]))
"""


def test_the_libraries_differ(wheel_python):
    code = "import h5py; print(h5py.version.hdf5_version)"
    assert run_python(code, python=wheel_python).stdout.strip() != h5py.version.hdf5_version


@pytest.mark.parametrize(
    "words", [[], [1, 2, 2, 1, 6], [1, 2, 1, 2, 3]], ids=["default", "deflate", "jxl"]
)
@pytest.mark.parametrize("dtype", ["i1", ">u2", ">i4", "<f2", "<f4", ">f8"])
def test_both_ways(wheel_python, tmp_path, dtype, words):
    data = correlated((24, 20, 8), dtype)
    np.save(tmp_path / "x.npy", data)
    pythons = {"system": sys.executable, "wheel": wheel_python}
    for writer in pythons:
        path = tmp_path / f"{writer}.h5"
        run_python(WRITE, path, tmp_path / "x.npy", json.dumps(words), python=pythons[writer])
        for reader in pythons:
            run_python(READ, path, tmp_path / "x.npy", python=pythons[reader])


def test_refusals(wheel_python):
    code = """
import h5py
file = h5py.File("memory", "w", driver="core", backing_store=False)
for kind, words in (("g", None), ("S3", None), ("i2", (1, 0, 0, 0, 10)), ("i2", (1, 4))):
    keywords = {"chunks": (5, 5), "compression": 33128, "compression_opts": words}
    try:
        file.create_dataset("x", (10, 10), kind, **keywords)
        print("created")
    except ValueError as error:
        print(error)
"""
    lines = run_python(code, python=wheel_python).stdout.splitlines()
    assert len(lines) == 4 and all("h5prism: " in line for line in lines)
    assert "H5T_FLOAT" in lines[0] and "H5T_STRING" in lines[1] and "effort 10" in lines[2]


def test_damaged_chunk(wheel_python, tmp_path):
    """HDF5 2.0 discards what a filter puts on the error stack here: only its own text is left."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        data = correlated((24, 20, 8), "i2")
        dataset = create(file, "x", data, data.shape)
        assert_filtered(dataset)
        chunk = bytearray(dataset.id.read_direct_chunk((0, 0, 0))[1])
        chunk[len(chunk) // 2] ^= 1
        dataset.id.write_direct_chunk((0, 0, 0), bytes(chunk))
    code = """
import sys, h5py
try:
    h5py.File(sys.argv[1])["x"][...]
except OSError as error:
    print(error)
"""
    assert re.search(
        "h5prism: |filter returned failure",
        run_python(code, tmp_path / "x.h5", python=wheel_python).stdout,
    )


TWO_LIBRARIES = """
import sys
first, second = (__import__(name) for name in sys.argv[2:4])
import h5py, netCDF4, numpy
mapped = {line.split()[-1].split("/")[-1] for line in open("/proc/self/maps")}
libraries = {name for name in mapped if name.startswith(("libhdf5-", "libhdf5."))}
assert len(libraries) == 2, libraries
data = numpy.arange(4000, dtype="i2").reshape(20, 20, 10)
for round in range(3):
    with h5py.File(sys.argv[1], "w", track_order=True) as file:  # netCDF writes to no other files
        for name, size in zip("yxc", data.shape):
            file.create_dataset(name, data=numpy.arange(size)).make_scale(name)
        dataset = file.create_dataset("v", data=data, chunks=(10, 20, 10), compression=33128)
        for axis, name in enumerate("yxc"):
            dataset.dims[axis].attach_scale(file[name])
    with netCDF4.Dataset(sys.argv[1], "a") as file:
        file["v"].set_auto_mask(False)
        assert (file["v"][:] == data).all()
        file["v"][5:15] = data[5:15] + 7
    data[5:15] += 7
    with h5py.File(sys.argv[1]) as file:
        assert (file["v"][...] == data).all()
        assert [file["v"].id.get_chunk_info(i).filter_mask for i in range(2)] == [0, 0]
    try:
        file = h5py.File("memory", "w", driver="core", backing_store=False)
        file.create_dataset("f", (4, 4), "S5", chunks=(4, 4), compression=33128)
        sys.exit("created")
    except ValueError as error:
        assert "H5T_STRING" in str(error)
"""


@pytest.mark.parametrize("first, second", [("h5py", "netCDF4"), ("netCDF4", "h5py")])
def test_two_hdf5_libraries_in_one_process(wheel_python, tmp_path, first, second):
    if not sys.platform.startswith("linux"):
        pytest.skip("counts libraries in /proc")
    run(wheel_python, "-c", TWO_LIBRARIES, tmp_path / "x.nc", first, second)
