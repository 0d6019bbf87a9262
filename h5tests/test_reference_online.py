"""The reference decoder of the method online and the library agree.

The chunks are those the library makes of tiny arrays, and random bytes behind a header made by
hand: every payload decodes to something as long as it ends where the last sample does.
"""

import itertools
import random
from dataclasses import dataclass

import pytest
import reference_decoder as reference
import reference_online as online
from generated import embedding
from python_support import NARROW_DTYPES, assert_same, correlated, extremes, noise, often
from test_reference import Fields, RangeEncoder, varint

import h5prism

METHOD = 3


def encode(array, transform="channels", effort=9):
    """A chunk of planes along the last axis."""
    stages = {"transform": transform, "predictor": "lsq", "coder": "ans"}
    return h5prism.encode(array, **stages, effort=effort, axis=array.ndim - 1)


def is_online(data):
    chunk = reference.read_container(data)
    return chunk.coder == 3 and chunk.parameters[0] == METHOD


def decode(data):
    """The array, by the reference decoder."""
    chunk = reference.read_container(data)
    planes = online.decode_online(chunk, chunk.parameters[1:], chunk.payload)
    return reference.to_elements(chunk, planes)


def kinds(data):
    """The kinds of the bands of a chunk."""
    chunk = reference.read_container(data)
    parameters = online.read_parameters(reference.Reader(chunk.parameters[1:]), chunk)
    picture = online.Picture(chunk, parameters)
    online.read_kinds(picture, reference.RangeDecoder(chunk.payload))
    return [band.kind for band in picture.bands]


def assert_decodes(data, array):
    assert is_online(data)
    assert_same(decode(data), array)


def assert_refused(data):
    """By both decoders."""
    with pytest.raises(reference.CorruptChunk):
        decode(data)
    with pytest.raises(h5prism.PrismError):
        h5prism.decode(data)


# Chunks that the library made

STAGES = list(itertools.product(("none", "channels"), (8, 9)))
CONTENTS = [correlated, noise, extremes]
SHAPES = [(1, 9, 1), (5, 4, 8), (6, 7, 3), (20, 3), (2, 3, 5, 2)]


