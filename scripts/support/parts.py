"""scripts/bench --parts: what threads save, and what the first planes of a chunk take.

The array is one chunk, its planes along the last axis. Times are those of the clock, the least of several
rounds in which all ways take turns: for a machine that has nothing else to do.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import h5prism
from h5prism._library import call

from .measure import RoundTripError
from .table import format_cells

FIRST = 4
_SIDES = (0, 4, 8, 16, 32, 64)


@dataclass
class PartsRow:
    """One side of blocks; 0: without.

    Attributes:
        block: the side.
        bytes: of the chunk.
        stored_bytes: of the one with order=stored.
        encode_ms, decode_ms: milliseconds on one thread and on two.
        first_bytes: what the first four planes of the latter take.
        first_ms, all_ms: milliseconds for these planes, and for all, read as regions.
    """

    block: int
    bytes: int
    stored_bytes: int
    encode_ms: tuple[float, float]
    decode_ms: tuple[float, float]
    first_bytes: int
    first_ms: float
    all_ms: float


def _least(ways: list[Callable[[], object]], repeat: int) -> list[float]:
    """Milliseconds of each."""
    least = [float("inf")] * len(ways)
    for _ in range(repeat):
        for i, way in enumerate(ways):
            start = time.perf_counter()
            way()
            least[i] = min(least[i], 1e3 * (time.perf_counter() - start))
    return least


def _size_of_first(blob: bytes) -> int:
    needed = ctypes.c_size_t()
    call("prism_planes_size", blob, len(blob), FIRST, ctypes.byref(needed))
    return needed.value


def _check(found: np.ndarray, expected: np.ndarray) -> None:
    if not np.array_equal(found, expected):
        raise RoundTripError("what was decoded is not the array")


def _row(array: np.ndarray, block: int, repeat: int) -> PartsRow:
    axis = array.ndim - 1
    options = {"block": block, "axis": axis}
    blob = h5prism.encode(array, **options)
    stored = h5prism.encode(array, order="stored", **options)
    first = stored[: _size_of_first(stored)]
    some, every = np.s_[..., :FIRST], np.s_[...]
    _check(h5prism.decode(blob, threads=2), array)
    _check(h5prism.decode(first, region=some), array[some])
    if h5prism.encode(array, threads=2, **options) != blob:
        raise RoundTripError("two threads wrote other bytes than one")
    encode = _least(
        [lambda n=n: h5prism.encode(array, threads=n, **options) for n in (1, 2)], repeat
    )
    *decode, part, whole = _least(
        [
            lambda: h5prism.decode(blob),
            lambda: h5prism.decode(blob, threads=2),
            lambda: h5prism.decode(first, region=some),
            lambda: h5prism.decode(stored, region=every),
        ],
        repeat,
    )
    return PartsRow(
        block, len(blob), len(stored), tuple(encode), tuple(decode), len(first), part, whole
    )


def measure_parts(array: np.ndarray, repeat: int) -> list[PartsRow]:
    """For each side of blocks; of integers of 8 and 16 bits. Raises RoundTripError."""
    return [_row(array, block, repeat) for block in _SIDES]


def format_parts(rows: list[PartsRow]) -> str:
    """A table."""

    def times(of: Callable[[PartsRow], tuple[float, float]]) -> list[list[str]]:
        pairs = [of(row) for row in rows]
        return [[f"{one:.1f}" for one, _ in pairs], [f"{one / two:.2f}" for one, two in pairs]]

    encode, decode = times(lambda row: row.encode_ms), times(lambda row: row.decode_ms)
    cells = {
        "block": [str(row.block) for row in rows],
        "bytes": [f"{row.bytes:,}" for row in rows],
        "encode ms": encode[0],
        "two threads": encode[1],
        "decode ms": decode[0],
        "two threads ": decode[1],
        "stored": [f"{100 * row.stored_bytes / row.bytes - 100:+.2f} %" for row in rows],
        f"first {FIRST}: bytes": [
            f"{100 * row.first_bytes / row.stored_bytes:.1f} %" for row in rows
        ],
        "time": [f"{100 * row.first_ms / row.all_ms:.1f} %" for row in rows],
    }
    return format_cells(cells, ())
