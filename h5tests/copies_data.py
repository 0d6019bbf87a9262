"""Datasets of every kind that a copy must keep: spaces, fill values, storage, filters, types, references."""

import ctypes
import itertools

import h5py
import numpy as np
from copies_support import (
    CHUNKS,
    COMPOUND,
    SEQUENCES,
    SMOOTH,
    WORDS,
    NotAvailable,
    call,
    creation,
    in_folder,
    low_level,
    part,
    parts,
    smooth,
    tail,
    write_bytes,
)
from h5py import h5d, h5s, h5t
# ---- Spaces, fill values, storage ----


@part
def spaces(group):
    for name, kind in (("number", "<f4"), ("words", WORDS), ("pair", COMPOUND)):
        group[f"null {name}"] = h5py.Empty(np.dtype(kind))
        group.create_dataset(f"scalar {name}", (), kind)
        group.create_dataset(f"zero {name}", (0,), kind)
        group.create_dataset(f"zero by {name}", (3, 0, 2), kind)
    group["scalar text"] = "some text"
    group["rank 12"] = np.arange(4096).reshape((2,) * 12)


@part
def unlimited_axes(group):
    """Also of length 0, and all possible places of the axis that can grow."""
    for rank in (1, 2, 3):
        for mask in itertools.product([False, True], repeat=rank):
            most = tuple(None if free else 90 for free in mask)
            name = "".join("n" if free else "f" for free in mask)
            shape, chunks = (13,) * rank, (5,) * rank
            data = np.arange(13**rank, dtype="<i4").reshape(shape)
            group.create_dataset(name, data=data, maxshape=most, chunks=chunks)
            group.create_dataset(f"{name} none", (0,) * rank, "<i4", maxshape=most, chunks=chunks)


@part
def resized(group):
    for name, options in (("plain", {}), ("gzip", {"compression": "gzip"})):
        x = smooth(group, name, maxshape=(None, None), fillvalue=-3, **options)
        x.resize((50, 70))
        x.resize((120, 75))
        x[110:] = 5
    smooth(group, "to nothing", maxshape=(None, 80)).resize((0, 80))


@parts(["unset", "zero", "set", "undefined"])
def fill_values(group, state):
    shape, chunks = (70, 60), (32, 30)
    values = {"<i2": -7, ">f8": 2.5, "S6": b"none", "u1": 255}
    for kind, value in values.items():
        for written in (0, 40):
            for chunked in (None, chunks):
                name = f"{kind} {written} {'chunked' if chunked else 'whole'}".replace("/", "")
                plist = creation(**({"chunk": chunked} if chunked else {}))
                dtype = h5t.py_create(np.dtype(kind), logical=True)
                if state in ("zero", "set"):
                    plist.set_fill_value(np.array(value if state == "set" else 0, kind))
                elif state == "undefined":
                    call("H5Pset_fill_value", plist.id, dtype.id, None)
                    plist.set_fill_time(h5d.FILL_TIME_NEVER)
                x = low_level(group, name, dtype, h5s.create_simple(shape), plist)
                if state == "undefined":
                    x[...] = np.array(value, kind)  # what is there without it is nobody's guess
                elif written:
                    x[:written] = np.array(value, kind)


@parts(["compact", "contiguous", "chunked", "gzip"], ["empty", "set"])
def fill_values_of_variable_length(group, layout, value):
    options = {"chunked": {"chunks": (2,)}, "gzip": {"chunks": (2,), "compression": "gzip"}}
    extra = options.get(layout, {})
    text = "" if value == "empty" else "not there"
    if layout == "compact":
        plist = creation(layout=h5d.COMPACT)
        pointer = ctypes.c_char_p(text.encode())
        kind = h5t.py_create(WORDS, logical=True)
        call("H5Pset_fill_value", plist.id, kind.id, ctypes.byref(pointer))
        low_level(group, "words", kind, h5s.create_simple((5,)), plist)[:3] = "abc"
        return
    group.create_dataset("all", data=["aa", "bb"], dtype=WORDS, fillvalue=text, **extra)
    x = group.create_dataset("some", (6,), WORDS, fillvalue=text, **extra)
    x[1], x[4] = "one", "four" * 50
    group.create_dataset("nothing", (6,), WORDS, fillvalue=text, **extra)


