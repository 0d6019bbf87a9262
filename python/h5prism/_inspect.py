"""What the chunks of a dataset hold, read beside HDF5's filter pipeline."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._codec import ChunkInfo, inspect_chunk
from ._errors import PrismError, Status
from ._filter import FILTER_ID

if TYPE_CHECKING:
    import h5py


@dataclass(frozen=True)
class StoredChunk:
    """One chunk as it lies in the file.

    Attributes:
        offset: index of the chunk's first element in the dataset.
        values: elements of the whole chunk, also where it reaches over the dataset's edge.
        stored_bytes: bytes in the file.
        filter_mask: HDF5's; a bit that is set tells that this filter of the pipeline was skipped.
        info: what the encoded chunk says of itself; None if h5prism was skipped for this chunk.
    """

    offset: tuple[int, ...]
    values: int
    stored_bytes: int
    filter_mask: int
    info: ChunkInfo | None

    @property
    def bits_per_value(self) -> float:
        """Stored bits for each element of the chunk."""
        return 8 * self.stored_bytes / self.values


def inspect(dataset: h5py.Dataset) -> list[StoredChunk]:
    """Describes every chunk that is stored, in C order of their offsets.

    Reads each chunk, but decodes none. Raises PrismError with status ARGUMENT if the dataset is not
    compressed by h5prism, or if another filter worked on the chunks after it. Like every use of
    h5py, call it from one thread at a time.
    """
    bit = _pipeline_bit(dataset)
    offsets = (tuple(part.start for part in chunk) for chunk in dataset.iter_chunks())
    described = (_describe(dataset, offset, bit) for offset in offsets)
    return [chunk for chunk in described if chunk]


def _pipeline_bit(dataset: h5py.Dataset) -> int:
    """The bit of h5prism in the filter masks."""
    pipeline = dataset.id.get_create_plist()
    filters = [pipeline.get_filter(index)[0] for index in range(pipeline.get_nfilters())]
    if FILTER_ID not in filters:
        raise PrismError(Status.ARGUMENT, f"{dataset.name} is not compressed by h5prism")
    if filters[-1] != FILTER_ID:
        raise PrismError(
            Status.ARGUMENT, f"{dataset.name}: filter {filters[-1]} worked on the chunks last"
        )
    return 1 << (len(filters) - 1)


def _describe(dataset: h5py.Dataset, offset: tuple[int, ...], bit: int) -> StoredChunk | None:
    """The chunk at `offset`; None if it was never written."""
    stored = dataset.id.get_chunk_info_by_coord(offset)
    if stored.byte_offset is None:
        return None
    # The mask that read_direct_chunk returns is 0 for every chunk with HDF5 1.10: not used.
    values = math.prod(dataset.chunks)
    # Not dataset.dtype: numpy has no type for some of HDF5's, and h5py takes a wider one.
    unfiltered = (
        reaches_over(dataset, offset) and stored.size == values * dataset.id.get_type().get_size()
    )
    info = None
    if not stored.filter_mask & bit and not unfiltered:
        info = inspect_chunk(dataset.id.read_direct_chunk(offset)[1])
    return StoredChunk(offset, values, stored.size, stored.filter_mask, info)


def reaches_over(dataset: h5py.Dataset, offset: tuple[int, ...]) -> bool:
    """Whether the chunk is a partial one, which HDF5 can be told to leave unfiltered: mask 0."""
    ends = (start + size for start, size in zip(offset, dataset.chunks))
    return any(end > extent for end, extent in zip(ends, dataset.shape))
