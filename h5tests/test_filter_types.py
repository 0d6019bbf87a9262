"""Every element type and byte order, with the values that are easily lost, compared bit by bit."""

import struct

import h5py
import numpy as np
import pytest
from filter_support import (
    FILTER_ID,
    OPTION_WORDS,
    OPTIONAL,
    TYPE_WORDS,
    TYPES,
    assert_all_equal,
    assert_equal,
    assert_filtered,
    assert_same_bits,
    correlated,
    create,
    filter_of,
    needs,
    not_sanitized,
    random_bits,
    run,
    run_python,
    special_words,
)

SHAPES = {
    "cube": ((24, 20, 8), (12, 20, 8)),
    "line": ((250,), (100,)),
    "picture": ((17, 11), (16, 8)),
    "one": ((1, 1, 1), (1, 1, 1)),
    "five": ((2, 3, 4, 5, 6), (2, 3, 4, 5, 6)),
}


def specials(shape, dtype):
    words = special_words(dtype)
    return words[np.random.default_rng(1).integers(len(words), size=shape)]


def smooth_with_specials(shape, dtype):
    """A field with single special values and runs of them, as NaN where nothing was measured."""
    data = correlated(shape, dtype).ravel()
    words = special_words(dtype)
    random = np.random.default_rng(2)
    for start in random.integers(data.size, size=data.size // 200 + 1):
        data[start : start + random.integers(1, 30)] = random.choice(words)
    return data.reshape(shape)


def signalling(shape, dtype):
    """One value everywhere: of floats, a NaN that most operations would change."""
    dtype = np.dtype(dtype)
    return np.full(shape, special_words(dtype)[12 if dtype.kind == "f" else 4], dtype)


def negative_zeros(shape, dtype):
    data = correlated(shape, dtype)
    data[data < np.median(data)] = -np.zeros((), dtype)
    return data


def denormals(shape, dtype):
    """Small words: of floats, denormal ones."""
    word = correlated(shape, "u1").astype(f"u{np.dtype(dtype).itemsize}")
    return word.view(word.dtype.str.replace("u", np.dtype(dtype).kind)).astype(dtype)


COMPRESSIBLE = [
    correlated,
    specials,
    smooth_with_specials,
    signalling,
    negative_zeros,
    denormals,
]


def numbered(content):
    """Arrays of all types and shapes by the names of their datasets."""
    return {
        f"{shape} {dtype}": content(SHAPES[shape][0], dtype) for shape in SHAPES for dtype in TYPES
    }


@pytest.mark.parametrize("content", [*COMPRESSIBLE, random_bits])
def test_all_types_and_shapes(tmp_path, content):
    arrays = numbered(content)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        for name, data in arrays.items():
            shape, dtype = name.split()
            dataset = create(file, name, data, SHAPES[shape][1], flags=OPTIONAL)
            assert_filtered(dataset, smaller=content in COMPRESSIBLE and shape == "cube")
            assert filter_of(dataset)[1][OPTION_WORDS] == TYPE_WORDS[dtype]
    assert_all_equal(tmp_path / "x.h5", arrays)


@needs("h5repack")
@not_sanitized
@pytest.mark.parametrize("content", [smooth_with_specials, random_bits])
def test_h5repack_there_and_back(tmp_path, content):
    arrays = numbered(content)
    with h5py.File(tmp_path / "plain.h5", "w") as file:
        for name, data in arrays.items():
            file.create_dataset(name, data=data, chunks=SHAPES[name.split()[0]][1])
    run("h5repack", "-m", 1, "-f", "UD=33128,0,0", tmp_path / "plain.h5", tmp_path / "packed.h5")
    run("h5repack", "-m", 1, "-f", "NONE", tmp_path / "packed.h5", tmp_path / "back.h5")
    with h5py.File(tmp_path / "packed.h5") as file:
        for name in arrays:
            compressible = content in COMPRESSIBLE and name.startswith("cube")
            assert_filtered(file[name], smaller=compressible)
    with h5py.File(tmp_path / "back.h5") as file:
        assert all(file[name].id.get_create_plist().get_nfilters() == 0 for name in arrays)
    for name in ("packed.h5", "back.h5"):
        assert_all_equal(tmp_path / name, arrays)


BASES = [name for name in TYPES if "f" not in name]


def test_enumerations_of_any_base_and_booleans(tmp_path):
    values = np.arange(600).reshape(20, 30) // 7 % 3
    arrays = {name: values.astype(name) for name in BASES} | {"bool": values > 0}
    with h5py.File(tmp_path / "x.h5", "w") as file:
        for name, data in arrays.items():
            kind = bool if name == "bool" else h5py.enum_dtype({"a": 0, "b": 1, "c": 2}, name)
            dataset = file.create_dataset(
                name, data=data.astype(kind), dtype=kind, chunks=(10, 30), compression=FILTER_ID
            )
            assert_filtered(dataset)
            assert filter_of(dataset)[1][OPTION_WORDS] == TYPE_WORDS.get(name, 1)
    assert_all_equal(tmp_path / "x.h5", arrays)


def create_as(file, name, kind, shape):
    """A dataset of one of HDF5's types, which numpy need not have."""
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk(shape)
    plist.set_filter(FILTER_ID, OPTIONAL)
    space = h5py.h5s.create_simple(shape)
    return h5py.Dataset(h5py.h5d.create(file.id, name.encode(), kind, space, plist))


SEVERAL = {
    "c8": (11, 2),
    ">c16": (12 + 256, 2),
    "f4,f4,f4": (11, 3),
    "i4,f4,u4": (6, 3),
    "u1,f8": (2, 9),
    "(2,3)f4,c8": (11, 8),
    "i1,?,3i1": (1, 5),
}


def of_several(dtype):
    dtype = np.dtype(dtype)
    steps = np.arange(40 * 30 * dtype.itemsize).reshape(40, 30, dtype.itemsize) // 700 % 2
    return steps.astype("u1").view(dtype)[..., 0]


def test_elements_of_several_numbers(tmp_path):
    arrays = {dtype: of_several(dtype) for dtype in SEVERAL}
    with h5py.File(tmp_path / "x.h5", "w") as file:
        for name, data in arrays.items():
            dataset = file.create_dataset(
                name, data=data, chunks=(16, 30), compression=FILTER_ID
            )
            assert_filtered(dataset)
            words = filter_of(dataset)[1][OPTION_WORDS:]
            number, count = SEVERAL[name]
            assert (words[0], words[1], words[-1]) == (number, 3, count)
    with h5py.File(tmp_path / "x.h5") as file:
        for name, data in arrays.items():
            assert file[name][()].tobytes() == data.tobytes()


def test_elements_that_are_arrays(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        data = correlated((40, 30, 3), "f4")
        dataset = file.create_dataset(
            "x", (40, 30), np.dtype(("f4", (3,))), chunks=(16, 30), compression=FILTER_ID
        )
        dataset[...] = data
        assert_filtered(dataset)
        assert_same_bits(dataset[...], data)


def test_times(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        for kind, word in ((h5py.h5t.UNIX_D32LE, "<i4"), (h5py.h5t.UNIX_D64BE, ">i8")):
            assert_words(create_as(file, "x", kind, (40, 30)), correlated((40, 30), word))
            del file["x"]


READ_WORDS = """
import sys, h5py, numpy
with h5py.File(sys.argv[1]) as file:
    dataset = file["x"].id
    words = numpy.empty(dataset.shape, sys.argv[2])
    dataset.read(h5py.h5s.ALL, h5py.h5s.ALL, words, dataset.get_type())
    numpy.save(sys.argv[3], words)
"""


def assert_words(dataset, words, smaller=True):
    """Writes words as they are, without a conversion, and reads them so in another process."""
    dataset.id.write(h5py.h5s.ALL, h5py.h5s.ALL, words, dataset.id.get_type())
    dataset.file.flush()
    chunk = dataset.id.get_chunk_info(0)
    assert chunk.filter_mask == 0
    assert chunk.size < words.nbytes or not smaller
    copy = dataset.file.filename + ".npy"
    run_python(
        READ_WORDS, dataset.file.filename, words.dtype.str, copy, HDF5_USE_FILE_LOCKING="FALSE"
    )
    assert_same_bits(np.load(copy), words)


def custom_integer(base, precision, offset):
    kind = base.copy()
    kind.set_precision(precision)
    kind.set_offset(offset)
    return kind


INTEGERS = {
    "12 bits in 16": (h5py.h5t.STD_U16LE, 12, 0, "<u2"),
    "12 bits in 16, signed, from bit 3": (h5py.h5t.STD_I16BE, 12, 3, ">u2"),
    "5 bits in 8": (h5py.h5t.STD_U8LE, 5, 2, "u1"),
    "24 bits in 32": (h5py.h5t.STD_U32LE, 24, 8, "<u4"),
    "33 bits in 64": (h5py.h5t.STD_I64BE, 33, 7, ">u8"),
}


@pytest.mark.parametrize("case", INTEGERS)
def test_integers_of_fewer_bits_than_their_word(tmp_path, case):
    """Padding comes back, too: it may hold anything."""
    base, precision, offset, word = INTEGERS[case]
    with h5py.File(tmp_path / "x.h5", "w") as file:
        kind = custom_integer(base, precision, offset)
        assert_words(create_as(file, "x", kind, (40, 30)), correlated((40, 30), word))
        del file["x"]
        words = random_bits((40, 30), word)
        assert_words(create_as(file, "x", kind, (40, 30)), words, smaller=False)


def custom_float(base, fields, bias, size):
    """`fields`: places and bits as H5Tset_fields takes them."""
    kind = base.copy()
    kind.set_fields(*fields)
    kind.set_size(size)
    kind.set_ebias(bias)
    return kind


@pytest.mark.parametrize("order", "<>")
def test_bfloat16(tmp_path, order):
    base = h5py.h5t.IEEE_F16LE if order == "<" else h5py.h5t.IEEE_F16BE
    kind = custom_float(base, (15, 7, 8, 0, 7), 127, 2)
    values = np.ascontiguousarray(correlated((40, 30), "f4"))
    words = (values.view("u4") >> 16).astype(order + "u2")
    words[3:5] = [0x7F81] * 30, [0x8000] * 30
    with h5py.File(tmp_path / "x.h5", "w") as file:
        dataset = create_as(file, "x", kind, (40, 30))
        assert filter_of(dataset)[1][OPTION_WORDS] == 10 + 256 * (order == ">")
        assert_words(dataset, words)
        expected = (words.astype("u4") << 16).view("f4")
        np.testing.assert_array_equal(dataset[5:], expected[5:])


def test_floats_of_one_byte(tmp_path):
    kind = custom_float(h5py.h5t.IEEE_F16LE, (7, 3, 4, 0, 3), 7, 1)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        dataset = create_as(file, "x", kind, (40, 30))
        assert filter_of(dataset)[1][OPTION_WORDS] == TYPE_WORDS["u1"]
        assert_words(dataset, correlated((40, 30), "u1"))


def test_floats_of_24_bits_in_32(tmp_path):
    kind = custom_float(h5py.h5t.IEEE_F32LE, (23, 15, 8, 0, 15), 127, 4)
    kind.set_precision(24)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        assert_words(create_as(file, "x", kind, (40, 30)), correlated((40, 30), "<u4"))


NAN = struct.unpack("<f", struct.pack("<I", 0x7FC00123))[0]


@pytest.mark.parametrize("dtype", ["<f2", ">f4", "<f8", ">f8"])
def test_nan_as_fill_value_and_growing_with_partial_chunks(tmp_path, dtype):
    fill = np.array(NAN, dtype)
    data = correlated((50, 23, 6), dtype)
    expected = np.full((70, 23, 6), fill, dtype)
    expected[:20], expected[45:50] = data[:20], data[45:]
    with h5py.File(tmp_path / "x.h5", "w") as file:
        dataset = file.create_dataset(
            "x",
            (10, 23, 6),
            dtype,
            chunks=(16, 16, 6),
            maxshape=(None, 23, 6),
            fillvalue=fill[()],
            compression=FILTER_ID,
        )
        dataset[...] = data[:10]
        dataset.resize(70, axis=0)
        dataset[10:20] = data[10:20]
        dataset[45:50] = data[45:]
        assert_filtered(dataset)
        assert dataset.id.get_num_chunks() == 8
        assert_equal(dataset, expected)
        dataset.resize(30, axis=0)
        dataset.resize(70, axis=0)
        expected[30:] = fill
        assert_equal(dataset, expected)
