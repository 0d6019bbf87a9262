"""Arrays of numpy as the library has them: type codes, byte orders, shapes, memory."""

from __future__ import annotations

import ctypes
import functools
import math
import sys
from typing import Any, Union

import numpy as np

from ._errors import PrismError, Status
from ._library import MAX_RANK, ArrayStruct, library

BytesLike = Union[bytes, bytearray, memoryview, np.ndarray]

_LITTLE, _BIG = 0, 1
_LARGEST_TYPE_CODE = 31


@functools.cache
def _type_codes() -> dict[np.dtype, int]:
    """The element types of this build, in native byte order, with their `prism_type`."""
    names = ((code, library().prism_type_name(code)) for code in range(1, _LARGEST_TYPE_CODE + 1))
    known = ((code, _dtype_named(name.decode())) for code, name in names if name)
    return {dtype: code for code, dtype in known if dtype}


def _dtype_named(name: str) -> np.dtype | None:
    """None for bfloat16 where nothing has brought it to numpy."""
    try:
        return np.dtype(name)
    except TypeError:
        return _ml_dtype(name)


def _ml_dtype(name: str) -> np.dtype | None:
    try:
        import ml_dtypes
    except ImportError:
        return None
    dtype: np.dtype = np.dtype(getattr(ml_dtypes, name))
    return dtype


def plain_array(array: Any) -> np.ndarray:
    """The array as numpy's own. Raises PrismError for one that means more than its elements."""
    if isinstance(array, np.ma.MaskedArray):
        raise PrismError(
            Status.TYPE, "a masked array: its mask would be lost; encode .data and .mask instead"
        )
    return np.asarray(array)


def describe(array: np.ndarray) -> ArrayStruct:
    code = _type_codes().get(array.dtype.newbyteorder("="))
    if code is None:
        known = ", ".join(str(dtype) for dtype in _type_codes())
        raise PrismError(
            Status.TYPE, f"elements of type {array.dtype} are not compressed, only {known}"
        )
    if array.ndim > MAX_RANK:
        raise PrismError(Status.SHAPE, f"rank {array.ndim}: expected 1..{MAX_RANK}")
    dims = (ctypes.c_uint64 * MAX_RANK)(*array.shape)
    return ArrayStruct(code, _order(array.dtype), array.ndim, dims)


def _order(dtype: np.dtype) -> int:
    big = dtype.byteorder == ">" or (dtype.byteorder == "=" and sys.byteorder == "big")
    return _BIG if big else _LITTLE


def size_of(described: ArrayStruct) -> int:
    element: int = library().prism_type_size(described.type)
    return math.prod(shape_of(described)) * element


def shape_of(described: ArrayStruct) -> tuple[int, ...]:
    return tuple(described.dims[: described.rank])


def dtype_of(described: ArrayStruct) -> np.dtype:
    name = library().prism_type_name(described.type).decode()
    dtype = _dtype_named(name)
    if dtype is None:
        raise PrismError(Status.TYPE, f"elements of type {name} need the package ml_dtypes")
    return dtype.newbyteorder(">" if described.order == _BIG else "<")


def dtype_or_void(described: ArrayStruct) -> np.dtype:
    try:
        return dtype_of(described)
    except PrismError:
        return np.dtype(f"V{library().prism_type_size(described.type)}")


def empty(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    try:
        return np.empty(shape, dtype)
    except MemoryError as reason:
        raise PrismError(Status.MEMORY, str(reason)) from reason


def as_bytes(blob: Any) -> np.ndarray:
    """The buffer as a one-dimensional array of bytes, without a copy."""
    view = memoryview(blob)
    if not view.c_contiguous:
        raise PrismError(Status.ARGUMENT, "encoded bytes must be contiguous in memory")
    return np.frombuffer(view, np.uint8)
