"""The programs in examples/: many processes on one grid, by Dask and by parallel HDF5."""

import re
import subprocess
import sys

import h5py
import numpy as np
import pytest
from filter_support import ROOT, assert_filtered, not_sanitized
from mpi_support import mpirun
from python_support import run_python
from venv_support import plain_variables

pytestmark = not_sanitized

EXAMPLES = ROOT / "examples"
TILES, EDGE, CHANNELS = (3, 3), 64, 16
SIZE = ("--tiles", *map(str, TILES), "--edge", str(EDGE), "--channels", str(CHANNELS))


def assert_is_the_grid(path):
    sys.path.insert(0, str(EXAMPLES))
    try:
        from grid import Grid
    finally:
        sys.path.pop(0)
    grid = Grid(*TILES, EDGE, CHANNELS)
    with h5py.File(path) as file:
        assert_filtered(file["grid"])
        for tile in grid.tiles:
            np.testing.assert_array_equal(file["grid"][grid.window(tile)], grid.make(tile))


def test_dask(zarr3_python, tmp_path):
    path = tmp_path / "x.h5"
    done = subprocess.run(
        [zarr3_python, EXAMPLES / "dask_grid.py", path, *SIZE, "--workers", "2"],
        env=plain_variables(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.returncode == 0, done.stderr
    assert_is_the_grid(path)
    with h5py.File(path) as file:
        means = file["grid"][...].mean(axis=(0, 1))
    assert f"from {means.min():.3f} to {means.max():.3f}" in done.stdout


@pytest.mark.parametrize("ranks", [2, 4])
def test_parallel_hdf5(needs_mpi, tmp_path, ranks):
    done = mpirun(ranks, EXAMPLES / "mpi_grid.py", tmp_path / "x.h5", *SIZE)
    assert done.returncode == 0, done.stderr
    assert f"by {ranks} ranks" in done.stdout
    assert_is_the_grid(tmp_path / "x.h5")


SHARED_CHUNKS = """
import sys
from mpi4py import MPI
import h5py, numpy
world, values = MPI.COMM_WORLD, numpy.load(sys.argv[2])
begin, end = (len(values) * rank // world.size for rank in (world.rank, world.rank + 1))
with h5py.File(sys.argv[1], "w", driver="mpio", comm=world) as file:
    made = file.create_dataset("v", values.shape, values.dtype, chunks=(8, 20, 8),
                               compression=33128, compression_opts=(1, 2, 2, 1, 7))
    for factor in 2, 1:  # the second time, chunks are read, changed by several ranks, and moved
        with made.collective:
            made[begin:end] = (factor * values[begin:end]).astype(values.dtype)
    with made.collective:
        assert (made[...] == values).all()
"""


@pytest.mark.parametrize("ranks", [2, 4])
def test_ranks_that_share_chunks(needs_mpi, tmp_path, ranks):
    values = np.add.outer(np.arange(37)[:, None] * np.arange(20), np.arange(8)).astype(">i2")
    np.save(tmp_path / "x.npy", values)
    done = mpirun(ranks, "-c", SHARED_CHUNKS, tmp_path / "x.h5", tmp_path / "x.npy")
    assert done.returncode == 0, done.stderr
    with h5py.File(tmp_path / "x.h5") as file:
        assert_filtered(file["v"])
        np.testing.assert_array_equal(file["v"][...], values)


def test_threads(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("x", data=np.zeros((60, 40), "i2"), chunks=(20, 40), compression=33128)
    done = run_python(EXAMPLES / "threads.py", tmp_path / "x.h5", "x", "--repeat", "1")
    assert done.returncode == 0, done.stderr
    assert "h5prism.read,  1 used" in done.stdout


def test_parts_over_http(zarr3_python, tmp_path):
    size = ("--tiles", "2", "2", "--edge", "64", "--channels", "16", "--pixels", "30")
    done = subprocess.run(
        [zarr3_python, EXAMPLES / "http_parts.py", *size],
        env=plain_variables(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.returncode == 0, done.stderr
    whole, patch, pixel, stored = (
        [int(number.replace(",", "")) for number in re.findall(r"([0-9,]+) bytes", part)]
        for part in done.stdout.split("access=")[1:]
    )
    assert whole[:2] == [whole[0]] * 2  # every chunk, and nothing twice
    assert pixel[1] < patch[1] < whole[1] and pixel[1] < whole[1] / 3
    assert stored[2] < pixel[2] / 2
