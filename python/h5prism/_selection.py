"""Selections of elements: what they are in an array, and in the chunks of one."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Union

import numpy as np

Item = Union[range, np.ndarray]  # along an axis; an array has one dimension
_LEAST_REGION = 64  # elements that take as long to find as to copy


def as_items(selection: Any, shape: tuple[int, ...]) -> list[Any] | None:
    """One integer or slice for each axis; None for any other selection, which h5py has to make, or
    to complain of."""
    items = _item_of_each_axis(selection, shape)
    return items if items and all(map(_is_plain_item, items, shape)) else None


def as_items_of_h5py(selection: Any, shape: tuple[int, ...]) -> list[Any] | None:
    """The same with a list of indices, or a mask of an axis, along one axis at most: as h5py takes
    them, in increasing order."""
    items = _item_of_each_axis(selection, shape)
    if not items or _is_mask_alone(selection, shape):
        return None
    taken = [
        item if _is_plain_item(item, size) else _increasing(item, size)
        for item, size in zip(items, shape)
    ]
    lists = sum(isinstance(item, np.ndarray) for item in taken)
    return None if lists > 1 or any(item is None for item in taken) else taken


def _item_of_each_axis(selection: Any, shape: tuple[int, ...]) -> list[Any] | None:
    items = list(selection) if isinstance(selection, tuple) else [selection]
    dots = [index for index, item in enumerate(items) if item is Ellipsis]
    missing = len(shape) - (len(items) - len(dots))
    if len(dots) > 1 or missing < 0:
        return None
    at = dots[0] if dots else len(items)
    items[at : at + 1] = [slice(None)] * missing
    return items


def _is_mask_alone(selection: Any, shape: tuple[int, ...]) -> bool:
    """h5py takes it for one of all elements, and has other rules where there is one axis."""
    items = selection if isinstance(selection, tuple) else (selection,)
    masks = [isinstance(item, np.ndarray) and item.dtype == bool for item in items]
    return any(masks) and (len(items) == 1 or len(shape) == 1)


def _is_plain_item(item: Any, size: int) -> bool:
    if isinstance(item, slice):
        return item.step is None or item.step >= 1
    is_integer = isinstance(item, (int, np.integer)) and not isinstance(item, bool)
    return is_integer and -size <= int(item) < size


def _increasing(item: Any, size: int) -> np.ndarray | None:
    if isinstance(item, np.ndarray) and item.dtype == bool and item.shape == (size,):
        indices = np.flatnonzero(item)
    elif isinstance(item, np.ndarray) and item.dtype.kind in "iu" and item.ndim == 1:
        indices = item.astype(np.int64)
    elif type(item) is list and all(type(index) is int for index in item):
        indices = np.array(item, np.int64)
    else:
        return None
    is_right = indices.size and indices[0] >= 0 and indices[-1] < size
    return indices if is_right and (np.diff(indices) > 0).all() else None


def range_of(item: Any, size: int) -> range:
    """The indices that an integer or a slice selects."""
    if isinstance(item, slice):
        return range(*item.indices(size))
    index = int(item) % size
    return range(index, index + 1)


@dataclass(frozen=True)
class Regions:
    """Boxes of equal counts, `starts` (n, rank), in which the elements of a selection are."""

    starts: np.ndarray
    count: tuple[int, ...]


@dataclass(frozen=True)
class Selection:
    """Elements of an array of any shape.

    Attributes:
        items: for each axis a range, or an array of indices in any order.
        is_pointwise: arrays, which are equally long then, go together: element i of each is a point.
            The selected elements have the shape (points, lengths of the ranges ...). Else every index
            along an axis goes with every other one, and they have the lengths of the items.
    """

    items: tuple[Item, ...]
    is_pointwise: bool = False

    @functools.cached_property
    def arrays(self) -> dict[int, np.ndarray]:
        """Those of the items, by their axes."""
        return {axis: i for axis, i in enumerate(self.items) if isinstance(i, np.ndarray)}

    @functools.cached_property
    def ranges(self) -> dict[int, range]:
        return {axis: i for axis, i in enumerate(self.items) if isinstance(i, range)}

    @property
    def shape(self) -> tuple[int, ...]:
        if not self.is_pointwise:
            return tuple(map(len, self.items))
        points = len(next(iter(self.arrays.values())))
        return points, *map(len, self.ranges.values())

    def of(self, array: np.ndarray) -> np.ndarray:
        """The elements of an array."""
        if not self.is_pointwise:
            for axis, item in enumerate(self.items):
                cut = slice(item.start, item.stop, item.step) if isinstance(item, range) else item
                array = array[(slice(None),) * axis + (cut,)]
            return array
        moved = np.moveaxis(array, list(self.arrays), range(len(self.arrays)))
        windows: list[Any] = [slice(r.start, r.stop, r.step) for r in self.ranges.values()]
        found: np.ndarray = moved[(*self.arrays.values(), *windows)]
        return found

    def box(self) -> tuple[slice, ...]:
        """The smallest box with all elements, of which there must be one."""
        return tuple(slice(first, last + 1) for first, last in map(_ends, self.items))

    def moved(self, by: Iterable[int]) -> Selection:
        """Of an array that begins at these indices of the one before."""
        items = tuple(
            range(item.start - start, item.stop - start, item.step)
            if isinstance(item, range)
            else item - start
            for item, start in zip(self.items, by)
        )
        return Selection(items, self.is_pointwise)

    # In the chunks of the array.

    def count_chunks(self, chunks: Sequence[int]) -> int:
        """How many hold any of the elements, at most."""
        counts = [len(_numbers(item, size)) for item, size in zip(self.items, chunks)]
        if not self.is_pointwise:
            return math.prod(counts)
        return self.shape[0] * math.prod(counts[axis] for axis in self.ranges)

    def in_chunks(
        self, chunks: Sequence[int]
    ) -> Iterator[tuple[tuple[int, ...], Selection, tuple[Any, ...]]]:
        """For each chunk with any of the elements its offset, the selection of its elements, and the
        index of these among all."""
        if self.is_pointwise:
            yield from self._points_in_chunks(chunks)
            return
        for parts in itertools.product(*map(_in_chunks, self.items, chunks)):
            offset, inside, target = zip(*parts)
            yield offset, Selection(inside), target

    def _points_in_chunks(
        self, chunks: Sequence[int]
    ) -> Iterator[tuple[tuple[int, ...], Selection, tuple[Any, ...]]]:
        numbers = np.stack([item // chunks[axis] for axis, item in self.arrays.items()])
        order = np.lexsort(numbers[::-1])
        ends = np.flatnonzero(np.diff(numbers[:, order], axis=1).any(axis=0)) + 1
        along = [list(_in_chunks(item, chunks[axis])) for axis, item in self.ranges.items()]
        for group in np.split(order, ends):
            starts = {
                axis: int(number) * chunks[axis]
                for axis, number in zip(self.arrays, numbers[:, group[0]])
            }
            inside: dict[int, Item] = {
                axis: self.arrays[axis][group] - start for axis, start in starts.items()
            }
            for parts in itertools.product(*along):
                for axis, (start, part, _) in zip(self.ranges, parts):
                    starts[axis], inside[axis] = start, part
                axes = range(len(self.items))
                points = Selection(tuple(inside[axis] for axis in axes), True)
                target = (group, *(part[2] for part in parts))
                yield tuple(starts[axis] for axis in axes), points, target

    # By regions.

    def regions(self, shape: Sequence[int]) -> Regions | None:
        """Where the elements are in an array of that shape, unless it is faster to take them out of
        all of it. `taken` has them out of the regions."""
        if not math.prod(self.shape):
            return None
        found = self._lines() if self._is_in_lines else self._regions()
        return found if _work(found.starts, found.count) < math.prod(shape) else None

    def taken(self, parts: np.ndarray) -> np.ndarray:
        """The selected elements out of all regions, one after the other, an array (n, *count)."""
        if self._is_in_lines:
            lines = self._points_of_lines
            last = self.arrays[len(self.items) - 1] - lines.least
            found: np.ndarray = parts[lines.number, ..., last]
            return found.reshape(self.shape)
        steps = (slice(None, None, i.step) if isinstance(i, range) else 0 for i in self.items)
        parts = parts[(slice(None), *steps)]
        if self.is_pointwise:
            return parts
        lengths = list(map(len, self.arrays.values()))
        parts = parts.reshape(*lengths, *parts.shape[1:])
        return np.moveaxis(parts, range(len(lengths)), list(self.arrays))

    def _regions(self) -> Regions:
        arrays = list(self.arrays.values())
        if not self.is_pointwise:
            arrays = [grid.reshape(-1) for grid in np.meshgrid(*arrays, indexing="ij")]
        starts = np.zeros((len(arrays[0]) if arrays else 1, len(self.items)), np.uint64)
        for axis, indices in zip(self.arrays, arrays):
            starts[:, axis] = indices
        for axis, item in self.ranges.items():
            starts[:, axis] = item[0]
        count = tuple(i[-1] - i[0] + 1 if isinstance(i, range) else 1 for i in self.items)
        return Regions(starts, count)

    def _lines(self) -> Regions:
        lines = self._points_of_lines
        least = np.full((len(lines.starts), 1), lines.least)
        starts = np.concatenate([lines.starts, least], axis=1).astype(np.uint64)
        return Regions(starts, (1,) * (len(self.items) - 1) + (lines.count,))

    @functools.cached_property
    def _is_in_lines(self) -> bool:
        """Whether to take points with all that is between them along the last axis: many are close
        together, such as the channels of pixels."""
        if self.ranges or not self.is_pointwise or len(self.items) < 2:
            return False
        lines = self._points_of_lines
        return _work(lines.starts, (lines.count,)) < _LEAST_REGION * len(lines.number)

    @functools.cached_property
    def _points_of_lines(self) -> _Lines:
        *rest, last = self.arrays.values()
        room = tuple(int(item.max()) + 1 for item in rest)
        numbers, line = np.unique(np.ravel_multi_index(rest, room), return_inverse=True)
        starts = np.stack(np.unravel_index(numbers, room), axis=1)
        least = int(last.min())
        return _Lines(starts, line, least, int(last.max()) - least + 1)


@dataclass(frozen=True)
class _Lines:
    """Points by the lines along the last axis that have any: where these are along the other axes, the
    number of that of each point, the least index along them, and how many from there on are taken."""

    starts: np.ndarray
    number: np.ndarray
    least: int
    count: int


def _work(starts: np.ndarray, count: Sequence[int]) -> int:
    """What regions take, as elements that are copied."""
    return len(starts) * max(math.prod(count), _LEAST_REGION)


def _ends(item: Item) -> tuple[int, int]:
    if isinstance(item, range):
        return item[0], item[-1]
    return int(item.min()), int(item.max())


def _numbers(item: Item, size: int) -> Sequence[int]:
    """Of the chunks of `size` with any of these indices: each once."""
    if isinstance(item, np.ndarray):
        found: list[int] = np.unique(item // size).tolist()
        return found
    if not item or item.step > size:
        return [index // size for index in item]
    return range(item[0] // size, item[-1] // size + 1)


def _in_chunks(item: Item, size: int) -> Iterator[tuple[int, Item, Any]]:
    """For each chunk of `size` with any of these indices its start, the indices in it, and where they
    are among all."""
    for number in _numbers(item, size):
        start = number * size
        if isinstance(item, range):
            first = max(0, -(-(start - item.start) // item.step))
            last = min(len(item), -(-(start + size - item.start) // item.step))
            begin = item[first] - start
            inside = range(begin, item[last - 1] - start + 1, item.step)
            yield start, inside, slice(first, last)
        else:
            places = np.flatnonzero(item // size == number)
            yield start, item[places] - start, _as_slice(places)


def _as_slice(places: np.ndarray) -> Any:
    """A window rather than a copy, where that is possible."""
    first, last = int(places[0]), int(places[-1]) + 1
    return slice(first, last) if last - first == len(places) else places
