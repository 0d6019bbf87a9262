"""What copies keep beside objects and elements: how files and objects were created, the order in
which attributes lie, wide spaces with few chunks; and what is left out where a filter is missing."""

import ctypes
import resource
import subprocess

import h5py
import numpy as np
import pytest
from copies_compared import differences
from copies_support import CHUNKS, COMPOUND, SMOOTH, call, creation, low_level, smooth
from filter_support import not_sanitized
from h5py import h5d, h5f, h5g, h5p, h5s, h5t
from tool_support import TOOL, is_compressed, tool

import h5prism

pytestmark = not_sanitized

FAST = "transform=none,predictor=none,coder=deflate"


def copied(path, *arguments):
    tool("repack", path, path.with_name("copy.h5"), FAST, "--force", *arguments)
    return path.with_name("copy.h5")


def two_numbers(name, identifier, kind=ctypes.c_uint):
    first, second = kind(0), kind(0)
    call(name, identifier.id, ctypes.byref(first), ctypes.byref(second))
    return first.value, second.value


# ---- Files ----


def created(path, version, **settings):
    """A file whose creation list has these, as functions of HDF5 set them."""
    plist, access = h5p.create(h5p.FILE_CREATE), h5p.create(h5p.FILE_ACCESS)
    access.set_libver_bounds(version, h5f.LIBVER_LATEST)
    for name, values in settings.items():
        call(f"H5Pset_{name}", plist.id, *values)
    with h5py.File(h5f.create(bytes(path), h5f.ACC_TRUNC, plist, access)) as file:
        fill(file)


def fill(file):
    """Alike, so that they share what files let them share."""
    pair = np.array((3, (1.5, np.ones((2, 3), "u1"))), COMPOUND)
    for index in range(3):
        smooth(file, f"smooth {index}", fillvalue=3, compression="gzip")
        options = {"chunks": (7,), "compression": "gzip", "shuffle": True, "fillvalue": pair}
        file.create_dataset(f"pairs {index}", data=np.zeros(50, COMPOUND), **options)
        file[f"words {index}"] = ["a", "bc"]
        for owner in (file[f"smooth {index}"], file.create_group(f"group {index}")):
            owner.attrs["pairs"], owner.attrs["unit"] = np.zeros(4, COMPOUND), "metres and more"


SETTINGS = {
    "trees": {"sym_k": (ctypes.c_uint(3), ctypes.c_uint(5)), "istore_k": (ctypes.c_uint(9),)},
    "messages": {
        "shared_mesg_nindexes": (ctypes.c_uint(2),),
        "shared_mesg_phase_change": (ctypes.c_uint(30), ctypes.c_uint(20)),
    },
    "pages": {
        "file_space_strategy": (ctypes.c_int(1), ctypes.c_uint8(1), ctypes.c_uint64(3)),
        "file_space_page_size": (ctypes.c_uint64(2048),),
    },
    "aggregates": {"file_space_strategy": (ctypes.c_int(2), ctypes.c_uint8(0), ctypes.c_uint64(1))},
}


@pytest.mark.parametrize("version", [h5f.LIBVER_EARLIEST, h5f.LIBVER_LATEST], ids=["old", "new"])
@pytest.mark.parametrize("name", SETTINGS)
def test_how_a_file_was_created(tmp_path, name, version):
    """The user block, and much else, is in copies_objects.py."""
    path = tmp_path / "in.h5"
    created(path, version, **SETTINGS[name])
    copy = copied(path)
    assert not differences(path, copy)
    with h5py.File(path) as file, h5py.File(copy) as other:
        lists = [each.id.get_create_plist() for each in (file, other)]
        for function in ("H5Pget_sym_k", "H5Pget_shared_mesg_phase_change"):
            assert two_numbers(function, lists[0]) == two_numbers(function, lists[1])
        headers = [h5py.h5o.get_info(each["/"].id).hdr.version for each in (file, other)]
        assert headers[0] == headers[1]


SHARED = {"spaces": 0x2, "types": 0x8, "fill values": 0x20, "filters": 0x800, "attributes": 0x1000}


@pytest.mark.parametrize("version", [h5f.LIBVER_EARLIEST, h5f.LIBVER_LATEST], ids=["old", "new"])
@pytest.mark.parametrize("name", [*SHARED, "all"])
def test_messages_that_objects_share(tmp_path, name, version):
    """HDF5 1.10 writes where they are in one file into another: h5repack's copies cannot be read."""
    path = tmp_path / "in.h5"
    kinds = ctypes.c_uint(SHARED.get(name, sum(SHARED.values())))
    index = (ctypes.c_uint(0), kinds, ctypes.c_uint(10))
    created(path, version, shared_mesg_nindexes=(ctypes.c_uint(1),), shared_mesg_index=index)
    copy = copied(path)
    assert not differences(path, copy)
    with h5py.File(copy) as file:
        plist, kept = file.id.get_create_plist(), ctypes.c_uint(0)
        least = ctypes.byref(ctypes.c_uint(0))
        call("H5Pget_shared_mesg_index", plist.id, ctypes.c_uint(0), ctypes.byref(kept), least)
        assert kept.value == kinds.value


