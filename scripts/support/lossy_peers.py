"""What lossy coding is compared with: codecs whose setting is searched for, each as a function of it.

JPEG128 and PCA-JPEG are as their article has them: every channel, or every principal component, is
mapped to 8 bits by its own range and becomes a JPEG. Sizes are bare, in favour of these peers: of a
JPEG only tables and scan count, and a basis is in float16. The other peers of components have one
quantiser step for all of them.
"""

from __future__ import annotations

import functools
import io
import math
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

import h5prism

try:
    import imagecodecs
except ImportError:
    imagecodecs = None

Coded = tuple[int, np.ndarray]  # bytes, and what they decode to
_RANGE_BYTES = 4  # of a plane: least and most in float16
_HALF = 2  # bytes of a float16
_JPEG2000_HEADERS = 110
_TRUNCATED = 20  # components


@dataclass(frozen=True)
class Peer:
    """A codec.

    Attributes:
        name: as in the tables.
        code: codes the planes by a setting.
        low, high: the least and the most setting, of which the error grows with the setting.
        is_integer: settings are integers.
    """

    name: str
    code: Callable[[float], Coded]
    low: float
    high: float
    is_integer: bool = False


class Components:
    """The principal components of planes (H x W x C): `scores` @ `basis`.T + `mean` are these."""

    def __init__(self, planes: np.ndarray) -> None:
        flat = planes.reshape(-1, planes.shape[2]).astype("f8")
        self.shape = planes.shape
        self.mean = flat.mean(0)
        variances, basis = np.linalg.eigh((flat - self.mean).T @ (flat - self.mean) / len(flat))
        self.variances, self.basis = variances[::-1].clip(0), basis[:, ::-1]
        self.scores = ((flat - self.mean) @ self.basis).reshape(planes.shape)

    def restored(self, scores: np.ndarray) -> np.ndarray:
        flat = scores.reshape(-1, self.shape[2]) @ self.basis.T + self.mean
        return flat.reshape(self.shape)

    def basis_bytes(self, count: int) -> int:
        return _HALF * self.shape[2] * (count + 1)


# ---- One picture ----


def bare_size(jpeg: bytes) -> int:
    """Bytes of the Huffman tables and the scan of a JPEG."""
    place, size = 2, 0
    while True:
        marker, length = jpeg[place + 1], int.from_bytes(jpeg[place + 2 : place + 4], "big")
        if marker == 0xC4:  # DHT
            size += 2 + length
        if marker == 0xDA:  # SOS: the scan is the rest
            return size + len(jpeg) - place - 2 - length
        place += 2 + length


def _jpeg(plane: np.ndarray, **options: object) -> Coded:
    stream = io.BytesIO()
    Image.fromarray(plane).save(stream, "JPEG", optimize=True, **options)
    data = stream.getvalue()
    return bare_size(data), np.asarray(Image.open(io.BytesIO(data)), "f8")


def _to_range(plane: np.ndarray, levels: int, dtype: str) -> tuple[np.ndarray, float, float]:
    low, high = float(plane.min()), float(plane.max())
    scale = (high - low) / levels or 1.0
    return np.rint((plane - low) / scale).astype(dtype), low, scale


def _by_quality(plane: np.ndarray, quality: int) -> Coded:
    small, low, scale = _to_range(plane, 255, "u1")
    size, decoded = _jpeg(small, quality=quality)
    return size + _RANGE_BYTES, decoded * scale + low


def _by_flat_step(plane: np.ndarray, step: float) -> Coded:
    """A JPEG all of whose frequencies have one step, in the plane's unit."""
    low, high = float(plane.min()), float(plane.max())
    gain = min(255 / (high - low or 1), 255 / step)
    table = int(np.clip(round(step * gain), 1, 255))
    if table > 1:
        gain = min(table / step, 255 / (high - low or 1))
    size, decoded = _jpeg(np.rint((plane - low) * gain).astype("u1"), qtables=[[table] * 64])
    return size + _RANGE_BYTES + 1, decoded / gain + low


def _by_jpeg2000(plane: np.ndarray, step: float) -> Coded:
    wide, low, scale = _to_range(plane, 65535, "u2")
    decibels = 10 * math.log10(65535**2 / (step**2 / 12 / scale**2))
    data = imagecodecs.jpeg2k_encode(
        wide, level=max(1, decibels), reversible=False, codecformat="j2k"
    )
    size = len(data) - _JPEG2000_HEADERS + 2 * _RANGE_BYTES
    return size, imagecodecs.jpeg2k_decode(data) * scale + low


def _by_jpeg_xl(plane: np.ndarray, step: float) -> Coded:
    wide, low, scale = _to_range(plane, 65535, "u2")
    distance = float(np.clip(90 * step / (65535 * scale), 0.011, 15))
    blob = h5prism.encode(wide, coder="jxl", distance=distance, effort=7, checksum=False)
    size = h5prism.inspect_chunk(blob).payload_bytes + 2 * _RANGE_BYTES
    return size, h5prism.decode(blob) * scale + low


# ---- Many ----


def _each(planes: np.ndarray, quality: float) -> Coded:
    coded = [_by_quality(planes[..., k], int(101 - quality)) for k in range(planes.shape[2])]
    return sum(size for size, _ in coded), np.stack([plane for _, plane in coded], 2)


def _article(components: Components, quality: float) -> Coded:
    size, scores = _each(components.scores, quality)
    return size + components.basis_bytes(components.shape[2]), components.restored(scores)


