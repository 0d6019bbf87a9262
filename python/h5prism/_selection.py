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

    @property
    def arrays(self) -> list[int]:
        """The axes with arrays."""
        return [axis for axis, item in enumerate(self.items) if isinstance(item, np.ndarray)]

    @property
    def ranges(self) -> list[int]:
        return [axis for axis, item in enumerate(self.items) if isinstance(item, range)]

    @property
    def shape(self) -> tuple[int, ...]:
        if not self.is_pointwise:
            return tuple(map(len, self.items))
        points = len(self.items[self.arrays[0]])
        return points, *(len(self.items[axis]) for axis in self.ranges)

    def of(self, array: np.ndarray) -> np.ndarray:
        """The elements of an array."""
        if not self.is_pointwise:
            for axis, item in enumerate(self.items):
                cut = slice(item.start, item.stop, item.step) if isinstance(item, range) else item
                array = array[(slice(None),) * axis + (cut,)]
            return array
        moved = np.moveaxis(array, self.arrays, range(len(self.arrays)))
        windows = (slice(r.start, r.stop, r.step) for r in self._items_at(self.ranges))
        return moved[(*self._items_at(self.arrays), *windows)]

    def _items_at(self, axes: Iterable[int]) -> Iterator[Any]:
        return (self.items[axis] for axis in axes)

    def box(self) -> tuple[slice, ...]:
        """The smallest box with all elements, of which there must be one."""
        return tuple(slice(int(min(item)), int(max(item)) + 1) for item in map(_ends, self.items))

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
        numbers = np.stack([self.items[axis] // chunks[axis] for axis in self.arrays])
        order = np.lexsort(numbers[::-1])
        ends = np.flatnonzero(np.diff(numbers[:, order], axis=1).any(axis=0)) + 1
        along = [list(_in_chunks(self.items[axis], chunks[axis])) for axis in self.ranges]
        for group in np.split(order, ends) if len(order) else ():
            for parts in itertools.product(*along):
                rest = dict(zip(self.ranges, parts))
                offset, inside = [0] * len(self.items), list(self.items)
                for axis, number in zip(self.arrays, numbers[:, group[0]]):
                    offset[axis] = int(number) * chunks[axis]
                    inside[axis] = self.items[axis][group] - offset[axis]
                for axis, (start, part, _) in rest.items():
                    offset[axis], inside[axis] = start, part
                target = (group, *(part[2] for part in rest.values()))
                yield tuple(offset), Selection(tuple(inside), True), target

    # By regions.

    def regions(self, shape: Sequence[int]) -> Regions | None:
        """Where the elements are in an array of that shape, unless it is faster to take them out of
        all of it. `taken` has them out of the regions."""
        if not math.prod(self.shape):
            return None
        found = self._lines() if not self.ranges and self.is_pointwise else self._regions()
        work = len(found.starts) * max(math.prod(found.count), _LEAST_REGION)
        return found if work < math.prod(shape) else None

    def taken(self, parts: np.ndarray) -> np.ndarray:
        """The selected elements out of all regions, one after the other, an array (n, *count)."""
        if not self.ranges and self.is_pointwise:
            _, line, least = self._points_of_lines
            last = self.items[-1] - least
            return parts[line, ..., last].reshape(self.shape)
        steps = (slice(None, None, i.step) if isinstance(i, range) else 0 for i in self.items)
        parts = parts[(slice(None), *steps)]
        if self.is_pointwise:
            return parts
        lengths = [len(self.items[axis]) for axis in self.arrays]
        parts = parts.reshape(*lengths, *parts.shape[1:])
        return np.moveaxis(parts, range(len(lengths)), self.arrays)

    def _regions(self) -> Regions:
        arrays = list(self._items_at(self.arrays))
        if not self.is_pointwise:
            arrays = [grid.reshape(-1) for grid in np.meshgrid(*arrays, indexing="ij")]
        starts = np.zeros((len(arrays[0]) if arrays else 1, len(self.items)), np.uint64)
        for axis, indices in zip(self.arrays, arrays):
            starts[:, axis] = indices
        for axis in self.ranges:
            starts[:, axis] = self.items[axis][0]
        count = tuple(i[-1] - i[0] + 1 if isinstance(i, range) else 1 for i in self.items)
        return Regions(starts, count)

    def _lines(self) -> Regions:
        """Points along the last axis lie close together as a rule: what is between them is taken."""
        lines, _, least = self._points_of_lines
        starts = np.concatenate([lines, np.full((len(lines), 1), least)], axis=1)
        count = (1,) * (len(self.items) - 1) + (int(self.items[-1].max()) - least + 1,)
        return Regions(starts.astype(np.uint64), count)

    @functools.cached_property
    def _points_of_lines(self) -> tuple[np.ndarray, np.ndarray, int]:
        """Different lines, the number of that of each point, and the least index along them."""
        *rest, last = self.items
        room = tuple(int(item.max()) + 1 for item in rest)
        numbers, line = np.unique(np.ravel_multi_index(rest, room), return_inverse=True)
        return np.stack(np.unravel_index(numbers, room), axis=1), line, int(last.min())


def _ends(item: Item) -> Sequence[int]:
    if isinstance(item, range):
        return item[0], item[-1]
    return item.min(), item.max()


def _numbers(item: Item, size: int) -> Sequence[int]:
    """Of the chunks of `size` with any of these indices: each once."""
    if isinstance(item, np.ndarray):
        return np.unique(item // size)
    if not item or item.step > size:
        return [index // size for index in item]
    return range(item[0] // size, item[-1] // size + 1)


def _in_chunks(item: Item, size: int) -> Iterator[tuple[int, Item, Any]]:
    """For each chunk of `size` with any of these indices its start, the indices in it, and where they
    are among all."""
    for number in map(int, _numbers(item, size)):
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
