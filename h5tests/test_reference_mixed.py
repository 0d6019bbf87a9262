"""The reference decoder of the method mixed frames and the library agree."""

import random
from dataclasses import replace

import numpy as np
import pytest
import reference_decoder as reference
import reference_mixed as mixed
import reference_native  # noqa: F401  (decodes coder 3 once it is imported)
from generated import hashed, scene
from python_support import NARROW_DTYPES, assert_same, often
from reference_decoder import Turn
from reference_frames import FrameFields, read_parameters
from test_reference import Fields, RangeEncoder, varint
from test_reference_frames import Chooser, ParametersWriter
from test_reference_native import assert_agree
from test_reference_stack import random_turns

import h5prism

METHOD = 6


def encode(array, axis=0, effort=8, **options):
    stages = {"transform": "stack", "predictor": "lsq", "coder": "ans"}
    return h5prism.encode(array, **stages, axis=axis, effort=effort, **options)


def check(array, **options):
    """Returns the plan and the fields of the chunk, which is of this method, and which both
    decode."""
    data = encode(array, **options)
    chunk = reference.read_container(data)
    assert (chunk.coder, chunk.parameters[0]) == (3, METHOD)
    assert_same(reference.decode(data), array)
    assert_same(h5prism.decode(data), array)
    turns, _, fields = read_parameters(chunk, chunk.parameters[2:], mixed=True)
    return turns, fields


@pytest.mark.parametrize("dtype", NARROW_DTYPES)
@pytest.mark.parametrize("shape", [(1, 14, 20), (2, 19, 11), (5, 10, 14)], ids=str)
def test_scenes(shape, dtype):
    turns, _ = check(scene(shape, dtype), effort=8 + shape[0] % 2)
    assert len(turns) == shape[0]


