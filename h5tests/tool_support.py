"""What the tests of the command-line tool share."""

import errno
import functools
import os
import pty
import random
import re
import resource
import shutil
import signal
import struct
import subprocess
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from filter_support import BUILD, FILTER_ID, run

TOOL = BUILD / "bin" / "h5prism"


def tool(*arguments, check=True, **environment):
    return run(TOOL, *arguments, check=check, **environment)


@functools.cache
def hdf5_of_tool():
    """The version of the HDF5 that the tool works with, which need not be h5py's."""
    return re.search(r"HDF5 ([\d.]+)", tool("--version").stdout)[1]


def fails(*arguments, word, code=1, limit=None):
    """The command ends with one line on stderr that has the word in it."""
    done = subprocess.run(
        [str(TOOL), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=1800,
        preexec_fn=limit and (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))),
    )
    assert done.returncode == code, done
    assert word in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("h5prism: ")
    return done


LAYOUT, ATTRIBUTE = 8, 12  # kinds of messages


def set_version(path, name, wanted, at, version):
    """In the first message of a kind, `at` bytes from its begin, of an object of a file of the oldest
    format, which has no checksums."""
    with h5py.File(path) as file:
        place = h5py.h5o.get_info(file[name].id).addr + 16
    with open(path, "r+b") as file:
        kind = None
        while kind != wanted:
            file.seek(place)
            kind, size = struct.unpack("<HH", file.read(4))
            place += 8 + size
        file.seek(place - size + at)
        file.write(bytes([version]))


class FailingCalls:
    """failing_calls.c, which is put before a command."""

    def __init__(self, folder):
        self._library, self._counted = folder / "failing_calls.so", folder / "calls"
        source = Path(__file__).with_name("failing_calls.c")
        subprocess.run(["cc", "-shared", "-fPIC", source, "-o", self._library, "-ldl"], check=True)

    def variables(self, **values):
        """The environment in which the command does what failing_calls.c says of these."""
        numbers = {name: f"{value:d}" for name, value in values.items()}
        return os.environ | {"LD_PRELOAD": str(self._library)} | numbers

    def count(self, command):
        """How many calls of the command write to files."""
        counting = self.variables() | {"CALLS": str(self._counted)}
        subprocess.run(command, env=counting, check=True, capture_output=True)
        return int(self._counted.read_text())

    def each(self, command, folder):
        """From the first call that writes to the last one: a sentence with the reason, and nothing left in
        the folder, which the output is in. Yields after each."""
        calls, moments = self.count(command), random.Random(command[1])
        for output in folder.iterdir():
            shutil.rmtree(output) if output.is_dir() else output.unlink()
        for place in range(1, calls + 1):
            number = moments.choice([errno.ENOSPC, errno.EDQUOT, errno.EIO])
            done = subprocess.run(
                command,
                env=self.variables(FAIL_FROM=place, FAIL_BY=number),
                capture_output=True,
                text=True,
                timeout=1800,
            )
            assert done.returncode == 1 and done.stderr.startswith("h5prism: "), (place, done)
            assert done.stderr.count("\n") == 1 and os.strerror(number) in done.stderr, done.stderr
            assert os.listdir(folder) == []
            yield place


def interrupted(number, folder, *arguments, code=None):
    """Sends the signal as soon as a second file is in the folder; what was written to stderr."""
    command = [str(TOOL), *map(str, arguments)]
    heed = functools.partial(
        signal.signal, number, signal.SIG_DFL
    )  # whoever runs the tests may not
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heed) as process:
        while process.poll() is None and len(os.listdir(folder)) < 2:
            time.sleep(0.001)
        process.send_signal(signal.Signals(number))
        errors = process.communicate(timeout=1800)[1]
    assert process.returncode == (128 + number if code is None else code)
    return errors


def on_terminal(*arguments):
    """What a terminal shows of stderr."""
    try:
        here, there = pty.openpty()
    except OSError as error:
        pytest.skip(f"there is no terminal: {error}")
    command = [str(TOOL), *map(str, arguments)]
    with subprocess.Popen(command, stderr=there, stdout=subprocess.DEVNULL) as process:
        process.wait(timeout=1800)
    os.close(there)
    shown = os.read(here, 1 << 16).decode()
    os.close(here)
    assert process.returncode == 0
    return shown


def stored_bytes(path, name):
    """Every chunk of a dataset as it is in the file: offset, filter mask, bytes."""
    with h5py.File(path) as file:
        identifier = file[name].id
        found = []
        for index in range(identifier.get_num_chunks()):
            info = identifier.get_chunk_info(index)
            blob = identifier.read_direct_chunk(info.chunk_offset)[1]
            found.append((info.chunk_offset, info.filter_mask, blob))
        return sorted(found)


def loaded_hdf5():
    """The library that h5py uses."""
    with open("/proc/self/maps") as maps:
        return next(line.split()[-1] for line in maps if "libhdf5" in line and "_hl" not in line)


def is_compressed(dataset):
    """By h5prism and nothing else."""
    pipeline = dataset.id.get_create_plist()
    return pipeline.get_nfilters() == 1 and pipeline.get_filter(0)[0] == FILTER_ID


def assert_same(dataset, other):
    assert dataset.dtype == other.dtype and dataset.shape == other.shape
    assert dataset.maxshape == other.maxshape
    assert np.array_equal(dataset[...], other[...])
    assert sorted(dataset.attrs) == sorted(other.attrs)