@part
def fill_values_of_compounds(group):
    fill = np.array((3, (1.5, np.ones((2, 3), "u1"))), COMPOUND)
    for name, chunks in (("whole", None), ("chunked", (3,))):
        x = group.create_dataset(name, (8,), COMPOUND, chunks=chunks, fillvalue=fill)
        x[2:4] = np.zeros(2, COMPOUND)


@parts(["ALLOC_TIME_EARLY", "ALLOC_TIME_LATE", "ALLOC_TIME_INCR"], ["ALLOC", "NEVER", "IFSET"])
def moments(group, allocated, filled):
    """When space is allocated, and when fill values are written."""
    for chunk in (CHUNKS, None):
        if not chunk and allocated.endswith("INCR"):
            continue
        plist = creation(**({"chunk": chunk} if chunk else {}))
        plist.set_alloc_time(getattr(h5d, allocated))
        plist.set_fill_time(getattr(h5d, f"FILL_TIME_{filled}"))
        space = h5s.create_simple(SMOOTH.shape)
        for rows in (96, 40, 0):
            name = f"{rows} {'chunked' if chunk else 'whole'}"
            x = low_level(group, name, h5t.STD_I16LE, space, plist)
            if filled == "NEVER":
                x[...] = 0  # what is there without it is nobody's guess
            if rows:
                x[:rows] = SMOOTH[:rows]


@part
def chunks_never_written(group):
    for name, options in (("plain", {}), ("gzip", {"compression": "gzip"})):
        x = group.create_dataset(name, (900, 800), "<i2", chunks=(90, 80), fillvalue=4, **options)
        x[95, 7], x[450:500, 300:400] = 1, 2
    group.create_dataset("words", (100,), WORDS, chunks=(10,))[33] = "x"
    group.create_dataset("vast", (10000, 2000), "i1", chunks=(100, 100))[7777, 99] = 5


@part
def compact_storage(group):
    space = h5s.create_simple((60,))
    low_level(group, "numbers", h5t.STD_I16BE, space, creation(layout=h5d.COMPACT))[...] = 3
    kind = h5t.py_create(WORDS, logical=True)
    low_level(group, "words", kind, space, creation(layout=h5d.COMPACT))[...] = "abc"


@part
def external_storage(group):
    raw = f"raw.{tail(group)}.bin"
    in_folder(group, raw).write_bytes(bytes(range(200)))
    group.create_dataset("x", (50,), "<i2", external=[(raw, 4, 40), (raw, 100, h5py.h5f.UNLIMITED)])
    group.create_dataset("missing", (5,), "<i2", external=[(f"no.{raw}", 0, 10)])


@part
def virtual_storage(group):
    smooth(group)
    other = f"source.{tail(group)}.h5"
    with h5py.File(in_folder(group, other), "w") as file:
        file["y"] = SMOOTH + 1
    layout = h5py.VirtualLayout((3, *SMOOTH.shape), "<i2")
    layout[0] = h5py.VirtualSource(".", f"{group.name}/smooth", SMOOTH.shape)
    layout[1] = h5py.VirtualSource(other, "y", SMOOTH.shape)
    layout[2, ::2] = h5py.VirtualSource("nowhere.h5", "z", SMOOTH.shape)[::2]
    group.create_virtual_dataset("v", layout, fillvalue=-9).attrs["note"] = "virtual"


@part
def virtual_storage_without_limit(group):
    x = smooth(group, maxshape=(None, 80))
    layout = h5py.VirtualLayout(SMOOTH.shape, "<i2", maxshape=(None, 80))
    source = h5py.VirtualSource(x)
    if not hasattr(h5s, "UNLIMITED"):
        raise NotAvailable("h5py has no endless selections")
    layout[: h5s.UNLIMITED] = source[: h5s.UNLIMITED]
    group.create_virtual_dataset("v", layout)


# ---- Filters ----


