"""What commands that rewrite a file promise beside the values: the check, messages, crashes."""

import ctypes
import os
import re
import shutil
import signal
import subprocess

import h5py
import numpy as np
import pytest
from filter_support import correlated, needs, not_sanitized
from tool_support import (
    hdf5_of_tool,
    ATTRIBUTE,
    LAYOUT,
    TOOL,
    assert_same,
    fails,
    interrupted,
    is_compressed,
    loaded_hdf5,
    set_version,
    stored_bytes,
    tool,
)
from venv_support import h5py_wheel, run_installed

pytestmark = not_sanitized

DATA = correlated((70, 50, 16))


# ---- The check ----


@needs("cc")
@pytest.mark.parametrize("checked", [True, False])
def test_a_copy_that_differs_from_its_original(tmp_path, failing_calls, checked):
    """The original changes after it was copied, before the last call that writes: nothing else makes a
    copy wrong on purpose."""
    path, target = tmp_path / "in.h5", tmp_path / "out.h5"
    with h5py.File(path, "w") as file:
        file["a"] = np.full(10**5, b"12345678", "S8")
        file["x"] = DATA
        place = file["a"].id.get_offset() + 8 * 777
    command = [TOOL, "repack", path, target, "-j1", *(() if checked else ["--no-check"])]
    calls = failing_calls.count(command)
    target.unlink()
    stopping = failing_calls.variables(STOP_AT=calls, STOP_BY=signal.SIGSTOP)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=stopping) as process:
        assert os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1])
        with open(path, "r+b") as file:
            file.seek(place)
            file.write(b"other")
        process.send_signal(signal.SIGCONT)
        errors = process.communicate(timeout=1800)[1]
    assert process.returncode == (1 if checked else 0) and target.exists() != checked
    assert os.listdir(tmp_path) == ["in.h5"] or not checked
    if checked:
        assert re.fullmatch(r"h5prism: /a: the copy has other elements at or behind 0\n", errors)


# ---- Crashes ----


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGBUS", "SIGABRT", "SIGFPE", "SIGILL"])
def test_a_crash_is_told_as_what_it_is(tmp_path, name):
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        file["x"] = np.random.default_rng(1).integers(-9, 9, (400, 100, 100), "i1")  # for seconds
    before = path.read_bytes()
    arguments = ("repack", path, tmp_path / "out.h5", "effort=9")
    errors = interrupted(getattr(signal, name), tmp_path, *arguments, code=1)
    text = rf"h5prism: crashed \({name}\)( at /\w*)?; nothing is written, and the input is as it was\n"
    assert re.fullmatch(text, errors)
    assert os.listdir(tmp_path) == ["in.h5"] and path.read_bytes() == before


# ---- What HDF5 cannot open ----


def test_a_dataset_of_a_newer_version(tmp_path):
    path, target = tmp_path / "in.h5", tmp_path / "out.h5"
    with h5py.File(path, "w") as file:
        for name in ("g/new", "g/old", "x"):
            file.create_dataset(name, data=DATA, chunks=(32, 32, 16)).attrs["unit"] = "m"
        file["soft"] = h5py.SoftLink("/g/new")
        file.attrs["to"] = file["g/new"].ref
    set_version(path, "g/new", LAYOUT, 0, 77)
    why = f"HDF5 {hdf5_of_tool()} cannot open it: bad version number for layout message "
    why += "(version 77: it needs a newer HDF5)"
    others = fails("inspect", path, word=why).stdout.splitlines()
    assert {"/g/old", "/x"} <= set(others) and "/g/new" not in others
    done = fails("repack", path, target, word=why)
    assert done.stderr == f"h5prism: /g/new is left out: {why}\n"
    with h5py.File(target) as file, h5py.File(path) as original:
        assert list(file["g"]) == ["old"] and sorted(file) == ["g", "soft", "x"]
        for name in ("g/old", "x"):
            assert_same(file[name], original[name])
            assert is_compressed(file[name])
        assert not file.attrs["to"]
    target.unlink()
    fails("repack", path, target, "--dataset", "g/new", word=f"g/new: {why}")
    fails("inspect", path, "--dataset", "g/new", word=why)
    for command, output in {"preview": "x.png", "export": "x.jxl", "extract": "x"}.items():
        fails(command, path, tmp_path / output, "--dataset", "g/new", word=f"g/new: {why}")
    assert os.listdir(tmp_path) == ["in.h5"]


# An attribute "unit", whose name takes 8 bytes and its type 16: versions of all of it, its type, its space.
VERSIONS = {
    "attribute": (0, 77, "bad version number for attribute message (version 77"),
    "type": (16, 7 << 4, "bad version number for datatype message (version 7"),
    "space": (32, 77, "wrong version number in dataspace message (version 77"),
}


