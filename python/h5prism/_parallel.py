"""Many chunks at once, beside HDF5's lock: HDF5 moves the stored bytes, threads here do the work.

HDF5 runs filters one at a time, so that its own reads and writes use one core whatever the machine
has. The bytes of chunks as they are stored can be read and written without the filters, and the codec
runs in any number of threads. Where bytes do not tell what the elements are, HDF5 reads these itself.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ._chunk_shapes import suggest_chunks
from ._chunks import Offset, open_dataset
from ._arrays import plain_array
from ._codec import encode
from ._filter import Prism
from ._options import BOUNDS
from ._selected import only_prism, selected
from ._selection import Selection, as_items_of_h5py, range_of
from ._threads import in_order, worker_count

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._options import ChunkOptions

    import h5py

_MOST_PLACES = 1000  # of chunks in a selection, that are asked for one by one in any case
_DEFAULT_LINE = 1 << 20


def read(dataset: h5py.Dataset, selection: Any = (), *, threads: int | None = None) -> Any:
    """The same as `dataset[selection]`, decoding several chunks at a time.

    Args:
        dataset: an open h5py.Dataset of any kind. One that is not stored as chunks with h5prism as
            its only filter is read by HDF5 itself, as are elements that HDF5 converts (integers with
            padding bits), and the selections that h5py has beyond integers, slices, `...`, one list
            of indices and masks.
        selection: as in `dataset[selection]`; the whole dataset by default.
        threads: chunks that are decoded at the same time; None is one for each CPU.

    Returns:
        A new array, or a scalar where h5py gives one.

    Raises:
        PrismError: for a damaged chunk, or one of another type or size than the dataset's.
        IndexError, ValueError, TypeError: as h5py does for the selection.
        TypeError: for what is no h5py.Dataset: a path, a group, another package's variable.
        ValueError: for a closed dataset.

    Of chunks in blocks (option `block`), only the blocks with any of the selection are decoded, and
    only their checksums are computed; models of the chunks that were read last are kept for the next
    call. What was written to an open file is flushed first, but with MPI, which does not keep it.
    Memory: the result and two chunks for each thread, and 16 chunks in blocks. h5py is called by this thread alone; nothing
    else may use h5py in another thread of the process at the same time, as always with h5py < 3.16.
    """
    workers = worker_count(threads)
    is_own = only_prism(open_dataset(dataset))
    if is_own and _is_mask(selection, dataset.shape):
        return selected(dataset, Selection(np.nonzero(selection), True), workers)
    items = as_items_of_h5py(selection, dataset.shape) if is_own else None
    if items is None:
        return dataset[selection]
    whole = Selection(
        tuple(
            item if isinstance(item, np.ndarray) else range_of(item, size)
            for item, size in zip(items, dataset.shape)
        )
    )
    if _is_sparse(dataset, whole):
        return dataset[selection]
    out = selected(dataset, whole, workers)
    return out[tuple(0 if isinstance(item, (int, np.integer)) else slice(None) for item in items)]


def _is_mask(selection: Any, shape: tuple[int, ...]) -> bool:
    """Whether it says of every element of several axes whether it is selected."""
    return (
        isinstance(selection, np.ndarray)
        and selection.dtype == bool
        and selection.shape == shape
        and len(shape) > 1
        and bool(selection.any())
    )


def _is_sparse(dataset: h5py.Dataset, whole: Selection) -> bool:
    """Whether nearly all of the chunks were never written: HDF5 passes these faster."""
    places = whole.count_chunks(dataset.chunks)
    return places > _MOST_PLACES and places > 8 * dataset.id.get_num_chunks()


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
    **options: Unpack[ChunkOptions],
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
    dataset: h5py.Dataset, values: np.ndarray, workers: int, options: ChunkOptions
) -> None:
    fill = np.full((), dataset.fillvalue, values.dtype)
    jobs = (
        functools.partial(_encode_chunk, values, at, dataset.chunks, fill, options)
        for at in itertools.product(*map(range, itertools.repeat(0), values.shape, dataset.chunks))
    )
    for offset, blob in in_order(jobs, workers):
        dataset.id.write_direct_chunk(offset, blob)


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
    options: ChunkOptions,
) -> tuple[Offset, bytes]:
    part = array[tuple(slice(start, start + size) for start, size in zip(offset, chunks))]
    if part.shape == chunks:
        return offset, encode(part, **options)
    # What is beyond the edge is the fill value, as HDF5 has it: the dataset may grow.
    whole = np.full(chunks, fill, part.dtype)
    whole[tuple(map(slice, part.shape))] = part
    return offset, encode(whole, **options)
