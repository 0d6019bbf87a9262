"""h5prism: an HDF5 filter for arrays whose planes resemble each other.

Embeddings, hyperspectral cubes, feature maps and image stacks are stored losslessly::

    import h5py, h5prism

    with h5py.File("tile.h5", "w") as f:
        f.create_dataset("emb", data=x, chunks=(256, 256, 128), compression=h5prism.Prism())

Importing the package makes the filter known to h5py, where that is installed. Reading needs neither
this package nor an import: the environment variable HDF5_PLUGIN_PATH alone is enough.

`encode` and `decode` do the same to one array without any HDF5. `h5prism.numcodecs` and `h5prism.zarr`
are codecs of the same chunks for Zarr formats 2 and 3.
"""

from ._chunk_shapes import suggest_chunks
from ._chunk_info import ChunkInfo, inspect_chunk
from ._codec import decode, encode, reduced_size
from ._configuration import get_config
from ._errors import PrismError, Status
from ._filter import FILTER_ID, Prism, register
from ._inspect import StoredChunk, inspect
from ._library import LibraryNotFoundError, library_path
from ._parallel import read, write
from ._points import points
from ._references import references
from ._version import __version__

__all__ = [
    "FILTER_ID",
    "ChunkInfo",
    "LibraryNotFoundError",
    "Prism",
    "PrismError",
    "Status",
    "StoredChunk",
    "__version__",
    "decode",
    "encode",
    "get_config",
    "inspect",
    "inspect_chunk",
    "library_path",
    "points",
    "read",
    "reduced_size",
    "references",
    "register",
    "suggest_chunks",
    "write",
]

register()
