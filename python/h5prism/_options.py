"""Options as Python keywords, as the C structure, and as HDF5 filter parameters.

Spellings, ranges and defaults belong to the C library; this module only carries them over.
"""

from __future__ import annotations

import ctypes
import numbers
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypedDict, Union

from ._errors import PrismError, Status
from ._library import OPTION_WORDS, OptionsStruct, call, library

OptionValue = Union[str, int, float, bool, None]

Transform = Literal["auto", "none", "channels", "stack"]
Predictor = Literal["auto", "none", "paeth", "lsq"]
Coder = Literal["auto", "deflate", "jxl", "ans", "zstd"]
Access = Literal["whole", "patch", "pixel"]
Order = Literal["auto", "stored"]
Reference = Literal["rms", "deviation"]
Axis = Union[int, Literal["auto"]]


class ChunkOptions(TypedDict, total=False):
    """The keywords of `h5prism.Prism` but `threads`, for functions that pass them on."""

    transform: Transform
    predictor: Predictor
    coder: Coder
    effort: int
    axis: Axis
    checksum: bool
    verify: bool
    block: int
    access: Access | None
    order: Order
    max_error: float | None
    rel_max_error: float | None
    rel_rmse: float | None
    of: Reference
    distance: float | None
    missing: float | None


class Options(ChunkOptions, total=False):
    """The keywords of `h5prism.Prism`."""

    threads: int


BOUNDS = ("max_error", "rel_max_error", "rel_rmse", "distance")

# How much of a chunk is read at a time, and the blocks that are for it: docs/blocks.md.
BLOCK_OF_ACCESS = {"whole": 0, "patch": 16, "pixel": 8}

_SWITCHES = {"on": True, "off": False}
_FORMATTED_BYTES = 200


def from_keywords(options: Mapping[str, object]) -> OptionsStruct:
    """The defaults, changed by `options`; None changes nothing. `access` says `block` in words. Raises
    PrismError for an unknown key or value."""
    struct: OptionsStruct = library().prism_options_default()
    for key, value in _with_block_of_access(options).items():
        if value is None:
            continue
        call("prism_options_set", ctypes.byref(struct), key.encode(), _text(value).encode())
    return struct


def _with_block_of_access(options: Mapping[str, object]) -> dict[str, object]:
    plain = dict(options)
    access = plain.pop("access", None)
    if access is None:
        return plain
    block = block_of_access(access)
    if plain.get("block"):
        raise PrismError(Status.OPTION, f"access={access} and block={plain['block']}: one of them")
    return {**plain, "block": block}


def block_of_access(access: object) -> int:
    """Raises PrismError for an unknown word."""
    if access not in BLOCK_OF_ACCESS:
        expected = ", ".join(BLOCK_OF_ACCESS)
        raise PrismError(Status.OPTION, f"access={access}: expected one of {expected}")
    return BLOCK_OF_ACCESS[str(access)]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return ("off", "on")[value]
    # All digits, also of numpy's floats of 32 bits, which are bounds as they are.
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral):
        return repr(float(value))
    return str(value)


def to_keywords(struct: OptionsStruct) -> dict[str, Any]:
    """All options of `struct`: names as str, numbers as int, bounds as float, switches as bool.
    There is no bound among them where there is none."""
    text = ctypes.create_string_buffer(_FORMATTED_BYTES)
    call("prism_options_format", ctypes.byref(struct), text, len(text))
    pairs = (pair.split("=", 1) for pair in text.value.decode().split(","))
    return {key: _python_value(key, value) for key, value in pairs}


def _python_value(key: str, text: str) -> OptionValue:
    if key == "missing" and text.lstrip("-").isdigit():
        return int(text)  # of 64 bits: floats do not tell all of them apart
    if key in BOUNDS or key == "missing":
        return float(text)
    if text.removeprefix("-").isdigit():
        return int(text)
    return _SWITCHES.get(text, text)


def to_words(struct: OptionsStruct) -> tuple[int, ...]:
    """The options as the 32-bit words that an HDF5 file stores (`cd_values`)."""
    words = (ctypes.c_uint32 * OPTION_WORDS)()
    call("prism_options_pack", ctypes.byref(struct), words)
    return tuple(words)


def from_words(words: Iterable[int]) -> OptionsStruct:
    """The options in the 32-bit `words`; missing words are defaults, the chunk's are ignored.

    Raises PrismError if a word is no option of this version, or no 32-bit word at all.
    """
    values = [int(word) for word in words]
    if any(not 0 <= value < 2**32 for value in values):
        raise PrismError(Status.OPTION, f"filter parameters are 32-bit words, not {values}")
    struct = OptionsStruct()
    array = (ctypes.c_uint32 * len(values))(*values)
    call("prism_options_unpack", ctypes.byref(struct), array, len(values))
    return struct
