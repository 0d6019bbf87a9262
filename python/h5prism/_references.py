"""Where the chunks of a dataset lie in its file, for readers of Zarr that know nothing of HDF5."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from ._errors import PrismError, Status
from ._filter import Prism
from ._inspect import chunk_bytes, left_unfiltered, prism_bit, stored_chunks
from ._zarr import given_options

if TYPE_CHECKING:
    import h5py


def references(dataset: h5py.Dataset, url: str | None = None) -> dict[str, Any]:
    """The dataset as a Zarr format 2 array whose chunks stay where they are: kerchunk references.

    Args:
        dataset: compressed by h5prism as its only filter.
        url: of the file, as readers of the references open it; the path by which it is open here
            by default.

    Returns:
        References version 1, to be written as JSON or given to fsspec's reference file system. They
        hold no attributes. Those of several datasets are merged by their "refs".

    Raises:
        PrismError: with status ARGUMENT for another pipeline, for a chunk that is stored without
            the filter, and for a file with a user block.

    Reads headers of chunks at the edge only. Like every use of h5py, from one thread at a time.
    """
    bit = prism_bit(dataset)
    if bit != 1 or dataset.file.userblock_size:
        raise PrismError(
            Status.ARGUMENT, f"{dataset.name}: other filters or a user block cannot be referred to"
        )
    path = PurePosixPath(dataset.name.lstrip("/"))
    refs: dict[str, Any] = {
        str(group / ".zgroup"): json.dumps({"zarr_format": 2}) for group in path.parents
    }
    refs[f"{path}/.zarray"] = json.dumps(_array_metadata(dataset))
    for chunk in stored_chunks(dataset):
        offset = tuple(chunk.chunk_offset)
        _check_encoded(dataset, offset, chunk)
        key = ".".join(str(start // size) for start, size in zip(offset, dataset.chunks))
        refs[f"{path}/{key}"] = [url or dataset.file.filename, chunk.byte_offset, chunk.size]
    return {"version": 1, "refs": refs}


def _array_metadata(dataset: h5py.Dataset) -> dict[str, Any]:
    words = dataset.id.get_create_plist().get_filter(0)[2]
    return {
        "zarr_format": 2,
        "shape": dataset.shape,
        "chunks": dataset.chunks,
        "dtype": dataset.dtype.str,
        "compressor": {"id": "h5prism", **given_options(Prism.from_filter_options(words))},
        "filters": None,
        "order": "C",
        "fill_value": _json_value(dataset.fillvalue),
    }


def _json_value(value: Any) -> Any:
    """A fill value as Zarr spells it."""
    if value.dtype.kind == "f" and not np.isfinite(value):
        return "NaN" if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value.item()


def _check_encoded(dataset: h5py.Dataset, offset: tuple[int, ...], chunk: Any) -> None:
    plain = bool(chunk.filter_mask)
    if not plain and chunk.size == chunk_bytes(dataset):
        plain = left_unfiltered(dataset, offset, dataset.id.read_direct_chunk(offset)[1])
    if plain:
        raise PrismError(
            Status.ARGUMENT, f"{dataset.name}: the chunk at {offset} is stored without the filter"
        )
