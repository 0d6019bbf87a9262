"""Where the chunks of a dataset lie in its file, for readers of Zarr that know nothing of HDF5."""

from __future__ import annotations

import base64
import itertools
import json
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from ._chunks import Offset, chunk_bytes, holds_numbers, open_dataset, stored_chunks
from ._codec import encode
from ._errors import PrismError, Status
from ._filter import Prism
from ._inspect import left_unfiltered, prism_bit
from ._zarr import given_options

if TYPE_CHECKING:
    import h5py

_MOST_ZEROS = 1_000_000  # chunks that were never written, in a list of some 100 MB
_ONE_FILE = ("sec2", "stdio", "direct", "core", "windows", "mpio", "ros3", "fileobj")


def references(
    dataset: h5py.Dataset, url: str | None = None, *, zarr_format: int = 2
) -> dict[str, Any]:
    """The dataset as a Zarr array whose chunks stay where they are: kerchunk references.

    Args:
        dataset: compressed by h5prism as its only filter.
        url: of the file, as readers of the references open it; the path by which it is open here
            by default.
        zarr_format: 2, which most readers of references know, or 3, of which Zarr fetches no more than
            the parts of chunks in blocks (option `block`) that a selection takes.

    Returns:
        References version 1, to be written as JSON or given to fsspec's reference file system. They
        hold no attributes. Those of several datasets are merged by their "refs".

        The array's fill value is that of the dataset. If it has none of its own, it is 0 in format 3,
        and null in format 2: readers (xarray) take elements of this value for missing ones there.
        Chunks that were never written are zeros in HDF5 then, and are part of the references.

    Raises:
        PrismError: with status ARGUMENT for another pipeline, for elements that HDF5 converts, for a
            chunk that is stored without the filter, for more than a million chunks that were never
            written and have no fill value, for a file with a user block or in several parts, for a
            dataset without a name, for a file without a path where no url is given.
        TypeError, ValueError: for what is no h5py.Dataset, for a closed one, for another format.

    Reads headers of chunks at the edge only, and each chunk where HDF5's list has to be checked. Like
    every use of h5py, from one thread at a time.
    """
    if zarr_format not in _FORMATS:
        raise ValueError(f"zarr_format={zarr_format}: expected 2 or 3")
    _check_dataset(open_dataset(dataset), url)
    written = _FORMATS[zarr_format]
    path = PurePosixPath(dataset.name.lstrip("/"))
    refs: dict[str, Any] = {
        str(group / written.group_key): json.dumps(written.group) for group in path.parents
    }
    refs[f"{path}/{written.array_key}"] = json.dumps(written.array(dataset))
    chunks = _stored(dataset, url or dataset.file.filename)
    if written.lists_zeros and not _has_fill_value(dataset):
        chunks.update(_zeros(dataset, chunks))
    refs.update((f"{path}/{written.chunk_key(at)}", place) for at, place in chunks.items())
    return {"version": 1, "refs": refs}


def _check_dataset(dataset: h5py.Dataset, url: str | None) -> None:
    file = dataset.file
    if prism_bit(dataset) != 1 or not holds_numbers(dataset):
        reason = "other filters, or elements that HDF5 converts, cannot be referred to"
    elif file.userblock_size or file.driver not in _ONE_FILE:
        reason = "a file with a user block, or in several parts, cannot be referred to"
    elif dataset.name is None:
        reason = "a dataset without a name cannot be referred to"
    elif url is None and not os.path.isfile(file.filename):
        reason = "its file has no path: give its url"
    else:
        return
    raise PrismError(Status.ARGUMENT, f"{dataset.name}: {reason}")


def _options_of(dataset: h5py.Dataset) -> dict[str, Any]:
    return given_options(Prism.from_filter_options(dataset.id.get_create_plist().get_filter(0)[2]))


def _array_of_format_2(dataset: h5py.Dataset) -> dict[str, Any]:
    return {
        "zarr_format": 2,
        "shape": dataset.shape,
        "chunks": dataset.chunks,
        "dtype": dataset.dtype.str,
        "compressor": {"id": "h5prism", **_options_of(dataset)},
        "filters": None,
        "order": "C",
        "fill_value": _json_value(dataset.fillvalue) if _has_fill_value(dataset) else None,
    }


