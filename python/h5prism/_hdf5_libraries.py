"""Makes the plugin known to every HDF5 library of the process.

Wheels bring an HDF5 of their own: h5py, netCDF4 and PyTables in one process are three libraries, each
with a list of folders where it looks for plugins. HDF5_PLUGIN_PATH would do for libraries that are
loaded later, but takes their built-in folders away, and netCDF4's plugins, whose folder its package
puts there if the variable is not set. So the lists are changed: of the libraries that are there by
`reach`, and of those that come with a Python module by an import hook that calls it again.
"""

from __future__ import annotations

import ctypes
import os
import sys
from importlib.machinery import ExtensionFileLoader, ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from ._loaded import Loaded, libraries

_loaded = libraries()
_PATH_BYTES = 4096


class _Libraries:
    """The HDF5 libraries of the process, each once, as far as they were found."""

    def __init__(self, folder: bytes) -> None:
        self._folder = folder
        self._seen: set[Loaded] = set()
        self._found: dict[int | None, ctypes.CDLL] = {}  # by the address of a function

    def files(self) -> list[str]:
        return [_loaded.file_of(function) for function in self._found if function]

    def reach(self) -> None:
        """Puts the folder first in each: in those that came since the last call, and once more where
        somebody else has changed the list, as netCDF does when it begins."""
        for item in _loaded.all() - self._seen:
            self._seen.add(item)
            functions = _functions(item)
            if functions:
                self._found.setdefault(_address(functions.H5PLprepend), functions)
        for functions in self._found.values():
            _prepend(functions, self._folder)


class _Loader(ExtensionFileLoader):
    """Loads a module that is a shared library, and looks for HDF5 where the module is linked to it, which
    Windows does not tell."""

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        if sys.platform == "win32" or _functions((None, self.path)):
            _reach()


class _Finder:
    """Stands in front of Python's own finder of files, and answers as it does."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and type(spec.loader) is ExtensionFileLoader:
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


_libraries: _Libraries | None = None


def _reach() -> None:
    if _libraries is not None:
        _libraries.reach()


def reach_all(folder: bytes) -> None:
    """Puts the folder in front of the plugin search path of every HDF5 library that the process has
    loaded, and of those that Python modules load from now on. Called again, it looks for others.

    HDF5 must not be at work in another thread. A library that cannot be asked keeps its path: one
    that a program was linked with statically, and any where the system has no list of libraries.
    """
    global _libraries
    if not _loaded.is_known():
        return
    if _libraries is None:
        _libraries = _Libraries(folder)
        own = sys.meta_path.index(PathFinder) if PathFinder in sys.meta_path else len(sys.meta_path)
        sys.meta_path.insert(own, _Finder)
    _reach()


def reached() -> list[str]:
    """The files of the HDF5 libraries that know the folder."""
    return sorted(_libraries.files()) if _libraries is not None else []


def _functions(item: Loaded) -> ctypes.CDLL | None:
    """The object, if it is an HDF5 library; on systems other than Windows, also if it depends on one."""
    opened = _loaded.opened(item)
    return opened if opened is not None and hasattr(opened, "H5PLprepend") else None


def _address(function: Any) -> int | None:
    return ctypes.cast(function, ctypes.c_void_p).value


def _prepend(functions: ctypes.CDLL, folder: bytes) -> None:
    """Unless the folder is there already: HDF5 1.10 gives up at the first one that it cannot open."""
    count, first = ctypes.c_uint(), ctypes.create_string_buffer(_PATH_BYTES)
    functions.H5PLget.restype = ctypes.c_ssize_t
    functions.H5PLget.argtypes = [ctypes.c_uint, ctypes.c_char_p, ctypes.c_size_t]
    functions.H5PLsize(ctypes.byref(count))
    if count.value:
        functions.H5PLget(0, first, _PATH_BYTES)
    if not first.value or os.path.realpath(first.value) != os.path.realpath(folder):
        functions.H5PLprepend(folder)
