"""Lossless compressors that are made for floats and wide integers, each from its Python wheel.

They take elements in the machine's byte order, and some of them no more than four dimensions.
"""

from __future__ import annotations

import importlib
import math
import multiprocessing
from abc import abstractmethod
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from .contender import Coded, Contender, Unavailable

_BLOSC2_LIMIT = 2**31 - 32


class NumberContender(Contender):
    """A compressor that sees the array in native byte order; `module` is what it needs."""

    module: ClassVar[str]
    types: ClassVar[tuple[str, ...]]  # kinds and sizes of elements, as numpy writes them

    def encode(self, array: np.ndarray) -> Coded:
        if array.dtype.str[1:] not in self.types:
            raise Unavailable(f"only for elements of type {', '.join(self.types)}")
        native = array.astype(array.dtype.newbyteorder("="))
        blob = self._compress(self._imported(), native)
        return Coded(blob, len(blob))

    def decode(self, coded: Coded, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
        native = dtype.newbyteorder("=")
        found = self._decompress(self._imported(), coded.payload)
        return np.frombuffer(found, native).reshape(shape).astype(dtype)

    def _imported(self) -> ModuleType:
        try:
            return importlib.import_module(self.module)
        except ImportError as reason:
            raise Unavailable(f"the Python module {self.module} is not installed") from reason

    @abstractmethod
    def _compress(self, module: Any, array: np.ndarray) -> bytes: ...

    @abstractmethod
    def _decompress(self, module: Any, blob: bytes) -> Any:
        """The elements as anything with a buffer."""


class Blosc2(NumberContender):
    """Blosc2 with zstd, level 9, after one of its shuffles."""

    module = "blosc2"
    types = ("f2", "f4", "f8", "i4", "u4", "i8", "u8")

    def __init__(self, name: str, shuffle: str) -> None:
        super().__init__(name)
        self.shuffle = shuffle

    def _compress(self, module: Any, array: np.ndarray) -> bytes:
        if array.nbytes >= _BLOSC2_LIMIT:
            raise Unavailable("Blosc2 takes less than 2 GiB")
        return module.compress2(
            array,
            codec=module.Codec.ZSTD,
            clevel=9,
            filters=[module.Filter[self.shuffle]],
            typesize=array.itemsize,
            nthreads=1,
        )

    def _decompress(self, module: Any, blob: bytes) -> Any:
        return module.decompress2(blob, nthreads=1)


def _four_dimensions(array: np.ndarray) -> np.ndarray:
    """The first axes as one where there are more than four."""
    return (
        array.reshape(math.prod(array.shape[:-3]), *array.shape[-3:]) if array.ndim > 4 else array
    )


class Fpzip(NumberContender):
    """fpzip, lossless. Its wheel writes beyond its buffer where an array does not shrink, which may
    end the process: so it gets another one."""

    module = "fpzip"
    types = ("f4", "f8")
    note = "compresses in a process of its own"
    external = True

    def _compress(self, module: Any, array: np.ndarray) -> bytes:
        fork = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(1, mp_context=fork) as pool:
            try:
                return pool.submit(module.compress, _four_dimensions(array)).result()
            except BrokenProcessPool as reason:
                raise Unavailable("fpzip breaks off at this array") from reason

    def _decompress(self, module: Any, blob: bytes) -> Any:
        return np.ascontiguousarray(module.decompress(blob))


class Zfp(NumberContender):
    """zfp in its reversible mode; unsigned integers as signed ones of the same bits."""

    module = "zfpy"
    types = ("f4", "f8", "i4", "u4", "i8", "u8")

    def _compress(self, module: Any, array: np.ndarray) -> bytes:
        signed = array.view(array.dtype.str.replace("u", "i"))
        return module.compress_numpy(_four_dimensions(signed))

    def _decompress(self, module: Any, blob: bytes) -> Any:
        return np.ascontiguousarray(module.decompress_numpy(blob))


class Pcodec(NumberContender):
    """pcodec (Pco) at its highest level, the array as one sequence."""

    module = "pcodec"
    types = ("f2", "f4", "f8", "i4", "u4", "i8", "u8")
    level = 12

    def _compress(self, module: Any, array: np.ndarray) -> bytes:
        config = module.ChunkConfig(compression_level=self.level)
        return module.standalone.simple_compress(array.ravel(), config)

    def _decompress(self, module: Any, blob: bytes) -> Any:
        return module.standalone.simple_decompress(blob)


def number_contenders() -> list[Contender]:
    """In the order of the table."""
    return [
        Blosc2("blosc2-zstd-9-bitshuffle", "BITSHUFFLE"),
        Blosc2("blosc2-zstd-9-shuffle", "SHUFFLE"),
        Fpzip("fpzip"),
        Zfp("zfp-reversible"),
        Pcodec("pcodec-12"),
    ]
