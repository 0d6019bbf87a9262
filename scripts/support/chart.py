"""Size against speed, as a picture: one panel for encoding, one for decoding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .measure import Row

_OTHERS = ".75"


def _series(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows of one pipeline at several efforts belong together: names that differ in a last number."""
    series: dict[str, list[Row]] = {}
    for row in rows:
        stem, _, effort = row.name.rpartition("-")
        series.setdefault(stem if effort.isdigit() else row.name, []).append(row)
    return series


def _draw(axes: Axes, title: str, series: Mapping[str, list[Row]], speed: str) -> None:
    for name, rows in series.items():
        found = [row for row in rows if row.bytes and getattr(row, speed)]
        if not found:
            continue
        xs = [getattr(row, speed) for row in found]
        ys = [row.bits_per_value for row in found]
        own = name.startswith("lsq+ans")
        axes.plot(xs, ys, marker="o" if own else "s", ms=5, lw=2 if own else 1, label=name)
        for row, x, y in zip(found, xs, ys):
            effort = row.name.rpartition("-")[2]
            if effort.isdigit():
                axes.annotate(effort, (x, y), textcoords="offset points", xytext=(4, 4), size=8)
    axes.set_xscale("log")
    axes.set_xlabel(f"{title}, MB/s (log)")
    axes.grid(color=_OTHERS, lw=0.4, which="both")


def save_chart(path: Path, title: str, rows: Sequence[Row], dpi: int = 110) -> None:
    """Writes a PNG of bits a value against encode and decode speed."""
    figure = Figure(figsize=(13, 5.6), layout="constrained")
    figure.suptitle(title)
    encode, decode = figure.subplots(1, 2, sharey=True)
    series = _series(rows)
    _draw(encode, "encode", series, "encode_mb_s")
    _draw(decode, "decode", series, "decode_mb_s")
    encode.set_ylabel("bits a value (less is better)")
    decode.legend(fontsize=8, loc="best")
    figure.savefig(path, dpi=dpi)
