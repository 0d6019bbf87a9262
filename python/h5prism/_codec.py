"""Encodes and decodes one array: numpy on one side, self-describing bytes on the other.

ctypes releases Python's global lock while the library works, and the library keeps no state: calls
from several threads run at the same time.
"""

from __future__ import annotations

import ctypes
import operator
import os
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _machine
from ._arrays import (
    BytesLike,
    as_bytes,
    describe,
    dtype_of,
    empty,
    plain_array,
    shape_of,
    size_of,
)
from ._chunk_info import read_info
from ._elements import as_numbers, from_numbers
from ._errors import PrismError, Status
from ._library import MAX_RANK, ArrayStruct, DecodeOptionsStruct, InfoStruct, call
from ._options import BOUNDS, from_keywords
from ._selection import as_items, range_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._options import Options


def _plain_scales(scales: Any, shape: tuple[int, ...]) -> np.ndarray:
    """A scale for each position of the first dimensions, or for each element."""
    plain = np.ascontiguousarray(scales, np.float32)
    if plain.shape == shape[: plain.ndim]:
        return plain
    try:
        return np.ascontiguousarray(np.broadcast_to(plain, shape))
    except ValueError as reason:
        raise PrismError(
            Status.ARGUMENT, f"scales of shape {plain.shape} for an array of shape {shape}"
        ) from reason


def encode(array: Any, *, scales: Any = None, **options: Unpack[Options]) -> bytes:
    """Encodes an array, losslessly unless there is a bound among the options; `decode` needs nothing
    but the bytes returned.

    Args:
        array: numpy array of integers of 1 to 8 bytes or of float16, float32, float64 or (with the
            package ml_dtypes) bfloat16, in either byte order, of rank 1 to 32, no dimension 0, below
            4 GiB. Any strides; an array that is not in C order is copied first. Booleans, dates and
            durations are encoded as integers; complex numbers and structured elements of numbers
            as one more axis (alike numbers as such, others of the same width as unsigned integers,
            else bytes), as the HDF5 filter does: `decode` takes their dtype.
        scales: for integers that stand for element x scale: an array of float32, of the shape of
            the first dimensions (a scale for each position, channels last), or one that broadcasts
            to the array. A bound `rel_rmse` is then that of the products; `decode` gives integers.
        **options: the keywords of `Prism`.

    Raises:
        PrismError: with status TYPE or SHAPE for an array outside these limits, TYPE for a bound
            that cannot be kept on such elements (of booleans, dates and several numbers, none is), OPTION for an unknown option or value.

    Any number of threads may call it at the same time.
    """
    chosen = from_keywords(options)
    array = _numbers(plain_array(array), options)
    described = describe(array)
    # A contiguous array of rank 0 would come back as rank 1: it is refused by _bound before.
    capacity = _bound(described)
    array = np.ascontiguousarray(array)
    factors = None if scales is None else _plain_scales(scales, array.shape)
    chunk = np.empty(capacity, np.uint8)
    size = ctypes.c_size_t()
    call(
        "prism_encode_scaled",
        ctypes.byref(described),
        array.ctypes.data,
        None if factors is None else factors.ctypes.data,
        0 if factors is None else factors.size,
        ctypes.byref(chosen),
        chunk.ctypes.data,
        capacity,
        ctypes.byref(size),
    )
    return chunk[: size.value].tobytes()


def _numbers(array: np.ndarray, options: Mapping[str, object]) -> np.ndarray:
    if array.ndim == 0:
        raise PrismError(Status.SHAPE, f"rank 0: expected 1..{MAX_RANK}")
    numbers = as_numbers(array)
    if numbers.dtype != array.dtype and any(key in options for key in BOUNDS):
        raise PrismError(Status.TYPE, f"no bound goes with elements of type {array.dtype}")
    return numbers


