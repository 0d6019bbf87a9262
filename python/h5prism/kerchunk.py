"""kerchunk's translator of HDF5 files, with this filter::

    from h5prism.kerchunk import SingleHdf5ToZarr

    SingleHdf5ToZarr("file.h5").translate()

kerchunk (0.2.10) has no list of filters to which a package could add its own: those that it knows stand in a
method, and this class overrides that. All else is kerchunk's. Where nothing of it is needed,
`h5prism.references` does the same without kerchunk.
"""

from __future__ import annotations

from typing import Any

from ._filter import FILTER_ID
from ._zarr_metadata import codecs_of

try:
    import kerchunk.hdf
    import numcodecs
except ImportError as reason:
    raise ImportError("h5prism.kerchunk needs the package kerchunk") from reason

from . import numcodecs as _own  # noqa: F401  # makes the codec known


class SingleHdf5ToZarr(kerchunk.hdf.SingleHdf5ToZarr):  # type: ignore[misc]
    """As kerchunk's, with the same arguments. Variables compressed by this filter may have others, too,
    as far as `h5prism.references` knows them."""

    def _decode_filters(self, h5obj: Any) -> list[Any]:
        pipeline = h5obj.id.get_create_plist()
        numbers = [pipeline.get_filter(index)[0] for index in range(pipeline.get_nfilters())]
        if FILTER_ID in numbers:  # kerchunk leaves the four bytes of a checksum out by itself
            found = (codec for codec in codecs_of(h5obj) if codec["id"] != "fletcher32")
            return [numcodecs.get_codec(codec) for codec in found]
        filters: list[Any] = super()._decode_filters(h5obj)
        return filters
