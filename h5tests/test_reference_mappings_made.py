"""The reference decoder of mappings and the library on chunks made by hand: what a document allows
that no encoder writes, and what both must refuse."""

import math
import random
import struct
from dataclasses import dataclass, replace

import h5prism
import numpy as np
from mappings_support import FIXED, FLOATS, LATTICE, SCALED, assert_agree
import pytest
import reference_decoder as reference
import reference_mappings as mappings
import reference_native  # noqa: F401  (decodes coder 3 once it is imported)
from generated import hashed
from python_support import assert_same
from reference_decoder import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, MAPPED
from reference_integers import BitModel, IntegerModel
from test_reference import Fields, RangeEncoder, varint


def coded_number(encoder, model, number):
    encoder.integer(model, number.bit_length())
    for place in range(number.bit_length() - 2, -1, -1):
        encoder.plain_bit(number >> place & 1)


def wide(number, size=8):
    return bytes([size]) + number.to_bytes(size, "little")


def array_fields(type_, dims):
    return {"type": type_, "rank": len(dims), "dims": b"".join(map(varint, dims))}


def inner(integers, type_=reference.UINT8, dims=None, **fields):
    """A raw chunk."""
    elements = np.array(integers, reference.TYPES[type_]).tobytes()
    made = array_fields(type_, dims or (len(integers),))
    made |= {"stages": (1, 1, 4), "payload": elements, "elements": elements}
    return Fields(**made | fields)


def mapped(type_, parameters, *chunks, bits=b"", dims=(6,), **fields):
    inner_chunks = (chunk.chunk() for chunk in chunks)
    payload = b"".join(varint(len(chunk)) + chunk for chunk in inner_chunks) + bits
    made = array_fields(type_, dims) | {"flags": MAPPED}
    return Fields(**made | {"parameters": parameters, "payload": payload} | fields)


SIX = (0, 1, 2, 2, 1, 0)


def table(numbers=(5, 1, 2), type_=5, count=None, more=b"", chunk=inner(SIX), **fields):
    """`numbers` are those of the section."""
    encoder, first, step = RangeEncoder(), IntegerModel(), IntegerModel()
    for index, number in enumerate(numbers):
        coded_number(encoder, step if index else first, number)
    parameters = b"\1" + varint(len(numbers) if count is None else count) + encoder.section()
    return mapped(type_, parameters + more, chunk, **fields)


@dataclass(frozen=True)
class Lattice:
    """Parameters."""

    rule: int = 0
    constant: float = 0.0
    operations: tuple = ()
    least: bytes = b"\0"
    step: bytes = b"\1\1"
    plain: int = 0
    exceptions: bytes = b"\0"
    differences: bytes = b"\0"

    def bytes(self):
        constant = struct.pack("<d", self.constant) if self.rule in (1, 2) else b""
        if self.rule >= 3:
            made = (struct.pack("<Bd", *operation) for operation in self.operations)
            constant = bytes([len(self.operations)]) + b"".join(made)
        numbers = self.least + self.step + bytes([self.plain])
        places = self.exceptions[:1] + self.differences + self.exceptions[1:]
        return bytes([LATTICE, self.rule]) + constant + numbers + places


DIVIDE, MULTIPLY, ADD = 1, 2, 3


def chain(*operations, rule=3, type_=FLOAT32, **parameters):
    return lattice(type_, rule=rule, operations=operations, **parameters)


def differences(*axes, base=0, lowest=0):
    return bytes([len(axes), *axes]) + wide(base) + wide(lowest)


def lattice(type_=FLOAT32, chunk=inner(SIX), bits=b"", **parameters):
    return mapped(type_, Lattice(**parameters).bytes(), chunk, bits=bits)


@dataclass(frozen=True)
class FixedPoint:
    """Parameters."""

    shift: int = 3
    floor: int = 3
    zeros: int = 0
    least: int = -2
    exceptions: bytes = b"\0"

    def bytes(self):
        places = varint(self.shift) + varint(self.floor) + bytes([self.zeros])
        return bytes([FIXED]) + places + struct.pack("<i", self.least) + self.exceptions


