"""Files of every kind that a copy must keep, made by the builders of copies_objects.py and
copies_data.py. As a script, it makes them with another Python's HDF5.

usage: copies_made.py FOLDER LIBVER   writes NAME.h5 for each kind, and prints the names
"""

import sys
from pathlib import Path

import copies_data  # noqa: F401  (registers its builders)
import copies_objects  # noqa: F401
import h5py
from copies_support import PARTS, WHOLE, NotAvailable

__all__ = ["NAMES", "NotAvailable", "make", "make_all"]

NAMES = [*PARTS, *WHOLE]


def make(path, name, libver):
    """A file of one kind."""
    if name in WHOLE:
        WHOLE[name](path, libver)
        return
    with h5py.File(path, "w", libver=libver) as file:
        PARTS[name](file.create_group(name))


def make_all(path, libver, track_order):
    """All parts in one file."""
    with h5py.File(path, "w", libver=libver, track_order=track_order) as file:
        for name in PARTS:
            try:
                PARTS[name](file.create_group(name, track_order=track_order))
            except NotAvailable:
                del file[name]


def main(folder, libver):
    for name in NAMES:
        path = Path(folder, f"{name}.h5")
        try:
            make(path, name, libver)
            print(name)
        except NotAvailable:
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
