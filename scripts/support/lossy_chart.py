"""Size against relative RMSE, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

if TYPE_CHECKING:
    from .lossy import LossyRow


def save_lossy_chart(
    path: Path, title: str, rows: Sequence[LossyRow], lossless: int, dpi: int = 110
) -> None:
    """Writes a PNG with a line for each codec, both axes logarithmic."""
    figure = Figure(figsize=(8, 5.6), layout="constrained")
    axes = figure.subplots()
    for name in dict.fromkeys(row.name for row in rows):
        found = [row for row in rows if row.name == name and row.bytes and row.error]
        own = name.startswith("h5prism")
        axes.plot(
            [100 * row.error for row in found],
            [row.bytes for row in found],
            marker="o" if own else "s",
            ms=5,
            lw=2 if own else 1,
            label=name,
        )
    axes.axhline(lossless, color=".6", lw=1, ls="--", label="lossless, effort 5")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("relative RMSE, % (log)")
    axes.set_ylabel("bytes (log)")
    axes.set_title(title)
    axes.grid(color=".75", lw=0.4, which="both")
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=dpi)
