"""scripts/bench --random: reading pixels, patches and first bands of an array in chunks, by several
readers, from h5prism with and without blocks and from what others store.

The array is (row, column, channel), in chunks of whole rows and columns up to 256 x 256, or of 4 x 4.
Every part that is read is compared with the array. Times are those of the processor.
"""

from __future__ import annotations

import contextlib
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

with contextlib.suppress(ImportError):
    import hdf5plugin  # noqa: F401  (makes other filters known)

PIXELS, FEW_PIXELS, SINGLE_PIXELS, PATCHES, PATCH, BANDS = 10000, 50, 20, 40, 32, 4
_CHUNK, _SMALL = 256, 4
_SIDES = (4, 8, 16, 32)
_CACHE = 1 << 20  # bytes of chunks that HDF5 keeps: what it does by itself up to version 1.14
_LARGE_CACHE = 64 << 20
_BLOSC, _LZ4 = 32001, 32004  # filters
_BLOSC_ZSTD = (0, 0, 0, 0, 3, 1, 5)  # level 3, shuffle, zstd


@dataclass
class RandomRow:
    """One way to store and to read the array.

    Attributes:
        name: how it is stored.
        reader: by what it is read.
        bytes: stored.
        pixel_us: microseconds for a pixel with all channels, of many that are asked for at once; by
            h5py, one after the other.
        alone_us: microseconds for a pixel that is asked for alone.
        patch_us: microseconds for a patch of 32 x 32.
        bands_ms: milliseconds for the first 4 channels of all pixels.
        whole_ms: milliseconds for all.
    """

    name: str
    reader: str
    bytes: int
    pixel_us: float
    alone_us: float
    patch_us: float
    bands_ms: float
    whole_ms: float


@dataclass
class _Reader:
    """How parts are read: `pixels(rows, columns)` of all channels, `window[...]`."""

    name: str
    pixels: Callable[[np.ndarray, np.ndarray], np.ndarray]
    window: Callable[[Any], np.ndarray]
    pixel_count: int


