"""Encodes and decodes one array: numpy on one side, self-describing bytes on the other.

ctypes releases Python's global lock while the library works, and the library keeps no state: calls
from several threads run at the same time.
"""

from __future__ import annotations

import ctypes
import functools
import math
import operator
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from . import _machine
from ._elements import as_numbers, from_numbers
from ._errors import PrismError, Status
from ._library import (
    MAX_RANK,
    ArrayStruct,
    DecodeOptionsStruct,
    InfoStruct,
    OptionsStruct,
    call,
    library,
)
from ._options import BOUNDS, from_keywords, to_keywords
from ._selection import as_items, range_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._options import Options

BytesLike = Union[bytes, bytearray, memoryview, np.ndarray]

_LITTLE, _BIG = 0, 1
_RAW_CODER = 4
_LARGEST_TYPE_CODE = 31


@dataclass(frozen=True)
class ChunkInfo:
    """What an encoded array says of itself.

    Attributes:
        shape, dtype: of the decoded array; the byte order is part of the dtype. bfloat16 is a void
            type of two bytes where the package ml_dtypes is missing.
        mapping: how elements became the integers that the pipeline codes: "none" (they are such),
            "table" (of the values that occur), "lattice" (multiples of a step), "fixed"
            (fixed-point numbers and the bits below), "scaled" (8-bit integers times a scale for
            each position), "mask" (places without data left out), "split" (planes along an axis,
            each with a mapping of its own), "colours" (places in a table of the tuples along an
            axis), "repeats" (elements that stand elsewhere, too, left out), "recent" (places in a
            list of the elements used last). Lossy ones: "uniform" (multiples of a step), "near"
            (predictions and multiples of a step), "spatial" and "wavelet" (sums of components),
            "distance" (pictures in JPEG XL).
        transform, predictor, coder, effort: the pipeline used, never "auto"; the coder is "raw"
            where nothing made the elements smaller.
        method: of coder "ans", which the encoder chooses: "quick", "lsq", "adaptive", "frames",
            "palette", "mixed", "order0"; else "none".
        axis: the axis along which the planes lie, None if the array is a single plane or there are
            several such axes.
        axes: all of these: there is a plane for each combination, the last one fastest.
        planes, height, width: the array as planes.
        checksum: whether checksums are stored.
        bound, bound_of, bound_value: what was lost at most: the option of `Prism` with its value
            ("max_error", "rel_max_error", "rel_rmse", "distance"; "rms" or "deviation"). "none"
            where every bit comes back, also of a chunk that a bound was asked for but which is
            smaller without.
        reached: the error in the end, in the unit of the bound and not above it; of "distance" the
            relative RMSE where the chunk was made. 0 without a bound.
        header_bytes, parameter_bytes, payload_bytes: how `encoded_bytes` divides into the header
            with its checksums, weights and other side information, and coded samples.
        decode_bytes: memory that `decode` takes at most, beside the bytes and the array.
        format_version: of the encoding.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    mapping: str
    transform: str
    predictor: str
    coder: str
    method: str
    effort: int
    axis: int | None
    axes: tuple[int, ...]
    planes: int
    height: int
    width: int
    checksum: bool
    bound: str
    bound_of: str
    bound_value: float
    reached: float
    header_bytes: int
    parameter_bytes: int
    payload_bytes: int
    decode_bytes: int
    format_version: int

    @property
    def encoded_bytes(self) -> int:
        """Bytes of the whole encoded array."""
        return self.header_bytes + self.parameter_bytes + self.payload_bytes

    @property
    def bits_per_value(self) -> float:
        """Encoded bits for each element of the array."""
        return 8 * self.encoded_bytes / math.prod(self.shape)


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
    described = _describe(array)
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
    info = _inspect(chunk)
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
    array = empty(_shape(described), _dtype(described))
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
        memory_limit = max(_default_limit() - _size(described), 1)
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


def empty(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    try:
        return np.empty(shape, dtype)
    except MemoryError as reason:
        raise PrismError(Status.MEMORY, str(reason)) from reason


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
    needed = info.decode_bytes + _size(info.array)
    limit = _default_limit()
    if limit and needed > limit:
        raise PrismError(
            Status.MEMORY,
            f"decoding takes {needed} bytes, the result included; the limit is {limit}",
        )


def _shape_of_some(info: InfoStruct, count: int) -> tuple[int, ...]:
    """Of `count` planes of a chunk."""
    shape, axes = list(_shape(info.array)), info.axes[: info.axis_count]
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
    array = empty(_shape_of_some(info, len(wanted)), _dtype(info.array))
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
    shape = _shape(info.array)
    items = as_items(region, shape)
    if items is None:
        raise IndexError(f"region {region!r} of an array of shape {shape}")
    ranges = list(map(range_of, items, shape))
    found = empty(tuple(r[-1] - r[0] + 1 if r else 0 for r in ranges), _dtype(info.array))
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


def describe_chunk(chunk: np.ndarray) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type of an encoded array. Raises PrismError where decoding would take more memory than
    there is to be had."""
    info = _inspect(chunk)
    _check_memory(info)
    return _shape(info.array), _dtype(info.array)


