"""Wheels as scripts/wheels has built them: their tools, those for other machines run by emulators, write files
that are read here. scripts/wheels with --try runs their Python packages, too.
"""

import os
import platform
import shutil
import subprocess
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from filter_support import BUILD
from generated import embedding

from h5prism import Prism

WHEELS = BUILD.parent / f"{BUILD.name}-wheels"
WINE = Path("/usr/lib/wine/wine64")


def unpacked(tag, folder):
    wheels = list((WHEELS / "dist").glob(f"h5prism-*-{tag}.whl"))
    if not wheels:
        pytest.skip(f"scripts/wheels has not built one for {tag}")
    with zipfile.ZipFile(wheels[0]) as wheel:
        wheel.extractall(folder)
    return folder / "h5prism" / "bin"


def tool_for_this_machine(folder):
    tool = unpacked(f"manylinux_2_28_{platform.machine()}", folder) / "h5prism"
    tool.chmod(0o755)
    return [tool]


def tool_for_aarch64(folder):
    root = WHEELS / "roots" / "aarch64"
    if not shutil.which("qemu-aarch64") or not (root / "made").exists():
        pytest.skip("there is no qemu-aarch64, or scripts/wheels --try has not made its root")
    tool = unpacked("manylinux_2_28_aarch64", folder) / "h5prism"
    tool.chmod(0o755)
    return ["qemu-aarch64", "-L", root, tool]


def tool_for_windows(folder):
    if not WINE.exists():
        pytest.skip("there is no wine64")
    return [WINE, unpacked("win_amd64", folder) / "h5prism.exe"]


@pytest.mark.parametrize("tool", [tool_for_this_machine, tool_for_aarch64, tool_for_windows])
def test_the_tool_runs(tool, tmp_path):
    command = tool(tmp_path / "wheel")
    array = embedding(40, 50, 12, "i1")
    with h5py.File(tmp_path / "in.h5", "w") as file:
        file.create_dataset("plain", data=array, chunks=(40, 50, 12), compression="gzip")
        file.create_dataset("ours", data=array, chunks=(20, 50, 12), **Prism(effort=2))

    def run(*arguments, code=0):
        done = subprocess.run(
            [*command, *arguments],
            cwd=tmp_path,
            env=os.environ | {"WINEPREFIX": str(WHEELS / "wine"), "WINEDEBUG": "-all"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

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
