"""Automatic options against gzip and each pipeline of our own: scripts/bench --auto."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

import h5prism

GZIP_ALLOWANCE, OWN_ALLOWANCE = 64, 1.01

PIPELINES = (
    {"coder": "zstd"},
    {"transform": "none", "predictor": "none", "coder": "deflate"},
    {"transform": "none", "predictor": "paeth", "coder": "deflate"},
    {"transform": "channels", "predictor": "paeth", "coder": "deflate"},
    {"transform": "none", "predictor": "none", "coder": "jxl"},
    {"transform": "none", "predictor": "lsq", "coder": "ans"},
    {"transform": "channels", "predictor": "lsq", "coder": "ans"},
    {"transform": "stack", "predictor": "lsq", "coder": "ans"},
)


@dataclass(frozen=True)
class Automatic:
    """What automatic options take at an effort, and the least of all others."""

    effort: int
    coder: str
    automatic: int
    gzip: int
    best: int  # of our own pipelines at this effort or a lower one, or of automatic options at a lower one
    pipeline: str

    @property
    def holds(self) -> bool:
        """Never larger than gzip but for 64 bytes, nor 1 % larger than our best pipeline."""
        own = OWN_ALLOWANCE * self.best + GZIP_ALLOWANCE
        return self.automatic <= min(self.gzip + GZIP_ALLOWANCE, own)


def gzipped(array: np.ndarray) -> int:
    """Bytes by HDF5's shuffle and gzip at level 9."""
    plain = np.frombuffer(array.tobytes(), "u1").reshape(-1, array.itemsize)
    return len(zlib.compress(plain.T.tobytes(), 9))


# Below, automatic options leave frames out, which take ten times as long, and those of lines.
FRAMES_EFFORT, LINES_EFFORT = 4, 6


def pipelines_at(effort: int, rank: int, pipelines: tuple[dict, ...]) -> list[dict]:
    """Those that automatic options may choose."""
    least = FRAMES_EFFORT if rank > 1 else LINES_EFFORT
    return [p for p in pipelines if effort >= least or p.get("transform") != "stack"]


def measure_automatic(
    array: np.ndarray, efforts: tuple[int, ...], pipelines: tuple[dict, ...] = PIPELINES
) -> list[Automatic]:
    """For each effort, in rising order."""
    rows, least = [], []
    for effort in efforts:
        chunk = h5prism.encode(array, effort=effort, verify=True)
        for pipeline in pipelines_at(effort, array.ndim, pipelines):
            name = "+".join(pipeline.values()) + f"-{effort}"
            least.append((len(h5prism.encode(array, effort=effort, **pipeline)), name))
        coder = h5prism.inspect_chunk(chunk).coder
        rows.append(Automatic(effort, coder, len(chunk), gzipped(array), *min(least)))
        least.append((len(chunk), f"auto-{effort}"))
    return rows


def format_automatic(rows: list[Automatic]) -> str:
    lines = [f"{'effort':>6s} {'auto':>10s} {'coder':8s} {'gzip-9':>10s} {'best own':>10s}  pipeline"]
    for row in rows:
        lines.append(
            f"{row.effort:6d} {row.automatic:10d} {row.coder:8s} {row.gzip:10d} {row.best:10d}  "
            f"{row.pipeline}{'' if row.holds else '  LARGER'}"
        )
    return "\n".join(lines)
