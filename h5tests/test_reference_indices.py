"""The reference decoder of the method indices and the library agree.

The chunks are those the library makes of tiny drawings, and random bytes behind a header made by
hand: every payload decodes to something as long as it ends where the last sample does.
"""

import itertools
import random
from dataclasses import dataclass

import numpy as np
import pytest
import reference_decoder as reference
import reference_indices as indices
from generated import drawing, hashed
from python_support import NARROW_DTYPES, assert_same, extremes, often
from test_reference import Fields, RangeEncoder, varint

import h5prism

METHOD = 5


def encode(array, effort=5):
    """A chunk of planes along the first axis."""
    stages = {"transform": "none", "predictor": "lsq", "coder": "ans"}
    return h5prism.encode(array, **stages, effort=effort, axis=0)


def is_indices(data):
    chunk = reference.read_container(data)
    return chunk.coder == 3 and chunk.parameters[0] == METHOD


def decode(data):
    """The array, by the reference decoder."""
    chunk = reference.read_container(data)
    planes = indices.decode_indices(chunk, chunk.parameters[1:], chunk.payload)
    return reference.to_elements(chunk, planes)


def assert_decodes(data, array):
    assert is_indices(data)
    assert_same(decode(data), array)


def assert_refused(data):
    """By both decoders."""
    with pytest.raises(reference.CorruptChunk):
        decode(data)
    with pytest.raises(h5prism.PrismError):
        h5prism.decode(data)


# Chunks that the library made