@pytest.mark.parametrize("which", VERSIONS)
def test_attributes_of_a_newer_version(tmp_path, which):
    path, target = tmp_path / "in.h5", tmp_path / "out.h5"
    at, version, reason = VERSIONS[which]
    with h5py.File(path, "w") as file:
        for name in ("x", "y", "g/z"):
            file.create_dataset(name, data=DATA, chunks=(32, 32, 16)).attrs["unit"] = np.int64(1)
    for name in ("x", "g/z"):
        set_version(path, name, ATTRIBUTE, at, version)
    done = tool("repack", path, target, check=False)
    assert done.returncode == 1
    why = f"HDF5 {hdf5_of_tool()} cannot read them: {reason}: it needs a newer HDF5)"
    assert done.stderr.splitlines() == [
        f"h5prism: the attributes of {name} are left out: {why}" for name in ("/g/z", "/x")
    ]
    with h5py.File(target) as file, h5py.File(path) as original:
        assert_same(file["y"], original["y"])
        for name in ("x", "g/z"):
            assert np.array_equal(file[name][...], DATA) and is_compressed(file[name])
            assert not file[name].attrs


NEWER = """
import sys, h5py, numpy as np
from h5py import h5a, h5d, h5s, h5t
if h5py.version.hdf5_version_tuple < (2,):
    sys.exit()
with h5py.File(sys.argv[1], "w", libver="latest") as file:
    space, kind = h5s.create_simple((10,)), h5t.COMPLEX_IEEE_F32LE
    h5d.create(file.id, b"complex", kind, space)
    file.create_dataset("layout", data=np.zeros((90, 90)), chunks=(50, 50), compression="gzip")
    file["plain"] = np.arange(9)
    layout = h5py.VirtualLayout((9,), "i8")
    layout[:] = h5py.VirtualSource(file["plain"])
    file.create_virtual_dataset("virtual", layout)
    h5a.create(file["plain"].id, b"complex", kind, space)
print("made")
"""


def test_a_file_of_the_newest_hdf5(tmp_path):
    path, target = tmp_path / "in.h5", tmp_path / "out.h5"
    if "made" not in run_installed(h5py_wheel("2"), NEWER, path):
        pytest.skip("the newest h5py has no HDF5 2")
    if tool_knows(path):
        pytest.skip("the tool has HDF5 2 itself")
    done = tool("repack", path, target, check=False)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert re.match(r"h5prism: /complex is left out: .* datatype message \(version 5: ", lines[0])
    assert re.match(r"h5prism: /layout is left out: .* layout message \(version 5: ", lines[1])
    why = r".* datatype message \(version 5: it needs a newer HDF5\)"
    assert re.fullmatch(rf"h5prism: the attributes of /plain are left out: HDF5 {why}", lines[2])
    assert re.fullmatch(r"h5prism: /virtual is left out: .* got 1 \(it needs a newer HDF5\)", lines[3])
    with h5py.File(target) as file:
        assert list(file) == ["plain"] and list(file["plain"]) == list(range(9))


def tool_knows(path):
    return tool("inspect", path, "--dataset", "layout", check=False).returncode == 0


# ---- What stays byte for byte ----


NOT_INSTALLED = 32099  # a number that nobody has


@pytest.mark.parametrize("moment", ["ALLOC_TIME_EARLY", "ALLOC_TIME_INCR"])
def test_filters_that_are_not_installed(tmp_path, moment):
    """Chunks with and without it, which nothing here could make of elements."""
    path, target = tmp_path / "in.h5", tmp_path / "out.h5"
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((32, 32, 16))
    plist.set_filter(NOT_INSTALLED, h5py.h5z.FLAG_OPTIONAL, (4, 0x104, 16384))
    plist.set_alloc_time(getattr(h5py.h5d, moment))
    stored = {(0, 0, 0): (b"filtered", 0), (32, 0, 0): (b"as well", 0), (32, 32, 0): (b"as it is", 1)}
    with h5py.File(path, "w") as file:
        space = h5py.h5s.create_simple(DATA.shape)
        x = h5py.Dataset(h5py.h5d.create(file.id, b"x", h5py.h5t.STD_I8LE, space, plist))
        for place, (chunk, mask) in stored.items():
            x.id.write_direct_chunk(place, chunk, mask)
    assert f"its filter {NOT_INSTALLED} " in tool("repack", path, target).stdout
    assert stored_bytes(target, "x") == stored_bytes(path, "x")
    with h5py.File(target) as file, h5py.File(path) as original:
        kept, plist = file["x"].id.get_create_plist(), original["x"].id.get_create_plist()
        assert kept.get_filter(0) == plist.get_filter(0)
        assert kept.get_alloc_time() == plist.get_alloc_time()
        for place, (chunk, mask) in stored.items():
            assert file["x"].id.read_direct_chunk(place) == (mask, chunk)
    assert target.stat().st_size <= path.stat().st_size + 4096
    fails("repack", path, target, "--force", "--dataset", "x", word=str(NOT_INSTALLED))


