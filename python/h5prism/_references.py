"""Where the elements of an HDF5 file lie, for readers of Zarr that know nothing of HDF5."""

from __future__ import annotations

import base64
import itertools
import json
import math
import os
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from ._chunks import (
    Offset,
    chunk_bytes,
    holds_numbers,
    numpy_kind,
    open_dataset,
    stored_chunks,
)
from ._errors import PrismError, Status
from ._inspect import left_unfiltered
from ._zarr_metadata import (
    array_of_format_2,
    array_of_format_3,
    attributes_of,
    codecs_of,
    dimensions_of,
    fill_value,
    is_bare_dimension,
)

if TYPE_CHECKING:
    import h5py

References = dict[str, Any]

_MOST_ABSENT = 1_000_000  # chunks that were never written, in a list of some 100 MB
_MOST_INLINE = 1 << 20  # bytes of an array that is part of the references
_ONE_FILE = ("sec2", "stdio", "direct", "core", "windows", "mpio", "ros3", "fileobj")


def references(
    item: h5py.File | h5py.Group | h5py.Dataset, url: str | None = None, *, zarr_format: int = 2
) -> References:
    """Datasets as Zarr arrays whose chunks stay where they are: kerchunk references.

    Args:
        item: a file or group with all that is below it, which is the root of the references then; or
            a dataset, which has its path in the file.
        url: of the file, as readers of the references open it; its absolute path here by default.
        zarr_format: 2, which most readers of references know, or 3, of which Zarr fetches no more than
            the parts of chunks in blocks (option `block`) that a selection takes.

    Returns:
        References version 1, to be written as JSON or given to fsspec's reference file system. Those
        of several datasets are merged by their "refs". They hold attributes, and names of dimensions:
        those of their scales, or labels, or of their lengths. Datasets without chunks are one chunk;
        filters are h5prism, deflate, shuffle, fletcher32 and zstd, in any order.

        The array's fill value is that of the dataset, in netCDF files that of the attribute
        _FillValue. If it has none of its own, it is null in format 2, and no fill value to xarray in
        format 3: xarray takes elements of this value for missing ones. In format 2, chunks that were
        never written are part of the references then.

    Raises:
        PrismError: with status ARGUMENT for a file with a user block or in several parts, for a file
            without a path where no url is given. For a dataset, also for other filters, for elements
            that HDF5 converts, for a chunk that skipped filters, for more than a million chunks that
            were never written and have no fill value, for a dataset without a name.
        TypeError, ValueError: for what is no object of h5py, for a closed one, for another format.

    What of a file or group cannot be referred to, or read by this HDF5, is left out, with a warning
    that says why: datasets, groups, attributes of groups.
    Reads headers of chunks at the edge only, and each chunk where HDF5's list has to be checked. Like
    every use of h5py, from one thread at a time.
    """
    if zarr_format not in _FORMATS:
        raise ValueError(f"zarr_format={zarr_format}: expected 2 or 3")
    written = _FORMATS[zarr_format]
    if _is_group(item):
        place = url or _path_of(item)
        refs = _of_group(item, ".", written)
        for path, child in _children(item):
            if _is_group(child):
                refs.update(_of_group(child, path, written))
            else:
                refs.update(_of_child(child, path, place, written))
    else:
        dataset = open_dataset(item)
        if dataset.name is None:
            raise PrismError(Status.ARGUMENT, "a dataset without a name cannot be referred to")
        path = dataset.name.lstrip("/")
        refs = {}
        for parent in reversed(PurePosixPath(path).parents):
            refs.update(_of_group(dataset.file[f"/{parent}"], str(parent), written))
        refs.update(_of_dataset(dataset, path, url or _path_of(dataset), written))
    return {"version": 1, "refs": refs}


# ---- What is referred to ----


def _is_group(item: Any) -> bool:
    import h5py

    if isinstance(item, h5py.Group) and not item:
        raise ValueError("the group is closed, or its file")
    return isinstance(item, h5py.Group)


def _path_of(item: h5py.File | h5py.Group | h5py.Dataset) -> str:
    path: str = item.file.filename
    if not os.path.isfile(path):
        raise PrismError(Status.ARGUMENT, f"{item.name}: its file has no path: give its url")
    return os.path.abspath(path)


def _warn(reason: object) -> None:
    warnings.warn(f"left out of the references: {reason}", stacklevel=4)


