"""Decodes mapped chunks slowly and plainly, written from docs/format-mappings.md alone.

Continues reference_decoder.py, which decodes mapped chunks once this file is imported. Names and
order are those of the document.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from reference_decoder import (
    BFLOAT16,
    FLOAT16,
    FLOAT32,
    FLOAT64,
    INT8,
    INT64,
    MAPPING_DECODERS,
    UINT8,
    UINT16,
    Chunk,
    decode_chunk,
    read_container,
)
from reference_integers import BitModel, IntegerModel, RangeDecoder, Reader, must, wrapped
from reference_holes import is_for

FRACTIONS = {FLOAT16: 10, BFLOAT16: 7, FLOAT32: 23, FLOAT64: 52}


def decode_mapped(chunk: Chunk, depth: int) -> np.ndarray:
    """The elements of a mapped chunk."""
    parameters, payload = Reader(chunk.parameters), Reader(chunk.payload)
    mapping = parameters.u8()
    must(mapping in MAPPINGS, "mapping is known")
    words = MAPPINGS[mapping](squeezed(chunk), depth, parameters, payload)
    must(parameters.at_end, "parameters end with what is described")
    must(payload.at_end, "the payload ends with what is described")
    head = head_payload(squeezed(chunk))
    must(chunk.has_blocks == (head > 0), "bit 4 of flags is 1 if integers are in blocks")
    must(chunk.head_payload == head, "the head ends where that of the last inner chunk does")
    unsigned = np.dtype(f"u{chunk.dtype.itemsize}").newbyteorder(chunk.dtype.byteorder)
    return np.array(words, unsigned).view(chunk.dtype).reshape(chunk.dims)


MAPPING_DECODERS.append(decode_mapped)


def squeezed(chunk: Chunk) -> Chunk:
    """The chunk with the dims that count."""
    dims = tuple(size for size in chunk.dims if size > 1) or (1,)
    if chunk.gaps is None:
        return replace(chunk, dims=dims)
    kept = [gap for gap, size in zip(chunk.gaps.shape, chunk.dims) if size > 1] or [1]
    return replace(chunk, dims=dims, gaps=chunk.gaps.reshape(kept))


def read_inner(
    chunk: Chunk, depth: int, payload: Reader, types: tuple[int, ...], dims: tuple[int, ...]
) -> list:
    """The elements of the next inner chunk, which has one of these types, and these dims."""
    inner = read_container(payload.take(payload.varint()))
    must(inner.elements_crc is None, "an inner chunk has no checksums")
    must(inner.type in types, "an inner chunk has the type that is said")
    must(inner.dims == dims, "an inner chunk has the rank and dims that are said")
    if is_for(chunk.gaps, inner.dims):
        inner = replace(inner, gaps=chunk.gaps)
    return decode_chunk(inner, depth + 1).ravel().tolist()


def head_payload(chunk: Chunk) -> int:
    """Bytes of the payload before blocks; 0 if elements of blocks are not to be had by themselves."""
    parameters, payload = Reader(chunk.parameters), Reader(chunk.payload)
    mapping = parameters.u8()
    if mapping not in WITHOUT_OTHERS or not WITHOUT_OTHERS[mapping](chunk, parameters):
        return 0
    for _ in range(2 if mapping == SCALED else 1):
        size = payload.varint()
        start = payload.position
        inner = read_container(payload.take(size))
    return start + inner.head if inner.has_blocks else 0


def places_without_data(chunk: Chunk) -> list[int]:
    if chunk.gaps is None:
        return []
    return np.flatnonzero(np.broadcast_to(chunk.gaps, chunk.dims)).tolist()


def size_of(chunk: Chunk) -> int:
    """Bits of a word."""
    return 8 * chunk.dtype.itemsize


def word_of_rank(chunk: Chunk, rank: int) -> int:
    size = size_of(chunk)
    sign = 1 << (size - 1)
    if chunk.type in FRACTIONS and rank < sign:  # of words with the bit `sign`
        return (1 << size) - 1 - rank
    return rank if chunk.dtype.kind == "u" and chunk.type != BFLOAT16 else rank ^ sign


def wide_number(reader: Reader) -> int:
    count = reader.u8()
    must(count <= 8, "a wide number has at most 8 bytes")
    return int.from_bytes(reader.take(count), "little")


def coded_number(decoder: RangeDecoder, model: IntegerModel) -> int:
    length = decoder.integer(model)
    must(0 <= length <= 64, "a length is in 0..64")
    number = min(length, 1)
    for _ in range(length - 1):
        number = 2 * number + decoder.plain_bit()
    return number


@dataclass
class PlainBits:
    """Numbers of given sizes in the rest of a payload."""

    payload: Reader
    left: list[int] = field(default_factory=list)  # bits of the last byte that was read

    def number(self, bits: int) -> int:
        return sum(self.bit() << place for place in range(bits))

    def bit(self) -> int:
        if not self.left:
            byte = self.payload.u8()
            self.left = [byte >> place & 1 for place in range(8)]
        return self.left.pop(0)


# Inner integers


def read_integers(chunk: Chunk, depth: int, payload: Reader) -> list[int]:
    return read_inner(chunk, depth, payload, (UINT8, UINT16), chunk.dims)


# Exceptions


def read_flag(parameters: Reader) -> bool:
    exceptions = parameters.u8()
    must(exceptions in (0, 1), "exceptions is 0 or 1")
    return exceptions == 1


def read_exceptions(chunk: Chunk, parameters: Reader) -> dict[int, int]:
    """The words of exceptions, by their places."""
    decoder = RangeDecoder(parameters.take(len(parameters.data) - parameters.position))
    words = {
        place: word
        for first, after, word in read_runs(chunk, decoder)
        for place in range(first, after)
    }
    must(decoder.reader.at_end, "all of the section is read")
    return words


def read_runs(chunk: Chunk, decoder: RangeDecoder) -> Iterator[tuple[int, int, int]]:
    """First place, place after the last one, and word of each run."""
    more, pattern = BitModel(), IntegerModel()
    gap, length, fresh = IntegerModel(), IntegerModel(), IntegerModel()
    recent: list[int] = []
    after = 0
    while decoder.bit(more):
        first = after + coded_number(decoder, gap)
        after = first + coded_number(decoder, length) + 1
        must(after <= math.prod(chunk.dims), "a run lies within the array")
        p = decoder.integer(pattern)
        must(0 <= p <= len(recent), "a pattern is one of the list, or fresh")
        word = recent.pop(p) if p < len(recent) else coded_number(decoder, fresh)
        must(word < 1 << size_of(chunk), "a word has the bits of an element")
        recent = [word, *recent][:8]
        yield first, after, word


# 1 table


def decode_table(chunk: Chunk, depth: int, parameters: Reader, payload: Reader) -> list[int]:
    count = parameters.varint()
    must(1 <= count <= 65536, "count is in 1..65536")
    decoder = RangeDecoder(parameters.take(len(parameters.data) - parameters.position))
    step = IntegerModel()
    ranks = [coded_number(decoder, IntegerModel())]
    while len(ranks) < count:
        ranks.append(ranks[-1] + 1 + coded_number(decoder, step))
    must(decoder.reader.at_end, "all of the section is read")
    must(ranks[-1] < 1 << size_of(chunk), "ranks are below 2^size")
    integers = read_integers(chunk, depth, payload)
    for place in places_without_data(chunk):
        integers[place] = 0
    must(max(integers) < count, "integers are less than count")
    return [word_of_rank(chunk, ranks[i]) for i in integers]


# 2 lattice

BY_RANK, QUOTIENT, PRODUCT, IN_DOUBLES, IN_SINGLES = range(5)
DIVIDE, MULTIPLY, ADD = 1, 2, 3


def decode_lattice(chunk: Chunk, depth: int, parameters: Reader, payload: Reader) -> list[int]:
    rule = read_rule(chunk, parameters)
    least, step = wide_number(parameters), wide_number(parameters)
    plain = parameters.u8()
    must(plain <= 48, "plain is at most 48")
    has_exceptions = read_flag(parameters)
    differences = read_differences(chunk, parameters)
    must(not (has_exceptions and differences.axes), "no differences with exceptions")
    exceptions = read_exceptions(chunk, parameters) if has_exceptions else {}
    if differences.axes:
        chunk = replace(chunk, gaps=None)
    exceptions = {**dict.fromkeys(places_without_data(chunk), 0), **exceptions}
    integers = read_integers(chunk, depth, payload)
    bits = PlainBits(payload)
    numbers = [
        0 if place in exceptions else (i << plain) + bits.number(plain)
        for place, i in enumerate(integers)
    ]
    words = []
    for place, number in enumerate(differences.undone(numbers)):
        if place in exceptions:
            words.append(exceptions[place])
            continue
        k = least + step * number
        if rule.number == BY_RANK:
            words.append(word_of_rank(chunk, k % (1 << size_of(chunk))))
        else:
            words.append(word_of_float(chunk, rule.element(wrapped(k, 64))))
    return words


@dataclass
class Rule:
    number: int
    operations: list[tuple[int, float]] = field(default_factory=list)

    def element(self, k: int) -> np.float64:
        number = np.float64(k)
        with np.errstate(over="ignore", under="ignore"):
            for operation, constant in self.operations:
                if operation == DIVIDE:
                    number = number / np.float64(constant)
                elif operation == MULTIPLY:
                    number = number * np.float64(constant)
                else:
                    number = number + np.float64(constant)
                if self.number == IN_SINGLES:
                    number = np.float64(np.float32(number))
        return number


def read_rule(chunk: Chunk, parameters: Reader) -> Rule:
    rule = Rule(parameters.u8())
    must(rule.number <= IN_SINGLES, "rule is 0 to 4")
    if rule.number == BY_RANK:
        return rule
    must(chunk.type in (FLOAT32, FLOAT64), "rules 1 to 4 are for float32 and float64")
    if rule.number in (QUOTIENT, PRODUCT):
        operation = DIVIDE if rule.number == QUOTIENT else MULTIPLY
        rule.operations.append((operation, read_constant(parameters, operation)))
        return rule
    must(rule.number == IN_DOUBLES or chunk.type == FLOAT32, "rule 4 is for float32")
    count = parameters.u8()
    must(1 <= count <= 3, "there are 1 to 3 operations")
    for _ in range(count):
        operation = parameters.u8()
        must(operation in (DIVIDE, MULTIPLY, ADD), "an operation is 1 to 3")
        rule.operations.append((operation, read_constant(parameters, operation)))
    return rule


def read_constant(parameters: Reader, operation: int) -> float:
    (constant,) = struct.unpack("<d", parameters.take(8))
    must(math.isfinite(constant), "constants are finite")
    must(operation == ADD or constant > 0, "constants are above 0, but where they are added")
    return constant


@dataclass
class Differences:
    dims: tuple[int, ...]
    axes: list[int]
    base: int = 0
    lowest: int = 0

    def undone(self, numbers: list[int]) -> list[int]:
        """What the differences were taken from."""
        if not self.axes:
            return numbers
        array = np.array([(number + self.lowest) % 2**64 for number in numbers], np.uint64)
        array = array.reshape(self.dims)
        corner = array[
            tuple(slice(1) if a in self.axes else slice(None) for a in range(array.ndim))
        ]
        before = np.uint64(self.base)
        for place in np.ndindex(corner.shape):
            with np.errstate(over="ignore"):
                corner[place] += before
            before = corner[place]
        for step in range(len(self.axes) - 1, -1, -1):
            axis = self.axes[step]
            along = np.moveaxis(array, axis, 0)
            for index in range(self.axes[: step + 1].count(axis), len(along)):
                with np.errstate(over="ignore"):
                    along[index] += along[index - 1]
        return [int(number) for number in array.reshape(-1)]


def read_differences(chunk: Chunk, parameters: Reader) -> Differences:
    steps = parameters.u8()
    must(steps <= 4, "at most 4 steps")
    axes = [parameters.u8() for _ in range(steps)]
    must(all(axis < len(chunk.dims) for axis in axes), "axes are less than the rank")
    if not steps:
        return Differences(chunk.dims, [])
    return Differences(chunk.dims, axes, wide_number(parameters), wide_number(parameters))


def word_of_float(chunk: Chunk, number: np.float64) -> int:
    if chunk.type == FLOAT32:
        with np.errstate(over="ignore", under="ignore"):
            return int(np.float32(number).view("u4"))
    return int(number.view("u8"))


def is_lattice_alone(chunk: Chunk, parameters: Reader) -> bool:
    read_rule(chunk, parameters)
    wide_number(parameters), wide_number(parameters)
    plain = parameters.u8()
    read_flag(parameters)
    return not plain and not read_differences(chunk, parameters).axes


# 3 fixed


@dataclass
class Fixed:
    """What the parameters say, and the fraction of the type."""

    fraction: int
    shift: int
    floor: int
    zeros: int
    least: int

    def lowest(self, h: int) -> int:
        return max(max(h - self.fraction, 0) + self.zeros, self.floor)

    def magnitude(self, n: int, bits: PlainBits) -> int:
        """V, of n that is not 0."""
        if self.shift == self.floor:
            return abs(n) << self.shift
        a = abs(n) - 1
        if a > 0:
            h = self.shift + a.bit_length() - 1
            b = bits.number(max(self.shift - self.lowest(h), 0))
            return (a << self.shift) + (b << self.lowest(h))
        h = self.shift - 1
        while not bits.number(1):
            h -= 1
            must(h >= self.floor, "h is not below floor")
        return (1 << h) + (bits.number(h - self.lowest(h)) << self.lowest(h))

    def bits_of_magnitude(self, v: int) -> int:
        u = max(v.bit_length() - 1 - self.fraction, 0)
        return (u << self.fraction) + (v >> u)


def decode_fixed(chunk: Chunk, depth: int, parameters: Reader, payload: Reader) -> list[int]:
    must(chunk.type in FRACTIONS, "fixed is for floats")
    fixed = read_fixed(chunk, parameters)
    exceptions = read_exceptions(chunk, parameters) if read_flag(parameters) else {}
    exceptions = {**dict.fromkeys(places_without_data(chunk), 0), **exceptions}
    integers = read_inner(chunk, depth, payload, (UINT8, UINT16, INT64), chunk.dims)
    bits = PlainBits(payload)
    sign = 1 << (size_of(chunk) - 1)
    words = []
    for place, i in enumerate(integers):
        n = wrapped(fixed.least + i, 64)
        if place in exceptions:
            words.append(exceptions[place])
        elif n == 0:
            words.append(0)
        else:
            magnitude = fixed.bits_of_magnitude(fixed.magnitude(n, bits)) % sign
            words.append(magnitude + (sign if n < 0 else 0))
    return words


def read_fixed(chunk: Chunk, parameters: Reader) -> Fixed:
    fraction = FRACTIONS[chunk.type]
    shift, floor, zeros = parameters.varint(), parameters.varint(), parameters.u8()
    least = int.from_bytes(parameters.take(4), "little", signed=True)
    must(shift <= 2100, "shift is at most 2100")
    must(floor <= shift, "floor is at most shift")
    must(zeros <= fraction, "zeros is at most fraction")
    must(-65536 <= least <= 65535, "least is in -65536..65535")
    return Fixed(fraction, shift, floor, zeros, least)


def is_fixed_alone(chunk: Chunk, parameters: Reader) -> bool:
    fixed = read_fixed(chunk, parameters)
    return fixed.shift == fixed.floor


# 4 scaled

SCALED = 4


def decode_scaled(chunk: Chunk, depth: int, parameters: Reader, payload: Reader) -> list[int]:
    must(chunk.type == FLOAT32, "scaled is for float32")
    must(len(chunk.dims) >= 2 and chunk.dims[-1] >= 4, "rank and last dimension are large enough")
    s = read_inner(chunk, depth, payload, (FLOAT32,), (*chunk.dims[:-1], 1))
    q = read_inner(chunk, depth, payload, (INT8,), chunk.dims)
    for place in places_without_data(chunk):
        s[place // chunk.dims[-1]] = 1
    must(all(math.isfinite(scale) and scale > 0 for scale in s), "s are finite and above 0")
    with np.errstate(over="ignore", under="ignore"):
        products = [np.float64(value) * s[k // chunk.dims[-1]] for k, value in enumerate(q)]
        return [word_of_float(chunk, product) for product in products]


# 10 mask


def decode_mask(chunk: Chunk, depth: int, parameters: Reader, payload: Reader) -> list[int]:
    must(depth == 0 and chunk.gaps is None, "a mask is in the outermost chunk")
    count = parameters.u8()
    must(1 <= count <= 4, "there are 1 to 4 values")
    unsigned = np.dtype(f"u{chunk.dtype.itemsize}").newbyteorder(chunk.dtype.byteorder)
    values = np.frombuffer(parameters.take(count * unsigned.itemsize), unsigned)
    axes = parameters.varint()
    must(axes < 1 << len(chunk.dims), "axes are those of the chunk")
    dims = tuple(size if axes >> axis & 1 else 1 for axis, size in enumerate(chunk.dims))
    mask = np.reshape(read_inner(chunk, depth, parameters, (UINT8,), dims), dims)
    must(mask.max() <= count, "a mask has the numbers of values")
    must(mask.min() == 0, "some place has data")
    kept = [
        np.any(mask == 0, tuple(other for other in range(mask.ndim) if other != axis))
        if axes >> axis & 1
        else np.ones(size, bool)
        for axis, size in enumerate(chunk.dims)
    ]
    inner = read_container(payload.take(payload.varint()))
    must(inner.elements_crc is None, "an inner chunk has no checksums")
    must((inner.type, inner.dtype) == (chunk.type, chunk.dtype), "type and order are the same")
    must(inner.dims == tuple(int(k.sum()) for k in kept), "dims are the numbers of indices kept")
    gaps = mask[np.ix_(*(k if axes >> axis & 1 else [True] for axis, k in enumerate(kept)))] > 0
    words = np.zeros(chunk.dims, unsigned)
    words[np.ix_(*kept)] = decode_chunk(replace(inner, gaps=gaps), depth).view(unsigned)
    whole = np.broadcast_to(mask, chunk.dims)
    words[whole > 0] = values[whole[whole > 0] - 1]
    return words.ravel().tolist()


# 11 split


def decode_split(chunk: Chunk, depth: int, parameters: Reader, payload: Reader) -> list[int]:
    must(depth == 0 and chunk.gaps is None, "planes of their own are in the outermost chunk")
    axis = parameters.u8()
    must(axis < len(chunk.dims), "the axis is one of the chunk")
    unsigned = np.dtype(f"u{chunk.dtype.itemsize}").newbyteorder(chunk.dtype.byteorder)
    words = np.zeros(chunk.dims, unsigned)
    for plane in np.moveaxis(words, axis, 0):
        inner = read_container(payload.take(payload.varint()))
        must(inner.elements_crc is None, "an inner chunk has no checksums")
        must((inner.type, inner.dtype) == (chunk.type, chunk.dtype), "type and order are the same")
        dims = (*chunk.dims[:axis], 1, *chunk.dims[axis + 1 :])
        must(inner.dims == dims, "an inner chunk has one index along the axis")
        plane[...] = decode_chunk(inner, depth + 1).view(unsigned).reshape(plane.shape)
    return words.ravel().tolist()


# 12 colours


def decode_colours(chunk: Chunk, depth: int, parameters: Reader, payload: Reader) -> list[int]:
    must(depth == 0 and chunk.gaps is None, "colours are in the outermost chunk")
    axis, count = parameters.u8(), parameters.varint()
    must(axis < len(chunk.dims), "the axis is one of the chunk")
    must(1 <= count <= 65536, "count is in 1..65536")
    dims = (*chunk.dims[:axis], 1, *chunk.dims[axis + 1 :])
    places = np.array(read_inner(chunk, depth, payload, (UINT8, UINT16), dims)).reshape(dims)
    must(places.max() < count, "places are less than count")
    table = read_container(payload.take(payload.varint()))
    must(table.elements_crc is None, "an inner chunk has no checksums")
    must((table.type, table.dtype) == (chunk.type, chunk.dtype), "type and order are the same")
    must(table.dims == (chunk.dims[axis], count), "the table has a column for each colour")
    unsigned = np.dtype(f"u{chunk.dtype.itemsize}").newbyteorder(chunk.dtype.byteorder)
    colours = decode_chunk(table, depth + 1).view(unsigned).reshape(table.dims)
    planes = [colours[k][places.take(0, axis)] for k in range(chunk.dims[axis])]
    return np.stack(planes, axis).ravel().tolist()


# 13 repeats

SLICES, SYMMETRY, REFLECTION = 1, 2, 3


@dataclass
class Step:
    kind: int
    axis: int
    kept: int = 0
    other: int = 0
    strict: int = 0
    signs: int = 0
    diagonal: int = 0
    axes: int = 0
    from_end: int = 0
    places: list[int] = field(default_factory=list)


def read_step(parameters: Reader, dims: tuple[int, ...]) -> Step:
    step = Step(parameters.u8(), parameters.u8())
    must(step.kind in (SLICES, SYMMETRY, REFLECTION), "kind is in 1..3")
    must(step.axis < len(dims), "the axis is one of the chunk")
    if step.kind == SLICES:
        step.kept = parameters.varint()
        must(1 <= step.kept <= dims[step.axis], "kept is in 1..n")
        return step
    if step.kind == SYMMETRY:
        step.other, step.strict = parameters.u8(), parameters.u8()
        must(step.axis < step.other < len(dims), "the other axis is behind the first one")
        must(dims[step.axis] == dims[step.other] > 1, "dims of both axes are the same")
        must(step.strict in (0, 1), "strict is 0 or 1")
    else:
        step.axes, step.from_end = parameters.varint(), parameters.varint()
        must(0 < step.axes < 1 << len(dims), "axes are those of the chunk")
        must(step.axes.bit_length() - 1 == step.axis, "the axis is the last of them")
        must(not step.from_end & ~step.axes, "from end has bits of axes only")
    step.signs = parameters.u8()
    must(step.signs < 9, "signs are in 0..2")
    if step.strict:
        step.diagonal = wide_number(parameters)
    return step


def dims_of_rest(step: Step, dims: tuple[int, ...]) -> tuple[int, ...]:
    rest, n = list(dims), dims[step.axis]
    if step.kind == SLICES:
        rest[step.axis] = step.kept
    elif step.kind == SYMMETRY:
        rows = n - step.strict
        rest[step.axis], rest[step.other] = -(-rows // 2), rows + 1 - rows % 2
    else:
        rest[step.axis] = -(-n // 2) if step.from_end >> step.axis & 1 else n // 2 + 1
    return tuple(rest)


def read_places(decoder: RangeDecoder, steps: list[Step], sizes: list[int]) -> None:
    models, other = [IntegerModel() for _ in range(5)], IntegerModel()
    for step, size in zip(steps, sizes):
        fresh, relation = 1, 0
        step.places = [0]
        while len(step.places) < size:
            relation = decoder.integer(models[relation])
            must(0 <= relation <= 4, "a relation is in 0..4")
            before = step.places[-1]
            place = (
                [fresh, before, before + 1, before - 1][relation]
                if relation < 4
                else coded_number(decoder, other)
            )
            fresh += relation == 0
            must(0 <= place < fresh <= step.kept, "places are those of slices that are there")
            step.places.append(place)
        must(fresh == step.kept, "all that is kept is used")


def with_sign(chunk: Chunk, word: int, sign: int) -> int:
    size = size_of(chunk)
    if sign == 0 or (sign == 2 and word == 0):
        return word
    return word ^ 1 << (size - 1) if chunk.type in FRACTIONS else -word % (1 << size)


def from_rest(chunk: Chunk, step: Step, dims: tuple[int, ...], rest: np.ndarray) -> np.ndarray:
    if step.kind == SLICES:
        return rest.take(step.places, step.axis)
    words = np.zeros(dims, object)
    own = len(dims) - 1 in (step.axis, step.other if step.kind == SYMMETRY else step.axis)
    for at in np.ndindex(dims):
        source, facing = list(at), False
        if step.kind == SYMMETRY:
            i, j = at[step.axis], at[step.other]
            if step.strict and i == j:
                words[at] = step.diagonal
                continue
            facing = j > i
            i, j = max(i, j), min(i, j)
            rows = dims[step.axis] - step.strict
            half, width, t = -(-rows // 2), rows + 1 - rows % 2, i - step.strict
            below = t >= rows - half
            source[step.axis] = t - rows + half if below else rows - half - 1 - t
            source[step.other] = j if below else width - 1 - j
        elif at[step.axis] >= rest.shape[step.axis]:
            facing = True
            for axis, n in enumerate(dims):
                if step.axes >> axis & 1:
                    source[axis] = n - 1 - at[axis] if step.from_end >> axis & 1 else -at[axis] % n
        paired = dims[-1] == 2 and not own and at[-1] == 1
        sign = (step.signs // 3 if paired else step.signs % 3) if facing else 0
        words[at] = with_sign(chunk, int(rest[tuple(source)]), sign)
    return words


def decode_repeats(chunk: Chunk, depth: int, parameters: Reader, payload: Reader) -> list[int]:
    must(depth <= 1 and chunk.gaps is None, "repeats are in chunks of depth 0 and 1")
    count = parameters.u8()
    must(1 <= count <= 8, "there are 1 to 8 steps")
    steps, shapes = [], [chunk.dims]
    for _ in range(count):
        steps.append(read_step(parameters, shapes[-1]))
        must(steps[-1].diagonal < 1 << size_of(chunk), "the diagonal is a word")
        shapes.append(dims_of_rest(steps[-1], shapes[-1]))
    decoder = RangeDecoder(parameters.take(len(parameters.data) - parameters.position))
    sliced = [(step, dims[step.axis]) for step, dims in zip(steps, shapes) if step.kind == SLICES]
    read_places(decoder, [step for step, _ in sliced], [size for _, size in sliced])
    must(decoder.reader.at_end, "all of the section is read")
    inner = read_container(payload.take(payload.varint()))
    must(inner.elements_crc is None, "an inner chunk has no checksums")
    must((inner.type, inner.dtype) == (chunk.type, chunk.dtype), "type and order are the same")
    must(inner.dims == shapes[-1], "the inner chunk is the last rest")
    must(not (inner.mapped and inner.parameters[:1] == b"\x0d"), "the rest has no repeats left out")
    unsigned = np.dtype(f"u{chunk.dtype.itemsize}").newbyteorder(chunk.dtype.byteorder)
    words = decode_chunk(inner, depth).view(unsigned).reshape(shapes[-1])
    for step, dims in zip(reversed(steps), reversed(shapes[:-1])):
        words = from_rest(chunk, step, dims, words)
    return words.ravel().tolist()


# 14 recent


def decode_recent(chunk: Chunk, depth: int, parameters: Reader, payload: Reader) -> list[int]:
    must(depth == 0 and chunk.gaps is None, "recent elements are in the outermost chunk")
    most, count = parameters.u8(), parameters.varint()
    must(most >= 1, "most is at least 1")
    must(1 <= count <= math.prod(chunk.dims), "fresh is in 1..n")
    values = read_container(payload.take(payload.varint()))
    must(values.elements_crc is None, "an inner chunk has no checksums")
    must((values.type, values.dtype) == (chunk.type, chunk.dtype), "type and order are the same")
    must(values.dims == (count,), "there are as many fresh elements as is said")
    unsigned = np.dtype(f"u{chunk.dtype.itemsize}").newbyteorder(chunk.dtype.byteorder)
    fresh = iter(decode_chunk(values, depth + 1).view(unsigned).tolist())
    used, recent, words = 0, [], []
    for place in read_inner(chunk, depth, payload, (UINT8,), chunk.dims):
        if place == most:
            must(used < count, "there is a fresh element")
            words.append(next(fresh))
            used += 1
            recent.insert(len(recent) // 4, words[-1])
            del recent[most:]
        else:
            must(place < len(recent), "a place is one of the list")
            words.append(recent.pop(place))
            recent.insert(place // 2, words[-1])
    must(used == count, "all fresh elements are used")
    return words


MAPPINGS = {
    1: decode_table,
    2: decode_lattice,
    3: decode_fixed,
    SCALED: decode_scaled,
    10: decode_mask,
    11: decode_split,
    12: decode_colours,
    13: decode_repeats,
    14: decode_recent,
}

# Mappings by which an element is known from its own integer
WITHOUT_OTHERS = {
    1: lambda chunk, parameters: True,
    2: is_lattice_alone,
    3: is_fixed_alone,
    SCALED: lambda chunk, parameters: True,
    10: lambda chunk, parameters: True,
}
