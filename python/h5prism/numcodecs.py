"""h5prism chunks for numcodecs, and by it for Zarr format 2, kerchunk and other virtual readers.

The bytes are those of `h5prism.encode` and of the HDF5 filter: a chunk of an HDF5 file is a chunk of
a Zarr array. Installed, the codec is found by its name; from the source tree, importing this module
makes it known. Needs numcodecs.
"""

from __future__ import annotations

from typing import Any

from ._codec import decode, encode
from ._filter import Prism
from ._zarr import given_options

try:
    from numcodecs.abc import Codec
    from numcodecs.compat import ensure_ndarray, ndarray_copy
    from numcodecs.registry import register_codec
except ImportError as reason:
    raise ImportError("h5prism.numcodecs needs the package numcodecs") from reason


class PrismCodec(Codec):  # type: ignore[misc]  # numcodecs has no annotations
    """The compressor `{"id": "h5prism", ...}` of a Zarr array.

    Args:
        **options: the keywords of `h5prism.Prism`. Decoding needs none of them.

    Arrays in Fortran order are encoded as their transpose. Any number of threads may use it.
    """

    codec_id = "h5prism"

    def __init__(self, **options: Any) -> None:
        self._options = given_options(Prism(**options))

    def encode(self, buf: Any) -> bytes:
        """The array as one chunk. Raises PrismError as `h5prism.encode` does."""
        array = ensure_ndarray(buf)
        is_transposed = array.flags.f_contiguous and not array.flags.c_contiguous
        plain = array.T if is_transposed else array
        return encode(plain, **self._options)

    def decode(self, buf: Any, out: Any = None) -> Any:
        """The array in C order, or `out` filled with it. Raises PrismError for damaged bytes."""
        return ndarray_copy(decode(buf), out)

    def get_config(self) -> dict[str, Any]:
        """What Zarr stores: the options that are not the defaults."""
        return {"id": self.codec_id, **self._options}

    def __repr__(self) -> str:
        options = (f"{key}={value!r}" for key, value in self._options.items())
        return f"PrismCodec({', '.join(options)})"


register_codec(PrismCodec)