def fixed(type_=FLOAT32, chunk=inner(SIX), bits=b"", **parameters):
    return mapped(type_, FixedPoint(**parameters).bytes(), chunk, bits=bits)


def by_scales(
    scales=(1.5, 2.0), integers=range(-4, 4), dims=(2, 4), type_=FLOAT32, more=b"", **chunks
):
    """`chunks` may replace the inner ones."""
    made = {"s": inner(scales, FLOAT32, (*dims[:-1], 1))}
    made |= {"q": inner(integers, reference.INT8, dims)}
    return mapped(type_, bytes([SCALED]) + more, *(made | chunks).values(), dims=dims)


def nested(depth):
    """So many tables of tables."""
    return table((0, 0, 0), reference.UINT8, chunk=nested(depth - 1)) if depth else inner(SIX)


def long_varint(chunk):
    return bytes([len(chunk) | 128, 128, 0]) + chunk


def runs(*of_words, more=b""):
    """Exceptions: gap, length - 1, and a pattern, or the word if it is on no list."""
    encoder, more_runs, known = RangeEncoder(), BitModel(), 0
    gap, length, pattern, fresh = (IntegerModel() for _ in range(4))
    for words_before, words_after, pattern_or_word in of_words:
        encoder.bit(more_runs, 1)
        coded_number(encoder, gap, words_before)
        coded_number(encoder, length, words_after)
        is_fresh = isinstance(pattern_or_word, Word)
        encoder.integer(pattern, known if is_fresh else pattern_or_word)
        if is_fresh:
            coded_number(encoder, fresh, pattern_or_word.bits)
            known = min(known + 1, 8)
    encoder.bit(more_runs, 0)
    return b"\1" + encoder.section() + more


@dataclass(frozen=True)
class Word:
    bits: int


NAN = Word(0x7FC00001)
ODD = runs((1, 1, NAN), (0, 0, Word(7)), (1, 0, 1))
TWELVE = inner(range(12))
TEN_RUNS = runs(*((0, 0, Word(k)) for k in range(9)), (1, 0, 7), (0, 0, 0))

