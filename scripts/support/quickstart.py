"""scripts/quickstart: the main job on real input, step by step, with what came of it."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np

import h5prism

from .arrays import InputError, chunk_shape, load, middle
from .contenders import chosen
from .measure import Row, measure
from .other_programs import CheckError, check, stored_size
from .pictures import save_picture
from .table import format_table

_NAME = "emb"
_TABLE = (
    "gzip-9+shuffle",
    "none+paeth+deflate-6",
    "channels+paeth+deflate-6",
    "none+none+jxl-7",
    "channels+none+jxl-7",
    "auto",
)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/quickstart",
        description="Installs and builds what is missing, stores an array in an HDF5 file through "
        "the filter, reads it back with other programs, compares, and draws the result.",
    )
    parser.add_argument(
        "array",
        nargs="?",
        metavar="FILE",
        help="x.npy or x.h5, integers or floats; without it, image descriptors of a photograph",
    )
    parser.add_argument("--dataset", metavar="NAME", help="the dataset in FILE, if there are more")
    parser.add_argument("--output", type=Path, default=Path("quickstart-output"), metavar="FOLDER")
    return parser.parse_args()


def _input(arguments: argparse.Namespace) -> tuple[str, np.ndarray, np.ndarray | None]:
    """A description, the array, and the scales that belong to it, if any."""
    if arguments.array:
        return Path(arguments.array).name, load(arguments.array, arguments.dataset), None
    # scikit-image takes seconds to load: only where it is needed.
    from .descriptors import descriptors

    found = descriptors()
    return f'DAISY descriptors of "{found.photograph}"', found.values, found.scales


def _write(file: Path, array: np.ndarray, scales: np.ndarray | None) -> float:
    """Writes the file; returns the seconds that the compressed dataset took."""
    with h5py.File(file, "w") as opened:
        start = time.perf_counter()
        opened.create_dataset(
            _NAME, data=array, chunks=chunk_shape(array), compression=h5prism.Prism()
        )
        opened.flush()
        seconds = time.perf_counter() - start
        if scales is not None:
            opened.create_dataset("scales", data=scales, compression="gzip", shuffle=True)
    return seconds


def _measure(array: np.ndarray) -> tuple[np.ndarray, list[Row]]:
    """The table of the pipelines, on one chunk from the middle of the array."""
    part = middle(array, chunk_shape(array))
    return part, measure(chosen(_TABLE), part, repeat=1, warm_ups=0)


def _shape(array: np.ndarray) -> str:
    return f"{' x '.join(map(str, array.shape))} {array.dtype}, {array.nbytes:,} bytes"


def _run(arguments: argparse.Namespace) -> bool:
    title, array, scales = _input(arguments)
    print(f"input   {title}: {_shape(array)}")
    # An unsupported type ends here: h5py's error would not say why.
    h5prism.encode(array[(slice(1),) * array.ndim])
    arguments.output.mkdir(parents=True, exist_ok=True)
    file = arguments.output / "quickstart.h5"
    seconds = _write(file, array, scales)
    size = stored_size(file, _NAME)
    speed = array.nbytes / 1e6 / seconds
    print(
        f"write   h5py, compression=h5prism.Prism(): {size:,} bytes, "
        f"{100 * size / array.nbytes:.1f} %, {speed:.1f} MB/s; every chunk went through the filter"
    )
    with tempfile.TemporaryDirectory() as scratch:
        for line in check(file, _NAME, array, Path(scratch)):
            print(f"read    bit for bit the same: {line}", flush=True)
    print("\nThe pipelines compared, one thread:", flush=True)
    part, rows = _measure(array)
    if part.size < array.size:
        print(f"(on one chunk from the middle: {_shape(part)})")
    print(format_table(rows))
    picture = arguments.output / "quickstart.png"
    save_picture(picture, f"{title}, {part.nbytes / 1e6:.2f} MB", part, rows)
    print(f"\nSee {picture} and {file}. To read the file with any HDF5 program:")
    print(f"  export HDF5_PLUGIN_PATH={h5prism.library_path().parent}")
    return not any(row.failed for row in rows)


def main() -> int:
    """Returns 0 if everything was the same everywhere."""
    arguments = _arguments()
    try:
        return 0 if _run(arguments) else 1
    except (InputError, CheckError, h5prism.PrismError) as reason:
        print(f"quickstart: {reason}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