# ---- Objects ----


@pytest.mark.parametrize("moment", [h5d.ALLOC_TIME_EARLY, h5d.ALLOC_TIME_LATE, h5d.ALLOC_TIME_INCR])
def test_when_space_is_allocated(tmp_path, moment):
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        plist = creation(chunk=CHUNKS, alloc_time=moment)
        low_level(file, "x", h5t.STD_I16LE, h5s.create_simple(SMOOTH.shape), plist)[...] = SMOOTH
    with h5py.File(copied(path)) as file:
        assert is_compressed(file["x"]) and np.array_equal(file["x"][...], SMOOTH)
        assert file["x"].id.get_create_plist().get_alloc_time() == moment


@pytest.mark.parametrize("command", ["repack", "group"])
def test_how_objects_were_created(tmp_path, command):
    path, copy = tmp_path / "in.h5", tmp_path / "copy.h5"
    frames = np.stack([SMOOTH.astype("u2")] * 6) + np.arange(6)[:, None, None].astype("u2") % 2 * 999
    with h5py.File(path, "w", libver="latest") as file:
        plist = creation(chunk=(1, *SMOOTH.shape), obj_track_times=False, attr_creation_order=3)
        call("H5Pset_attr_phase_change", plist.id, ctypes.c_uint(3), ctypes.c_uint(2))
        plist.set_fill_value(np.array(7, "u2"))
        x = low_level(file, "x", h5t.STD_U16LE, h5s.create_simple(frames.shape), plist)
        x[...] = frames
        for name in "zyxwv":
            x.attrs[name] = name
        plist = h5p.create(h5p.GROUP_CREATE)
        call("H5Pset_obj_track_times", plist.id, ctypes.c_uint8(0))
        call("H5Pset_deflate", plist.id, ctypes.c_uint(4))
        inner = h5py.Group(h5g.create(file.id, b"inner", gcpl=plist))
        for index in range(20):
            inner[f"a link with a long name {index}"] = h5py.SoftLink("/x")
    arguments = [FAST] if command == "repack" else ["--dataset", "x"]
    tool(command, path, copy, *arguments)
    with h5py.File(copy) as file:
        plist = file["x"].id.get_create_plist()
        assert not plist.get_obj_track_times() and plist.get_attr_creation_order() == 3
        assert two_numbers("H5Pget_attr_phase_change", plist) == (3, 2)
        assert list(file["x"].attrs) == list("zyxwv") and file["x"].fillvalue == 7
        assert np.array_equal(file["x"][...], frames)
        filters = file["inner"].id.get_create_plist()
        assert call("H5Pget_nfilters", filters.id) == 1


def in_file_order(owner):
    names = []
    call_back = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.c_int64, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p
    )(lambda _, name, *rest: names.append(name) or 0)
    call("H5Aiterate2", owner.id.id, ctypes.c_int(0), ctypes.c_int(2), None, call_back, None)
    return names


@pytest.mark.parametrize("libver", ["earliest", "latest"])
@pytest.mark.parametrize("count", [5, 30])
def test_attributes_lie_in_the_same_order(tmp_path, count, libver):
    """Also where no order of creation is kept."""
    path = tmp_path / "in.h5"
    with h5py.File(path, "w", libver=libver) as file:
        for owner in (smooth(file), file.create_group("g"), file):
            for index in range(count):
                owner.attrs[f"{index * 7 % 31}"] = index
    with h5py.File(path) as file, h5py.File(copied(path)) as copy:
        for name in ("smooth", "g", "/"):
            order = in_file_order(file[name])
            assert in_file_order(copy[name]) == order and (count > 8 or order != sorted(order))


# ---- Missing filters ----


def behind_a_missing_filter(file, name, kind):
    """A dataset with one chunk, which no program can decode."""
    plist = creation(chunk=(4,))
    plist.set_filter(299, h5py.h5z.FLAG_OPTIONAL, ())
    low_level(file, name, kind, h5s.create_simple((4,)), plist).id.write_direct_chunk((0,), b"abc")


