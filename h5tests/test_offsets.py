"""Floats that were made from integers by a scale and an offset take the space of the integers."""

import numpy as np
import pytest
from generated import scene
from mappings_support import FLOATS, LATTICE, MASK, check
from python_support import assert_same
from reference_decoder import FLOAT32, read_container

import h5prism

SHAPE = (3, 80, 96)


def arithmetic(dtype, *constants):
    """Constants of the type, which keeps numpy from other arithmetic."""
    return [np.dtype(dtype).type(constant) for constant in constants]


def times_plus(scale, offset):
    def make(integers, dtype):
        s, o = arithmetic(dtype, scale, offset)
        return integers.astype(dtype) * s + o

    return make


def standardised(mean, deviation):
    def make(integers, dtype):
        m, d = arithmetic(dtype, mean, deviation)
        return (integers.astype(dtype) - m) / d

    return make


def stretched(divisor, offset):
    def make(integers, dtype):
        d, o = arithmetic(dtype, divisor, offset)
        return integers.astype(dtype) / d + o

    return make


def image(mean, deviation):
    def make(integers, dtype):
        most, m, d = arithmetic(dtype, 255, mean, deviation)
        return (integers.astype(dtype) / most - m) / d

    return make


FORMULAE = {
    "ERA5": ("int16", times_plus(0.0012345987612398761, 273.41872349871)),
    "tiny": ("int16", times_plus(1.5239874129837e-6, 0.04981237498123)),
    "hundredths from Celsius to Kelvin": ("int16", times_plus(0.01, 273.15)),
    "hundredths from Kelvin to Celsius": ("uint16", times_plus(0.02, -273.15)),
    "reflectance": ("uint16", times_plus(2.75e-5, -0.2)),
    "negative": ("int16", times_plus(0.25e-3, -17.1)),
    "bytes": ("uint8", times_plus(0.4, -33.3)),
    "standardised": ("int16", standardised(-1023.3401766, 832.4906746)),
    "standardised bytes": ("uint8", standardised(117.8123418, 49.1872361)),
    "-1 to 1": ("uint8", stretched(127.5, -1)),
    "16 bits, -1 to 1": ("uint16", stretched(32767.5, -1)),
    "normalised image": ("uint8", image(0.485, 0.229)),
}


def rule_of(chunk):
    """Of what is left by a mask, if there is one."""
    found = read_container(chunk)
    if found.mapped and found.parameters[0] == MASK:
        found = read_container(found.payload[found.payload.index(b"PRSM") :])
    return found.parameters[1] if found.mapped and found.parameters[0] == LATTICE else None


def assert_as_small(array, integers, bytes_more=60, **options):
    """Nearly as small as the integers."""
    chunk, plain = h5prism.encode(array, **options), h5prism.encode(integers, **options)
    assert_same(h5prism.decode(chunk), array)
    assert rule_of(chunk) in (1, 2, 3, 4)
    assert len(chunk) <= 1.01 * len(plain) + bytes_more
    return chunk


@pytest.mark.parametrize("name", FORMULAE)
@pytest.mark.parametrize("dtype", ["f4", "f8", "rounded", "constants"])
def test_every_formula(name, dtype):
    """In single precision, in double, from double to single, and in double with constants in
    single precision."""
    type_, make = FORMULAE[name]
    integers = scene(SHAPE, type_)
    if dtype == "rounded":
        array = make(integers, "f8").astype("f4")
    elif dtype == "constants":
        array = integers.astype("f8") * float(np.float32(0.0123)) + float(np.float32(271.9))
    else:
        array = make(integers, dtype)
    assert_as_small(array, integers)


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", ">f8"])
@pytest.mark.parametrize("shape", [(23040,), (240, 96), (8, 30, 96), (2, 4, 30, 96)], ids=str)
def test_shapes_and_orders(shape, dtype):
    integers = scene(SHAPE, "int16").reshape(shape)
    array = times_plus(0.00317, 12.7)(integers, dtype[1:]).astype(dtype)
    assert_as_small(array, integers)


@pytest.mark.parametrize("effort", [1, 5, 9])
def test_efforts(effort):
    integers = scene((2, 48, 64), "int16")
    assert_as_small(times_plus(0.00317, 12.7)(integers, "f8"), integers, effort=effort)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -0.0, 0.0, -9999, 1e20, 5e-324])
def test_values_off_the_lattice(value, dtype):
    """In a region, and alone."""
    integers = scene(SHAPE, "int16")
    array = times_plus(0.00317, 1234.7)(integers, dtype)
    for odd in (array, integers):
        odd[:, 20:35, 40:70] = value if odd is array else 0
    array.reshape(-1)[[0, 5, 777, -1]] = value
    assert_as_small(array, integers, bytes_more=300)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_zero_is_a_value_like_others(dtype):
    integers = np.abs(scene(SHAPE, "int16")) // 9
    array = stretched(127.5, -1)(integers, dtype)
    array[integers == 0] = -1
    assert_as_small(array, integers)


def test_what_is_no_lattice():
    """Noise of a last bit, and two lattices at once."""
    random = np.random.default_rng(1)
    integers = scene(SHAPE, "int16").astype("f4")
    array = integers * np.float32(0.00317) + np.float32(12.7)
    steps = random.integers(-1, 2, SHAPE)
    for noisy in (
        np.where(steps, np.nextafter(array, np.float32(1e9) * steps.astype("f4")), array),
        np.where(integers % 2, array, integers * np.float32(0.00413) + np.float32(1.1)),
    ):
        noisy = noisy.astype("f4")
        chunk = h5prism.encode(noisy)
        assert rule_of(chunk) is None
        assert_same(h5prism.decode(chunk), noisy)


def test_constants_that_would_flush_to_zero_are_not_taken():
    integers = scene(SHAPE, "int16").astype("f4")
    array = integers * np.float32(1e-42) + np.float32(3e-38)
    chunk = h5prism.encode(array)
    assert rule_of(chunk) is None
    assert_same(h5prism.decode(chunk), array)


@pytest.mark.parametrize("type_", [code for code in FLOATS if code >= FLOAT32])
@pytest.mark.parametrize("name", FORMULAE)
def test_the_document_says_how(name, type_):
    """Its own decoder gives the same."""
    kind, make = FORMULAE[name]
    integers = scene((1, 25, 40), kind)
    array = make(integers, FLOATS[type_])
    array[0, 3:5, 7:9] = np.nan
    words = array.view(f"u{array.itemsize}")
    check(words, type_, 0, array.shape, effort=3)
