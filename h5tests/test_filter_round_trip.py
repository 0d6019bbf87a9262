"""Writing and reading: types, shapes, parameters, and that the filter was really used."""

import h5py
import numpy as np
import pytest
from filter_support import (
    FILTER_ID,
    MANDATORY,
    OPTION_WORDS,
    OPTIONAL,
    SMALL_TYPES,
    TYPE_WORDS,
    assert_equal,
    assert_filtered,
    correlated,
    create,
    filter_of,
    random_bits,
    run_python,
    stored_chunks,
)

PIPELINES = {
    "default": (),
    "channels,paeth,deflate": (1, 2, 2, 1, 6),
    "channels,none,jxl": (1, 2, 1, 2, 3),
    "none,paeth,deflate": (1, 1, 2, 1),
    "none,none,jxl": (1, 1, 1, 2),
    "no checksum": (1, 0, 0, 0, 0, 0, 1),
    "verify": (1, 0, 0, 0, 0, 0, 2),
    "first axis": (1, 2, 0, 0, 0, 1),
    "two threads": (1, 0, 0, 0, 0, 0, 0, 0, 0, 2),
}


@pytest.fixture
def file(tmp_path):
    with h5py.File(tmp_path / "test.h5", "w") as opened:
        yield opened


@pytest.mark.parametrize("flags", [MANDATORY, OPTIONAL])
@pytest.mark.parametrize("dtype", SMALL_TYPES)
def test_types(file, dtype, flags):
    data = correlated((40, 30, 12), dtype)
    dataset = create(file, "x", data, (20, 15, 12), flags=flags)
    assert_filtered(dataset)
    assert_equal(dataset, data)
    stored_flags, words = filter_of(dataset)
    assert stored_flags == flags
    assert words[OPTION_WORDS:] == (TYPE_WORDS[dtype], 3, 20, 15, 12)


@pytest.mark.parametrize("words", PIPELINES.values(), ids=PIPELINES.keys())
@pytest.mark.parametrize("dtype", ["i1", ">u2", "<f4"])
def test_pipelines(file, dtype, words):
    data = correlated((32, 24, 9), dtype)
    dataset = create(file, "x", data, (32, 24, 9), words)
    assert_filtered(dataset)
    assert_equal(dataset, data)
    stored = filter_of(dataset)[1]
    given = {i: word for i, word in enumerate(words) if word}
    assert {i: stored[i] for i in given} == given


def test_other_options_give_other_chunks(file):
    data = correlated((32, 24, 9))
    sizes = {
        name: assert_filtered(create(file, name.replace("/", " "), data, data.shape, words))
        for name, words in PIPELINES.items()
    }
    assert sizes["none,paeth,deflate"] != sizes["channels,paeth,deflate"]
    assert sizes["no checksum"] < sizes["default"]


SHAPES = [
    ((1000,), (1000,)),
    ((999,), (100,)),
    ((1, 1, 1), (1, 1, 1)),
    ((5, 1, 999), (5, 1, 999)),
    ((17, 19), (8, 8)),
    ((33, 31, 7), (16, 16, 4)),
    ((3, 4, 5, 6, 7), (2, 3, 5, 4, 7)),
    ((2,) * 12, (2,) * 12),
    ((1,) * 30 + (40, 8), (1,) * 30 + (33, 8)),
]


@pytest.mark.parametrize("dtype", ["i1", ">i2", "<f8"])
@pytest.mark.parametrize("shape, chunks", SHAPES, ids=lambda value: "x".join(map(str, value[-6:])))
def test_shapes_and_edge_chunks(file, shape, chunks, dtype):
    data = correlated(shape, dtype)
    dataset = create(file, "x", data, chunks)
    assert_filtered(dataset, smaller=False)
    assert_equal(dataset, data)


