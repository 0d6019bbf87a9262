"""`import h5prism` in processes that hold other HDF5 libraries: wheels of netCDF4, h5py and PyTables.

Nothing but the import makes the plugin known: HDF5_PLUGIN_PATH is not set. Each case is a process of
its own, since a library that is loaded stays.
"""

import itertools
import json
import subprocess

import h5py
import numpy as np
import pytest
from filter_support import PLUGIN, ROOT, assert_filtered, correlated, create, not_sanitized
from venv_support import plain_variables, venv_python

pytestmark = not_sanitized

PACKAGES = ("h5py", "netCDF4", "tables")
DATA = correlated((24, 20, 8), "i2")

READ = """
import json, sys
for name in json.loads(sys.argv[3]):
    __import__(name)
import numpy

def by_h5py(path):
    import h5py
    with h5py.File(path) as file:
        return file["v"][...]

def by_netCDF4(path):
    import netCDF4
    with netCDF4.Dataset(path) as file:
        return numpy.asarray(file["v"][:])

def by_tables(path):
    import tables
    with tables.open_file(path) as file:
        return file.root.v[:]

def by_xarray(path):
    import xarray
    with xarray.open_dataset(path, engine="netcdf4") as opened:
        return opened["v"].values

path, values = sys.argv[1], numpy.load(sys.argv[2])
for name in json.loads(sys.argv[4]):
    assert (globals()["by_" + name](path) == values).all(), name
mapped = {line.split()[-1].rsplit("/")[-1] for line in open("/proc/self/maps")}
print(json.dumps(sorted(name for name in mapped if name.startswith("libhdf5-"))))
"""


@pytest.fixture(scope="session")
def readers_python():
    return venv_python("readers", *PACKAGES, "xarray", "h5netcdf")


@pytest.fixture
def packed(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        assert_filtered(create(file, "v", DATA, (12, 20, 8)))
    np.save(tmp_path / "x.npy", DATA)
    return tmp_path / "x.h5", tmp_path / "x.npy"


def run(python, code, *arguments):
    """As a user who has set nothing but where the package is."""
    variables = {"PYTHONPATH": str(ROOT / "python"), "H5PRISM_LIBRARY": str(PLUGIN)}
    return subprocess.run(
        [python, "-c", code, *map(str, arguments)],
        env=plain_variables() | variables,
        capture_output=True,
        text=True,
        timeout=1800,
    )


def printed(python, code, *arguments):
    done = run(python, code, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def read(python, packed, imports, readers):
    """The HDF5 libraries of a process that imports, and then reads."""
    return json.loads(printed(python, READ, *packed, json.dumps(imports), json.dumps(readers)))


@pytest.mark.parametrize("reader", PACKAGES)
def test_without_the_import_nothing_is_read(readers_python, packed, reader):
    assert run(readers_python, READ, *packed, "[]", json.dumps([reader])).returncode != 0


@pytest.mark.parametrize("reader", [*PACKAGES, "xarray"])
def test_the_library_comes_later(readers_python, packed, reader):
    assert read(readers_python, packed, ["h5prism"], [reader])


ORDERS = [
    order
    for count in (1, 2)
    for chosen in itertools.combinations(PACKAGES, count)
    for order in itertools.permutations(("h5prism", *chosen))
]


@pytest.mark.parametrize("imports", ORDERS, ids="-".join)
def test_orders_of_imports(readers_python, packed, imports):
    read(readers_python, packed, imports, [name for name in imports if name in PACKAGES])


@pytest.mark.parametrize("place", range(4))
def test_three_libraries(readers_python, packed, place):
    imports = list(PACKAGES)
    imports.insert(place, "h5prism")
    assert len(read(readers_python, packed, imports, [*reversed(PACKAGES), "xarray"])) == 3


def test_netcdf4_keeps_its_own_plugins(readers_python):
    """It names their folder in HDF5_PLUGIN_PATH where that is not set."""
    code = """
import h5prism, netCDF4, sys
with netCDF4.Dataset("memory", "w", diskless=True) as file:
    file.createDimension("x", 1000)
    v = file.createVariable("v", "i4", ("x",), compression="zstd")
    v[:] = 0
    assert v.filters()["zstd"]
"""
    printed(readers_python, code)


def test_other_modules_are_loaded_as_ever(readers_python):
    code = """
import h5prism, importlib.machinery, sys
before = list(sys.meta_path)
h5prism.register()
assert sys.meta_path == before
import tables, tables.hdf5extension, _json
for module in tables, tables.hdf5extension, _json:
    assert module.__spec__.origin == module.__file__, module.__spec__
try:
    import tables.no_such_module
except ModuleNotFoundError as error:
    assert error.name == "tables.no_such_module"
"""
    printed(readers_python, code)


def test_a_folder_is_named_once(readers_python):
    code = """
import os, h5prism, netCDF4, h5py
for _ in range(3):
    h5prism.register()
paths = [h5py.h5pl.get(i) for i in range(h5py.h5pl.size())]
assert paths.count(os.fsencode(h5prism.library_path().parent)) == 1, paths
"""
    printed(readers_python, code)
