"""Parts of encoded arrays, of which no more bytes need be there than the parts take."""

from __future__ import annotations

import ctypes
import os
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

import numpy as np

from ._arrays import BytesLike, as_bytes, empty
from ._codec import describe_chunk, reduced_size
from ._elements import numbers_of
from ._errors import PrismError, Status
from ._library import RangeStruct, call, library
from ._selection import Regions

START_BYTES = 512  # PRISM_START_BYTES
_KEPT = 16  # readers
_BLOCKS, _CHECKSUM = 16, 1  # flags of a chunk, in its sixth byte


def is_in_blocks(blob: bytes) -> bool:
    """Whether parts of an encoded array can be decoded alone."""
    return len(blob) > 5 and bool(blob[5] & _BLOCKS)


def has_checksum(blob: bytes) -> bool:
    return len(blob) > 5 and bool(blob[5] & _CHECKSUM)


def chunk_sizes(start: BytesLike) -> tuple[int, int]:
    """From the first START_BYTES of an encoded array, or all: the bytes that a reader is opened with,
    and those of the whole. Raises PrismError."""
    chunk, head = as_bytes(start), ctypes.c_size_t()
    call("prism_planes_size", chunk.ctypes.data, chunk.size, 0, ctypes.byref(head))
    return head.value, reduced_size(start, 0)


class ChunkReader:
    """One encoded array. For one thread at a time.

    Of a chunk in blocks (option `block`), it is opened with the first bytes, up to the blocks: the
    models and the index. Others are added when they are needed. Any other chunk has to be there as a
    whole, and is decoded when it is opened.

    Attributes:
        head: the first bytes.
        shape, dtype: of the array.
    """

    def __init__(self, head: bytes, size: int) -> None:
        """`size` is that of the whole chunk. Raises PrismError."""
        self._handle = ctypes.c_void_p()
        self.head = head
        # The library goes on reading these. Pages without bytes take no memory.
        self._bytes = np.zeros(size, np.uint8)
        self.add(0, head)
        self.shape, self.dtype = describe_chunk(self._bytes)
        call("prism_open", self._bytes.ctypes.data, size, None, ctypes.byref(self._handle))

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            library().prism_close(self._handle)

    def ranges(self, regions: Regions) -> list[tuple[int, int]]:
        """Which bytes `read` takes beside the head: offsets and sizes, in order."""
        found = ctypes.c_size_t()
        arguments = (*self._arguments(regions), None, 0, ctypes.byref(found))
        call("prism_region_ranges", *arguments)
        ranges = (RangeStruct * found.value)()
        arguments = (*arguments[:4], ranges, found.value, ctypes.byref(found))
        call("prism_region_ranges", *arguments)
        return [(part.offset, part.size) for part in ranges]

    def add(self, offset: int, part: BytesLike) -> None:
        """Bytes of the chunk."""
        added = as_bytes(part)
        self._bytes[offset : offset + added.size] = added

    def read(self, regions: Regions) -> np.ndarray:
        """The regions one after the other, an array (n, *count). Each block is decoded once."""
        parts = empty((len(regions.starts), *regions.count), self.dtype)
        if parts.size:
            arguments = self._arguments(regions)
            call("prism_read_regions", *arguments, parts.ctypes.data, parts.nbytes)
        return parts

    def _arguments(self, regions: Regions) -> tuple[object, ...]:
        count = (ctypes.c_uint64 * len(regions.count))(*regions.count)
        return self._handle, regions.starts.ctypes.data, len(regions.starts), count


class Readers:
    """The readers that were used last, for the next call that wants the same. Any number of threads."""

    def __init__(self) -> None:
        self._forget()
        if hasattr(os, "register_at_fork"):  # another thread may have the lock
            os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._lock = Lock()
        self._idle: OrderedDict[Hashable, ChunkReader] = OrderedDict()

    def take(self, key: Hashable) -> ChunkReader | None:
        with self._lock:
            return self._idle.pop(key, None)

    def put_back(self, key: Hashable, reader: ChunkReader) -> None:
        with self._lock:
            self._idle[key] = reader
            if len(self._idle) > _KEPT:
                self._idle.popitem(last=False)


_readers = Readers()


class Stored(Protocol):
    """The bytes of a chunk."""

    @property
    def size(self) -> int: ...

    def read(self, start: int, stop: int) -> BytesLike: ...


@dataclass(frozen=True)
class Blob:
    """Bytes that are there."""

    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    def read(self, start: int, stop: int) -> memoryview:
        return memoryview(self.content)[start:stop]


def _reader_of(stored: Stored) -> tuple[Hashable, ChunkReader]:
    """One that was kept if it has the same head, which the checksum tells that its start has."""
    start = bytes(stored.read(0, START_BYTES))
    reader = _readers.take(start)
    if reader is not None and has_checksum(start):
        return start, reader
    head = bytes(stored.read(0, chunk_sizes(start)[0]))
    if reader is None or reader.head != head:
        reader = ChunkReader(head, stored.size)
    return start, reader


def read_regions(
    stored: Stored, regions: Regions, expected: tuple[tuple[int, ...], np.dtype]
) -> np.ndarray:
    """As `ChunkReader.read` of a chunk in blocks, by a reader that is kept for the next call with the
    same head. The elements must be those of a dataset with chunks of the shape and type expected.
    """
    shape, dtype = expected
    kind, _ = numbers_of(dtype)
    start, reader = _reader_of(stored)
    if (reader.shape, reader.dtype) != (shape, kind):
        raise PrismError(
            Status.CORRUPT,
            f"a chunk holds an array of type {reader.dtype} and shape {reader.shape} where the "
            f"dataset has {kind} and {shape}",
        )
    for offset, size in reader.ranges(regions):
        reader.add(offset, stored.read(offset, offset + size))
    parts = reader.read(regions)
    _readers.put_back(start, reader)
    return parts.view(dtype)
