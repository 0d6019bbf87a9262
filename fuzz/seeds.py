"""Small inputs to begin with: seeds.py FOLDER writes FOLDER/chunks, FOLDER/round_trip and FOLDER/filter.

Chunks are those of h5tests/golden, cut to a few elements, and arrays of every type by options of every
method. scripts/fuzz begins with them where they are asked for; what came of them is in corpus/.
"""

import sys
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "h5tests"), str(ROOT / "python")]

from generated import embedding, hashed, stack  # noqa: E402
from test_golden import GOLDEN, SOURCES  # noqa: E402

import h5prism  # noqa: E402

MOST_BYTES = 1500

# What leads to each coder and method, and to parts of chunks.
OPTIONS = [
    {"effort": 1},
    {"effort": 5},
    {"effort": 8},
    {"effort": 9},
    {"coder": "deflate", "predictor": "paeth", "transform": "channels"},
    {"coder": "zstd"},
    {"coder": "ans", "effort": 1, "axis": 2, "transform": "channels"},
    {"coder": "ans", "effort": 5, "axis": 2, "transform": "channels"},
    {"coder": "ans", "effort": 9, "axis": 2, "transform": "channels"},
    {"coder": "ans", "effort": 5, "axis": 0, "transform": "none", "predictor": "lsq"},
    {"coder": "ans", "effort": 9, "axis": 0, "transform": "none", "predictor": "lsq"},
    {"coder": "ans", "effort": 5, "axis": 0, "transform": "stack"},
    {"coder": "ans", "effort": 9, "axis": 0, "transform": "stack"},
    {"coder": "ans", "effort": 5, "axis": 2, "block": 4},
    {"coder": "ans", "effort": 5, "axis": 2, "block": 8, "order": "stored"},
    {"max_error": 2},
    {"rel_rmse": 0.05, "effort": 9},
]


def cut(array: np.ndarray, most: int) -> np.ndarray:
    """Its first elements along each axis."""
    most = most * 20 if array.ndim == 1 else most
    return np.ascontiguousarray(array[tuple(slice(most) for _ in array.shape)])


def arrays() -> Iterator[np.ndarray]:
    for kind in ("int8", "uint8", "int16", "uint16"):
        yield embedding(9, 10, 5, kind)
    yield stack(4, 18, 10)
    for count, kind in ((200, "u1"), (290, "u2")):  # labels, more than 64 and 256 of them
        labels = np.kron(hashed((2, 5, 8), 3) % count, np.ones((1, 4, 4), int))
        labels.flat[:count] = np.arange(count)
        yield labels.astype(kind)
    yield (stack(4, 10, 18) // 40).astype("u2")
    yield (embedding(9, 10, 3, "int16") / 100).astype("f4")
    yield embedding(9, 10, 3, "int16").astype(">i4") * 1000
    yield (hashed((8, 9, 3), 2) % 5).astype("u8") << 40
    yield (hashed((8, 9, 3), 3) / 777).astype("f8")
    yield (hashed((8, 9, 3), 4) / 777).astype("f2")


def chunks() -> Iterator[bytes]:
    for path in GOLDEN.glob("*.prism"):
        yield path.read_bytes()
    for make, options in SOURCES.values():
        array = make()
        for most in (5, 12):
            small = cut(array, most)
            yield from encoded(small, dict(options))
    for array in arrays():
        for options in OPTIONS:
            yield from encoded(array, options)


def encoded(array: np.ndarray, options: dict) -> Iterator[bytes]:
    for checksum in (True, False):
        try:
            yield h5prism.encode(array, **options | {"checksum": checksum})
        except (h5prism.Error, ValueError):
            return


def round_trips() -> Iterator[bytes]:
    """As fuzz_round_trip.c reads them: any bytes will do."""
    for i in range(240):
        start = bytes([i % 12, i // 12 % 2, 2, 9, 10, 5, i % 14, i // 14, i % 7, i])
        yield start + hashed((24 + 40 * (i % 4),), i).astype("u1").tobytes()


def filters() -> Iterator[bytes]:
    """As fuzz_filter.c reads them: words for a dataset, or for a chunk."""
    for i in range(60):
        yield bytes([0, 10]) + hashed((60,), i).astype("u1").tobytes()
        yield bytes([0, 10, 1, 0, 0, 0, i % 10, 0, 0, 0, 0, 0, 8 * (i % 4), i % 13 % 2]) + bytes(
            [0, 0] * 3 + [3, 4, 5, 6, i]
        )
    for path in GOLDEN.glob("*.prism"):
        if path.stat().st_size < MOST_BYTES:
            yield bytes([7, 0]) + path.read_bytes()


def write(folder: Path, inputs: Iterator[bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for content in inputs:
        if len(content) <= MOST_BYTES:
            (folder / sha1(content).hexdigest()).write_bytes(content)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    write(target / "chunks", chunks())
    write(target / "round_trip", round_trips())
    write(target / "filter", filters())
