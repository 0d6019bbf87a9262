"""Colours as one symbol: found where few tuples lie along an axis, and put together again."""

import numpy as np
import pytest
import reference_decoder as reference
import reference_mappings  # noqa: F401  (decodes mapped chunks once it is imported)
import reference_native  # noqa: F401  (decodes coder 3 once it is imported)
from generated import hashed, smooth
from python_support import assert_same
from test_masks import container, refused, varint

import h5prism


def classes(height: int, width: int, count: int, seed: int = 1) -> np.ndarray:
    """Regions of a smooth field, numbered; small dots of other classes in them."""
    field = smooth(hashed((height, width), seed).astype(np.int64), 12)
    ranks = field.ravel().argsort().argsort().reshape(field.shape)
    dots = hashed((height, width), seed + 1)
    return np.where(dots % 50 == 0, dots // 64 % count, ranks * count // field.size)


def coloured(where: np.ndarray, dtype: str, channels: int = 3) -> np.ndarray:
    """Channels last: each class has a colour of its own."""
    colours = hashed((where.max() + 1, channels), 9).astype(np.int64)
    return colours.astype(dtype)[where]


def sprites(count: int, side: int) -> np.ndarray:
    """(sprite, y, x, RGBA): mirrored noise of five colours each, half of it transparent."""
    random = hashed((count, side, side // 2), 3)
    half = np.where(random % 2 == 0, 0, 1 + random // 16 % 5)
    own = np.concatenate([np.zeros((count, 1), int), 1 + hashed((count, 5), 4) % 20], 1)
    whole = np.concatenate([half, half[:, :, ::-1]], 2)
    colours = np.concatenate([hashed((21, 3), 5) >> 8, np.full((21, 1), 255)], 1)
    colours[0] = 0
    return colours[own[np.arange(count)[:, None, None], whole]].astype(np.uint8)


def nested() -> np.ndarray:
    """Classes at three levels, as a raster of three bands, bands first."""
    where = classes(60, 80, 48)
    return np.stack([where, where // 4, where // 16]).astype(np.uint8)


def movie() -> np.ndarray:
    """time x y x x x colour: a picture that shifts."""
    frame = classes(40, 50, 12)
    return coloured(np.stack([np.roll(frame, 3 * t, 1) for t in range(4)]), "u1")


def heat() -> np.ndarray:
    """A smooth field in the colours of a ramp."""
    values = smooth(hashed((90, 100), 7).astype(np.int64), 5)
    return coloured((values - values.min()) // 64 % 200, "u1")


KINDS = {
    "RGB": (lambda: coloured(classes(60, 80, 30), "u1"), 2),
    "RGB, channels first": (
        lambda: np.ascontiguousarray(np.moveaxis(coloured(classes(60, 80, 30), "u1"), -1, 0)),
        0,
    ),
    "RGB, channels in the middle": (
        lambda: np.ascontiguousarray(np.moveaxis(coloured(classes(60, 80, 30), "u1"), -1, 1)),
        1,
    ),
    "RGBA sprites": (lambda: sprites(16, 20), 3),
    "RGB, 16 bits, big-endian": (lambda: coloured(classes(60, 80, 40), ">u2"), 2),
    "more than 256 colours": (lambda: coloured(classes(130, 140, 400), "u1"), 2),
    "three bands of classes": (nested, 0),
    "time x y x x x colour": (movie, 3),
    "a colour map": (heat, 2),
    "floats": (lambda: coloured(classes(60, 80, 30), "f4", 4) / np.float32(7), 2),
    "unit axes": (lambda: coloured(classes(60, 80, 30), "u1")[None, :, None], 4),
}


@pytest.mark.parametrize("effort", (4, 5))
@pytest.mark.parametrize("kind", KINDS)
def test_few_colours_are_one_plane(kind, effort):
    make, axis = KINDS[kind]
    array = make()
    chunk = h5prism.encode(array, effort=effort)
    info = h5prism.inspect_chunk(chunk)
    assert (info.mapping, info.axis) == ("colours", axis)
    planes = h5prism.encode(array, effort=effort, axis=axis)
    assert len(chunk) < 0.97 * len(planes)
    assert_same(h5prism.decode(chunk), array)
    if effort == 4:  # whatever codes the integers within, the mapping is the same
        assert_same(reference.decode(chunk), array)


def test_planes_of_no_common_classes_stay_apart():
    array = np.stack([classes(90, 100, 7, 10 * seed + 1) for seed in range(1, 5)], -1)
    chunk = h5prism.encode(array.astype(np.uint8))
    assert h5prism.inspect_chunk(chunk).mapping != "colours"


def test_many_colours_are_left_alone():
    photograph = (smooth(hashed((90, 100, 3), 5).astype(np.int64), 3) >> 8).astype(np.uint8)
    assert h5prism.inspect_chunk(h5prism.encode(photograph)).mapping != "colours"


@pytest.mark.parametrize(
    "options",
    ({"axis": 2}, {"coder": "ans"}, {"transform": "none"}, {"order": "stored"}, {"block": 8}),
)
def test_who_asks_for_stages_gets_them(options):
    array = KINDS["RGB"][0]()
    chunk = h5prism.encode(array, **options)
    assert h5prism.inspect_chunk(chunk).mapping != "colours"
    assert_same(h5prism.decode(chunk), array)


def test_single_planes():
    array = nested()
    assert_same(h5prism.decode(h5prism.encode(array), planes=[2, 0]), array[[2, 0]])


def test_contradictions_are_refused():
    chunk = reference.read_container(h5prism.encode(KINDS["RGB"][0](), effort=4))
    assert chunk.parameters[:2] == b"\x0c\x02"
    count = chunk.parameters[2]
    h5prism.decode(container(chunk, bytes([12, 2, count]), chunk.payload))
    refused(container(chunk, bytes([12, 3, count]), chunk.payload))  # no such axis
    refused(container(chunk, bytes([12, 1, count]), chunk.payload))  # another axis
    refused(container(chunk, bytes([12, 2, 0]), chunk.payload))
    refused(container(chunk, bytes([12, 2, count + 1]), chunk.payload))  # another table
    refused(container(chunk, bytes([12, 2]), chunk.payload))
    refused(container(chunk, bytes([12, 2, count, 0]), chunk.payload))
    refused(container(chunk, bytes([12, 2, count]), chunk.payload + b"\x00"))


def test_places_beyond_the_table_are_refused():
    array = KINDS["RGB"][0]()
    chunk = reference.read_container(h5prism.encode(array, effort=4))
    places = h5prism.encode(np.full((60, 80, 1), 5, np.uint8), checksum=False)
    for count, accepted in ((6, True), (5, False)):
        table = h5prism.encode(np.ones((3, count), np.uint8), checksum=False)
        payload = b"".join(varint(len(part)) + part for part in (places, table))
        changed = container(chunk, bytes([12, 2, count]), payload)
        if accepted:
            with pytest.raises(h5prism.PrismError, match="intact"):  # its elements are others
                h5prism.decode(changed)
        else:
            refused(changed)


def test_damage_is_no_crash():
    chunk = h5prism.encode(KINDS["RGBA sprites"][0](), effort=4)
    for at in range(0, len(chunk), max(1, len(chunk) // 200)):
        for damaged in (chunk[:at], chunk[:at] + bytes([chunk[at] ^ 0x55]) + chunk[at + 1 :]):
            with pytest.raises(h5prism.PrismError):
                h5prism.decode(damaged)
