"""h5prism chunks for Zarr format 3: the array-to-bytes codec `h5prism`.

The bytes are those of `h5prism.encode` and of the HDF5 filter. Installed, the codec is found by its
name; from the source tree, importing this module makes it known. Needs zarr 3.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._codec import decode, encode
from ._elements import from_numbers, numbers_of
from ._errors import PrismError, Status
from ._filter import Prism
from ._zarr import given_options

try:
    from zarr.abc.codec import ArrayBytesCodec
    from zarr.registry import register_codec
except ImportError as reason:
    raise ImportError("h5prism.zarr needs the package zarr, version 3") from reason

if TYPE_CHECKING:
    from zarr.core.array_spec import ArraySpec
    from zarr.core.buffer import Buffer, NDBuffer


@dataclass(frozen=True, init=False)
class PrismCodec(ArrayBytesCodec):
    """The serializer `{"name": "h5prism", "configuration": {...}}` of a Zarr array.

    Args:
        **options: the keywords of `h5prism.Prism`. Decoding needs none of them.

    Chunks are encoded and decoded in threads, as many at a time as Zarr's configuration allows.
    """

    prism: Prism

    is_fixed_size = False

    def __init__(self, **options: Any) -> None:
        object.__setattr__(self, "prism", Prism(**options))

    @classmethod
    def from_dict(cls, data: Any) -> PrismCodec:
        return cls(**data.get("configuration", {}))

    def to_dict(self) -> Any:
        """The metadata that Zarr stores: the options that are not the defaults."""
        return {"name": "h5prism", "configuration": given_options(self.prism)}

    async def _encode_single(self, chunk_array: NDBuffer, chunk_spec: ArraySpec) -> Buffer:
        """Raises PrismError as `h5prism.encode` does."""
        options = given_options(self.prism)
        blob = await asyncio.to_thread(encode, chunk_array.as_numpy_array(), **options)
        return chunk_spec.prototype.buffer.from_bytes(blob)

    async def _decode_single(self, chunk_bytes: Buffer, chunk_spec: ArraySpec) -> NDBuffer:
        """Raises PrismError for damaged bytes, and for a chunk of another array."""
        array = await asyncio.to_thread(decode, chunk_bytes.as_numpy_array())
        dtype = chunk_spec.dtype.to_native_dtype()
        kind, count = numbers_of(dtype)
        same = kind.newbyteorder("=") == array.dtype.newbyteorder("=")
        if not same or math.prod(chunk_spec.shape) * count != array.size:
            raise PrismError(
                Status.CORRUPT,
                f"a chunk holds {array.size} elements of type {array.dtype} where the array's "
                f"chunks have {math.prod(chunk_spec.shape) * count} of type {kind}",
            )
        values = from_numbers(array, dtype).reshape(chunk_spec.shape)
        return chunk_spec.prototype.nd_buffer.from_numpy_array(values)

    def compute_encoded_size(self, input_byte_length: int, chunk_spec: ArraySpec) -> int:
        raise NotImplementedError  # as Zarr wants it where the size depends on the elements


register_codec("h5prism", PrismCodec)
