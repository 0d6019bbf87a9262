"""Processes that end where nobody expects it: kill -9, signals, no file left to open, no room to write.

The input is as it was, and the output is whole or what was there before. H5PRISM_KILLS is how many
processes of each command are killed: a few, unless it is set.
"""

import errno
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time
from functools import partial
from hashlib import sha256
from pathlib import Path

import h5py
import numpy as np
import pytest
from filter_support import needs, not_sanitized
from tool_support import TOOL, tool

pytestmark = not_sanitized

KILLS = int(os.environ.get("H5PRISM_KILLS", 6))
SLOWEST = 1800  # seconds after which a command is taken to hang, on a machine as busy as it may be
TRIES = 20  # where one that ends too early shows nothing: the machine was busy just then


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


class Moments:
    """Random ones while a command runs, which takes as long as it did when it last ended by itself: the
    machine is not as busy all the time."""

    def __init__(self, seed, command):
        self._random = random.Random(seed)
        start = time.monotonic()
        subprocess.run(command, check=True, capture_output=True, timeout=SLOWEST)
        self._longest = time.monotonic() - start

    def stops(self, stop_after):
        """Whether stop_after, which is given the moment, says that the command was stopped by it."""
        start = time.monotonic()
        was_stopped = stop_after(self._random.uniform(0, self._longest))
        if not was_stopped:
            self._longest = min(self._longest, time.monotonic() - start)
        return was_stopped


@pytest.mark.parametrize("name", COMMANDS)
def test_killed_commands(name, inputs, tmp_path):
    source, datasets, _ = COMMANDS[name]
    expected = elements(inputs / ("stack.h5" if name == "collect" else "in.h5"), datasets)
    before, killed = sum_of(inputs / source), 0
    moments = Moments(name, command_of(name, inputs, tmp_path / "whole.h5"))
    for number in range(KILLS):
        target = tmp_path / f"{number}.h5"
        command = command_of(name, inputs, target)
        killed += moments.stops(partial(kill_after, command))
        assert sum_of(inputs / source) == before
        if target.exists():
            for found, wanted in zip(elements(target, datasets), expected):
                np.testing.assert_array_equal(found, wanted)
        for rest in tmp_path.iterdir():
            # Of a process that is no more; where kept chunks must have a name, for a moment .part.abcdef
            last = rest.suffixes[-1 if has_nameless(tmp_path) else -2 :]
            assert rest.suffix == ".h5" or ".part" in last, rest
    assert killed
    tool(name, inputs / source, tmp_path / "after.h5", *COMMANDS[name][2])


@pytest.mark.parametrize("name", COMMANDS)
def test_killed_commands_that_replace(name, inputs, tmp_path):
    """What was there before, or all of the new one."""
    datasets = COMMANDS[name][1]
    target = tmp_path / "out.h5"
    command = [*command_of(name, inputs, target), "--force"]
    moments = Moments(f"{name} anew", command)
    new = sum_of(target)
    for _ in range(KILLS):
        target.write_bytes(b"what was there before")
        old = sum_of(target)
        killed = moments.stops(partial(kill_after, command))
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


# ---- Calls of the system that fail ----


@needs("cc")
@pytest.mark.parametrize("name", COMMANDS)
def test_no_room_to_write(name, inputs, failing_calls, tmp_path):
    """A full disk, a quota, a bad disk: from the first call that writes to the last one."""
    before = sum_of(inputs / COMMANDS[name][0])
    for _ in failing_calls.each(command_of(name, inputs, tmp_path / "out.h5"), tmp_path):
        assert sum_of(inputs / COMMANDS[name][0]) == before


@needs("cc")
def test_no_room_for_images(inputs, failing_calls, tmp_path):
    command = [TOOL, "extract", inputs / "stack.h5", tmp_path / "out", "--format", "tiff"]
    assert list(failing_calls.each(command, tmp_path))


@pytest.mark.parametrize("command", ["extract", "preview"])
def test_files_that_may_not_grow(command, inputs, tmp_path):
    """What stdio writes, since failing_calls.c does not see its calls."""
    limit = 'ulimit -f 0; trap "" XFSZ; exec "$@"'
    done = subprocess.run(
        ["bash", "-c", limit, "-", TOOL, command, inputs / "stack.h5", tmp_path / "out.png"],
        capture_output=True,
        text=True,
        timeout=SLOWEST,
    )
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert os.strerror(errno.EFBIG) in done.stderr and os.listdir(tmp_path) == []


# ---- Signals ----


def stop_again_and_again(command, begun, seconds=0.0):
    """Signals in a row from when `begun` says so, or until the command has ended by itself."""
    numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        while process.poll() is None and not begun():
            time.sleep(0.0005)
        time.sleep(seconds / 2)  # about half of them were over then
        while process.poll() is None:
            process.send_signal(random.choice(numbers))
        errors = process.communicate()[1]
    if process.returncode:
        assert process.returncode in [128 + number for number in numbers], errors
        assert errors == "\nh5prism: interrupted, nothing is written\n"
    return process.returncode != 0


