"""Orders of axes: dimensions of 1 change only the header; planes are found along any axis."""

import itertools
import math
import random
import zlib

import numpy as np
import pytest
from generated import (
    colours,
    drawing,
    embedding,
    hashed,
    microscopy,
    picture,
    regions,
    seasons,
    shells,
    stack,
    table,
    time_series,
    weather,
)

from python_support import LONG
import reference_native  # noqa: F401  adds itself to the reference decoder
from reference_decoder import decode as reference_decode

import h5prism

CRC_BYTES = 4


def dequantised() -> np.ndarray:
    scales = 1 + hashed((9, 11, 1), 4).astype(np.float32) / 65536
    return (embedding(9, 11, 8, "int8") * scales).astype(np.float32)


KINDS = {
    "embedding": lambda: embedding(12, 20, 16, "int8"),
    "embedding of 16 bits": lambda: embedding(10, 16, 12, "uint16").astype(">u2"),
    "stack": lambda: stack(6, 20, 24),
    "picture": lambda: picture(40, 50),
    "drawing": lambda: drawing(30, 40),
    "seasons": lambda: seasons(3, 8, 10, 12),
    "line": lambda: hashed((700,), 3).astype(np.int16),
    "decimals": lambda: embedding(10, 16, 12, "int16") / np.float32(8),
    "dequantised": dequantised,
    "squares": lambda: np.arange(900).reshape(30, 30) ** 2 * 70001,
    "doubles": lambda: np.sin(np.arange(600) / 50).reshape(20, 30),
    "one element": lambda: np.array([3], np.int32),
}


def with_ones(array: np.ndarray, random: random.Random) -> np.ndarray:
    shape = list(array.shape)
    for _ in range(random.randint(1, 4)):
        shape.insert(random.randint(0, len(shape)), 1)
    return array.reshape(shape)


def sections(blob: bytes) -> bytes:
    """Parameters and payload."""
    info = h5prism.inspect_chunk(blob)
    return blob[-(info.parameter_bytes + info.payload_bytes) - CRC_BYTES : -CRC_BYTES]


@pytest.mark.parametrize("kind", KINDS)
def test_dimensions_of_1_change_the_header_only(kind):
    array, dice = KINDS[kind](), random.Random(kind)
    for effort in range(1, 10):
        plain = h5prism.encode(array, effort=effort)
        for _ in range(2):
            laid = with_ones(array, dice)
            blob = h5prism.encode(laid, effort=effort)
            assert sections(blob) == sections(plain), (laid.shape, effort)
            assert len(blob) <= len(plain) + laid.ndim - array.ndim
            decoded = h5prism.decode(blob)
            assert decoded.shape == laid.shape and decoded.dtype == laid.dtype
            assert decoded.tobytes() == laid.tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_an_axis_that_is_asked_for_is_that_of_the_array(kind):
    array, dice = KINDS[kind](), random.Random(kind)
    for laid in (with_ones(array, dice) for _ in range(3)):
        for axis in range(laid.ndim):
            blob = h5prism.encode(laid, axis=axis, effort=3)
            info = h5prism.inspect_chunk(blob)
            assert info.axis in (axis, None)
            assert info.coder == "raw" or info.mapping != "none" or info.axis == axis
            assert info.planes == (1 if info.axis is None else laid.shape[axis])
            sides = [size for i, size in enumerate(laid.shape) if i != info.axis and size > 1]
            assert info.width == (sides or [1])[-1]
            assert info.height * info.width == math.prod(sides)
            assert h5prism.decode(blob).tobytes() == laid.tobytes()
        with pytest.raises(h5prism.PrismError, match="rank"):
            h5prism.encode(laid, axis=laid.ndim)


def test_planes_of_a_chunk_with_dimensions_of_1():
    array = embedding(20, 24, 16, "int8").transpose(2, 0, 1)[None, :, :, None]
    blob = h5prism.encode(array)
    assert h5prism.inspect_chunk(blob).axis == 1
    np.testing.assert_array_equal(h5prism.decode(blob, planes=[3, 9]), array[:, [3, 9]])


ORDERS_OF_A_SERIES = [(0, 1, 2, 3), (1, 0, 3, 2), (3, 1, 2, 0), (2, 0, 1, 3)]


@pytest.mark.parametrize("order", ORDERS_OF_A_SERIES, ids=str)
@pytest.mark.parametrize("effort", [1, 5, 8])
def test_times_and_bands_count_planes_together(effort, order):
    series = time_series(3, 5, 14, 12)
    laid = np.ascontiguousarray(series.transpose(order))
    blob = h5prism.encode(laid, effort=effort)
    info = h5prism.inspect_chunk(blob)
    assert info.axis is None and sorted(info.axes) == sorted(map(order.index, (0, 1)))
    assert info.planes == 15 and info.height * info.width == 14 * 12
    assert h5prism.decode(blob).tobytes() == laid.tobytes()
    single = min(len(h5prism.encode(laid, effort=effort, axis=axis)) for axis in range(4))
    assert len(blob) < 0.8 * single


