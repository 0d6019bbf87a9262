"""How small a stack of one scene can become: what its noise alone takes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

_OUTLYING = 4  # times the median deviation: something moves there
_MARGIN = 4  # positions around such a one are left out, too
_CENTRES = 16  # parts of a unit that a mean may lie at
_MOST_CORRELATION, _LEAST_STILL, _LEAST_DEVIATION = 0.1, 0.5, 0.5


@dataclass(frozen=True)
class Noise:
    """Differences from the mean of all frames.

    `deviation` is in sample units, `still` the share of positions where nothing else changes,
    `neighbours` and `frames` are correlations along rows and from frame to frame, `size` the bytes
    that normal white noise of this deviation takes if the mean of every position is known. The
    `kurtosis` of normal noise is 3.
    """

    deviation: float
    still: float
    kurtosis: float
    neighbours: float
    frames: float
    size: float


def _widened(mask: np.ndarray) -> np.ndarray:
    wide = np.pad(mask, _MARGIN)
    for axis in (0, 1):
        wide = np.any([np.roll(wide, by, axis) for by in range(-_MARGIN, _MARGIN + 1)], axis=0)
    return wide[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]


def normal_bits(deviation: float) -> float:
    """Entropy of a normal variable rounded to integers, its mean anywhere between two."""
    reach = math.ceil(8 * deviation) + 2
    total = 0.0
    for centre in np.arange(_CENTRES) / _CENTRES:
        edges = (np.arange(-reach, reach + 1) - 0.5 - centre) / (deviation * math.sqrt(2))
        shares = np.diff([math.erf(edge) / 2 for edge in edges])
        shares = shares[shares > 0]
        total -= (shares * np.log2(shares)).sum()
    return float(total / _CENTRES)


def noise_of(frames: np.ndarray) -> Noise | None:
    """Of frames x height x width; None if what changes is not nearly white noise in most places."""
    count = len(frames)
    if frames.ndim != 3 or count < 3 or frames.dtype.kind not in "iu":
        return None
    values = frames.astype("f8")
    spread = values.std(axis=0, ddof=1)
    still = ~_widened(spread > _OUTLYING * np.median(spread))
    if still.mean() < _LEAST_STILL:
        return None
    rest = (values - values.mean(axis=0))[:, still]
    rest -= rest.mean(axis=1, keepdims=True)
    deviation = math.sqrt((rest**2).sum() / ((count - 1) * rest.shape[1]))
    if deviation < _LEAST_DEVIATION:
        return None
    field = np.zeros_like(values)
    field[:, still] = rest
    pairs = still[:, 1:] & still[:, :-1]
    unit = deviation**2
    # The mean of n frames takes 1/n of the variance from each, and leaves -1/n between two.
    neighbours = (field[:, :, 1:] * field[:, :, :-1])[:, pairs].mean() / unit * count / (count - 1)
    between = (rest[1:] * rest[:-1]).mean() / unit + 1 / count
    if max(abs(neighbours), abs(between)) > _MOST_CORRELATION:
        return None
    before_rounding = math.sqrt(unit - 1 / 12)
    size = normal_bits(before_rounding) * frames.size / 8
    kurtosis = (rest**4).mean() / (rest**2).mean() ** 2
    return Noise(
        deviation, float(still.mean()), float(kurtosis), float(neighbours), float(between), size
    )


def describe(noise: Noise) -> str:
    return (
        f"noise: {100 * noise.still:.1f} % of the positions show the same in all frames, but for a "
        f"deviation of {noise.deviation:.3f} (kurtosis {noise.kurtosis:.2f}, correlation along rows "
        f"{noise.neighbours:.3f}, from frame to frame {noise.frames:.3f});\nif all did, and all but the noise were known, normal "
        f"white noise would take {noise.size:,.0f} bytes"
    )
