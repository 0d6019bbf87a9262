"""Measures contenders on one array: sizes, speeds, memory, always with a verified round trip."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import h5prism

from .contender import Contender, Unavailable
from .memory import peaks


@dataclass
class Row:
    """The result of one contender on one array. What is None was not measured.

    Attributes:
        name: of the contender.
        bytes: encoded size.
        ratio: raw bytes divided by encoded bytes.
        bits_per_value: encoded bits for each element.
        encode_mb_s, decode_mb_s: millions of raw bytes a second, median of all runs.
        encode_peak_bytes, decode_peak_bytes: memory at the peak beyond the input, result included.
        note: what the figures contain, or why there are none.
        failed: the round trip broke; `note` says how.
    """

    name: str
    bytes: int | None = None
    ratio: float | None = None
    bits_per_value: float | None = None
    encode_mb_s: float | None = None
    decode_mb_s: float | None = None
    encode_peak_bytes: int | None = None
    decode_peak_bytes: int | None = None
    note: str = ""
    failed: bool = False


@dataclass
class _Run:
    size: int
    encode_s: float
    decode_s: float


class RoundTripError(Exception):
    """Decoding did not give the array back."""


def measure(
    contenders: Sequence[Contender],
    array: np.ndarray,
    *,
    repeat: int,
    warm_ups: int = 1,
    memory: bool = False,
    axis: int | None = None,
) -> list[Row]:
    """A row for each contender, in their order.

    Args:
        array: in C order.
        repeat: timed runs; the contenders take turns, so that a slow moment hits all of them.
        warm_ups: untimed runs before.
        memory: measure the peak memory too, in processes of their own.
        axis: what the contenders were made with.
    """
    rows = [Row(contender.name, note=contender.note) for contender in contenders]
    runs: list[list[_Run]] = [[] for _ in contenders]
    for turn in range(warm_ups + repeat):
        for contender, row, done in zip(contenders, rows, runs):
            if turn == 0 or done:
                _progress(f"{contender.name}: run {turn + 1} of {warm_ups + repeat}")
                _append_run(contender, array, row, done)
    for contender, row, done in zip(contenders, rows, runs):
        if done:
            _fill(row, done[warm_ups:], array)
        if done and memory:
            _progress(f"{contender.name}: memory")
            found = peaks(contender, array, axis)
            if found:
                row.encode_peak_bytes, row.decode_peak_bytes = found
    _progress("")
    return rows


def _append_run(contender: Contender, array: np.ndarray, row: Row, done: list[_Run]) -> None:
    """Adds a run, or says in the row why there is none and forgets the earlier ones."""
    try:
        done.append(_run(contender, array))
    except Unavailable as reason:
        row.note = str(reason)
        done.clear()
    except Exception as reason:  # a contender that breaks must not end the others' measurement
        row.note, row.failed = f"FAILED: {type(reason).__name__}: {reason}", True
        done.clear()


def _run(contender: Contender, array: np.ndarray) -> _Run:
    start = time.perf_counter()
    coded = contender.encode(array)
    encoded = time.perf_counter()
    decoded = contender.decode(coded, array.dtype, array.shape)
    end = time.perf_counter()
    same = (decoded.dtype, decoded.shape) == (array.dtype, array.shape)
    # As bytes: a NaN is not equal to itself.
    if not same or not np.array_equal(decoded.view(np.uint8), array.view(np.uint8)):
        raise RoundTripError("decoding did not give the array back")
    return _Run(coded.size, encoded - start, end - encoded)


def _fill(row: Row, runs: Sequence[_Run], array: np.ndarray) -> None:
    row.bytes = runs[-1].size
    row.ratio = array.nbytes / row.bytes
    row.bits_per_value = 8 * row.bytes / array.size
    row.encode_mb_s = array.nbytes / 1e6 / statistics.median(run.encode_s for run in runs)
    row.decode_mb_s = array.nbytes / 1e6 / statistics.median(run.decode_s for run in runs)


def _progress(text: str) -> None:
    """Shows what is running; an empty text takes it away."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def encoded_size(array: np.ndarray, **options: Any) -> int:
    """Bytes of the chunk of an array, after a verified round trip."""
    array = np.ascontiguousarray(array)
    blob = h5prism.encode(array, **options)
    if h5prism.decode(blob).tobytes() != array.tobytes():
        raise RoundTripError(f"{array.shape}, {options}: decoding did not give the array back")
    return len(blob)
