"""The examples of README.md and docs/ run as they are written.

Fenced blocks of `python` and `sh` of a document run in their order, in one folder, the Python ones in
one process. A block of `python` with something after it needs packages that are no part of setup: it
runs where these can be installed. Indented lines of h5prism run on a file with what they name; other
blocks (`console`) are not run.
"""

import os
import re
import subprocess
import sys

import h5py
import numpy as np
import pytest
from filter_support import run
from python_support import BUILD, ROOT, correlated

PATHS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(python|sh)\b *(.*)\n((?:.*\n)*?)```$", re.M)
DOCUMENTS = {path.name: blocks for path in PATHS if (blocks := BLOCK.findall(path.read_text()))}
NEED_PACKAGES = [name for name, blocks in DOCUMENTS.items() if any(block[1] for block in blocks)]


def as_program(blocks):
    """The blocks as one Python program."""
    lines = ["import subprocess"]
    for language, _, text in blocks:
        shell = f"subprocess.run(['bash', '-euo', 'pipefail', '-c', {text!r}], check=True)"
        lines.append(text if language == "python" else shell)
    return "\n".join(lines)


def assert_runs(blocks, folder, python):
    """Runs the blocks as after scripts/setup, `python3` being this Python."""
    (folder / "bin").mkdir()
    (folder / "bin" / "python3").write_text(f'#!/bin/sh\nexec "{python}" "$@"\n')
    (folder / "bin" / "python3").chmod(0o755)
    path = os.pathsep.join([str(folder / "bin"), str(BUILD / "bin"), os.environ["PATH"]])
    done = subprocess.run(
        [python, "-c", as_program(blocks)],
        env=os.environ | {"PATH": path},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_examples():
    assert {"README.md", "python.md"} <= DOCUMENTS.keys()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_examples(name, tmp_path):
    blocks = [block for block in DOCUMENTS[name] if not block[1]]
    assert_runs(blocks, tmp_path, sys.executable)


@pytest.mark.parametrize("name", NEED_PACKAGES)
def test_examples_with_more_packages(name, tmp_path, zarr3_python):
    assert_runs(DOCUMENTS[name], tmp_path, zarr3_python)


COMMAND = re.compile(
    r"^(?:    )?(h5prism (?:%s) .*)$"
    % "|".join(["bench", "export", "group", "import", "inspect", "options", "preview", "repack"]),
    re.M,
)
TOOL_DOCUMENTS = ["tool.md", "tool-pictures.md", "hdf5.md", "h5prism.1"]
WRITES_ITS_SECOND_FILE = ["export", "group", "import", "preview", "repack"]


def write_input(path):
    """What the examples of the tool name."""
    with h5py.File(path, "w") as file:
        file.create_dataset("emb", data=correlated((64, 96, 8), "i1"), chunks=(32, 32, 8))
        file.create_dataset("run/emb", data=np.tile(file["emb"][:], (4, 3, 16))[:, :256])
        file.create_dataset("run/images", data=correlated((60, 30, 40), "u1"))


@pytest.mark.parametrize("name", TOOL_DOCUMENTS)
def test_commands(name, tmp_path, monkeypatch):
    commands = COMMAND.findall((ROOT / "docs" / name).read_text().replace("\\-", "-"))
    assert commands
    monkeypatch.chdir(tmp_path)
    write_input("in.h5")
    run(BUILD / "bin" / "h5prism", "repack", "in.h5", "out.h5", "effort=1")
    for command in commands:
        words = command.split()
        if words[1] in WRITES_ITS_SECOND_FILE and os.path.exists(words[3]):
            os.unlink(words[3])
        run(BUILD / "bin" / words[0], *words[1:])
