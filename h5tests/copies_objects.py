"""Groups, links, attributes and whole files of every kind that a copy must keep."""

import ctypes

import h5py
import numpy as np
from copies_support import (
    CHUNKS,
    SMOOTH,
    WHOLE,
    WORDS,
    NotAvailable,
    call,
    creation,
    in_folder,
    low_level,
    needs_new,
    part,
    parts,
    smooth,
    tail,
    whole,
)
from h5py import h5o, h5p, h5s, h5t
# ---- Attributes ----


def attribute_values(group):
    smooth(group, "target")
    pair = np.dtype([("which", h5py.ref_dtype), ("text", WORDS), ("n", "<i2")])
    target = group["target"].ref
    return {
        "integer": np.int16(-5),
        "fixed": np.array([b"fixed", b"length"], "S8"),
        "vlen": np.array(["variable", "length", "äöü", ""], object),
        "reference": np.array([target, group.ref, h5py.Reference()], h5py.ref_dtype),
        "compound": np.array([(target, "t", 1), (group.ref, "", 2)], pair),
        "array": np.array([(np.arange(6).reshape(2, 3),)], [("a", "<f4", (2, 3))]),
    }


def put(owner, name, kind, value):
    types = {"vlen": WORDS, "reference": h5py.ref_dtype}
    owner.attrs.create(name, value, dtype=types.get(kind))


def owners(group):
    """A group, a dataset that repack leaves, one that it takes, and a committed type."""
    group["type"] = np.dtype("<i4")
    group["small"] = [1, 2, 3]
    return group.create_group("group"), group["small"], smooth(group), group["type"]


@parts(
    ["compact", "dense"], ["integer", "fixed", "vlen", "reference", "compound", "array", "all"]
)
def attributes(group, storage, kind):
    values = attribute_values(group)
    chosen = list(values) if kind == "all" else [kind]
    if storage == "dense":
        chosen = (["integer"] * 9 + chosen) if len(chosen) == 1 else chosen * 2
    for owner in owners(group):
        for index, each in enumerate(chosen):
            put(owner, f"{each} {index}", each, values[each])


@parts(["tracked", "indexed"], [3, 12])
def attributes_in_order(group, order, count):
    needs_new(group)
    flags = h5p.CRT_ORDER_TRACKED | (h5p.CRT_ORDER_INDEXED if order == "indexed" else 0)
    list_of_group = h5p.create(h5p.GROUP_CREATE)
    call("H5Pset_attr_creation_order", list_of_group.id, ctypes.c_uint(flags))
    chunked = creation(chunk=CHUNKS, attr_creation_order=flags)
    space = h5s.create_simple(SMOOTH.shape)
    inner = h5py.Group(h5py.h5g.create(group.id, b"inner", gcpl=list_of_group))
    dataset = low_level(group, "dataset", h5t.STD_I16LE, space, chunked)
    dataset[...] = SMOOTH
    for owner in (inner, dataset):
        for index in range(count):
            owner.attrs[f"{index * 7 % 13}"] = f"text {index}"


@part
def attributes_that_are_large(group):
    needs_new(group)
    for owner in owners(group):
        owner.attrs["128 KB"] = np.arange(32768, dtype="<i4")
        owner.attrs["exactly 64 KB"] = np.zeros(65536, "u1")
        owner.attrs["strings"] = np.array(["s" * 70000, "t"], object)


@part
def attributes_of_all_spaces(group):
    for owner in owners(group):
        owner.attrs["null"] = h5py.Empty("<f4")
        owner.attrs["null string"] = h5py.Empty(WORDS)
        owner.attrs["none of them"] = np.zeros((0, 3), "<i2")
        owner.attrs["rank 3"] = np.arange(24).reshape(2, 3, 4)
        owner.attrs["text"] = "a scalar"


@part
def attributes_with_odd_names(group):
    for owner in owners(group):
        for name in ("with space", "a/b", "Grün", "日本", ".", " ", "x" * 300, 'quo"te\n'):
            owner.attrs[name] = name


@part
def attributes_of_committed_types(group):
    group["kinds/number"], group["kinds/words"] = np.dtype(">i4"), np.dtype(WORDS)
    for owner in owners(group):
        owner.attrs.create("number", [7, 8], dtype=group["kinds/number"])
        owner.attrs.create("words", ["a", "b"], dtype=group["kinds/words"])


@part
def attributes_with_regions(group):
    x = smooth(group)
    for owner in (group, x):
        owner.attrs["box"] = x.regionref[2:5, 3:9]
        owner.attrs["points"] = x.regionref[np.eye(96, 80, dtype=bool)]
        owner.attrs["nothing"] = h5py.RegionReference()


# ---- Groups and links ----


@parts([0, 1, 8, 9, 40], ["named", "tracked"])
def links(group, count, order):
    inner = group.create_group("inner", track_order=order == "tracked")
    for index in range(count):
        inner[f"{index * 7 % 41}"] = index
    if count:
        inner["soft"] = h5py.SoftLink("0")


@part
def nested_groups(group):
    for depth in range(12):
        group = group.create_group(f"level {depth}", track_order=depth % 3 == 1)
        group.attrs["depth"] = depth
    smooth(group)


@part
def groups_within_full_groups(group):
    """Groups of more than eight links, in groups of more than eight links."""
    for outer in range(10):
        made = group.create_group(f"g{outer}", track_order=bool(outer % 2))
        for inner in range(10):
            made.create_group(f"h{inner}").attrs["number"] = f"{outer} {inner}"