@pytest.mark.parametrize("dtype", NARROW_DTYPES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_fresh_chunks(dtype, shape):
    """Some are so small that the library stores them as they are."""
    for content, (transform, effort) in itertools.product(CONTENTS, STAGES):
        array = content(shape, dtype, seed=effort)
        data = encode(array, transform, effort)
        if is_online(data):
            assert_same(decode(data), array)


@pytest.mark.parametrize("dtype", NARROW_DTYPES)
@pytest.mark.parametrize("transform, effort", STAGES)
def test_every_stage_is_reached(dtype, transform, effort):
    array = embedding(7, 17, 3, dtype)
    assert_decodes(encode(array, transform, effort), array)


@pytest.mark.parametrize("dtype", NARROW_DTYPES)
def test_constant_planes(dtype):
    array = correlated((18, 24, 4), dtype)
    array[..., 1], array[..., 3] = 5, 99
    data = encode(array)
    assert_decodes(data, array)
    assert kinds(data).count(online.CONSTANT) == 2


@pytest.mark.parametrize("height, width", [(16, 14), (15, 14), (16, 13), (15, 13)])
@pytest.mark.parametrize("dtype", ["int16", "uint16"])
@pytest.mark.parametrize("changes", [0, 6])
def test_replicated_planes(height, width, dtype, changes):
    small = correlated((8, 7, 2), dtype)  # too many values for method 5
    array = small.repeat(2, axis=0).repeat(2, axis=1)[:height, :width].copy()
    chance = random.Random(changes)
    for _ in range(changes):
        place = chance.randrange(height), chance.randrange(width), chance.randrange(2)
        array[place] ^= chance.choice((1, 3, 100))
    data = encode(array)
    assert_decodes(data, array)
    assert online.COPY in kinds(data)


def test_long_rows():
    """Strips end within rows, and classes are factored more than once."""
    array = embedding(3, 90, 1, "int8")
    assert_decodes(encode(array), array)


def test_other_lengths_of_the_payload_are_refused():
    data = encode(correlated((6, 7, 3), "<i2"))
    chunk = reference.read_container(data)
    for payload in (chunk.payload[:-1], chunk.payload + b"\0", chunk.payload[:3], b""):
        with pytest.raises(reference.CorruptChunk):
            online.decode_online(chunk, chunk.parameters[1:], payload)


# Chunks made by hand


@dataclass
class Planes:
    """A chunk of these planes; the bytes of the engines are shape, ridge and share of each."""

    edge: int = 1
    group: int = 1
    learning: int = 0x13
    engines: bytes = bytes([0x42, 20, 0, 0x51, 20, 5, 0x40, 20, 0, 0x50, 20, 2, 0x40, 20, 0])
    type: int = 1
    dims: tuple = (3, 4, 1)
    payload: bytes = bytes(4)
    more: bytes = b""

    def chunk(self):
        parameters = bytes([METHOD, self.edge]) + varint(self.group)
        return Fields(
            type=self.type,
            rank=len(self.dims),
            dims=b"".join(varint(size) for size in self.dims),
            stages=(2, 3, 3),
            axis_plus_1=len(self.dims),
            parameters=parameters + bytes([self.learning]) + self.engines + self.more,
            payload=self.payload,
        ).chunk()


class Header:
    """The beginning of a payload: random kinds, limits and levels."""

    def __init__(self, chance, planes, edge, depth):
        self.chance, self.planes, self.encoder = chance, planes, RangeEncoder()
        self.half = 1 << (depth - 1)
        self.kinds = []
        self.write_kinds(planes * edge**2)
        self.coded = self.kinds.count((0, 0))
        self.write_levels(*self.limits())

    def write_kinds(self, bands):
        coded, constant = [[reference.BitModel() for _ in range(4)] for _ in range(2)]
        model, value = reference.IntegerModel(), 0
        for number in range(bands):
            c = self.kinds[number - self.planes][0] if number >= self.planes else 3
            kind, source = self.random_kind(number, last=number == bands - 1)
            self.kinds.append((kind, source))
            self.encoder.bit(coded[c], int(kind > 0))
            if kind:
                self.encoder.bit(constant[c], int(kind == 2))
            if kind == 1:
                new = self.chance.randrange(-self.half, self.half)
                self.encoder.integer(model, new - value)
                value = new
            if kind == 2:
                self.encoder.bit(reference.BitModel(), source >> 1)
                self.encoder.bit(reference.BitModel(), source & 1)

    def random_kind(self, number, last):
        """0 coded, 1 constant or 2 copy of a phase; at least one band is coded."""
        phase, plane = divmod(number, self.planes)
        if last and (0, 0) not in self.kinds:
            return 0, 0
        sources = [q for q in range(phase) if self.kinds[q * self.planes + plane][0] == 0]
        return self.chance.choice([(0, 0)] * 3 + [(1, 0)] + [(2, q) for q in sources] * 2)

    def limits(self):
        low = self.chance.choice((-self.half, self.chance.randrange(-self.half, self.half - 1)))
        span = self.chance.choice((1, 2, 5, 30, 100, 300, 2 * self.half))
        return low, min(low + span, self.half - 1)

    def write_levels(self, low, high):
        model, level_model, level = (reference.IntegerModel(), reference.IntegerModel(), 0)
        self.encoder.integer(model, low)
        self.encoder.integer(model, high - low)
        if low < -128 or high > 127:
            for _ in range(self.coded):
                new = self.chance.choice((0, 255, self.chance.randrange(256)))
                self.encoder.integer(level_model, new - level)
                level = new

    def section(self):
        """Any of the numbers that decode to this header."""
        number = self.encoder.low + self.chance.randrange(self.encoder.range)
        return number.to_bytes(self.encoder.size, "big")


def random_bytes(chance):
    """In some of them long runs of the same bits, which no sample leads to expect."""
    parts = [chance.randbytes(4)]
    longest = chance.choice((0, 6, 300))
    while sum(map(len, parts)) < 20000:
        parts.append(chance.choice((b"\0", b"\xff")) * chance.randint(0, longest))
        parts.append(chance.randbytes(chance.randint(1, 40)))
    return b"".join(parts)


def random_engines(chance):
    """Also with ridges of 0, by which matrices are singular."""
    found = []
    for number in range(5):
        neighbours = chance.randint(0, 8) if number < 4 else 0
        shape = neighbours | chance.choice((0, 16)) | chance.choice((0, 32))
        shape |= chance.choice((0, 64, 64))
        found += [shape, chance.choice((0, 1, 20, 255)), chance.randint(0, 16)]
    return bytes(found)


def payload_bytes(data):
    """How many bytes of the payload there are up to the last sample."""
    chunk = reference.read_container(data)
    parameters = online.read_parameters(reference.Reader(chunk.parameters[1:]), chunk)
    decoder = reference.RangeDecoder(chunk.payload)
    online.read_bands(online.Picture(chunk, parameters), decoder)
    return decoder.reader.position


@pytest.mark.parametrize("seed", range(often(48)))
def test_any_samples(seed):
    """Also what no encoder would write, and values so far from all means that limits are met."""
    chance = random.Random(seed)
    planes = Planes(edge=1 + seed % 2, type=1 + seed // 2 % 4, engines=random_engines(chance))
    planes.dims = chance.randint(1, 9), chance.randint(1, 24), chance.randint(1, 3)
    header = Header(chance, planes.dims[2], planes.edge, 8 if planes.type < 3 else 16)
    planes.group = chance.choice((1, header.coded, chance.randint(1, header.coded)))
    planes.learning = chance.choice((0, 3, 15)) | chance.choice((0, 0x10))
    whole = header.section() + random_bytes(chance)
    planes.payload = whole
    try:
        size = payload_bytes(planes.chunk())
    except reference.CorruptChunk:  # a copy has something instead that is no sample
        assert_refused(planes.chunk())
        return
    planes.payload = whole[:size]
    assert_same(decode(planes.chunk()), h5prism.decode(planes.chunk()))
    for wrong in (size - 1, size + 1):
        planes.payload = whole[:wrong]
        assert_refused(planes.chunk())


# Parameters and kinds made by hand

ENGINES = Planes.engines


def with_engine(number, shape, ridge=20, share=0):
    """The usual engines but for one."""
    return ENGINES[: 3 * number] + bytes([shape, ridge, share]) + ENGINES[3 * number + 3 :]


def bands(*kinds):
    """The payload of one plane, by phase: a value for a constant band, [q] for a copy of q."""
    encoder, value_model, value = RangeEncoder(), reference.IntegerModel(), 0
    models = {c: (reference.BitModel(), reference.BitModel()) for c in (1, 2, 3)}
    c = 3
    for kind in kinds:
        coded, constant = models[c]
        encoder.bit(coded, 1)
        encoder.bit(constant, int(isinstance(kind, list)))
        if isinstance(kind, list):
            encoder.bit(reference.BitModel(), kind[0] >> 1)
            encoder.bit(reference.BitModel(), kind[0] & 1)
            c = 2
        else:
            encoder.integer(value_model, kind - value)
            value, c = kind, 1
    return encoder.section()


FLAT = bands(5)
LARGE = {"dims": (200, 300, 1), "payload": FLAT}
ACCEPTED = {
    "plain": Planes(payload=FLAT),
    "four phases": Planes(edge=2, payload=bands(5, 5, 6, 7)),
    "value 127": Planes(payload=bands(127)),
    "group 256": Planes(group=256, payload=FLAT, engines=bytes(15)),
    "learning 31": Planes(learning=31, payload=FLAT),
    "eight neighbours": Planes(engines=with_engine(0, 0x48), payload=FLAT),
    "share 16": Planes(engines=with_engine(1, 0x51, 20, 16), payload=FLAT),
    "matrix of 1276": Planes(group=255, engines=with_engine(0, 0x44), **LARGE),
    "29 bands of 8 neighbours": Planes(group=29, engines=with_engine(0, 0x48), payload=FLAT),
}
REFUSED = {
    "edge 0": Planes(edge=0, payload=FLAT),
    "edge 3": Planes(edge=3, payload=FLAT),
    "group 0": Planes(group=0, payload=FLAT),
    "group 257": Planes(group=257, payload=FLAT, engines=bytes(15)),
    "learning 32": Planes(learning=32, payload=FLAT),
    "nine neighbours": Planes(engines=with_engine(0, 0x49), payload=FLAT),
    "nine neighbours of no engine": Planes(engines=with_engine(0, 0x09), payload=FLAT),
    "a neighbour of engine 4": Planes(engines=with_engine(4, 0x41), payload=FLAT),
    "bit 7 of a shape": Planes(engines=with_engine(0, 0xC2), payload=FLAT),
    "share 17": Planes(engines=with_engine(1, 0x51, 20, 17), payload=FLAT),
    "an engine too few": Planes(engines=ENGINES[:12], payload=FLAT),
    "more behind the parameters": Planes(more=b"\0", payload=FLAT),
    "matrix of 1281": Planes(group=256, engines=with_engine(0, 0x44), **LARGE),
    "matrix of 1281 of no engine": Planes(group=256, engines=with_engine(0, 0x04), **LARGE),
    "30 bands of 8 neighbours": Planes(group=30, engines=with_engine(0, 0x48), payload=FLAT),
    "value 128": Planes(payload=bands(128)),
    "value -129": Planes(payload=bands(-129)),
    "copy in phase 0": Planes(edge=2, payload=bands([0], 5, 6, 7)),
    "copy of itself": Planes(edge=2, payload=bands(5, [1], 6, 7)),
    "copy of a constant band": Planes(edge=2, payload=bands(5, [0], 6, 7)),
    "empty payload": Planes(payload=b""),
    "short payload": Planes(payload=FLAT[:-1]),
    "long payload": Planes(payload=FLAT + b"\0"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name):
    data = ACCEPTED[name].chunk()
    assert_same(decode(data), h5prism.decode(data))


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    assert_refused(REFUSED[name].chunk())
