"""Where the chunks of a dataset lie: HDF5's answers, as far as they can be believed.

HDF5 finds a chunk by its offset rightly (read_direct_chunk). Its lists of chunks give wrong offsets in
one case, with every version from 1.10 to 2.0: the index for exactly one unlimited axis, the extensible
array of libver "v110" and later, counts chunks with that axis slowest, wherever it stands, and
the lists take that number for one of C order. get_chunk_info_by_coord searches such a list.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._errors import PrismError, Status

if TYPE_CHECKING:
    import h5py

Offset = tuple[int, ...]

_MOST_PLACES = 4  # for each chunk: where fewer have one, the list is shorter
_MOST_CHUNKS = 1 << 12  # of a dataset whose list is searched for one: that takes longer than the rest


def open_dataset(dataset: Any) -> h5py.Dataset:
    """The argument. Raises TypeError or ValueError unless it is a dataset of h5py, and open."""
    import h5py

    if not isinstance(dataset, h5py.Dataset):
        kind = type(dataset)
        raise TypeError(
            f"expected an open h5py.Dataset such as h5py.File(path)[name], not "
            f"{kind.__module__}.{kind.__qualname__}"
        )
    if not dataset:
        raise ValueError("the dataset is closed, or its file")
    return dataset


def stored_chunks(dataset: h5py.Dataset) -> list[Any]:
    """h5py's StoreInfo of every chunk that is stored, in C order of their offsets.

    Raises PrismError with status INTERNAL if HDF5's list contradicts the chunks. Reads chunks only
    where the list may be wrong.
    """
    flush(dataset)
    chunks = _listed(dataset)
    if _unlimited_axis(dataset) and not _are_there(dataset, chunks):
        chunks = [
            chunk._replace(chunk_offset=_turned(dataset, chunk.chunk_offset)) for chunk in chunks
        ]
        if not _are_there(dataset, chunks):
            raise PrismError(
                Status.INTERNAL, f"{dataset.name}: HDF5 does not tell where its chunks are"
            )
    return sorted(chunks, key=lambda chunk: tuple(chunk.chunk_offset))


def places_tell(dataset: h5py.Dataset) -> bool:
    """Whether chunks_at_places is right, and quick: before HDF5 1.12.3, a list of all chunks is gone
    through for each of them."""
    file = dataset.file
    places = math.prod(-(-size // chunk) for size, chunk in zip(dataset.shape, dataset.chunks))
    is_still = file.mode == "r" and not file.swmr_mode  # or filter masks may be those of before
    return is_still and places <= _MOST_PLACES * dataset.id.get_num_chunks()


def chunks_at_places(dataset: h5py.Dataset) -> Iterator[tuple[Offset, int, bytes]]:
    """Offset, filter mask and bytes of each chunk that HDF5 finds, in C order of their offsets."""
    starts = (range(0, size, chunk) for size, chunk in zip(dataset.shape, dataset.chunks))
    for offset in itertools.product(*starts):
        try:
            mask, blob = dataset.id.read_direct_chunk(offset)
        except (OSError, RuntimeError, ValueError):
            continue
        yield offset, mask, blob


def flush(dataset: h5py.Dataset) -> None:
    """Brings to the file what HDF5 still has in memory. MPI's ranks do not keep chunks, and would
    have to flush together."""
    file = dataset.file
    if file.mode != "r" and file.driver != "mpio":
        dataset.flush()


def listed_mask(dataset: h5py.Dataset, offset: Offset, mask: int) -> int:
    """The filter mask of a chunk, of which `mask` came with its bytes.

    After write_direct_chunk, HDF5 keeps the chunk's old mask until it has looked for another chunk.
    Its list has the new one, where it can be believed; to find it takes longer the more there are.
    """
    if _unlimited_axis(dataset):
        return mask
    return int(dataset.id.get_chunk_info_by_coord(offset).filter_mask)


@dataclass(frozen=True)
class FileRange:
    """Bytes of an open file."""

    descriptor: int
    offset: int
    size: int

    def read(self, start: int, stop: int) -> bytes:
        return os.pread(self.descriptor, stop - start, self.offset + start)


def range_in_file(dataset: h5py.Dataset, offset: Offset) -> FileRange | None:
    """Where the stored bytes of a chunk lie, to be read there. None where HDF5 does not tell, tells
    wrongly or slowly, may know of newer bytes, or has them in no plain file; and of a chunk that is
    not there, or not filtered."""
    file = dataset.file
    is_plain = file.mode == "r" and file.driver == "sec2" and not file.userblock_size
    if not is_plain or file.swmr_mode or not hasattr(os, "pread"):
        return None
    sizes = zip(dataset.shape, dataset.chunks)
    if _unlimited_axis(dataset) or math.prod(-(-s // c) for s, c in sizes) > _MOST_CHUNKS:
        return None
    try:
        found = dataset.id.get_chunk_info_by_coord(offset)
    except (OSError, RuntimeError, ValueError):
        return None
    if found.byte_offset is None or not found.size or found.filter_mask:
        return None
    return FileRange(file.id.get_vfd_handle(), found.byte_offset, found.size)


def chunk_bytes(dataset: h5py.Dataset) -> int:
    """Bytes of the elements of a whole chunk."""
    # Not dataset.dtype: numpy has no type for some of HDF5's, and h5py takes a wider one.
    size: int = math.prod(dataset.chunks) * dataset.id.get_type().get_size()
    return size


def numpy_kind(dataset: h5py.Dataset) -> str:
    """numpy's letter for the kind of the elements, or nothing where it has none, as for HDF5's times."""
    try:
        return str(dataset.dtype.kind)
    except TypeError:
        return ""


def holds_numbers(dataset: h5py.Dataset) -> bool:
    """Whether the elements are numbers as in numpy, with no bit to be converted."""
    from h5py import h5t

    return numpy_kind(dataset) in tuple("biuf") and dataset.id.get_type() == h5t.py_create(
        dataset.dtype, logical=True
    )


def _listed(dataset: h5py.Dataset) -> list[Any]:
    identifier = dataset.id
    chunks: list[Any] = []
    if hasattr(identifier, "chunk_iter"):  # since HDF5 1.12.3: one pass over all
        identifier.chunk_iter(chunks.append)
    else:
        chunks.extend(map(identifier.get_chunk_info, range(identifier.get_num_chunks())))
    return chunks


def _unlimited_axis(dataset: h5py.Dataset) -> int:
    """The axis that an extensible array would have turned to the front, or 0."""
    unlimited = [axis for axis, size in enumerate(dataset.maxshape) if size is None]
    return unlimited[0] if len(unlimited) == 1 else 0


def _are_there(dataset: h5py.Dataset, chunks: list[Any]) -> bool:
    """Whether HDF5 finds a chunk of the size that was listed at every offset that was listed.

    Turned offsets do not pass: along the unlimited axis, each is beyond the chunk's own or is the
    same in all, so that no set of chunks is listed as itself in another order.
    """
    return all(chunk.size == _size_at(dataset, chunk.chunk_offset) for chunk in chunks)


def _size_at(dataset: h5py.Dataset, offset: Offset) -> int | None:
    try:
        return len(dataset.id.read_direct_chunk(offset)[1])
    except (OSError, RuntimeError, ValueError, MemoryError):
        return None


def _turned(dataset: h5py.Dataset, offset: Offset) -> Offset:
    """The offset of the chunk that is listed at `offset` by a turned index."""
    axis = _unlimited_axis(dataset)
    most = [-(-(size or 1) // chunk) for size, chunk in zip(dataset.maxshape, dataset.chunks)]
    number = 0  # in the index; the axes before the unlimited one are 0 in the list
    for start, chunk, count in zip(offset[axis:], dataset.chunks[axis:], most[axis:]):
        number = number * count + start // chunk
    scaled = [0] * len(offset)
    for other in reversed(range(len(offset))):
        if other != axis:
            number, scaled[other] = divmod(number, most[other])
    scaled[axis] = number
    return tuple(index * chunk for index, chunk in zip(scaled, dataset.chunks))
