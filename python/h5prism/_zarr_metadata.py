"""Datasets of HDF5 as arrays of Zarr: codecs, fill values, dimensions, attributes.

Readers of references agree on little. These spellings are those that xarray, VirtualiZarr, kerchunk
and Icechunk all take: in format 2 all codecs stand among `filters`, since VirtualiZarr reads no
`compressor`; in format 3 what numcodecs has is named `numcodecs.NAME`.
"""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from ._errors import PrismError, Status
from ._filter import FILTER_ID, Prism
from ._zarr import given_options

if TYPE_CHECKING:
    import h5py

Codec = dict[str, Any]

_DEFLATE, _SHUFFLE, _FLETCHER32, _ZSTD = 1, 2, 3, 32015

# What HDF5 and netCDF keep for themselves.
_HIDDEN = {
    "CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST", "DIMENSION_LABELS",
    "_Netcdf4Dimid", "_Netcdf4Coordinates", "_nc3_strict", "_NCProperties",
}  # fmt: skip
_NO_VARIABLE = b"This is a netCDF dimension but not a netCDF variable"


def is_bare_dimension(dataset: h5py.Dataset) -> bool:
    """Whether the dataset is only there to give a dimension of netCDF its name and length."""
    name = dataset.attrs.get("NAME", b"")
    return isinstance(name, bytes) and name.startswith(_NO_VARIABLE)


# ---- Codecs ----


def codecs_of(dataset: h5py.Dataset) -> list[Codec]:
    """The dataset's filters as numcodecs spells them, in the order in which they encode. Raises
    PrismError for a filter that numcodecs does not have."""
    pipeline = dataset.id.get_create_plist()
    filters = (pipeline.get_filter(index) for index in range(pipeline.get_nfilters()))
    return [_codec(dataset, number, values) for number, _, values, _ in filters]


def _codec(dataset: h5py.Dataset, number: int, values: tuple[int, ...]) -> Codec:
    if number == FILTER_ID:
        return {"id": "h5prism", **given_options(Prism.from_filter_options(values))}
    if number == _DEFLATE:
        return {"id": "zlib", "level": values[0]}
    if number == _SHUFFLE:
        return {"id": "shuffle", "elementsize": values[0]}
    if number == _FLETCHER32:
        return {"id": "fletcher32"}
    if number == _ZSTD:
        return {"id": "zstd", "level": values[0] if values else 3}
    raise PrismError(
        Status.ARGUMENT,
        f"{dataset.name}: filter {number} has no codec, so it cannot be referred to",
    )


def _codecs_of_format_3(dataset: h5py.Dataset) -> list[Codec]:
    """h5prism makes bytes of the array, unless a filter before it has done so."""
    codecs = codecs_of(dataset)
    made = []
    if codecs and codecs[0]["id"] == "h5prism":
        first = codecs.pop(0)
        made.append({"name": first.pop("id"), "configuration": first})
    else:
        order = "big" if dataset.dtype.str[0] == ">" else "little"
        made.append({"name": "bytes", "configuration": {"endian": order}})
    for codec in codecs:
        made.append({"name": f"numcodecs.{codec.pop('id')}", "configuration": codec})
    return made


# ---- Fill values ----


def fill_value(dataset: h5py.Dataset) -> Any:
    """The value of missing elements, as a numpy scalar, or None: readers (xarray) take elements of
    this value for missing ones, so that there is one only where somebody has set it.

    netCDF gives every dataset one. Only its attribute says whether it means anything.
    """
    from h5py import h5d

    if "_FillValue" in dataset.attrs:
        return _as_element(dataset, np.asarray(_value(dataset, "_FillValue")).reshape(-1))
    properties = dataset.id.get_create_plist()
    is_set = properties.fill_value_defined() == h5d.FILL_VALUE_USER_DEFINED
    if not is_set or properties.get_fill_time() == h5d.FILL_TIME_NEVER or _is_netcdf(dataset):
        return None
    return dataset.fillvalue


def _as_element(dataset: h5py.Dataset, given: np.ndarray) -> Any:
    """None where no element has that value: another one would be taken for missing."""
    kind = dataset.dtype.kind
    if not given.size or given.dtype.kind not in ("SUO" if kind == "S" else "biuf"):
        return None
    if kind == "S":
        text = given[0]
        return np.array(text if isinstance(text, bytes) else str(text).encode(), dataset.dtype)[()]
    with np.errstate(invalid="ignore"):
        value = given[:1].astype(dataset.dtype)[0]
    is_rounded = kind == given.dtype.kind == "f"
    return value if is_rounded or value == given[0] else None


