"""h5prism chunks for Zarr format 3: the array-to-bytes codec `h5prism`.

The bytes are those of `h5prism.encode` and of the HDF5 filter. Installed, the codec is found by its
name; from the source tree, importing this module makes it known. Needs zarr 3.

Chunks in blocks (option `block`) are read in parts: the head, with models and index, and the blocks
that a selection meets, by byte ranges of any store. Zarr's own sharding codec fetches whole chunks out
of a shard; `PartialShardingCodec` reads the same shards and fetches parts::

    zarr.config.set({"codecs.sharding_indexed": "h5prism.zarr.PartialShardingCodec"})

`PrismBytesCodec` has the name that numcodecs' codecs have in format 3: VirtualiZarr looks for it, and
chunks of HDF5 files where another filter worked before h5prism need it.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ._codec import decode, encode
from ._elements import from_numbers, numbers_of
from ._errors import PrismError, Status
from ._filter import Prism
from ._reader import START_BYTES, ChunkReader, Readers, chunk_sizes, has_checksum, is_in_blocks
from ._selection import Selection, as_items, range_of
from ._zarr import given_options

try:
    from zarr.abc.codec import (
        ArrayBytesCodec,
        ArrayBytesCodecPartialDecodeMixin,
        BytesBytesCodec,
    )
    from zarr.abc.store import (
        ByteGetter,
        OffsetByteRequest,
        RangeByteRequest,
        SuffixByteRequest,
    )
    from zarr.codecs import ShardingCodec
    from zarr.core.chunk_grids import RegularChunkGrid
    from zarr.core.config import config
    from zarr.core.indexing import get_indexer
    from zarr.registry import register_codec
    from zarr.storage import StorePath
except ImportError as reason:
    raise ImportError("h5prism.zarr needs the package zarr, version 3") from reason

if TYPE_CHECKING:
    from zarr.core.array_spec import ArraySpec
    from zarr.core.buffer import Buffer, BufferPrototype, NDBuffer

_FIRST_BYTES = 1 << 14  # of a chunk that was not read before: its head, as a rule
_MOST_OVERHEAD = 512  # what a chunk may take beyond its elements

_readers = Readers()


@dataclass(frozen=True, init=False)
class PrismCodec(ArrayBytesCodec, ArrayBytesCodecPartialDecodeMixin):
    """The serializer `{"name": "h5prism", "configuration": {...}}` of a Zarr array.

    Args:
        **options: the keywords of `h5prism.Prism`. Decoding needs none of them.

    Chunks are encoded and decoded in threads, as many at a time as Zarr's configuration allows. Parts
    of chunks are fetched where the codec's options have blocks; heads of the chunks that were read
    last are kept, and their first bytes compared with those in the store.
    """

    prism: Prism

    is_fixed_size = False

    def __init__(self, **options: Any) -> None:
        object.__setattr__(self, "prism", Prism(**options))

    @classmethod
    def from_dict(cls, data: Any) -> PrismCodec:
        return cls(**data.get("configuration", {}))

    def to_dict(self) -> Any:
        """The metadata that Zarr stores: the options that are not the defaults."""
        return {"name": "h5prism", "configuration": given_options(self.prism)}

    async def _encode_single(self, chunk_array: NDBuffer, chunk_spec: ArraySpec) -> Buffer:
        """Raises PrismError as `h5prism.encode` does."""
        options = given_options(self.prism)
        blob = await asyncio.to_thread(encode, chunk_array.as_numpy_array(), **options)
        return chunk_spec.prototype.buffer.from_bytes(blob)

    async def _decode_single(self, chunk_bytes: Buffer, chunk_spec: ArraySpec) -> NDBuffer:
        """Raises PrismError for damaged bytes, and for a chunk of another array."""
        array = await asyncio.to_thread(decode, chunk_bytes.as_numpy_array())
        dtype = chunk_spec.dtype.to_native_dtype()
        kind, count = numbers_of(dtype)
        if not _is_alike(array.dtype, kind) or math.prod(chunk_spec.shape) * count != array.size:
            raise PrismError(
                Status.CORRUPT,
                f"a chunk holds {array.size} elements of type {array.dtype} where the array's "
                f"chunks have {math.prod(chunk_spec.shape) * count} of type {kind}",
            )
        values = from_numbers(array, dtype).reshape(chunk_spec.shape)
        return chunk_spec.prototype.nd_buffer.from_numpy_array(values)

    async def _decode_partial_single(
        self, byte_getter: ByteGetter, selection: Any, chunk_spec: ArraySpec
    ) -> NDBuffer | None:
        """Raises PrismError as decoding all does, but for blocks that are not needed."""
        source = _Source(byte_getter, chunk_spec.prototype)
        found = await self._decode_part(source, selection, chunk_spec)
        if found is not None:
            return chunk_spec.prototype.nd_buffer.from_numpy_array(found)
        chunk_bytes = await byte_getter.get(chunk_spec.prototype)
        if chunk_bytes is None:
            return None
        return (await self._decode_single(chunk_bytes, chunk_spec))[selection]

    async def _decode_part(
        self, source: _Source, selection: Any, chunk_spec: ArraySpec
    ) -> np.ndarray | None:
        """None where the whole chunk is needed, or there is none."""
        options = self.prism.get_config()
        if not options.get("block") and options.get("order", "auto") == "auto":
            return None
        found = _selection_of(selection, chunk_spec.shape)
        if found is None:
            return None
        wanted, index = found
        regions = wanted.regions(chunk_spec.shape)
        if regions is None:
            return None
        reader = await _open(source, chunk_spec)
        if reader is None:
            return None
        for offset, stored in await source.get_all(reader.ranges(regions)):
            reader.add(offset, stored)
        parts = await asyncio.to_thread(reader.read, regions)
        if source.key:
            _readers.put_back(source.key, reader)
        elements = from_numbers(parts, chunk_spec.dtype.to_native_dtype())
        part: np.ndarray = wanted.taken(elements)[index]
        return part

    def compute_encoded_size(self, input_byte_length: int, chunk_spec: ArraySpec) -> int:
        raise NotImplementedError  # as Zarr wants it where the size depends on the elements


def _is_alike(kind: np.dtype, other: np.dtype) -> bool:
    return kind.newbyteorder("=") == other.newbyteorder("=")


# ---- Bytes of a chunk ----


class _Source:
    """The stored bytes of a chunk."""

    def __init__(self, byte_getter: ByteGetter, prototype: BufferPrototype) -> None:
        self._getter, self._prototype = byte_getter, prototype
        # Where readers are kept; others say nothing of the place, or are in memory.
        has_name = isinstance(byte_getter, (StorePath, _InShard))
        self.key = str(byte_getter) if has_name else None

    async def get(self, offset: int, size: int) -> bytes | None:
        """As many as there are; None without a chunk."""
        request = RangeByteRequest(offset, offset + size)
        found = await self._getter.get(self._prototype, request)
        return None if found is None else found.to_bytes()

    async def get_all(self, ranges: list[tuple[int, int]]) -> list[tuple[int, bytes]]:
        """Offsets and bytes. Raises PrismError where there are not so many."""
        at_once = asyncio.Semaphore(config.get("async.concurrency"))

        async def get(offset: int, size: int) -> tuple[int, bytes]:
            async with at_once:
                found = await self.get(offset, size)
            if found is None or len(found) != size:
                raise PrismError(Status.TRUNCATED, "the chunk ends before its content does")
            return offset, found

        # All are waited for: none goes on behind an exception.
        found = await asyncio.gather(*(get(*part) for part in ranges), return_exceptions=True)
        failures = [part for part in found if isinstance(part, BaseException)]
        if failures:
            raise failures[0]
        return [part for part in found if not isinstance(part, BaseException)]


async def _open(source: _Source, chunk_spec: ArraySpec) -> ChunkReader | None:
    """None unless it is a chunk in blocks of the array's type and shape."""
    reader = _readers.take(source.key) if source.key else None
    start = await source.get(0, _FIRST_BYTES if reader is None else _bytes_that_tell(reader))
    if reader is None or not start or reader.head[: len(start)] != start[: len(reader.head)]:
        reader = await _open_anew(source, start, chunk_spec)
    if reader is None:
        return None
    kind, _ = numbers_of(chunk_spec.dtype.to_native_dtype())
    is_expected = reader.shape == chunk_spec.shape and _is_alike(reader.dtype, kind)
    return reader if is_expected else None


