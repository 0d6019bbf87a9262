"""Places without data: found, left out of all that is coded, and put back."""

import zlib

import numpy as np
import pytest
import reference_decoder as reference
import reference_native  # noqa: F401  (decodes coder 3 once it is imported)
from generated import embedding, hashed, picture, seasons, smooth, stack, time_series
from kinds import KINDS as KINDS_OF_ALL
from python_support import LONG, assert_same

import h5prism


def regions(height: int, width: int, share: float, seed: int = 5) -> np.ndarray:
    """Flags in irregular regions."""
    field = smooth(hashed((height, width), seed).astype(np.int64), 9)
    return field < np.quantile(field, share)


def holed(array: np.ndarray, mask: np.ndarray, value: float) -> np.ndarray:
    array = array.copy()
    array[mask] = value
    return array


def scene(value: float, dtype: str, share: float = 0.4) -> np.ndarray:
    return holed(embedding(30, 33, 12, "int16").astype(dtype), regions(30, 33, share), value)


def several() -> np.ndarray:
    """Two values, one of them in an empty border."""
    array = scene(-9999, "int16")
    array[:, :5] = 32767
    array[regions(30, 33, 0.1, 8)] = 32767
    return array


def own_masks() -> np.ndarray:
    """Frames with data in other places each."""
    frames = stack(5, 80, 90).astype(np.int16) * 60
    for k, frame in enumerate(frames):
        frame[regions(80, 90, 0.5, k)] = -9999
    return frames


def disk() -> np.ndarray:
    y, x = np.mgrid[:90, :90]
    values = picture(90, 90).astype(np.float32) / 7
    return holed(values, (y - 45) ** 2 + (x - 45) ** 2 > 42**2, np.nan)


def noisy_floats() -> np.ndarray:
    array = embedding(30, 33, 12, "int16").astype(np.float32)
    array += hashed(array.shape, 2).astype(np.float32) / 65536
    return holed(array, regions(30, 33, 0.4), np.nan)


def dequantised() -> np.ndarray:
    scales = (hashed((30, 33, 1), 6) + 9000).astype(np.float32) / np.float32(1 << 20)
    array = embedding(30, 33, 12, "int8").astype(np.float32) * scales
    return holed(array, regions(30, 33, 0.3), np.inf)


def times() -> np.ndarray:
    """Wide integers that differences tell, with gaps."""
    array = (np.arange(40 * 50 * 9).reshape(40, 50, 9) * 3600 + 10**12).astype(np.int64)
    array += hashed(array.shape, 4).astype(np.int64) % 9
    return holed(array, regions(40, 50, 0.4), -(2**63))


def line() -> np.ndarray:
    values = smooth(hashed((6000, 1), 3).astype(np.int64), 4)[:, 0].astype(np.int16)
    for first in range(0, 6000, 900):
        values[first : first + 300] = -9999
    return values


KINDS = {
    "int8": lambda: holed(embedding(30, 33, 12, "int8"), regions(30, 33, 0.4), 0),
    "planes first": lambda: np.ascontiguousarray(scene(-9999, "int16").transpose(2, 0, 1)),
    "planes within": lambda: np.ascontiguousarray(scene(-9999, "int16").transpose(0, 2, 1)),
    "big-endian": lambda: scene(-9999, ">i2"),
    "several values": several,
    "upper half": lambda: holed(embedding(40, 33, 12, "int8"), np.arange(40) < 20, 0),
    "all but a corner": lambda: holed(
        embedding(64, 60, 12, "int16"), np.add.outer(range(64), range(60)) < 105, 0
    ),
    "own masks": own_masks,
    "disk": disk,
    "whole floats": lambda: scene(np.nan, "float32"),
    "doubles": lambda: scene(-9999, "float64") / 8,
    "noisy floats": noisy_floats,
    "dequantised": dequantised,
    "times": times,
    "line": line,
    "unit dimensions": lambda: scene(0, "int16")[None, :, :, None],
    "two times": lambda: np.stack([scene(0, "int16").transpose(2, 0, 1)] * 2) + np.int16(1),
}