def _children(group: h5py.Group) -> Iterator[tuple[str, h5py.Group | h5py.Dataset]]:
    """All that lies below by hard links, each once, with its path from the group."""
    import h5py

    seen = {_address(group)}
    pending = [(group, name, name) for name in _linked(group)]
    while pending:
        parent, name, path = pending.pop()
        try:
            child = parent[name]
        except (KeyError, OSError, RuntimeError) as reason:
            _warn(f"{path}: {reason.args[0]}")
            continue
        if _address(child) in seen:
            continue
        seen.add(_address(child))
        yield path, child
        if isinstance(child, h5py.Group):
            pending += [(child, below, f"{path}/{below}") for below in _linked(child)]


def _address(item: Any) -> int:
    import h5py

    address: int = h5py.h5o.get_info(item.id).addr
    return address


def _linked(group: h5py.Group) -> list[str]:
    """Names of hard links, the first one last."""
    import h5py

    is_hard = lambda name: isinstance(group.get(name, getlink=True), h5py.HardLink)  # noqa: E731
    return sorted(filter(is_hard, group), reverse=True)


def _of_group(group: h5py.Group, path: str, written: _Format) -> References:
    try:
        attributes = attributes_of(group)
    except RuntimeError as reason:
        _warn(f"attributes of {group.name}: {reason}")
        attributes = {}
    return written.group(path, attributes)


def _of_child(child: Any, path: str, place: str, written: _Format) -> References:
    import h5py

    try:
        if not isinstance(child, h5py.Dataset) or is_bare_dimension(child):
            return {}
        return _of_dataset(child, path, place, written)
    except PrismError as reason:
        if _is_in_parts(child):
            raise
        _warn(reason)
    except RuntimeError as reason:
        _warn(f"{child.name}: {reason}")
    return {}


def _of_dataset(dataset: h5py.Dataset, path: str, place: str, written: _Format) -> References:
    _check_dataset(dataset, written)
    refs = written.array(path, dataset)
    chunks: dict[Offset, Any]
    if dataset.chunks:
        chunks = _stored(dataset, place)
        if written.lists_absent and fill_value(dataset) is None:
            chunks.update(_absent(dataset, chunks))
    else:
        chunks = _whole(dataset, place)
    refs.update((f"{path}/{written.chunk_key(at)}", chunk) for at, chunk in chunks.items())
    return refs


def _is_in_parts(dataset: h5py.Dataset) -> bool:
    file = dataset.file
    return bool(file.userblock_size) or file.driver not in _ONE_FILE


def _check_dataset(dataset: h5py.Dataset, written: _Format) -> None:
    if _is_in_parts(dataset):
        reason = "a file with a user block, or in several parts, cannot be referred to"
    elif dataset.shape is None or not _has_plain_elements(dataset, written):
        reason = "elements that Zarr does not have, or that HDF5 converts, cannot be referred to"
    elif dataset.is_virtual or dataset.external:
        reason = "elements in other files cannot be referred to"
    else:
        return
    raise PrismError(Status.ARGUMENT, f"{dataset.name}: {reason}")


def _has_plain_elements(dataset: h5py.Dataset, written: _Format) -> bool:
    """As Zarr has them: its numbers have up to 64 bits."""
    if holds_numbers(dataset):
        return bool(dataset.dtype.itemsize <= 8)
    return written.has_texts and numpy_kind(dataset) == "S"


# ---- Formats ----


@dataclass(frozen=True)
class _Format:
    """How a format of Zarr writes groups and arrays.

    Attributes:
        group, array: the entries of their metadata, from path and attributes or dataset.
        chunk_key: the name of a chunk from its indices.
        lists_absent: whether missing chunks are there where the dataset has no fill value.
        has_texts: whether elements may be texts of fixed length.
    """

    group: Callable[[str, dict[str, Any]], References]
    array: Callable[[str, Any], References]
    chunk_key: Callable[[Offset], str]
    lists_absent: bool
    has_texts: bool


def _key(path: str, name: str) -> str:
    return str(PurePosixPath(path) / name)


def _group_of_format_2(path: str, attributes: dict[str, Any]) -> References:
    return {
        _key(path, ".zgroup"): json.dumps({"zarr_format": 2}),
        _key(path, ".zattrs"): json.dumps(attributes),
    }


def _entries_of_format_2(path: str, dataset: h5py.Dataset) -> References:
    attributes = {"_ARRAY_DIMENSIONS": dimensions_of(dataset), **attributes_of(dataset)}
    return {
        _key(path, ".zarray"): json.dumps(array_of_format_2(dataset)),
        _key(path, ".zattrs"): json.dumps(attributes),
    }


