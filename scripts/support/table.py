"""Prints rows of measurements as a text table."""

from __future__ import annotations

from collections.abc import Sequence

from .measure import Row


def _megabytes(size: int | None) -> str:
    return "" if size is None else f"{size / 1e6:.0f}"


def _number(value: float | None, decimals: int) -> str:
    return "" if value is None else f"{value:,.{decimals}f}"


_COLUMNS = {
    "pipeline": lambda row: row.name,
    "bytes": lambda row: _number(row.bytes, 0),
    "ratio": lambda row: _number(row.ratio, 3),
    "bits/value": lambda row: _number(row.bits_per_value, 3),
    "encode MB/s": lambda row: _number(row.encode_mb_s, 1),
    "decode MB/s": lambda row: _number(row.decode_mb_s, 1),
    "encode MB": lambda row: _megabytes(row.encode_peak_bytes),
    "decode MB": lambda row: _megabytes(row.decode_peak_bytes),
    "note": lambda row: row.note,
}
_TEXT_COLUMNS = ("pipeline", "note")


def format_table(rows: Sequence[Row]) -> str:
    """The rows below a heading; columns in which no row has a value are left out."""
    cells = {title: [show(row) for row in rows] for title, show in _COLUMNS.items()}
    return format_cells(cells, _TEXT_COLUMNS)


def format_cells(cells: dict[str, list[str]], text_columns: Sequence[str]) -> str:
    """Columns below their titles, without those that are empty; those of text begin at the left."""
    columns = []
    for title, values in cells.items():
        if any(values):
            width = max(map(len, [title, *values]))
            align = str.ljust if title in text_columns else str.rjust
            columns.append([align(cell, width) for cell in (title, *values)])
    return "\n".join("  ".join(line).rstrip() for line in zip(*columns))