def has_begun(folder):
    return lambda: any(path.suffix == ".part" for path in folder.iterdir())


@pytest.mark.parametrize("name", COMMANDS)
def test_signals_in_a_row(name, inputs, tmp_path):
    source, datasets, _ = COMMANDS[name]
    before, stopped = sum_of(inputs / source), 0
    whole = elements(inputs / ("stack.h5" if name == "collect" else "in.h5"), datasets)
    command = command_of(name, inputs, tmp_path / "out.h5")
    moments = Moments(name, command)
    for _ in range(KILLS):
        (tmp_path / "out.h5").unlink(missing_ok=True)
        was_stopped = moments.stops(partial(stop_again_and_again, command, has_begun(tmp_path)))
        stopped += was_stopped
        assert os.listdir(tmp_path) == ([] if was_stopped else ["out.h5"])
        assert sum_of(inputs / source) == before
        if not was_stopped:
            for found, wanted in zip(elements(tmp_path / "out.h5", datasets), whole):
                np.testing.assert_array_equal(found, wanted)
    assert stopped


def stopped_at_a_file(inputs, failing_calls, folder, **stopping):
    """Exit statuses of the commands that keep chunks in a file beside the output, and what is left of
    each."""
    found = []
    for name in COMMANDS:
        done = subprocess.run(
            command_of(name, inputs, folder / "out.h5"),
            env=failing_calls.variables(**stopping),
            capture_output=True,
            timeout=SLOWEST,
        )
        left = os.listdir(folder)
        for rest in left:
            (folder / rest).unlink()
        if done.returncode == 0:
            assert left == ["out.h5"]
        else:
            found.append((done.returncode, left))
    assert found
    return found


@needs("cc")
def test_a_signal_before_a_file_loses_its_name(inputs, failing_calls, tmp_path):
    """Where no file can be without a name, it has one for a moment only."""
    stopping = {"NO_NAMELESS": 1, "STOP_AT_NAME": signal.SIGTERM}
    for status, left in stopped_at_a_file(inputs, failing_calls, tmp_path, **stopping):
        assert status == 128 + signal.SIGTERM and left == []


def has_nameless(folder):
    try:
        os.close(os.open(folder, os.O_TMPFILE | os.O_RDWR))
    except (AttributeError, OSError):
        return False
    return True


@needs("cc")
def test_kept_chunks_have_no_name(inputs, failing_calls, tmp_path):
    if not has_nameless(tmp_path):
        pytest.skip("there are no files without a name here")
    for status, left in stopped_at_a_file(
        inputs, failing_calls, tmp_path, STOP_NAMELESS=signal.SIGKILL
    ):
        assert status == -signal.SIGKILL
        assert all(Path(rest).suffix == ".part" for rest in left)  # of the output


def test_the_second_step_of_a_command_heeds_signals(inputs, tmp_path):
    """collect --group writes a file, and from that another one."""
    command = [str(TOOL), "collect", str(inputs / "images"), str(tmp_path / "out.h5")]
    command += ["--group", "--force", "effort=9"]
    second = re.compile(r"out\.h5\.\d+\.\d\.collected")
    begun = lambda: any(second.fullmatch(name) for name in os.listdir(tmp_path))  # noqa: E731
    assert any(stop_again_and_again(command, begun) for _ in range(TRIES))
    assert os.listdir(tmp_path) in ([], ["out.h5"])  # of a try that came too late


def blocked_signals(command):
    """Masks of all threads but the first, seen while the command runs."""
    masks = []
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            for task in Path(f"/proc/{process.pid}/task").glob("*"):
                try:
                    status = (task / "status").read_text()
                except OSError:
                    continue  # it has just ended
                has_ended = re.search(r"Threads:\s*0", status)  # and no signals any more
                if task.name != str(process.pid) and not has_ended:
                    masks.append(int(re.search(r"SigBlk:\s*(\w+)", status)[1], 16))
    return masks


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="there is no /proc")
def test_signals_are_for_the_first_thread(inputs, tmp_path):
    """Another one could stop the command while the output gets its name. Faults are told by any."""
    command = [*command_of("repack", inputs, tmp_path / "out.h5"), "-j", "4", "--force"]
    stopping = sum(1 << number - 1 for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    faults, blocked = 1 << signal.SIGSEGV - 1, []
    for _ in range(TRIES):
        blocked += blocked_signals(command)
        if any(not mask & faults for mask in blocked):  # all are blocked, while a thread begins
            break
    assert any(not mask & faults for mask in blocked)
    assert all(mask & stopping == stopping for mask in blocked)
