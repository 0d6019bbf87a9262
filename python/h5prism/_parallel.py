"""Many chunks at once, beside HDF5's lock: HDF5 moves the stored bytes, threads here do the work.

HDF5 runs filters one at a time, so that its own reads and writes use one core whatever the machine
has. The bytes of chunks as they are stored can be read and written without the filters, and the codec
runs in any number of threads. Where bytes do not tell what the elements are, HDF5 reads these itself.
"""

from __future__ import annotations

import functools
import itertools
import math
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ._chunk_shapes import suggest_chunks
from ._chunks import Offset, chunk_bytes, flush, holds_numbers, listed_mask, open_dataset
from ._codec import decode, encode, plain_array
from ._elements import numbers_of
from ._errors import PrismError, Status
from ._filter import FILTER_ID, Prism
from ._options import BOUNDS
from ._reader import is_in_blocks, read_regions
from ._selection import as_items, range_of

if TYPE_CHECKING:
    import h5py

Ranges = tuple[range, ...]
Window = tuple[slice, ...]
Result = TypeVar("Result")

_MOST_PLACES = 1000  # of chunks in a selection, that are asked for one by one in any case
_IN_FLIGHT = 2  # chunks for each thread: one at work, one waiting
_DEFAULT_LINE = 1 << 20


def read(dataset: h5py.Dataset, selection: Any = (), *, threads: int | None = None) -> Any:
    """The same as `dataset[selection]`, decoding several chunks at a time.

    Args:
        dataset: an open h5py.Dataset of any kind. One that is not stored as chunks with h5prism as
            its only filter is read by HDF5 itself, as are elements that HDF5 converts (integers with
            padding bits), and the selections that h5py has beyond integers, slices and `...`.
        selection: as in `dataset[selection]`; the whole dataset by default.
        threads: chunks that are decoded at the same time; None is one for each CPU.

    Returns:
        A new array, or a scalar where h5py gives one.

    Raises:
        PrismError: for a damaged chunk, or one of another type or size than the dataset's.
        IndexError, ValueError, TypeError: as h5py does for the selection.
        TypeError: for what is no h5py.Dataset: a path, a group, another package's variable.
        ValueError: for a closed dataset.

    What was written to an open file is flushed first, but with MPI, which does not keep it.
    Memory: the result and two chunks for each thread. h5py is called by this thread alone; nothing
    else may use h5py in another thread of the process at the same time, as always with h5py < 3.16.
    """
    workers = worker_count(threads)
    is_own = only_prism(open_dataset(dataset))
    items = as_items(selection, dataset.shape) if is_own else None
    if items is None:
        return dataset[selection]
    flush(dataset)
    ranges = tuple(map(range_of, items, dataset.shape))
    if _is_sparse(dataset, ranges):
        return dataset[selection]
    out = np.empty(tuple(map(len, ranges)), dataset.dtype)
    jobs = (functools.partial(_decode_chunk, *job) for job in _stored_chunks(dataset, ranges, out))
    for _ in in_order(jobs, workers):
        pass
    return out[tuple(slice(None) if isinstance(item, slice) else 0 for item in items)]


def write(
    group: h5py.Group,
    name: str | None,
    array: Any,
    *,
    chunks: tuple[int, ...] | bool | None = None,
    threads: int | None = None,
    attrs: Mapping[str, Any] | None = None,
    dtype: Any = None,
    maxshape: tuple[int | None, ...] | None = None,
    fillvalue: Any = None,
    track_times: bool | None = None,
    track_order: bool | None = None,
    **options: Any,
) -> h5py.Dataset:
    """Creates a dataset from an array, encoding several chunks at a time.

    Args:
        group: an open h5py group or file.
        name: of the new dataset; None for one without a name, as in h5py.
        array: as for `encode`; booleans too.
        chunks: its chunk shape; True leaves it to h5py. By default what `suggest_chunks` says. An
            axis without elements counts as long as it may become.
        threads: chunks that are encoded at the same time; None is one for each CPU.
        attrs: attributes of the new dataset, by name.
        dtype, maxshape, fillvalue, track_times, track_order: as h5py's create_dataset takes them;
            None is its default. The array is converted to `dtype` by numpy, as h5py does. With a
            bound, elements equal to `fillvalue` are missing data, and stay as they are.
        **options: the keywords of `Prism` but `threads`.

    Returns:
        The dataset, which any HDF5 program with the plugin reads.

    Raises:
        PrismError: for options or elements that the filter does not take.
        TypeError, ValueError: as h5py does, for a name that is taken, an array without dimensions, a
            chunk shape that does not fit, a maxshape below the shape.
        TypeError: for what is no h5py group, for keywords that neither h5py nor `Prism` has here:
            filters beside h5prism, for one.

    If it fails, no dataset is left. Memory: two chunks for each thread. Threads: as for `read`.
    """
    workers = worker_count(threads)
    values = _as_stored(array, dtype)
    given = {
        "maxshape": maxshape,
        "fillvalue": fillvalue,
        "track_times": track_times,
        "track_order": track_order,
    }
    dataset = _open_group(group).create_dataset(
        name,
        shape=values.shape,
        dtype=values.dtype,
        chunks=_default_chunks(values, maxshape) if chunks is None else chunks,
        compression=Prism(**options),
        **{key: value for key, value in given.items() if value is not None},
    )
    if fillvalue is not None and any(options.get(key) is not None for key in BOUNDS[:3]):
        if np.isfinite(dataset.fillvalue):
            options["missing"] = dataset.fillvalue  # as the filter takes it
    try:
        _write_chunks(dataset, values, workers, options)
        dataset.attrs.update(attrs or {})
    except BaseException:
        if name is not None:
            del group[name]
        raise
    return dataset


