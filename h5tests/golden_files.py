"""Files of several HDF5 versions, with every type, byte order and method: what is in them.

`python3 h5tests/golden_files.py LAYOUT...`, by the Python of any h5py, adds files of its HDF5 to
h5tests/golden/files; those that are there are never written again. Elements come from whole numbers
(`generated.py`), and each dataset has the CRC-32 of what HDF5 decoded as an attribute.
"""

import sys
import zlib
from pathlib import Path

import h5py
import numpy as np

HERE = Path(__file__).resolve().parent
FILES = HERE / "golden" / "files"
sys.path.append(str(HERE.parent / "python"))  # as a script, too

from generated import displaced, drawing, embedding, hashed, regions, stack, time_series  # noqa: E402

TYPES = ["i1", "u1", *(order + kind for kind in ("i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8")
                       for order in "<>")]  # fmt: skip
NATIVE = {"transform": "channels", "predictor": "lsq", "coder": "ans"}
FRAMES = NATIVE | {"transform": "stack", "axis": 0}


def of_type(name):
    """Related planes; wide numbers use more than 16 bits."""
    dtype = np.dtype(name)
    values = embedding(10, 12, 6, "int8").astype("i8") + (128 if dtype.kind == "u" else 0)
    if dtype.kind == "f":
        return (values / 8).astype(dtype)
    return (values * (1 << 8 * (dtype.itemsize - 1)) // 3).astype(dtype)


def with_gaps():
    array = embedding(24, 28, 4, "int16")
    array[9:14, 5:20] = -9999
    return array


def series():
    return np.ascontiguousarray(time_series(3, 5, 14, 12).transpose(3, 1, 2, 0))


# An array and options. Of what is lossy, the elements are those that were decoded first.
SOURCES = {
    **{f"type {name}": (lambda name=name: of_type(name), {}) for name in TYPES},
    "quick": (lambda: embedding(20, 24, 8, "int8"), NATIVE | {"effort": 1}),
    "lsq": (lambda: embedding(20, 24, 8, "int16"), NATIVE | {"effort": 5}),
    "lsq wide": (lambda: displaced(40, 45), NATIVE | {"effort": 6}),
    "adaptive": (lambda: embedding(20, 24, 8, "uint8"), NATIVE | {"effort": 9}),
    "palette": (lambda: drawing(48, 64), {"effort": 5}),
    "colours": (lambda: regions(64, 80, 4), {"effort": 5}),
    "frames": (lambda: stack(5, 24, 30), FRAMES | {"effort": 5}),
    "mixed": (lambda: stack(5, 24, 30), FRAMES | {"effort": 9}),
    "order0": (lambda: (hashed((60, 70), 9) % 100).astype("u1"), NATIVE | {"transform": "none"}),
    "deflate": (
        lambda: embedding(20, 24, 6, "int8"),
        {"transform": "channels", "predictor": "paeth", "coder": "deflate"},
    ),
    "zstd": (lambda: np.arange(900) * 0.004 - 99.999, {"coder": "zstd"}),
    "jxl": (
        lambda: embedding(20, 24, 4, "uint16"),
        {"transform": "channels", "predictor": "none", "coder": "jxl"},
    ),
    "blocks": (lambda: embedding(21, 30, 6, "int8"), NATIVE | {"block": 8, "axis": 2}),
    "mask": (with_gaps, {"effort": 5}),
    "roles": (series, {"effort": 5}),
    "noise": (lambda: (hashed((9, 40), 3) % 256).astype("u1"), {}),
    "max_error": (lambda: embedding(20, 24, 6, "int16"), {"max_error": 9}),
    "rel_rmse": (
        lambda: embedding(20, 24, 12, "int16").astype("f4"),
        {"rel_rmse": 0.02, "axis": 2},
    ),
}
LOSSY = {"max_error", "rel_rmse"}

def chunks_of(array):
    """The last one is cut by the array's end, where there are several."""
    return (7, *array.shape[1:]) if array.shape[0] == 10 else array.shape


def sum_of(array):
    """Of the bytes alone: types of HDF5 may have names."""
    return zlib.crc32(array.astype(array.dtype.str).tobytes())


def files(newest=(99,)):
    """Those that HDF5 of that version can open."""
    return [path for path in sorted(FILES.glob("*.h5")) if version_of(path) <= newest]


def version_of(path):
    """The HDF5 that reads it: of the newest layout, the one that wrote it; of the oldest, any."""
    _, version, layout = path.stem.split("-")
    return tuple(map(int, version.split("."))) if layout == "latest" else (0,)


def add(layout):
    import h5prism

    path = FILES / f"hdf5-{h5py.version.hdf5_version}-{layout}.h5"
    if path.exists():
        raise SystemExit(f"{path} exists already")
    with h5py.File(path, "w", libver=layout) as file:
        for name, (make, options) in SOURCES.items():
            array = make()
            file.create_dataset(
                name, data=array, chunks=chunks_of(array), **h5prism.Prism(**options)
            )
    with h5py.File(path, "r+", libver=layout) as file:  # what HDF5 has decoded
        for dataset in file.values():
            dataset.attrs["crc32"] = np.uint32(sum_of(dataset[...]))


if __name__ == "__main__":
    FILES.mkdir(exist_ok=True)
    for chosen in sys.argv[1:]:
        add(chosen)
