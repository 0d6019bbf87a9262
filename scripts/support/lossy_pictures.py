"""scripts/gallery --lossy: docs/lossy/errors.png, one tile at several errors, and what is lost of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from skimage import data

import h5prism

BOUNDS = {"rel_rmse": (0.012, 0.028, 0.06, 0.109), "max_error": (2, 4, 8, 16)}
_SIZE = 112
_GAIN = 6  # of the differences


def _tile() -> np.ndarray:
    return data.astronaut()[20 : 20 + _SIZE, 150 : 150 + _SIZE]


def _coded(tile: np.ndarray, bound: str, value: float) -> tuple[np.ndarray, str]:
    blob = h5prism.encode(tile, **{bound: value})
    info = h5prism.inspect_chunk(blob)
    return h5prism.decode(blob), f"{bound}={value:g}\n{len(blob):,} bytes ({info.mapping})"


def _loses(tile: np.ndarray, bound: str) -> bool:
    blobs = [h5prism.encode(tile, **{bound: value}) for value in BOUNDS[bound]]
    return any(h5prism.inspect_chunk(blob).bound != "none" for blob in blobs)


def draw(folder: Path) -> Path:
    """Two rows for each kind of bound: the tiles, and their differences from the original."""
    tile = _tile()
    kinds = [bound for bound in BOUNDS if _loses(tile, bound)]
    figure = Figure(figsize=(6.4, 3.4 * len(kinds)), layout="constrained")
    axes = figure.subplots(2 * len(kinds), 4, squeeze=False)
    for row, bound in enumerate(kinds):
        for column, value in enumerate(BOUNDS[bound]):
            decoded, text = _coded(tile, bound, value)
            difference = 128 + _GAIN * (decoded.astype("f4") - tile).mean(2)
            pictures = decoded, np.clip(difference, 0, 255).astype("u1")
            for axis, picture in zip(axes[2 * row : 2 * row + 2, column], pictures):
                axis.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
                axis.set_axis_off()
            axes[2 * row, column].set_title(text, fontsize=7)
    lossless = len(h5prism.encode(tile))
    figure.suptitle(
        f"{_SIZE} x {_SIZE} x 3 uint8, lossless {lossless:,} bytes; below each, {_GAIN} times the "
        "difference, as the mean of the colours",
        fontsize=8,
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "errors.png"
    figure.savefig(path, dpi=62)
    return path
