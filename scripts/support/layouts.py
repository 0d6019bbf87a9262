"""scripts/bench --layouts: what automatic options make of the same array in other orders of axes.

The best axis is found by brute force: the array is coded once for each axis that its planes may
lie along, without dimensions of 1. A matrix may be a single plane, too, which only automatic
options make of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import h5prism

from .measure import RoundTripError
from .table import format_cells


@dataclass
class LayoutRow:
    """One array in one layout.

    Attributes:
        name: what was done to the array.
        shape: of the array then.
        bytes: with automatic options.
        best_bytes: with the best `axis`, everything else being automatic.
        best_axis: that axis.
        auto_s, given_s: seconds of processor time for encoding with automatic options, and with
            those that made `best_bytes`.
    """

    name: str
    shape: tuple[int, ...]
    bytes: int
    best_bytes: int
    best_axis: int | None
    auto_s: float
    given_s: float

    @property
    def excess(self) -> float:
        """By how much of the best size automatic options are above it."""
        return self.bytes / self.best_bytes - 1


def layouts(array: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """The array in up to eight layouts, each with a name; those that are the same come once."""
    turned = np.moveaxis(array, -1, 0)
    inner = tuple(range(1, array.ndim))
    made = {
        "as it is": array,
        "1 in front": array[np.newaxis],
        "1 within and behind": np.expand_dims(array, (1, array.ndim + 1)),
        "last axis first": turned,
        "last axis first, 1 in front": turned[np.newaxis],
        "last axis first, 1 behind": turned[..., np.newaxis],
        "first axis halved, last before it": _halved(array),
        "first axis last": array.transpose(*inner, 0),
    }
    seen = set()
    for name, laid in made.items():
        key = (laid.shape, laid.strides)
        if key not in seen and laid.size:
            seen.add(key)
            yield name, np.ascontiguousarray(laid)


def _halved(array: np.ndarray) -> np.ndarray:
    """(H, W, C) as (2, C, H / 2, W); a row too many is left out."""
    half = len(array) // 2
    split = array[: 2 * half].reshape(2, half, *array.shape[1:])
    return np.moveaxis(split, -1, 1)


def _encode(array: np.ndarray, **options: Any) -> tuple[bytes, float]:
    start = time.process_time()
    blob = h5prism.encode(array, **options)
    seconds = time.process_time() - start
    if h5prism.decode(blob).tobytes() != array.tobytes():
        raise RoundTripError(f"{array.shape}, {options}: decoding did not give the array back")
    return blob, seconds


class _Best:
    """The smallest encoding over all axes, kept for arrays that differ by dimensions of 1 only."""

    def __init__(self) -> None:
        self._known: dict[tuple, tuple[bytes, int | None]] = {}

    def of(self, array: np.ndarray, auto: bytes, **options: Any) -> tuple[bytes, int | None]:
        squeezed = array.squeeze()
        key = (squeezed.shape, hash(squeezed.tobytes()))
        if key not in self._known:
            found = [(auto, h5prism.inspect_chunk(auto).axis)] if squeezed.ndim < 3 else []
            for axis in range(squeezed.ndim):
                found.append((_encode(squeezed, axis=axis, **options)[0], axis))
            self._known[key] = min(found, key=lambda item: len(item[0]))
        return self._known[key]


def _given(blob: bytes, axis: int | None) -> dict[str, Any]:
    info = h5prism.inspect_chunk(blob)
    return {
        "transform": info.transform,
        "predictor": info.predictor,
        "coder": info.coder,
        "axis": "auto" if axis is None else axis,
    }


def measure_layouts(array: np.ndarray, **options: Any) -> Iterator[LayoutRow]:
    """A row for each layout. `options`: of the encoder, beside the axis."""
    best = _Best()
    for name, laid in layouts(array):
        auto, auto_s = _encode(laid, **options)
        smallest, axis = best.of(laid, auto, **options)
        given_s = _encode(laid.squeeze(), **{**options, **_given(smallest, axis)})[1]
        yield LayoutRow(name, laid.shape, len(auto), len(smallest), axis, auto_s, given_s)


def format_layouts(rows: Sequence[LayoutRow]) -> str:
    """The rows below a heading."""
    cells = {
        "layout": [row.name for row in rows],
        "shape": [" x ".join(map(str, row.shape)) for row in rows],
        "bytes": [f"{row.bytes:,}" for row in rows],
        "best axis": [f"{row.best_bytes:,}" for row in rows],
        "above it": [f"{100 * row.excess:.2f} %" for row in rows],
        "encode s": [f"{row.auto_s:.3f}" for row in rows],
        "s if given": [f"{row.given_s:.3f}" for row in rows],
    }
    return format_cells(cells, ("layout", "shape"))
