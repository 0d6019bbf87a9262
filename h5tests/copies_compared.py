"""A deep comparison of two HDF5 files, which knows nothing of the program that copied one from the
other. Each file becomes a dictionary of plain values, and these are compared.

An object is known by the first path that leads to it, so that it matters which names are one object.
Elements are read by HDF5 itself in the type of the file, since no NumPy type stands for some, and
followed to their bytes: sequences, strings, and what references lead to.

usage: copies_compared.py FOLDER NAME...   compares NAME.h5 with NAME.copy: prints what differs, and
                                           fails if anything does
"""

import ctypes
import sys

import h5py
from copies_support import loaded_hdf5
from h5py import h5a, h5d, h5g, h5o, h5p, h5r, h5s, h5t

FILTER_ID = 33128
NO_ADDRESS = (0, 2**64 - 1)

# What repack may change of a dataset that it compresses.
OF_COMPRESSION = ("layout", "chunks", "filters", "allocation", "stored chunks")


class Sequence(ctypes.Structure):
    _fields_ = [("length", ctypes.c_size_t), ("pointer", ctypes.c_void_p)]


class View:
    """A file, with the first path of every object."""

    def __init__(self, file):
        self.file = file
        self.library = loaded_hdf5()
        self.paths = {}
        self._walk(h5g.open(file.id, b"/"), b"/")

    def _walk(self, group, path):
        self.paths[address(group)] = path
        for name in names_of(group):
            if group.links.get_info(name).type != h5py.h5l.TYPE_HARD:
                continue
            inner = path.rstrip(b"/") + b"/" + name
            found = h5o.open(group, name)
            if address(found) in self.paths:
                continue
            if isinstance(found, h5g.GroupID):
                self._walk(found, inner)
            else:
                self.paths[address(found)] = inner

    def path(self, at):
        return None if at in NO_ADDRESS else self.paths.get(at, "an object without a name")


def address(identifier):
    return h5o.get_info(identifier).addr


def names_of(group):
    found = []
    group.links.iterate(found.append, idx_type=h5py.h5.INDEX_NAME)
    return found


# ---- Types ----

NUMBERS = ("order", "precision", "offset", "pad")
FIELDS_OF_CLASS = {
    h5t.INTEGER: (*NUMBERS, "sign"),
    h5t.FLOAT: (*NUMBERS, "fields", "ebias", "norm", "inpad"),
    h5t.TIME: ("order", "precision"),
    h5t.BITFIELD: NUMBERS,
    h5t.OPAQUE: ("tag",),
}


def describe_type(view, kind):
    """Without regard to names that NumPy has for types."""
    number = kind.get_class()
    found = {"class": number, "size": kind.get_size()}
    if kind.committed():
        found["committed as"] = view.path(address(kind))
    for field in FIELDS_OF_CLASS.get(number, ()):
        if hasattr(kind, f"get_{field}"):
            found[field] = getattr(kind, f"get_{field}")()
    if number == h5t.STRING:
        found["string"] = (kind.is_variable_str(), kind.get_cset(), kind.get_strpad())
    elif number == h5t.COMPOUND:
        found["members"] = [
            (kind.get_member_name(i), kind.get_member_offset(i), inner(view, kind, i))
            for i in range(kind.get_nmembers())
        ]
    elif number == h5t.ENUM:
        found["base"] = describe_type(view, kind.get_super())
        found["values"] = [
            (kind.get_member_name(i), kind.get_member_value(i)) for i in range(kind.get_nmembers())
        ]
    elif number == h5t.ARRAY:
        found["dimensions"] = kind.get_array_dims()
        found["base"] = describe_type(view, kind.get_super())
    elif number == h5t.VLEN:
        found["base"] = describe_type(view, kind.get_super())
    elif number == h5t.REFERENCE:
        found["of regions"] = kind.equal(h5t.STD_REF_DSETREG)
    return found


def inner(view, kind, index):
    return describe_type(view, kind.get_member_type(index))


def is_plain(kind):
    """Whether elements are their bytes."""
    return not any(map(kind.detect_class, (h5t.VLEN, h5t.REFERENCE, h5t.STRING))) or (
        kind.get_class() == h5t.STRING and not kind.is_variable_str()
    )


# ---- Elements ----


