"""Size against speed, as a picture: one panel for encoding, one for decoding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from .measure import Row

_OTHERS = ".75"
_NEAR = 13  # points on the page: markers that one label is for
_PLACES = ((5, 4), (5, -11), (-11, 4), (-11, -11), (0, 9), (0, -16), (12, -3), (-17, -3))


class _Point(NamedTuple):
    x: float
    y: float
    effort: str


def _series(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows of one pipeline at several efforts belong together: names that differ in a last number."""
    series: dict[str, list[Row]] = {}
    for row in rows:
        stem, _, effort = row.name.rpartition("-")
        series.setdefault(stem if effort.isdigit() else row.name, []).append(row)
    return series


def _points(rows: Sequence[Row], speed: str) -> list[_Point]:
    found = []
    for row in rows:
        x, effort = getattr(row, speed), row.name.rpartition("-")[2]
        if row.bits_per_value and x:
            found.append(_Point(x, row.bits_per_value, effort if effort.isdigit() else ""))
    return found


def _plot(axes: Axes, title: str, series: dict[str, list[_Point]]) -> None:
    for name, points in series.items():
        own, single = name.startswith("lsq+ans"), name == "auto"
        axes.plot(
            [point.x for point in points],
            [point.y for point in points],
            marker="o" if own else "D" if single else "s",
            ms=9 if single else 5,
            mfc="none" if single else None,
            lw=2 if own else 1,
            zorder=3 if single else 2,
            label=name,
        )
    axes.set_xscale("log")
    axes.margins(0.08)
    axes.set_xlabel(f"{title}, MB/s (log)")
    axes.grid(color=_OTHERS, lw=0.4, which="both")


def _groups(axes: Axes, points: Sequence[_Point]) -> list[list[_Point]]:
    """Points that follow each other so closely that one label is for all of them."""
    near = _NEAR / 72 * axes.figure.dpi
    groups: list[list[_Point]] = []
    for point in points:
        at = axes.transData.transform((point.x, point.y))
        if groups:
            last = groups[-1][0]
            if math.dist(at, axes.transData.transform((last.x, last.y))) < near:
                groups[-1].append(point)
                continue
        groups.append([point])
    return groups


def _text(group: Sequence[_Point]) -> str:
    """Efforts, 4-7 for all from 4 to 7."""
    efforts = sorted({int(point.effort) for point in group if point.effort})
    if len(efforts) > 2 and efforts == list(range(efforts[0], efforts[-1] + 1)):
        return f"{efforts[0]}–{efforts[-1]}"
    return ", ".join(map(str, efforts))


def _drawn(axes: Axes, series: dict[str, list[_Point]]) -> list[Bbox]:
    """Boxes around markers and along the lines between them, in pixels."""
    scale = axes.figure.dpi / 72
    boxes = []
    for name, points in series.items():
        places = [axes.transData.transform(point[:2]) for point in points]
        half = (6 if name == "auto" else 3) * scale
        boxes += [Bbox.from_bounds(*(place - half), 2 * half, 2 * half) for place in places]
        for start, end in zip(places, places[1:]):
            steps = int(math.dist(start, end) / (3 * scale)) + 1
            between = (start + (end - start) * step / steps for step in range(1, steps))
            boxes += [Bbox.from_bounds(*(place - scale), 2 * scale, 2 * scale) for place in between]
    return boxes


def _label(axes: Axes, series: dict[str, list[_Point]]) -> None:
    """Efforts beside their markers, where they hide neither another label, a marker nor a line."""
    taken = _drawn(axes, series)
    for points in series.values():
        for group in _groups(axes, points):
            if not _text(group):
                continue
            best = None
            for place in _PLACES:
                label = axes.annotate(
                    _text(group), group[0][:2], textcoords="offset points", xytext=place, size=8
                )
                box = label.get_window_extent()
                hidden = sum(box.overlaps(other) for other in taken)
                inside = axes.bbox.contains(*box.min) and axes.bbox.contains(*box.max)
                if best is None or (hidden, not inside) < best[0]:
                    if best:
                        best[1].remove()
                    best = ((hidden, not inside), label, box)
                else:
                    label.remove()
                if best[0] == (0, False):
                    break
            taken.append(best[2])


def make_chart(title: str, rows: Sequence[Row], dpi: int = 110) -> Figure:
    """Bits a value against encode and decode speed; the legend is below both panels."""
    figure = Figure(figsize=(13, 6.2), dpi=dpi, layout="constrained")
    figure.suptitle(title)
    parts = figure.subplot_mosaic([["encode", "decode"], ["legend", "legend"]], height_ratios=(8, 1))
    panels = (parts["encode"], parts["decode"])
    panels[1].sharey(panels[0])
    panels[1].tick_params(labelleft=False)
    parts["legend"].set_axis_off()
    series = _series(rows)
    drawn = []
    for axes, name, speed in zip(panels, ("encode", "decode"), ("encode_mb_s", "decode_mb_s")):
        points = {stem: _points(found, speed) for stem, found in series.items()}
        drawn.append({stem: found for stem, found in points.items() if found})
        _plot(axes, name, drawn[-1])
    panels[0].set_ylabel("bits a value (less is better)")
    handles = max((axes.get_legend_handles_labels() for axes in panels), key=lambda h: len(h[0]))
    parts["legend"].legend(*handles, fontsize=8, loc="center", ncols=5)
    figure.draw_without_rendering()  # the layout says where points are
    for axes, points in zip(panels, drawn):
        _label(axes, points)
    return figure


def save_chart(path: Path, title: str, rows: Sequence[Row], dpi: int = 110) -> None:
    """Writes a PNG of make_chart."""
    make_chart(title, rows, dpi).savefig(path, dpi=dpi)
