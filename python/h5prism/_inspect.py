"""What the chunks of a dataset hold, read beside HDF5's filter pipeline."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._chunk_info import ChunkInfo, inspect_chunk
from ._chunks import (
    Offset,
    chunk_bytes,
    chunks_at_places,
    open_dataset,
    places_tell,
    stored_chunks,
)
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
    compressed by h5prism, or if another filter worked on the chunks after it; TypeError for what is
    no h5py.Dataset, ValueError for a closed one. Like every use of h5py, call it from one thread at
    a time.
    """
    bit = prism_bit(open_dataset(dataset))
    if places_tell(dataset):
        found = [_describe(dataset, bit, *chunk) for chunk in chunks_at_places(dataset)]
        if len(found) == dataset.id.get_num_chunks():
            return found
    found = []
    for stored in stored_chunks(dataset):
        offset = tuple(stored.chunk_offset)
        blob = dataset.id.read_direct_chunk(offset)[1]
        found.append(_describe(dataset, bit, offset, stored.filter_mask, blob))
    return found


def prism_bit(dataset: h5py.Dataset) -> int:
    """The bit of h5prism, the last filter, in the filter masks. Raises PrismError as `inspect`."""
    pipeline = dataset.id.get_create_plist()
    filters = [pipeline.get_filter(index)[0] for index in range(pipeline.get_nfilters())]
    if FILTER_ID not in filters:
        raise PrismError(Status.ARGUMENT, f"{dataset.name} is not compressed by h5prism")
    if filters[-1] != FILTER_ID:
        raise PrismError(
            Status.ARGUMENT, f"{dataset.name}: filter {filters[-1]} worked on the chunks last"
        )
    return 1 << (len(filters) - 1)


def _describe(
    dataset: h5py.Dataset, bit: int, offset: Offset, mask: int, blob: bytes
) -> StoredChunk:
    plain = mask & bit or left_unfiltered(dataset, offset, blob)
    info = None if plain else inspect_chunk(blob)
    return StoredChunk(offset, math.prod(dataset.chunks), len(blob), mask, info)


def left_unfiltered(dataset: h5py.Dataset, offset: tuple[int, ...], blob: bytes) -> bool:
    """Whether a chunk is partial and plain, as HDF5 can be told to leave these, with mask 0."""
    ends = (start + size for start, size in zip(offset, dataset.chunks))
    if len(blob) != chunk_bytes(dataset) or not any(map(operator.gt, ends, dataset.shape)):
        return False
    try:
        return inspect_chunk(blob).encoded_bytes != len(blob)
    except PrismError:
        return True
