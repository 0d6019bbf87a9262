"""What is installed: for reports of faults, and to see which of several libraries is in use."""

from __future__ import annotations

import ctypes
import platform
import sys
from typing import Any

from ._hdf5_libraries import reached
from ._library import library, library_path
from ._version import __version__

_TEXT_BYTES = 400


def get_config() -> dict[str, Any]:
    """The parts that work together in this process.

    Returns:
        version: of package and plugin. plugin, plugin_folder: paths of the shared library and of its
        folder, which HDF5_PLUGIN_PATH may name. compiler, zlib, zstd, libjxl: what the plugin was built
        by and works with; libjxl is empty in a build without it. kernels: the instruction set that is
        used ("scalar", "avx2", "avx512"), of processor `machine`. python, h5py: their versions; h5py is
        None where it is not installed. hdf5: the files of the HDF5 libraries of this process that know
        the filter.

    Raises LibraryNotFoundError.
    """
    text = ctypes.create_string_buffer(_TEXT_BYTES)
    library().prism_describe_build(text, len(text))
    built = dict(line.split("=", 1) for line in text.value.decode().splitlines())
    path = library_path()
    return {
        "version": __version__,
        "plugin": str(path),
        "plugin_folder": str(path.parent),
        **built,
        "machine": platform.machine(),
        "python": platform.python_version(),
        "h5py": getattr(sys.modules.get("h5py"), "__version__", None),
        "hdf5": reached(),
    }
