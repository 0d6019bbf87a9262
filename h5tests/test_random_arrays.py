"""Small arrays of any shape, type, content and options come back, whole and in part."""

import numpy as np
import pytest
from python_support import ROOT, often, run_python

import h5prism

TYPES = [
    "i1",
    "u1",
    "<i2",
    ">i2",
    "<u2",
    "<i4",
    ">u4",
    "<i8",
    "<f4",
    ">f4",
    "<f8",
    "<f2",
    "?",
    "c8",
]
BOUNDS = {"max_error": (0, 1.5), "rel_max_error": (-3, -1), "rel_rmse": (-3, -0.5)}
ARRAYS = 25
MOST = 20000  # elements


def shape_of(random):
    rank = random.integers(1, 6)
    while True:
        shape = np.exp(random.uniform(0, np.log(50), rank)).astype(int)
        if np.prod(shape) <= MOST:
            return tuple(map(int, shape))


def walk(random, shape):
    values = random.normal(size=shape)
    for axis in range(len(shape)):
        if random.random() < 0.6:
            values = np.cumsum(values, axis)
    return values


def mixed(random, shape):
    return np.tensordot(random.normal(size=(shape[0], 3)), random.normal(size=(3, *shape[1:])), 1)


CONTENTS = [
    lambda random, shape: random.normal(size=shape),
    walk,
    mixed,
    lambda random, shape: np.round(3 * random.normal(size=shape)),
    lambda random, shape: np.full(shape, random.integers(0, 5), "f8"),
    lambda random, shape: np.round(20 * random.normal(size=shape)) / 10 + 100,
    lambda random, shape: walk(random, shape) * np.exp(random.normal(0, 4, shape[-1])),
]


def as_typed(values, dtype):
    if dtype.kind == "b":
        return values > 0
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        values = values.clip(max(limits.min, -(2**62)), min(limits.max, 2**62))
    with np.errstate(over="ignore"):
        return values.astype(dtype)


def with_gaps(random, array):
    """Places without data: along all axes but the last, or anywhere."""
    axes = max(1, array.ndim - random.integers(2))
    array[random.random(array.shape[:axes]) < random.random()] = random.integers(0, 2)
    if array.dtype.kind == "f" and random.random() < 0.5:
        array[random.random(array.shape) < 0.2] = np.nan
    return array


def array_of(random):
    dtype = np.dtype(TYPES[random.integers(len(TYPES))])
    make = CONTENTS[random.integers(len(CONTENTS))]
    array = as_typed(make(random, shape_of(random)) * 10 ** random.uniform(0, 3), dtype)
    return with_gaps(random, array) if random.random() < 0.4 else array


def options_of(random, array):
    options = {"effort": int(random.integers(1, 10 if array.size < 3000 else 7))}
    if random.random() < 0.4:
        options["axis"] = int(random.integers(array.ndim))
    if array.dtype.kind in "iu" and array.itemsize <= 2:
        if random.random() < 0.3:
            options["block"] = int(random.choice([4, 8, 16, 32]))
        if random.random() < 0.2:
            options["order"] = "stored"
    if random.random() < 0.2:
        options["threads"] = 2
    return options


def cases(seed):
    random = np.random.default_rng(seed)
    for _ in range(ARRAYS):
        array = array_of(random)
        yield random, array, options_of(random, array)


def region_of(random, shape):
    starts = [int(random.integers(size)) for size in shape]
    ends = [int(random.integers(start, size)) + 1 for start, size in zip(starts, shape)]
    return tuple(map(slice, starts, ends))


@pytest.mark.parametrize("seed", range(often(12)))
def test_every_bit(seed):
    for random, array, options in cases(seed):
        blob = h5prism.encode(array, **options)
        assert len(blob) <= array.nbytes + 200
        assert h5prism.decode(blob, dtype=array.dtype).tobytes() == array.tobytes(), options
        if array.dtype.kind in "iu":
            region = region_of(random, array.shape)
            np.testing.assert_array_equal(h5prism.decode(blob, region=region), array[region])


@pytest.mark.parametrize("seed", range(20, 20 + often(8)))
def test_bounds_hold(seed):
    for random, array, options in cases(seed):
        if array.dtype.kind not in "iuf" or options.keys() & {"block", "order"}:
            continue
        bound = str(random.choice(list(BOUNDS)))
        value = 10 ** random.uniform(*BOUNDS[bound])
        options[bound] = float(np.floor(value) if bound == "max_error" else value)
        missing = array.flat[random.integers(array.size)]
        if np.isfinite(missing) and random.random() < 0.5:
            options["missing"] = float(missing)
        decoded = h5prism.decode(h5prism.encode(array, **options))
        finite = np.isfinite(array)
        np.testing.assert_array_equal(decoded[~finite], array[~finite])
        if "missing" in options:
            np.testing.assert_array_equal(decoded == missing, array == missing)
        if bound == "max_error" and finite.any():
            errors = abs(decoded[finite].astype("f8") - array[finite].astype("f8"))
            assert errors.max() <= options[bound], options


SUM_OF_CHUNKS = """
import hashlib, sys

sys.path.insert(0, sys.argv[1])
import h5prism
from test_random_arrays import cases

found = hashlib.sha256()
for seed in map(int, sys.argv[2:]):
    for _, array, options in cases(seed):
        found.update(h5prism.encode(array, **options))
print(found.hexdigest())
"""


def test_chunks_do_not_depend_on_what_memory_held():
    """glibc fills what it allocates, by another byte each time."""
    seeds = range(40, 40 + often(2))
    done = [
        run_python("-c", SUM_OF_CHUNKS, ROOT / "h5tests", *seeds, MALLOC_PERTURB_=byte)
        for byte in (0, 85, 255)
    ]
    assert all(one.returncode == 0 for one in done), done
    assert len({one.stdout for one in done}) == 1 and done[0].stdout