@parts(["gzip", "lzf", "shuffle", "fletcher32", "scaleoffset", "szip", "all"])
def filters(group, name):
    options = {
        "gzip": {"compression": "gzip", "compression_opts": 9},
        "lzf": {"compression": "lzf"},
        "shuffle": {"shuffle": True},
        "fletcher32": {"fletcher32": True},
        "scaleoffset": {"scaleoffset": 0},
        "szip": {"compression": "szip"},
        "all": {"compression": "gzip", "shuffle": True, "fletcher32": True},
    }[name]
    if name == "szip" and not h5py.h5z.filter_avail(h5py.h5z.FILTER_SZIP):
        raise NotAvailable("this HDF5 has no encoder of szip")
    smooth(group, **options)
    smooth(group, "small chunks", **{**options, "chunks": (8, 16)})
    if name not in ("scaleoffset", "szip"):
        group.create_dataset("pairs", data=np.zeros(300, COMPOUND), chunks=(70,), **options)
    if name in ("gzip", "shuffle"):
        group.create_dataset("words", data=["ä", "b"] * 40, chunks=(30,), **options)


@part
def filter_nbit(group):
    kind = h5t.STD_I32LE.copy()
    kind.set_precision(11)
    kind.set_offset(3)
    plist = creation(chunk=CHUNKS)
    plist.set_filter(h5py.h5z.FILTER_NBIT, 0, ())
    x = low_level(group, "x", kind, h5s.create_simple(SMOOTH.shape), plist)
    x[...] = SMOOTH % 500


@part
def filter_that_is_missing(group):
    """Chunks of a filter that nobody has, which no program can decode."""
    plist = creation(chunk=(10,))
    plist.set_filter(299, h5py.h5z.FLAG_OPTIONAL, (1, 2))
    low_level(group, "x", h5t.STD_I32LE, h5s.create_simple((30,)), plist)


@part
def filter_masks(group):
    """Chunks that some of their filters skipped."""
    x = smooth(group, compression="gzip", shuffle=True)
    x.id.write_direct_chunk((40, 0), SMOOTH[40:80, :64].tobytes(), 3)


# ---- Types ----


@part
def types_of_numbers(group):
    for kind in ("i1", ">u2", "<i4", ">i4", "<u8", "<f2", ">f2", "<f4", ">f8", "<c8", ">c16"):
        group.create_dataset(kind, data=(SMOOTH % 100).astype(kind), chunks=SMOOTH.shape)
    group["long double"] = np.arange(5, dtype="longdouble") / 7
    group["special"] = np.array([np.nan, -np.nan, np.inf, -np.inf, -0.0, 5e-324])


@part
def types_with_odd_bits(group):
    space = h5s.create_simple((6,))
    odd = h5t.STD_U32BE.copy()
    odd.set_precision(13)
    odd.set_offset(5)
    odd.set_pad(h5t.PAD_ONE, h5t.PAD_BACKGROUND)
    low_level(group, "integer", odd, space)[...] = [0, 1, 2, 77, 8190, 8191]
    small = h5t.IEEE_F32LE.copy()
    small.set_fields(15, 10, 5, 0, 10)
    small.set_precision(16)
    small.set_size(2)
    small.set_ebias(15)
    low_level(group, "float", small, space)[...] = [0, 1, -2, 0.5, 7, 1e-3]
    for name in ("STD_B8LE", "STD_B16BE", "STD_B64LE"):
        kind = getattr(h5t, name)
        x = low_level(group, name, kind, space)
        write_bytes(x, bytes(range(6 * kind.get_size())))


@part
def types_that_are_opaque(group):
    space = h5s.create_simple((4,))
    for tag, size in ((b"", 3), (b"a tag", 1), (b"long " * 40, 7)):
        kind = h5t.create(h5t.OPAQUE, size)
        kind.set_tag(tag)
        write_bytes(low_level(group, f"{size}", kind, space), bytes(range(4 * size)))
    for name in ("UNIX_D32LE", "UNIX_D64BE"):
        kind = getattr(h5t, name)
        x = low_level(group, name, kind, space)
        write_bytes(x, bytes(range(4 * kind.get_size())))
    moments = np.array(["2020-01-02", "NaT"], "M8[ns]")
    group.create_dataset("datetime64", data=moments.astype(h5py.opaque_dtype(moments.dtype)))