@pytest.mark.parametrize("dtype", SMALL_TYPES)
def test_noise_and_constants(file, dtype):
    noise = random_bits((64, 8, 5), dtype)
    for name, data in (("noise", noise), ("low", np.full_like(noise, np.iinfo(dtype).min))):
        dataset = create(file, name, data, data.shape)
        assert_filtered(dataset, smaller=name != "noise")
        assert_equal(dataset, data)


def test_fill_value_of_chunks_never_written(file):
    dataset = file.create_dataset(
        "x", (100, 100), "i2", chunks=(10, 10), fillvalue=-7, compression=FILTER_ID
    )
    dataset[15:25, 15:25] = 3
    assert len(stored_chunks(dataset)) == 4
    assert_filtered(dataset)
    expected = np.full((100, 100), -7, "i2")
    expected[15:25, 15:25] = 3
    assert_equal(dataset, expected)


def test_growing_and_partly_rewritten_dataset(file):
    data = correlated((50, 20, 6), "u2")
    dataset = file.create_dataset(
        "x", (10, 20, 6), "u2", chunks=(16, 16, 6), maxshape=(None, 20, 6), compression=FILTER_ID
    )
    dataset[...] = data[:10]
    dataset.resize(50, axis=0)
    dataset[10:] = data[10:]
    dataset[5:30:3, ::2] = data[5:30:3, ::2]
    assert_filtered(dataset)
    assert_equal(dataset, data)


@pytest.mark.parametrize(
    "after", [(1,), (3,), (2, 1)], ids=["deflate", "fletcher32", "shuffle+deflate"]
)
def test_filters_after_it(file, after):
    data = correlated((40, 30, 12))
    dataset = create(file, "x", data, (20, 30, 12), after=after)
    assert [chunk.filter_mask for chunk in stored_chunks(dataset)] == [0, 0]
    assert_equal(dataset, data)


def test_shuffle_before_it_is_lossless(file):
    data = correlated((40, 30, 12), "i2")
    dataset = create(file, "x", data, (20, 30, 12), before=(2,))
    assert [chunk.filter_mask for chunk in stored_chunks(dataset)] == [0, 0]
    assert_equal(dataset, data)


def test_h5py_keywords(file):
    data = correlated((40, 30, 12), "i2")
    dataset = file.create_dataset(
        "x",
        data=data,
        chunks=(20, 30, 12),
        shuffle=True,
        fletcher32=True,
        compression=FILTER_ID,
        compression_opts=(1, 2, 2, 1),
    )
    assert [chunk.filter_mask for chunk in stored_chunks(dataset)] == [0, 0]
    assert_equal(dataset, data)


def test_read_with_two_threads(file):
    data = correlated((40, 30, 12), "i2")
    dataset = create(file, "x", data, (20, 30, 12))
    code = """
import sys, h5py, numpy
assert (h5py.File(sys.argv[1])["x"][...] == numpy.load(sys.argv[2])).all()
"""
    copy = file.filename + ".npy"
    np.save(copy, data)
    for threads in ("2", "", "nonsense"):
        run_python(
            code,
            dataset.file.filename,
            copy,
            H5PRISM_THREADS=threads,
            HDF5_USE_FILE_LOCKING="FALSE",
        )


def test_after_fork(tmp_path):
    """Threads do not survive a fork: a child must not wait for its parent's."""
    code = """
import os, sys, h5py, numpy
data = numpy.arange(48000, dtype="i2").reshape(60, 50, 16)
def store(path):
    with h5py.File(path, "w") as file:
        x = file.create_dataset("x", data=data, chunks=data.shape, compression=33128)
        file.flush()
        assert x.id.get_chunk_info(0).filter_mask == 0
    with h5py.File(path) as file:
        assert (file["x"][...] == data).all()
store(sys.argv[1] + ".parent")
child = os.fork()
if child == 0:
    store(sys.argv[1] + ".child")
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
    run_python(code, tmp_path / "x", H5PRISM_THREADS="4")
