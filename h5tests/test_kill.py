"""Processes that end where nobody expects it: kill -9, no file left to open.

The input is as it was, and the output is whole or what was there before. H5PRISM_KILLS is how many
processes of each command are killed: a few, unless it is set.
"""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import h5py
import numpy as np
import pytest
from filter_support import not_sanitized
from tool_support import TOOL, tool

pytestmark = not_sanitized

KILLS = int(os.environ.get("H5PRISM_KILLS", 6))
SLOWEST = 30  # seconds that a command may take


def sum_of(path: Path) -> dict[str, str]:
    """Checksums of a file, or of all files of a folder."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return {file.name: sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.fixture(scope="module")
def frames():
    random_numbers = np.random.default_rng(3)
    scene = random_numbers.integers(0, 200, (40, 48)).astype("u1")
    moved = [np.roll(scene, k % 5, 1) for k in range(40)]
    return np.stack(moved) + random_numbers.integers(0, 9, (40, 40, 48)).astype("u1")


@pytest.fixture(scope="module")
def inputs(frames, tmp_path_factory):
    """A file of datasets, one that is compressed already, and a folder of images."""
    folder = tmp_path_factory.mktemp("inputs")
    with h5py.File(folder / "in.h5", "w") as file:
        file.create_dataset("run/frames", data=frames, chunks=(5, 40, 48))
        file.create_dataset("run/waves", data=np.sin(np.arange(60000) / 50).round(3))
        file["run"].attrs["who"] = "nobody"
    tool("repack", folder / "in.h5", folder / "packed.h5", "effort=1")
    tool("collect", make_images(folder / "images", frames), folder / "stack.h5")
    return folder


def make_images(folder, frames):
    from skimage.io import imsave

    folder.mkdir()
    for k, frame in enumerate(frames[:20]):
        imsave(folder / f"{k}.png", frame, check_contrast=False)
    return folder


COMMANDS = {
    "repack": ("in.h5", ["run/frames", "run/waves"], ["effort=7"]),
    "unpack": ("packed.h5", ["run/frames", "run/waves"], []),
    "group": ("in.h5", ["run/frames"], ["--dataset", "run/frames"]),
    "collect": ("images", ["images"], ["effort=7"]),
}


def command_of(name, inputs, target):
    source, _, options = COMMANDS[name]
    return [str(TOOL), name, str(inputs / source), str(target), *options]


def elements(path, names):
    with h5py.File(path) as file:
        return [file[name][...] for name in names]


def kill_after(command, seconds, **options):
    """True if it was killed, and did not end by itself before."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options) as p:
        try:
            p.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            p.send_signal(signal.SIGKILL)
            p.communicate()
    assert p.returncode in (0, -signal.SIGKILL)
    return p.returncode != 0


def time_of(command):
    start = time.monotonic()
    subprocess.run(command, check=True, capture_output=True, timeout=SLOWEST)
    return time.monotonic() - start


@pytest.mark.parametrize("name", COMMANDS)
def test_killed_commands(name, inputs, tmp_path):
    source, datasets, _ = COMMANDS[name]
    expected = elements(inputs / ("stack.h5" if name == "collect" else "in.h5"), datasets)
    before, moments = sum_of(inputs / source), random.Random(name)
    longest = time_of(command_of(name, inputs, tmp_path / "whole.h5"))
    killed = 0
    for number in range(KILLS):
        target = tmp_path / f"{number}.h5"
        killed += kill_after(command_of(name, inputs, target), moments.uniform(0, longest))
        assert sum_of(inputs / source) == before
        if target.exists():
            for found, wanted in zip(elements(target, datasets), expected):
                np.testing.assert_array_equal(found, wanted)
        for rest in tmp_path.iterdir():
            assert rest.suffix in (".h5", ".part"), rest  # a process of that name is no more
    assert killed
    tool(name, inputs / source, tmp_path / "after.h5", *COMMANDS[name][2])


@pytest.mark.parametrize("name", COMMANDS)
def test_killed_commands_that_replace(name, inputs, tmp_path):
    """What was there before, or all of the new one."""
    datasets = COMMANDS[name][1]
    target, moments = tmp_path / "out.h5", random.Random(f"{name} anew")
    command = [*command_of(name, inputs, target), "--force"]
    longest = time_of(command)
    new = sum_of(target)
    for _ in range(KILLS):
        target.write_bytes(b"what was there before")
        old = sum_of(target)
        killed = kill_after(command, moments.uniform(0, longest))
        now = sum_of(target)
        assert now in (old, new) or elements(target, datasets)
        assert killed or now != old


WRITER = """
import sys
import h5py, numpy as np, h5prism

with h5py.File(sys.argv[1], "w", libver="latest") as file:
    dataset = file.create_dataset(
        "x", (400, 32, 32), "i2", chunks=(4, 32, 32), fillvalue=-7, **h5prism.Prism(effort=1)
    )
    file.swmr_mode = True
    for k in range(0, 400, 4):
        dataset[k : k + 4] = np.full((4, 32, 32), k) + np.arange(32)
        dataset.flush()
        print(k, flush=True)
"""


def test_killed_writers(tmp_path):
    """A file that others may read meanwhile (SWMR) has whole chunks only, once it has one."""
    moments, found = random.Random(1), 0
    for number in range(KILLS):
        path = tmp_path / f"{number}.h5"
        command = [sys.executable, "-c", WRITER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            time.sleep(moments.uniform(0, 0.1))
            process.kill()
        with h5py.File(path, libver="latest", swmr=True) as file:  # as it was left
            for k in range(0, 400, 4):
                part = file["x"][k : k + 4]
                is_there = part[0, 0, 0] != -7
                assert (part == (k + np.arange(32) if is_there else -7)).all()
                found += is_there
    assert found


@pytest.mark.parametrize("name", COMMANDS)
def test_no_file_left_to_open(name, inputs, tmp_path):
    """At each step of the command: a sentence, no output, and nothing beside it."""
    before, done = sum_of(inputs / COMMANDS[name][0]), False
    for most in range(4, 40):
        target = tmp_path / "out.h5"
        result = subprocess.run(
            command_of(name, inputs, target),
            capture_output=True,
            text=True,
            timeout=SLOWEST,
            preexec_fn=lambda most=most: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)),
        )
        assert sum_of(inputs / COMMANDS[name][0]) == before
        done = result.returncode == 0
        if done:
            break
        if result.returncode == 127:  # the loader had no file left for a library
            continue
        assert result.returncode == 1 and result.stderr.startswith("h5prism: "), result
        assert os.listdir(tmp_path) == []
    assert done and most > 4
