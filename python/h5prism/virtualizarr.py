"""A parser for VirtualiZarr, whose own parser of HDF5 files refuses filters that it does not know::

    open_virtual_dataset(url, registry=registry, parser=h5prism.virtualizarr.PrismParser())

Needs VirtualiZarr 2 and h5py.
"""

from __future__ import annotations

import json
import warnings
from typing import Any

from ._references import references

try:
    import h5py
    from obspec_utils.readers import BlockStoreReader
    from virtualizarr.manifests import ManifestStore
    from virtualizarr.parsers.kerchunk.translator import manifestgroup_from_kerchunk_refs
except ImportError as reason:
    raise ImportError("h5prism.virtualizarr needs the package virtualizarr, version 2") from reason


class PrismParser:
    """HDF5 and netCDF files as virtual Zarr stores, by `h5prism.references`.

    Variables of which the references hold elements, since these have no place in the file, are left
    out with a warning: VirtualiZarr (2.5) does not take them.

    Args:
        group: the group that is the root of the store; that of the file by default.
    """

    def __init__(self, group: str = "/") -> None:
        self.group = group

    def __call__(self, url: str, registry: Any) -> ManifestStore:
        """What VirtualiZarr calls, with its registry of stores. Raises PrismError as `references` does."""
        store, path = registry.resolve(url)
        with h5py.File(BlockStoreReader(store, path), "r") as file:
            found = json.loads(json.dumps(references(file[self.group], url)))
        inlined = _inlined(found["refs"])
        if inlined:
            warnings.warn(f"without place in the file: {', '.join(inlined)}", stacklevel=2)
        group = manifestgroup_from_kerchunk_refs(found, skip_variables=inlined)
        return ManifestStore(group=group, registry=registry)


def _inlined(refs: dict[str, Any]) -> list[str]:
    """Variables of the root that hold elements."""
    chunks = (key.split("/") for key, place in refs.items() if isinstance(place, str))
    return sorted({key[0] for key in chunks if len(key) == 2 and not key[1].startswith(".z")})
