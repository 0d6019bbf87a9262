"""Planes as chunks of their own: found where each has its own rule, and put together again."""

import numpy as np
import pytest
import reference_decoder as reference
import reference_mappings  # noqa: F401  (decodes mapped chunks once it is imported)
import reference_native  # noqa: F401  (decodes coder 3 once it is imported)
from generated import hashed, stack
from python_support import assert_same
from test_masks import container, refused, varint

import h5prism


def track(rows: int) -> np.ndarray:
    """Latitude, longitude and height, each with decimals of its own."""
    steps = hashed((3, rows), 1).astype(np.int64) % 41 - 20
    latitude, longitude, height = np.cumsum(steps, 1)
    return np.stack([47.3 + latitude * 1e-6, 8.5 + longitude * 1e-6, 400 + height * 0.1], 1).round(6)


def orders(rows: int) -> np.ndarray:
    """Times, amounts and prices."""
    random = hashed((3, rows), 2).astype(np.int64)
    return np.stack(
        [10**12 + np.cumsum(random[0] % 3), 100 << random[1] % 3, 9900 + random[2] % 200], 1
    )


def scaled_channels(dtype: str) -> np.ndarray:
    """Channels last, each times a number of its own."""
    factors = np.sqrt(np.arange(2, 7)).astype(np.float32).reshape(5, 1, 1)
    channels = stack(5, 40, 44).astype(np.float32) * factors
    return np.ascontiguousarray(np.moveaxis(channels, 0, -1)).astype(dtype)


KINDS = {
    "track": lambda: track(1200),
    "track, a unit axis": lambda: track(1200)[:, None],
    "orders": lambda: orders(1500),
    "scaled channels": lambda: scaled_channels("f4"),
    "scaled channels, big-endian": lambda: scaled_channels(">f4"),
}


@pytest.mark.parametrize("effort", (1, 5))
@pytest.mark.parametrize("kind", KINDS)
def test_planes_with_rules_of_their_own(kind, effort):
    array = KINDS[kind]()
    chunk = h5prism.encode(array, effort=effort)
    info = h5prism.inspect_chunk(chunk)
    assert info.mapping == "split" and info.planes == array.shape[info.axis]
    whole = h5prism.encode(array, effort=effort, axis=info.axis)
    assert len(chunk) < 0.95 * len(whole)
    assert_same(h5prism.decode(chunk), array)
    assert_same(reference.decode(chunk), array)


def test_many_columns_with_scales_of_their_own():
    scales = np.sqrt(np.arange(2, 98)).astype(np.float32)
    array = (hashed((640, 96), 3).astype(np.float32) % 251 - 125) * scales
    chunk = h5prism.encode(array)
    assert h5prism.inspect_chunk(chunk).mapping == "split"
    assert len(chunk) < 0.8 * len(h5prism.encode(array, axis=1))
    assert_same(h5prism.decode(chunk), array)


@pytest.mark.parametrize("options", [{"order": "stored"}, {"block": 8}])
def test_parts_that_are_asked_for_are_not_taken_apart(options):
    for kind in ("track", "scaled channels"):
        array = KINDS[kind]()
        chunk = h5prism.encode(array, **options)
        assert h5prism.inspect_chunk(chunk).mapping != "split"
        assert_same(h5prism.decode(chunk), array)


def test_frames_are_looked_at_where_there_is_time():
    frames = np.ascontiguousarray(np.moveaxis(scaled_channels("f4"), -1, 0))
    assert h5prism.inspect_chunk(h5prism.encode(frames)).mapping == "split"
    assert h5prism.inspect_chunk(h5prism.encode(frames, effort=1)).mapping != "split"


def test_single_planes():
    array = track(1200)
    planes = h5prism.decode(h5prism.encode(array), planes=[2, 0])
    assert_same(planes, array[:, [2, 0]])


@pytest.mark.parametrize("options", ({"axis": 1}, {"coder": "ans"}, {"transform": "none"}))
def test_who_asks_for_stages_gets_them(options):
    assert h5prism.inspect_chunk(h5prism.encode(track(1200), **options)).mapping != "split"


def test_planes_of_one_kind_stay_together():
    fields = np.cumsum(np.cumsum(hashed((3, 50, 60), 4).astype(np.float32) - 32768, 1), 2)
    assert h5prism.inspect_chunk(h5prism.encode(fields)).mapping != "split"


def split() -> tuple[reference.Chunk, bytes]:
    chunk = h5prism.encode(track(1200))
    return reference.read_container(chunk), chunk


def test_contradictions_are_refused():
    chunk, _ = split()
    refused(container(chunk, b"\x0b\x02", chunk.payload))  # no such axis
    refused(container(chunk, b"\x0b\x00", chunk.payload))  # another axis
    refused(container(chunk, b"\x0b", chunk.payload))
    refused(container(chunk, b"\x0b\x01\x00", chunk.payload))
    refused(container(chunk, b"\x0b\x01", chunk.payload + b"\x00"))
    inner = container(chunk, chunk.parameters, chunk.payload, (1200, 3), checksum=False)
    refused(container(chunk, b"\x0b\x01", varint(len(inner)) + inner))


def test_damage_is_no_crash():
    _, chunk = split()
    for at in range(0, len(chunk), max(1, len(chunk) // 200)):
        for damaged in (chunk[:at], chunk[:at] + bytes([chunk[at] ^ 0x55]) + chunk[at + 1 :]):
            with pytest.raises(h5prism.PrismError):
                h5prism.decode(damaged)
