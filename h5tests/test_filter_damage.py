"""Chunks that are not what the filter wrote: an error, never a crash and never wrong data."""

import h5py
import numpy as np
import pytest
from filter_support import FILTER_ID, correlated, create

DATA = correlated((6, 5, 4), "i2")
ORIGIN = (0, 0, 0)


@pytest.fixture
def file(tmp_path):
    with h5py.File(tmp_path / "test.h5", "w") as opened:
        yield opened


def chunk_of(file, data, words=()):
    name = f"source {len(file)}"
    return create(file, name, data, data.shape, words).id.read_direct_chunk((0,) * data.ndim)[1]


def read_chunk(file, chunk, like=DATA, mask=0):
    """What HDF5 reads where `chunk` is stored: an array, or the error's text."""
    name = "target"
    if name in file:
        del file[name]
    dataset = file.create_dataset(
        name, like.shape, like.dtype, chunks=like.shape, compression=FILTER_ID
    )
    dataset.id.write_direct_chunk((0,) * like.ndim, chunk, mask)
    del (
        dataset
    )  # HDF5 1.10 remembers the mask of the chunk before this one until the dataset is closed
    try:
        return file[name][...]
    except OSError as error:
        return str(error)


def assert_refused(result, text="h5prism: "):
    assert isinstance(result, str) and text in result, result


def test_untouched_chunk(file):
    np.testing.assert_array_equal(read_chunk(file, chunk_of(file, DATA)), DATA)


def test_unfiltered_chunk_with_its_mask(file):
    np.testing.assert_array_equal(read_chunk(file, DATA.tobytes(), mask=1), DATA)


@pytest.mark.parametrize("words", [(), (1, 2, 2, 1), (1, 2, 1, 2)], ids=["auto", "deflate", "jxl"])
def test_every_truncation(file, words):
    chunk = chunk_of(file, DATA, words)
    for length in range(1, len(chunk)):
        assert_refused(read_chunk(file, chunk[:length]))


@pytest.mark.parametrize("words", [(), (1, 2, 2, 1), (1, 2, 1, 2)], ids=["auto", "deflate", "jxl"])
def test_every_byte_changed(file, words):
    chunk = chunk_of(file, DATA, words)
    for index in range(len(chunk)):
        for change in (0x01, 0x80, 0xFF):
            damaged = bytearray(chunk)
            damaged[index] ^= change
            assert_refused(read_chunk(file, bytes(damaged)))


FLOATS = correlated((6, 5, 4), "<f4")
MAPPED = {
    "few values": np.sqrt(np.arange(120, dtype="f8") // 12).reshape(6, 5, 4),
    "decimals with gaps": np.where(FLOATS > 40, np.float32("nan"), FLOATS),
    "fixed point": np.sqrt(FLOATS + 200),
    "scaled": FLOATS.astype("i1") * np.sqrt(np.arange(1, 31, dtype="f4")).reshape(6, 5, 1),
    "wide integers": FLOATS.astype(">i8") * 1234567,
}


@pytest.mark.parametrize("data", MAPPED.values(), ids=MAPPED.keys())
def test_damage_to_mapped_chunks(file, data):
    chunk = chunk_of(file, data)
    assert read_chunk(file, chunk, data).tobytes() == data.tobytes()
    for length in range(1, len(chunk), 3):
        assert_refused(read_chunk(file, chunk[:length], data))
    for index in range(0, len(chunk), 3):
        damaged = bytearray(chunk)
        damaged[index] ^= 0x11
        assert_refused(read_chunk(file, bytes(damaged), data))


def test_trailing_bytes(file):
    chunk = chunk_of(file, DATA)
    for extra in (b"\0", b"\xff" * 100, chunk):
        assert_refused(read_chunk(file, chunk + extra))


def test_foreign_bytes(file):
    generator = np.random.default_rng(0)
    for length in (1, 3, 4, 16, 63, 1000):
        assert_refused(read_chunk(file, generator.bytes(length)))
        assert_refused(read_chunk(file, bytes(length)))


OTHERS = {
    "larger": correlated((6, 5, 5), "i2"),
    "smaller": correlated((6, 5, 3), "i2"),
    "huge": np.zeros((400, 500, 40), "i2"),
    "other sign": DATA.astype("u2"),
    "other byte order": DATA.astype(">i2"),
    "narrower": correlated((6, 5, 8), "i1"),
    "float of the same size": correlated((6, 5, 4), "<f2"),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS.keys())
def test_chunk_of_another_dataset(file, other):
    assert_refused(read_chunk(file, chunk_of(file, other)), "h5prism: the ")


def test_chunk_of_equal_size_and_other_shape(file):
    chunk = chunk_of(file, DATA.reshape(30, 4))
    np.testing.assert_array_equal(read_chunk(file, chunk), DATA)


def test_reading_goes_on_after_an_error(file):
    chunk = chunk_of(file, DATA)
    dataset = file.create_dataset("x", (12, 5, 4), "i2", chunks=(6, 5, 4), compression=FILTER_ID)
    dataset.id.write_direct_chunk(ORIGIN, chunk[:-1])
    dataset.id.write_direct_chunk((6, 0, 0), chunk)
    with pytest.raises(OSError, match="h5prism"):
        dataset[:6]
    np.testing.assert_array_equal(dataset[6:], DATA)
