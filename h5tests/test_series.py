"""Frames of large stacks in two series, which two threads code side by side."""

import numpy as np
import pytest
import reference_decoder as reference
import reference_frames as frames
import reference_native  # noqa: F401  (decodes coder 3 once it is imported)
from generated import hashed, scene
from python_support import assert_same

import h5prism

STAGES = {"transform": "stack", "predictor": "lsq", "coder": "ans", "axis": 0}
LEAST_BYTES = 1 << 22


def ramps(shape):
    """Of many values, so that nothing but frames is as small."""
    count, height, width = shape
    y, x, noise = np.arange(height).reshape(-1, 1), np.arange(width), hashed(shape, 5) >> 6
    return (y * 120 + x * 90 + np.arange(count).reshape(-1, 1, 1) * 70 + noise).astype("<u2")


def copied(frames, count):
    """Some frames again and again, in no order, which takes no time; and some that are constant."""
    array = frames[np.random.default_rng(2).integers(0, len(frames), count)]
    array[:: count // 7] = 7
    return array


ARRAYS = {  # rows of fewer columns than 48 follow each other in another way
    "few": lambda: copied(ramps((6, 70, 100)), 300),
    "low": lambda: copied(ramps((20, 15, 90)).astype("<i2"), 1600),
    "narrow": lambda: copied(ramps((9, 100, 30)), 700),
    "bytes": lambda: copied(scene((5, 180, 240), "u1"), 98),
    "a couple": lambda: scene((2, 1449, 1448), "i1"),
    "a constant and another": lambda: copied(scene((2, 1448, 1449), "u1"), 14)[6:8],
    "many": lambda: scene((40, 230, 460), "u1"),
    "three": lambda: scene((3, 1000, 701), ">i2"),
}
QUICK_TO_REFER = ("few", "low", "narrow")


@pytest.fixture(scope="module", params=ARRAYS)
def made(request):
    array = ARRAYS[request.param]()
    assert array.nbytes >= LEAST_BYTES
    chunk = h5prism.encode(array, effort=4, **STAGES)
    assert h5prism.inspect_chunk(chunk).method == "frames"
    return request.param, array, chunk


def test_any_number_of_threads(made):
    _, array, chunk = made
    for threads in (1, 2, 3, 8) * 3:
        assert_same(h5prism.decode(chunk, threads=threads), array)
    for threads in (2, 3):
        assert h5prism.encode(array, effort=4, threads=threads, **STAGES) == chunk


def test_the_plain_decoder_agrees(made):
    name, array, chunk = made
    if name not in QUICK_TO_REFER:
        pytest.skip("as the others, for minutes")
    assert_same(reference.decode(chunk), array)


def test_both_series_begin_segments(made):
    _, _, chunk = made
    if h5prism.inspect_chunk(chunk).mapping != "none":
        pytest.skip("the mapping has the parameters")
    container = reference.read_container(chunk)
    _, _, fields = frames.read_parameters(container, container.parameters[1:])
    assert frames.series_of(container) == 2
    for series in (fields[::2], fields[1::2]):
        coded = [of_frame for of_frame in series if of_frame and not of_frame.constant]
        assert not coded or coded[0].begins


@pytest.mark.parametrize("threads", [2, 3])
def test_some_frames(made, threads):
    _, array, chunk = made
    random = np.random.default_rng(len(chunk))
    for _ in range(4):
        planes = sorted({int(k) for k in random.integers(0, len(array), 3)})
        found = h5prism.decode(chunk, planes=planes, threads=threads)
        assert_same(found, array[planes])


def test_damage_is_refused_or_decodes(made):
    """By all numbers of threads in the same way."""
    name, array, _ = made
    chunk = bytearray(h5prism.encode(array, effort=4, checksum=False, **STAGES))
    random = np.random.default_rng(len(chunk))
    for _ in range(6 if array.shape[1] > 1000 else 20):
        damaged = chunk.copy()
        damaged[int(random.integers(30, len(chunk)))] ^= 1 << int(random.integers(8))
        results = []
        for threads in (1, 2):
            try:
                results.append(h5prism.decode(bytes(damaged), threads=threads).tobytes())
            except h5prism.PrismError as error:
                results.append(str(error))
        assert results[0] == results[1]


def test_no_more_memory_than_is_said(made):
    """For each thread as much."""
    _, array, chunk = made
    bytes_of_one = h5prism.inspect_chunk(chunk).decode_bytes
    for threads in (1, 2):
        assert_same(
            h5prism.decode(chunk, threads=threads, memory_limit=threads * bytes_of_one), array
        )


def test_series_cost_next_to_nothing():
    """Beside the same frames, of which copies make the stack large."""
    varied = ramps((60, 70, 100))
    large = copied(varied, 300)
    assert varied.nbytes < LEAST_BYTES <= large.nbytes
    sizes = [len(h5prism.encode(a, effort=4, **STAGES)) for a in (large, varied)]
    assert sizes[0] < 1.003 * sizes[1]
