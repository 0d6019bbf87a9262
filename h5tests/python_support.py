"""What the tests of the Python package and of the scripts share."""

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

DTYPES = ["i1", "u1", "<i2", ">i2", "<u2", ">u2"]


def run_python(*arguments, remove=(), **environment):
    """Runs the Python of the tests with these arguments; variables in `remove` are not set."""
    variables = {key: value for key, value in os.environ.items() if key not in remove}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=variables | {key: str(value) for key, value in environment.items()},
        capture_output=True,
        text=True,
        timeout=300,
    )


def correlated(shape, dtype, seed=0):
    """Smooth planes along the last axis, each a mixture of the same three, and noise."""
    random = np.random.default_rng(seed)
    limits = np.iinfo(dtype)
    base = np.cumsum(random.normal(size=(*shape[:-1], 3)), axis=0)
    mixed = base @ random.normal(size=(3, shape[-1])) + random.normal(size=shape) / 4
    span = (int(limits.max) - int(limits.min)) / 2
    scaled = mixed / np.abs(mixed).max() * span + (int(limits.max) + int(limits.min)) / 2
    return np.clip(np.rint(scaled), limits.min, limits.max).astype(dtype)


def noise(shape, dtype, seed=0):
    """Values over the whole range of the type."""
    limits = np.iinfo(dtype)
    random = np.random.default_rng(seed)
    values = random.integers(limits.min, limits.max, size=shape, endpoint=True)
    return values.astype(dtype)


def extremes(shape, dtype, seed=0):
    """Only the smallest and the largest value: every difference overflows."""
    limits = np.iinfo(dtype)
    high = np.random.default_rng(seed).random(shape) < 0.5
    return np.where(high, limits.max, limits.min).astype(dtype)


def constant(shape, dtype, seed=0):
    """One value everywhere, the smallest of the type."""
    return np.full(shape, np.iinfo(dtype).min, dtype)


CONTENTS = [correlated, noise, extremes, constant]


def assert_same(found, expected):
    """Equal in shape, element type, byte order and every bit of the elements."""
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    assert found.tobytes() == expected.tobytes()
