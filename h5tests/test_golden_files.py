"""Files of several HDF5 versions stay readable: by Debian's h5py, by wheels with newer HDF5s, and by the
package."""

import os
import subprocess

import filter_support  # noqa: F401  (names the plugin's folder)
import h5py
import pytest
from golden_files import LOSSY, SOURCES, chunks_of, files, sum_of, version_of
from venv_support import WHEELS_OF_H5PY, h5py_wheel

import h5prism

READ = """
import sys, zlib, h5py
for path in sys.argv[1:]:
    with h5py.File(path) as file:
        for name, dataset in file.items():
            found = zlib.crc32(dataset[...].astype(dataset.dtype.str).tobytes())
            assert found == dataset.attrs["crc32"], (path, name)
print(h5py.version.hdf5_version, len(sys.argv) - 1)
"""


def this_version():
    return tuple(map(int, h5py.version.hdf5_version.split(".")))


def test_there_are_files_of_several_versions():
    assert len({path.stem.split("-")[1] for path in files()}) >= 4


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_this_hdf5_reads_it(path):
    if version_of(path)[:2] > this_version()[:2]:
        pytest.skip("a newer HDF5 wrote it in its newest layout")
    with h5py.File(path) as file:
        assert set(file) == set(SOURCES)
        for name, (make, _) in SOURCES.items():
            dataset, expected = file[name], make()
            assert (dataset.dtype, dataset.chunks) == (expected.dtype, chunks_of(expected)), name
            found = dataset[...]
            assert sum_of(found) == dataset.attrs["crc32"], name
            assert name in LOSSY or found.tobytes() == expected.tobytes(), name


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_the_package_reads_it(path):
    if version_of(path)[:2] > this_version()[:2]:
        pytest.skip("a newer HDF5 wrote it in its newest layout")
    methods, coders = set(), set()
    with h5py.File(path) as file:
        for name, dataset in file.items():
            assert sum_of(h5prism.read(dataset)) == dataset.attrs["crc32"], name
            for chunk in h5prism.inspect(dataset):
                methods.add(chunk.info.method)
                coders.add(chunk.info.coder)
    assert coders >= {"raw", "deflate", "ans", "jxl", "zstd"}
    assert methods >= {"quick", "lsq", "adaptive", "palette", "frames", "mixed", "order0", "blocks"}


@pytest.mark.parametrize("hdf5", WHEELS_OF_H5PY)
def test_wheels_of_h5py_read_them(hdf5):
    python = h5py_wheel(hdf5)
    version = subprocess.run(
        [python, "-c", "import h5py; print(h5py.version.hdf5_version)"], capture_output=True, text=True
    ).stdout
    readable = files(tuple(map(int, version.strip().split("."))))
    done = subprocess.run(
        [python, "-c", READ, *readable], env=os.environ, capture_output=True, text=True, timeout=1800
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [version.strip(), str(len(readable))]