@pytest.mark.parametrize("effort", [1, 5, 8])
@pytest.mark.parametrize("kind", KINDS)
def test_places_come_back(kind, effort):
    array = KINDS[kind]()
    assert_same(h5prism.decode(h5prism.encode(array, effort=effort)), array)


@pytest.mark.parametrize("effort", [1, 5])
@pytest.mark.parametrize("kind", KINDS)
def test_reference_decoder_agrees(kind, effort):
    """The reference decoder has no JPEG XL."""
    array = KINDS[kind]()
    assert_same(reference.decode(h5prism.encode(array, effort=effort, coder="ans")), array)


@pytest.mark.parametrize("axis", [0, 2])
def test_reference_decoder_agrees_where_it_learns(axis):
    array = np.ascontiguousarray(scene(0, "int16")[:20, :22, :5].transpose((0, 1, 2) if axis else (2, 0, 1)))
    chunk = h5prism.encode(array, effort=8)
    assert_same(reference.decode(chunk), array)


@pytest.mark.parametrize("kind", ["int8", "planes first", "upper half", "whole floats", "unit dimensions"])
def test_masks_are_found(kind):
    assert h5prism.inspect_chunk(h5prism.encode(KINDS[kind]())).mapping == "mask"


@pytest.mark.parametrize("effort", [1, 5, 8])
def test_empty_rows_cost_nothing(effort):
    array = embedding(96, 64, 24, "int8")
    alone = len(h5prism.encode(array[48:], effort=effort))
    array[:48] = 0
    assert len(h5prism.encode(array, effort=effort)) <= 1.01 * alone + 100


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
@pytest.mark.parametrize("rows", [4, 40])
def test_empty_rows_hide_no_regions(rows, order):
    array = holed(embedding(96, 64, 24, "int8"), regions(96, 64, 0.3), 0)
    array[:rows] = 0
    whole, part = (np.ascontiguousarray(a.transpose(order)) for a in (array, array[rows:]))
    assert len(h5prism.encode(whole)) <= 1.01 * len(h5prism.encode(part)) + 100


@pytest.mark.parametrize("effort", [1, 5, 8])
@pytest.mark.parametrize("share", [0.2, 0.5])
def test_regions_cost_next_to_nothing(share, effort):
    array = embedding(96, 96, 24, "int8")
    whole = len(h5prism.encode(array, effort=effort))
    array[regions(96, 96, share)] = 0
    assert len(h5prism.encode(array, effort=effort)) <= 1.06 * (1 - share) * whole + 500


@pytest.mark.parametrize("effort", [1, 5])
def test_parts_of_large_arrays_show_that_masks_pay(effort):
    array = holed(embedding(128, 128, 24, "int8"), regions(128, 128, 0.3), 0)
    assert h5prism.inspect_chunk(h5prism.encode(array, effort=effort)).mapping == "mask"


def test_borders_of_large_arrays_are_masked():
    """A part from the middle shows none of them."""
    array = embedding(128, 128, 24, "int8")
    array[:30] = 0
    assert h5prism.inspect_chunk(h5prism.encode(array)).mapping == "mask"


@pytest.mark.parametrize("kind", ["table, gaps filled in", "table with gaps", "clouds"])
def test_masks_that_few_places_show(kind):
    """Values here and there in floats; places of which the middle has none."""
    array = np.ascontiguousarray(KINDS_OF_ALL[kind]())
    chunk = h5prism.encode(array)
    assert h5prism.inspect_chunk(chunk).mapping == "mask"
    assert len(chunk) < 0.95 * len(h5prism.encode(array, coder="zstd"))
    assert_same(h5prism.decode(chunk), array)


def test_arrays_without_gaps_have_no_mask():
    for array in (embedding(40, 50, 12, "int8"), stack(4, 60, 70), picture(90, 90)):
        assert h5prism.inspect_chunk(h5prism.encode(array)).mapping != "mask"


