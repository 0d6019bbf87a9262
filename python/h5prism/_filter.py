"""The HDF5 filter as h5py knows it: its number, its parameters, and where its plugin is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from . import _options
from ._hdf5_libraries import reach_all
from ._library import library_path
from ._options import Access, Axis, Coder, OptionValue, Order, Predictor, Reference, Transform

try:
    import h5py
except ImportError:
    # The codec and Prism's parameters work without h5py; only reading and writing files does not.
    h5py = None

FILTER_ID = 33128

if TYPE_CHECKING:
    _FilterBase = Mapping[str, Any]
else:
    _FilterBase = h5py.filters.FilterRefBase if h5py else Mapping


class Prism(_FilterBase):
    """How h5prism compresses a dataset.

    Both spellings are the same to h5py::

        group.create_dataset("emb", data=x, chunks=(256, 256, 128), compression=h5prism.Prism())
        group.create_dataset("emb", data=x, chunks=(256, 256, 128), **h5prism.Prism())

    All options are kept in the file. Immutable, hashable, equal if all options are equal.

    Args:
        transform: what ties the planes of a chunk together: "auto" (decided from the data), "none",
            "channels" (reversible Cholesky decorrelation), "stack" (frames, each from the ones most
            like it; with "deflate" and "jxl").
        predictor: prediction inside and between planes: "auto", "none", "paeth", "lsq" (least
            squares; goes with "ans").
        coder: "auto", "deflate" (zlib), "jxl" (JPEG XL), "ans" (the native coder, goes with "lsq"),
            "zstd" (elements of any type after differences and shuffles; goes with no other stage).
        effort: 1 (fastest) to 9 (smallest): the zlib level, the libjxl effort, or how much the
            native coder fits.
        axis: the axis along which the planes of a chunk lie, or "auto"; -1 is the last (of complex and
            structured elements, that of their numbers), whatever the rank.
        checksum: keep checksums in each chunk.
        verify: decode each chunk after encoding it and compare.
        threads: threads that one chunk may use in writing and reading; the environment variable
            H5PRISM_THREADS (a number, or "auto": one for each processor) overrides it. No byte
            depends on it.
        block: 0, or 4, 8, 16, 32 or 64: elements are coded in blocks of so many positions
            along both axes of the pictures, which can be decoded alone: `points`, `read`
            and `decode` with a region take no more than the blocks that they need.
        access: the block in words, by what is read at a time: "whole" chunks (0), a "patch" (16), a
            "pixel" (8). Not together with `block`; kept as `block`.
        order: "auto", or "stored": planes are coded as they come, so that the first ones can be
            decoded without the bytes of the others; with or without `block`.
        max_error: lossy: no element is further than that from its own. Lossless without a bound;
            one at most.
        rel_max_error: the same, as a share of the range of each chunk's finite elements.
        rel_rmse: lossy: the root mean square error of each chunk, as a share of what `of` says:
            0.01 is 1 %.
        of: "rms", the root mean square of a chunk's elements, or "deviation", that of their
            differences from the mean of their plane. Goes with `rel_rmse`.
        distance: lossy, with coder "jxl" and integers of 8 and 16 bits: the Butteraugli distance
            that libjxl aims at, 1 for what the eye does not see. Bounds no element.
        missing: elements equal to it are missing data, which bounds leave as they are. For `encode`
            and Zarr; in an HDF5 file, that is the fill value of the dataset.

    A bound is a float32 in the file: the next one below, where it is none.

    Raises:
        PrismError: for a value out of its range, for two bounds, for stages that do not go together.
    """

    filter_id = FILTER_ID

    def __init__(
        self,
        *,
        transform: Transform = "auto",
        predictor: Predictor = "auto",
        coder: Coder = "auto",
        effort: int = 5,
        axis: Axis = "auto",
        checksum: bool = True,
        verify: bool = False,
        threads: int = 1,
        block: int = 0,
        access: Access | None = None,
        order: Order = "auto",
        max_error: float | None = None,
        rel_max_error: float | None = None,
        rel_rmse: float | None = None,
        of: Reference = "rms",
        distance: float | None = None,
        missing: float | None = None,
    ) -> None:
        struct = _options.from_keywords(
            {
                "transform": transform,
                "predictor": predictor,
                "coder": coder,
                "effort": effort,
                "axis": axis,
                "checksum": checksum,
                "verify": verify,
                "threads": threads,
                "block": block,
                "access": access,
                "order": order,
                "max_error": max_error,
                "rel_max_error": rel_max_error,
                "rel_rmse": rel_rmse,
                "of": of,
                "distance": distance,
                "missing": missing,
            }
        )
        self._config = _options.to_keywords(struct)
        self._struct = struct

    @classmethod
    def from_filter_options(cls, filter_options: Iterable[int]) -> Prism:
        """The filter with the parameters that a file stores (`cd_values`).

        Fewer words than `filter_options` has are allowed, none at all are the defaults; the words
        that describe the chunk, which a file has at the end, are ignored. Raises PrismError.
        """
        return cls(**_options.to_keywords(_options.from_words(filter_options)))

    @property
    def filter_options(self) -> tuple[int, ...]:
        """The parameters as HDF5 takes them: 32-bit words. Raises PrismError for `missing`."""
        return _options.to_words(self._struct)

    def get_config(self) -> dict[str, OptionValue]:
        """All options: `Prism(**p.get_config()) == p`."""
        return dict(self._config)

    def __getitem__(self, key: str) -> Any:
        return {"compression": self.filter_id, "compression_opts": self.filter_options}[key]

    def __iter__(self) -> Iterator[str]:
        return iter(("compression", "compression_opts"))

    def __len__(self) -> int:
        return 2

    def __eq__(self, other: object) -> bool:
        return self._config == other._config if isinstance(other, Prism) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.filter_id, *self._config.items()))

    def __repr__(self) -> str:
        return f"Prism({', '.join(f'{key}={value!r}' for key, value in self._config.items())})"


def register() -> None:
    """Makes the filter known to every HDF5 library of this process, for reading and for writing.

    These are the libraries that h5py, netCDF4, PyTables and others have loaded, and those that Python
    modules load later. The plugin's folder is put in front of the plugin search path of each.
    Importing the package calls this. Calling it again is harmless, and finds what was loaded
    otherwise since then, while no other thread uses HDF5. Raises LibraryNotFoundError.
    """
    reach_all(os.fsencode(library_path().parent))
