"""What the tests of the Python package and of the scripts share."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("H5PRISM_BUILD", ROOT / "build")).resolve()
LIBRARY = BUILD / "plugins" / "libh5prism.so"

# By these, the tests run from any folder and from a plain `pytest h5tests`, too.
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "scripts")]
os.environ["H5PRISM_LIBRARY"] = str(LIBRARY)
os.environ["HDF5_PLUGIN_PATH"] = str(LIBRARY.parent)
os.environ["PYTHONPATH"] = os.pathsep.join(sys.path[:2])
os.environ.pop("H5PRISM_THREADS", None)

NARROW_DTYPES = ["i1", "u1", "<i2", ">i2", "<u2", ">u2"]  # samples as they are
DTYPES = NARROW_DTYPES + [o + name for name in ("i4", "u4", "i8", "u8") for o in "<>"]
DTYPES += [order + name for name in ("f2", "f4", "f8") for order in "<>"]

LONG = "H5PRISM_LONG" in os.environ  # scripts/test --long


def often(times):
    """How many times a test with random data is repeated: ten times as often where time is no matter."""
    return times * (10 if LONG else 1)


def run_python(*arguments, python=sys.executable, remove=(), **environment):
    """Runs Python, that of the tests, with these arguments; variables in `remove` are not set."""
    variables = {key: value for key, value in os.environ.items() if key not in remove}
    return subprocess.run(
        [python, *map(str, arguments)],
        env=variables | {key: str(value) for key, value in environment.items()},
        capture_output=True,
        text=True,
        timeout=1800,
    )


def loaded_hdf5():
    """The HDF5 library that h5py uses; None where /proc does not tell."""
    maps = Path("/proc/self/maps")
    lines = maps.read_text().splitlines() if maps.exists() else []
    paths = {line.split()[-1] for line in lines if "libhdf5" in line and "_hl" not in line}
    return ctypes.CDLL(min(paths)) if paths else None


def leave_partial_chunks_alone(properties):
    """HDF5's option not to filter chunks at the edge, which h5py does not have. False where it cannot
    be set."""
    dont_filter_partial_chunks = 2
    hdf5 = loaded_hdf5()
    number = ctypes.c_int64(properties.id)
    return bool(hdf5) and hdf5.H5Pset_chunk_opts(number, dont_filter_partial_chunks) >= 0


def limits(dtype):
    """The least and the largest value of a type; of floats, the finite ones."""
    dtype = np.dtype(dtype)
    info = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    return info.min, info.max


def fractals(count, height, width, generator):
    """Independent pictures, last, each with less the finer it is looked at."""
    y, x = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    fall = np.maximum(np.hypot(y, x), 1 / width) ** 1.6
    noise = np.fft.rfft2(generator.normal(size=(count, height, width)))
    found = np.moveaxis(np.fft.irfft2(noise / fall, (height, width)), 0, 2)
    return found / found.std()


def correlated(shape, dtype, seed=0):
    """Smooth planes along the last axis, each a mixture of the same three, and noise; at most 20 bits
    of wide integers, and floats of at most three decimals."""
    random = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    base = np.cumsum(random.normal(size=(*shape[:-1], 3)), axis=0)
    mixed = base @ random.normal(size=(3, shape[-1])) + random.normal(size=shape) / 4
    mixed /= np.abs(mixed).max()
    if dtype.kind == "f":
        return (np.rint(mixed * 2000) / 1000).astype(dtype)
    bits = min(8 * dtype.itemsize, 20)
    low, high = np.array(limits(dtype), object) >> (8 * dtype.itemsize - bits)
    scaled = mixed * ((high - low) / 2) + (high + low) / 2
    return np.clip(np.rint(scaled), low, high).astype(dtype)


def noise(shape, dtype, seed=0):
    """Every bit pattern is as likely as any other; of floats, NaNs among them."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return np.frombuffer(np.random.default_rng(seed).bytes(size), dtype).reshape(shape)


def extremes(shape, dtype, seed=0):
    """Only the smallest and the largest value: every difference overflows."""
    low, high = np.array(limits(dtype), dtype)
    return np.where(np.random.default_rng(seed).random(shape) < 0.5, high, low).astype(dtype)


def constant(shape, dtype, seed=0):
    """One value everywhere, the smallest of the type."""
    return np.full(shape, limits(dtype)[0], dtype)


def with_gaps(shape, dtype, seed=0):
    """Floats with runs of NaNs of any payload, infinities and zeros of both signs."""
    values = correlated(shape, dtype, seed).ravel()
    random = np.random.default_rng(seed)
    fraction = np.finfo(dtype).nmant
    payload = int(random.integers(1, 1 << fraction))
    ones = (1 << (8 * values.itemsize - 1)) - (1 << fraction)
    words = np.array([ones + payload, ones + 1], values.dtype.str.replace("f", "u"))
    special = [*words.view(dtype), *np.array([np.inf, -np.inf, 0.0, -0.0], dtype)]
    for start in random.integers(values.size, size=values.size // 40 + 1):
        values[start : start + random.integers(1, 20)] = special[random.integers(len(special))]
    return values.reshape(shape)


CONTENTS = [correlated, noise, extremes, constant]


def assert_same(found, expected):
    """Equal in shape, element type, byte order and every bit."""
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    assert found.tobytes() == expected.tobytes()
