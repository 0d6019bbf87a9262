"""scripts/bench --lossy: size against relative RMSE and against the largest error.

All sizes are at the same condition: an error of at most the target, measured after rounding to the
array's type. Settings of peers are searched for, so that each is the coarsest one that holds it.
Round trips of ours are measured here, and their bounds compared with what the chunks say.
"""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import h5prism

from .lossy_meaning import Embedding, Meaning
from .lossy_peers import (
    Coded,
    Components,
    Peer,
    missing,
    peers_of_max_error,
    peers_of_rmse,
    truncated,
)
from .table import format_cells

RMSE_TARGETS = (0.012, 0.028, 0.06, 0.086, 0.109)
INTEGER_ERRORS = (1.0, 2.0, 4.0)
FLOAT_ERRORS = (1e-3, 1e-2)  # of the RMS
EFFORTS = (5, 9)
QUALITIES = (2, 5, 10, 20, 50, 75, 92, 97)
_STEPS = 11  # of a search
_MOST_MEANING = 4096  # channels
_PEERS_OF_ARTICLE = ("JPEG128", "PCA-JPEG")


class BrokenBoundError(Exception):
    """A chunk of ours does not keep its bound, or does not say what it came to."""


@dataclass
class LossyRow:
    """One codec at one target.

    Attributes:
        name: of the codec.
        target: the error that was allowed: of the RMSE, as a share of the RMS; of the largest error,
            in the array's unit.
        bytes, error: what it came to; None where no setting holds the target.
        note: what else there is to say.
        smaller: of ours, bytes from the beginning that pictures at 1/2, 1/4 and 1/8 take.
    """

    name: str
    target: float
    bytes: int | None
    error: float | None
    note: str = ""
    smaller: tuple[int, ...] = ()


class Original:
    """An array as planes H x W x C, and errors against it. With scales, one for each position, the
    planes are those of the products, and so are errors."""

    def __init__(
        self, array: np.ndarray, axis: int | None, scales: np.ndarray | None = None
    ) -> None:
        self.array, self.axis = array, array.ndim - 1 if axis is None else axis
        self.scales = scales
        moved = np.moveaxis(array, self.axis, -1) if array.ndim > 1 else array[:, None]
        width = moved.shape[-2] if moved.ndim > 2 else 1
        self.planes = np.ascontiguousarray(moved.reshape(-1, width, moved.shape[-1]))
        if scales is not None:
            self.planes = self._scaled(self.planes)
        self.rms = float(np.sqrt((self.planes.astype("f8") ** 2).mean())) or 1.0

    def _scaled(self, planes: np.ndarray) -> np.ndarray:
        positions = np.asarray(self.scales, "f4").reshape(planes.shape[:2])
        return planes.astype("f4") * positions[..., None]

    def as_typed(self, planes: np.ndarray) -> np.ndarray:
        """What comes back is of the planes' type."""
        if self.planes.dtype.kind == "f":
            return planes.astype(self.planes.dtype)
        limits = np.iinfo(self.array.dtype)
        return np.clip(np.rint(planes), limits.min, limits.max)

    def rmse(self, planes: np.ndarray) -> float:
        difference = self.as_typed(planes).astype("f8") - self.planes
        return float(np.sqrt((difference**2).mean())) / self.rms

    def largest(self, planes: np.ndarray) -> float:
        return float(np.abs(self.as_typed(planes).astype("f8") - self.planes).max())

    def as_planes(self, array: np.ndarray) -> np.ndarray:
        moved = np.moveaxis(array, self.axis, -1) if array.ndim > 1 else array[:, None]
        planes = moved.reshape(self.planes.shape)
        return planes if self.scales is None else self._scaled(planes)


def _ours(
    original: Original, effort: int, bound: str, target: float, *, any_axis: bool = False
) -> tuple[LossyRow, np.ndarray]:
    options = {bound: target, "effort": effort}
    if bound == "rel_rmse" and not any_axis:
        options["axis"] = original.axis
    blob = h5prism.encode(original.array, scales=original.scales, **options)
    info, planes = h5prism.inspect_chunk(blob), original.as_planes(h5prism.decode(blob))
    error = (original.rmse if bound == "rel_rmse" else original.largest)(planes)
    slack = 1 + 1e-6  # sums of floats in another order
    if error > target * slack or (info.bound != "none" and error > info.reached * slack):
        raise BrokenBoundError(f"{bound}={target}: error {error}, the chunk says {info.reached}")
    note = info.mapping if info.bound != "none" else "lossless"
    smaller = tuple(h5prism.reduced_size(blob, by) for by in (1, 2, 3))
    return LossyRow(f"h5prism-{effort}", target, len(blob), error, note, smaller), planes