async def _open_anew(
    source: _Source, start: bytes | None, chunk_spec: ArraySpec
) -> ChunkReader | None:
    """`start`: the first bytes of the chunk, START_BYTES or more where there are so many."""
    if not start or not is_in_blocks(start):
        return None
    head, whole = chunk_sizes(start[:START_BYTES])
    if whole > _most_bytes(chunk_spec):
        return None
    if head > len(start):
        rest = await source.get_all([(len(start), head - len(start))])
        start += rest[0][1]
    return await asyncio.to_thread(ChunkReader, start[:head], whole)


def _bytes_that_tell(reader: ChunkReader) -> int:
    """How many of the first bytes tell whether a chunk is still the same."""
    return START_BYTES if has_checksum(reader.head) else len(reader.head)


def _most_bytes(chunk_spec: ArraySpec) -> int:
    item = chunk_spec.dtype.to_native_dtype().itemsize
    return math.prod(chunk_spec.shape) * item + _MOST_OVERHEAD


# ---- Selections in a chunk ----


def _selection_of(
    selection: Any, shape: tuple[int, ...]
) -> tuple[Selection, tuple[Any, ...]] | None:
    """What Zarr selects in a chunk: by integers and slices, by arrays that numpy.ix_ made, or point by
    point; and the index of it when integers have taken their axes away. None for anything else."""
    parts = selection if isinstance(selection, tuple) else (selection,)
    if len(parts) != len(shape) or not all(isinstance(part, np.ndarray) for part in parts):
        items = as_items(selection, shape)
        if items is None:
            return None
        index = tuple(slice(None) if isinstance(item, slice) else 0 for item in items)
        return Selection(tuple(map(range_of, items, shape))), index
    if len(parts) > 1 and all(part.ndim == 1 for part in parts):
        return Selection(parts, True), ()
    is_product = all(
        part.ndim == len(shape) and 0 < part.size == part.shape[axis]
        for axis, part in enumerate(parts)
    )
    return (Selection(tuple(map(_as_item, parts))), ()) if is_product else None


