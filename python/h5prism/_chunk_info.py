"""What a chunk says of itself."""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._arrays import BytesLike, as_bytes, dtype_or_void, shape_of
from ._library import InfoStruct, OptionsStruct, call, library
from ._options import to_keywords

_RAW_CODER = 4


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
            "palette", "mixed", "order0", "blocks"; else "none".
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


def inspect_chunk(blob: BytesLike) -> ChunkInfo:
    """Reads the header of an encoded array; no checksum is computed. Raises PrismError."""
    info = read_info(as_bytes(blob))
    names = _pipeline_names(info)
    return ChunkInfo(
        shape=shape_of(info.array),
        dtype=dtype_or_void(info.array),
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


def read_info(chunk: np.ndarray) -> InfoStruct:
    info = InfoStruct()
    call("prism_inspect", chunk.ctypes.data, chunk.size, ctypes.byref(info))
    return info


def _pipeline_names(info: InfoStruct) -> dict[str, Any]:
    """The names of transform, predictor and coder, which the options share with the header."""
    raw = info.coder == _RAW_CODER
    options = OptionsStruct.from_buffer_copy(library().prism_options_default())
    options.transform, options.predictor = info.transform, info.predictor
    options.coder = 0 if raw else info.coder
    names = to_keywords(options)
    return {**names, "coder": "raw"} if raw else names