def decode(
    blob: BytesLike,
    *,
    dtype: Any = None,
    planes: Sequence[int] | None = None,
    region: Any = None,
    reduce: int = 0,
    skip_checksum: bool = False,
    threads: int = 1,
    memory_limit: int | None = None,
) -> np.ndarray:
    """Decodes what `encode` returned, or a chunk that the HDF5 filter wrote.

    Args:
        blob: the encoded bytes: any contiguous buffer.
        dtype: of the elements, where they were not integers or floats: bool, dates, complex or
            structured ones. In the byte order of the chunk. None: the numbers that they became.
        planes: what to decode, as indices along the chunk's axis (`inspect_chunk`), in any order,
            negative ones from the end; of several axes, indices of their combinations; None is
            everything. Of a stack of frames, no more is
            decoded than these depend on; of other chunks, everything is. A chunk without an axis
            (raw ones have none) is a single plane. The checksum of the elements is then not
            computed.
        region: what to decode, as integers and slices along the axes of the array, as in
            `array[region]`: `numpy.s_[10:20, 5:9]`. Of a chunk in blocks (option `block`), no more is
            decoded than the blocks that it meets, and only their checksums are computed; of other
            chunks, everything is.
        reduce: 1, 2 or 3: the pictures at 1/2, 1/4 or 1/8 of their height and width (rounded up),
            from no more of the chunk than they take: `blob` may end there (`reduced_size`). Only
            lossy chunks whose mapping is "distance" or "wavelet" have such pictures; missing data are
            not in these. The checksums that are computed are those of that part.
        skip_checksum: do not compute checksums. Damage may then go unnoticed.
        threads: threads that this call may use.
        memory_limit: bytes of working memory beside `blob` and the result; 0 is no limit. By
            default, working memory and result together may take what the environment variable
            H5PRISM_MEMORY_LIMIT says (bytes, or such as 500M or 2G), else what the machine has.

    Returns:
        A new array in C order, of the shape, element type and byte order that was encoded; with
        `planes`, as many along the axis as were asked for, or, where several axes count the
        planes, these as the first axis and the others behind it.

    Raises:
        IndexError: there is no such plane or region.
        PrismError: with status TRUNCATED, CORRUPT, CHECKSUM or VERSION for bytes that are not a
            whole, undamaged encoding of this format version; MEMORY over `memory_limit` or
            where there is no memory for the result; OPTION for a H5PRISM_MEMORY_LIMIT that cannot
            be understood, and for `reduce` where there is no such picture; TYPE for bfloat16 where
            the package ml_dtypes is missing, and for another `dtype` than that of the elements.

    Any number of threads may call it at the same time.
    """
    reduce = operator.index(reduce)
    if threads < 1:
        raise PrismError(Status.OPTION, f"threads={threads}: expected at least 1")
    if memory_limit is not None and memory_limit < 0:
        raise PrismError(Status.OPTION, f"memory_limit={memory_limit}: expected 0 or more")
    chunk = as_bytes(blob)
    if reduce:
        if region is not None:
            raise PrismError(Status.OPTION, f"reduce={reduce} goes with whole pictures only")
        reduced = _decode_reduced(chunk, reduce, planes, skip_checksum, memory_limit)
        return _as_asked(reduced, dtype)
    info = read_info(chunk)
    if memory_limit is None:
        _check_memory(info)
    options = DecodeOptionsStruct(skip_checksum, threads, memory_limit or 0, 0)
    if region is not None:
        if planes is not None:
            raise PrismError(Status.ARGUMENT, "planes and region: one of them at a time")
        return _as_asked(_decode_region(chunk, info, region, options), dtype)
    if planes is not None:
        return _as_asked(_decode_planes(chunk, info, planes, options), dtype)
    return _as_asked(_decode_as(info.array, chunk, options), dtype)


def _decode_as(
    described: ArrayStruct, chunk: np.ndarray, options: DecodeOptionsStruct
) -> np.ndarray:
    array = empty(shape_of(described), dtype_of(described))
    call(
        "prism_decode",
        chunk.ctypes.data,
        chunk.size,
        array.ctypes.data,
        array.nbytes,
        ctypes.byref(options),
    )
    return array


def _as_asked(array: np.ndarray, dtype: Any) -> np.ndarray:
    return array if dtype is None else from_numbers(array, np.dtype(dtype))


def _decode_reduced(
    chunk: np.ndarray,
    reduce: int,
    planes: Sequence[int] | None,
    skip_checksum: bool,
    memory_limit: int | None,
) -> np.ndarray:
    if planes is not None:
        raise PrismError(Status.OPTION, f"reduce={reduce} goes with all planes only")
    described = ArrayStruct()
    call("prism_reduced_array", chunk.ctypes.data, chunk.size, reduce, ctypes.byref(described))
    if memory_limit is None and _default_limit():
        memory_limit = max(_default_limit() - size_of(described), 1)
    options = DecodeOptionsStruct(skip_checksum, 1, memory_limit or 0, reduce)
    return _decode_as(described, chunk, options)


