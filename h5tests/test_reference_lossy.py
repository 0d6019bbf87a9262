"""The reference decoder and the library agree on what lossy chunks share, and on pictures."""

import struct
import zlib

import numpy as np
import pytest
import reference_decoder as reference
import reference_lossy
from generated import picture
from python_support import fractals

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
    "beginnings first": np.stack([picture(300, 310), picture(300, 310)[::-1] // 2]).astype("u1"),
    "dimensions of 1": PICTURE[None, :, :, :1],
    "16 bits": PICTURE.astype(">i2") * 100,
}


# ---- Parts


def fractal(height, width, channels):
    """Channels that depend on each other, each with less the finer it is looked at."""
    generator = np.random.default_rng(5)
    sources = fractals(6, height, width, generator)
    mixing = generator.normal(size=(6, channels)) * 0.6 ** np.arange(6)[:, None]
    return (sources @ mixing).astype("f4")


def parts_of(chunk):
    """As the reference reads them, and where the header ends."""
    reader = reference.Reader(chunk, 6)
    reference.read_array_fields(reader)
    reader.take(5)
    sizes = reader.varint(), reader.varint()
    checksums = chunk[5] & 1 > 0
    reader.take(4 if checksums else 0)
    return reference.read_parts(reader, checksums, *sizes), reader.position


@pytest.mark.parametrize("checksum", [True, False])
@pytest.mark.parametrize("kind", ["wavelet", "distance"])
def test_parts_are_those_that_the_reference_reads(kind, checksum):
    options = {"rel_rmse": 0.02, "axis": 2} if kind == "wavelet" else {"coder": "jxl", "distance": 1}
    array = fractal(320, 330, 8)
    if kind == "distance":
        array = (array * 40 + 128).clip(0, 255).astype("u1")
    chunk = h5prism.encode(array, **options, checksum=checksum)
    assert h5prism.inspect_chunk(chunk).mapping == kind
    parts, header = parts_of(chunk)
    assert {part.level for part in parts} >= ({2, 3} if kind == "wavelet" else {3})
    start = 0
    for part in parts:
        assert h5prism.reduced_size(chunk, part.level) == header + part.end
        if checksum:
            assert part.crc == zlib.crc32(chunk[header + start : header + part.end])
        start = part.end
    if checksum:
        assert chunk[header - 4 : header] == zlib.crc32(chunk[: header - 4]).to_bytes(4, "little")


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
