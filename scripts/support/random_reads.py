"""scripts/bench --random: reading pixels and patches of an array in chunks, with and without blocks.

The array is (row, column, channel), in chunks of whole rows and columns up to 256 x 256. Every part that
is read is compared with the array. Times are those of the processor.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

import h5prism

from .measure import RoundTripError
from .table import format_cells

PIXELS, FEW_PIXELS, PATCHES, PATCH = 10000, 50, 40, 32
_CHUNK = 256
_SIDES = (4, 8, 16, 32)


@dataclass
class RandomRow:
    """One way to store the array.

    Attributes:
        name: the way.
        bytes: stored.
        pixel_us: microseconds for a pixel with all channels, of many that are asked for at once; by
            h5py, one after the other.
        patch_us: microseconds for a patch of 32 x 32.
        whole_ms: milliseconds for all.
    """

    name: str
    bytes: int
    pixel_us: float
    patch_us: float
    whole_ms: float


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def _check(found: np.ndarray, expected: np.ndarray, name: str) -> None:
    if not np.array_equal(found, expected):
        raise RoundTripError(f"{name}: a part that was read is not that of the array")


def _storages(chunks: tuple[int, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "uncompressed", {"chunks": chunks}
    yield "gzip -4, 4 x 4", {"chunks": (4, 4, *chunks[2:]), "compression": "gzip", "shuffle": True}
    yield "h5prism", {"chunks": chunks, **h5prism.Prism()}
    for side in _SIDES:
        yield f"h5prism block={side}", {"chunks": chunks, **h5prism.Prism(block=side)}


def _read_row(name: str, dataset: h5py.Dataset, array: np.ndarray) -> RandomRow:
    random = np.random.default_rng(1)
    own = name.startswith("h5prism")
    count = PIXELS if own else FEW_PIXELS
    rows, columns = (random.integers(size, size=count) for size in array.shape[:2])
    if own:
        pixels, found = _seconds(lambda: h5prism.points(dataset, rows, columns, threads=1))
    else:
        pixels, found = _seconds(lambda: np.stack([dataset[y, x] for y, x in zip(rows, columns)]))
    _check(found, array[rows, columns], name)
    corners = [[random.integers(max(1, size - PATCH + 1)) for size in array.shape[:2]] for _ in range(PATCHES)]
    patches = 0.0
    for y, x in corners:
        window = np.s_[y : y + PATCH, x : x + PATCH]
        seconds, found = _seconds(
            lambda window=window: h5prism.read(dataset, window, threads=1) if own else dataset[window]
        )
        _check(found, array[window], name)
        patches += seconds
    whole, found = _seconds(lambda: h5prism.read(dataset, threads=1) if own else dataset[()])
    _check(found, array, name)
    return RandomRow(
        name,
        dataset.id.get_storage_size(),
        pixels / count * 1e6,
        patches / PATCHES * 1e6,
        whole * 1e3,
    )


def measure_random(array: np.ndarray) -> list[RandomRow]:
    """A row for each way to store an array of rank 3. Raises RoundTripError."""
    chunks = tuple(min(size, _CHUNK) for size in array.shape[:2]) + array.shape[2:]
    with tempfile.TemporaryDirectory() as folder:
        with h5py.File(Path(folder) / "random.h5", "w") as file:
            for name, options in _storages(chunks):
                file.create_dataset(name.replace("/", " "), data=array, **options)
        rows = []
        for name, _ in _storages(chunks):
            # Opened anew for each: HDF5 keeps no chunk of the one before.
            with h5py.File(Path(folder) / "random.h5") as file:
                rows.append(_read_row(name, file[name], array))
    return rows


def format_random(rows: list[RandomRow]) -> str:
    """A table, sizes beside that without blocks."""
    plain = next(row.bytes for row in rows if row.name == "h5prism")
    cells = {
        "stored as": [row.name for row in rows],
        "bytes": [f"{row.bytes:,}" for row in rows],
        "of h5prism": [f"{row.bytes / plain:.3f}" for row in rows],
        "pixel us": [f"{row.pixel_us:,.1f}" for row in rows],
        "patch us": [f"{row.patch_us:,.0f}" for row in rows],
        "whole ms": [f"{row.whole_ms:,.1f}" for row in rows],
    }
    return format_cells(cells, ("stored as",))
