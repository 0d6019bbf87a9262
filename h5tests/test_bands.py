"""Large planes in two bands of rows, which two threads code side by side."""

import numpy as np
import pytest
import reference_decoder as reference
import reference_native  # noqa: F401  (decodes coder 3 once it is imported)
from python_support import assert_same, correlated

import h5prism

STAGES = {"transform": "channels", "predictor": "lsq", "coder": "ans", "axis": 0}
LEAST_BYTES = 1 << 22


def planes(count, height, width, varied, dtype, seed=0):
    """Constant planes, which take no time, and in their middle some that are not."""
    array = np.empty((count, height, width), dtype)
    array[:] = np.arange(count).reshape(-1, 1, 1) * 7
    first = (count - varied) // 2
    content = correlated((height, width, varied), dtype, seed)
    array[first : first + varied] = content.transpose(2, 0, 1)
    return array


ARRAYS = {  # with 16 planes or more, the second band knows the last rows of the first one
    "known rows": (lambda: planes(128, 129, 128, 5, "<i2"), {"effort": 5}),
    "known rows, quick": (lambda: planes(128, 131, 129, 3, ">u2"), {"effort": 1}),
    "known rows, many": (lambda: planes(300, 129, 128, 4, "i1"), {"effort": 6}),
    "unknown rows": (lambda: planes(15, 375, 374, 1, "<u2"), {"effort": 5}),
    "unknown rows, quick": (lambda: planes(3, 838, 839, 1, "<i2"), {"effort": 2}),
    "a plane": (lambda: planes(1, 1449, 1448, 1, "<u2"), {"effort": 4}),
    "two groups": (lambda: planes(600, 130, 128, 2, "i1"), {"effort": 5}),
    "not mixed": (lambda: planes(20, 330, 331, 2, "<i2"), {"effort": 4, "transform": "none"}),
}
SLOW_TO_REFER = ["a plane"]


@pytest.fixture(scope="module", params=ARRAYS)
def made(request):
    make, options = ARRAYS[request.param]
    array = make()
    assert array.nbytes >= LEAST_BYTES
    chunk = h5prism.encode(array, **STAGES | options)
    assert h5prism.inspect_chunk(chunk).method in ("lsq", "quick")
    return request.param, array, chunk, options


def words_of_first_band(chunk):
    parameters = reference.Reader(reference.read_container(chunk).parameters[1:])
    return parameters.varint()


def test_any_number_of_threads(made):
    _, array, chunk, options = made
    assert words_of_first_band(chunk) > 0
    for threads in (1, 2, 3):
        assert_same(h5prism.decode(chunk, threads=threads), array)
        assert h5prism.encode(array, threads=threads, **STAGES | options) == chunk


def test_the_plain_decoder_agrees(made):
    name, array, chunk, _ = made
    if name in SLOW_TO_REFER:
        pytest.skip("as the others, for minutes")
    assert_same(reference.decode(chunk), array)


def with_words(chunk, words):
    """The chunk with another number of words in the first band, in as many bytes."""
    parameters = reference.read_container(chunk).parameters
    begin = chunk.index(parameters) + 1
    size = next(i for i in range(9) if parameters[1 + i] < 128) + 1
    varint = [words >> 7 * i & 127 | (128 if i + 1 < size else 0) for i in range(size)]
    return chunk[:begin] + bytes(varint) + chunk[begin + size :]


@pytest.mark.parametrize("threads", [1, 2])
def test_bands_that_overlap_or_lie_outside_are_refused(made, threads):
    name, array, _, options = made
    chunk = h5prism.encode(array, checksum=False, **STAGES | options)
    words = words_of_first_band(chunk)
    assert with_words(chunk, words) == chunk
    size = next(i for i in range(9) if words < 1 << 7 * i)
    for wrong in (0, 1, 31, words // 2, words - 1, words + 1, words + 40, (1 << 7 * size) - 1):
        with pytest.raises(h5prism.PrismError) as refusal:
            h5prism.decode(with_words(chunk, wrong), threads=threads)
        assert refusal.value.status in (h5prism.Status.CORRUPT, h5prism.Status.TRUNCATED)


@pytest.mark.parametrize("threads", [1, 2])
def test_damage_is_refused_or_decodes(made, threads):
    """By all numbers of threads in the same way."""
    name, array, _, options = made
    chunk = bytearray(h5prism.encode(array, checksum=False, **STAGES | options))
    random = np.random.default_rng(len(chunk))
    for _ in range(12):
        place = int(random.integers(30, len(chunk)))
        damaged = chunk.copy()
        damaged[place] ^= 1 << int(random.integers(8))
        results = []
        for count in (1, threads):
            try:
                results.append(h5prism.decode(bytes(damaged), threads=count).tobytes())
            except h5prism.PrismError as error:
                results.append(str(error))
        assert results[0] == results[1]


def test_few_rows_and_doubled_planes_are_in_no_bands():
    large = planes(256, 129, 128, 3, "i1")
    doubled = large[:, ::2, ::2].repeat(2, 1).repeat(2, 2)
    doubled[60:70, 5, 7] += 3
    flat = np.ascontiguousarray(large.reshape(256, 64, -1))
    for array in (flat, np.ascontiguousarray(doubled[:, :129, :])):
        chunk = h5prism.encode(array, effort=2, **STAGES)
        told = h5prism.inspect_chunk(chunk)
        assert (told.mapping, told.method) == ("none", "quick")
        assert words_of_first_band(chunk) == 0
        assert_same(h5prism.decode(chunk, threads=2), array)


@pytest.mark.parametrize("effort", [1, 4])
def test_places_without_data_and_threads(effort):
    """Holes are those of the plane, whoever codes it."""
    array = correlated((160, 170, 20), "<i2", 4) // 64
    array[np.random.default_rng(3).random((160, 170)) < 0.3] = -9999
    options = STAGES | {"axis": 2, "effort": effort}
    chunks = [h5prism.encode(array, threads=n, **options) for n in (1, 2, 3)]
    assert h5prism.inspect_chunk(chunks[0]).mapping == "mask"
    assert chunks[1:] == chunks[:1] * 2
    assert_same(h5prism.decode(chunks[1]), array)


@pytest.mark.parametrize("effort", [1, 3])
def test_bands_cost_next_to_nothing(effort):
    """Beside the same planes, and others that are constant and make the chunk large."""
    array = planes(128, 129, 128, 24, "<i2", effort)
    small = array[40:-40]
    assert small.nbytes < LEAST_BYTES
    sizes = [len(h5prism.encode(a, effort=effort, **STAGES)) for a in (array, small)]
    assert sizes[0] < 1.003 * sizes[1]


@pytest.mark.parametrize("axis", [0, 1, 2, "auto"])
@pytest.mark.parametrize("dtype", ["u1", ">i2"])
def test_elements_come_into_planes_by_several_threads(dtype, axis):
    array = correlated((90, 130, 110), dtype, 2)
    for laid in (array, array.reshape(9, 10, 130, 110)):
        options = {"effort": 1, "axis": axis, "coder": "ans"}
        chunks = [h5prism.encode(laid, threads=n, **options) for n in (1, 2, 3)]
        assert chunks[1:] == chunks[:1] * 2
        for threads in (1, 2, 3):
            assert_same(h5prism.decode(chunks[0], threads=threads), laid)


def test_a_plane_comes_from_elements_by_several_threads():
    array = correlated((700, 801), ">u2", 2)
    chunk = h5prism.encode(array, threads=3, effort=1)
    assert chunk == h5prism.encode(array, effort=1)
    assert_same(h5prism.decode(chunk, threads=3), array)