ACCEPTED = {
    "table": table(),
    "table of floats": table((5, (1 << 31) - 3, 9), FLOAT32),
    "table to the last rank": table((0, 7, (1 << 32) - 10)),
    "table to the last rank of 64 bits": table((0, 7, (1 << 64) - 10), 8),
    "table of bytes": table((0, 7, 246), 2),
    "table of 65536": table((0, *[0] * 65535), 4, chunk=inner((65535, 9, *SIX[:4]), 4)),
    "long varint of a length": replace(table(), payload=long_varint(inner(SIX).chunk())),
    "integers of the other order": table(chunk=inner(np.array(SIX) * 256, 4, order=1)),
    "mapped three times": nested(3),
    "lattice": lattice(),
    "lattice of any numbers": lattice(least=wide(2**64 - 3), step=wide(2**63 + 5)),
    "lattice of step 0": lattice(step=b"\0"),
    "quotients": lattice(rule=1, constant=10.0, least=wide(2**64 - 3)),
    "quotients that overflow": lattice(rule=1, constant=1e-40, least=wide(2**64 - 3)),
    "quotients that overflow doubles": lattice(FLOAT64, rule=1, constant=5e-324, least=b"\1\0"),
    "products of denormal numbers": lattice(rule=2, constant=1e-45, least=wide(2**64 - 3)),
    "products that overflow": lattice(rule=2, constant=1e308),
    "doubles": chain((MULTIPLY, 0.1), (ADD, -273.15), type_=FLOAT64),
    "doubles to singles": chain((MULTIPLY, 0.1), (ADD, -273.15)),
    "singles": chain((MULTIPLY, 0.1), (ADD, -273.15), rule=4),
    "singles of constants that are none": chain(
        (DIVIDE, 0.1), (ADD, 1 / 3), (MULTIPLY, 0.7), rule=4
    ),
    "three operations": chain((DIVIDE, 255.0), (ADD, -0.485), (DIVIDE, 0.229), rule=4),
    "one operation": chain((ADD, 0.1), least=wide(2**64 - 3)),
    "zeros of any sign": chain(
        (DIVIDE, 1e300), (MULTIPLY, 1e-300), (ADD, -0.0), least=wide(2**64 - 3)
    ),
    "sums that are 0": chain((MULTIPLY, 0.5), (ADD, -1.0), (DIVIDE, 3.0), rule=4),
    "infinity on the way": chain((MULTIPLY, 1e308), (ADD, -1e308), (DIVIDE, 1e308), least=b"\1\7"),
    "infinity of singles": chain((MULTIPLY, 1e38), (ADD, -1e38), rule=4, least=wide(2**64 - 7)),
    "denormal numbers on the way": chain(
        (MULTIPLY, 1e-45), (MULTIPLY, 1e45), rule=4, least=b"\1\1"
    ),
    "chain of large k": chain((ADD, 1.0), rule=4, least=wide(2**62 + 1), step=wide(2**40 + 1)),
    "chain with exceptions": chain((MULTIPLY, 0.1), (ADD, 7.0), exceptions=ODD),
    "chain of differences": chain((MULTIPLY, 0.1), (ADD, 7.0), differences=differences(0, base=7)),
    "large k": lattice(rule=1, constant=3.0, least=wide(2**62 + 1), step=wide(2**54 + 1)),
    "rounding twice": lattice(rule=2, constant=1.0, least=wide(2**54 + 2**30 + 1), step=wide(2)),
    "ranks of halves": lattice(FLOAT16, least=wide(2**15 - 3)),
    "ranks of bfloat16": lattice(BFLOAT16, least=wide(2**15 - 3)),
    "ranks modulo 2^size": lattice(3, least=wide(2**40 - 3)),
    "plain bits": lattice(plain=5, bits=b"\xa7\x13\xff\x81"),
    "48 plain bits": lattice(8, plain=48, bits=bytes(range(36))),
    "differences": lattice(5, differences=differences(0, base=7, lowest=2**64 - 1)),
    "second differences": lattice(7, differences=differences(0, 0, base=2**63)),
    "differences along two axes": mapped(
        5,
        Lattice(differences=differences(1, 0, 1, lowest=2**64 - 2), plain=3).bytes(),
        inner(range(24), dims=(2, 4, 3)),
        bits=bytes(range(9)),
        dims=(2, 4, 3),
    ),
    "steps longer than the axis": lattice(5, differences=differences(0, 0, 0, 0)),
    "wide integers": fixed(FLOAT64, inner((2**40, -3, 1, 0, -(2**63), 5), 7), shift=3),
    "lattice with exceptions": lattice(exceptions=ODD, plain=5, bits=b"\xa7\x13"),
    "no runs": lattice(exceptions=runs()),
    "all are exceptions": lattice(exceptions=runs((0, 5, NAN))),
    "a long list": mapped(FLOAT32, Lattice(exceptions=TEN_RUNS).bytes(), TWELVE, dims=(12,)),
    "a word of the list again": lattice(exceptions=runs((0, 0, NAN), (0, 0, NAN), (0, 0, 1))),
    "fixed": fixed(),
    "fixed, shift 0": fixed(shift=0, floor=0),
    "fixed, far out": fixed(shift=2100, floor=2100, zeros=23, least=65535),
    "fixed doubles, far out": fixed(FLOAT64, shift=2100, floor=2100, zeros=52, least=-65536),
    "fixed with exceptions": fixed(exceptions=ODD),
    "fixed with bits": fixed(shift=5, floor=0, bits=b"\x10\xff\x8c"),
    "fixed with many bits": fixed(shift=40, floor=9, zeros=3, least=5, bits=bytes(range(14))),
    "unit above the shift": fixed(FLOAT16, shift=5, floor=0, zeros=10, least=60000),
    "zeros above the highest bit": fixed(shift=3, floor=0, zeros=10, least=-1, bits=b"\xff"),
    "scaled": by_scales(),
    "scaled, rank 3": by_scales(scales=(1.5, 2.0, 2.5, 3.0), integers=range(-8, 8), dims=(2, 2, 4)),
    "scaled to infinity and zero": by_scales((3e38, 1e-45), (127, -128, 1, 0) * 2),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name):
    for order in (0, 1):
        assert assert_agree(replace(ACCEPTED[name], order=order).chunk())


