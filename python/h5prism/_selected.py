"""The elements of a selection, out of the chunks that hold them.

HDF5 gives the stored bytes of chunks; what is needed of them is decoded here. Where bytes do not tell
what the elements are, HDF5 reads these itself.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ._chunks import (
    FileRange,
    Offset,
    chunk_bytes,
    flush,
    holds_numbers,
    listed_mask,
    range_in_file,
)
from ._codec import decode
from ._elements import numbers_of
from ._errors import PrismError, Status
from ._filter import FILTER_ID
from ._reader import START_BYTES, Blob, Stored, is_in_blocks, read_regions
from ._selection import Selection
from ._threads import in_order

if TYPE_CHECKING:
    import h5py


def selected(dataset: h5py.Dataset, selection: Selection, workers: int) -> np.ndarray:
    """The elements, `workers` chunks at a time. Raises PrismError for a damaged chunk.

    Datasets with other filters, or none, are read by HDF5, a chunk or a point after the other.
    """
    out = np.empty(selection.shape, dataset.dtype)
    if out.size:
        flush(dataset)
        for _ in in_order(_jobs(dataset, selection, out), workers):
            pass
    return out


def only_prism(dataset: h5py.Dataset) -> bool:
    """Whether the chunks hold what HDF5 would give: h5prism alone worked on them, and on
    numbers as in the array."""
    pipeline = dataset.id.get_create_plist()
    return (
        dataset.chunks is not None
        and bool(dataset.size)
        and pipeline.get_nfilters() == 1
        and pipeline.get_filter(0)[0] == FILTER_ID
        and holds_numbers(dataset)
    )


def _jobs(
    dataset: h5py.Dataset, selection: Selection, out: np.ndarray
) -> Iterator[Callable[[], None]]:
    """Each puts a chunk's part of `out` there. What HDF5 has to read is read at once."""
    is_own = only_prism(dataset)
    expected = dataset.chunks, dataset.dtype
    for offset, inside, target in selection.in_chunks(_chunks(dataset, selection)):
        blocks = _stored_blocks(dataset, offset) if is_own else None
        stored = read_stored(dataset, offset) if is_own and not blocks else None
        if blocks:
            yield functools.partial(_read_into, out, target, blocks, inside, expected)
        elif stored is None:
            box = inside.moved([-start for start in offset]).box()
            out[target] = inside.moved([b.start - s for b, s in zip(box, offset)]).of(dataset[box])
        else:
            yield functools.partial(_decode_into, out, target, stored, inside, expected)


def _chunks(dataset: h5py.Dataset, selection: Selection) -> tuple[int, ...]:
    """Elements that are read together: where there are no chunks, those of a point."""
    chunks: tuple[int, ...] | None = dataset.chunks
    if chunks is not None:
        return chunks
    shape = enumerate(dataset.shape)
    return tuple(1 if axis in selection.arrays else size for axis, size in shape)


def _stored_blocks(dataset: h5py.Dataset, offset: Offset) -> FileRange | None:
    """Where a chunk in blocks lies, of which no more need be read than the blocks."""
    place = range_in_file(dataset, offset)
    if place is None or place.size == chunk_bytes(dataset):  # it may hold plain elements
        return None
    return place if is_in_blocks(place.read(0, START_BYTES)) else None


def read_stored(dataset: h5py.Dataset, offset: Offset) -> tuple[bytes, bool] | None:
    """The bytes of a chunk and whether they are plain elements. None where only HDF5 knows: the
    chunk was never written, or cannot be read, or the filter may have been left out at the edge."""
    try:
        mask, blob = dataset.id.read_direct_chunk(offset)
    except (OSError, RuntimeError, ValueError, MemoryError):
        return None
    if mask & 1 or len(blob) != chunk_bytes(dataset):
        return blob, bool(mask & 1)
    return (blob, True) if listed_mask(dataset, offset, mask) & 1 else None


def _decode_into(
    out: np.ndarray,
    target: tuple[Any, ...],
    stored: tuple[bytes, bool],
    inside: Selection,
    expected: tuple[tuple[int, ...], np.dtype],
) -> None:
    blob, plain = stored
    if not plain and is_in_blocks(blob):
        _read_into(out, target, Blob(blob), inside, expected)
    else:
        out[target] = inside.of(_whole_chunk(blob, plain, *expected))


def _read_into(
    out: np.ndarray,
    target: tuple[Any, ...],
    stored: Stored,
    inside: Selection,
    expected: tuple[tuple[int, ...], np.dtype],
) -> None:
    """From a chunk in blocks."""
    regions = inside.regions(expected[0])
    if regions is None:
        whole = _whole_chunk(bytes(stored.read(0, stored.size)), False, *expected)
        out[target] = inside.of(whole)
    else:
        out[target] = inside.taken(read_regions(stored, regions, expected))


def _whole_chunk(blob: bytes, plain: bool, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """The elements of an encoded or plain chunk. They must be those of a dataset of that kind."""
    kind, _ = numbers_of(dtype)
    expected = math.prod(shape)
    found = np.frombuffer(blob, np.uint8) if plain else decode(blob)
    if found.nbytes != expected * kind.itemsize or not (plain or found.dtype == kind):
        raise PrismError(
            Status.CORRUPT,
            f"a chunk holds {found.size} elements of type {found.dtype} where the dataset has "
            f"{expected} of type {kind}",
        )
    return found.reshape(-1).view(dtype).reshape(shape)
