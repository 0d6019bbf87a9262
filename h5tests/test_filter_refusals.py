"""What cannot be compressed is refused when the dataset is created, with a message that says why.

Refusing later would be too late: where the filter is OPTIONAL, as h5py makes it, HDF5 stores the
chunks of a failing filter uncompressed without a word.
"""

import h5py
import numpy as np
import pytest
from filter_support import (
    FILTER_ID,
    MANDATORY,
    OPTIONAL,
    correlated,
    create,
    run_python,
    stored_chunks,
)


@pytest.fixture
def file(tmp_path):
    with h5py.File(tmp_path / "test.h5", "w") as opened:
        yield opened


VAX_ORDER = h5py.h5t.STD_I32LE.copy()
VAX_ORDER.set_order(h5py.h5t.ORDER_VAX)
THREE_BYTES = h5py.h5t.STD_I32LE.copy()
THREE_BYTES.set_precision(24)
THREE_BYTES.set_size(3)

UNSUPPORTED = {
    "H5T_STRING of 7": np.dtype("S7"),
    "H5T_STRING of 8": np.dtype("S8"),
    "H5T_STRING of 3": np.dtype([("number", "f4"), ("name", "S3")]),
    "H5T_STRING of 2": np.dtype(("S2", (5,))),
    "H5T_OPAQUE of 4": np.dtype("V4"),
    "H5T_OPAQUE of 5": np.dtype([("inner", [("number", "i2"), ("bytes", "V5")])]),
    "H5T_REFERENCE of 8": h5py.ref_dtype,
    "H5T_REFERENCE of 12": h5py.regionref_dtype,
    "H5T_BITFIELD of 4": h5py.h5t.STD_B32LE,
    "H5T_INTEGER of 3": THREE_BYTES,
    "H5T_INTEGER of 4": VAX_ORDER,
}
if np.dtype("g").itemsize > 8:
    UNSUPPORTED[f"H5T_FLOAT of {np.dtype('g').itemsize}"] = np.dtype("g")


@pytest.mark.parametrize("flags", [MANDATORY, OPTIONAL])
@pytest.mark.parametrize("message", UNSUPPORTED)
def test_unsupported_types(file, message, flags):
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((5, 5))
    plist.set_filter(FILTER_ID, flags)
    kind = UNSUPPORTED[message]
    if isinstance(kind, np.dtype):
        kind = h5py.h5t.py_create(kind, logical=True)
    with pytest.raises(ValueError, match=f"h5prism: element type {message} bytes is not supported"):
        h5py.h5d.create(file.id, b"x", kind, h5py.h5s.create_simple((10, 10)), plist)
    assert "x" not in file


@pytest.mark.parametrize("dtype", ["g", "S5", "V6", [("a", "f4"), ("b", "S8")]])
def test_h5py_makes_no_dataset_of_what_is_refused(file, dtype):
    with pytest.raises(ValueError, match="h5prism: element type H5T_"):
        file.create_dataset("x", (8, 8), dtype, chunks=(4, 4), compression=FILTER_ID)
    assert "x" not in file


@pytest.mark.parametrize(
    "dtype", [h5py.vlen_dtype("i1"), h5py.string_dtype()], ids=["numbers", "strings"]
)
def test_variable_length_data(file, dtype):
    """HDF5 does not ask the filter about these; nothing may be lost, and MANDATORY must fail."""
    value = "text" if h5py.check_string_dtype(dtype) else np.array([1, 2, 3], "i1")
    dataset = file.create_dataset("optional", (4,), dtype, chunks=(2,), compression=FILTER_ID)
    dataset[1] = value
    assert [chunk.filter_mask for chunk in stored_chunks(dataset)] == [1]
    code = "import sys, h5py; print(list(h5py.File(sys.argv[1])['optional'][:])[1])"
    text = run_python(code, file.filename, HDF5_USE_FILE_LOCKING="FALSE").stdout.strip()
    assert text in ("[1 2 3]", "b'text'")

    plist = dataset.id.get_create_plist()
    plist.remove_filter(FILTER_ID)
    plist.set_filter(FILTER_ID, MANDATORY)
    kind, space = dataset.id.get_type(), dataset.id.get_space()
    with pytest.raises(ValueError, match="not suitable for filters"):
        h5py.h5d.create(file.id, b"mandatory", kind, space, plist)


