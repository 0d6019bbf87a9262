"""The pipelines that are compared: each turns an array into bytes and back, on one thread.

A contender that cannot run here, or not on this array, raises Unavailable with the reason. To add
one, write a class with the methods of Contender, or only another line in `contenders`. What is made
for floats and wide integers is in number_contenders.py.
"""

from __future__ import annotations

import contextlib
import functools
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import h5py
import numpy as np

import h5prism

from .contender import Coded, Contender, Unavailable
from .number_contenders import number_contenders

_BLOSC_LIMIT = 2**31 - 16


class H5prism(Contender):
    """The codec by itself, with these options."""

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(name)
        self.options = options

    def encode(self, array: np.ndarray) -> Coded:
        try:
            blob = h5prism.encode(array, **self.options)
        except h5prism.PrismError as error:
            limits = (h5prism.Status.TYPE, h5prism.Status.SHAPE, h5prism.Status.UNAVAILABLE)
            if error.status in limits:
                raise Unavailable(str(error)) from error
            raise
        return Coded(blob, len(blob))

    def decode(self, coded: Coded, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
        return h5prism.decode(coded.payload)


class Hdf5(Contender):
    """A dataset of one chunk in an HDF5 file in memory, written by h5py with these filters."""

    note = "through h5py"

    def __init__(self, name: str, **filters: Any) -> None:
        super().__init__(name)
        self.filters = filters

    def encode(self, array: np.ndarray) -> Coded:
        with h5py.File(self.name, "w", driver="core", backing_store=False) as file:
            dataset = file.create_dataset("x", data=array, chunks=array.shape, **self.filters)
            file.flush()
            return Coded(file.id.get_file_image(), dataset.id.get_storage_size())

    def decode(self, coded: Coded, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
        with h5py.File(h5py.h5f.open_file_image(coded.payload)) as file:
            return file["x"][()]


class Blosc(Contender):
    """Blosc with zstd, level 9, bit shuffle, by the module python-blosc or numcodecs."""

    def encode(self, array: np.ndarray) -> Coded:
        if array.nbytes >= _BLOSC_LIMIT:
            raise Unavailable("Blosc takes less than 2 GiB")
        blob = bytes(_blosc_codec().encode(array))
        return Coded(blob, len(blob))

    def decode(self, coded: Coded, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
        return np.frombuffer(_blosc_codec().decode(coded.payload), dtype).reshape(shape)


class _PythonBlosc:
    """python-blosc with the two methods that numcodecs has."""

    def __init__(self, blosc: Any) -> None:
        blosc.set_nthreads(1)
        self._blosc = blosc

    def encode(self, array: np.ndarray) -> bytes:
        return self._blosc.compress_ptr(
            array.ctypes.data, array.size, array.itemsize, 9, self._blosc.BITSHUFFLE, "zstd"
        )

    def decode(self, blob: bytes) -> bytes:
        return self._blosc.decompress(blob)


@functools.cache
def _blosc_codec() -> Any:
    with contextlib.suppress(ImportError):
        import blosc

        return _PythonBlosc(blosc)
    with contextlib.suppress(ImportError):
        from numcodecs import blosc

        blosc.set_nthreads(1)
        return blosc.Blosc(cname="zstd", clevel=9, shuffle=blosc.Blosc.BITSHUFFLE)
    raise Unavailable("none of the Python modules hdf5plugin, blosc, numcodecs is installed")


def _blosc(name: str) -> Contender:
    """Blosc as HDF5 users have it, or else the same library without HDF5."""
    try:
        import hdf5plugin
    except ImportError:
        return Blosc(name)
    filters = hdf5plugin.Blosc(cname="zstd", clevel=9, shuffle=hdf5plugin.Blosc.BITSHUFFLE)
    return Hdf5(name, **filters)


class GeoTiff(Contender):
    """One band a plane, DEFLATE at level 9 on horizontal differences, by gdal_translate.

    Everything else is GDAL's default, such as the bands of a pixel side by side.
    """

    note = "includes starting gdal_translate and its files"
    external = True

    # ENVI files are the elements as they are, with a text header beside them. Signed bytes go
    # through as unsigned ones: their differences are the same.
    _ENVI_TYPES: ClassVar = {"u1": 1, "i1": 1, "i2": 2, "u2": 12}
    _INTERLEAVES = ("bsq", "bil", "bip")

    def __init__(self, name: str, axis: int | None) -> None:
        super().__init__(name)
        self.axis = axis

    def encode(self, array: np.ndarray) -> Coded:
        interleave = self._check(array)
        with tempfile.TemporaryDirectory() as folder:
            raw, tiff = Path(folder, "in.raw"), Path(folder, "out.tif")
            array.tofile(raw)
            raw.with_suffix(".hdr").write_text(self._header(array, interleave))
            options = ("COMPRESS=DEFLATE", "ZLEVEL=9", "PREDICTOR=2")
            self._translate("GTiff", options, raw, tiff)
            blob = tiff.read_bytes()
        return Coded(blob, len(blob))

    def decode(self, coded: Coded, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
        interleave = self._INTERLEAVES[self._band_axis(len(shape))]
        with tempfile.TemporaryDirectory() as folder:
            tiff, raw = Path(folder, "in.tif"), Path(folder, "out.raw")
            tiff.write_bytes(coded.payload)
            self._translate("ENVI", (f"INTERLEAVE={interleave.upper()}",), tiff, raw)
            return np.fromfile(raw, dtype.newbyteorder("=")).reshape(shape).astype(dtype)

    def _check(self, array: np.ndarray) -> str:
        """The order of the axes in ENVI's words."""
        if not shutil.which("gdal_translate"):
            raise Unavailable("gdal_translate is not installed")
        if array.dtype.str[1:] not in self._ENVI_TYPES or array.ndim not in (2, 3):
            raise Unavailable("only for 8 and 16 bit integers of rank 2 or 3")
        return self._INTERLEAVES[self._band_axis(array.ndim)]

    def _band_axis(self, rank: int) -> int:
        """The axis of the bands in an array of rank 3; a rank-2 array is one band in front."""
        if rank == 2:
            return 0
        return 2 if self.axis is None else self.axis

    def _header(self, array: np.ndarray, interleave: str) -> str:
        shape = array.shape if array.ndim == 3 else (1, *array.shape)
        axis = self._band_axis(array.ndim)
        lines, samples = (size for index, size in enumerate(shape) if index != axis)
        big = array.dtype != array.dtype.newbyteorder("<")
        return (
            f"ENVI\nsamples = {samples}\nlines = {lines}\nbands = {shape[axis]}\n"
            f"header offset = 0\nfile type = ENVI Standard\n"
            f"data type = {self._ENVI_TYPES[array.dtype.str[1:]]}\n"
            f"interleave = {interleave}\nbyte order = {int(big)}\n"
        )

    @staticmethod
    def _translate(driver: str, options: tuple[str, ...], source: Path, target: Path) -> None:
        creation = [word for option in options for word in ("-co", option)]
        command = ["gdal_translate", "-q", "-of", driver, *creation, str(source), str(target)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise Unavailable(f"gdal_translate failed: {done.stderr.strip()}")


class Video(Contender):
    """Frames along the first axis as a grey video of one codec, losslessly, by ffmpeg."""

    note = "includes starting ffmpeg and its files"
    external = True

    def __init__(self, name: str, *options: str, depths: Sequence[int]) -> None:
        super().__init__(name)
        self.options = options
        self.depths = depths

    def encode(self, array: np.ndarray) -> Coded:
        if not shutil.which("ffmpeg"):
            raise Unavailable("ffmpeg is not installed")
        if array.ndim != 3 or array.dtype.kind != "u" or 8 * array.itemsize not in self.depths:
            bits = " or ".join(map(str, self.depths))
            raise Unavailable(f"only for stacks of unsigned integers of {bits} bits")
        size = f"{array.shape[2]}x{array.shape[1]}"
        raw = ("-f", "rawvideo", "-pixel_format", self._pixels(array.dtype), "-video_size", size)
        plain = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
        blob = self._convert(raw, plain, (*self.options, "-f", "nut"))
        return Coded(blob, len(blob))

    def decode(self, coded: Coded, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
        to = ("-f", "rawvideo", "-pix_fmt", self._pixels(dtype))
        plain = self._convert(("-f", "nut"), coded.payload, to)
        return np.frombuffer(plain, dtype.newbyteorder("<")).reshape(shape).astype(dtype)

    @staticmethod
    def _pixels(dtype: np.dtype) -> str:
        return "gray" if dtype.itemsize == 1 else "gray16le"

    @staticmethod
    def _convert(source: Sequence[str], plain: bytes, target: Sequence[str]) -> bytes:
        quiet = ("ffmpeg", "-hide_banner", "-loglevel", "error", "-y", "-threads", "1")
        with tempfile.TemporaryDirectory() as folder:
            files = Path(folder, "in"), Path(folder, "out")
            files[0].write_bytes(plain)
            command = [*quiet, *source, "-i", str(files[0]), "-threads", "1", *target]
            done = subprocess.run([*command, str(files[1])], capture_output=True, text=True)
            if done.returncode:
                raise Unavailable(f"ffmpeg failed: {done.stderr.strip()}")
            return files[1].read_bytes()


def _videos() -> list[Contender]:
    ffv1 = ("-c:v", "ffv1", "-level", "3", "-coder", "1", "-context", "1", "-g", "1000")
    x264 = ("-c:v", "libx264", "-preset", "veryslow", "-qp", "0", "-pix_fmt", "gray")
    return [
        Video("ffv1", *ffv1, depths=(8, 16)),
        Video("x264-lossless-veryslow", *x264, "-color_range", "pc", depths=(8,)),
    ]


def contenders(
    axis: int | None = None, *, stack: bool = False, wide: bool = False
) -> list[Contender]:
    """All contenders, in the order of the table.

    Args:
        axis: the axis along which the planes lie; None: as h5prism finds it, last for GeoTIFF.
        stack: those for stacks of images, along the first axis unless it is given.
        wide: also those for floats and for integers of more than 16 bits.
    """
    if stack and axis is None:
        axis = 0
    along: dict[str, Any] = {} if axis is None else {"axis": axis}

    def prism(transform: str, predictor: str, coder: str, effort: int) -> Contender:
        return H5prism(
            f"{transform}+{predictor}+{coder}-{effort}",
            transform=transform,
            predictor=predictor,
            coder=coder,
            effort=effort,
            **along,
        )

    def native(effort: int) -> Contender:
        options = {"predictor": "lsq", "coder": "ans", "effort": effort}
        return H5prism(f"lsq+ans-{effort}", **options, **along)

    gzip = Hdf5("gzip-9+shuffle", compression="gzip", compression_opts=9, shuffle=True)
    others = number_contenders() if wide else []
    if stack:
        return [
            gzip,
            *others,
            prism("none", "none", "jxl", 7),
            prism("stack", "paeth", "deflate", 6),
            prism("stack", "none", "jxl", 7),
            *_videos(),
            *(prism("stack", "lsq", "ans", effort) for effort in range(4, 10)),
            H5prism("auto", **along),
        ]
    return [
        gzip,
        _blosc("blosc-zstd-9-bitshuffle"),
        *others,
        GeoTiff("geotiff-deflate-9-predictor-2", axis),
        prism("none", "paeth", "deflate", 6),
        prism("none", "none", "jxl", 3),
        prism("none", "none", "jxl", 7),
        prism("channels", "paeth", "deflate", 6),
        prism("channels", "none", "jxl", 3),
        prism("channels", "none", "jxl", 7),
        *(native(effort) for effort in range(1, 10)),
        H5prism("auto", **along),
    ]


def is_wide(dtype: np.dtype) -> bool:
    """Floats and integers of more than 16 bits."""
    return dtype.kind == "f" or dtype.itemsize > 2


def chosen(
    names: Sequence[str] | None,
    axis: int | None = None,
    *,
    stack: bool = False,
    wide: bool = False,
) -> list[Contender]:
    """The contenders of these names, all for None. Raises KeyError for an unknown name."""
    if names is None:
        return contenders(axis, stack=stack, wide=wide)
    every = {contender.name: contender for contender in contenders(axis, stack=not stack)}
    every |= {contender.name: contender for contender in contenders(axis, stack=stack, wide=True)}
    return [every[name] for name in names]
