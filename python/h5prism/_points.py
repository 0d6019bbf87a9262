"""All values of single positions: what is read by the pixel."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ._chunks import flush, open_dataset
from ._parallel import in_order, only_prism, read_stored, whole_chunk, worker_count
from ._reader import is_in_blocks, read_regions

if TYPE_CHECKING:
    import h5py

Found = tuple[Any, Any]  # where in the result, and what goes there


def points(
    dataset: h5py.Dataset,
    rows: Any,
    columns: Any,
    *,
    axes: tuple[int, int] = (0, 1),
    threads: int | None = None,
) -> np.ndarray:
    """All elements at many positions: `dataset[rows[i], columns[i]]` for every i.

    Args:
        dataset: an open h5py.Dataset of rank 2 or more.
        rows, columns: integers of shape (n,), in any order, negative ones from the end.
        axes: what rows and columns are indices along: (0, 1) for (row, column, channel), (-2, -1)
            for (time, band, row, column).
        threads: chunks that are read at the same time; None is one for each CPU.

    Returns:
        An array of shape (n, ...): the other axes of the dataset in their order.

    Raises:
        IndexError: for a position outside of the dataset.
        ValueError: for rows and columns that are not such arrays, and axes that are none or the same.
        PrismError: for a damaged chunk or block; a block that is not needed may be damaged.

    Each chunk is read once. Of chunks in blocks (option `block`), only the blocks with the positions
    are decoded, of others all. The bytes of a chunk are read whole in any case. What was written to an
    open file is flushed first.
    """
    open_dataset(dataset)
    picked = _axes_of(axes, dataset.ndim)
    places = [_places(r, dataset.shape[axis]) for r, axis in zip((rows, columns), picked)]
    if len(places[0]) != len(places[1]):
        raise ValueError(f"{len(places[0])} rows and {len(places[1])} columns")
    task = _Task(dataset, picked, np.stack(places))
    shape = [size for axis, size in enumerate(dataset.shape) if axis not in picked]
    out = np.empty((len(places[0]), *shape), dataset.dtype)
    if not out.size:
        return out
    flush(dataset)
    jobs = task.jobs() if only_prism(dataset) else task.by_hdf5(task.everything())
    for target, found in in_order(jobs, worker_count(threads)):
        out[target] = found
    return out


def _axes_of(axes: tuple[int, int], rank: int) -> tuple[int, int]:
    first, second = (axis + rank if axis < 0 else axis for axis in axes)
    if first == second or not (0 <= first < rank and 0 <= second < rank):
        raise ValueError(f"axes {axes} of a dataset of rank {rank}")
    return first, second


def _places(values: Any, size: int) -> np.ndarray:
    """The indices as numbers from 0 on."""
    given = np.asarray(values)
    if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
        raise ValueError(f"rows and columns: expected integers of shape (n,), not {values!r:.60}")
    places = given.astype(np.int64)
    places = np.where(places < 0, places + size, places)
    outside = (places < 0) | (places >= size)
    if outside.any():
        raise IndexError(f"position {given[outside][0]} along an axis of {size}")
    return places


class _Part:
    """Positions in one chunk, or in all: `group` are their numbers, `window` what is taken along every
    axis, of which those picked do not count."""

    def __init__(self, group: np.ndarray, window: list[slice]) -> None:
        self.group, self.window = group, window


class _Task:
    """What is to be read: `places` (2, n) along the axes `picked`."""

    def __init__(self, dataset: h5py.Dataset, picked: tuple[int, int], places: np.ndarray) -> None:
        self.dataset, self.picked, self.places = dataset, picked, places
        self.rest = [axis for axis in range(dataset.ndim) if axis not in picked]

    def everything(self) -> _Part:
        return _Part(np.arange(self.places.shape[1]), [slice(0, n) for n in self.dataset.shape])

    def target(self, part: _Part) -> tuple[Any, ...]:
        return (part.group, *(part.window[axis] for axis in self.rest))

    def by_hdf5(self, part: _Part) -> Iterator[Callable[[], Found]]:
        """Position after position."""
        item: list[Any] = list(part.window)
        for index in part.group:
            for axis, place in zip(self.picked, self.places[:, index]):
                item[axis] = int(place)
            target = (index, *(part.window[axis] for axis in self.rest))
            yield functools.partial(_as_it_is, target, self.dataset[tuple(item)])

    def parts(self) -> Iterator[_Part]:
        """Chunk after chunk. Windows are in the dataset."""
        sizes = self.dataset.chunks
        numbers = np.stack([p // sizes[axis] for p, axis in zip(self.places, self.picked)])
        order = np.lexsort(numbers[::-1])
        ends = np.flatnonzero(np.diff(numbers[:, order], axis=1).any(axis=0)) + 1
        for group in np.split(order, ends):
            starts = [range(0, self.dataset.shape[axis], size) for axis, size in enumerate(sizes)]
            for axis, number in zip(self.picked, numbers[:, group[0]]):
                starts[axis] = range(int(number) * sizes[axis], int(number) * sizes[axis] + 1)
            for corner in itertools.product(*starts):
                ends_of = zip(corner, sizes, self.dataset.shape)
                yield _Part(group, [slice(c, min(c + size, n)) for c, size, n in ends_of])

    def jobs(self) -> Iterator[Callable[[], Found]]:
        """What HDF5 has to read is read before."""
        expected = self.dataset.chunks, self.dataset.dtype
        for part in self.parts():
            corner = [window.start for window in part.window]
            stored = read_stored(self.dataset, tuple(corner))
            if stored is None:
                yield from self.by_hdf5(part)
                continue
            starts = np.zeros((len(part.group), self.dataset.ndim), np.uint64)
            count = [window.stop - window.start for window in part.window]
            for axis, places in zip(self.picked, self.places[:, part.group]):
                starts[:, axis] = places - corner[axis]
                count[axis] = 1
            yield functools.partial(
                _decode, self.target(part), stored, starts, count, self.picked, expected
            )


def _as_it_is(target: Any, found: Any) -> Found:
    return target, found


def _decode(
    target: Any,
    stored: tuple[bytes, bool],
    starts: np.ndarray,
    count: list[int],
    picked: tuple[int, int],
    expected: tuple[tuple[int, ...], np.dtype],
) -> Found:
    """Regions of `count` elements, of which those picked are single ones."""
    blob, plain = stored
    if not plain and is_in_blocks(blob):
        regions = read_regions(blob, starts, count, expected)
    else:
        whole = whole_chunk(blob, plain, *expected)
        windows = (tuple(slice(s, s + c) for s, c in zip(start, count)) for start in starts.tolist())
        regions = np.stack([whole[window] for window in windows])
    return target, regions.squeeze(tuple(axis + 1 for axis in picked))