def test_single_planes_come_back():
    array = KINDS["planes first"]()
    chunk = h5prism.encode(array)
    assert_same(h5prism.decode(chunk, planes=[3, 0]), array[[3, 0]])


def test_explicit_coders_know_of_no_masks():
    array = KINDS["int8"]()
    for coder in ("deflate", "jxl"):
        chunk = h5prism.encode(array, transform="channels", coder=coder)
        assert h5prism.inspect_chunk(chunk).mapping == "none"


def of_times_and_bands() -> np.ndarray:
    array = time_series(4, 6, 24, 28)
    array[:, :, regions(24, 28, 0.4)] = -9999
    return array


def of_seasons() -> np.ndarray:
    array = seasons(2, 12, 20, 24)
    array[:, :, regions(20, 24, 0.3)] = 0
    return array


@pytest.mark.parametrize("effort", (1, 5))
@pytest.mark.parametrize("make", (of_times_and_bands, of_seasons))
def test_planes_with_holes_lie_along_several_axes(make, effort):
    array = make()
    sizes = []
    for order in ((0, 1, 2, 3), (1, 0, 3, 2), (2, 3, 0, 1), (3, 1, 2, 0)):
        turned = np.ascontiguousarray(array.transpose(order))
        chunk = h5prism.encode(turned, effort=effort)
        info = h5prism.inspect_chunk(chunk)
        assert info.mapping == "mask" and len(info.axes) == 2
        assert_same(h5prism.decode(chunk), turned)
        sizes.append(len(chunk))
    assert_same(reference.decode(chunk), turned)
    assert max(sizes) <= 1.015 * min(sizes)


def test_masks_of_frames_are_found_in_any_order():
    array = stack(6, 50, 60).astype(np.int16) * 60
    for k, frame in enumerate(array):
        frame[regions(50, 60, 0.5, k)] = -9999
    for order in ((0, 1, 2), (1, 2, 0), (2, 1, 0)):
        chunk = h5prism.encode(np.ascontiguousarray(array.transpose(order)), effort=1)
        assert h5prism.inspect_chunk(chunk).mapping == "mask"


# Masks that contradict what they are about


def varint(value):
    more = value >> 7
    return bytes([value & 127 | 128]) + varint(more) if more else bytes([value])


def container(of, parameters, payload, dims=None, mapped=True, checksum=True):
    """A chunk with the header of another one."""
    dims = of.dims if dims is None else dims
    header = b"PRSM\x01" + bytes([(1 if checksum else 0) | (4 if mapped else 0), of.type, 0, len(dims)])
    header += b"".join(map(varint, dims))
    header += bytes([of.transform, of.predictor, of.coder, 5, 0 if of.axis is None else of.axis + 1])
    header += varint(len(parameters)) + varint(len(payload))
    crc = of.elements_crc.to_bytes(4, "little") if checksum else b""
    chunk = header + crc + parameters + payload
    return chunk + (zlib.crc32(chunk).to_bytes(4, "little") if checksum else b"")


def raw(array):
    """An inner chunk, after its length."""
    dims = b"".join(map(varint, array.shape))
    chunk = b"PRSM\x01\x00\x02\x00" + bytes([array.ndim]) + dims + bytes([1, 1, 4, 5, 0, 0])
    chunk += varint(array.size) + array.astype(np.uint8).tobytes()
    return varint(len(chunk)) + chunk


def masked():
    """A chunk with a mask, and what it is about."""
    mask = regions(30, 33, 0.3)
    mask[:4] = True
    array = holed(embedding(30, 33, 12, "int8"), mask, 0)
    chunk = h5prism.encode(array)
    assert h5prism.inspect_chunk(chunk).mapping == "mask"
    return reference.read_container(chunk), mask[:, :, None]


def refused(chunk):
    with pytest.raises(reference.CorruptChunk):
        reference.decode(chunk)
    with pytest.raises(h5prism.PrismError):
        h5prism.decode(chunk)


