"""All values of single positions: what is read by the pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._chunks import open_dataset
from ._selected import selected
from ._selection import Item, Selection
from ._threads import worker_count

if TYPE_CHECKING:
    import h5py


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
    items: list[Item] = [range(size) for size in dataset.shape]
    for axis, indices in zip(picked, places):
        items[axis] = indices
    return selected(dataset, Selection(tuple(items), True), worker_count(threads))


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
