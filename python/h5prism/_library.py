"""Finds libh5prism.so (Windows: h5prism.dll) and binds the functions of prism.h that it exports.

The structures below mirror include/prism.h field by field; h5tests/test_python_library.py compares
their layout with what a C compiler makes of the header.
"""

from __future__ import annotations

import ctypes
import functools
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ._errors import PrismError
from ._version import __version__

FILE_NAME = "h5prism.dll" if sys.platform == "win32" else "libh5prism.so"
MAX_RANK = 32
OPTION_WORDS = 10

_PACKAGE = Path(__file__).resolve().parent
_SOURCE_TREE = _PACKAGE.parents[1]


class LibraryNotFoundError(ImportError):
    """libh5prism.so is in none of the places where it is looked for, or cannot be loaded."""


class ErrorStruct(ctypes.Structure):
    """prism_error"""

    _fields_ = [("status", ctypes.c_int), ("message", ctypes.c_char * 240)]


class ArrayStruct(ctypes.Structure):
    """prism_array"""

    _fields_ = [
        ("type", ctypes.c_int),
        ("order", ctypes.c_int),
        ("rank", ctypes.c_uint),
        ("dims", ctypes.c_uint64 * MAX_RANK),
    ]


class OptionsStruct(ctypes.Structure):
    """prism_options"""

    _fields_ = [
        ("transform", ctypes.c_int),
        ("predictor", ctypes.c_int),
        ("coder", ctypes.c_int),
        ("effort", ctypes.c_int),
        ("axis", ctypes.c_int),
        ("checksum", ctypes.c_bool),
        ("verify", ctypes.c_bool),
        ("threads", ctypes.c_int),
        ("block", ctypes.c_int),
        ("bound", ctypes.c_int),
        ("bound_of", ctypes.c_int),
        ("bound_value", ctypes.c_float),
        ("order", ctypes.c_int),
        ("has_missing", ctypes.c_bool),
        ("missing", ctypes.c_double),
        ("missing_rest", ctypes.c_int),
    ]


class InfoStruct(ctypes.Structure):
    """prism_info"""

    _fields_ = [
        ("format_version", ctypes.c_uint),
        ("array", ArrayStruct),
        ("mapping", ctypes.c_int),
        ("transform", ctypes.c_int),
        ("predictor", ctypes.c_int),
        ("coder", ctypes.c_int),
        ("method", ctypes.c_int),
        ("effort", ctypes.c_int),
        ("axis", ctypes.c_int),
        ("axis_count", ctypes.c_uint),
        ("axes", ctypes.c_int * MAX_RANK),
        ("planes", ctypes.c_uint64),
        ("height", ctypes.c_uint64),
        ("width", ctypes.c_uint64),
        ("checksum", ctypes.c_bool),
        ("bound", ctypes.c_int),
        ("bound_of", ctypes.c_int),
        ("bound_value", ctypes.c_float),
        ("reached", ctypes.c_float),
        ("header_bytes", ctypes.c_uint64),
        ("parameter_bytes", ctypes.c_uint64),
        ("payload_bytes", ctypes.c_uint64),
        ("decode_bytes", ctypes.c_uint64),
    ]


class DecodeOptionsStruct(ctypes.Structure):
    """prism_decode_options"""

    _fields_ = [
        ("skip_checksum", ctypes.c_bool),
        ("threads", ctypes.c_int),
        ("memory_limit", ctypes.c_uint64),
        ("reduce", ctypes.c_int),
    ]


class RangeStruct(ctypes.Structure):
    """prism_range"""

    _fields_ = [("offset", ctypes.c_uint64), ("size", ctypes.c_uint64)]


_SIZE = ctypes.POINTER(ctypes.c_size_t)
_ERROR = ctypes.POINTER(ErrorStruct)
_ARRAY = ctypes.POINTER(ArrayStruct)
_OPTIONS = ctypes.POINTER(OptionsStruct)
_WORDS = ctypes.POINTER(ctypes.c_uint32)

