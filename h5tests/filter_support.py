"""What the tests of the HDF5 filter share.

The filter is tested from outside: by HDF5_PLUGIN_PATH alone, with plain h5py and HDF5's own tools.
Importing this module sets that variable for the test process and for every process it starts.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("H5PRISM_BUILD", ROOT / "build")).resolve()
PLUGIN = BUILD / "plugins" / "libh5prism.so"

os.environ["HDF5_PLUGIN_PATH"] = str(PLUGIN.parent)
os.environ.pop("H5PRISM_THREADS", None)

h5py = pytest.importorskip("h5py", reason="python3-h5py is not installed")

FILTER_ID = 33128
OPTION_WORDS = 10
MANDATORY, OPTIONAL = 0, 1

TYPES = ["i1", "u1", "<i2", ">i2", "<u2", ">u2"]
TYPE_WORDS = {"i1": 1, "u1": 2, "<i2": 3, "<u2": 4, ">i2": 3 + 256, ">u2": 4 + 256}


# Under a sanitizer's runtime (LD_PRELOAD=libasan.so), programs linked to Debian's libhdf5 wait for
# ever at their exit, in freelocale called by libp11-kit, which libcurl brings.
SANITIZED = PLUGIN.exists() and b"__asan_init" in PLUGIN.read_bytes()
not_sanitized = pytest.mark.skipif(
    SANITIZED, reason="the plugin is built with sanitizers, under which programs of HDF5 hang"
)


def needs(program):
    """Skips a test where a program is missing."""
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def run(*arguments, check=True, timeout=120, **environment):
    """Runs a program; with check, it must succeed and write nothing to stderr."""
    done = subprocess.run(
        [str(a) for a in arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    if check:
        assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        assert done.stderr == "", done.stderr
    return done


def run_python(code, *arguments, python=sys.executable, **environment):
    """Runs code in a fresh interpreter that knows nothing of the filter but HDF5_PLUGIN_PATH."""
    return run(python, "-c", code, *arguments, **environment)


def correlated(shape, dtype="i1", seed=0):
    """Planes (along the last axis) that resemble each other and use the whole range of the type."""
    generator = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    limits = np.iinfo(dtype)
    base = generator.normal(size=shape[:-1] + (1,)).cumsum(axis=0)
    values = base * generator.uniform(0.5, 1.5, size=shape[-1]) + 0.1 * generator.normal(size=shape)
    low, high = values.min(), values.max()
    span = (high - low) or 1.0
    scaled = np.rint(limits.min + (values - low) / span * (limits.max - limits.min))
    return np.clip(scaled, limits.min, limits.max).astype(dtype)


def create(file, name, data, chunks, words=(), flags=MANDATORY, before=(), after=()):
    """Creates and writes a dataset; h5py's create_dataset would make the filter OPTIONAL."""
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk(chunks)
    for filter_id in before:
        plist.set_filter(filter_id, OPTIONAL, (1,))
    plist.set_filter(FILTER_ID, flags, tuple(words))
    for filter_id in after:
        plist.set_filter(filter_id, OPTIONAL, (1,))
    space = h5py.h5s.create_simple(data.shape)
    kind = h5py.h5t.py_create(data.dtype, logical=True)
    dataset = h5py.Dataset(h5py.h5d.create(file.id, name.encode(), kind, space, plist))
    dataset[...] = data
    file.flush()
    return dataset


def filter_of(dataset, index=0):
    """(flags, words) of the filter as stored."""
    filter_id, flags, words, _ = dataset.id.get_create_plist().get_filter(index)
    assert filter_id == FILTER_ID
    return flags, words


def stored_chunks(dataset):
    dataset.file.flush()
    return [dataset.id.get_chunk_info(i) for i in range(dataset.id.get_num_chunks())]


def assert_filtered(dataset, smaller=True):
    """Every chunk went through the filter: where an OPTIONAL one fails, HDF5 stores a raw chunk."""
    chunks = stored_chunks(dataset)
    raw = int(np.prod(dataset.chunks)) * dataset.dtype.itemsize
    assert chunks
    for chunk in chunks:
        assert chunk.filter_mask == 0
        assert 0 < chunk.size <= raw + 512
        assert chunk.size < raw or not smaller
    return sum(chunk.size for chunk in chunks)


def assert_equal(dataset, data):
    """The stored values, read anew from the file."""
    dataset.file.flush()
    path, name = dataset.file.filename, dataset.name
    code = """
import sys, h5py, numpy
values = h5py.File(sys.argv[1])[sys.argv[2]][...]
numpy.save(sys.argv[3], values.astype(values.dtype.str))  # without the names of an enumeration
"""
    copy = Path(path).with_suffix(".npy")
    run_python(code, path, name, copy, HDF5_USE_FILE_LOCKING="FALSE")
    np.testing.assert_array_equal(np.load(copy), data)
