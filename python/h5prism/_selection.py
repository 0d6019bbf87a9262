"""Selections of elements: an integer or a slice for each axis."""

from __future__ import annotations

from typing import Any

import numpy as np


def as_items(selection: Any, shape: tuple[int, ...]) -> list[Any] | None:
    """One integer or slice for each axis; None for any other selection, which h5py has to make, or
    to complain of."""
    items = list(selection) if isinstance(selection, tuple) else [selection]
    dots = [index for index, item in enumerate(items) if item is Ellipsis]
    missing = len(shape) - (len(items) - len(dots))
    if len(dots) > 1 or missing < 0:
        return None
    at = dots[0] if dots else len(items)
    items[at : at + 1] = [slice(None)] * missing
    return items if all(map(_is_plain_item, items, shape)) else None


def _is_plain_item(item: Any, size: int) -> bool:
    if isinstance(item, slice):
        return item.step is None or item.step >= 1
    is_integer = isinstance(item, (int, np.integer)) and not isinstance(item, bool)
    return is_integer and -size <= int(item) < size


def range_of(item: Any, size: int) -> range:
    """The indices that an integer or a slice selects."""
    if isinstance(item, slice):
        return range(*item.indices(size))
    index = int(item) % size
    return range(index, index + 1)