def _is_netcdf(dataset: h5py.Dataset) -> bool:
    return "_NCProperties" in dataset.file.attrs or "_Netcdf4Dimid" in dataset.attrs


def _spelled(value: Any) -> Any:
    """A fill value as Zarr spells it."""
    if value is None:
        return None
    if value.dtype.kind == "S":
        return base64.b64encode(value).decode()
    if value.dtype.kind == "f" and not np.isfinite(value):
        return "NaN" if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value.item()


def _attribute_of_xarray(value: Any) -> Any:
    """A fill value as xarray spells the attribute _FillValue in format 3."""
    if value.dtype.kind == "f":
        return base64.b64encode(struct.pack("<d", float(value))).decode()
    return value.item()


# ---- Attributes, dimensions ----


def attributes_of(item: h5py.Dataset | h5py.Group) -> dict[str, Any]:
    """Attributes that JSON can say: texts, numbers, lists of these. Those of one element are that
    element, as for netCDF."""
    found = {}
    for name in item.attrs:
        if name not in _HIDDEN and name != "_FillValue":
            value = _json(_value(item, name))
            if value is not None:
                found[name] = value
    return found


def _value(item: h5py.Dataset | h5py.Group, name: str) -> Any:
    try:
        return item.attrs[name]
    except TypeError:  # of a type that numpy does not have, such as HDF5's times
        return None


def _json(value: Any) -> Any:
    """None for what JSON cannot say: references, structures, nothing."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, str):
        return value
    array = np.asarray(value)
    if array.dtype.kind == "O" and all(isinstance(part, str) for part in array.flat):
        parts = array.tolist()
    elif array.dtype.kind == "S":
        parts = np.char.decode(array, "utf-8", "replace").tolist()
    elif array.dtype.kind in "biuf" and array.dtype.itemsize <= 8:
        parts = array.tolist()
    else:
        return None
    return parts[0] if array.shape == (1,) else parts


def dimensions_of(dataset: h5py.Dataset) -> list[str]:
    """The names of the axes: of their scales, or their labels, or else by their lengths, so that axes
    of one name have one length."""
    named = [_dimension_name(dataset, axis) for axis in range(dataset.ndim)]
    for axis, name in enumerate(named):
        again = named[:axis].count(name)
        if again:
            named[axis] = f"{name}_{again + 1}"
    return named


def _dimension_name(dataset: h5py.Dataset, axis: int) -> str:
    from h5py import h5ds

    dimension = dataset.dims[axis]
    if len(dimension):
        return _last_part(dimension[0].name)
    if dataset.ndim == 1 and h5ds.is_scale(dataset.id):
        return _last_part(dataset.name)
    return str(dimension.label) or f"phony_dim_{dataset.shape[axis]}"


def _last_part(name: str) -> str:
    return name.rsplit("/", 1)[-1]


# ---- Arrays ----


def chunk_shape(dataset: h5py.Dataset) -> tuple[int, ...]:
    """All of the dataset, where it is not in chunks. Zarr has no chunks without elements."""
    shape: tuple[int, ...] = dataset.chunks or tuple(max(size, 1) for size in dataset.shape)
    return shape


def array_of_format_2(dataset: h5py.Dataset) -> dict[str, Any]:
    return {
        "zarr_format": 2,
        "shape": dataset.shape,
        "chunks": chunk_shape(dataset),
        "dtype": dataset.dtype.str,
        "compressor": None,
        "filters": codecs_of(dataset) or None,
        "order": "C",
        "fill_value": _spelled(fill_value(dataset)),
    }


def array_of_format_3(dataset: h5py.Dataset) -> dict[str, Any]:
    fill = fill_value(dataset)
    attributes = attributes_of(dataset)
    if fill is not None:
        attributes["_FillValue"] = _attribute_of_xarray(fill)
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": dataset.shape,
        "data_type": dataset.dtype.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk_shape(dataset)}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": _spelled(dataset.fillvalue if fill is None else fill),
        "codecs": _codecs_of_format_3(dataset),
        "dimension_names": dimensions_of(dataset),
        "attributes": attributes,
    }