# Name: (result, arguments). Functions that return a status are called through `call`.
_PLAIN_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "prism_version": (ctypes.c_char_p, []),
    "prism_describe_build": (None, [ctypes.c_char_p, ctypes.c_size_t]),
    "prism_type_name": (ctypes.c_char_p, [ctypes.c_int]),
    "prism_type_size": (ctypes.c_size_t, [ctypes.c_int]),
    "prism_mapping_name": (ctypes.c_char_p, [ctypes.c_int]),
    "prism_method_name": (ctypes.c_char_p, [ctypes.c_int]),
    "prism_bound_name": (ctypes.c_char_p, [ctypes.c_int]),
    "prism_bound_of_name": (ctypes.c_char_p, [ctypes.c_int]),
    "prism_options_default": (OptionsStruct, []),
    "prism_close": (None, [ctypes.c_void_p]),
}
_STATUS_FUNCTIONS: dict[str, list[Any]] = {
    "prism_options_set": [_OPTIONS, ctypes.c_char_p, ctypes.c_char_p, _ERROR],
    "prism_options_format": [_OPTIONS, ctypes.c_char_p, ctypes.c_size_t, _ERROR],
    "prism_options_pack": [_OPTIONS, _WORDS, _ERROR],
    "prism_options_unpack": [_OPTIONS, _WORDS, ctypes.c_size_t, _ERROR],
    "prism_array_size": [_ARRAY, _SIZE, _ERROR],
    "prism_encode_bound": [_ARRAY, _SIZE, _ERROR],
    "prism_encode": [
        _ARRAY, ctypes.c_void_p, _OPTIONS, ctypes.c_void_p, ctypes.c_size_t, _SIZE, _ERROR,
    ],
    "prism_encode_scaled": [
        _ARRAY, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, _OPTIONS, ctypes.c_void_p,
        ctypes.c_size_t, _SIZE, _ERROR,
    ],
    "prism_inspect": [ctypes.c_void_p, ctypes.c_size_t, ctypes.POINTER(InfoStruct), _ERROR],
    "prism_planes_size": [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint64, _SIZE, _ERROR],
    "prism_reduced_size": [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, _SIZE, _ERROR],
    "prism_reduced_array": [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, _ARRAY, _ERROR],
    "prism_decode": [
        ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t,
        ctypes.POINTER(DecodeOptionsStruct), _ERROR,
    ],
    "prism_open": [
        ctypes.c_void_p, ctypes.c_size_t, ctypes.POINTER(DecodeOptionsStruct),
        ctypes.POINTER(ctypes.c_void_p), _ERROR,
    ],
    "prism_read_regions": [
        ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.POINTER(ctypes.c_uint64),
        ctypes.c_void_p, ctypes.c_size_t, _ERROR,
    ],
    "prism_region_ranges": [
        ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.POINTER(ctypes.c_uint64),
        ctypes.POINTER(RangeStruct), ctypes.c_size_t, _SIZE, _ERROR,
    ],
    "prism_decode_region": [
        ctypes.c_void_p, ctypes.c_size_t, ctypes.POINTER(ctypes.c_uint64),
        ctypes.POINTER(ctypes.c_uint64), ctypes.c_void_p, ctypes.c_size_t,
        ctypes.POINTER(DecodeOptionsStruct), _ERROR,
    ],
    "prism_decode_planes": [
        ctypes.c_void_p, ctypes.c_size_t, ctypes.POINTER(ctypes.c_uint64), ctypes.c_size_t,
        ctypes.c_void_p, ctypes.c_size_t, ctypes.POINTER(DecodeOptionsStruct), _ERROR,
    ],
}  # fmt: skip


def _candidates() -> Iterator[tuple[str, Path]]:
    """Where the library may be, the first choice first, each with the reason to look there."""
    yield "the installed package", _PACKAGE / "plugins" / FILE_NAME
    yield "the source tree", _SOURCE_TREE / "build" / "plugins" / FILE_NAME
    for folder in os.environ.get("HDF5_PLUGIN_PATH", "").split(os.pathsep):
        if folder:
            yield "HDF5_PLUGIN_PATH", Path(folder) / FILE_NAME


@functools.cache
def library_path() -> Path:
    """The absolute path of the libh5prism.so in use.

    The environment variable H5PRISM_LIBRARY names the file; without it, the first of these that
    exists is taken: the folder `plugins` of the installed package, `build/plugins` of the source
    tree, each folder of HDF5_PLUGIN_PATH. The answer is found once and kept.

    Raises LibraryNotFoundError, which lists the places.
    """
    chosen = os.environ.get("H5PRISM_LIBRARY")
    if chosen:
        if not Path(chosen).is_file():
            raise LibraryNotFoundError(f"H5PRISM_LIBRARY names {chosen}, which is not a file")
        return Path(chosen).absolute()
    tried = []
    for reason, path in _candidates():
        if path.is_file():
            return path.absolute()
        tried.append(f"  {path} ({reason})")
    raise LibraryNotFoundError(
        f"{FILE_NAME} was not found. Build it with scripts/setup, or name the file in the "
        "environment variable H5PRISM_LIBRARY, or its folder in HDF5_PLUGIN_PATH. "
        "Looked for:\n" + "\n".join(tried)
    )


@functools.cache
def library() -> ctypes.CDLL:
    """The loaded library, its functions with their C signatures.

    Raises LibraryNotFoundError if it is not found, cannot be loaded, lacks a function, or is of
    another version than this package: its structures may differ.
    """
    path = library_path()
    try:
        loaded = ctypes.CDLL(str(path))
        for name, (result, arguments) in _PLAIN_FUNCTIONS.items():
            function = getattr(loaded, name)
            function.restype, function.argtypes = result, arguments
        for name, arguments in _STATUS_FUNCTIONS.items():
            function = getattr(loaded, name)
            function.restype, function.argtypes = ctypes.c_int, arguments
    except (OSError, AttributeError) as reason:
        raise LibraryNotFoundError(f"{path} cannot be used as {FILE_NAME}: {reason}") from reason
    version = loaded.prism_version().decode()
    if version != __version__:
        raise LibraryNotFoundError(f"{path} is version {version}, this package {__version__}")
    return loaded


def call(name: str, *arguments: object) -> None:
    """Calls the function `name` with the arguments and an error struct; raises PrismError."""
    error = ErrorStruct()
    status = getattr(library(), name)(*arguments, ctypes.byref(error))
    if status != 0:
        raise PrismError(status, error.message.decode("utf-8", "replace"))