def _open_group(group: Any) -> h5py.Group:
    import h5py

    if not isinstance(group, h5py.Group):
        raise TypeError(f"expected an open h5py.File or h5py.Group, not {type(group).__name__}")
    return group


def _as_stored(array: Any, dtype: Any) -> np.ndarray:
    values = plain_array(array)
    return values if dtype is None else np.asarray(values, dtype)


def _write_chunks(
    dataset: h5py.Dataset, values: np.ndarray, workers: int, options: dict[str, Any]
) -> None:
    fill = np.full((), dataset.fillvalue, values.dtype)
    jobs = (
        functools.partial(_encode_chunk, values, at, dataset.chunks, fill, options)
        for at in _offsets(tuple(map(range, values.shape)), dataset.chunks)
    )
    for offset, blob in in_order(jobs, workers):
        dataset.id.write_direct_chunk(offset, blob)


def worker_count(threads: int | None) -> int:
    if threads is None:
        return len(os.sched_getaffinity(0))
    if threads < 1:
        raise PrismError(Status.OPTION, f"threads={threads}: expected at least 1")
    return threads


def in_order(jobs: Iterable[Callable[[], Result]], workers: int) -> Iterator[Result]:
    """What the jobs return, in their order, a few ahead of the consumer."""
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for job in jobs:
                if len(waiting) == workers * _IN_FLIGHT:
                    yield waiting.popleft().result()
                waiting.append(pool.submit(job))
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


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


def _is_sparse(dataset: h5py.Dataset, ranges: Ranges) -> bool:
    """Whether nearly all of the chunks were never written: HDF5 passes these faster."""
    places = math.prod(
        min(len(selected), -(-len(selected) * selected.step // size) + 1)
        for selected, size in zip(ranges, dataset.chunks)
    )
    return places > _MOST_PLACES and places > 8 * dataset.id.get_num_chunks()


def _offsets(ranges: Ranges, chunks: tuple[int, ...]) -> Iterator[Offset]:
    """The chunks that hold any of the selected elements."""
    return itertools.product(*map(_starts, ranges, chunks))


def _starts(selected: range, size: int) -> Iterable[int]:
    """Where the chunks of `size` begin that hold one of the selected indices."""
    if not selected or selected.step > size:
        return (index // size * size for index in selected)
    return range(selected[0] // size * size, selected[-1] + 1, size)


def _stored_chunks(
    dataset: h5py.Dataset, ranges: Ranges, out: np.ndarray
) -> Iterator[tuple[bytes, bool, Window, np.ndarray, tuple[int, ...]]]:
    """Arguments of `_decode_chunk`; what HDF5 has to read is read at once."""
    for offset in _offsets(ranges, dataset.chunks):
        inside, target = _overlap(ranges, offset, dataset.chunks)
        stored = read_stored(dataset, offset)
        if stored is None:
            out[target] = dataset[tuple(map(_moved, inside, offset))]
        else:
            yield *stored, inside, out[target], dataset.chunks


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


def _moved(inside: slice, start: int) -> slice:
    """The elements of a chunk as elements of the dataset, in which the chunk begins at `start`."""
    return slice(inside.start + start, inside.stop + start, inside.step)


def _overlap(ranges: Ranges, offset: Offset, chunks: tuple[int, ...]) -> tuple[Window, Window]:
    """The selected elements of a chunk: where they are in it, and where in the result."""
    inside, target = [], []
    for selected, start, size in zip(ranges, offset, chunks):
        first = max(0, -(-(start - selected.start) // selected.step))
        last = min(len(selected), -(-(start + size - selected.start) // selected.step))
        begin = selected.start + first * selected.step - start
        end = begin + (last - first - 1) * selected.step + 1
        inside.append(slice(begin, end, selected.step))
        target.append(slice(first, last))
    return tuple(inside), tuple(target)


def _decode_chunk(
    blob: bytes, plain: bool, inside: Window, window: np.ndarray, chunks: tuple[int, ...]
) -> None:
    """Copies the elements `inside` of an encoded or plain chunk to `window`, of the same shape."""
    if not plain and is_in_blocks(blob):
        starts = np.array([[part.start for part in inside]], np.uint64)
        count = [part.stop - part.start for part in inside]
        found = read_regions(blob, starts, count, (chunks, window.dtype))[0]
        window[...] = found[tuple(slice(None, None, part.step) for part in inside)]
    else:
        window[...] = whole_chunk(blob, plain, chunks, window.dtype)[inside]


def whole_chunk(blob: bytes, plain: bool, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
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


def _default_chunks(values: np.ndarray, maxshape: Any) -> tuple[int, ...] | bool:
    """h5py has an answer, too, for an array that never holds an element."""
    shape = _room(values.shape, maxshape)
    return True if 0 in shape or not shape else suggest_chunks(shape, values.dtype)


def _room(shape: tuple[int, ...], maxshape: Any) -> tuple[int, ...]:
    """The shape; of axes without elements, what they may become."""
    most = shape if maxshape is None or len(maxshape) != len(shape) else maxshape
    return tuple(size or (_DEFAULT_LINE if end is None else end) for size, end in zip(shape, most))


def _encode_chunk(
    array: np.ndarray,
    offset: Offset,
    chunks: tuple[int, ...],
    fill: np.ndarray,
    options: dict[str, Any],
) -> tuple[Offset, bytes]:
    part = array[tuple(slice(start, start + size) for start, size in zip(offset, chunks))]
    if part.shape == chunks:
        return offset, encode(part, **options)
    # What is beyond the edge is the fill value, as HDF5 has it: the dataset may grow.
    whole = np.full(chunks, fill, part.dtype)
    whole[tuple(map(slice, part.shape))] = part
    return offset, encode(whole, **options)
