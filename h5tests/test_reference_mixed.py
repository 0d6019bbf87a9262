"""The reference decoder of the method mixed frames and the library agree."""

import random

import numpy as np
import pytest
import reference_decoder as reference
import reference_native  # noqa: F401  (decodes coder 3 once it is imported)
from generated import hashed, stack
from python_support import DTYPES, assert_same
from reference_frames import read_parameters
from test_reference_native import assert_agree

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
    turns, _, fields = read_parameters(chunk, chunk.parameters[1:], mixed=True)
    return turns, fields


def scene(shape, dtype, seed=1):
    """A scene that drifts, over much of the range of the type."""
    array = stack(*shape, seed=seed).astype(np.int64) - 110
    info = np.iinfo(dtype)
    middle = 0 if info.min < 0 else 1 << (info.bits - 1)
    return (array * (1 << (info.bits - 8)) + middle).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 20, 30), (2, 33, 17), (5, 16, 24)], ids=str)
def test_scenes(shape, dtype):
    turns, _ = check(scene(shape, dtype), effort=8 + shape[0] % 2)
    assert len(turns) == shape[0]


def test_frames_have_references():
    turns, _ = check(scene((6, 20, 32), "uint8"))
    assert {len(turn.references) for turn in turns} == {0, 1, 2}


@pytest.mark.parametrize("axis", [1, 2])
def test_any_axis(axis):
    check(np.ascontiguousarray(np.moveaxis(scene((4, 24, 30), "int16"), 0, axis)), axis=axis)


@pytest.mark.parametrize("dtype", ["uint8", "int16"])
def test_duplicates_and_constant_frames(dtype):
    array = scene((6, 24, 30), dtype)
    array[3], array[4], array[5] = array[1], 7, 7
    turns, fields = check(array)
    assert sum(turn.duplicates for turn in turns) == 2
    assert sum(of_frame is not None and of_frame.constant for of_frame in fields) == 1


@pytest.mark.parametrize("bits", [9, 14])
def test_large_errors(bits):
    """Energies in larger units, and many steps away from the mean."""
    array = (hashed((3, 16, 30), 5) >> (16 - bits)).astype("uint16")
    array += np.arange(30, dtype="uint16") * 9
    _, fields = check(array)
    assert max(of_frame.error_shift for of_frame in fields) > 0


def test_far_means():
    """Differences of samples wrap to 16 bits."""
    array = scene((4, 24, 30), "int16") // 8
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
    data = encode(scene((3, 10, 16), "int16"), checksum=False)
    info = h5prism.inspect_chunk(data)
    for _ in range(60):
        damaged = bytearray(data)
        position = chance.randrange(info.parameter_bytes + 60)
        damaged[info.header_bytes + position] ^= 1 << chance.randrange(8)
        assert_agree(bytes(damaged))
    for size in range(1, 100, 17):
        assert not assert_agree(data[:-size])