def _search(peer: Peer, original: Original, target: float) -> tuple[LossyRow, np.ndarray | None]:
    """Halves the interval of settings: errors grow with them, nearly always."""
    low, high = peer.low, peer.high
    best = LossyRow(peer.name, target, None, None)
    decoded = None
    for _ in range(_STEPS):
        setting = float(round((low + high) / 2)) if peer.is_integer else math.sqrt(low * high)
        size, planes = peer.code(setting)
        error = original.rmse(planes)
        if error <= target and (best.bytes is None or size < best.bytes):
            best, decoded = LossyRow(peer.name, target, size, error), planes
        if error <= target:
            low = setting
        else:
            high = setting
        if peer.is_integer and high - low <= 1:
            break
    return best, decoded


def _chosen(name: str, only: Sequence[str] | None) -> bool:
    return not only or any(word.lower() in name.lower() for word in only)


def rmse_rows(
    original: Original, only: Sequence[str] | None
) -> Iterator[tuple[LossyRow, np.ndarray | None]]:
    """Every codec at every target, ours first, with what it decodes to."""
    for effort in EFFORTS:
        if _chosen(f"h5prism-{effort}", only):
            for target in RMSE_TARGETS:
                yield _ours(original, effort, "rel_rmse", target)
    for peer in peers_of_rmse(original.planes, Components(original.planes)):
        if _chosen(peer.name, only):
            for target in RMSE_TARGETS:
                yield _search(peer, original, target)


def max_error_rows(original: Original, only: Sequence[str] | None) -> Iterator[LossyRow]:
    integer = original.array.dtype.kind in "iu"
    bounds = INTEGER_ERRORS if integer else [share * original.rms for share in FLOAT_ERRORS]
    for effort in EFFORTS:
        if _chosen(f"h5prism-{effort}", only):
            for bound in bounds:
                yield _ours(original, effort, "max_error", bound)[0]
    for name, code in peers_of_max_error(original.planes).items():
        if _chosen(name, only):
            for bound in bounds:
                yield _peer_within(name, code, original, bound)


def _peer_within(
    name: str, code: Callable[[float], Coded], original: Original, bound: float
) -> LossyRow:
    try:
        size, planes = code(bound)
    except Exception as reason:  # imagecodecs has an exception for each codec
        return LossyRow(name, bound, None, None, str(reason)[:60])
    error = original.largest(planes)
    note = "" if error <= bound * (1 + 1e-6) else f"error {error:.4g}"
    return LossyRow(name, bound, size, error, note)


# ---- Text ----


def _table(rows: Sequence[LossyRow], title: Callable[[float], str]) -> str:
    names = list(dict.fromkeys(row.name for row in rows))
    cells = {"codec": names}
    for target in dict.fromkeys(row.target for row in rows):
        found = {row.name: row for row in rows if row.target == target}
        cells[title(target)] = [_cell(found.get(name)) for name in names]
    return format_cells(cells, ("codec",))


def _cell(row: LossyRow | None) -> str:
    if row is None or row.bytes is None:
        return "-" if row is None or not row.note else row.note
    return f"{row.bytes:,}" + (f" ({row.note})" if row.note else "")


def _smaller_table(rows: Sequence[LossyRow]) -> str:
    """Of chunks that smaller pictures can be decoded from without the rest."""
    found = [row for row in rows if row.smaller and row.smaller[-1] < (row.bytes or 0)]
    cells = {
        "codec": [row.name for row in found],
        "at most": [f"{100 * row.target:g} %" for row in found],
        "whole": [f"{row.bytes:,}" for row in found],
    }
    for place, title in enumerate(("1/2", "1/4", "1/8")):
        cells[title] = [f"{row.smaller[place]:,}" for row in found]
    return format_cells(cells, ("codec",)) if found else ""


def _article_table(original: Original) -> str:
    """Quality, size and relative RMSE, as the article prints them."""
    cells: dict[str, list[str]] = {"quality": [str(quality) for quality in QUALITIES]}
    for peer in peers_of_rmse(original.planes, Components(original.planes)):
        if peer.name in _PEERS_OF_ARTICLE:
            coded = [peer.code(101 - quality) for quality in QUALITIES]
            cells[f"{peer.name} bytes"] = [f"{size:,}" for size, _ in coded]
            cells[f"{peer.name} RMSE"] = [f"{100 * original.rmse(p):.2f} %" for _, p in coded]
    return format_cells(cells, ())


def _meaning_table(found: Sequence[tuple[LossyRow, Meaning]]) -> str:
    cells = {
        "codec": [row.name for row, _ in found],
        "RMSE": [f"{100 * (row.error or 0):.2f} %" for row, _ in found],
        "bytes": [f"{row.bytes:,}" for row, _ in found],
    }
    titles = {
        "cosine": "cosine",
        "without mean": "centred_cosine",
        "nearest": "nearest",
        "ten nearest": "ten",
        "probe": "probe",
        "as original": "agreement",
    }
    for title, name in titles.items():
        cells[title] = [f"{getattr(meaning, name):.4f}" for _, meaning in found]
    return format_cells(cells, ("codec",))