BAD_WORDS = {
    "layout": (2,),
    "transform": (1, 4),
    "predictor": (1, 0, 9),
    "coder": (1, 0, 0, 6),
    "coder raw, not to be asked for": (1, 0, 0, 4),
    "effort": (1, 0, 0, 0, 10),
    "effort of 2^32 - 1": (1, 0, 0, 0, 4294967295),
    "axis beyond 32": (1, 0, 0, 0, 0, 34),
    "axis beyond the rank": (1, 0, 0, 0, 0, 4),
    "flags": (1, 0, 0, 0, 0, 0, 8),
    "lossy mode": (1, 0, 0, 0, 0, 0, 0, 1),
    "lossy bound": (1, 0, 0, 0, 0, 0, 0, 0, 1),
    "threads": (1, 0, 0, 0, 0, 0, 0, 0, 0, 1000000),
    "native predictor, other coder": (1, 0, 3, 1),
    "native coder, other predictor": (1, 0, 2, 3),
    "zstd with a transform": (1, 2, 1, 5),
    "zstd with a predictor": (1, 1, 2, 5),
}


@pytest.mark.parametrize("flags", [MANDATORY, OPTIONAL])
@pytest.mark.parametrize("words", BAD_WORDS.values(), ids=BAD_WORDS.keys())
def test_bad_option_words(file, words, flags):
    with pytest.raises(ValueError, match="h5prism: .*[a-z]"):
        create(file, "x", correlated((8, 8, 3)), (8, 8, 3), words, flags)
    assert "x" not in file


def test_message_names_the_option(file):
    for words, text in (
        ((1, 0, 0, 0, 99), "effort 99"),
        ((1, 0, 0, 0, 0, 4), "axis 3: the dataset has 3 dimensions"),
    ):
        with pytest.raises(ValueError, match=text):
            create(file, "x", correlated((8, 8, 3)), (8, 8, 3), words)


@pytest.mark.parametrize("before", [1, 3, FILTER_ID], ids=["deflate", "fletcher32", "itself"])
def test_filters_before_it_that_change_the_size(file, before):
    with pytest.raises(
        ValueError, match="h5prism: filter 33128 comes after one that changes the size"
    ):
        create(file, "x", correlated((8, 8, 3)), (8, 8, 3), flags=OPTIONAL, before=(before,))


def test_chunk_of_4_gib(file):
    space = h5py.h5s.create_simple((1 << 16, 1 << 16))
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((1 << 16, (1 << 16) - 1))
    plist.set_filter(FILTER_ID, MANDATORY)
    h5py.h5d.create(file.id, b"below", h5py.h5t.STD_I8LE, space, plist)
    with pytest.raises(ValueError):
        h5py.h5d.create(file.id, b"above", h5py.h5t.STD_I16LE, space, plist)


def test_thread_variable(tmp_path):
    code = """
import sys, h5py, numpy
with h5py.File(sys.argv[1], "w") as file:
    try:
        data = numpy.zeros((20, 20, 4), "i1")
        file.create_dataset("x", data=data, chunks=True, compression=33128)
        print("created", file["x"].id.get_chunk_info(0).filter_mask)
    except ValueError as error:
        print(error)
"""
    for value in ("1", "2", "16", "auto", ""):
        assert run_python(code, tmp_path / "x.h5", H5PRISM_THREADS=value).stdout == "created 0\n"
    for value in ("0", "-1", "two", "2x", " 2", "1e3", "99999999999999999999"):
        assert (
            "H5PRISM_THREADS" in run_python(code, tmp_path / "x.h5", H5PRISM_THREADS=value).stdout
        )