def _as_item(indices: np.ndarray) -> range | np.ndarray:
    flat = indices.reshape(-1)
    found = range(int(flat[0]), int(flat[-1]) + 1)
    return found if len(found) == len(flat) and (np.diff(flat) == 1).all() else flat


# ---- Chunks as bytes ----


@dataclass(frozen=True, init=False)
class PrismBytesCodec(BytesBytesCodec):
    """The codec `{"name": "numcodecs.h5prism", "configuration": {...}}`: an array's bytes as a chunk.

    Args:
        **options: the keywords of `h5prism.Prism`. Decoding needs none of them.
    """

    prism: Prism

    is_fixed_size = False

    def __init__(self, **options: Any) -> None:
        object.__setattr__(self, "prism", Prism(**options))

    @classmethod
    def from_dict(cls, data: Any) -> PrismBytesCodec:
        return cls(**data.get("configuration", {}))

    def to_dict(self) -> Any:
        return {"name": "numcodecs.h5prism", "configuration": given_options(self.prism)}

    @property
    def codec_config(self) -> dict[str, Any]:
        """As numcodecs spells it; VirtualiZarr writes this into kerchunk's references."""
        return {"id": "h5prism", **given_options(self.prism)}

    async def _encode_single(self, chunk_bytes: Buffer, chunk_spec: ArraySpec) -> Buffer:
        """Raises PrismError as `h5prism.encode` does."""
        content = chunk_bytes.as_numpy_array()
        kind = chunk_spec.dtype.to_native_dtype()
        if content.nbytes == math.prod(chunk_spec.shape) * kind.itemsize:
            content = content.view(kind).reshape(chunk_spec.shape)
        blob = await asyncio.to_thread(encode, content, **given_options(self.prism))
        return chunk_spec.prototype.buffer.from_bytes(blob)

    async def _decode_single(self, chunk_bytes: Buffer, chunk_spec: ArraySpec) -> Buffer:
        """Raises PrismError for damaged bytes."""
        array = await asyncio.to_thread(decode, chunk_bytes.as_numpy_array())
        return chunk_spec.prototype.buffer.from_bytes(array.tobytes())

    def compute_encoded_size(self, input_byte_length: int, chunk_spec: ArraySpec) -> int:
        raise NotImplementedError  # depends on the bytes


# ---- Chunks in shards ----


@dataclass(frozen=True)
class _InShard(ByteGetter):
    """A chunk among the bytes of a shard."""

    shard: ByteGetter
    place: tuple[int, int] | None

    async def get(self, prototype: BufferPrototype, byte_range: Any = None) -> Buffer | None:
        if self.place is None:
            return None
        begin, end = self.place
        if isinstance(byte_range, RangeByteRequest):
            begin, end = begin + byte_range.start, min(begin + byte_range.end, end)
        elif isinstance(byte_range, OffsetByteRequest):
            begin += byte_range.offset
        elif isinstance(byte_range, SuffixByteRequest):
            begin = max(begin, end - byte_range.suffix)
        return await self.shard.get(prototype, RangeByteRequest(begin, end))

    def __str__(self) -> str:
        return f"{self.shard}{self.place}"


class PartialShardingCodec(ShardingCodec):
    """Zarr's sharding codec, which fetches no more of a chunk than its codec wants of it."""

    async def _decode_partial_single(
        self, byte_getter: ByteGetter, selection: Any, shard_spec: ArraySpec
    ) -> NDBuffer | None:
        indexer = get_indexer(
            selection,
            shape=shard_spec.shape,
            chunk_grid=RegularChunkGrid(chunk_shape=self.chunk_shape),
        )
        chunks = list(indexer)
        if not self.codec_pipeline.supports_partial_decode or all(part[3] for part in chunks):
            return await super()._decode_partial_single(byte_getter, selection, shard_spec)
        counts = self._get_chunks_per_shard(shard_spec)
        index = await self._load_shard_index_maybe(byte_getter, counts)
        if index is None:
            return None
        out = shard_spec.prototype.nd_buffer.empty(
            shape=indexer.shape, dtype=shard_spec.dtype.to_native_dtype(), order=shard_spec.order
        )
        spec = self._get_chunk_spec(shard_spec)
        await self.codec_pipeline.read(
            [
                (_InShard(byte_getter, index.get_chunk_slice(part[0])), spec, *part[1:])
                for part in chunks
            ],
            out,
        )
        return out.reshape(indexer.sel_shape) if hasattr(indexer, "sel_shape") else out


register_codec("h5prism", PrismCodec)
register_codec("numcodecs.h5prism", PrismBytesCodec)
register_codec("sharding_indexed", PartialShardingCodec)