def _array_of_format_3(dataset: h5py.Dataset) -> dict[str, Any]:
    fill = dataset.fillvalue if _has_fill_value(dataset) else np.zeros((), dataset.dtype)[()]
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": dataset.shape,
        "data_type": dataset.dtype.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": dataset.chunks}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": _json_value(fill),
        "codecs": [{"name": "h5prism", "configuration": _options_of(dataset)}],
        "attributes": {},
    }


@dataclass(frozen=True)
class _Format:
    """How a format of Zarr writes arrays.

    Attributes:
        group_key, group: the name and the content of the metadata of a group.
        array_key, array: the same of an array, from the dataset.
        chunk_key: the name of a chunk from its indices.
        lists_zeros: whether missing chunks are there where the dataset has no fill value.
    """

    group_key: str
    group: dict[str, Any]
    array_key: str
    array: Callable[[h5py.Dataset], dict[str, Any]]
    chunk_key: Callable[[Offset], str]
    lists_zeros: bool


_FORMATS = {
    2: _Format(
        group_key=".zgroup",
        group={"zarr_format": 2},
        array_key=".zarray",
        array=_array_of_format_2,
        chunk_key=lambda indices: ".".join(map(str, indices)),
        lists_zeros=True,
    ),
    3: _Format(
        group_key="zarr.json",
        group={"zarr_format": 3, "node_type": "group", "attributes": {}},
        array_key="zarr.json",
        array=_array_of_format_3,
        chunk_key=lambda indices: "/".join(map(str, ("c", *indices))),
        lists_zeros=False,
    ),
}


def _has_fill_value(dataset: h5py.Dataset) -> bool:
    from h5py import h5d

    properties = dataset.id.get_create_plist()
    is_set = properties.fill_value_defined() == h5d.FILL_VALUE_USER_DEFINED
    return bool(is_set and properties.get_fill_time() != h5d.FILL_TIME_NEVER)


def _json_value(value: Any) -> Any:
    """A fill value as Zarr spells it."""
    if value.dtype.kind == "f" and not np.isfinite(value):
        return "NaN" if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value.item()


def _stored(dataset: h5py.Dataset, url: str) -> dict[Offset, Any]:
    """Where the chunks are, by their indices."""
    chunks = {}
    for chunk in stored_chunks(dataset):
        offset = tuple(chunk.chunk_offset)
        _check_encoded(dataset, offset, chunk)
        indices = tuple(start // size for start, size in zip(offset, dataset.chunks))
        chunks[indices] = [url, chunk.byte_offset, chunk.size]
    return chunks


def _zeros(dataset: h5py.Dataset, chunks: dict[Offset, Any]) -> dict[Offset, str]:
    """The bytes of a chunk of zeros for each that is not among `chunks`."""
    counts = [-(-size // chunk) for size, chunk in zip(dataset.shape, dataset.chunks)]
    absent = math.prod(counts) - len(chunks)
    if absent > _MOST_ZEROS:
        raise PrismError(
            Status.ARGUMENT,
            f"{dataset.name}: {absent} chunks that were never written would have to be listed; a "
            "dataset with a fill value needs none",
        )
    missing = [at for at in itertools.product(*map(range, counts)) if at not in chunks]
    if not missing:
        return {}
    zeros = encode(np.zeros(dataset.chunks, dataset.dtype), effort=1)
    return dict.fromkeys(missing, "base64:" + base64.b64encode(zeros).decode())


def _check_encoded(dataset: h5py.Dataset, offset: Offset, chunk: Any) -> None:
    plain = bool(chunk.filter_mask)
    if not plain and chunk.size == chunk_bytes(dataset):
        plain = left_unfiltered(dataset, offset, dataset.id.read_direct_chunk(offset)[1])
    if plain:
        raise PrismError(
            Status.ARGUMENT, f"{dataset.name}: the chunk at {offset} is stored without the filter"
        )