@pytest.mark.parametrize("libver", ["earliest", "latest"])
@pytest.mark.parametrize("axis", [0, 1, None])
def test_few_chunks_in_a_wide_space(tmp_path, libver, axis):
    path, target = tmp_path / "in.h5", tmp_path / "out.h5"
    most = tuple(None if i == axis else 10**5 for i in range(2))
    places = [(5, 99990), (77777, 3), (99999, 99999), (70000, 50)]
    with h5py.File(path, "w", libver=libver) as file:
        x = file.create_dataset("x", (10**5, 10**5), "i2", maxshape=most, chunks=(200, 500))
        for value, place in enumerate(places):
            x[place] = value + 1
        file["y"] = DATA
    tool("repack", path, target, "--dataset", "y")
    with h5py.File(target) as file:
        assert [file["x"][place] for place in places] == [1, 2, 3, 4]
        assert file["x"].id.get_num_chunks() == 4
    assert target.stat().st_size < 3 * path.stat().st_size


# ---- Links and references ----


def test_references_that_lead_nowhere(tmp_path):
    path, target = tmp_path / "in.h5", tmp_path / "out.h5"
    with h5py.File(path, "w") as file:
        file["kept"], file["gone"] = np.arange(9), np.arange(9)
        file["refs"] = np.array([file["gone"].ref, file["kept"].ref], h5py.ref_dtype)
        file.attrs["part"] = file["gone"].regionref[2:4]
        del file["gone"]
    assert "lead to no object of the file, and to none in the copy: 2\n" in tool(
        "repack", path, target
    ).stdout
    with h5py.File(target) as file:
        assert [bool(ref) for ref in file["refs"]] == [False, True]
        assert file[file["refs"][1]] == file["kept"] and not file.attrs["part"]


TRAVERSE = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_char_p, ctypes.c_int64)


class LinkClass(ctypes.Structure):
    """H5L_class_t, which h5py does not have."""

    _fields_ = [("version", ctypes.c_int), ("id", ctypes.c_int), ("comment", ctypes.c_char_p)]
    _fields_ += [(name, ctypes.c_void_p) for name in ("create", "move", "copy")]
    _fields_ += [("traverse", TRAVERSE), ("remove", ctypes.c_void_p), ("query", ctypes.c_void_p)]


def test_links_that_a_program_has_defined(tmp_path):
    path, target = tmp_path / "in.h5", tmp_path / "out.h5"
    library, value = ctypes.CDLL(loaded_hdf5()), b"\x01\x00\x02any value"
    kind = LinkClass(version=1, id=187, traverse=TRAVERSE(lambda *_: -1))
    assert library.H5Lregister(ctypes.byref(kind)) >= 0
    create = library.H5Lcreate_ud
    create.argtypes = [ctypes.c_int64, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p]
    create.argtypes += [ctypes.c_size_t, ctypes.c_int64, ctypes.c_int64]
    with h5py.File(path, "w") as file:
        assert create(file.id.id, b"own", 187, value, len(value), 0, 0) >= 0
    tool("repack", path, target)
    with h5py.File(target) as file:
        assert file.id.links.get_info(b"own").type == 187
    assert value in target.read_bytes()


def test_a_file_that_is_being_written(tmp_path):
    path, copy = tmp_path / "in.h5", tmp_path / "copy.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file["x"] = DATA
        file.swmr_mode = True
        shutil.copy(path, copy)
    fails("repack", copy, tmp_path / "out.h5", word="h5clear")


def test_frames_of_a_committed_type(tmp_path):
    path, target = tmp_path / "in.h5", tmp_path / "out.h5"
    with h5py.File(path, "w") as file:
        file["kind"] = np.dtype("<i2")
        rng = np.random.default_rng(2)
        frames = rng.integers(-99, 99, (3, 30, 40))[rng.integers(0, 3, 60)]
        file.create_dataset("x", data=frames, dtype=file["kind"])
    tool("group", path, target, "--dataset", "x", "--frames", "20")
    with h5py.File(target) as file:
        assert np.array_equal(file["x"][...], frames) and file["x"].is_virtual
        assert h5py.h5o.get_info(file["x"].id.get_type()).addr == (
            h5py.h5o.get_info(file["kind"].id).addr
        )
