"""The picture of the quickstart: what decorrelation takes away, and what that saves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .measure import Row

_MOST_CHANNELS = 1024  # the covariance has this size squared


def _centred(array: np.ndarray) -> np.ndarray:
    values = array.reshape(-1, array.shape[-1]).astype(np.float64)
    return values - values.mean(axis=0)


def _unit_factor(values: np.ndarray) -> np.ndarray:
    """The Cholesky factor of the covariance of centred values, with ones on its diagonal."""
    covariance = values.T @ values / len(values)
    # Keeps the matrix positive definite where a channel is constant or a copy of others.
    covariance[np.diag_indices_from(covariance)] += 1e-6 * np.trace(covariance) + 1e-6
    factor = np.linalg.cholesky(covariance)
    return factor / np.diagonal(factor)


def prediction_weights(array: np.ndarray) -> np.ndarray:
    """float64 (C, C): row k predicts channel k from the channels before it.

    Args:
        array: (H, W, C).
    """
    factor = _unit_factor(_centred(array))
    return np.eye(len(factor)) - np.linalg.inv(factor)


def decorrelate(array: np.ndarray) -> np.ndarray:
    """What is left of each channel once the channels before it have predicted it.

    For the picture only, in floating point and without quantised weights: the codec's lift has the
    same origin (the Cholesky factor of the channel covariance), but integer arithmetic of its own.

    Args:
        array: (H, W, C).

    Returns:
        float64 (H, W, C), rounded to integers.
    """
    values = _centred(array)
    residuals = np.linalg.solve(_unit_factor(values), values.T).T
    return np.rint(residuals).reshape(array.shape)


def save_picture(path: Path, title: str, array: np.ndarray, rows: Sequence[Row]) -> None:
    """Writes a PNG: three channels before and after decorrelation, if there are channels; sizes."""
    with_images = array.ndim == 3 and 3 <= array.shape[-1] <= _MOST_CHANNELS
    figure = Figure(figsize=(14 if with_images else 7, 4.4), layout="constrained")
    figure.suptitle(title)
    if with_images:
        before, after, sizes = figure.subplots(1, 3, width_ratios=(1, 1, 1.4))
        _draw_channels(before, after, _plain(array))
    else:
        sizes = figure.subplots()
    _draw_sizes(sizes, array.nbytes, [row for row in rows if row.bytes])
    figure.savefig(path, dpi=120)


def _plain(array: np.ndarray) -> np.ndarray:
    """float64 of the size of integers; 0 in place of NaN and infinities."""
    values = array.astype(np.float64)
    if array.dtype.kind != "f":
        return values
    finite = np.where(np.isfinite(values), values, 0)
    return finite / (np.abs(finite).max() or 1) * 32767


def _draw_channels(before: Axes, after: Axes, array: np.ndarray) -> None:
    count = array.shape[-1]
    channels = [count // 4, count // 2, 3 * count // 4]
    values = array[..., channels]
    residuals = decorrelate(array)[..., channels]
    low, high = np.percentile(values, (1, 99), axis=(0, 1))
    contrast = np.maximum(high - low, 1)
    before.imshow(np.clip((values - low) / contrast, 0, 1))
    before.set_title("channels {}, {}, {} as RGB".format(*channels))
    after.imshow(np.clip(residuals / contrast + 0.5, 0, 1))
    after.set_title("the same, decorrelated")
    for axes in (before, after):
        axes.set_axis_off()


def _draw_sizes(axes: Axes, raw_bytes: int, rows: Sequence[Row]) -> None:
    bars = axes.barh([row.name for row in rows], [row.bytes / 1e6 for row in rows])
    axes.bar_label(bars, [f"{100 * row.bytes / raw_bytes:.1f} %" for row in rows], padding=3)
    axes.set_xlim(0, 1.18 * max(row.bytes for row in rows) / 1e6)
    axes.invert_yaxis()
    axes.set_xlabel(f"MB (uncompressed {raw_bytes / 1e6:.2f})")
    axes.spines[["top", "right"]].set_visible(False)
