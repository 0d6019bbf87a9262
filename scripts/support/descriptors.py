"""A real array that needs no download: dense image descriptors of a photograph.

DAISY (Tola, Lepetit, Fua 2010) describes the neighbourhood of a pixel by 128 numbers. A grid of
them is what an embedding of an image looks like: neighbouring pixels alike, channels related.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import skimage.data
import skimage.feature

from .arrays import InputError

# They come with scikit-image; which of them are packaged differs between distributions.
_PHOTOGRAPHS = ("camera", "astronaut", "coffee", "chelsea")
_GRID = 240


class Descriptors(NamedTuple):
    """Attributes:
    photograph: its name in skimage.data.
    values: int8 (H, W, 128).
    scales: float32 (H, W); `values * scales[..., None]` are the descriptors, rounded.
    """

    photograph: str
    values: np.ndarray
    scales: np.ndarray


def descriptors() -> Descriptors:
    """At most 240 x 240 descriptors, two pixels apart. Raises InputError without a photograph."""
    name, grey = _photograph()
    dense = skimage.feature.daisy(grey, step=2, rings=3, histograms=5, orientations=8)
    values, scales = _quantise(dense[:_GRID, :_GRID])
    return Descriptors(name, values, scales)


def _photograph() -> tuple[str, np.ndarray]:
    for name in _PHOTOGRAPHS:
        try:
            image = getattr(skimage.data, name)()
        except Exception:  # not packaged: which error that gives depends on the version
            continue
        return name, image if image.ndim == 2 else image.mean(axis=2)
    raise InputError("no photograph came with scikit-image; give an .npy or .h5 file instead")


def _quantise(dense: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int8 with one scale a pixel, the way embedding tiles are stored."""
    largest = np.abs(dense).max(axis=-1)
    scales = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    return np.rint(dense / scales[..., None]).astype(np.int8), scales