@pytest.mark.parametrize("axis", [None, 0, 1, 2, 3])
@pytest.mark.parametrize("effort", [1, 5])
@pytest.mark.parametrize("parts", [(0,), (0, 2)])
def test_axes_that_a_mask_leaves_one_index_of(axis, effort, parts):
    """Complex numbers that are real, bands of which one has data: the chunk's axes stay the array's."""
    array = np.zeros((4, 26, 9, 7, 3), "<f4")
    there = np.cumsum(np.random.default_rng(3).normal(0, 9, (4, 26, 9, 7)), 1)
    for part in parts:
        array[..., part] = there + part
    options = {} if axis is None else {"axis": axis}
    blob = h5prism.encode(array, effort=effort, **options)
    assert_same(h5prism.decode(blob), array)
    assert_same(reference.decode(blob), array)
    turned = np.moveaxis(array, 4, 1).copy()
    assert_same(h5prism.decode(h5prism.encode(turned, effort=effort, **options)), turned)


def test_a_mask_made_by_hand():
    chunk, mask = masked()
    parameters = b"\x0a\x01\x00" + varint(3) + raw(mask)
    made = container(chunk, parameters, chunk.payload)
    assert_same(h5prism.decode(made), reference.decode(made))


def contradictions():
    _, mask = masked()
    fewer, more = mask.copy(), mask.copy()
    fewer[6:8], more[20, :20] = False, True
    other_rows = mask.copy()
    other_rows[4] = True
    yield "no values", b"\x0a\x00" + varint(3) + raw(mask)
    yield "five values", b"\x0a\x05" + bytes(5) + varint(3) + raw(mask)
    yield "a code too large", b"\x0a\x01\x00" + varint(3) + raw(mask * 2)
    yield "no data", b"\x0a\x01\x00" + varint(3) + raw(mask | True)
    yield "another row is empty", b"\x0a\x01\x00" + varint(3) + raw(other_rows)
    yield "an axis too many", b"\x0a\x01\x00" + varint(11) + raw(mask)
    yield "another axis", b"\x0a\x01\x00" + varint(5) + raw(mask)
    yield "a mask that is too short", b"\x0a\x01\x00" + varint(3) + raw(mask[:-1])
    yield "bytes after it", b"\x0a\x01\x00" + varint(3) + raw(mask) + b"\x00"
    yield "nothing", b"\x0a\x01\x00"
    yield "other places", b"\x0a\x01\x00" + varint(3) + raw(more)
    yield "fewer places", b"\x0a\x01\x00" + varint(3) + raw(fewer)


@pytest.mark.parametrize("parameters", [p for _, p in contradictions()], ids=[n for n, _ in contradictions()])
def test_contradictions_are_refused(parameters):
    chunk, _ = masked()
    refused(container(chunk, parameters, chunk.payload))


def test_masks_do_not_nest():
    chunk, mask = masked()
    parameters = b"\x0a\x01\x00" + varint(3) + raw(mask)
    inner_dims = (26, 33, 12)
    inner = container(chunk, parameters, chunk.payload, inner_dims, checksum=False)
    refused(container(chunk, parameters, varint(len(inner)) + inner))


def test_damage_is_no_crash():
    chunk, _ = masked()
    whole = container(chunk, chunk.parameters, chunk.payload, checksum=False)
    for at in range(len(whole) - len(chunk.payload) - len(chunk.parameters), len(whole), 1 if LONG else 7):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        try:
            expected = reference.decode(bytes(damaged)) if at % 5 == 0 else None
        except (reference.CorruptChunk, MemoryError):
            with pytest.raises(h5prism.PrismError):
                h5prism.decode(bytes(damaged))
            continue
        try:
            found = h5prism.decode(bytes(damaged))
        except h5prism.PrismError:
            assert expected is None
            continue
        if expected is not None:
            assert_same(found, expected)