def _h5py_reader(dataset: h5py.Dataset, name: str) -> _Reader:
    def pixels(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        return np.stack([dataset[y, x] for y, x in zip(rows, columns)])

    return _Reader(name, pixels, lambda window: dataset[window], FEW_PIXELS)


def _own_reader(dataset: h5py.Dataset) -> _Reader:
    return _Reader(
        "h5prism.read",
        lambda rows, columns: h5prism.points(dataset, rows, columns, threads=1),
        lambda window: h5prism.read(dataset, window, threads=1),
        PIXELS,
    )


def _zarr_reader(stored: Any) -> _Reader:
    def pixels(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        return stored.vindex[rows[:, None], columns[:, None], np.arange(stored.shape[2])]

    return _Reader("zarr", pixels, lambda window: stored[window], PIXELS // 10)


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def _measured(reader: _Reader, array: np.ndarray, name: str, size: int) -> RandomRow:
    random = np.random.default_rng(1)

    def timed(read: Callable[[], np.ndarray], expected: np.ndarray) -> float:
        seconds, found = _seconds(read)
        if not np.array_equal(found, expected):
            raise RoundTripError(f"{name}: a part that was read is not that of the array")
        return seconds

    rows, columns = (random.integers(edge, size=reader.pixel_count) for edge in array.shape[:2])
    pixels = timed(lambda: reader.pixels(rows, columns), array[rows, columns])
    others = [tuple(map(random.integers, array.shape[:2])) for _ in range(SINGLE_PIXELS)]
    alone = sum(timed(lambda p=pixel: reader.window(p), array[pixel]) for pixel in others)
    corners = [
        [random.integers(max(1, edge - PATCH + 1)) for edge in array.shape[:2]]
        for _ in range(PATCHES)
    ]
    windows = [np.s_[y : y + PATCH, x : x + PATCH] for y, x in corners]
    patches = sum(timed(lambda w=window: reader.window(w), array[window]) for window in windows)
    bands = timed(lambda: reader.window(np.s_[..., :BANDS]), array[..., :BANDS])
    whole = timed(lambda: reader.window(np.s_[...]), array)
    return RandomRow(
        name,
        reader.name,
        size,
        pixels / reader.pixel_count * 1e6,
        alone / SINGLE_PIXELS * 1e6,
        patches / PATCHES * 1e6,
        bands * 1e3,
        whole * 1e3,
    )


# ---- Ways to store ----


def _other_storages(chunks: tuple[int, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Filters that are there, with chunks of 4 x 4 and with large ones."""
    filters: dict[str, tuple[int | None, dict[str, Any]]] = {
        "uncompressed": (None, {}),
        "gzip-4+shuffle": (None, {"compression": "gzip", "shuffle": True}),
        "blosc zstd-3": (_BLOSC, {"compression": _BLOSC, "compression_opts": _BLOSC_ZSTD}),
        "lz4": (_LZ4, {"compression": _LZ4, "shuffle": True}),
    }
    for name, (number, options) in filters.items():
        if number is None or h5py.h5z.filter_avail(number):
            for size in (chunks, (*(min(_SMALL, edge) for edge in chunks[:2]), *chunks[2:])):
                yield f"{name}, {size[0]} x {size[1]}", {"chunks": size, **options}


def _own_storages(effort: int) -> dict[str, dict[str, Any]]:
    # The axis of the channels is named: a pixel is in one block then.
    plain = {"effort": effort, "axis": 2}
    storages = {f"h5prism block={side}": {"block": side, **plain} for side in _SIDES}
    stored = {"order": "stored", **plain}
    return {
        "h5prism": plain,
        **storages,
        "h5prism order=stored": stored,
        "h5prism block=8,order=stored": {"block": 8, **stored},
    }


def _rows_of_others(
    array: np.ndarray, chunks: tuple[int, ...], folder: Path
) -> Iterator[RandomRow]:
    storages = dict(_other_storages(chunks))
    _write(array, folder / "others.h5", storages)
    for name in storages:
        # Opened anew for each: HDF5 keeps no chunk of the one before.
        with h5py.File(folder / "others.h5", rdcc_nbytes=_CACHE) as file:
            dataset = file[name]
            size = dataset.id.get_storage_size()
            yield _measured(_h5py_reader(dataset, "h5py"), array, name, size)


def _rows_of_own(
    array: np.ndarray, chunks: tuple[int, ...], effort: int, folder: Path
) -> Iterator[RandomRow]:
    storages = _own_storages(effort)
    plain, *_ = storages
    path = folder / "own.h5"
    _write(array, path, {n: {"chunks": chunks, **h5prism.Prism(**o)} for n, o in storages.items()})
    for cache, reader in ((_CACHE, "h5py"), (_LARGE_CACHE, "h5py, 64 MiB kept")):
        with h5py.File(path, rdcc_nbytes=cache) as file:
            size = file[plain].id.get_storage_size()
            yield _measured(_h5py_reader(file[plain], reader), array, plain, size)
    for name in storages:
        with h5py.File(path) as file:
            size = file[name].id.get_storage_size()
            yield _measured(_own_reader(file[name]), array, name, size)


def _write(array: np.ndarray, path: Path, storages: dict[str, dict[str, Any]]) -> None:
    with h5py.File(path, "w") as file:
        for name, options in storages.items():
            file.create_dataset(name, data=array, **options)


def _rows_of_zarr(
    array: np.ndarray, chunks: tuple[int, ...], effort: int, folder: Path
) -> Iterator[RandomRow]:
    try:
        import zarr
        from h5prism.zarr import PrismCodec
    except ImportError:
        return
    for name, options in _own_storages(effort).items():
        path = folder / f"{name}.zarr"
        codec = PrismCodec(**options)
        zarr.create_array(path, data=array, chunks=chunks, serializer=codec, compressors=None)
        size = sum(part.stat().st_size for part in path.rglob("c/**/*") if part.is_file())
        yield _measured(_zarr_reader(zarr.open_array(path, mode="r")), array, name, size)


def measure_random(array: np.ndarray, effort: int) -> list[RandomRow]:
    """A row for each way to store and to read an array of rank 3. `effort` is that of h5prism. Raises
    RoundTripError."""
    chunks = tuple(min(edge, _CHUNK) for edge in array.shape[:2]) + array.shape[2:]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [
            *_rows_of_others(array, chunks, folder),
            *_rows_of_own(array, chunks, effort, folder),
            *_rows_of_zarr(array, chunks, effort, folder),
        ]


def format_random(rows: list[RandomRow]) -> str:
    """A table, sizes beside that without blocks."""
    plain = next(row.bytes for row in rows if row.name == "h5prism")
    cells = {
        "stored as": [row.name for row in rows],
        "read by": [row.reader for row in rows],
        "bytes": [f"{row.bytes:,}" for row in rows],
        "of h5prism": [f"{row.bytes / plain:.3f}" for row in rows],
        "pixel us": [f"{row.pixel_us:,.1f}" for row in rows],
        "1 pixel us": [f"{row.alone_us:,.0f}" for row in rows],
        "patch us": [f"{row.patch_us:,.0f}" for row in rows],
        "4 bands ms": [f"{row.bands_ms:,.1f}" for row in rows],
        "whole ms": [f"{row.whole_ms:,.1f}" for row in rows],
    }
    return format_cells(cells, ("stored as", "read by"))