def _with_meaning(
    original: Original, coded: Sequence[tuple[LossyRow, np.ndarray | None]]
) -> list[tuple[LossyRow, Meaning]]:
    embedding = Embedding(original.planes)
    exact = LossyRow("original", 0, original.array.nbytes, 0)
    found = [(exact, embedding.meaning(original.planes))]
    shown = (f"h5prism-{EFFORTS[0]}", "PCA-JPEG")
    for row, planes in coded:
        if row.name in shown and planes is not None and row.bytes is not None:
            found.append((row, embedding.meaning(original.as_typed(planes))))
    return found


def report(
    array: np.ndarray,
    *,
    axis: int | None,
    stack: bool,
    only: Sequence[str] | None,
    chart: Path | None,
    title: str,
    scales: np.ndarray | None = None,
) -> tuple[dict[str, object], bool]:
    """Prints all tables; with scales, those of relative errors. Returns the results, and whether a
    bound was broken."""
    if array.dtype.kind not in "iuf" or (array.dtype.kind in "iu" and array.dtype.itemsize > 4):
        print(f"no bound goes with elements of type {array.dtype}", file=sys.stderr)
        return {}, True
    original = Original(array, axis, scales)
    try:
        lossless = len(h5prism.encode(array))
        coded = list(rmse_rows(original, only))
        bounded = [] if scales is not None else list(max_error_rows(original, only))
    except BrokenBoundError as reason:
        print(f"FAILED: {reason}", file=sys.stderr)
        return {}, True
    rows = [row for row, _ in coded]
    print(f"lossless, effort 5: {lossless:,} bytes")
    if missing():
        print(f"not installed: {missing()}")
    print("\nbytes at a relative RMSE of at most\n")
    print(_table(rows, lambda target: f"{100 * target:g} %"), flush=True)
    if smaller := _smaller_table(rows):
        print("\nbytes from the beginning that smaller pictures take\n")
        print(smaller, flush=True)
    if bounded:
        print("\nbytes with no element further off than\n")
        print(_table(bounded, lambda bound: f"{bound:.4g}"), flush=True)
    result: dict[str, object] = {
        "lossless_bytes": lossless,
        "rel_rmse": [dataclasses.asdict(row) for row in rows],
        "max_error": [dataclasses.asdict(row) for row in bounded],
    }
    if not only or any(_chosen(name, only) for name in _PEERS_OF_ARTICLE):
        print("\nthe article's form\n")
        print(_article_table(original), flush=True)
    if stack:
        size, planes = truncated(original.planes, Components(original.planes))
        error = original.rmse(planes)
        print(f"\n20 components in float32: {size:,} bytes, RMSE {100 * error:.2f} %")
        for effort in EFFORTS if error else ():
            ours, _ = _ours(original, effort, "rel_rmse", min(error, 0.99), any_axis=True)
            print(f"{ours.name} at that error, any axis: {_cell(ours)} bytes")
    elif 1 < original.planes.shape[2] <= _MOST_MEANING:
        found = _with_meaning(original, coded)
        print("\nwhat it means for embeddings (neighbours by cosine without the mean)\n")
        print(_meaning_table(found), flush=True)
        result["meaning"] = [
            {"name": row.name, "target": row.target, **dataclasses.asdict(meaning)}
            for row, meaning in found
        ]
    if chart:
        _save_chart(chart, title, rows, lossless)
    return result, False


def _save_chart(folder: Path, title: str, rows: Sequence[LossyRow], lossless: int) -> None:
    from .lossy_chart import save_lossy_chart  # matplotlib, for those who want it

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{Path(title).stem}-lossy.png"
    save_lossy_chart(path, title, rows, lossless)
    print(f"chart: {path}")


def generated() -> Iterator[tuple[str, np.ndarray, bool]]:
    """An embedding and a stack, each with whether it is a stack."""
    generator = np.random.default_rng(0)
    height, width, channels = 64, 64, 32
    y, x = np.mgrid[0:height, 0:width] / 10
    places = generator.uniform(-1, 1, (12, 3))
    sources = np.stack([np.sin(a * y + b * x + 9 * c) for a, b, c in places], 2)
    mixing = generator.normal(size=(12, channels)) * 0.7 ** np.arange(12)[:, None]
    noise = 0.02 * generator.normal(size=(height, width, channels))
    yield "embedding", (2 + sources @ mixing + noise).astype("f4"), False
    moving = [np.sin(y + k / 5) * np.cos(x - k / 7) for k in range(24)]
    frames = 128 + 100 * np.stack(moving) + generator.normal(size=(24, height, width))
    yield "stack", np.clip(np.rint(frames), 0, 255).astype("u1"), True
