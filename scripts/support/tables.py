"""scripts/bench --tables: what automatic options make of tables (rows x columns).

Columns are predicted from columns where there are rows enough to learn from. So each table is cut to
several numbers of rows around its number of columns, and automatic options are compared with the
best of all others. Then the whole table is written in chunks of `suggest_chunks`, and as one chunk.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import h5prism

from .measure import encoded_size
from .table import format_cells

_MOST_IN_ONE_CHUNK = 64 << 20  # bytes


@dataclass
class TableRow:
    """The first rows of a table.

    Attributes:
        name: how many rows, and of chunks how many rows and columns.
        bytes: with automatic options.
        best: with the best other options; of chunks, as one chunk.
        options: those of `best`.
    """

    name: str
    bytes: int
    best: int
    options: str

    @property
    def excess(self) -> float:
        """By how much of the best size automatic options are above it."""
        return self.bytes / self.best - 1


def _pipelines() -> Iterator[dict[str, Any]]:
    yield {"coder": "zstd"}
    for axis in (0, 1):
        for transform in ("none", "channels", "stack"):
            yield {"transform": transform, "predictor": "lsq", "coder": "ans", "axis": axis}
        yield {"transform": "channels", "predictor": "paeth", "coder": "deflate", "axis": axis}
    for predictor, coder in itertools.product(("none", "paeth"), ("deflate", "jxl")):
        if (predictor, coder) != ("paeth", "jxl"):
            yield {"transform": "none", "predictor": predictor, "coder": coder}


def _best(array: np.ndarray, effort: int) -> tuple[int, str]:
    found = []
    for options in _pipelines():
        try:
            size = encoded_size(array, effort=effort, **options)
        except h5prism.PrismError:  # what suits integers does not suit all floats
            continue
        found.append((size, ",".join(f"{key}={value}" for key, value in options.items())))
    return min(found)


def numbers_of_rows(rows: int, columns: int) -> list[int]:
    """Around the number of columns and its double, as far as there are rows; all of them last."""
    wanted = {columns // 4, columns - 1, columns, 2 * columns - 1, 2 * columns, 4 * columns}
    return sorted({count for count in wanted if 0 < count < rows} | {rows})


def _in_chunks(table: np.ndarray, chunk: tuple[int, ...], effort: int) -> int:
    return sum(
        encoded_size(table[row : row + chunk[0], column : column + chunk[1]], effort=effort)
        for row in range(0, table.shape[0], chunk[0])
        for column in range(0, table.shape[1], chunk[1])
    )


def measure_tables(table: np.ndarray, effort: int) -> Iterator[TableRow]:
    """Rows for a table (rows, columns)."""
    for count in numbers_of_rows(*table.shape):
        part = table[:count]
        yield TableRow(f"{count} rows", encoded_size(part, effort=effort), *_best(part, effort))
    chunk = h5prism.suggest_chunks(table.shape, table.dtype)
    if chunk != table.shape and table.nbytes <= _MOST_IN_ONE_CHUNK:
        in_chunks, whole = _in_chunks(table, chunk, effort), encoded_size(table, effort=effort)
        name = f"all in chunks of {chunk[0]} x {chunk[1]}"
        yield TableRow(name, in_chunks, whole, "one chunk")


def generated() -> Iterator[tuple[str, np.ndarray]]:
    """Tables of several kinds, of few columns and of many."""
    rng = np.random.default_rng(11)

    def correlated(rows: int, columns: int, rank: int) -> np.ndarray:
        hidden = rng.standard_normal((rows, rank)) @ rng.standard_normal((rank, columns))
        return hidden / np.sqrt(rank) + 0.2 * rng.standard_normal((rows, columns))

    yield "vectors, int8", (correlated(1700, 384, 20) * 30).clip(-127, 127).astype(np.int8)
    yield "vectors, float32", correlated(900, 200, 30).astype(np.float32)
    yield "vectors, float16", correlated(2600, 128, 30).astype(np.float16)
    counts = rng.poisson(np.exp(correlated(600, 250, 8) - 1))
    yield "counts, int32", counts.astype(np.int32)
    deviation = rng.uniform(0.3, 4, 250)
    scaled = (counts - counts.mean(0)) / (counts.std(0) + 1e-9) * deviation
    yield "standardised counts, float32", scaled.astype(np.float32)
    time = np.arange(20000) * 0.5
    readings = [time, np.round(20 + np.cumsum(rng.normal(0, 0.02, 20000)), 2)]
    readings += [rng.integers(0, 5, 20000), np.round(correlated(20000, 4, 2), 3)]
    yield "readings, float64", np.column_stack(readings)
    yield "channels, int16", (np.cumsum(correlated(30000, 32, 6), 0) * 20).astype(np.int16)


def format_tables(rows: Sequence[TableRow]) -> str:
    """The rows below a heading."""
    cells = {
        "rows": [row.name for row in rows],
        "bytes": [f"{row.bytes:,}" for row in rows],
        "best": [f"{row.best:,}" for row in rows],
        "above it": [f"{100 * row.excess:.2f} %" for row in rows],
        "by": [row.options for row in rows],
    }
    return format_cells(cells, ("rows", "by"))
