"""What the tests of the HDF5 filter share.

The filter is tested from outside: by HDF5_PLUGIN_PATH alone, with plain h5py and HDF5's own tools.
Importing this module sets that variable for the test process and for every process it starts.
"""

import importlib.util
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

CODES = {"i1": 1, "u1": 2, "i2": 3, "u2": 4, "i4": 5, "u4": 6, "i8": 7, "u8": 8}
CODES |= {"f2": 9, "f4": 11, "f8": 12}
TYPE_WORDS = {
    order + name: code + 256 * (order == ">")
    for name, code in CODES.items()
    for order in ("<>" if name[1] != "1" else ("",))
}
TYPES = list(TYPE_WORDS)
SMALL_TYPES = [name for name, word in TYPE_WORDS.items() if word % 256 <= 4]


# Under a sanitizer's runtime (LD_PRELOAD=libasan.so), programs linked to Debian's libhdf5 wait for
# ever at their exit, in freelocale called by libp11-kit, which libcurl brings.
SANITIZED = PLUGIN.exists() and b"__asan_init" in PLUGIN.read_bytes()
not_sanitized = pytest.mark.skipif(
    SANITIZED, reason="the plugin is built with sanitizers, under which programs of HDF5 hang"
)


def needs_module(name):
    """Skips a test where the Python of the tests lacks a module."""
    missing = importlib.util.find_spec(name) is None
    return pytest.mark.skipif(missing, reason=f"the Python module {name} is not installed")


def needs(program):
    """Skips a test where a program is missing."""
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def run(*arguments, check=True, timeout=1800, **environment):
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
    """Planes (along the last axis) that resemble each other. They use the whole range of integers of
    up to 16 bits; others are multiples of 7 or eighths that all floats have."""
    generator = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    base = generator.normal(size=shape[:-1] + (1,)).cumsum(axis=0)
    values = base * generator.uniform(0.5, 1.5, size=shape[-1]) + 0.1 * generator.normal(size=shape)
    low, high = values.min(), values.max()
    unit = (values - low) / ((high - low) or 1.0)
    if dtype.kind == "f":
        return (np.rint(unit * 2000) / 8 - 100).astype(dtype)
    if dtype.itemsize > 2:
        return (np.rint(unit * 50000).astype(dtype) * 7).astype(dtype)
    limits = np.iinfo(dtype)
    scaled = np.rint(limits.min + unit * (limits.max - limits.min))
    return np.clip(scaled, limits.min, limits.max).astype(dtype)


def random_bits(shape, dtype, seed=0):
    """Every bit pattern is as likely as any other."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return np.frombuffer(np.random.default_rng(seed).bytes(size), dtype).reshape(shape)


def special_words(dtype):
    """Infinities, NaNs of both kinds with payloads, both zeros, the least and the largest floats of
    each kind; of integers, the ends of both ranges."""
    dtype = np.dtype(dtype)
    bits = 8 * dtype.itemsize
    top = 1 << (bits - 1)
    if dtype.kind == "f":
        fraction = np.finfo(dtype).nmant
        infinity, quiet = top - (1 << fraction), 1 << (fraction - 1)
        floats = [0, 1, (1 << fraction) - 1, 1 << fraction, infinity - 1, infinity]
        nans = [infinity + 1, infinity + quiet - 1, infinity + quiet, infinity + quiet + 5, top - 1]
        words = [word | sign for word in floats + nans for sign in (0, top)]
    else:
        words = [0, 1, 2, top - 2, top - 1, top, top + 1, 2 * top - 2, 2 * top - 1]
    order = dtype.str[0].replace("|", "<")
    return np.array(words, f"{order}u{dtype.itemsize}").view(dtype)


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
    """The stored values, read anew from the file, have these bits."""
    dataset.file.flush()
    path, name = dataset.file.filename, dataset.name
    code = """
import sys, h5py, numpy
values = h5py.File(sys.argv[1])[sys.argv[2]][...]
numpy.save(sys.argv[3], values.astype(values.dtype.str))  # without the names of an enumeration
"""
    copy = Path(path).with_suffix(".npy")
    run_python(code, path, name, copy, HDF5_USE_FILE_LOCKING="FALSE")
    assert_same_bits(np.load(copy), data)


def assert_same_bits(found, expected):
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    assert found.tobytes() == expected.tobytes()


ALL_EQUAL = """
import sys, h5py, numpy
assert "h5prism" not in sys.modules
with numpy.load(sys.argv[2]) as expected, h5py.File(sys.argv[1]) as file:
    assert len(expected.files) == len(file)
    for name in expected.files:
        found = file[name][...]
        if found.dtype.str != expected[name].dtype.str or found.tobytes() != expected[name].tobytes():
            sys.exit(f"{name}: {found.dtype} differs")
"""


def assert_all_equal(path, arrays):
    """All datasets of a file that is closed, read by a process that has only HDF5_PLUGIN_PATH."""
    copy = Path(path).with_suffix(".npz")
    np.savez(copy, **arrays)
    environment = {"PYTHONPATH": "", "H5PRISM_LIBRARY": ""}
    done = run_python(ALL_EQUAL, path, copy, **environment)
    assert done.stdout == ""
