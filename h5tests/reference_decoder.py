"""Decodes prism chunks slowly and plainly, written from docs/FORMAT.md alone.

The document is the only source of this file, in its order and with its section names: where it,
this file and the C library disagree, one of the three has a fault. JPEG XL is not covered. How
integers are read is in reference_integers.py; the native coder is in reference_native.py, mappings
are in reference_mappings.py, which add themselves when they are imported.

A new transform, predictor or coder is a function in the table at the end of its section.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from reference_integers import (
    BitModel,
    CorruptChunk,
    IntegerModel,
    NotCovered,
    RangeDecoder,
    Reader,
    limited,
    must,
    wrapped,
)

Plane = list[int]  # the samples, values or residuals of one plane in C order

# Container

INT8, UINT8, UINT16 = 1, 2, 4
INT64 = 7
FLOAT16, BFLOAT16, FLOAT32, FLOAT64 = 9, 10, 11, 12
TYPES = {INT8: "i1", UINT8: "u1", 3: "i2", UINT16: "u2", 5: "i4", 6: "u4", 7: "i8", 8: "u8"}
TYPES |= {FLOAT16: "f2", BFLOAT16: "u2", FLOAT32: "f4", FLOAT64: "f8"}  # bfloat16 as its words
ORDERS = {0: "<", 1: ">"}
NONE = 1
LSQ = 3  # a predictor
ANS, RAW, ZSTD = 3, 4, 5  # coders
CHECKSUMS, MAPPED, PARTS, BLOCKS = 1, 4, 8, 16  # flags
ROLES = 255  # in place of axis + 1


@dataclass(frozen=True)
class Roles:
    """Which axes are those of planes, and which those of pictures."""

    planes: tuple[int, ...]
    pictures: tuple[int, ...]


@dataclass(frozen=True)
class Chunk:
    """What a decoder needs of a chunk; `axis` is None for a single plane. With roles, it is that of
    the arranged array."""

    mapped: bool
    has_blocks: bool
    type: int
    dtype: np.dtype
    dims: tuple[int, ...]
    transform: int
    predictor: int
    coder: int
    axis: int | None
    elements_crc: int | None
    parameters: bytes
    payload: bytes
    roles: Roles | None = None
    head: int = 0  # bytes of the chunk before blocks, if it is in blocks
    head_payload: int = 0  # those that are of the payload
    gaps: np.ndarray | None = None  # where there are no data; its dims are 1 or those of the chunk

    @property
    def depth(self) -> int:
        return 8 * self.dtype.itemsize

    @property
    def count(self) -> int:
        return 1 if self.axis is None else self.dims[self.axis]

    @property
    def plane_dims(self) -> tuple[int, ...]:
        return tuple(size for axis, size in enumerate(self.dims) if axis != self.axis)

    @property
    def width(self) -> int:
        return next((size for size in reversed(self.plane_dims) if size > 1), 1)

    @property
    def height(self) -> int:
        return self.samples // self.width

    @property
    def samples(self) -> int:
        return math.prod(self.plane_dims)


def read_container(data: bytes) -> Chunk:
    """Reads the fields in the order of the table; the stages are checked where they are used."""
    reader = Reader(data)
    must(reader.take(4) == b"PRSM", "the magic is PRSM")
    must(reader.u8() == 1, "the version is known")
    flags = reader.u8()
    must(flags & ~(CHECKSUMS | MAPPED | PARTS | BLOCKS) == 0, "bits 1 and 5-7 of flags are 0")
    must(not flags & BLOCKS or not flags & PARTS, "blocks and parts do not go together")
    of_array = read_array_fields(reader)
    transform, predictor, coder = reader.u8(), reader.u8(), reader.u8()
    must(1 <= reader.u8() <= 9, "effort is in 1..9")
    axis, roles = read_axis(reader, of_array[-1])
    sizes = reader.varint(), reader.varint()
    crc = int.from_bytes(reader.take(4), "little") if flags & CHECKSUMS else None
    if flags & PARTS:
        read_parts(reader, flags & CHECKSUMS > 0, *sizes)
    head_payload = reader.varint() if flags & MAPPED and flags & BLOCKS else 0
    must(head_payload <= sizes[1], "the head is within the chunk")
    if flags & CHECKSUMS and flags & BLOCKS:
        before, stored = data[: reader.position], reader.take(4)
        after = data[reader.position : reader.position + sizes[0] + head_payload]
        must(zlib.crc32(before + after).to_bytes(4, "little") == stored, "the head CRC is right")
    parameters = reader.take(sizes[0])
    head = reader.position + head_payload
    payload = reader.take(sizes[1])
    if flags & CHECKSUMS:
        expected = zlib.crc32(data[: reader.position]).to_bytes(4, "little")
        must(reader.take(4) == expected, "the chunk CRC is right")
    must(reader.position == len(data), "the chunk ends with its last field")
    stages = transform, predictor, coder
    kinds = flags & MAPPED > 0, flags & BLOCKS > 0
    sections = parameters, payload
    return Chunk(*kinds, *of_array, *stages, axis, crc, *sections, roles, head, head_payload)


def read_axis(reader: Reader, dims: tuple[int, ...]) -> tuple[int | None, Roles | None]:
    field = reader.u8()
    if field < ROLES:
        must(field <= len(dims), "the plane axis is less than rank")
        return (field - 1 if field else None), None
    longer = [axis for axis, size in enumerate(dims) if size > 1]
    planes = reader.u8()
    axes = tuple(reader.take(len(longer)))
    must(longer != [], "roles are those of axes longer than 1")
    must(planes <= len(axes), "no more axes count planes than there are")
    must(sorted(axes) == longer, "every axis longer than 1 has one role")
    return (0 if planes else None), Roles(axes[:planes], axes[planes:])


@dataclass(frozen=True)
class Part:
    """Where it ends behind the header, and its CRC."""

    level: int
    end: int
    crc: int | None


def read_parts(reader: Reader, checksums: bool, parameters: int, payload: int) -> list[Part]:
    levels, parts, end = reader.u8(), [], 0
    must(1 <= levels <= 7, "there is a part, of levels 1 to 3 only")
    for level in (3, 2, 1):
        if levels >> (level - 1) & 1:
            size = reader.varint()
            end += size
            must(size >= 1, "no part is empty")
            must(parameters <= end <= parameters + payload, "parts end within the payload")
            crc = int.from_bytes(reader.take(4), "little") if checksums else None
            parts.append(Part(level, end, crc))
    reader.take(4 if checksums else 0)  # of the header
    return parts


def read_array_fields(reader: Reader) -> tuple[int, np.dtype, tuple[int, ...]]:
    """Reads type, order, rank and dims."""
    type_code, order = reader.u8(), reader.u8()
    must(type_code in TYPES, "type has one of the values listed")
    must(order in ORDERS, "order is 0 or 1")
    dtype = np.dtype(ORDERS[order] + TYPES[type_code])
    rank = reader.u8()
    must(1 <= rank <= 32, "rank is 1..32")
    dims = tuple(reader.varint() for _ in range(rank))
    must(min(dims) >= 1, "dims are at least 1")
    must(math.prod(dims) * dtype.itemsize < 1 << 32, "the array is smaller than 2^32 bytes")
    return type_code, dtype, dims


def decode(data: bytes) -> np.ndarray:
    """The array in a chunk. Raises CorruptChunk or NotCovered."""
    chunk = read_container(data)
    array = decode_chunk(chunk)
    must(chunk.elements_crc in (None, zlib.crc32(array.tobytes())), "the elements CRC is right")
    return array


# A decoder of mapped chunks, given their depth.
MAPPING_DECODERS: list[Callable[[Chunk, int], np.ndarray]] = []


def decode_chunk(chunk: Chunk, depth: int = 0) -> np.ndarray:
    must(depth < 4, "no chunk has depth 4")
    check_stages(chunk)
    if chunk.mapped:
        return MAPPING_DECODERS[0](chunk, depth)
    if chunk.coder == RAW:
        return decode_raw(chunk)
    if chunk.roles:
        return rearranged(decode_chunk(arranged(chunk), depth), chunk)
    if chunk.coder == ZSTD:
        return decode_zstd(chunk)
    must(chunk.type <= UINT16, "types 5 to 12 are raw, zstd or mapped")
    return decode_planes(chunk)


def check_stages(chunk: Chunk) -> None:
    must(chunk.transform in TRANSFORMS, "transform has one of the values listed")
    must(chunk.predictor in (*PREDICTORS, LSQ), "predictor has one of the values listed")
    must(chunk.coder in (*CODERS, ANS, RAW, ZSTD), "coder has one of the values listed")
    alone = chunk.transform == NONE and chunk.predictor == NONE
    must(chunk.coder != RAW or not chunk.roles, "raw elements have no roles")
    must(chunk.coder not in (RAW, ZSTD) or alone, "elements of coders 4 and 5 have no other stage")
    together = (chunk.predictor == LSQ) == (chunk.coder == ANS)
    must(together, "coder 3 and predictor 3 come together")


def decode_raw(chunk: Chunk) -> np.ndarray:
    size = math.prod(chunk.dims) * chunk.dtype.itemsize
    must(len(chunk.payload) == size, "a raw payload has as many bytes as the array")
    must(not chunk.parameters, "raw elements have no parameters")
    return np.frombuffer(chunk.payload, chunk.dtype).reshape(chunk.dims)


# Elements and planes


def arranged(chunk: Chunk) -> Chunk:
    """The chunk of the arranged array."""
    planes = math.prod(chunk.dims[axis] for axis in chunk.roles.planes)
    pictures = tuple(chunk.dims[axis] for axis in chunk.roles.pictures)
    dims = ((planes,) if chunk.roles.planes else ()) + pictures
    gaps = chunk.gaps
    if gaps is not None:
        axes = chunk.roles.planes + chunk.roles.pictures
        others = [axis for axis in range(gaps.ndim) if axis not in axes]
        gaps = np.broadcast_to(gaps, chunk.dims).transpose(*axes, *others).reshape(dims)
    return replace(chunk, dims=dims, gaps=gaps, roles=None)


def rearranged(array: np.ndarray, chunk: Chunk) -> np.ndarray:
    """The array of which `array` is the arranged one."""
    axes = chunk.roles.planes + chunk.roles.pictures
    in_order = array.reshape([chunk.dims[axis] for axis in axes]).transpose(np.argsort(axes))
    return np.ascontiguousarray(in_order).reshape(chunk.dims)


def decode_planes(chunk: Chunk) -> np.ndarray:
    """From the coder through the stages to elements."""
    if (chunk.predictor, chunk.coder) in WHOLE_CODERS:
        return to_elements(chunk, WHOLE_CODERS[chunk.predictor, chunk.coder](chunk))
    residuals = CODERS[chunk.coder](chunk)
    values = [PREDICTORS[chunk.predictor](chunk, plane) for plane in residuals]
    return to_elements(chunk, TRANSFORMS[chunk.transform](chunk, values))


def to_elements(chunk: Chunk, planes: list[Plane]) -> np.ndarray:
    """Puts the planes back along their axis, and unsigned elements back to 0 and more."""
    middle = 1 << (chunk.depth - 1) if chunk.dtype.kind == "u" else 0
    array = (np.array(planes) + middle).astype(chunk.dtype)
    if chunk.axis is None:
        return array.reshape(chunk.dims)
    stacked = array.reshape(chunk.count, *chunk.plane_dims)
    return np.ascontiguousarray(np.moveaxis(stacked, 0, chunk.axis))


# Transforms

GROUP = 512
SHIFTS = {8: range(3, 21), 16: range(3, 15)}


@dataclass
class PlaneParameters:
    """The parameters of one plane; without prediction only `scales` count.

    There is one scale for each variable that weights take of a plane: 1, or 9 if they are wide."""

    scales: tuple[int, ...]
    predicted: bool = False
    shift: int = 0
    offset: int = 0
    levels: list[int] = field(default_factory=list)

    @property
    def scale(self) -> int:
        """That of the sample at the position itself."""
        return self.scales[len(self.scales) // 2]


class ChannelModels:
    """The models of the parameters, with so many variables a plane."""

    def __init__(self, variables: int = 1) -> None:
        self.scale = [IntegerModel() for _ in range(variables)]
        self.shift, self.offset = IntegerModel(), IntegerModel()
        self.used = [BitModel(), BitModel()]
        self.levels = [[IntegerModel() for _ in range(6)] for _ in range(variables)]


def undo_channels(chunk: Chunk, planes: list[Plane]) -> list[Plane]:
    """Adds to each plane what its weights make of the planes before it in its group."""
    precision, parameters = read_channels(chunk)
    scales = [plane.scale for plane in parameters]
    samples: list[Plane] = []
    for k, (plane, of_plane) in enumerate(zip(planes, parameters)):
        if of_plane.predicted:
            first = k - k % GROUP
            weights = plane_weights(of_plane, scales[first:k], precision)
            plane = undo_prediction(chunk, plane, of_plane, list(zip(weights, samples[first:])))
        samples.append(plane)
    return samples


def read_channels(chunk: Chunk) -> tuple[int, list[PlaneParameters]]:
    """The precision, and the parameters of each plane."""
    precision = Reader(chunk.parameters).u8()
    decoder = RangeDecoder(chunk.parameters[1:])
    planes = read_planes(decoder, chunk.count, chunk.samples, SHIFTS[chunk.depth])
    must(decoder.reader.at_end, "all of the section is read")
    return precision, planes


def read_planes(
    decoder: RangeDecoder,
    count: int,
    samples: int,
    shifts: range,
    has_offsets: bool = True,
    variables: int = 1,
) -> list[PlaneParameters]:
    """The parameters of `count` planes of so many samples; `shifts` are those allowed."""
    models = ChannelModels(variables)
    planes: list[PlaneParameters] = []
    shift = 0
    for k in range(count):
        before = planes[-1] if planes else PlaneParameters((0,) * variables)
        scales = zip(before.scales, models.scale)
        plane = PlaneParameters(tuple(last + decoder.integer(model) for last, model in scales))
        must(max(map(abs, plane.scales)) <= 127, "a scale is at most 127")
        plane.predicted = bool(decoder.bit(models.used[before.predicted]))
        if plane.predicted:
            weights = k % GROUP * variables
            must(weights < samples, "there are fewer weights than samples of a plane")
            shift = plane.shift = shift + decoder.integer(models.shift)
            must(shift in shifts, "shift is in its range")
            plane.offset = decoder.integer(models.offset) if has_offsets else 0
            for level in range(weights):
                context = level_context(plane.levels, before.levels, variables)
                model = models.levels[level % variables][context]
                plane.levels.append(decoder.integer(model))
        planes.append(plane)
    return planes


def level_context(levels: list[int], above: list[int], variables: int = 1) -> int:
    """Which model the level after `levels` has; `above` are those of the plane before, if any."""
    j, back = len(levels), 2 if variables == 1 else variables
    left = levels[j - 1].bit_length() if j >= 1 else 0
    left2 = levels[j - back].bit_length() if j >= back else left
    up = above[j].bit_length() if j < len(above) else left
    return min(5, (left + left2 + 2 * up + 1) // 4)


def plane_weights(plane: PlaneParameters, scales: list[int], precision: int) -> list[int]:
    """The weights of the planes that have these scales."""
    weights = []
    for level, scale in zip(plane.levels, scales):
        step = limited((scale - plane.scale + precision + 2) >> 2, -6, plane.shift)
        weights.append(level << (plane.shift - step))
        must(weights[-1] == wrapped(weights[-1], 16), "a weight fits a signed 16-bit integer")
    return weights


def undo_prediction(chunk: Chunk, residuals: Plane, plane: PlaneParameters, by: list) -> Plane:
    """`by` lists the planes before, each as a pair with its weight."""
    half = 1 << (chunk.depth - 1)
    bias = (plane.offset << (plane.shift - 3)) + (1 << (plane.shift - 1))
    samples = []
    for position, residual in enumerate(residuals):
        total = wrapped(sum(weight * x[position] for weight, x in by) + bias, 32)
        prediction = limited(total >> plane.shift, -half, half - 1)
        samples.append(wrapped(residual + prediction, chunk.depth))
    return samples


MOST_FRAMES = 1 << 19
CHAIN = 32  # frames that are needed for one


@dataclass
class Turn:
    """A plane in coding order; references are turns."""

    plane: int
    references: list[int]
    duplicates: bool = False
    differs: bool = False


class PlanModels:
    """The models of a plan."""

    def __init__(self) -> None:
        self.plane, self.duplicates = IntegerModel(), BitModel()
        self.more = [[BitModel() for _ in range(3)] for _ in range(2)]
        self.distances = [IntegerModel(), IntegerModel()]


def undo_stack(chunk: Chunk, planes: list[Plane]) -> list[Plane]:
    """Adds what frames were subtracted, and puts planes back to their places."""
    decoder = RangeDecoder(chunk.parameters)
    turns = read_plan(decoder, chunk.count)
    differs = BitModel()
    for turn in turns:
        if turn.references:
            turn.differs = turn.duplicates or bool(decoder.bit(differs))
    must(decoder.reader.at_end, "all of the section is read")
    samples: list[Plane] = []
    for turn, plane in zip(turns, planes):
        if turn.differs:
            other = samples[turn.references[0]]
            plane = [wrapped(value + x, chunk.depth) for value, x in zip(plane, other)]
        samples.append(plane)
    by_plane = sorted(zip(turns, samples), key=lambda pair: pair[0].plane)
    return [plane for _, plane in by_plane]


def read_plan(decoder: RangeDecoder, count: int) -> list[Turn]:
    """The turns of `count` planes."""
    must(count <= MOST_FRAMES, "there are at most 2^19 planes")
    models, last = PlanModels(), Turn(-1, [])
    turns: list[Turn] = []
    closures: list[set[int]] = []
    for t in range(count):
        last = read_turn(decoder, models, t, last)
        must(0 <= last.plane < count, "a plane is one of the chunk's")
        turns.append(last)
        closures.append({t}.union(*(closures[u] for u in last.references)))
        must(len(closures[t]) <= CHAIN, "a closure has at most 32 turns")
    must(len({turn.plane for turn in turns}) == count, "every plane comes exactly once")
    return turns


def read_turn(decoder: RangeDecoder, models: PlanModels, t: int, last: Turn) -> Turn:
    turn = Turn(last.plane + 1 + decoder.integer(models.plane), [])
    for which in range(2):
        if not decoder.bit(models.more[which][len(last.references)]):
            break
        reference = t - 1 - decoder.integer(models.distances[which])
        must(reference < t, "a distance is at least 0")
        if which == 1 and reference <= turn.references[0]:
            reference -= 1
        must(reference >= 0, "a reference is at least turn 0")
        turn.references.append(reference)
        if which == 0 and decoder.bit(models.duplicates):
            turn.duplicates = True
            break
    return turn


def no_transform(chunk: Chunk, planes: list[Plane]) -> list[Plane]:
    must(not chunk.parameters, "parameters are empty without a transform")
    return planes


TRANSFORMS = {1: no_transform, 2: undo_channels, 3: undo_stack}

# Predictors


def undo_paeth(chunk: Chunk, residuals: Plane) -> Plane:
    values: Plane = []
    for position, residual in enumerate(residuals):
        has_w, has_n = position % chunk.width > 0, position >= chunk.width
        w = values[position - 1] if has_w else 0
        n = values[position - chunk.width] if has_n else 0
        nw = values[position - chunk.width - 1] if has_w and has_n else 0
        p = w + n - nw
        prediction = min((w, n, nw), key=lambda value: abs(p - value))  # the first of equal ones
        values.append(wrapped(residual + prediction, chunk.depth))
    return values


PREDICTORS = {1: lambda chunk, residuals: residuals, 2: undo_paeth}

# Coders


def decode_deflate(chunk: Chunk) -> list[Plane]:
    size = chunk.samples * chunk.dtype.itemsize
    stream = zlib.decompressobj()
    try:
        data = stream.decompress(chunk.payload, chunk.count * size + 1)
    except zlib.error as error:
        raise CorruptChunk(f"the zlib stream is damaged: {error}") from error
    must(stream.eof and len(data) == chunk.count * size, "the stream ends with the planes")
    must(not stream.unused_data, "the payload ends with the stream")
    return [join_bytes(chunk, data[at : at + size]) for at in range(0, len(data), size)]


def join_bytes(chunk: Chunk, data: bytes) -> Plane:
    """The residuals of a plane; the bytes of each lie as far apart as there are residuals."""
    pieces = (data[first :: chunk.samples] for first in range(chunk.samples))
    return [int.from_bytes(piece, "big", signed=True) for piece in pieces]


def decode_jxl(chunk: Chunk) -> list[Plane]:
    """Only finds the images, of up to 257 planes each, and that nothing follows them."""
    reader = Reader(chunk.payload)
    for _ in range(0, chunk.count, 257):
        reader.take(reader.varint())
    must(reader.position == len(chunk.payload), "the payload ends with the last image")
    raise NotCovered("coder 2 needs a decoder of JPEG XL")


CODERS = {1: decode_deflate, 2: decode_jxl}


# Coder zstd, of elements of any type


def zstd_decompress(frame: bytes, size: int) -> bytes:
    """RFC 8878, by libzstd: `size` bytes from one frame."""
    library = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
    for name in ("ZSTD_decompress", "ZSTD_findFrameCompressedSize"):
        getattr(library, name).restype = ctypes.c_size_t
    whole = library.ZSTD_findFrameCompressedSize(frame, ctypes.c_size_t(len(frame)))
    must(whole == len(frame), "the payload is one frame")
    content = ctypes.create_string_buffer(size + 1)
    sizes = ctypes.c_size_t(size + 1), ctypes.c_size_t(len(frame))
    must(
        library.ZSTD_decompress(content, sizes[0], frame, sizes[1]) == size,
        "the frame holds the elements",
    )
    return content.raw[:size]


def unshuffle(data: bytes, kind: int, count: int, width: int) -> list[int]:
    if kind == 0:
        return [int.from_bytes(data[at : at + width], "little") for at in range(0, len(data), width)]
    if kind == 1:
        return [int.from_bytes(data[at::count], "big") for at in range(count)]
    plane = -(-count // 8)
    values = [0] * count
    for number in range(8 * width):
        bits = data[number * plane : (number + 1) * plane]
        for i in range(count):
            values[i] = 2 * values[i] + (bits[i // 8] >> (i % 8) & 1)
    return values


def decode_zstd(chunk: Chunk) -> np.ndarray:
    width, count = chunk.dtype.itemsize, math.prod(chunk.dims)
    reader = Reader(chunk.parameters)
    flags = reader.u8()
    kind, zigzag, differences = flags & 3, flags >> 2 & 1, flags >> 3
    must(kind <= 2 and differences <= 4, "shuffle is in 0..2, differences in 0..4")
    distances = [reader.varint() for _ in range(differences)]
    must(all(1 <= distance < count for distance in distances), "distances are in 1..n-1")
    must(reader.at_end, "parameters end with the distances")
    size = 8 * width * -(-count // 8) if kind == 2 else count * width
    values = unshuffle(zstd_decompress(chunk.payload, size), kind, count, width)
    modulus = 1 << 8 * width
    if zigzag:
        values = [(-(v + 1) // 2 if v & 1 else v // 2) % modulus for v in values]
    for distance in reversed(distances):
        for i in range(distance, count):
            values[i] = (values[i] + values[i - distance]) % modulus
    array = np.array(values, f"{chunk.dtype.str[0].replace('|', '<')}u{width}").view(chunk.dtype)
    if chunk.axis is None:
        return array.reshape(chunk.dims)
    return np.ascontiguousarray(
        np.moveaxis(array.reshape(chunk.count, *chunk.plane_dims), 0, chunk.axis)
    )


# Coders that do the work of all stages: they give samples, not residuals. By predictor and coder.
WHOLE_CODERS: dict[tuple[int, int], Callable[[Chunk], list[Plane]]] = {}