def _with_one_step(
    components: Components, code: Callable[[np.ndarray, float], Coded], step: float
) -> Coded:
    """Components below the step's noise are left out."""
    count = max(1, int((components.variances > step**2 / 12).sum()))
    scores = np.zeros(components.shape)
    size = components.basis_bytes(count)
    for k in range(count):
        coded, scores[..., k] = code(components.scores[..., k], step)
        size += coded
    return size, components.restored(scores)


def _cube(planes: np.ndarray, code: Callable[[np.ndarray, float], Coded], setting: float) -> Coded:
    size, decoded = code(np.ascontiguousarray(np.moveaxis(planes, 2, 0), "f4"), setting)
    return size, np.moveaxis(np.asarray(decoded, "f8"), 0, 2)


def _sz3(cube: np.ndarray, error: float) -> Coded:
    data = imagecodecs.sz3_encode(cube, mode="abs", abs=error)
    return len(data), imagecodecs.sz3_decode(data, shape=cube.shape, dtype=cube.dtype)


def _zfp(cube: np.ndarray, error: float) -> Coded:
    data = imagecodecs.zfp_encode(cube, level=error, mode="a")
    return len(data), imagecodecs.zfp_decode(data)


def _sperr(cube: np.ndarray, error: float) -> Coded:
    data = imagecodecs.sperr_encode(cube, level=error, mode="pwe")
    return len(data), imagecodecs.sperr_decode(data)


def _sperr_rmse(cube: np.ndarray, error: float) -> Coded:
    decibels = 20 * math.log10((float(np.ptp(cube)) or 1) / error)
    data = imagecodecs.sperr_encode(cube, level=max(1, decibels), mode="psnr")
    return len(data), imagecodecs.sperr_decode(data)


def _lerc(cube: np.ndarray, error: float) -> Coded:
    blobs = [imagecodecs.lerc_encode(np.ascontiguousarray(plane), level=error) for plane in cube]
    return sum(map(len, blobs)), np.stack([imagecodecs.lerc_decode(blob) for blob in blobs])


def _jpegls(cube: np.ndarray, error: float) -> Coded:
    blobs = [
        imagecodecs.jpegls_encode(np.ascontiguousarray(plane), level=int(error)) for plane in cube
    ]
    return sum(map(len, blobs)), np.stack([imagecodecs.jpegls_decode(blob) for blob in blobs])


def missing() -> str:
    """What the peers lack here, or nothing."""
    return (
        ""
        if imagecodecs
        else "JPEG 2000, SZ3, ZFP, SPERR, LERC and JPEG-LS: no package imagecodecs"
    )


def peers_of_rmse(planes: np.ndarray, components: Components) -> Iterator[Peer]:
    """Of planes H x W x C."""
    spread = float(np.sqrt(components.variances.sum() / planes.shape[2])) or 1.0
    low, high = 1e-4 * spread, 30 * spread
    yield Peer("JPEG128", functools.partial(_each, planes.astype("f8")), 1, 99, True)
    yield Peer("PCA-JPEG", functools.partial(_article, components), 1, 99, True)
    steps = {"PCA+JPEG, one step": _by_flat_step, "PCA+JPEG XL, one step": _by_jpeg_xl}
    if imagecodecs:
        steps["PCA+JPEG 2000, one step"] = _by_jpeg2000
    for name, code in steps.items():
        yield Peer(name, functools.partial(_with_one_step, components, code), low, high)
    cubes = {"SZ3": _sz3, "ZFP": _zfp, "SPERR": _sperr_rmse} if imagecodecs else {}
    for name, code in cubes.items():
        yield Peer(name, functools.partial(_cube, planes, code), low, high)


def _unsigned(
    planes: np.ndarray, code: Callable[[np.ndarray, float], Coded], setting: float
) -> Coded:
    """Of codecs of unsigned integers: signed ones are moved up by half their range."""
    size = planes.dtype.itemsize
    shift = 0 if planes.dtype.kind == "u" else 1 << (8 * size - 1)
    cube = np.moveaxis(planes.astype("i4") + shift, 2, 0).astype(f"u{size}")
    coded, decoded = code(cube, setting)
    return coded, np.moveaxis(decoded, 0, 2).astype("f8") - shift


def peers_of_max_error(planes: np.ndarray) -> dict[str, Callable[[float], Coded]]:
    """Of planes H x W x C, each with a function of the bound."""
    if imagecodecs is None:
        return {}
    cubes = {"SZ3": _sz3, "ZFP": _zfp, "SPERR": _sperr, "LERC": _lerc}
    found = {name: functools.partial(_cube, planes, code) for name, code in cubes.items()}
    if planes.dtype.kind in "iu" and planes.dtype.itemsize <= 2:
        found["JPEG-LS"] = functools.partial(_unsigned, planes, _jpegls)
    return found


def truncated(planes: np.ndarray, components: Components) -> Coded:
    """The strongest components in float32, shuffled and by zlib: how stacks are kept as "pcaself"."""
    count = min(_TRUNCATED, planes.shape[2])
    parts = (components.scores[..., :count], components.basis[:, :count], components.mean)
    size = 0
    for part in parts:
        shuffled = np.ascontiguousarray(part, "<f4").view("u1").reshape(-1, 4).T
        size += len(zlib.compress(shuffled.tobytes(), 9))
    scores = np.zeros(components.shape)
    scores[..., :count] = components.scores[..., :count]
    return size, components.restored(scores)
