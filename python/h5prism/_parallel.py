"""Many chunks at once, beside HDF5's lock: HDF5 moves the stored bytes, threads here do the work.

HDF5 runs filters one at a time, so that its own reads and writes use one core whatever the machine
has. The bytes of chunks as they are stored can be read and written without the filters, and the codec
runs in any number of threads.
"""

from __future__ import annotations

import itertools
import math
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from ._codec import decode, encode
from ._errors import PrismError, Status
from ._filter import FILTER_ID, Prism
from ._inspect import reaches_over
from ._options import OptionValue

if TYPE_CHECKING:
    import h5py

Offset = tuple[int, ...]
Ranges = tuple[range, ...]

_IN_FLIGHT = 2  # chunks for each thread: one at work, one waiting
_DEFAULT_EDGE = 256
_DEFAULT_CHANNELS = 1024


def read(dataset: h5py.Dataset, selection: Any = (), *, threads: int | None = None) -> np.ndarray:
    """The same as `dataset[selection]`, decoding several chunks at a time.

    Args:
        dataset: of any kind. HDF5 itself reads one that is not stored as chunks with h5prism as its
            only filter, one whose elements are of no type of numpy (bfloat16, 12 bits of a word),
            and the selections that h5py has beyond integers, slices and `...`.
        selection: as in `dataset[selection]`; the whole dataset by default.
        threads: chunks that are decoded at the same time; None is one for each CPU.

    Returns:
        A new array. Chunks that were never written hold the fill value.

    Raises:
        PrismError: for a damaged chunk.
        IndexError, ValueError: as h5py does for the selection.

    Memory: the result and two chunks for each thread. h5py is called by this thread alone; nothing
    else may use h5py in another thread of the process at the same time, as always with h5py < 3.16.
    """
    workers = _workers(threads)
    ranges = _plain_ranges(selection, dataset.shape) if _only_prism(dataset) else None
    if ranges is None:
        return dataset[selection]
    out = np.empty(tuple(map(len, ranges)), dataset.dtype)
    jobs = ((_read_chunk, *job) for job in _stored_chunks(dataset, ranges, out))
    for _ in _in_order(jobs, workers):
        pass
    return out[_dropped_axes(selection, dataset.ndim)]


def write(
    group: h5py.Group,
    name: str,
    array: Any,
    *,
    chunks: tuple[int, ...] | None = None,
    threads: int | None = None,
    **options: OptionValue,
) -> h5py.Dataset:
    """Creates a dataset from an array, encoding several chunks at a time.

    Args:
        group: an open h5py group or file.
        name: of the new dataset.
        array: as for `encode`; booleans too.
        chunks: its chunk shape. By default the last axis is whole up to 1024 elements, since
            channels belong together, and the others have up to 256.
        threads: chunks that are encoded at the same time; None is one for each CPU.
        **options: the keywords of `Prism` but `threads`.

    Returns:
        The dataset, which any HDF5 program with the plugin reads.

    Raises:
        PrismError: for an array or options that the filter does not take. The dataset is then gone.

    Memory: two chunks for each thread. Threads: as for `read`.
    """
    workers = _workers(threads)
    values = np.asarray(array)
    shape = chunks or _default_chunks(values.shape)
    dataset = group.create_dataset(
        name, shape=values.shape, dtype=values.dtype, chunks=shape, compression=Prism(**options)
    )
    plain = values.view(np.int8) if values.dtype == np.bool_ else values
    try:
        offsets = _offsets(tuple(map(range, values.shape)), shape)
        jobs = ((_encode_chunk, plain, offset, shape, options) for offset in offsets)
        for offset, blob in _in_order(jobs, workers):
            dataset.id.write_direct_chunk(offset, blob)
    except BaseException:
        del group[name]
        raise
    return dataset


def _workers(threads: int | None) -> int:
    if threads is None:
        return os.cpu_count() or 1
    if threads < 1:
        raise PrismError(Status.OPTION, f"threads={threads}: expected at least 1")
    return threads


