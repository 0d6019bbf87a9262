"""Elements that numpy names otherwise, or that hold several numbers, as the numbers they are made of."""

from __future__ import annotations

import math

import numpy as np

from ._errors import PrismError, Status

_SEEN_AS_INTEGERS = "bmM"  # booleans, durations and dates
_NO_NUMBERS = "OSUV"  # objects, strings, opaque


def numbers_of(dtype: np.dtype) -> tuple[np.dtype, int]:
    """The type of the numbers that are encoded for an element, and how many there are.

    The HDF5 filter takes the same: alike numbers as they are, different ones of the same width as
    words of that width, others as bytes. Raises PrismError for what is not made of numbers.
    """
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        kind, count = numbers_of(base)
        return kind, count * math.prod(shape)
    if dtype.fields is not None:
        return _numbers_of_fields(dtype)
    if dtype.kind in _NO_NUMBERS and not _is_bfloat16(dtype):
        raise PrismError(
            Status.TYPE,
            f"elements of type {dtype} are not compressed: only numbers and what consists of these",
        )
    if dtype.kind in _SEEN_AS_INTEGERS:
        return np.dtype(f"{dtype.byteorder}i{dtype.itemsize}"), 1
    if dtype.kind == "c":
        return np.dtype(f"{dtype.byteorder}f{dtype.itemsize // 2}"), 2
    return dtype, 1


def _is_bfloat16(dtype: np.dtype) -> bool:
    """The package ml_dtypes makes it a void type of a class of its own."""
    return dtype.name == "bfloat16"


def _numbers_of_fields(dtype: np.dtype) -> tuple[np.dtype, int]:
    members = [numbers_of(field[0]) for field in (dtype.fields or {}).values()]
    kinds = {kind for kind, _ in members}
    count = sum(number for _, number in members)
    words = {np.dtype(f"{kind.byteorder}u{kind.itemsize}") for kind in kinds}
    if len(words) != 1 or count * next(iter(words)).itemsize != dtype.itemsize:
        return np.dtype(np.uint8), dtype.itemsize
    return (kinds if len(kinds) == 1 else words).pop(), count


def as_numbers(array: np.ndarray) -> np.ndarray:
    """The array as numbers, with one more axis if an element holds several; a view where that is
    possible. Raises PrismError as `numbers_of` does."""
    kind, count = numbers_of(array.dtype)
    if kind == array.dtype:
        return array
    shape = array.shape
    numbers = np.ascontiguousarray(array).reshape(-1).view(kind)
    return numbers.reshape(shape if count == 1 else (*shape, count))


def from_numbers(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """What `as_numbers` made of elements of `dtype`, as these, in the array's byte order. Raises
    PrismError if it holds other numbers."""
    kind, count = numbers_of(dtype)
    fits = array.dtype.newbyteorder("=") == kind.newbyteorder("=")
    if not fits or (count > 1 and array.shape[-1:] != (count,)):
        raise PrismError(
            Status.TYPE,
            f"numbers of type {array.dtype}, {array.shape}, are no elements of type {dtype}",
        )
    shape = array.shape if count == 1 else array.shape[:-1]
    elements = dtype if array.dtype == kind else dtype.newbyteorder()
    return array.reshape(-1).view(elements).reshape(shape)
