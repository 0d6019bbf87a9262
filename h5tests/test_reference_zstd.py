"""Coder zstd: the plain decoder agrees, every byte transform is reached, and damage is refused."""

import itertools
import zlib

import numpy as np
import pytest
import reference_decoder as reference
import reference_mappings  # noqa: F401  adds itself to the decoder
from generated import hashed
from kinds import KINDS
from python_support import assert_same

import h5prism

DTYPES = ["u1", "<i2", ">u2", "<f2", "<u4", ">i4", "<f4", ">f8", "<i8", "<u8"]
SHAPES = [(1,), (9,), (700,), (5, 6), (23, 31), (6, 5, 7), (4, 1, 33), (2, 3, 4, 9)]


def steps(shape, dtype, seed):
    """Sums of few increments, of which some elements are others."""
    count = int(np.prod(shape))
    values = np.cumsum(hashed((count,), seed) % 3).astype("i8") * 7 + 1000
    values[hashed((count,), seed + 1) % 11 == 0] += 5
    return values.reshape(shape).astype(dtype)


def chirp(count):
    """Integers of a wave that grows faster and larger."""
    x = np.arange(count) / count
    return (np.sin(60 * x**1.5) * (1 + x) * 2**30).round().astype("i8")


def transform_of(chunk):
    """Shuffle, zigzag, and distances of a chunk that is not mapped."""
    parameters = reference.Reader(reference.read_container(chunk).parameters)
    flags = parameters.u8()
    return flags & 3, flags >> 2 & 1, [parameters.varint() for _ in range(flags >> 3)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_plain_decoder_agrees(dtype, shape):
    with np.errstate(over="ignore"):
        array = steps(shape, dtype, seed=len(shape))
    for axis, effort in itertools.product(["auto", *range(len(shape))], [1, 5]):
        chunk = h5prism.encode(array, coder="zstd", axis=axis, effort=effort)
        assert_same(reference.decode(chunk), array)
        assert_same(h5prism.decode(chunk), array)


MADE = {
    "bits": ((hashed((4000,), 5) % 3000 + 77777).astype("u4"), (2, 0, [])),
    "plain": (np.repeat((hashed((300,), 5) % 97).astype("u1"), 9), (0, 0, [])),
    "first": (np.arange(5000) * 0.004 - 99.999, (1, None, [1])),
    "third": (np.logspace(0, 2, 3000), (1, 1, [1, 1, 1])),
    "fourth": (chirp(4000), (1, 1, [1, 1, 1, 1])),
    "row": (
        (hashed((1, 300), 2) + hashed((90, 1), 3) % 50 * np.arange(90)[:, None]).astype("u4"),
        (None, None, [300]),
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_transform_is_chosen(name):
    array, (shuffle, zigzag, distances) = MADE[name]
    chunk = h5prism.encode(array, coder="zstd")
    found = transform_of(chunk)
    assert shuffle in (None, found[0]) and zigzag in (None, found[1])
    assert found[2][: len(distances)] == distances
    assert_same(reference.decode(chunk), array)


def test_smooth_floats_become_integers_with_differences():
    array = np.ascontiguousarray(KINDS["chirp, two phases"]())
    chunk = h5prism.encode(array)
    info = h5prism.inspect_chunk(chunk)
    assert (info.mapping, info.coder) == ("fixed", "zstd")
    assert len(chunk) < 0.09 * array.nbytes
    assert_same(h5prism.decode(chunk), array)
    assert_same(reference.decode(chunk), array)


def test_planes_are_decoded():
    array = steps((20, 30, 5), "i4", 3)
    chunk = h5prism.encode(array, coder="zstd", axis=2)
    assert h5prism.inspect_chunk(chunk).coder == "zstd"
    assert_same(h5prism.decode(chunk, planes=[3, 0]), np.ascontiguousarray(array[..., [3, 0]]))


def test_values_become_places():
    array = np.sqrt(hashed((300, 80), 4) % 500).astype("f4")
    info = h5prism.inspect_chunk(h5prism.encode(array, coder="zstd"))
    assert info.mapping == "table" and info.coder == "zstd"


@pytest.mark.parametrize(
    "options", [{"transform": "channels"}, {"predictor": "paeth"}, {"predictor": "lsq"}]
)
def test_goes_with_no_other_stage(options):
    with pytest.raises(h5prism.PrismError, match="zstd"):
        h5prism.encode(np.zeros((100, 100), "u1"), coder="zstd", **options)


# Chunks made by hand


def remade(chunk, parameters=None, payload=None):
    """The same chunk, without checksums, with other sections."""
    read = reference.read_container(chunk)
    before = chunk[: chunk.index(read.payload) - len(read.parameters) - 2]
    parameters = read.parameters if parameters is None else parameters
    payload = read.payload if payload is None else payload
    assert len(parameters) < 128 and len(payload) < 128
    return before + bytes([len(parameters), len(payload)]) + parameters + payload


ARRAY = np.arange(64, dtype="u2")
CHUNK = h5prism.encode(ARRAY, coder="zstd", checksum=False)


def test_remade_chunk_decodes():
    assert_same(h5prism.decode(remade(CHUNK)), ARRAY)


BAD_PARAMETERS = {
    "no parameters": b"",
    "shuffle 3": b"\x03",
    "five differences": b"\x28\x01\x01\x01\x01\x01",
    "no distance": b"\x08",
    "distance 0": b"\x08\x00",
    "distance 64 of 64": b"\x08\x40",
    "endless distance": b"\x08" + b"\xff" * 12,
    "something after": b"\x08\x01\x01",
}


@pytest.mark.parametrize("name", BAD_PARAMETERS)
def test_bad_parameters_are_refused(name):
    chunk = remade(CHUNK, parameters=BAD_PARAMETERS[name])
    with pytest.raises(h5prism.PrismError):
        h5prism.decode(chunk)
    with pytest.raises(reference.CorruptChunk):
        reference.decode(chunk)


MAGIC = b"\x28\xb5\x2f\xfd"
RUN = MAGIC + b"\x00\x58" + (128 << 3 | 3).to_bytes(3, "little") + b"\x07"  # 128 sevens, no size
BAD_FRAMES = {
    "empty": b"",
    "no magic": b"\x00" * 20,
    "skippable": b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd" + RUN,
    "two frames": RUN + RUN,
    "something after": RUN + b"\x00",
    "too much": MAGIC + b"\x00\x58" + (129 << 3 | 3).to_bytes(3, "little") + b"\x07",
    "too little": MAGIC + b"\x00\x58" + (127 << 3 | 3).to_bytes(3, "little") + b"\x07",
    "bomb that says so": MAGIC + b"\xe0" + (1 << 40).to_bytes(8, "little") + b"\x03\x00\x00\x07",
    "largest window": MAGIC + b"\x00\xff" + (1 << 21 - 1 | 3).to_bytes(3, "little") + b"\x07",
    "dictionary": MAGIC + b"\x01\x58\x05" + (128 << 3 | 3).to_bytes(3, "little") + b"\x07",
    "cut": RUN[:-1],
}


def test_frame_made_by_hand_decodes():
    chunk = remade(CHUNK, parameters=b"\x00", payload=RUN)
    assert_same(h5prism.decode(chunk), np.full(64, 0x0707, "u2"))
    assert_same(reference.decode(chunk), np.full(64, 0x0707, "u2"))


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_bad_frames_are_refused(name):
    chunk = remade(CHUNK, parameters=b"\x00", payload=BAD_FRAMES[name])
    with pytest.raises(h5prism.PrismError):
        h5prism.decode(chunk)


def test_damage_never_crashes():
    array = np.repeat(hashed((200,), 5).astype("u4"), 5)
    whole = h5prism.encode(array, coder="zstd", checksum=False)
    for at in range(len(whole) - 60 if len(whole) > 400 else 0, len(whole)):
        for bit in (0, 5):
            damaged = bytearray(whole)
            damaged[at] ^= 1 << bit
            try:
                h5prism.decode(bytes(damaged))
            except h5prism.PrismError:
                continue
    assert zlib.crc32(h5prism.decode(whole).tobytes()) == zlib.crc32(array.tobytes())