def _group_of_format_3(path: str, attributes: dict[str, Any]) -> References:
    metadata = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    return {_key(path, "zarr.json"): json.dumps(metadata)}


def _entries_of_format_3(path: str, dataset: h5py.Dataset) -> References:
    return {_key(path, "zarr.json"): json.dumps(array_of_format_3(dataset))}


_FORMATS = {
    2: _Format(
        group=_group_of_format_2,
        array=_entries_of_format_2,
        chunk_key=lambda indices: ".".join(map(str, indices)) or "0",
        lists_absent=True,
        has_texts=True,
    ),
    3: _Format(
        group=_group_of_format_3,
        array=_entries_of_format_3,
        chunk_key=lambda indices: "/".join(map(str, ("c", *indices))),
        lists_absent=False,
        has_texts=False,
    ),
}


# ---- Chunks ----


def _stored(dataset: h5py.Dataset, place: str) -> dict[Offset, Any]:
    """Where the chunks are, by their indices."""
    codecs = {codec["id"] for codec in codecs_of(dataset) or []}
    chunks = {}
    for chunk in stored_chunks(dataset):
        offset = tuple(chunk.chunk_offset)
        if chunk.filter_mask or (
            chunk.size == chunk_bytes(dataset) and _is_plain(dataset, offset, codecs)
        ):
            raise PrismError(
                Status.ARGUMENT,
                f"{dataset.name}: the chunk at {offset} is stored without the filter",
            )
        indices = tuple(start // size for start, size in zip(offset, dataset.chunks))
        chunks[indices] = [place, chunk.byte_offset, chunk.size]
    return chunks


def _is_plain(dataset: h5py.Dataset, offset: Offset, codecs: set[str]) -> bool:
    """Whether HDF5 has left filters out at the edge, as it can be told, without a word."""
    if "h5prism" in codecs:
        return left_unfiltered(dataset, offset, dataset.id.read_direct_chunk(offset)[1])
    if "zlib" in codecs:
        try:
            zlib.decompress(dataset.id.read_direct_chunk(offset)[1])
        except zlib.error:
            return True
    return False


def _absent(dataset: h5py.Dataset, chunks: dict[Offset, Any]) -> dict[Offset, str]:
    """The bytes of a chunk of nothing for each that is not among `chunks`."""
    counts = [-(-size // chunk) for size, chunk in zip(dataset.shape, dataset.chunks)]
    count = math.prod(counts) - len(chunks)
    if count > _MOST_ABSENT:
        raise PrismError(
            Status.ARGUMENT,
            f"{dataset.name}: {count} chunks that were never written would have to be listed; a "
            "dataset with a fill value needs none",
        )
    if count == 0:
        return {}
    missing = [at for at in itertools.product(*map(range, counts)) if at not in chunks]
    return dict.fromkeys(missing, _inline(_encoded_nothing(dataset)))


def _encoded_nothing(dataset: h5py.Dataset) -> bytes:
    """What HDF5 would store for a chunk of the dataset's fill value."""
    from h5py import File, h5d, h5s

    with File("nothing", "w", driver="core", backing_store=False) as file:
        made = h5d.create(
            file.id,
            b"chunk",
            dataset.id.get_type(),
            h5s.create_simple(dataset.chunks),
            dataset.id.get_create_plist(),
        )
        made.write(h5s.ALL, h5s.ALL, np.full(dataset.chunks, dataset.fillvalue, dataset.dtype))
        file.flush()
        stored: bytes = made.read_direct_chunk((0,) * dataset.ndim)[1]
        return stored


def _whole(dataset: h5py.Dataset, place: str) -> dict[Offset, Any]:
    """The one chunk of a dataset without chunks, in the references where it has no place."""
    origin = (0,) * dataset.ndim
    start = dataset.id.get_offset()
    if not dataset.size:
        return {}
    if start is not None:
        return {origin: [place, start, dataset.id.get_storage_size()]}
    if dataset.nbytes > _MOST_INLINE:
        if fill_value(dataset) is not None:
            return {}
        raise PrismError(Status.ARGUMENT, f"{dataset.name}: elements that were never written")
    elements = np.asarray(dataset[()], dataset.dtype)
    return {origin: _inline(elements.tobytes())}


def _inline(content: bytes) -> str:
    return "base64:" + base64.b64encode(content).decode()
