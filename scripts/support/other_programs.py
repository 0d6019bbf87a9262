"""Reads a compressed dataset with programs that know nothing of this project but the plugin."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

import h5prism

_READER = Path(__file__).with_name("read_plain.py")


class CheckError(Exception):
    """Another program failed, or read something else than was written."""


def check(file: Path, name: str, array: np.ndarray, scratch: Path) -> Iterator[str]:
    """Yields one line for each program that read dataset `name` of `file` as `array`.

    Files are written into the folder `scratch`. Raises CheckError.
    """
    expected = hashlib.sha256(array.tobytes()).hexdigest()

    _compare("h5py", _read_plain(file, name, plugin=True), expected)
    yield "h5py in another process, with only HDF5_PLUGIN_PATH"

    dumped = scratch / "dump.bin"
    _run("h5dump", "-d", name, "-b", "FILE", "-o", str(dumped), str(file))
    _compare("h5dump", hashlib.sha256(dumped.read_bytes()).hexdigest(), expected)
    yield "h5dump, as raw bytes"

    gzipped = scratch / "gzip.h5"
    _run("h5repack", "-f", f"{name}:GZIP=1", str(file), str(gzipped))
    _compare("h5repack to gzip", _read_plain(gzipped, name, plugin=False), expected)
    yield "h5repack to gzip, then h5py without the plugin"

    repacked = scratch / "prism.h5"
    words = h5prism.Prism().filter_options
    parameters = (h5prism.FILTER_ID, 0, len(words), *words)
    spelled = f"{name}:UD={','.join(map(str, parameters))}"
    _run("h5repack", "-f", spelled, str(gzipped), str(repacked))
    _compare("h5repack", _read_plain(repacked, name, plugin=True), expected)
    size = stored_size(repacked, name)
    yield f"h5repack -f {spelled}: {size:,} bytes"


def stored_size(file: Path, name: str) -> int:
    """Bytes of the dataset's chunks in the file. Raises CheckError if any is not compressed."""
    with h5py.File(file, "r") as opened:
        chunks = h5prism.inspect(opened[name])
    # h5py lets HDF5 store a chunk as it is if its filter fails, without any error.
    if not chunks or any(chunk.filter_mask for chunk in chunks):
        raise CheckError(f"{file.name}: not all chunks of {name} went through the filter")
    return sum(chunk.stored_bytes for chunk in chunks)


def _read_plain(file: Path, name: str, *, plugin: bool) -> str:
    hidden = ("PYTHONPATH", "H5PRISM_LIBRARY") + (() if plugin else ("HDF5_PLUGIN_PATH",))
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    return _run(sys.executable, str(_READER), str(file), name, environment=environment).strip()


def _run(*command: str, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        raise CheckError(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return done.stdout


def _compare(program: str, found: str, expected: str) -> None:
    if found != expected:
        raise CheckError(f"{program} read other elements than were written")