def other_shape(dims, type_=reference.UINT8):
    return inner(range(math.prod(dims)), type_, dims)


def stages_of(*stages):
    return replace(table(), stages=stages)


REFUSED = {
    "mapping 0": mapped(5, b"\0", inner(SIX)),
    "mapping 10": mapped(10, b"\12", inner(SIX)),
    "no mapping": mapped(5, b"", inner(SIX)),
    "flag 1": replace(table(), flags=MAPPED | 2),
    "flag 3": replace(table(), flags=MAPPED | 8),
    "type 13": table(type_=13),
    "neither raw nor mapped": replace(table(), flags=0),
    "header with transform 4": stages_of(4, 1, 1),
    "header with predictor 0": stages_of(1, 0, 1),
    "header with coder 6": stages_of(1, 1, 6),
    "header with a raw transform": stages_of(2, 1, 4),
    "header with coder ans alone": stages_of(1, 1, 3),
    "header with predictor lsq alone": stages_of(1, 3, 1),
    "depth 4": nested(4),
    "inner checksums": table(chunk=inner(SIX, flags=1)),
    "inner type int8": table(chunk=inner(SIX, reference.INT8)),
    "inner type uint32": table(chunk=inner(SIX, 6)),
    "inner type float16": table(chunk=inner(SIX, FLOAT16)),
    "inner version": table(chunk=inner(SIX, version=2)),
    "inner shape": table(chunk=other_shape((5,))),
    "inner rank": table(chunk=other_shape((6, 1))),
    "inner chunk with more behind it": table(chunk=inner(SIX, payload=bytes(7))),
    "bytes after the inner chunk": replace(table(), payload=table().payload + b"\0"),
    "inner length": replace(table(), payload=b"\x11" + inner(SIX).chunk()),
    "no inner chunk": replace(table(), payload=b""),
    "table of 0": table((), chunk=inner((0,) * 6)),
    "table of fewer than it says": table(count=4),
    "table of 65537": table((5, *[0] * 65536)),
    "table of more bytes": table(more=b"\0"),
    "integers beyond the table": table(chunk=inner((3, *SIX[1:]))),
    "rank 2^32": table((0, 7, (1 << 32) - 9)),
    "rank 2^64": table((0, 7, (1 << 64) - 9), 8),
    "rank above 2^64": table((9, (1 << 64) - 1, 0), 8),
    "rank 256 of bytes": table((0, 7, 247), 2),
    "rule 5": chain((ADD, 1.0), rule=5),
    "no operations": chain(),
    "four operations": chain(*[(ADD, 1.0)] * 4),
    "operation 0": chain((0, 1.0)),
    "operation 4": chain((ADD, 1.0), (4, 1.0)),
    "operations of halves": chain((ADD, 1.0), type_=FLOAT16),
    "operations on integers": chain((ADD, 1.0), type_=5),
    "singles of doubles": chain((ADD, 1.0), rule=4, type_=FLOAT64),
    "scale 0 of a chain": chain((MULTIPLY, 0.0)),
    "scale -1 of a chain": chain((ADD, 1.0), (DIVIDE, -1.0)),
    "scale infinity of a chain": chain((DIVIDE, math.inf), rule=4),
    "scale NaN of a chain": chain((MULTIPLY, math.nan)),
    "offset infinity": chain((MULTIPLY, 1.0), (ADD, -math.inf)),
    "offset NaN": chain((ADD, math.nan), rule=4),
    "quotients of halves": lattice(FLOAT16, rule=1, constant=1.0),
    "products of integers": lattice(5, rule=2, constant=1.0),
    "constant 0": lattice(rule=1, constant=0.0),
    "constant -1": lattice(rule=2, constant=-1.0),
    "constant infinity": lattice(rule=2, constant=math.inf),
    "constant NaN": lattice(rule=1, constant=math.nan),
    "number of 9 bytes": lattice(least=wide(5, 9)),
    "step of 9 bytes": lattice(step=wide(5, 9)),
    "differences along axis 1 of a line": lattice(5, differences=differences(1)),
    "five differences": lattice(5, differences=differences(0, 0, 0, 0, 0)),
    "differences with exceptions": lattice(exceptions=ODD, differences=differences(0)),
    "differences that end": lattice(5, differences=differences(0)[:-1]),
    "wide integers of a lattice": lattice(7, inner(SIX, 7)),
    "49 plain bits": lattice(plain=49, bits=bytes(37)),
    "too few plain bits": lattice(plain=4, bits=b"??"),
    "too many plain bits": lattice(plain=4, bits=b"????"),
    "plain bits without any": lattice(bits=b"?"),
    "exceptions 2": lattice(exceptions=b"\2" + ODD[1:]),
    "no exceptions, and more": lattice(exceptions=b"\0\0"),
    "exceptions, and more": lattice(exceptions=ODD + b"\0"),
    "exceptions that end": lattice(exceptions=ODD[:-1]),
    "no exceptions": lattice(exceptions=b"\1"),
    "a run behind the array": lattice(exceptions=runs((6, 0, NAN))),
    "a run that is too long": lattice(exceptions=runs((0, 0, NAN), (1, 4, NAN))),
    "a run of 2^64": lattice(exceptions=runs((0, (1 << 64) - 1, NAN))),
    "a gap of almost 2^64": lattice(exceptions=runs((0, 0, NAN), ((1 << 64) - 1, 0, NAN))),
    "pattern off the list": lattice(exceptions=runs((0, 0, NAN), (0, 0, 2))),
    "pattern -1": lattice(exceptions=runs((0, 0, NAN), (0, 0, -1))),
    "a word of 33 bits": lattice(exceptions=runs((0, 0, Word(1 << 32)))),
    "a word of 65 bits": lattice(8, exceptions=runs((0, 0, Word(1 << 64)))),
    "fixed integers": fixed(5),
    "shift 2101": fixed(shift=2101, floor=5, bits=bytes(99)),
    "floor above the shift": fixed(shift=3, floor=4),
    "zeros beyond the fraction": fixed(zeros=24),
    "zeros beyond that of bfloat16": fixed(BFLOAT16, zeros=8),
    "least -65537": fixed(least=-65537),
    "least 65536": fixed(least=65536),
    "exceptions 255": fixed(exceptions=b"\xff" + ODD[1:]),
    "bits without floor": fixed(bits=b"?"),
    "highest bit below floor": fixed(shift=5, floor=2, bits=b"\0\xff\xff"),
    "bits that end": fixed(shift=5, floor=0, bits=b"\x10\xff"),
    "bits that end before the highest": fixed(shift=50, floor=0, bits=b"\0"),
    "scaled doubles": by_scales(type_=FLOAT64),
    "scaled, rank 1": by_scales((1.5,), range(4), (4,)),
    "scaled, 3 channels": by_scales((1.5, 2.5), range(6), (2, 3)),
    "scale 0": by_scales((1.5, 0.0)),
    "scale -0": by_scales((1.5, -0.0)),
    "scale -1": by_scales((1.5, -1.0)),
    "scale infinity": by_scales((1.5, math.inf)),
    "scale NaN": by_scales((math.nan, 1.0)),
    "scaled, parameters": by_scales(more=b"\0"),
    "scaled, uint8": by_scales(q=other_shape((2, 4))),
    "scaled, other shape": by_scales(q=other_shape((2, 3), reference.INT8)),
    "scales of doubles": by_scales(s=inner((1.5, 2.5), FLOAT64, (2, 1))),
    "scales without the last axis": by_scales(s=inner((1.5, 2.5), FLOAT32)),
    "a scale for each element": by_scales(s=inner((1.5,) * 8, FLOAT32, (2, 4))),
    "scales with checksums": by_scales(s=inner((1.5, 2.5), FLOAT32, (2, 1), flags=1)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    assert assert_agree(REFUSED[name].chunk()) is None


TRUNCATED = [
    table(),
    lattice(exceptions=ODD, plain=5, bits=b"ab"),
    chain((MULTIPLY, 0.1), (ADD, 7.0)),
    fixed(),
]


@pytest.mark.parametrize("made", TRUNCATED)
def test_truncated_sections_are_refused(made):
    for size in range(len(made.parameters)):
        assert assert_agree(replace(made, parameters=made.parameters[:size]).chunk()) is None
    for size in range(len(made.payload)):
        assert assert_agree(replace(made, payload=made.payload[:size]).chunk()) is None


@pytest.mark.parametrize("type_", [*FLOATS, BFLOAT16])
@pytest.mark.parametrize("seed", range(8))
def test_any_fixed_point_numbers(type_, seed):
    """Most of which no encoder would make."""
    chance = random.Random(f"{type_} {seed}")
    floor = chance.choice((0, 3, chance.randrange(200)))
    shift = floor + chance.choice((0, 1, 5, chance.randrange(60)))
    zeros = chance.randint(0, mappings.FRACTIONS[type_]) * (seed % 2)
    least = chance.choice((-65536, 65535, -9, 0, -300))
    integers = [chance.choice((0, 1, 8, 9, 10, 299, 301, 65535)) for _ in range(200)]
    parameters = FixedPoint(shift, floor, zeros, least).bytes()
    chunk = inner(integers, reference.UINT16)
    bits = chance.choice((b"\xff" * 4000, chance.randbytes(4000)))
    used = bits[: bytes_of_bits(mapped(type_, parameters, chunk, bits=bits, dims=(200,)).chunk())]
    assert_agree(mapped(type_, parameters, chunk, bits=used, dims=(200,)).chunk())


def bytes_of_bits(data):
    """How many bytes of bits behind the integers the chunk takes; 0 if it is damaged."""
    chunk = reference.read_container(data)
    payload = reference.Reader(chunk.payload)
    try:
        mappings.decode_fixed(chunk, 0, reference.Reader(chunk.parameters, 1), payload)
    except reference.CorruptChunk:
        return 0
    return payload.position - len(chunk.payload) + 4000


# Method 7, order0


def histogram(values, depth=8, count=None):
    """Parameters of samples and shares, in order; the last one's share is not coded."""
    encoder = RangeEncoder()
    models = {name: IntegerModel() for name in ("count", "first", "gap", "share")}
    encoder.integer(models["count"], len(values) if count is None else count)
    after = -(1 << (depth - 1))
    for index, (sample, share) in enumerate(values):
        encoder.integer(models["gap" if index else "first"], sample - after)
        if index < len(values) - 1:
            encoder.integer(models["share"], share - 1)
        after = sample + 1
    return b"\7" + encoder.section()


def by_histogram(values, slots=None, type_=reference.UINT8, words=b"", states=None, **fields):
    """A line of samples, one for each slot; without slots, of zeros."""
    count = len(slots) if slots else 6
    shares = [share for _, share in values]
    ends = [sum(shares[: k + 1]) for k in range(len(shares))]
    last = [65536] * 4
    written = []
    for turn in reversed(range(len(slots or ()))):
        of_slot = next(k for k, end in enumerate(ends) if slots[turn] < end)
        state, share = last[turn % 4], shares[of_slot]
        if state >= share << 18:
            written.append(state & 65535)
            state >>= 16
        first = ends[of_slot] - share
        last[turn % 4] = (state // share << 14) + state % share + first
    payload = struct.pack("<4I", *(states or last)) + struct.pack(
        f"<{len(written)}H", *reversed(written)
    )
    parameters = histogram(values, 8 if type_ < 3 else 16)
    made = array_fields(type_, (count,)) | {"stages": (1, 3, 3), "parameters": parameters}
    return Fields(**made | {"payload": payload + words} | fields)


THREE = [(-128, 100), (5, 16000), (127, 284)]
FEW_SLOTS = [0, 99, 100, 5000, 16099, 16100, 16383, 7, 8]
EVENLY = [(k, 4) for k in range(-2048, 2048)]


ACCEPTED_HISTOGRAMS = {
    "three values": by_histogram(THREE, FEW_SLOTS),
    "one value": by_histogram([(7, 16384)]),
    "4096 values": by_histogram(EVENLY, FEW_SLOTS, reference.UINT16),
    "far values": by_histogram([(-32768, 1), (32767, 16383)], FEW_SLOTS, 3),
}
REFUSED_HISTOGRAMS = {
    "no values": by_histogram([(7, 16384)], parameters=histogram([], count=0)),
    "-1 values": by_histogram([(7, 16384)], parameters=histogram([], count=-1)),
    "4097 values": by_histogram([*EVENLY[:-1], (2047, 2), (2048, 2)], FEW_SLOTS, 4),
    "fewer values": by_histogram(THREE, FEW_SLOTS, parameters=histogram(THREE, count=4)),
    "a share of 0": by_histogram([(1, 0), (5, 16100), (127, 284)], FEW_SLOTS),
    "a share of -1": by_histogram([(1, -1), (5, 16101), (127, 284)], FEW_SLOTS),
    "nothing left": by_histogram([(1, 100), (5, 16284), (127, 0)], FEW_SLOTS),
    "less than nothing left": by_histogram([(1, 16384), (5, 1), (127, -1)], [5, 6]),
    "a value below all": by_histogram([(-129, 100), (5, 16284)], FEW_SLOTS),
    "a value above all": by_histogram([(5, 100), (128, 16284)], FEW_SLOTS),
    "a value twice": by_histogram([(5, 100), (5, 16284)], FEW_SLOTS),
    "more parameters": by_histogram(THREE, parameters=histogram(THREE) + b"\0"),
    "transform channels": by_histogram(THREE, FEW_SLOTS, stages=(2, 3, 3)),
    "transform stack": by_histogram(THREE, FEW_SLOTS, stages=(3, 3, 3)),
    "more words": by_histogram(THREE, FEW_SLOTS, words=b"??"),
    "a byte more": by_histogram(THREE, FEW_SLOTS, words=b"?"),
    "other states": by_histogram([(7, 16384)], states=(65536, 65537, 65536, 65536)),
    "states of 0": by_histogram([(7, 16384)], states=(0, 0, 0, 0), words=bytes(12)),
    "method 8": by_histogram(THREE, parameters=b"\x08" + histogram(THREE)[1:]),
}


@pytest.mark.parametrize("name", ACCEPTED_HISTOGRAMS)
def test_accepted_histograms(name):
    assert assert_agree(ACCEPTED_HISTOGRAMS[name].chunk())


@pytest.mark.parametrize("name", REFUSED_HISTOGRAMS)
def test_refused_histograms(name):
    assert assert_agree(REFUSED_HISTOGRAMS[name].chunk()) is None


@pytest.mark.parametrize("dtype", ["i1", "u1", "<i2", ">u2"])
@pytest.mark.parametrize("shape", [(3000,), (60, 70), (4, 20, 30)], ids=str)
def test_noise_is_order0(shape, dtype):
    drawn = hashed(shape, 9)
    array = (np.where(drawn % 5, drawn % 97, 3) + np.iinfo(dtype).min).astype(dtype)
    chunk = h5prism.encode(array, transform="none", predictor="lsq", coder="ans", effort=5)
    assert reference.read_container(chunk).parameters[0] == 7
    assert_same(reference.decode(chunk), array)
    assert_same(h5prism.decode(chunk), array)


def test_damage_of_order0():
    chance = random.Random(1)
    array = (hashed((3000,), 9) % 67).astype("i2")
    stages = {"transform": "none", "predictor": "lsq", "coder": "ans"}
    chunk = h5prism.encode(array, **stages, checksum=False)
    info = h5prism.inspect_chunk(chunk)
    assert chunk[info.header_bytes] == 7
    for _ in range(80):
        damaged = bytearray(chunk)
        position = chance.randrange(info.header_bytes, len(chunk))
        damaged[position] ^= 1 << chance.randrange(8)
        assert_agree(bytes(damaged))
    for size in range(1, 60):
        assert assert_agree(chunk[:-size]) is None
