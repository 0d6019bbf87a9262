"""The reference decoder of mapped chunks and of the method order0, and the library agree."""

import random

import numpy as np
from mappings_support import (
    FIXED,
    FLOATS,
    LATTICE,
    NUMPY,
    SCALED,
    TABLE,
    assert_agree,
    check,
    encode,
)
import pytest
import reference_decoder as reference
import reference_native  # noqa: F401  (decodes coder 3 once it is imported)
from generated import embedding, hashed, smooth
from python_support import often
from reference_decoder import BFLOAT16, FLOAT16, FLOAT32, FLOAT64


# Chunks that the library made


def walk(count, seed=1):
    return np.cumsum(hashed((count,), seed).astype("i8") % 9 - 4)


def few(count, dtype):
    return np.array([1, 77, 3, 90, 2], dtype)[hashed((count,), 2) % 5]


def noise(count, dtype):
    size = np.dtype(dtype).itemsize
    return hashed((count, 4), 3).astype("u2").view("u1").reshape(-1)[: count * size].view(dtype)


def with_oddities(values):
    """NaNs of many payloads, zeros of both signs, infinities, denormal numbers, in runs."""
    odd = ["nan", "-inf", "inf", "-0.0", "0.0", "nan", "-0.0"]
    bits = f"u{values.dtype.itemsize}"
    for k, text in enumerate(odd * 2):
        values[9 * k + 5 : 9 * k + 5 + k % 4] = float(text)
    values.view(bits)[140:160:3] += np.arange(1, 8, dtype=bits)
    values[-9:].view(bits)[:] = np.arange(1, 10)
    values[-30:-25].view(bits)[:] = np.array(np.nan, values.dtype).view(bits) + np.arange(5)
    return values


def float_contents(dtype):
    steps = walk(900)
    yield "decimals", (steps / 10).astype(dtype)
    yield "hundredths and oddities", with_oddities((steps / 100).astype(dtype))
    yield "whole numbers", steps.astype(dtype)
    yield "quarters and oddities", with_oddities((steps / 4).astype(dtype))
    yield "waves", np.sin(np.arange(900) / 40).astype(dtype)
    yield "waves of few bits", np.sin(np.arange(900) / 40).astype("f2").astype(dtype)
    yield "denormal numbers", (steps * np.finfo(dtype).smallest_subnormal).astype(dtype)
    yield "few values", few(900, dtype) / np.array(7, dtype)
    yield "zeros of both signs", np.where(hashed((900,), 4) % 2, 0.0, -0.0).astype(dtype)
    yield "NaN", np.full(900, np.nan, dtype)
    yield "all magnitudes", noise(900, dtype)


def integer_contents(dtype):
    yield "few values", few(900, dtype)
    yield "hours", (walk(900) * 3600 + 1 << (16 if dtype[1] == "8" else 2)).astype(dtype)
    yield "times", (np.arange(900) * 3600 + 1700000000).astype(dtype)
    yield "differences", walk(900).astype(dtype)
    yield "all values", noise(900, dtype)


DIMS = [(900,), (90, 10), (9, 20, 5), (3, 5, 6, 10)]


def check_contents(contents, type_):
    for index, (_, values) in enumerate(contents):
        words = values.view(f"u{values.dtype.itemsize}")
        check(words, type_, index % 2, DIMS[index % 4], effort=1 + index % 5)


@pytest.mark.parametrize("type_", FLOATS)
def test_floats(type_):
    check_contents(float_contents(FLOATS[type_]), type_)


@pytest.mark.parametrize("type_", range(1, 9))
def test_integers(type_):
    check_contents(integer_contents(reference.TYPES[type_]), type_)


def test_bfloat16():
    found = set()
    for index, (_, values) in enumerate(float_contents("f4")):
        words = (values.view("u4") >> 16).astype("u2")
        found.add(check(words, BFLOAT16, index % 2, DIMS[index % 4])[0])
    assert {TABLE, FIXED} <= found


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("effort", [1, 5, 9])
@pytest.mark.parametrize("dims", DIMS, ids=str)
def test_orders_efforts_and_shapes(dims, effort, order):
    values = with_oddities(walk(900).astype("f4") / 8)
    assert check(values.view("u4"), FLOAT32, order, dims, effort=effort)[0] == FIXED


def decimals():
    return (embedding(12, 15, 8, "int16") / 100).astype("f4")


def scaled(scales):
    """Numbers of 8 bits by a scale for each position."""
    q = embedding(10, 12, 16, "int8").astype("f4")
    q[..., 0] = 127
    return q * scales.reshape(10, 12, 1)


def few_far_values():
    return np.array([1e30, -2.5, 1 / 3], "f4")[hashed((30, 40), 5) % 3]


