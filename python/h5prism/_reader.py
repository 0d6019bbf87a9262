"""Parts of encoded arrays: opened once, read as often as is wanted."""

from __future__ import annotations

import ctypes
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from types import TracebackType

import numpy as np

from ._codec import BytesLike, describe_chunk, empty
from ._elements import numbers_of
from ._errors import PrismError, Status
from ._library import call, library

_KEPT = 16  # readers
_BLOCKS = 16  # the flag of a chunk in blocks, in its sixth byte


class ChunkReader:
    """One encoded array. For one thread at a time.

    Of a chunk in blocks (option `block`), opening reads the models and the index; a part takes no more
    than the blocks that it meets. Any other one is decoded when it is opened.
    """

    def __init__(self, blob: BytesLike) -> None:
        self._handle = ctypes.c_void_p()
        # The library goes on reading the bytes.
        self.bytes, self.shape, self.dtype = describe_chunk(blob)
        call(
            "prism_open",
            self.bytes.ctypes.data,
            self.bytes.size,
            None,
            ctypes.byref(self._handle),
        )

    def close(self) -> None:
        library().prism_close(self._handle)
        self._handle = ctypes.c_void_p()

    def __enter__(self) -> ChunkReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            self.close()

    def regions(self, starts: np.ndarray, count: Sequence[int]) -> np.ndarray:
        """`count` elements from each of `starts` on along each axis, one region after the other. Each
        block is decoded once."""
        plain = np.ascontiguousarray(starts, np.uint64)
        parts = empty((len(plain), *count), self.dtype)
        if parts.size:
            call(
                "prism_read_regions",
                self._handle,
                plain.ctypes.data,
                len(plain),
                (ctypes.c_uint64 * len(count))(*count),
                parts.ctypes.data,
                parts.nbytes,
            )
        return parts


def is_in_blocks(blob: bytes) -> bool:
    """Whether parts of an encoded array can be decoded alone."""
    return len(blob) > 5 and bool(blob[5] & _BLOCKS)


class _Readers:
    """The readers that were used last, each for the bytes that it was opened for."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._idle: OrderedDict[tuple[int, bytes], ChunkReader] = OrderedDict()

    def take(self, blob: bytes) -> ChunkReader:
        with self._lock:
            reader = self._idle.pop(_key(blob), None)
        if reader is not None and reader.bytes.tobytes() == blob:
            return reader
        return ChunkReader(blob)

    def put_back(self, blob: bytes, reader: ChunkReader) -> None:
        with self._lock:
            self._idle[_key(blob)] = reader
            if len(self._idle) > _KEPT:
                self._idle.popitem(last=False)


def _key(blob: bytes) -> tuple[int, bytes]:
    return len(blob), blob[-4:]


_readers = _Readers()


def read_regions(
    blob: bytes, starts: np.ndarray, count: Sequence[int], expected: tuple[tuple[int, ...], np.dtype]
) -> np.ndarray:
    """As `ChunkReader.regions`, by a reader that is kept for the next call with the same bytes. Any
    number of threads may call it at the same time. The elements must be those of a dataset with
    chunks of the shape and type expected."""
    shape, dtype = expected
    stored, _ = numbers_of(dtype)
    reader = _readers.take(blob)
    if (reader.shape, reader.dtype) != (shape, stored):
        raise PrismError(
            Status.CORRUPT,
            f"a chunk holds an array of type {reader.dtype} and shape {reader.shape} where the "
            f"dataset has {stored} and {shape}",
        )
    parts = reader.regions(starts, count)
    _readers.put_back(blob, reader)
    return parts.view(dtype)