def reduced_size(start: BytesLike, reduce: int) -> int:
    """How many bytes of a chunk `decode` with that `reduce` takes.

    Args:
        start: the beginning of the chunk: its first 512 bytes are enough, or all if it has fewer.
        reduce: 1, 2 or 3, as in `decode`; 0 is the whole chunk.

    Returns:
        Bytes from the beginning of the chunk on. The size of the whole chunk where it has no part
        of its own for such pictures, also where it has none at all.

    Raises:
        PrismError: with status TRUNCATED where the header is not all there, CHECKSUM where it is
            damaged, OPTION for another `reduce`, CORRUPT for what is no chunk.
    """
    chunk, needed = as_bytes(start), ctypes.c_size_t()
    call(
        "prism_reduced_size",
        chunk.ctypes.data,
        chunk.size,
        operator.index(reduce),
        ctypes.byref(needed),
    )
    return needed.value


def _default_limit() -> int:
    """Bytes that decoding may take, the result included; 0 is no limit."""
    text = os.environ.get("H5PRISM_MEMORY_LIMIT", "")
    if not text:
        return _machine.memory()
    match = re.fullmatch(r"([0-9]+)([KMG]?)", text, re.ASCII | re.IGNORECASE)
    if match is None:
        raise PrismError(
            Status.OPTION,
            f"environment variable H5PRISM_MEMORY_LIMIT: {text!r} is not a number of bytes, such "
            "as 500000000, 500M or 2G",
        )
    return int(match[1]) << 10 * " KMG".index(match[2].upper() or " ")


def _check_memory(info: InfoStruct) -> None:
    needed = info.decode_bytes + size_of(info.array)
    limit = _default_limit()
    if limit and needed > limit:
        raise PrismError(
            Status.MEMORY,
            f"decoding takes {needed} bytes, the result included; the limit is {limit}",
        )


def describe_chunk(chunk: np.ndarray) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type of an encoded array. Raises PrismError where decoding would take more memory than
    there is to be had."""
    info = read_info(chunk)
    _check_memory(info)
    return shape_of(info.array), dtype_of(info.array)


def _shape_of_some(info: InfoStruct, count: int) -> tuple[int, ...]:
    """Of `count` planes of a chunk."""
    shape, axes = list(shape_of(info.array)), info.axes[: info.axis_count]
    if len(axes) > 1:
        return (count, *(size for i, size in enumerate(shape) if i not in axes))
    for axis in axes:
        shape[axis] = count
    return tuple(shape)


def _decode_planes(
    chunk: np.ndarray, info: InfoStruct, planes: Sequence[int], options: DecodeOptionsStruct
) -> np.ndarray:
    wanted = [index + info.planes if index < 0 else index for index in map(operator.index, planes)]
    for index, given in zip(wanted, planes):
        if not 0 <= index < info.planes:
            raise IndexError(f"plane {given} of a chunk of {info.planes}")
    array = empty(_shape_of_some(info, len(wanted)), dtype_of(info.array))
    if not wanted:
        return array
    call(
        "prism_decode_planes",
        chunk.ctypes.data,
        chunk.size,
        (ctypes.c_uint64 * len(wanted))(*wanted),
        len(wanted),
        array.ctypes.data,
        array.nbytes,
        ctypes.byref(options),
    )
    return array


def _decode_region(
    chunk: np.ndarray, info: InfoStruct, region: Any, options: DecodeOptionsStruct
) -> np.ndarray:
    shape = shape_of(info.array)
    items = as_items(region, shape)
    if items is None:
        raise IndexError(f"region {region!r} of an array of shape {shape}")
    ranges = list(map(range_of, items, shape))
    found = empty(tuple(r[-1] - r[0] + 1 if r else 0 for r in ranges), dtype_of(info.array))
    if found.size:
        call(
            "prism_decode_region",
            chunk.ctypes.data,
            chunk.size,
            (ctypes.c_uint64 * len(ranges))(*(r[0] for r in ranges)),
            (ctypes.c_uint64 * len(ranges))(*found.shape),
            found.ctypes.data,
            found.nbytes,
            ctypes.byref(options),
        )
    steps = [
        slice(None, None, r.step) if isinstance(item, slice) else 0
        for item, r in zip(items, ranges)
    ]
    return np.ascontiguousarray(found[tuple(steps)])


def _bound(described: ArrayStruct) -> int:
    bound = ctypes.c_size_t()
    call("prism_encode_bound", ctypes.byref(described), ctypes.byref(bound))
    return bound.value
