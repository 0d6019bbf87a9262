"""Generated floats and wide integers, and how many bits of each value the compressors need.

The arrays are of the kinds that `docs/format-mappings.md` is made for; docs/experiments-mapping.md
has the table that this prints.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import h5prism

from .contenders import chosen
from .measure import Row, measure

_PIPELINES = (
    "gzip-9+shuffle",
    "blosc2-zstd-9-bitshuffle",
    "blosc2-zstd-9-shuffle",
    "fpzip",
    "zfp-reversible",
    "pcodec-12",
    "lsq+ans-1",
    "lsq+ans-5",
    "lsq+ans-9",
    "auto",
)


def fields(edge: int, channels: int, noise: float) -> np.ndarray:
    """Channels last, float64, within -1..1: mixtures of four smooth fields, and normal noise."""
    random = np.random.default_rng(channels)
    y, x = np.mgrid[:edge, :edge] / edge
    hidden = [np.sin(9 * k * x + 5 * y**k) * np.cos(7 * y - 4 * k * x**2) for k in range(1, 5)]
    mixed = np.stack(hidden, axis=-1) @ random.normal(size=(4, channels))
    mixed += noise * random.normal(size=mixed.shape)
    return mixed / np.abs(mixed).max()


def _with_gaps(values: np.ndarray) -> np.ndarray:
    """Without values in a band and in single places, as where clouds were."""
    random = np.random.default_rng(5)
    gaps = values.copy()
    gaps[len(gaps) // 3 : len(gaps) // 2, : len(gaps) // 2] = np.nan
    gaps[random.random(values.shape) < 0.002] = np.nan
    return gaps


def _unpacked(integers: np.ndarray, dtype: type) -> np.ndarray:
    """As a netCDF library unpacks them, in the arithmetic of the type."""
    scale, offset = dtype(0.0012345987612398761), dtype(273.41872349871)
    return integers.astype(dtype) * scale + offset


def _standardised(integers: np.ndarray) -> np.ndarray:
    """Less their mean, by their deviation, in single precision."""
    single = integers.astype(np.float32)
    return (single - np.float32(integers.mean())) / np.float32(integers.std())


def _timestamps(count: int) -> np.ndarray:
    """Microseconds: a measurement every 250 ms, each up to 2 ms late, in whole 10 us."""
    late = np.random.default_rng(6).integers(0, 200, count) * 10
    return 1_700_000_000_000_000 + 250_000 * np.arange(count, dtype=np.int64) + late


def generated(edge: int = 120) -> dict[str, np.ndarray]:
    """Arrays by names that say what they are; `edge` is their height and width."""
    random = np.random.default_rng(1)
    smooth, rough = fields(edge, 16, 0.02), fields(edge, 17, 0.3)
    centered = np.rint(60 * fields(edge, 64, 0.2)).astype(np.int8)
    scales = random.uniform(0.5, 2, (edge, edge, 1)).astype(np.float32) / 127
    hundredths = np.rint(2500 * smooth)
    counts = random.poisson(40 + 30 * fields(edge, 12, 0.01))
    return {
        "decimals, float64": hundredths / 100,
        "decimals, float32": (hundredths / 100).astype(np.float32),
        "decimals with NaN, float64": _with_gaps(hundredths / 100),
        "the same hundredths, int16": hundredths.astype(np.int16),
        "the same int16 unpacked, float64": _unpacked(hundredths, np.float64),
        "the same int16 unpacked, float32": _unpacked(hundredths, np.float32),
        "unpacked with NaN, float64": _with_gaps(_unpacked(hundredths, np.float64)),
        "the same int16 standardised, float32": _standardised(hundredths),
        "dequantised embedding, float32": centered * scales,
        "the same embedding, int8": centered,
        "float16 kept as float32": smooth.astype(np.float16).astype(np.float32),
        "float16": smooth.astype(np.float16),
        "float32 kept as float64": smooth.astype(np.float32).astype(np.float64),
        "averages of 12 counts, float32": (counts / 12).astype(np.float32),
        "300 different values, float64": np.sqrt(np.rint(150 + 149 * smooth)),
        "smooth field, little noise, float32": smooth.astype(np.float32),
        "smooth field, much noise, float32": rough.astype(np.float32),
        "smooth field, little noise, float64": smooth,
        "smooth field, no noise, float32": fields(edge, 16, 0).astype(np.float32),
        "smooth field, no noise, float64": fields(edge, 16, 0),
        "normal noise, float32": random.normal(size=(edge, edge, 16)).astype(np.float32),
        "timestamps, int64": _timestamps(edge * edge * 8),
        "sums of counts, int32": np.cumsum(counts, axis=-1, dtype=np.int32) * 4,
    }


def _bits(row: Row) -> str:
    return "" if row.bits_per_value is None else f"{row.bits_per_value:.2f}"


def _print_row(cells: Sequence[str]) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Prints a table of bits for each value, in Markdown, and may save the arrays."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="write the arrays there, too")
    parser.add_argument("--edge", type=int, default=120, help="height and width of the arrays")
    arguments = parser.parse_args()
    pipelines = chosen(_PIPELINES, wide=True)
    _print_row(["array", "bits", "mapping", *_PIPELINES])
    _print_row(["---"] * (3 + len(pipelines)))
    for name, array in generated(arguments.edge).items():
        rows = measure(pipelines, array, repeat=1, warm_ups=0)
        mapping = h5prism.inspect_chunk(h5prism.encode(array)).mapping
        _print_row([name, str(8 * array.itemsize), mapping, *map(_bits, rows)])
        if arguments.save:
            arguments.save.mkdir(parents=True, exist_ok=True)
            np.save(arguments.save / f"{name.replace(', ', ' ').replace(' ', '-')}.npy", array)
        for row in rows:
            if row.failed:
                parser.error(f"{name}: {row.name}: {row.note}")


if __name__ == "__main__":
    main()
