"""The reference decoder and the library agree on what lossy chunks share, and on pictures."""

import struct

import numpy as np
import pytest
import reference_decoder as reference
import reference_lossy
from generated import picture

import h5prism

PICTURE = (picture(100, 130)[..., None] + np.arange(3) * 20).astype("u1")
CHUNK = h5prism.encode(PICTURE, coder="jxl", distance=1.5, checksum=False)
PARAMETERS = h5prism.inspect_chunk(CHUNK).header_bytes


def changed(place, data):
    at = PARAMETERS + place
    return CHUNK[:at] + data + CHUNK[at + len(data) :]


ARRAYS = {
    "colours": PICTURE,
    "frames": np.stack([PICTURE[..., 0], PICTURE[::-1, :, 0] // 2]),
    "one": PICTURE[..., 0],
    "dimensions of 1": PICTURE[None, :, :, :1],
    "16 bits": PICTURE.astype(">i2") * 100,
}


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS.keys())
def test_pictures_are_found(array):
    chunk = h5prism.encode(array, coder="jxl", distance=1.5)
    assert h5prism.inspect_chunk(chunk).mapping == "distance"
    with pytest.raises(reference.NotCovered):
        reference.decode(chunk)


def test_bounds_are_read():
    container = reference.read_container(CHUNK)
    parameters = reference.Reader(container.parameters)
    assert parameters.u8() == 9
    bound, info = reference_lossy.read_bound(parameters), h5prism.inspect_chunk(CHUNK)
    assert (bound.kind, bound.of, bound.value) == (4, 0, 1.5)
    assert bound.reached == info.reached > 0


NUMBERS = {"zero": 0.0, "negative": -1.0, "NaN": float("nan"), "infinite": float("inf")}
DAMAGE = {
    **{f"value {name}": (3, struct.pack("<f", number)) for name, number in NUMBERS.items()},
    "reached negative": (7, struct.pack("<f", -1.0)),
    "reached NaN": (7, struct.pack("<f", float("nan"))),
    "kind 0": (1, b"\0"),
    "kind 5": (1, b"\5"),
    "reference 2": (2, b"\2"),
    "axis beyond the rank": (11, b"\4"),
    "two colours": (12, b"\2"),
    "a colour too few": (12, b"\1"),
}


@pytest.mark.parametrize("place, data", DAMAGE.values(), ids=DAMAGE.keys())
def test_damage_is_refused_by_both(place, data):
    chunk = changed(place, data)
    with pytest.raises(reference.CorruptChunk):
        reference.decode(chunk)
    with pytest.raises(h5prism.PrismError):
        h5prism.decode(chunk)
