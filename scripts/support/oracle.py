"""scripts/oracle: MD5 sums of chunks, to compare before and after a change that should change none.

The arrays are generated from integers alone (h5tests/generated.py), so that two builds on one machine
see the same ones. Each chunk is decoded and compared before its sum counts.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from generated import (
    displaced,
    drawing,
    embedding,
    hashed,
    picture,
    regions,
    runs,
    scene,
    smooth,
    stack,
)

import h5prism

_EFFORTS = tuple(range(1, 10))
_SOME_EFFORTS = (1, 5, 8)
_TYPES = ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8")
_PIPELINES = (
    {"transform": "none", "predictor": "none", "coder": "deflate"},
    {"transform": "channels", "predictor": "none", "coder": "deflate"},
    {"transform": "channels", "predictor": "paeth", "coder": "deflate"},
    {"transform": "stack", "predictor": "paeth", "coder": "deflate"},
    {"transform": "none", "predictor": "none", "coder": "jxl"},
    {"transform": "channels", "predictor": "none", "coder": "jxl"},
    {"transform": "stack", "predictor": "none", "coder": "jxl"},
    {"transform": "none", "coder": "ans"},
    {"transform": "channels", "coder": "ans"},
    {"transform": "stack", "coder": "ans"},
    {"transform": "channels", "coder": "ans", "block": 8},
    {"transform": "none", "coder": "ans", "block": 16},
)


@dataclass(frozen=True)
class Case:
    """A chunk: its array and its options."""

    name: str
    make: Callable[[], np.ndarray]
    options: dict[str, object]

    @property
    def label(self) -> str:
        options = ",".join(f"{key}={value}" for key, value in self.options.items())
        return f"{self.name} {options}"


def _floats(kind: str) -> np.ndarray:
    """Floats that each mapping is for: decimals, scale and offset, scales by position, all bits."""
    values = embedding(24, 28, 12, "int16").astype("f8")
    if kind == "decimals":
        values /= 100
        values[3:6, 2:9] = np.nan
    elif kind == "unpacked":
        return values.astype("f4") * np.float32(0.0213) + np.float32(271.37)
    elif kind == "dequantised":
        scales = (hashed((24, 28, 1), 6) + 9000).astype("f4") / np.float32(1 << 20)
        return embedding(24, 28, 12, "int8").astype("f4") * scales
    elif kind == "all bits":
        field = smooth(hashed((24, 28), 5).astype("i8"), 8)[:, :, None] - 32768
        values = field * (np.arange(12) + 3) / 7
    return values.astype("f4")


def _lasting(frames: np.ndarray) -> np.ndarray:
    """Frames out of their order, one of which comes twice, and a constant one."""
    mixed = frames[np.argsort(hashed((len(frames),), 3))].copy()
    mixed[-1], mixed[0] = mixed[1], 31
    return mixed


_CONTENTS: dict[str, Callable[[], np.ndarray]] = {
    "embedding": lambda: embedding(40, 44, 24, "int8"),
    "embedding, 16 bits": lambda: embedding(30, 40, 12, "uint16"),
    "embedding, channels first": lambda: np.moveaxis(embedding(40, 44, 24, "int8"), 2, 0).copy(),
    "stack": lambda: stack(7, 48, 64),
    "stack, out of order": lambda: _lasting(stack(8, 40, 56)),
    "stack, 16 bits": lambda: scene((5, 40, 56), "uint16"),
    "picture": lambda: picture(80, 100),
    "drawing": lambda: drawing(90, 110),
    "drawings": lambda: np.stack([np.roll(drawing(40, 50), k, 1) for k in range(4)]),
    "regions": lambda: regions(60, 70, 4),
    "displaced": lambda: displaced(50, 60),
    "runs": lambda: runs(96, 80, 8),
    "noise of few values": lambda: (hashed((60, 70), 9) % 100).astype("u1"),
    "noise": lambda: hashed((40, 50), 9).astype("u2"),
    "constant": lambda: np.full((30, 40, 5), 7, "i2"),
    "ramp": lambda: np.arange(6000, dtype="u2").reshape(60, 100),
    "few gaps": lambda: (picture(60, 80) // 3 * 3).astype("u1"),
    **{name: (lambda name=name: _floats(name)) for name in ("decimals", "unpacked")},
    **{name: (lambda name=name: _floats(name)) for name in ("dequantised", "all bits")},
    "time stamps": lambda: 10**12 + 3600 * np.arange(3000, dtype="i8") + hashed((3000,), 2) % 9,
}

_SHAPES = (
    *((1,), (64,), (5000,), (1, 2048), (2048, 1), (1, 1, 3000), (3000, 1, 1), (2, 2, 800)),
    *((16, 400), (900, 2, 2), (1, 24, 20, 20), (20, 20, 1, 24), (3, 60, 70), (2,) * 11),
)


def _of_type(code: str) -> Callable[[], np.ndarray]:
    def make() -> np.ndarray:
        values = embedding(20, 24, 10, "int8" if code[1:] in ("i1", "u1", "f2") else "int16")
        return (values - values.min() if code[1] == "u" else values).astype(code)

    return make


def _of_shape(shape: tuple[int, ...]) -> Callable[[], np.ndarray]:
    size = int(np.prod(shape))
    return lambda: embedding(size, 1, 3, "int16")[:, 0, 1].reshape(shape)


def _generated() -> Iterator[Case]:
    for name, make in _CONTENTS.items():
        yield from (Case(name, make, {"effort": effort}) for effort in _EFFORTS)
    for name in ("embedding", "stack", "drawing", "embedding, 16 bits"):
        for pipeline in _PIPELINES:
            for effort in _SOME_EFFORTS:
                yield Case(name, _CONTENTS[name], {**pipeline, "effort": effort})
    for code in _TYPES:
        for order in "<>" if code[1] != "1" else "|":
            for effort in _SOME_EFFORTS:
                yield Case(f"type {order}{code}", _of_type(order + code), {"effort": effort})
    for shape in _SHAPES:
        for effort in _SOME_EFFORTS:
            name = "shape " + "x".join(map(str, shape))
            yield Case(name, _of_shape(shape), {"effort": effort})


def _given(path: Path, efforts: list[int]) -> Iterator[Case]:
    for effort in efforts:
        yield Case(path.name, lambda: np.load(path), {"effort": effort})


def _sum_of(case: Case) -> tuple[str, int]:
    """The MD5 of the chunk, which decodes to its array, and its size in bytes."""
    array = np.asarray(case.make(), order="C")
    blob = h5prism.encode(array, **case.options)
    if h5prism.decode(blob).tobytes() != array.tobytes():
        raise SystemExit(f"{case.label}: decodes to another array")
    return hashlib.md5(blob).hexdigest(), len(blob)


def _read_sums(path: Path) -> dict[str, tuple[str, int]]:
    rows = (line.split(" ", 2) for line in path.read_text().splitlines())
    return {label: (md5, int(size)) for md5, size, label in rows}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/oracle",
        description="Prints MD5, bytes and options of a chunk a line, for generated arrays of every "
        "method, type, effort and shape, and for given .npy files. Chunks of coder jxl are "
        "those of this machine's libjxl.",
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE.npy")
    parser.add_argument(
        "--efforts", nargs="+", type=int, default=[1, 5], metavar="N", help="for files (1 5)"
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="chunks with this in their line")
    parser.add_argument(
        "--against",
        type=Path,
        metavar="OLD",
        help="what an earlier run printed: only chunks that differ are printed; exit status 1 then",
    )
    return parser.parse_args()


def main() -> int:
    """Prints the sums, or what differs from those of an earlier run."""
    arguments = _arguments()
    old = _read_sums(arguments.against) if arguments.against else None
    changed = before = after = 0
    given = (case for path in arguments.files for case in _given(path, arguments.efforts))
    cases = [case for case in (*_generated(), *given) if arguments.only in case.label]
    for case in cases:
        md5, size = _sum_of(case)
        if old is None:
            print(md5, size, case.label, flush=True)
        elif case.label in old and old[case.label][0] != md5:
            changed += 1
            before, after = before + old[case.label][1], after + size
            print(f"{old[case.label][1]} -> {size} bytes: {case.label}", flush=True)
    if old is not None:
        print(f"{changed} of {len(cases)} chunks differ: {before} -> {after} bytes")
    return int(changed > 0)


if __name__ == "__main__":
    sys.exit(main())
