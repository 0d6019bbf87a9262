"""Wheels as scripts/wheels has built them: their tools, those for other machines run by emulators, write files
that are read here. scripts/wheels with --try runs their Python packages, too.
"""

import os
import platform
import shutil
import signal
import subprocess
import time
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from filter_support import BUILD
from generated import embedding
from golden_files import SOURCES, files, sum_of, version_of

from h5prism import Prism

WHEELS = BUILD.parent / f"{BUILD.name}-wheels"
WINE = Path("/usr/lib/wine/wine64")


def unpacked(tag, folder):
    wheels = list((WHEELS / "dist").glob(f"h5prism-*-{tag}.whl"))
    if not wheels:
        pytest.skip(f"scripts/wheels has not built one for {tag}")
    with zipfile.ZipFile(wheels[0]) as wheel:
        wheel.extractall(folder)
    return folder / "h5prism"


def tool_for_this_machine(folder):
    tool = unpacked(f"manylinux_2_28_{platform.machine()}", folder) / "bin" / "h5prism"
    tool.chmod(0o755)
    return [tool]


def tool_for_aarch64(folder):
    root = WHEELS / "roots" / "aarch64"
    if not shutil.which("qemu-aarch64") or not (root / "made").exists():
        pytest.skip("there is no qemu-aarch64, or scripts/wheels --try has not made its root")
    tool = unpacked("manylinux_2_28_aarch64", folder) / "bin" / "h5prism"
    tool.chmod(0o755)
    return ["qemu-aarch64", "-L", root, tool]


def tool_for_windows(folder):
    if not WINE.exists():
        pytest.skip("there is no wine64")
    return [WINE, unpacked("win_amd64", folder) / "plugins" / "h5prism.exe"]


# Names of files come to Windows' programs by the locale.
VARIABLES = {"WINEPREFIX": str(WHEELS / "wine"), "WINEDEBUG": "-all", "LC_ALL": "C.UTF-8"}
TOOLS = [tool_for_this_machine, tool_for_aarch64, tool_for_windows]


def output_of(command, folder, *arguments, code=0):
    done = subprocess.run(
        [*command, *arguments],
        cwd=folder,
        env=os.environ | VARIABLES,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("tool", TOOLS)
def test_the_tool_runs(tool, tmp_path):
    command = tool(tmp_path / "wheel")
    array = embedding(40, 50, 12, "i1")
    with h5py.File(tmp_path / "in.h5", "w") as file:
        file.create_dataset("plain", data=array, chunks=(40, 50, 12), compression="gzip")
        file.create_dataset("ours", data=array, chunks=(20, 50, 12), **Prism(effort=2))

    def run(*arguments, code=0):
        return output_of(command, tmp_path, *arguments, code=code)

    assert run("--version").startswith("h5prism ")
    run("repack", "in.h5", "out.h5", "effort=7")
    with h5py.File(tmp_path / "out.h5") as file:
        assert set(file["plain"]._filters) == {"33128"}
        np.testing.assert_array_equal(file["plain"][()], array)
        np.testing.assert_array_equal(file["ours"][()], array)
    assert "lsq" in run("inspect", "out.h5")
    assert "is there already" in run("repack", "in.h5", "out.h5", code=1)
    run("repack", "in.h5", "out.h5", "effort=1", "--force")
    run("unpack", "out.h5", "back.h5")
    with h5py.File(tmp_path / "back.h5") as file:
        np.testing.assert_array_equal(file["ours"][()], array)
    assert "No such file" in run("repack", "nothing.h5", "x.h5", code=1)
    assert sorted(p.name for p in tmp_path.glob("*.h5")) == ["back.h5", "in.h5", "out.h5"]


@pytest.mark.parametrize("tool", TOOLS)
def test_names_of_files_are_utf8(tool, tmp_path):
    """Of files and folders, and in HDF5 files."""
    command = tool(tmp_path / "wheel")
    folder = tmp_path / "ordner \u00fc \u6f22"
    folder.mkdir()
    array = embedding(20, 30, 4, "u1")
    with h5py.File(folder / "d\u00e4ten \u6f22.h5", "w") as file:
        file["h\u00f6he"] = array
    source = f"{folder.name}/d\u00e4ten \u6f22.h5"
    output_of(command, tmp_path, "repack", source, "\u0444.h5", "--dataset", "h\u00f6he")
    with h5py.File(tmp_path / "\u0444.h5") as file:
        np.testing.assert_array_equal(file["h\u00f6he"][()], array)
    output_of(command, tmp_path, "extract", "\u0444.h5", "b\u00edlder")
    names = sorted(os.listdir(tmp_path / "b\u00edlder"))
    assert len(names) == 20 and names[0] == "h\u00f6he-00.png"
    output_of(command, tmp_path, "collect", "b\u00edlder", "r\u00fcck.h5")
    with h5py.File(tmp_path / "r\u00fcck.h5") as file:
        np.testing.assert_array_equal(file["images"][()], array)
    assert "\u00fc.h5: No such file" in output_of(
        command, tmp_path, "repack", "\u00fc.h5", "x.h5", code=1
    )


@pytest.mark.parametrize("tool", [tool_for_this_machine, tool_for_windows])
def test_an_interruption_leaves_nothing(tool, tmp_path):
    """Ctrl-C: wine makes an event of Windows' console of the signal."""
    command = tool(tmp_path / "wheel")
    folder = tmp_path / "data"
    folder.mkdir()
    with h5py.File(folder / "in.h5", "w") as file:
        frames = np.random.default_rng(0).integers(0, 256, (600, 200, 200), "u1")
        file.create_dataset("film", data=frames, chunks=(10, 200, 200))  # for seconds
    line = [*command, "repack", "in.h5", "out.h5", "effort=9", "-j1"]
    with subprocess.Popen(
        line,
        cwd=folder,
        env=os.environ | VARIABLES,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while process.poll() is None and len(os.listdir(folder)) < 2:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=60)[1]
    assert process.returncode == 130 and "nothing is written" in errors
    assert os.listdir(folder) == ["in.h5"]


@pytest.mark.parametrize("tool", TOOLS)
def test_golden_files(tool, tmp_path):
    """Chunks of every coder decode to what they were, JPEG XL among them."""
    command = tool(tmp_path / "wheel")
    shutil.copy(min(files(), key=version_of), tmp_path / "in.h5")
    output_of(command, tmp_path, "unpack", "in.h5", "out.h5", "--filter", "none")
    with h5py.File(tmp_path / "out.h5") as file:
        assert set(file) == set(SOURCES)
        for name, dataset in file.items():
            assert not dataset._filters, name
            assert sum_of(dataset[...]) == dataset.attrs["crc32"], name