@part
def types_of_enumerations(group):
    colours = h5py.enum_dtype({"RED": 0, "GRÜN": -3, "blue sky": 7}, "<i2")
    group.create_dataset("colours", data=[0, -3, 7, 5], dtype=colours)
    group["truth"] = np.array([True, False, True])
    group.create_dataset("smooth", data=SMOOTH % 2 == 1, chunks=SMOOTH.shape)
    group.create_dataset("wide", data=SMOOTH % 3, dtype=h5py.enum_dtype({"A": 0, "B": 2}, ">u8"))


@part
def types_of_text(group):
    space = h5s.create_simple((4,))
    pads = {"term": h5t.STR_NULLTERM, "null": h5t.STR_NULLPAD, "space": h5t.STR_SPACEPAD}
    for name, pad in pads.items():
        for charset in (h5t.CSET_ASCII, h5t.CSET_UTF8):
            kind = h5t.C_S1.copy()
            kind.set_size(5)
            kind.set_strpad(pad)
            kind.set_cset(charset)
            write_bytes(low_level(group, f"{name} {charset}", kind, space), b"abcd\0" * 4)
    for charset in ("ascii", "utf-8"):
        group.create_dataset(f"vlen {charset}", data=["a", ""], dtype=h5py.string_dtype(charset))
    long = group.create_dataset("long", (5,), WORDS)
    long[0], long[3] = "x" * 300000, "never written beside it"


@part
def types_of_variable_length(group):
    x = group.create_dataset("sequences", (5,), SEQUENCES)
    x[0], x[3] = [1, 2, 3], np.arange(50000)
    floats = group.create_dataset("floats", (2, 2), h5py.vlen_dtype(">f8"), chunks=(1, 2))
    floats[0, 1] = [0.5, 2.5]
    bools = group.create_dataset("gzip", (9,), h5py.vlen_dtype("u1"), compression="gzip")
    bools[8] = [1, 0, 1]


@part
def types_in_types(group):
    """Sequences of compounds and of sequences, arrays of words, compounds of all of them."""

    class Sequence(ctypes.Structure):
        _fields_ = [("length", ctypes.c_size_t), ("pointer", ctypes.c_void_p)]

    data = np.arange(24, dtype="u1").tobytes()
    holder = ctypes.create_string_buffer(data)
    one = h5t.py_create(np.dtype([("a", "u1"), ("b", ">u2")]), logical=True)
    inner = (Sequence * 2)(Sequence(4, ctypes.addressof(holder)), Sequence(0, None))
    outer = (Sequence * 2)(Sequence(2, ctypes.addressof(inner)), Sequence(0, None))
    space = h5s.create_simple((2,))
    sequences = h5t.vlen_create(one)
    write_bytes(low_level(group, "sequences of pairs", sequences, space), inner)
    write_bytes(low_level(group, "of sequences", h5t.vlen_create(sequences), space), outer)
    texts = (ctypes.c_char_p * 6)(b"a", b"bc", b"", b"d" * 100, "ö".encode(), None)
    words = h5t.py_create(WORDS, logical=True)
    array = h5t.array_create(words, (3,))
    write_bytes(low_level(group, "arrays of words", array, space), texts)
    both = h5t.create(h5t.COMPOUND, 40)
    both.insert(b"words", 0, array)
    both.insert(b"sequence", 24, sequences)
    row = (ctypes.c_char * 40)()
    ctypes.memmove(row, texts, 24)
    ctypes.memmove(ctypes.addressof(row) + 24, inner, 16)
    write_bytes(low_level(group, "all", both, h5s.create(h5s.SCALAR)), row)


@part
def types_of_compounds(group):
    group["pairs"] = np.array([(1, (2.5, np.eye(2, 3)))] * 3, COMPOUND)
    group["arrays"] = np.zeros(3, [("a", "<i2", (2,)), ("b", "S3", (1, 2))])
    group.create_dataset("many", data=np.zeros(500, COMPOUND), chunks=(64,), compression="gzip")
    gaps = h5t.create(h5t.COMPOUND, 20)
    gaps.insert(b"first", 4, h5t.STD_I16BE)
    gaps.insert(b"second with space", 12, h5t.IEEE_F32LE)
    x = low_level(group, "gaps", gaps, h5s.create_simple((3,)))
    x[...] = np.array([(1, 2), (3, 4), (5, 6)], x.dtype)
    words = np.dtype([("text", WORDS), ("n", "<i4"), ("more", SEQUENCES)])
    group.create_dataset("words", (3,), words)[1] = ("abc", 5, np.array([7], "i4"))


