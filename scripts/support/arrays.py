"""Loads the arrays that the scripts are given: .npy files and HDF5 datasets."""

from __future__ import annotations

import math
from pathlib import Path

import h5py
import numpy as np

_CHUNK_BYTES = 16 * 2**20


class InputError(Exception):
    """A file or dataset that cannot be used; the message says why."""


def load(path: str, dataset: str | None = None) -> np.ndarray:
    """The array in a .npy file or in a dataset of an HDF5 file.

    Args:
        path: FILE.npy, FILE.h5 or FILE.h5:DATASET.
        dataset: the dataset's name; without it and without :DATASET, the file's only array.

    Raises InputError.
    """
    file = Path(path)
    if not file.exists() and ":" in path:
        name, dataset = path.rsplit(":", 1)
        file = Path(name)
    try:
        array = np.load(file) if file.suffix == ".npy" else _load_hdf5(file, dataset)
    except (OSError, ValueError, KeyError) as reason:
        raise InputError(f"{path}: {reason}") from reason
    if array.ndim == 0 or array.size == 0:
        raise InputError(f"{path}: shape {array.shape}, nothing to compress")
    return np.ascontiguousarray(array)


def _load_hdf5(file: Path, dataset: str | None) -> np.ndarray:
    with h5py.File(file, "r") as opened:
        return opened[dataset or _only_dataset(opened)][()]


def _only_dataset(opened: h5py.File) -> str:
    names: list[str] = []

    def collect(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset) and item.ndim and item.dtype.kind in "iuf":
            names.append(name)

    opened.visititems(collect)
    if len(names) != 1:
        raise InputError(f"{opened.filename}: name one dataset of: {', '.join(names) or 'none'}")
    return names[0]


def chunk_shape(array: np.ndarray) -> tuple[int, ...]:
    """A chunk of at most 16 MiB with the whole last axis, halved along the longest other ones."""
    shape = list(array.shape)
    while math.prod(shape) * array.itemsize > _CHUNK_BYTES and max(shape[:-1], default=1) > 1:
        longest = shape.index(max(shape[:-1]))
        shape[longest] = (shape[longest] + 1) // 2
    return tuple(shape)


def middle(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The part of this shape from the middle of the array."""
    starts = ((whole - part) // 2 for whole, part in zip(array.shape, shape))
    return np.ascontiguousarray(
        array[tuple(slice(start, start + part) for start, part in zip(starts, shape))]
    )