def describe_element(view, kind, at):
    """The element of this type at an address of this process."""
    number, size = kind.get_class(), kind.get_size()
    if is_plain(kind):
        return ctypes.string_at(at, size)
    if number == h5t.STRING and kind.is_variable_str():
        return ctypes.cast(at, ctypes.POINTER(ctypes.c_char_p))[0]
    if number == h5t.STRING:
        return ctypes.string_at(at, size)
    if number == h5t.REFERENCE:
        return describe_reference(view, kind, at)
    if number == h5t.VLEN:
        sequence = Sequence.from_address(at)
        return describe_elements(view, kind.get_super(), sequence.pointer, sequence.length)
    if number == h5t.ARRAY:
        base = kind.get_super()
        return describe_elements(view, base, at, size // base.get_size())
    return [
        describe_element(view, kind.get_member_type(i), at + kind.get_member_offset(i))
        for i in range(kind.get_nmembers())
    ]


def describe_elements(view, kind, at, count):
    size = kind.get_size()
    if is_plain(kind):
        return ctypes.string_at(at, count * size) if count else b""
    return [describe_element(view, kind, at + i * size) for i in range(count)]


def describe_reference(view, kind, at):
    if not kind.equal(h5t.STD_REF_DSETREG):
        return view.path(ctypes.c_uint64.from_address(at).value)
    if not any(ctypes.string_at(at, kind.get_size())):
        return None
    opened = view.library.H5Rdereference2
    opened.restype = ctypes.c_int64
    dataset = opened(ctypes.c_int64(view.file.id.id), ctypes.c_int64(0), h5r.DATASET_REGION,
                     ctypes.c_void_p(at))
    region = view.library.H5Rget_region
    region.restype = ctypes.c_int64
    space = region(ctypes.c_int64(view.file.id.id), h5r.DATASET_REGION, ctypes.c_void_p(at))
    assert dataset > 0 and space > 0, "a region leads nowhere"
    return view.path(address(h5d.DatasetID(dataset))), describe_selection(h5s.SpaceID(space))


def describe_selection(space):
    kind = space.get_select_type()
    if kind == h5s.SEL_HYPERSLABS and space.is_regular_hyperslab():
        detail = space.get_regular_hyperslab()  # which may have no end
    elif kind == h5s.SEL_HYPERSLABS:
        detail = space.get_select_hyper_blocklist().tolist()
    elif kind == h5s.SEL_POINTS:
        detail = space.get_select_elem_pointlist().tolist()
    else:
        detail = None
    return describe_space(space), kind, detail


def describe_space(space):
    if space.get_simple_extent_type() != h5s.SIMPLE:
        return space.get_simple_extent_type()
    return space.get_simple_extent_dims(), space.get_simple_extent_dims(maxdims=True)


def read_elements(view, function, identifier, kind, space):
    """All of an attribute or a small dataset: as bytes, or element by element."""
    count = space.get_simple_extent_npoints()
    if not count:
        return b""
    memory = ctypes.create_string_buffer(count * kind.get_size())
    read = getattr(view.library, function)
    wide = [ctypes.c_int64(identifier.id), ctypes.c_int64(kind.id)]
    whole = [ctypes.c_int64(0)] * 3 if function == "H5Dread" else []
    if read(*wide, *whole, memory) < 0:
        return "cannot be read"
    return describe_elements(view, kind, ctypes.addressof(memory), count)


# ---- Attributes ----


def describe_attributes(view, owner):
    count = h5a.get_num_attrs(owner)
    names = []
    h5a.iterate(owner, names.append, index_type=h5py.h5.INDEX_NAME)
    assert len(names) == count
    found = {name: describe_attribute(view, h5a.open(owner, name)) for name in names}
    order = []
    if attribute_order(view, owner) & h5p.CRT_ORDER_TRACKED:
        h5a.iterate(owner, order.append, index_type=h5py.h5.INDEX_CRT_ORDER)
    return {"by name": found, "flags": attribute_order(view, owner), "in order": order}


def attribute_order(view, owner):
    """The flags of its creation list; 0 of committed types, which h5py gives none."""
    if not hasattr(owner, "get_create_plist"):
        return 0
    flags = ctypes.c_uint(0)
    plist = owner.get_create_plist()
    view.library.H5Pget_attr_creation_order(ctypes.c_int64(plist.id), ctypes.byref(flags))
    return flags.value


def describe_attribute(view, attribute):
    kind, space = attribute.get_type(), attribute.get_space()
    return {
        "type": describe_type(view, kind),
        "space": describe_space(space),
        "value": read_elements(view, "H5Aread", attribute, kind, space),
    }


# ---- Links and groups ----


def describe_link(view, group, name):
    info = group.links.get_info(name)
    found = {"kind": info.type, "charset": info.cset}
    if info.type == h5py.h5l.TYPE_HARD:
        found["to"] = view.path(address(h5o.open(group, name)))
    else:
        found["to"] = group.links.get_val(name)
    return found


def describe_group(view, group):
    names = names_of(group)
    order = []
    flags = group.get_create_plist().get_link_creation_order()
    if flags & h5p.CRT_ORDER_TRACKED:
        group.links.iterate(order.append, idx_type=h5py.h5.INDEX_CRT_ORDER)
    return {
        "links": {name: describe_link(view, group, name) for name in names},
        "flags": flags,
        "in order": order,
    }


# ---- Datasets ----


def describe_fill(view, plist, kind):
    state = plist.fill_value_defined()
    value = None
    if state == h5d.FILL_VALUE_USER_DEFINED:
        memory = ctypes.create_string_buffer(kind.get_size())
        wide = [ctypes.c_int64(plist.id), ctypes.c_int64(kind.id)]
        assert view.library.H5Pget_fill_value(*wide, memory) >= 0
        value = describe_element(view, kind, ctypes.addressof(memory))
    return state, value, plist.get_fill_time()


def describe_virtual(plist):
    return [
        (
            plist.get_virtual_filename(i),
            plist.get_virtual_dsetname(i),
            describe_selection(plist.get_virtual_vspace(i)),
            describe_selection(plist.get_virtual_srcspace(i)),
        )
        for i in range(plist.get_virtual_count())
    ]


def describe_filters(plist, kind):
    """HDF5 2 gives shuffle a parameter for elements of variable length, too: their size."""
    filters = [plist.get_filter(i) for i in range(plist.get_nfilters())]
    if kind.detect_class(h5t.VLEN) or (kind.get_class() == h5t.STRING and kind.is_variable_str()):
        filters = [(*f[:2], () if f[0] == h5py.h5z.FILTER_SHUFFLE else f[2]) for f in filters]
    return filters


def describe_layout(dataset, plist):
    layout = plist.get_layout()
    found = {"layout": layout, "allocation": plist.get_alloc_time()}
    if layout == h5d.CHUNKED:
        found["chunks"] = plist.get_chunk()
        found["filters"] = describe_filters(plist, dataset.get_type())
        found["stored chunks"] = dataset.get_num_chunks()
    elif layout == h5d.VIRTUAL:
        found["virtual"] = describe_virtual(plist)
    found["external"] = [plist.get_external(i) for i in range(plist.get_external_count())]
    return found


def describe_dataset(view, dataset):
    kind, space, plist = dataset.get_type(), dataset.get_space(), dataset.get_create_plist()
    return {
        "type": describe_type(view, kind),
        "space": describe_space(space),
        "fill": describe_fill(view, plist, kind),
        "elements": read_elements(view, "H5Dread", dataset, kind, space),
        **describe_layout(dataset, plist),
    }


# ---- Files ----


def describe_comment(view, identifier):
    text = ctypes.create_string_buffer(1000)
    view.library.H5Oget_comment(ctypes.c_int64(identifier.id), text, ctypes.c_size_t(1000))
    return text.value


def describe_object(view, identifier):
    found = {"comment": describe_comment(view, identifier), "links": h5o.get_info(identifier).rc}
    if isinstance(identifier, h5g.GroupID):
        found |= {"is": "group", **describe_group(view, identifier)}
    elif isinstance(identifier, h5d.DatasetID):
        found |= {"is": "dataset", **describe_dataset(view, identifier)}
    else:
        found |= {"is": "type", "type": describe_type(view, identifier)}
    return {**found, "attributes": describe_attributes(view, identifier)}


def describe_file(file, path):
    plist = file.id.get_create_plist()
    size = plist.get_userblock()
    with open(path, "rb") as raw:
        block = raw.read(size)
    found = {"user block": block, "sizes": plist.get_sizes()}
    if hasattr(plist, "get_file_space_strategy"):
        found["strategy"] = plist.get_file_space_strategy()
        found["page"] = plist.get_file_space_page_size()
    return found


def describe(path):
    """Everything in a file, by the first path to it."""
    with h5py.File(path) as file:
        view = View(file)
        found = {b"(the file)": describe_file(file, path)}
        for at in view.paths.values():
            found[at] = describe_object(view, h5o.open(file.id, at))
        return found


def is_compressed(found):
    return [entry[0] for entry in found.get("filters", [])] == [FILTER_ID]


def differences(path, copy, left_out=()):
    """What differs, one line each; nothing of the objects whose paths begin with those left out."""
    one, other = describe(path), describe(copy)
    for at in [*one, *other]:
        if at.startswith(tuple(left_out)) and left_out:
            one.pop(at, None)
            other.pop(at, None)
        elif at in one and at in other and is_compressed(other[at]):
            for key in OF_COMPRESSION:
                one[at].pop(key, None)
                other[at].pop(key, None)
    return list(compare("", one, other))


def compare(place, one, other):
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            yield from compare(f"{place} {show(key)}", one.get(key), other.get(key))
    elif one != other:
        yield f"{place}: {show(one)} became {show(other)}"


def show(value):
    text = value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)
    return text if len(text) < 200 else f"{text[:100]} .. ({len(text)} characters)"


def main(folder, *names):
    failed = False
    for name in names:
        for line in differences(f"{folder}/{name}.h5", f"{folder}/{name}.copy"):
            print(f"{name}: {line}")
            failed = True
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