@part
def group_properties(group):
    """Estimated sizes, limits of compact storage, filters of the heap of links."""
    needs_new(group)
    plist = h5p.create(h5p.GROUP_CREATE)
    call("H5Pset_link_phase_change", plist.id, ctypes.c_uint(3), ctypes.c_uint(2))
    call("H5Pset_est_link_info", plist.id, ctypes.c_uint(20), ctypes.c_uint(30))
    inner = h5py.Group(h5py.h5g.create(group.id, b"inner", gcpl=plist))
    for index in range(5):
        inner[f"x{index}"] = index


@part
def soft_links(group):
    smooth(group)
    group["to data"] = h5py.SoftLink(f"{group.name}/smooth")
    group["relative"] = h5py.SoftLink("smooth")
    group["dangling"] = h5py.SoftLink("/nowhere/at all")
    group["in a circle"] = h5py.SoftLink(f"{group.name}/in a circle")
    group["long"] = h5py.SoftLink("/" + "x" * 3000)


@part
def external_links(group):
    other = f"other.{tail(group)}.h5"
    with h5py.File(in_folder(group, other), "w") as file:
        file["y"] = [1, 2]
    group["there"] = h5py.ExternalLink(other, "/y")
    group["no path"] = h5py.ExternalLink(other, "/z")
    group["no file"] = h5py.ExternalLink("näher.h5", "/y")


@part
def hard_links(group):
    """Two names for one object, and circles."""
    x, inner = smooth(group), group.create_group("inner")
    group["again"] = inner["once more"] = x
    inner["circle"], inner["up"], inner["type"] = inner, group, np.dtype("<i2")
    group["type"], group["inner again"] = inner["type"], inner
    group["small"] = 5
    inner["small"] = group["small"]


@part
def odd_names(group):
    names = ["with space", "Grün", "日本語", "a.b", "..b", "...", "~", "%s%n", "-x", "y" * 300]
    for name in [*names, " lead", 'quo"te', "new\nline", "back\\slash", "ta\tb"]:
        group[name] = 1
        group.create_group(name + " group").attrs[name] = name
    smooth(group, "Größe in %s")


@part
def comments(group):
    for owner in owners(group):
        h5o.set_comment(owner.id, b"a comment on " + owner.name.encode())


# ---- Whole files ----


def standard(file):
    """A little of what files have, in the root."""
    smooth(file)
    file.attrs["note"], file.attrs["where"] = "root", file["smooth"].ref
    file.create_group("group")["words"] = ["a", "bc"]
    file["soft"] = h5py.SoftLink("/group/words")
    file["group/up"] = file["/"]


@whole
def file_with_nothing(path, libver):
    h5py.File(path, "w", libver=libver).close()


@whole
def file_with_a_user_block(path, libver):
    with h5py.File(path, "w", libver=libver, userblock_size=2048) as file:
        standard(file)
    with open(path, "r+b") as raw:
        raw.write(b"#!/bin/sh\n" + bytes(range(256)) * 7)


@whole
def file_with_tracked_order(path, libver):
    with h5py.File(path, "w", libver=libver, track_order=True) as file:
        for index in range(11):
            file[f"{index * 7 % 11}"] = index
            file.attrs[f"{index * 5 % 11}"] = f"text {index}"
        standard(file)


@whole
def file_with_a_full_root(path, libver):
    with h5py.File(path, "w", libver=libver) as file:
        standard(file)
        for index in range(12):
            file[f"x{index}"] = index
            file.attrs[f"a{index}"] = f"text {index}"


def with_strategy(strategy):
    def build(path, libver):
        options = {"fs_persist": True, "fs_threshold": 2}
        if strategy == "page":
            options["fs_page_size"] = 1024
        with h5py.File(path, "w", libver=libver, fs_strategy=strategy, **options) as file:
            standard(file)
            smooth(file, "gone")
            del file["gone"]

    return build


for each in ("page", "fsm", "aggregate", "none"):
    WHOLE[f"file-with-strategy-{each}"] = with_strategy(each)


@whole
def file_with_swmr(path, libver):
    if libver == "earliest":
        raise NotAvailable("SWMR needs new formats")
    with h5py.File(path, "w", libver=libver) as file:
        standard(file)
        file.create_dataset("grows", (4, 3), "<i4", maxshape=(None, 3), chunks=(2, 3))
        file.swmr_mode = True
        file["grows"].resize(9, 0)
        file["grows"][:] = 5


@whole
def file_with_other_sizes(path, libver):
    """Sizes of addresses, and of the nodes of trees."""
    creation_list = h5p.create(h5p.FILE_CREATE)
    creation_list.set_sizes(4, 4)
    call("H5Pset_sym_k", creation_list.id, ctypes.c_uint(5), ctypes.c_uint(6))
    call("H5Pset_istore_k", creation_list.id, ctypes.c_uint(7))
    access = h5p.create(h5p.FILE_ACCESS)
    version = h5py.h5f.LIBVER_EARLIEST if libver == "earliest" else h5py.h5f.LIBVER_LATEST
    access.set_libver_bounds(version, h5py.h5f.LIBVER_LATEST)
    identifier = h5py.h5f.create(bytes(path), h5py.h5f.ACC_TRUNC, creation_list, access)
    with h5py.File(identifier) as file:
        standard(file)


@whole
def file_of_two_ages(path, libver):
    """Objects of new formats in an old file."""
    with h5py.File(path, "w", libver="earliest") as file:
        standard(file)
    with h5py.File(path, "r+", libver=libver) as file:
        inner = file.create_group("new", track_order=True)
        for index in range(10):
            inner[f"{index * 7 % 11}"] = index
            inner.attrs[f"{index * 7 % 11}"] = f"text {index}"