def few_values(shape, dtype, count):
    """Boxes of `count` values over the whole range of the type, with specks."""
    k, y, x = np.indices(shape)
    place = ((y // 5) * 7 + (x + k) // 6) % count
    speck = hashed(shape, count)
    place = np.where(speck < 2500, speck % count, place).astype(np.int64)
    limits = np.iinfo(dtype)
    step = (int(limits.max) - int(limits.min)) // count
    return (int(limits.min) + place * step).astype(dtype)


@pytest.mark.parametrize("dtype", NARROW_DTYPES)
@pytest.mark.parametrize("effort", [5, 9])
def test_types(dtype, effort):
    array = few_values((2, 13, 21), dtype, 4)
    assert_decodes(encode(array, effort), array)
    array = extremes((3, 9, 30), dtype)
    data = encode(array, effort)
    if is_indices(data):  # not stored as it is
        assert_same(decode(data), array)


@pytest.mark.parametrize("count", [2, 3, 8, 20, 64])
@pytest.mark.parametrize("effort", [5, 9])
def test_numbers_of_values(count, effort):
    array = few_values((2, 30, 40), "u1", count)
    assert_decodes(encode(array, effort), array)


@pytest.mark.parametrize("shape", [(1, 1, 400), (1, 400, 1), (60, 4, 4), (5, 1, 70)], ids=str)
@pytest.mark.parametrize("effort", [5, 9])
def test_shapes(shape, effort):
    array = few_values(shape, "i1", 3)
    assert_decodes(encode(array, effort), array)


@pytest.mark.parametrize("effort", [5, 9])
def test_repeated_planes(effort):
    array = np.stack([drawing(30, 70)] * 3)
    array[1, 20, 40] ^= 3
    assert_decodes(encode(array, effort), array)


def test_large_tables():
    """So many samples that slots and matches have more than the fewest bits."""
    array = few_values((1, 80, 120), "u1", 3)
    assert_decodes(encode(array), array)


@pytest.mark.parametrize(("dtype", "count"), [("u1", 65), ("i1", 200), ("u2", 300)])
@pytest.mark.parametrize("effort", [5, 9])
def test_many_values(dtype, count, effort):
    """Labels: each in a box of its own, with pieces that come again."""
    k, y, x = np.indices((2, 24, 64))
    boxes = (y // 4) * 16 + (x + k) // 4
    labels = np.where(hashed(boxes.shape, 3) < 900, hashed(boxes.shape, 4), boxes * 37) % count
    array = labels.astype(dtype)
    array.flat[:count] = np.arange(count).astype(dtype)
    assert_decodes(encode(array, effort), array)


@pytest.mark.parametrize("effort", [5, 9])
def test_so_many_values_that_some_share_a_key(effort):
    runs = np.arange(90 * 64).reshape(1, 90, 64) * 2100 // (90 * 64)
    array = (runs * 37 % 2100 * 31).astype("u2")
    assert_decodes(encode(array, effort), array)


def disks(shape, count):
    """Disks with soft edges, of `count` grey levels, some of which have noise, on a flat ground."""
    k, y, x = np.indices(shape)
    cell = k * 64 + y // 16 * 8 + x // 16
    radius = 3 + cell * 5 % 5
    distance = radius * radius - (y % 16 - 8) ** 2 - (x % 16 - 7) ** 2
    grey = np.clip(distance, 0, 12) * (cell * 37 % 20 + 1) * (count - 1) // 240
    noise = np.where(cell % 3 == 0, hashed(shape, 5) % 7, 0) * (grey > 0)
    return np.clip(grey + noise, 0, count - 1)


@pytest.mark.parametrize(("dtype", "count"), [("u1", 200), ("i2", 250), ("u2", 3000)])
@pytest.mark.parametrize("effort", [5, 9])
def test_flat_places_and_soft_edges(dtype, count, effort):
    array = disks((2, 48, 64), count).astype(dtype)
    assert len(np.unique(array)) > 64
    assert_decodes(encode(array, effort), array)


def test_one_value():
    array = np.full((2, 500, 9), 77, "u1")
    assert_decodes(encode(array), array)


def test_other_lengths_of_the_payload_are_refused():
    chunk = reference.read_container(encode(few_values((2, 13, 21), "i1", 4)))
    for payload in (chunk.payload[:-1], chunk.payload + b"\0", chunk.payload[:3], b""):
        with pytest.raises(reference.CorruptChunk):
            indices.decode_indices(chunk, chunk.parameters[1:], payload)


# Chunks made by hand


@dataclass
class Planes:
    flags: int = 1
    type: int = 1
    dims: tuple = (1, 3, 4)
    payload: bytes = bytes(4)
    more: bytes = b""

    def chunk(self):
        return Fields(
            type=self.type,
            rank=len(self.dims),
            dims=b"".join(varint(size) for size in self.dims),
            stages=(1, 3, 3),
            axis_plus_1=1,
            parameters=bytes([METHOD, self.flags]) + self.more,
            payload=self.payload,
        ).chunk()


def encoder_of(*values, count=None):
    """The beginning of a payload: its table of values."""
    encoder, model = RangeEncoder(), reference.IntegerModel()
    encoder.integer(model, (len(values) if count is None else count) - 1)
    for last, value in zip((0, *values), values):
        encoder.integer(model, value - last)
    return encoder


def random_payload(chance, values):
    """In some, long runs of the same bits, which no index leads to expect."""
    encoder = encoder_of(*values)
    number = encoder.low + chance.randrange(encoder.range)
    parts = [number.to_bytes(encoder.size, "big")]
    longest = chance.choice((0, 6, 300))
    while sum(map(len, parts)) < 4000:
        parts.append(chance.choice((b"\0", b"\xff")) * chance.randint(0, longest))
        parts.append(chance.randbytes(chance.randint(1, 40)))
    return b"".join(parts)


def payload_bytes(data):
    """How many bytes of the payload there are up to the last sample."""
    chunk = reference.read_container(data)
    decoder = reference.RangeDecoder(chunk.payload)
    values = indices.read_values(decoder, chunk)
    fast = bool(chunk.parameters[1] & 1)
    indices.Indices(decoder, indices.Places(chunk), len(values), fast).decode()
    return decoder.reader.position


@pytest.mark.parametrize("seed", range(often(40)))
def test_any_samples(seed):
    chance = random.Random(seed)
    planes = Planes(flags=seed % 2, type=1 + seed // 2 % 4)
    half = 128 if planes.type < 3 else 32768
    counts = (2, 3, 9, 64, 65, 130, 256 if half == 128 else 700)
    values = sorted(chance.sample(range(-half, half), chance.choice(counts)))
    planes.flags += 2 * (len(values) > 64) + 4 * (len(values) > 256)
    planes.dims = chance.randint(1, 4), chance.randint(1, 12), chance.choice((1, 7, 16, 40))
    whole = planes.payload = random_payload(chance, values)
    size = payload_bytes(planes.chunk())
    planes.payload = whole[:size]
    assert_same(decode(planes.chunk()), h5prism.decode(planes.chunk()))
    for wrong in (size - 1, size + 1):
        planes.payload = whole[:wrong]
        assert_refused(planes.chunk())


FLAT = encoder_of(5).section()
ACCEPTED = {
    "one value": Planes(payload=FLAT),
    "all contexts": Planes(flags=0, payload=FLAT),
    "the largest value": Planes(payload=encoder_of(127).section()),
    "narrow planes": Planes(dims=(1400, 2, 2), payload=FLAT),
}
REFUSED = {
    "many, but few values": Planes(flags=2, payload=FLAT),
    "wide, but few values": Planes(flags=6, payload=FLAT),
    "wide, but not many": Planes(flags=4, payload=FLAT),
    "few, but 65 values": Planes(flags=1, payload=encoder_of(*range(65)).section() + bytes(40)),
    "many, but 257 values": Planes(
        flags=3, type=4, payload=encoder_of(*range(257)).section() + bytes(40)
    ),
    "flags 8": Planes(flags=8, payload=FLAT),
    "more behind the parameters": Planes(more=b"\0", payload=FLAT),
    "no values": Planes(payload=encoder_of(count=0).section()),
    "no samples after 65 values": Planes(flags=3, payload=encoder_of(*range(65)).section()),
    "equal values": Planes(payload=encoder_of(5, 5).section()),
    "descending values": Planes(payload=encoder_of(5, 4).section()),
    "value 128": Planes(payload=encoder_of(128).section()),
    "value -129": Planes(payload=encoder_of(-129).section()),
    "too narrow planes": Planes(dims=(30000, 1, 1), payload=FLAT),
    "short payload": Planes(payload=FLAT[:-1]),
    "long payload": Planes(payload=FLAT + b"\0"),
    "empty payload": Planes(payload=b""),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name):
    data = ACCEPTED[name].chunk()
    assert_same(decode(data), h5prism.decode(data))


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    assert_refused(REFUSED[name].chunk())


def test_the_parameters_must_be_there():
    data = Fields(stages=(1, 3, 3), parameters=bytes([METHOD]), payload=FLAT).chunk()
    assert_refused(data)


# What the library chooses


@pytest.mark.parametrize("effort", [4, 5, 7, 8, 9])
@pytest.mark.parametrize("frames_axis", [0, 2])
def test_drawings_are_coded_as_indices(effort, frames_axis):
    frames = np.kron(hashed((6, 8, 12), 1) % 4, np.ones((8, 8))).astype("u1")
    array = np.ascontiguousarray(np.moveaxis(frames, 0, frames_axis))
    data = h5prism.encode(array, effort=effort, coder="ans")
    assert is_indices(data)
    assert_same(h5prism.decode(data), array)
    either = [
        len(h5prism.encode(array, effort=effort, coder="ans", axis=axis)) for axis in (0, 2)
    ]
    assert len(data) <= min(500, 1.05 * min(either))


def test_a_part_of_wide_planes_is_too_narrow():
    array = np.zeros((40, 9, 14000), "u1")
    array[20, 1, :20] = np.arange(20)
    data = encode(array)
    assert is_indices(data)
    assert_same(h5prism.decode(data), array)


def test_low_efforts_are_for_speed():
    assert not is_indices(h5prism.encode(drawing(64, 96), effort=3))


@pytest.mark.parametrize("count, effort", itertools.product((16, 40), (5, 9)))
def test_pictures_of_few_grey_levels_are_none(count, effort):
    y, x = np.mgrid[:128, :128]
    grey = (x * x + y * y) / 2**15 + hashed((128, 128), 1) / 2**18
    data = h5prism.encode((grey * count / grey.max()).astype("u1"), effort=effort)
    assert not is_indices(data)