@parts(["committed", "deep", "without-name", "late"])
def committed_types(group, kind):
    data = SMOOTH.astype("<i4")
    if kind == "without-name":
        anonymous = h5t.STD_I32LE.copy()
        call("H5Tcommit_anon", group.file.id.id, anonymous.id, 0, 0)
        space = h5s.create_simple(SMOOTH.shape)
        for name in ("x", "y"):
            low_level(group, name, anonymous, space, creation(chunk=CHUNKS))[...] = data
        return
    where = "zz/types" if kind == "late" else "types"
    types = group.require_group(where)
    types["number"] = np.dtype("<i4")
    types["number"].attrs["note"] = "a note"
    types["pair"], types["words"] = COMPOUND, np.dtype(WORDS)
    types["again"] = types["number"]
    if kind == "deep":
        types["fields"] = np.dtype([("a", "<i2"), ("ref", h5py.ref_dtype), ("s", SEQUENCES)])
        group.create_dataset("fields", (3,), types["fields"])
        types["number"].attrs.create("of itself", 3, dtype=types["number"])
        types["words"].attrs["where"] = group.ref
    group.create_dataset("x", data=data, dtype=types["number"], chunks=CHUNKS)
    group.create_dataset("pairs", (4,), types["pair"])
    group.create_dataset("words", data=["a", "b"], dtype=types["words"])


# ---- References ----


@part
def references(group):
    x, inner = smooth(group), group.create_group("later")
    inner["type"] = np.dtype("<i2")
    targets = [x.ref, inner.ref, group.ref, inner["type"].ref]
    refs = group.create_dataset("all", (7,), h5py.ref_dtype)
    refs[:4] = targets
    for name, options in (("chunked", {}), ("gzip", {"compression": "gzip"})):
        many = group.create_dataset(name, (40,), h5py.ref_dtype, chunks=(9,), **options)
        many[:12] = targets * 3
    pair = np.dtype([("which", h5py.ref_dtype), ("n", "<i4"), ("text", WORDS)])
    group.create_dataset("pairs", (3,), pair, chunks=(2,))[1] = (x.ref, 5, "abc")
    lists = group.create_dataset("lists", (3,), h5py.vlen_dtype(h5py.ref_dtype))
    lists[1] = np.array(targets, h5py.ref_dtype)
    group.create_dataset("scalar", (), h5py.ref_dtype)[()] = x.ref
    group.create_dataset("table", data=np.array([targets[:2]] * 2, h5py.ref_dtype))


@part
def references_to_itself(group):
    refs = group.create_dataset("refs", (3,), h5py.ref_dtype)
    refs[1] = refs.ref
    refs.attrs["itself"] = refs.ref


@part
def references_to_regions(group):
    x = smooth(group)
    words = group.create_dataset("words", data=["a", "b", "c"], dtype=WORDS)
    regions = group.create_dataset("regions", (6,), h5py.regionref_dtype)
    regions[0], regions[1] = x.regionref[2:5, ::3], x.regionref[...]
    regions[2] = x.regionref[np.eye(96, 80, dtype=bool)]
    regions[4] = words.regionref[1:]
    group.create_dataset("chunked", (9,), h5py.regionref_dtype, chunks=(4,))[5] = regions[0]


@part
def dimension_scales(group):
    x = smooth(group)
    y = group.create_dataset("y", data=SMOOTH[:5], maxshape=(None, 80))
    for axis, name in enumerate(("first", "zweite Ä")):
        group[name] = np.arange(SMOOTH.shape[axis], dtype="<f8")
        group[name].make_scale(name)
        for dataset in (x, y):
            dataset.dims[axis].label = f"label of {name}"
            if dataset.shape[axis] == len(group[name]):
                dataset.dims[axis].attach_scale(group[name])
    group["words"] = ["a"] * 96
    group["words"].make_scale()
    x.dims[0].attach_scale(group["words"])
