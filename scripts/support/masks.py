"""scripts/bench --masks: what places without data cost.

Each array is coded with a value that stands for missing data in all of its planes: in the upper half
of the rows, and in smooth irregular regions of a fifth and of half of the picture. What is left is
compared with what it takes alone: half of the rows; the same share of the whole; the mean of the two
halves. The mask alone is the bytes of a picture that says where data are missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


from .measure import encoded_size
from .table import format_cells


@dataclass
class MaskRow:
    """An array with places without data.

    Attributes:
        name: where data are missing.
        bytes: with them.
        alone: bytes of what is left, by itself.
        mask: bytes of the mask, by itself.
    """

    name: str
    bytes: int
    alone: float
    mask: int

    @property
    def ratio(self) -> float:
        """Bytes without the mask to those of what is left."""
        return (self.bytes - self.mask) / self.alone


def regions(height: int, width: int, share: float, seed: int = 1) -> np.ndarray:
    """Flags of a picture, of which so many are set, in smooth irregular regions."""
    noise = np.fft.fft2(np.random.default_rng(seed).standard_normal((height, width)))
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)
    sigma = min(height, width) / 25
    field = np.fft.ifft2(noise * np.exp(-2 * (np.pi * sigma) ** 2 * (rows**2 + columns**2))).real
    return field < np.quantile(field, share)


def _value(dtype: np.dtype) -> Any:
    return np.nan if dtype.kind == "f" else 0 if dtype.itemsize == 1 else -9999 % (1 << 15)


def measure_masks(array: np.ndarray, effort: int) -> Iterator[MaskRow]:
    """Rows for an array (H, W) or (H, W, C)."""
    half = array.shape[0] // 2
    upper, lower = (encoded_size(part, effort=effort) for part in (array[:half], array[half:]))
    with_border = array.copy()
    with_border[:half] = _value(array.dtype)
    yield MaskRow("upper half of the rows", encoded_size(with_border, effort=effort), lower, 0)
    whole = encoded_size(array, effort=effort)
    for share in (0.2, 0.5):
        mask = regions(*array.shape[:2], share)
        holed = array.copy()
        holed[mask] = _value(array.dtype)
        alone = (upper + lower) / 2 if share == 0.5 else (1 - share) * whole
        of_mask = encoded_size(mask.astype(np.uint8), effort=max(effort, 5))
        yield MaskRow(f"{share:.0%} in regions", encoded_size(holed, effort=effort), alone, of_mask)


def generated() -> Iterator[tuple[str, np.ndarray]]:
    """Arrays of kinds that have missing data."""
    rng = np.random.default_rng(3)

    def field(height: int, width: int, seed: int) -> np.ndarray:
        picture = np.zeros((height, width))
        for share in (0.3, 0.5, 0.7):
            picture += regions(height, width, share, seed)
        noise = np.fft.fft2(picture)
        rows, columns = np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)
        return np.fft.ifft2(noise * np.exp(-200 * (rows**2 + columns**2))).real

    hidden = np.stack([field(96, 96, seed) for seed in range(9)], axis=2)
    values = hidden @ rng.standard_normal((9, 64)) * 30 + rng.standard_normal((96, 96, 64)) * 4
    yield "embedding, int8", values.clip(-127, 127).astype(np.int8)
    yield "bands, int16", (values * 90 + 3000).clip(1, 20000).astype(np.int16)
    yield "levels, float32", np.round(values[:, :, :12] + 280, 2).astype(np.float32)
    terrain = field(400, 400, 20) * 300 + rng.standard_normal((400, 400)) * 2
    yield "terrain, int16", (terrain + 500).astype(np.int16)
    yield "heat, float32", (terrain / 7 + 270).astype(np.float32)


def format_masks(rows: Sequence[MaskRow]) -> str:
    """The rows below a heading."""
    cells = {
        "without data": [row.name for row in rows],
        "bytes": [f"{row.bytes:,}" for row in rows],
        "the rest alone": [f"{row.alone:,.0f}" for row in rows],
        "the mask alone": [f"{row.mask:,}" for row in rows],
        "ratio": [f"{row.ratio:.4f}" for row in rows],
    }
    return format_cells(cells, ("without data",))