def stretched():
    """Levels after a contrast was stretched: some values never come."""
    values = np.flatnonzero(hashed((600,), 5) % 5 < 2)
    levels = smooth(hashed((40, 60), 7).astype("i8"), 8)
    levels = (levels - levels.min()) * (len(values) - 1) // (levels.max() - levels.min())
    return values[levels]


MADE = {
    "table": ([TABLE, 0], lambda: few_far_values()),
    "table of integers": ([TABLE, 0], lambda: few(900, "i8").reshape(30, 30) * 10**15),
    "lattice of decimals": ([LATTICE, 0], decimals),
    "lattice of counters": ([LATTICE, 0], lambda: walk(900).reshape(30, 30) * 3600 + 17 * 10**8),
    "lattice with an offset": ([LATTICE, 0], lambda: decimals() + np.float32(273.15)),
    "lattice of standardised numbers": (
        [LATTICE, 0],
        lambda: (embedding(12, 15, 8, "uint8") - 113.7) / 46.391,
    ),
    "fixed": ([FIXED, 0], lambda: embedding(12, 15, 8, "int8").astype("f4") / 16),
    "table within a lattice": ([LATTICE, TABLE, 0], lambda: (stretched() / 10).astype("f4")),
    "table within counters": ([LATTICE, TABLE, 0], lambda: stretched().astype("u4")),
    "table within fixed": ([FIXED, TABLE, 0], lambda: (stretched() / 16).astype("f8")),
    "scaled": (
        [SCALED, FIXED, 0, 0],
        lambda: scaled(np.exp(walk(120) / 20).astype("f4")),
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_every_mapping_is_reached(name):
    expected, make = MADE[name]
    values = make()
    words = values.view(f"u{values.dtype.itemsize}")
    type_ = {code for code, text in NUMPY.items() if np.dtype(text) == values.dtype}.pop()
    assert check(words, type_, 0, values.shape) == expected


# Damage


def cut_waves(type_):
    """With exceptions, integers and bits below them."""
    values = with_oddities((np.sin(np.arange(1500) / 40) * 1000).astype(FLOATS[type_]))
    return values.view(f"u{values.itemsize}"), type_


def odd_decimals(type_):
    values = with_oddities((walk(1500) / 100).astype(FLOATS[type_]))
    return values.view(f"u{values.itemsize}"), type_


def unpacked(dtype):
    with_scale = walk(2500).astype(dtype) * np.array(0.0317, dtype) + np.array(273.15, dtype)
    return with_oddities(with_scale).view(f"u{np.dtype(dtype).itemsize}")


DAMAGED = {
    "table": lambda: (few(300, "i8") * 10**9, 7),
    "table of floats": lambda: (few(300, "f8").view("u8"), FLOAT64),
    "decimals": lambda: odd_decimals(FLOAT32),
    "wide decimals": lambda: odd_decimals(FLOAT64),
    "unpacked": lambda: (unpacked("f4"), FLOAT32),
    "unpacked doubles": lambda: (unpacked("f8"), FLOAT64),
    "plain bits": lambda: (noise(300, "i8") >> 20, 7),
    "smooth integers": lambda: (np.cumsum(np.arange(300) % 17) * 10**4, 7),
    "smooth floats": lambda: ((np.sin(np.arange(600) / 90) + 2).astype("f4").view("u4"), FLOAT32),
    "fixed": lambda: cut_waves(FLOAT32),
    "fixed halves": lambda: cut_waves(FLOAT16),
    "fixed doubles": lambda: cut_waves(FLOAT64),
    "table within fixed": lambda: ((stretched() / 16)[::2].copy().view("u8"), FLOAT64),
    "scaled": lambda: (scaled(np.exp(walk(120) / 20).astype("f4"))[0].view("u4"), FLOAT32),
}


@pytest.mark.parametrize("coder", ["deflate", "ans"])
@pytest.mark.parametrize("name", DAMAGED)
def test_damage(name, coder):
    """Whatever the bits, both decoders give the same elements or both refuse."""
    chance = random.Random(name)
    words, type_ = DAMAGED[name]()
    stages = {"transform": "none", "predictor": "lsq" if coder == "ans" else "paeth"}
    stages |= {"coder": coder, "effort": 3, "checksum": False}
    chunk = encode(words.tobytes(), type_, 0, words.shape, **stages)
    start = len(chunk) - len(reference.read_container(chunk).payload)
    start -= len(reference.read_container(chunk).parameters)
    assert reference.read_container(chunk).mapped
    ends = [start + 40, start + 120, len(chunk), len(chunk)]
    for index in range(often(40)):
        damaged = bytearray(chunk)
        position = chance.randrange(start, min(ends[index % 4], len(chunk)))
        damaged[position] ^= 1 << chance.randrange(8)
        assert_agree(bytes(damaged))
    for size in range(len(chunk) - 1, start, -max(1, len(chunk) // 40)):
        assert assert_agree(chunk[:size]) is None