def _in_order(jobs: Iterable[tuple[Callable[..., Any], ...]], workers: int) -> Iterator[Any]:
    """Results of function-and-arguments tuples, in their order, a few ahead of the consumer."""
    waiting: deque[Future[Any]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for function, *arguments in jobs:
                if len(waiting) == workers * _IN_FLIGHT:
                    yield waiting.popleft().result()
                waiting.append(pool.submit(function, *arguments))
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _only_prism(dataset: h5py.Dataset) -> bool:
    pipeline = dataset.id.get_create_plist()
    return (
        dataset.chunks is not None
        and dataset.size not in (None, 0)
        and pipeline.get_nfilters() == 1
        and pipeline.get_filter(0)[0] == FILTER_ID
        and _is_numpy_type(dataset)
    )


def _is_numpy_type(dataset: h5py.Dataset) -> bool:
    """Whether stored elements are those of dataset.dtype, so that nothing has to convert them."""
    import h5py  # the caller has it; the package works without

    return dataset.id.get_type().equal(h5py.h5t.py_create(dataset.dtype, logical=True))


def _as_items(selection: Any, rank: int) -> list[Any] | None:
    """One integer or slice for each axis; None for any other kind of selection."""
    items = list(selection) if isinstance(selection, tuple) else [selection]
    ellipses = [index for index, item in enumerate(items) if item is Ellipsis]
    if len(ellipses) > 1 or len(items) - len(ellipses) > rank:
        return None
    at = ellipses[0] if ellipses else len(items)
    missing = rank - (len(items) - len(ellipses))
    items[at : at + 1] = [slice(None)] * missing
    plain = all(isinstance(item, (slice, int, np.integer)) for item in items)
    return items if plain and not any(isinstance(item, bool) for item in items) else None


def _plain_ranges(selection: Any, shape: tuple[int, ...]) -> Ranges | None:
    """The selected indices of each axis; None if h5py has to find out (or to complain)."""
    items = _as_items(selection, len(shape))
    if items is None:
        return None
    ranges = []
    for item, size in zip(items, shape):
        if isinstance(item, slice):
            if item.step is not None and item.step < 1:
                return None
            ranges.append(range(*item.indices(size)))
        elif -size <= item < size:
            ranges.append(range(item % size, item % size + 1))
        else:
            return None
    return tuple(ranges)


def _dropped_axes(selection: Any, rank: int) -> tuple[Any, ...]:
    """Takes the axes away that were selected by an integer."""
    items = _as_items(selection, rank) or []
    return tuple(slice(None) if isinstance(item, slice) else 0 for item in items)


def _offsets(ranges: Ranges, chunks: tuple[int, ...]) -> Iterator[Offset]:
    """The chunks that hold any of the selected elements."""
    axes = [
        sorted({index // size * size for index in selected})
        for selected, size in zip(ranges, chunks)
    ]
    return itertools.product(*axes)


def _stored_chunks(
    dataset: h5py.Dataset, ranges: Ranges, out: np.ndarray
) -> Iterator[tuple[Any, ...]]:
    """Arguments of `_read_chunk`; chunks that do not exist are filled in at once."""
    chunk_bytes = math.prod(dataset.chunks) * dataset.dtype.itemsize
    for offset in _offsets(ranges, dataset.chunks):
        inside, target = _overlap(ranges, offset, dataset.chunks)
        stored = dataset.id.get_chunk_info_by_coord(offset)
        if stored.byte_offset is None:
            out[target] = dataset.fillvalue
            continue
        partial = reaches_over(dataset, offset) and stored.size == chunk_bytes
        plain = bool(stored.filter_mask & 1) or partial
        blob = dataset.id.read_direct_chunk(offset)[1]
        yield blob, plain, dataset.dtype, dataset.chunks, inside, out, target


def _overlap(
    ranges: Ranges, offset: Offset, chunks: tuple[int, ...]
) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """The selected elements of a chunk: where they are in it, and where in the result."""
    inside, target = [], []
    for selected, start, size in zip(ranges, offset, chunks):
        first = max(0, -(-(start - selected.start) // selected.step))
        last = min(len(selected), -(-(start + size - selected.start) // selected.step))
        begin = selected.start + first * selected.step - start
        inside.append(slice(begin, size, selected.step))
        target.append(slice(first, last))
    return tuple(inside), tuple(target)


def _read_chunk(
    blob: bytes,
    plain: bool,
    dtype: np.dtype,
    chunks: tuple[int, ...],
    inside: tuple[slice, ...],
    out: np.ndarray,
    target: tuple[slice, ...],
) -> None:
    elements = np.frombuffer(blob, dtype) if plain else _decoded(blob, dtype)
    window = out[target]
    window[...] = elements.reshape(chunks)[inside][tuple(map(slice, window.shape))]


def _decoded(blob: bytes, dtype: np.dtype) -> np.ndarray:
    """As the filter does it: a chunk may have been written around it, with anything inside."""
    decoded = decode(blob).reshape(-1)
    stored = np.dtype(np.int8) if dtype == np.bool_ else dtype
    if decoded.dtype != stored:
        raise PrismError(
            Status.CORRUPT, f"the chunk holds {decoded.dtype.str}, the dataset {stored.str}"
        )
    return decoded.view(dtype)


def _default_chunks(shape: tuple[int, ...]) -> tuple[int, ...]:
    channels = (min(size, _DEFAULT_CHANNELS) for size in shape[-1:])
    return (*(min(size, _DEFAULT_EDGE) for size in shape[:-1]), *channels)


def _encode_chunk(
    array: np.ndarray, offset: Offset, chunks: tuple[int, ...], options: dict[str, OptionValue]
) -> tuple[Offset, bytes]:
    part = array[tuple(slice(start, start + size) for start, size in zip(offset, chunks))]
    if part.shape != chunks:
        # As HDF5 does: what is beyond the edge is the fill value, which is 0 here.
        part = np.pad(part, [(0, size - has) for size, has in zip(chunks, part.shape)])
    return offset, encode(part, **options)