@pytest.mark.parametrize("effort", [8, 9])
def test_motion(monkeypatch, effort):
    """What has moved is found, over the edges, too."""
    read, found = mixed.Motion.read_vectors, []
    monkeypatch.setattr(
        mixed.Motion, "read_vectors", lambda *args: found.append(read(*args)) or found[-1]
    )
    smooth = sum(
        hashed((46, 70), 7)[i : i + 42, j : j + 66] % 60 for i in range(4) for j in range(4)
    )
    array = np.stack([smooth[k : k + 35, 2 * k : 2 * k + 41] // 4 for k in range(4)])
    check(array.astype("uint8"), effort=effort)
    assert any((vectors[..., 1] > 0).any() for vectors in found)


@pytest.mark.parametrize("windowed", [2, 255])
def test_windowed_is_a_flag(windowed):
    turns, fields = [Turn(0, [])], [FrameFields()]
    payload = payload_of(0, 9, random.Random(1), 100)
    made = with_end(chunk_of(turns, fields, payload, (2, 3), 2), turns, fields)
    assert assert_agree(made.chunk())
    parameters = bytes([METHOD, windowed]) + made.parameters[2:]
    assert not assert_agree(replace(made, parameters=parameters).chunk())


def test_frames_have_references():
    turns, _ = check(scene((6, 12, 18), "uint8"))
    assert {len(turn.references) for turn in turns} == {0, 1, 2}


@pytest.mark.parametrize("axis", [1, 2])
def test_any_axis(axis):
    check(np.ascontiguousarray(np.moveaxis(scene((3, 14, 18), "int16"), 0, axis)), axis=axis)


@pytest.mark.parametrize("dtype", ["uint8", "int16"])
def test_duplicates_and_constant_frames(dtype):
    array = scene((6, 12, 16), dtype)
    array[3], array[4], array[5] = array[1], 7, 7
    turns, fields = check(array)
    assert sum(turn.duplicates for turn in turns) == 2
    assert sum(of_frame is not None and of_frame.constant for of_frame in fields) == 1


@pytest.mark.parametrize("bits", [9, 14])
def test_large_errors(bits):
    """Energies in larger units, and many steps away from the mean."""
    array = (hashed((3, 12, 18), 5) >> (16 - bits)).astype("uint16")
    array += np.arange(18, dtype="uint16") * 9
    _, fields = check(array)
    assert max(of_frame.error_shift for of_frame in fields) > 0


def test_far_means():
    """Differences of samples wrap to 16 bits."""
    array = scene((4, 14, 18), "int16") // 8
    array[1::2] = 32767 - np.abs(array[1::2])
    array[:, 3, 4] = -32768
    check(array)


@pytest.mark.parametrize("shape", [(3, 1, 300), (3, 300, 1), (60, 3, 5), (40, 7, 2)], ids=str)
def test_small_shapes(shape):
    """Whatever the method is."""
    array = (np.arange(int(np.prod(shape))) * 3 // 7 % 90).reshape(shape)
    array = (array + hashed(shape, 3) % 3).astype("uint8")
    data = encode(array)
    assert_same(reference.decode(data), array)
    assert_same(h5prism.decode(data), array)


def test_damage():
    """Whatever the bits, both decoders give the same elements or both refuse."""
    chance = random.Random(1)
    data = encode(scene((3, 7, 10), "int16"), checksum=False)
    info = h5prism.inspect_chunk(data)
    for _ in range(60):
        damaged = bytearray(data)
        position = chance.randrange(info.parameter_bytes + 60)
        damaged[info.header_bytes + position] ^= 1 << chance.randrange(8)
        assert_agree(bytes(damaged))
    for size in range(1, 100, 17):
        assert not assert_agree(data[:-size])


# Chunks with chosen fields and random payloads, most of which no encoder would make


def payload_of(low, high, chance, size):
    """The range, and then anything."""
    encoder, model = RangeEncoder(), reference.IntegerModel()
    encoder.integer(model, low)
    encoder.integer(model, high - low)
    value = encoder.low + chance.randrange(encoder.range)
    return value.to_bytes(encoder.size, "big") + chance.randbytes(size)


def chunk_of(turns, fields, payload, shape, type_, windowed=0):
    section = ParametersWriter(turns, [], fields, mixed=True).encoder.section()
    dims = b"".join(map(varint, (len(turns), *shape)))
    made = Fields(type=type_, rank=3, dims=dims, axis_plus_1=1, stages=(3, 3, 3))
    return replace(made, parameters=bytes([METHOD, windowed]) + section, payload=payload)


def with_end(made, turns, fields):
    """The payload ends where it has been read."""
    frame = reference.read_container(made.chunk())
    decoder = reference.RangeDecoder(made.payload)
    mixed.decode_stack(frame, turns, fields, bool(made.parameters[1]), decoder, 1)
    return replace(made, payload=made.payload[: decoder.reader.position])


@pytest.mark.parametrize("seed", range(often(40)))
def test_any_fields(seed):
    """Also where sums overflow."""
    chance = random.Random(seed)
    chooser = Chooser(chance, wild=(0, 0.02, 0.2, 1)[seed % 4])
    shape = chance.choice(((1, 1), (5, 3), (2, 40), (35, 2), (9, 17)))
    turns = random_turns(chance, chance.choice((1, 2, 5)))
    type_ = seed // 4 % 4 + 1
    fields = chooser.fields(turns)
    most = 127 if type_ < 3 else 32767
    low, high = sorted(chance.sample(range(-most - 1, most + 1), 2))
    if seed % 3 == 0:
        low, high = -most - 1, most
    payload = payload_of(low, high, chance, 100 + 8 * len(turns) * shape[0] * shape[1])
    made = chunk_of(turns, fields, payload, shape, type_, seed // 16 % 2)
    made = with_end(made, turns, fields)
    assert assert_agree(made.chunk())
    assert not assert_agree(replace(made, payload=made.payload + b"a").chunk())
    assert not assert_agree(replace(made, payload=made.payload[:-1]).chunk())


@pytest.mark.parametrize(
    "low,high,good",
    [(-128, 127, True), (-129, 5, False), (5, 128, False), (5, 5, False), (5, 4, False)],
)
def test_limits_of_the_range(low, high, good):
    turns, fields = [Turn(0, [])], [FrameFields()]
    payload = payload_of(low, high, random.Random(1), 100)
    made = chunk_of(turns, fields, payload, (2, 3), 2)
    if good:
        made = with_end(made, turns, fields)
    assert assert_agree(made.chunk()) == good
