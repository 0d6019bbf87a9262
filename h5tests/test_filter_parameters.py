"""cd_values: every length a user may give, and the stored ones as input again."""

import h5py
import numpy as np
import pytest
from filter_support import (
    FILTER_ID,
    MANDATORY,
    OPTION_WORDS,
    OPTIONAL,
    assert_equal,
    assert_filtered,
    correlated,
    create,
    filter_of,
)

DATA = correlated((30, 20, 8))
CHUNKS = (15, 20, 8)
OPTIONS = (1, 2, 2, 1, 7, 3, 2, 0, 0, 1)
FULL = OPTIONS + (1, 3) + CHUNKS


@pytest.fixture
def file(tmp_path):
    with h5py.File(tmp_path / "test.h5", "w") as opened:
        yield opened


@pytest.mark.parametrize("length", range(len(FULL) + 1))
def test_every_length(file, length):
    options = FULL[:length] if length else None
    dataset = file.create_dataset(
        "x", data=DATA, chunks=CHUNKS, compression=FILTER_ID, compression_opts=options
    )
    assert_filtered(dataset)
    assert_equal(dataset, DATA)
    flags, words = filter_of(dataset)
    assert flags == OPTIONAL
    assert len(words) == len(FULL) and words[OPTION_WORDS:] == FULL[OPTION_WORDS:]
    given = FULL[: min(length, OPTION_WORDS)]
    assert words[: len(given)] == given


@pytest.mark.parametrize("length", [0, 1, 9])
def test_zeros_are_defaults(file, length):
    create(file, "zeros", DATA, CHUNKS, (0,) * length)
    create(file, "none", DATA, CHUNKS)
    assert filter_of(file["zeros"]) == filter_of(file["none"])


def test_stored_words_are_stable(file):
    first = create(file, "first", DATA, CHUNKS)
    second = create(file, "second", DATA, CHUNKS, filter_of(first)[1])
    assert filter_of(second) == filter_of(first)
    assert assert_filtered(second) == assert_filtered(first)


@pytest.mark.parametrize("flags", [MANDATORY, OPTIONAL])
def test_words_after_the_options_are_replaced(file, flags):
    """Words copied from a dataset of another type and shape, even malformed or far too many."""
    for number, rest in enumerate(
        [(3, 1, 99), (77,), (0, 0), (4294967295,) * 22, tuple(range(200))]
    ):
        dataset = create(file, str(number), DATA, CHUNKS, OPTIONS + rest, flags)
        assert_filtered(dataset)
        assert_equal(dataset, DATA)
        assert filter_of(dataset) == (flags, FULL)


@pytest.mark.parametrize("flags", [MANDATORY, OPTIONAL])
def test_creation_list_used_again_for_other_datasets(file, flags):
    first = create(file, "first", DATA, CHUNKS, OPTIONS[:5], flags)
    plist = first.id.get_create_plist()
    others = {
        "shape": (correlated((50, 40)), (25, 8)),
        "type": (correlated((9, 8, 7, 6), ">u2"), (9, 4, 7, 6)),
        "same": (DATA, CHUNKS),
    }
    for name, (data, chunks) in others.items():
        plist.set_chunk(chunks)
        kind = h5py.h5t.py_create(data.dtype)
        space = h5py.h5s.create_simple(data.shape)
        dataset = h5py.Dataset(h5py.h5d.create(file.id, name.encode(), kind, space, plist))
        dataset[...] = data
        assert_filtered(dataset)
        assert_equal(dataset, data)
        stored_flags, words = filter_of(dataset)
        assert stored_flags == flags
        assert words[:5] == OPTIONS[:5] and words[OPTION_WORDS + 1 :] == (len(chunks),) + chunks


def test_one_list_for_several_datasets(file):
    """set_local works on HDF5's copy: the caller's list keeps the words it was given."""
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_filter(FILTER_ID, MANDATORY, (1, 2))
    for name, chunks in (("a", (10, 20, 8)), ("b", (15, 5, 4))):
        plist.set_chunk(chunks)
        space = h5py.h5s.create_simple(DATA.shape)
        dataset = h5py.Dataset(
            h5py.h5d.create(file.id, name.encode(), h5py.h5t.STD_I8LE, space, plist)
        )
        dataset[...] = DATA
        assert_filtered(dataset)
        assert_equal(dataset, DATA)


def test_copied_dataset(file):
    create(file, "x", DATA, CHUNKS)
    file.copy("x", "y")
    assert_equal(file["y"], DATA)
    np.testing.assert_array_equal(
        file["x"].id.read_direct_chunk((0, 0, 0))[1], file["y"].id.read_direct_chunk((0, 0, 0))[1]
    )
