"""What a measurement was made on."""

from __future__ import annotations

import ctypes
import platform
import re
import subprocess
from pathlib import Path

import h5py
import numpy as np

import h5prism

_ROOT = Path(__file__).resolve().parents[2]


def machine() -> dict[str, str]:
    """Processor, compiler, versions of the libraries and commit, for a report."""
    library = h5prism.library_path()
    return {
        "cpu": _processor(),
        "compiler": _compiler(library),
        "libjxl": _libjxl(library),
        "zlib": _zlib(library),
        "hdf5": h5py.version.hdf5_version,
        "h5py": h5py.version.version,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "h5prism": h5prism.__version__,
        "commit": _commit(),
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        text = ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.processor() or platform.machine()


def _compiler(library: Path) -> str:
    """What the compilers wrote into the library."""
    found = re.search(rb"(GCC: \([^)\0]*\) [\w.]+|clang version [\w.]+)", library.read_bytes())
    return found[1].decode() if found else "unknown"


def _libjxl(library: Path) -> str:
    # A symbol is looked for in the libraries that the plugin needs, too.
    try:
        number = ctypes.CDLL(str(library)).JxlEncoderVersion()
    except AttributeError:
        return "unknown"
    return f"{number // 1000000}.{number // 1000 % 1000}.{number % 1000}"


def _zlib(library: Path) -> str:
    try:
        version = ctypes.CDLL(str(library)).zlibVersion
    except AttributeError:
        return "unknown"
    version.restype = ctypes.c_char_p
    return version().decode()


def _commit() -> str:
    command = ["git", "-C", str(_ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"