def test_the_reference_decoder_follows_roles():
    series = np.ascontiguousarray(time_series(3, 5, 14, 12).transpose(2, 1, 3, 0))
    for effort in (1, 5):
        blob = h5prism.encode(series, effort=effort, coder="ans")
        assert len(h5prism.inspect_chunk(blob).axes) == 2
        np.testing.assert_array_equal(reference_decode(blob), series)


@pytest.mark.parametrize("kind", ["samples", "mapped"])
def test_some_planes_of_several_axes(kind):
    series = np.ascontiguousarray(time_series(3, 5, 14, 12).transpose(3, 1, 2, 0))[:, None]
    series = series / np.float32(4) if kind == "mapped" else series
    blob = h5prism.encode(series)
    info = h5prism.inspect_chunk(blob)
    assert sorted(info.axes) == [2, 4] and info.mapping == ("fixed" if kind == "mapped" else "none")
    planes = np.moveaxis(series, info.axes, (0, 1)).reshape(15, 12, 1, 14)
    some = h5prism.decode(blob, planes=[7, 0, -1, 7])
    np.testing.assert_array_equal(some, planes[[7, 0, 14, 7]])


def test_roles_that_are_wrong_are_refused():
    series = time_series(3, 5, 14, 12)
    blob = bytearray(h5prism.encode(series, checksum=False))
    start = blob.index(255)
    assert sorted(blob[start + 2 : start + 6]) == [0, 1, 2, 3]
    for place in range(1, 6):
        for value in {*range(6), 31, 32, 255} - {blob[start + place]}:
            damaged = blob.copy()
            damaged[start + place] = value
            fits = place == 1 and value <= 4
            try:
                assert h5prism.decode(damaged).shape == series.shape and fits
            except h5prism.PrismError as error:
                assert error.status in (h5prism.Status.CORRUPT, h5prism.Status.TRUNCATED)


UPRIGHT = {
    "time series": lambda: time_series(4, 6, 24, 28),
    "seasons": lambda: seasons(2, 12, 20, 24),
    "microscopy": lambda: microscopy(3, 4, 2, 24, 28),
    "pictures in colour": lambda: colours(3, 40, 44),
    "embedding": lambda: embedding(40, 48, 24, "int8"),
    "frames": lambda: stack(12, 60, 72),
    "shells": lambda: shells(2, 10, 8, 7, 4),
}


@pytest.mark.parametrize("effort", [1, 3, 5, 8])
@pytest.mark.parametrize("kind", UPRIGHT)
def test_permutations_cost_the_same(kind, effort):
    array = UPRIGHT[kind]()
    sizes = [
        len(h5prism.encode(np.ascontiguousarray(array.transpose(order)), effort=effort))
        for order in orders(array)[: 3 if effort >= LEARNING_EFFORT else 6]
    ]
    assert max(sizes) <= 1.005 * min(sizes) + 16


CHANNELLED = {
    "embedding": lambda: embedding(24, 28, 16, "int8"),
    "seasons": lambda: seasons(2, 24, 16, 18),
    "time series": lambda: time_series(4, 6, 24, 28),
    "shells": lambda: shells(2, 10, 8, 7, 4),
}


def orders(array: np.ndarray) -> list[tuple[int, ...]]:
    every = list(itertools.permutations(range(array.ndim)))
    return random.Random(5).sample(every, min(len(every), 6))


@pytest.mark.parametrize("effort", [1, 5, 7])
@pytest.mark.parametrize("kind", CHANNELLED)
def test_channels_are_found_along_any_axis(kind, effort):
    array = CHANNELLED[kind]()
    for order in orders(array):
        laid = np.ascontiguousarray(array.transpose(order))
        blob = h5prism.encode(laid, effort=effort)
        best = min(len(h5prism.encode(laid, effort=effort, axis=i)) for i in range(laid.ndim))
        assert len(blob) <= 1.005 * best, (laid.shape, h5prism.inspect_chunk(blob).axis)
        assert h5prism.decode(blob).tobytes() == laid.tobytes()


def test_frames_are_found_along_a_short_axis():
    array = stack(12, 96, 96)
    frames_first = h5prism.encode(array)
    assert h5prism.inspect_chunk(frames_first).transform == "stack"
    for order in [(1, 2, 0), (1, 0, 2)]:
        laid = h5prism.encode(np.ascontiguousarray(array.transpose(order)))
        assert len(laid) <= 1.005 * len(frames_first)