def test_elements_that_cannot_be_decoded(tmp_path):
    path, target = tmp_path / "in.h5", tmp_path / "copy.h5"
    with h5py.File(path, "w") as file:
        smooth(file)
        file.create_group("g")
        behind_a_missing_filter(file, "numbers", h5t.STD_I32LE)
        behind_a_missing_filter(file, "g/words", h5t.py_create(h5py.string_dtype(), logical=True))
        behind_a_missing_filter(file, "refs", h5t.STD_REF_OBJ)
        file.attrs["to"] = file["g/words"].ref
        file["g/again"] = file["g/words"]
    done = tool("repack", path, target, FAST, check=False)
    assert done.returncode == 1
    why = "is left out: its filter 299  is not installed, and its elements are"
    assert done.stderr.splitlines() == [
        f"h5prism: /g/again {why} of variable length",
        f"h5prism: /g/words {why} of variable length",
        f"h5prism: /refs {why} references",
    ]
    with h5py.File(target) as file:
        assert sorted(file) == ["g", "numbers", "smooth"] and not list(file["g"])
        assert is_compressed(file["smooth"]) and not file.attrs["to"]
        assert file["numbers"].id.read_direct_chunk((0,))[1] == b"abc"


# ---- Wide spaces ----


@pytest.mark.parametrize("libver", ["earliest", "v110"])
def test_wide_spaces_cost_what_is_stored(tmp_path, libver):
    """Three chunks among 10,000 millions."""
    path, places = tmp_path / "in.h5", [(0, 0), (500000, 770), (999990, 999990)]
    square = np.arange(100, dtype="<i2").reshape(10, 10)
    options = {"chunks": (10, 10), "maxshape": (None, None), **h5prism.Prism(effort=1)}
    with h5py.File(path, "w", libver=libver) as file:
        x = file.create_dataset("x", (10**6, 10**6), "<i2", **options)
        for row, column in places:
            x[row : row + 10, column : column + 10] = square
        options = {"chunks": (10, 10), "maxshape": (None, None), "compression": "gzip"}
        behind = file.create_dataset("g", (10**6, 10**6), "<i2", **options)
        behind[500000:500010, 770:780] = square
    for arguments in ((), ("--dataset", "x", "--chunks", "64x300", "--always")):
        copy = tmp_path / "copy.h5"
        in_little("repack", path, copy, "effort=1", "--force", *arguments)
        with h5py.File(copy) as file:
            for row, column in places:
                assert np.array_equal(file["x"][row : row + 10, column : column + 10], square)
            assert file["x"].id.get_num_chunks() <= 6 and file["g"].id.get_num_chunks() == 1
    in_little("inspect", path, "--chunks")
    with h5py.File(path) as file:
        assert len(h5prism.inspect(file["x"])) == 3
        column = h5prism.read(file["x"], np.s_[0:10**6:3, 775])
        assert np.array_equal(np.flatnonzero(column), np.arange(500001, 500010, 3) // 3)
        with pytest.raises(h5prism.PrismError, match="never written would have to be listed"):
            h5prism.references(file["x"])


def in_little(*arguments):
    """Time of the processor, and memory."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    limit = 2 << 30  # of addresses: libraries and buffers of HDF5 take most
    subprocess.run(
        [str(TOOL), *map(str, arguments)],
        check=True,
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 5


# ---- Virtual datasets ----


@pytest.mark.parametrize("lengths", [8, 4])
@pytest.mark.parametrize("source", [(b"part%b.h5", b"x%b"), (b".", b"src")], ids=["many", "one"])
def test_mappings_without_end(tmp_path, source, lengths):
    """What HDF5 says of their extent depends on sources that are there, and on sizes in the file."""
    path = tmp_path / "in.h5"
    sizes, plist = h5p.create(h5p.FILE_CREATE), h5p.create(h5p.DATASET_CREATE)
    sizes.set_sizes(8, lengths)
    access = h5p.create(h5p.FILE_ACCESS)
    with h5py.File(h5f.create(bytes(path), h5f.ACC_TRUNC, sizes, access)) as file:
        file.create_dataset("src", data=SMOOTH[:4, :10], maxshape=(None, 10), chunks=(2, 10))
        shown = h5s.create_simple((4, 10), (h5s.UNLIMITED, 10))
        shown.select_hyperslab((0, 0), (h5s.UNLIMITED, 1), (1, 1), (1, 10))
        plist.set_virtual(shown, *source, shown if b"." in source else h5s.create_simple((10,)))
        extent = h5s.create_simple((4, 10), (h5s.UNLIMITED, 10))
        h5d.create(file.id, b"v", h5t.STD_I16LE, extent, plist)
    with h5py.File(copied(path)) as file, h5py.File(path) as original:
        plist = file["v"].id.get_create_plist()
        assert plist.get_virtual_filename(0) == source[0].decode()
        assert plist.get_virtual_vspace(0).get_regular_hyperslab()[2] == (2**64 - 1, 1)
        assert np.array_equal(file["v"][...], original["v"][...])
