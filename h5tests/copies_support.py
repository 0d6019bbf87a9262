"""What the files are built with that test copies: a registry of builders, each of one kind and with a
name, and what h5py does not offer.

PARTS fill a group, so that each stands alone in a file or beside all others in one; WHOLE make a file
that is itself of a kind. Builders that an old format, or an old HDF5, has no room for raise
NotAvailable. Needs h5py and NumPy alone.
"""

import ctypes
import itertools
from pathlib import Path

import h5py
import numpy as np
from h5py import h5d, h5p

PARTS, WHOLE = {}, {}

# Compresses well, and is large enough for repack to take it.
SMOOTH = (np.arange(96 * 80).reshape(96, 80) // 7).astype("<i2")
CHUNKS = (40, 64)  # with edges

SEQUENCES, WORDS = h5py.vlen_dtype("<i4"), h5py.string_dtype()
COMPOUND = np.dtype([("number", "<i4"), ("inner", [("x", ">f8"), ("y", "u1", (2, 3))])])


class NotAvailable(Exception):
    """The format or the library has no such thing."""


def part(build):
    """Registers build(group) by its name, with dashes."""
    PARTS[build.__name__.replace("_", "-")] = build
    return build


def parts(*choices):
    """Registers build(group, *choice) for each way to choose one of each."""

    def register(build):
        for choice in itertools.product(*choices):
            name = "-".join([build.__name__.replace("_", "-"), *map(str, choice)])
            PARTS[name] = lambda group, choice=choice: build(group, *choice)
        return build

    return register


def whole(build):
    """Registers build(path, libver), which writes the file."""
    WHOLE[build.__name__.replace("_", "-")] = build
    return build


# ---- Helpers ----


def is_new(group):
    """Whether the file has the formats of HDF5 1.8 and later."""
    return group.file.libver[0] != "earliest"


def needs_new(group):
    if not is_new(group):
        raise NotAvailable("the oldest format has no room for it")


def loaded_hdf5():
    """The library that h5py works with, for what h5py does not offer."""
    with open("/proc/self/maps") as maps:
        paths = {line.split()[-1] for line in maps if "libhdf5" in line}
    return ctypes.CDLL(next(path for path in sorted(paths) if "_hl" not in path))


def call(name, *arguments):
    function = getattr(loaded_hdf5(), name)
    function.restype = ctypes.c_int64
    wide = [ctypes.c_int64(a) if isinstance(a, int) else a for a in arguments]
    result = function(*wide)
    assert result >= 0, name
    return result


def low_level(group, name, kind, space, plist=None):
    """A dataset of an HDF5 type that no NumPy type stands for."""
    return h5py.Dataset(h5d.create(group.id, name.encode(), kind, space, plist))


def creation(**settings):
    """A property list for datasets: chunk=(..), fill_time=.., as h5py's set_ methods are called."""
    plist = h5p.create(h5p.DATASET_CREATE)
    for key, value in settings.items():
        getattr(plist, f"set_{key}")(value)
    return plist


def write_bytes(dataset, data):
    """Elements as they are in memory, of any type."""
    call("H5Dwrite", dataset.id.id, dataset.id.get_type().id, 0, 0, 0, data)


def smooth(group, name="smooth", **options):
    """A dataset that repack compresses."""
    return group.create_dataset(name, data=SMOOTH, **{"chunks": CHUNKS, **options})


def in_folder(group, name):
    return Path(group.file.filename).parent / name


def tail(group):
    """A word of its own for files beside the file."""
    return group.name.strip("/").replace("/", ".") or "root"