LAID = {
    "embedding": lambda: embedding(40, 48, 24, "int8"),
    "hyperspectral": lambda: embedding(32, 40, 20, "uint16", seed=5),
    "frames": lambda: stack(12, 60, 72),
    "picture in colour": lambda: colours(1, 90, 100)[0],
    "pictures in colour": lambda: colours(3, 48, 56),
    "microscopy": lambda: microscopy(3, 4, 2, 32, 40),
    "weather": lambda: weather(2, 3, 40, 60),
    "embeddings of two years": lambda: seasons(2, 16, 32, 36),
    "table": lambda: table(800, 24),
}
BRISK_EFFORT, LEARNING_EFFORT, LEAST_EDGE = 3, 8, 4


def is_candidate(shape: tuple[int, ...], axis: int, transform: str, effort: int) -> bool:
    """Frames take their time: automatic options leave them out at the lowest efforts, and where
    pictures are slim."""
    width = [size for i, size in enumerate(shape) if i != axis][-1]
    slim = min(width, math.prod(shape) // shape[axis] // width) < LEAST_EDGE
    return transform != "stack" or (effort > BRISK_EFFORT and not slim)


def smallest(array: np.ndarray, effort: int) -> int:
    """Over all axes, and all that may tie planes; from effort 8 on, by the own coder."""
    coder = {"coder": "ans"} if effort >= LEARNING_EFFORT else {}
    return min(
        len(h5prism.encode(array, effort=effort, axis=axis, transform=transform, **coder))
        for axis in range(array.ndim)
        for transform in ("none", "channels", "stack")
        if is_candidate(array.shape, axis, transform, effort)
    )


@pytest.mark.parametrize("effort", [1, 3, 5, 8])
@pytest.mark.parametrize("kind", LAID)
def test_automatic_options_are_as_good_as_any_that_are_given(kind, effort):
    array = LAID[kind]()
    for order in orders(array)[: 4 if LONG or effort < LEARNING_EFFORT else 2]:
        laid = np.ascontiguousarray(array.transpose(order))
        blob = h5prism.encode(laid, effort=effort)
        info = h5prism.inspect_chunk(blob)
        chosen = (laid.shape, info.transform, info.coder, info.axis)
        assert len(blob) <= 1.005 * smallest(laid, effort) + 64, chosen
        assert h5prism.decode(blob).tobytes() == laid.tobytes()


OPTIONS = {
    "transform": ["auto", "none", "channels", "stack"],
    "predictor": ["auto", "none", "paeth", "lsq"],
    "coder": ["auto", "deflate", "jxl", "ans"],
}
SHAPES = [(1,), (7,), (30, 40), (1, 9), (3, 20, 24), (1, 1, 1), (2, 3, 4, 5), (2, 2, 2, 2, 3)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_any_options_that_are_given_have_a_layout(shape):
    array = (hashed(shape, 3) >> 12).astype(np.uint8)
    encoded = 0
    for values in itertools.product(*OPTIONS.values(), ["auto", *range(len(shape))]):
        options = dict(zip([*OPTIONS, "axis"], values))
        try:
            blob = h5prism.encode(array, effort=4, **options)
        except h5prism.PrismError as error:
            assert error.status == h5prism.Status.OPTION  # such stages do not go together
            continue
        assert h5prism.decode(blob).tobytes() == array.tobytes()
        encoded += 1
    assert encoded >= 30


def test_a_drawing_is_found_along_any_axis():
    array = np.stack([np.roll(drawing(60, 70), (i, 2 * i), (0, 1)) for i in range(12)])
    sizes = [
        len(h5prism.encode(np.ascontiguousarray(array.transpose(order))))
        for order in itertools.permutations(range(3))
    ]
    assert max(sizes) <= 1.1 * min(sizes)


@pytest.mark.parametrize("array", (drawing(90, 110), regions(40, 60, 4)), ids=("drawing", "regions"))
def test_repetitions_of_few_values_are_found_along_any_axis(array):
    sizes = [
        len(h5prism.encode(np.ascontiguousarray(array.transpose(order)), coder="deflate"))
        for order in itertools.permutations(range(array.ndim))
    ]
    as_it_lies = len(zlib.compress(array.tobytes(), 5))
    assert max(sizes) <= min(1.05 * min(sizes) + 8, as_it_lies + 64)


def test_lines_are_frames_where_there_is_time():
    """A wave whose pitch and loudness change, and noise."""
    t = np.arange(40000)
    wave = np.sin(t / 9 + 3 * np.sin(t / 4000)) * (0.3 + t % 9000 / 9000)
    array = (wave * 7000 + hashed((40000,), 3) % 60).astype("i2")
    chunk = h5prism.encode(array, effort=6)
    assert h5prism.inspect_chunk(chunk).method == "frames"
    fitted = h5prism.encode(array, effort=6, transform="none", predictor="lsq", coder="ans")
    assert len(chunk) < 0.96 * len(fitted)
    assert np.array_equal(h5prism.decode(chunk), array)
