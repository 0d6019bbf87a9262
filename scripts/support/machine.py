"""What a measurement was made on."""

from __future__ import annotations

import ctypes
import platform
import re
from pathlib import Path

import h5py
import numpy as np

import h5prism

from .host import commit, processor


def machine() -> dict[str, str]:
    """Processor, compiler, versions of the libraries and commit, for a report."""
    library = h5prism.library_path()
    return {
        "cpu": processor(),
        "compiler": _compiler(library),
        "libjxl": _libjxl(library),
        "zlib": _zlib(library),
        "hdf5": h5py.version.hdf5_version,
        "h5py": h5py.version.version,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "h5prism": h5prism.__version__,
        "commit": commit(),
    }


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
