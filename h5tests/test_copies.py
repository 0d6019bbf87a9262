"""Copies of files of every kind agree with the original in every object, link, type, space, attribute,
fill value and element: by h5diff, and by the comparison of copies_compared.py.

Every kind stands alone in a file, so that a failure names its cause, and beside all others in files
of each format and order.
"""

import shutil
import subprocess
from pathlib import Path

import h5py
import numpy as np
import pytest
from copies_compared import differences
from copies_made import NAMES, NotAvailable, make, make_all
from copies_support import SMOOTH, creation, low_level
from filter_support import not_sanitized, run
from tool_support import hdf5_of_tool, is_compressed, tool
from venv_support import WHEELS_OF_H5PY, h5py_wheel

pytestmark = not_sanitized

FORMATS = ["earliest", "v110"]
if h5py.h5f.LIBVER_LATEST != h5py.h5f.LIBVER_V110:
    FORMATS.append("latest")
HERE = Path(__file__).parent
FAST = "transform=none,predictor=none,coder=deflate"  # how it is compressed does not matter here
H5DIFF = shutil.which("h5diff")


def copied(path):
    copy = path.with_name(f"{path.stem}.copy.h5")
    tool("repack", path, copy, FAST)
    return copy


def assert_copies(path, copy, left_out=()):
    found = differences(path, copy, left_out)
    assert not found, "\n".join(found[:20])


def agrees_by_h5diff(path, copy):
    """Also where h5diff cannot even compare the file with another of the same bytes."""
    if h5diff(path, copy) == 0:
        return True
    same = path.with_name("same.h5")
    shutil.copy(path, same)
    return h5diff(path, copy) == h5diff(path, same)


def h5diff(*paths):
    return subprocess.run([H5DIFF, *paths], capture_output=True).returncode


@pytest.mark.parametrize("libver", FORMATS)
@pytest.mark.parametrize("name", NAMES)
def test_each_kind(tmp_path, name, libver):
    path = tmp_path / "in.h5"
    try:
        make(path, name, libver)
    except NotAvailable as reason:
        pytest.skip(str(reason))
    copy = copied(path)
    if name == "file-with-other-sizes" and references_differ():
        pytest.skip("HDF5 1.12 and newer write references that 1.10 cannot read")
    assert_copies(path, copy)
    assert H5DIFF is None or agrees_by_h5diff(path, copy)
    with h5py.File(copy) as file, h5py.File(path) as original:
        for smooth in {"smooth", f"{name}/smooth"} & set(all_names(original)):
            assert is_compressed(file[smooth]) or "filter" in name


def references_differ():
    """Where addresses take 4 bytes: references take 8 in HDF5 1.10, and as many since 1.12."""
    return h5py.h5.get_libversion() < (1, 12) <= tuple(map(int, hdf5_of_tool().split(".")))


def all_names(file):
    found = []
    file.visit(found.append)
    return found


@pytest.mark.parametrize("track_order", [False, True], ids=["named", "tracked"])
@pytest.mark.parametrize("libver", FORMATS)
def test_all_kinds_in_one_file(tmp_path, libver, track_order):
    """And a copy of the copy."""
    path = tmp_path / "in.h5"
    make_all(path, libver, track_order)
    copy = copied(path)
    assert_copies(path, copy)
    assert_copies(path, copied(copy))


@pytest.mark.parametrize("libver", FORMATS)
def test_all_kinds_beside_a_stack(tmp_path, libver):
    path = tmp_path / "in.h5"
    make_all(path, libver, track_order=False)
    with h5py.File(path, "r+") as file:
        frames = np.stack([SMOOTH.astype("u2")] * 6) + np.arange(6)[:, None, None] % 2 * 999
        file["frames"] = frames.astype("u2")
    copy = tmp_path / "copy.h5"
    tool("group", path, copy, "--dataset", "frames", "--effort", 1)
    assert_copies(path, copy, left_out=[b"/frames", b"/ "])
    with h5py.File(copy) as file, h5py.File(path) as original:
        assert np.array_equal(file["frames"][...], original["frames"][...])


def test_elements_that_are_nowhere(tmp_path):
    """Without a fill value, nobody knows what they are: that is no difference."""
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        for chunk in (None, (40, 64)):
            plist = creation(**({"chunk": chunk} if chunk else {}))
            plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
            for rows in (0, 50):
                space = h5py.h5s.create_simple(SMOOTH.shape)
                x = low_level(file, f"{rows} {chunk}", h5py.h5t.STD_I16LE, space, plist)
                if rows:
                    x[:rows] = SMOOTH[:rows]
    for arguments in ((), ("--chunks", "96x40", "--always")):
        tool("repack", path, tmp_path / "copy.h5", FAST, "--force", *arguments)
        with h5py.File(tmp_path / "copy.h5") as file:
            for name in file:
                rows = int(name.split()[0])
                assert np.array_equal(file[name][:rows], SMOOTH[:rows])


@pytest.fixture(scope="session", params=WHEELS_OF_H5PY)
def other_python(request):
    """Another HDF5 than the tool's: 1.14, and the newest."""
    return h5py_wheel(request.param)


def test_files_of_another_library(tmp_path, other_python):
    """What the tool's HDF5 can read is copied; of what it cannot read, the tool says so."""
    names = run(other_python, HERE / "copies_made.py", tmp_path, "latest").stdout.split()
    assert len(names) > 90
    copied_right = []
    for name in names:
        done = tool("repack", tmp_path / f"{name}.h5", tmp_path / f"{name}.copy", FAST, check=False)
        assert done.returncode == 0 or (done.returncode == 1 and "HDF5 " in done.stderr), done
        if done.returncode == 0:
            copied_right.append(name)
    compared = run(other_python, HERE / "copies_compared.py", tmp_path, *copied_right, check=False)
    assert compared.returncode == 0, compared.stdout + compared.stderr