def inspect_chunk(blob: BytesLike) -> ChunkInfo:
    """Reads the header of an encoded array; no checksum is computed. Raises PrismError."""
    info = _inspect(as_bytes(blob))
    names = _pipeline_names(info)
    return ChunkInfo(
        shape=_shape(info.array),
        dtype=_dtype_or_void(info.array),
        mapping=library().prism_mapping_name(info.mapping).decode(),
        transform=names["transform"],
        predictor=names["predictor"],
        coder=names["coder"],
        method=library().prism_method_name(info.method).decode(),
        effort=info.effort,
        axis=None if info.axis < 0 else info.axis,
        axes=tuple(info.axes[: info.axis_count]),
        planes=info.planes,
        height=info.height,
        width=info.width,
        checksum=info.checksum,
        bound=library().prism_bound_name(info.bound).decode(),
        bound_of=library().prism_bound_of_name(info.bound_of).decode(),
        bound_value=info.bound_value,
        reached=info.reached,
        header_bytes=info.header_bytes,
        parameter_bytes=info.parameter_bytes,
        payload_bytes=info.payload_bytes,
        decode_bytes=info.decode_bytes,
        format_version=info.format_version,
    )


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


def _describe(array: np.ndarray) -> ArrayStruct:
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


def _bound(described: ArrayStruct) -> int:
    bound = ctypes.c_size_t()
    call("prism_encode_bound", ctypes.byref(described), ctypes.byref(bound))
    return bound.value


def as_bytes(blob: Any) -> np.ndarray:
    """The buffer as a one-dimensional array of bytes, without a copy."""
    view = memoryview(blob)
    if not view.c_contiguous:
        raise PrismError(Status.ARGUMENT, "encoded bytes must be contiguous in memory")
    return np.frombuffer(view, np.uint8)


def _inspect(chunk: np.ndarray) -> InfoStruct:
    info = InfoStruct()
    call("prism_inspect", chunk.ctypes.data, chunk.size, ctypes.byref(info))
    return info


def _size(described: ArrayStruct) -> int:
    element: int = library().prism_type_size(described.type)
    return math.prod(_shape(described)) * element


def _shape(described: ArrayStruct) -> tuple[int, ...]:
    return tuple(described.dims[: described.rank])


def _dtype(described: ArrayStruct) -> np.dtype:
    name = library().prism_type_name(described.type).decode()
    dtype = _dtype_named(name)
    if dtype is None:
        raise PrismError(Status.TYPE, f"elements of type {name} need the package ml_dtypes")
    return dtype.newbyteorder(">" if described.order == _BIG else "<")


def _dtype_or_void(described: ArrayStruct) -> np.dtype:
    try:
        return _dtype(described)
    except PrismError:
        return np.dtype(f"V{library().prism_type_size(described.type)}")


def _pipeline_names(info: InfoStruct) -> dict[str, Any]:
    """The names of transform, predictor and coder, which the options share with the header."""
    raw = info.coder == _RAW_CODER
    options = OptionsStruct.from_buffer_copy(library().prism_options_default())
    options.transform, options.predictor = info.transform, info.predictor
    options.coder = 0 if raw else info.coder
    names = to_keywords(options)
    return {**names, "coder": "raw"} if raw else names
