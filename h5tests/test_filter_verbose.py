"""H5PRISM_VERBOSE: the filter's own reasons on stderr, whatever HDF5 makes of them."""

import sys

import h5py
import pytest
from filter_support import correlated, create, run
from venv_support import venv_python

DATA = correlated((24, 20, 8), "i2")

READ = """
import sys, h5py
try:
    h5py.File(sys.argv[1])["x"][...]
except OSError:
    sys.exit()
sys.exit("read")
"""

CREATE = """
import sys, h5py
file = h5py.File("memory", "w", driver="core", backing_store=False)
try:
    file.create_dataset("x", (10, 10), "S3", chunks=(5, 5), compression=33128)
except ValueError:
    sys.exit()
sys.exit("created")
"""


@pytest.fixture
def damaged(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        dataset = create(file, "x", DATA, DATA.shape)
        chunk = bytearray(dataset.id.read_direct_chunk((0, 0, 0))[1])
        chunk[len(chunk) // 2] ^= 1
        dataset.id.write_direct_chunk((0, 0, 0), bytes(chunk))
    return tmp_path / "x.h5"


def python_of(which):
    return sys.executable if which == "system" else venv_python("h5py", "h5py", "netCDF4")


@pytest.mark.parametrize("which", ["system", "wheel"])
def test_reasons_are_printed(which, damaged):
    python = python_of(which)
    done = run(python, "-c", READ, damaged, check=False, H5PRISM_VERBOSE="1")
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line.startswith("h5prism: ") and "CRC-32" in line
    done = run(python, "-c", CREATE, check=False, H5PRISM_VERBOSE="yes")
    assert done.returncode == 0
    assert done.stderr.startswith("h5prism: ") and "H5T_STRING" in done.stderr


@pytest.mark.parametrize("value", ["", "0"])
def test_nothing_is_printed_unasked(value, damaged):
    run(sys.executable, "-c", READ, damaged, H5PRISM_VERBOSE=value)
    run(sys.executable, "-c", CREATE, H5PRISM_VERBOSE=value)
