"""scripts/bench --shapes: what chunks of unusual shapes and types take, beside an ordinary one.

Shapes that are thin, tiny or of high rank have fixed costs that an ordinary chunk hides, and types
that are mapped to integers first have searches of their own. Every case is encoded and decoded by
automatic options, or by those given; times are those of the processor.
"""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import h5prism

from .measure import RoundTripError
from .memory import growth

DEFAULT_EFFORTS = (1, 5)

_TINY_BYTES = 4096
_MOST_CALLS = 200
_LEAST_SECONDS = 0.02  # of a timed run: short calls are repeated
_SAME_SHAPES = (
    (64,),
    (1, 2048),
    (1, 65536),
    (1, 1, 65536),
    (65536, 1, 1),
    (2, 2, 4096),
    (16, 4096),
    (4096, 16),
    (100000, 2, 2),
    (2, 2, 100000),
    (1,) * 15 + (2,) * 17,
    (3, 512, 680),
)


@dataclass(frozen=True)
class Case:
    """An array to be made: `content` is one of the names in `CONTENTS`."""

    shape: tuple[int, ...]
    dtype: str
    content: str

    @property
    def label(self) -> str:
        """The shape, without the dimensions that say nothing in a long one."""
        if len(self.shape) > 6:
            return f"rank {len(self.shape)}, {math.prod(self.shape)}"
        return "x".join(map(str, self.shape))


    @property
    def words(self) -> set[str]:
        """What it can be asked for by."""
        return {self.label, self.dtype, self.content}


@dataclass(frozen=True)
class Cost:
    """What a case takes: encoded bytes, seconds of the processor, bytes at the peak.

    `encode_times` and `decode_times` are the seconds for each byte, in those of the reference.
    """

    bytes: int
    encode_s: float
    decode_s: float
    encode_times: float
    decode_times: float
    encode_peak: int | None = None
    decode_peak: int | None = None


def _texture(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Waves along every axis, and noise: much like embeddings, where planes tell of each other."""
    random = np.random.default_rng(1)
    field = np.zeros(shape)
    for _ in range(3):
        wave = np.ones(shape)
        for axis, length in enumerate(shape):
            turns = random.uniform(1, 4) * np.arange(length) / max(length, 16)
            along = np.cos(2 * np.pi * (turns + random.random()))
            wave *= along.reshape([-1 if i == axis else 1 for i in range(len(shape))])
        field += wave
    field += random.normal(0, 0.08, shape)
    if dtype.kind == "f":
        return field.astype(dtype)
    scale = 36 if dtype.itemsize == 1 else 6000
    return np.rint(scale * field).clip(-128 * scale / 36, 127 * scale / 36).astype(dtype)


def _noise(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    random = np.random.default_rng(2)
    if dtype.kind == "f":
        return random.normal(0, 1, shape).astype(dtype)
    info = np.iinfo(dtype)
    return random.integers(info.min, info.max, shape, dtype, endpoint=True)


def _ramp(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    index = np.arange(math.prod(shape)).reshape(shape)
    return (0.1 * index if dtype.kind == "f" else index).astype(dtype)


def _constant(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    return np.full(shape, 7, dtype)


def _times(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Times of measurement, unevenly apart: a coordinate of most files."""
    gaps = np.random.default_rng(3).gamma(2, 1800, math.prod(shape))
    return np.cumsum(gaps).astype(dtype).reshape(shape)


CONTENTS: dict[str, Callable[[tuple[int, ...], np.dtype], np.ndarray]] = {
    "texture": _texture,
    "noise": _noise,
    "ramp": _ramp,
    "constant": _constant,
    "times": _times,
}

REFERENCE = Case((128, 128, 128), "int8", "texture")


def cases() -> list[Case]:
    """The reference first."""
    thin = [
        Case(shape, dtype, "texture")
        for shape in _SAME_SHAPES
        for dtype in ("int8", "int16", "float32")
    ]
    types = [
        Case((32, 32, 32), dtype, content)
        for dtype in ("uint8", "uint16", "int64", "float32", "float64")
        for content in CONTENTS
    ]
    axes = [
        Case((count,), dtype, content)
        for count in (256, 2000, 40000)
        for dtype in ("int64", "float64")
        for content in ("ramp", "times", "noise")
    ]
    return [REFERENCE, *thin, *types, *axes]


def make(case: Case) -> np.ndarray:
    """The array of a case; the same on every run."""
    with np.errstate(all="ignore"):
        return CONTENTS[case.content](case.shape, np.dtype(case.dtype))


# ---- Measuring -----------------------------------------------------------------------------------


def _seconds(work: Callable[[], Any], repeat: int) -> float:
    """Of the processor for one call: the median of `repeat` runs of as many as take a while."""
    start = time.process_time()
    work()
    once = max(time.process_time() - start, 1e-6)
    calls = max(1, min(_MOST_CALLS, round(_LEAST_SECONDS / once)))
    runs = []
    for _ in range(repeat):
        start = time.process_time()
        for _ in range(calls):
            work()
        runs.append((time.process_time() - start) / calls)
    return statistics.median(runs)


def _peaks(array: np.ndarray, options: dict[str, Any]) -> tuple[int, int]:
    """Memory at the peak of encoding and of decoding, each in a process of its own."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder, "array.npy"), array)
        words = [f"{key}={value}" for key, value in options.items()]
        for step in ("encode", "decode"):
            command = [sys.executable, "-m", __name__, step, folder, *words]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            found.append(int(done.stdout))
    return found[0], found[1]


def measure_case(
    case: Case,
    options: dict[str, Any],
    *,
    repeat: int,
    memory: bool,
    reference: tuple[float, float] | None = None,
) -> Cost:
    """The cost of a case. `reference`: seconds a byte of the reference; None for itself."""
    array = make(case)
    blob = h5prism.encode(array, **options)
    if h5prism.decode(blob).tobytes() != array.tobytes():
        raise RoundTripError(f"{case.label} {case.dtype}: decoding did not give the array back")
    encode_s = _seconds(lambda: h5prism.encode(array, **options), repeat)
    decode_s = _seconds(lambda: h5prism.decode(blob), repeat)
    a_byte = encode_s / array.nbytes, decode_s / array.nbytes
    encode_reference, decode_reference = reference or a_byte
    peaks = _peaks(array, options) if memory else (None, None)
    return Cost(
        len(blob),
        encode_s,
        decode_s,
        a_byte[0] / encode_reference,
        a_byte[1] / decode_reference,
        *peaks,
    )


# ---- The table -----------------------------------------------------------------------------------

_HEADING = (
    f"{'shape':>16} {'type':>8} {'content':>8} {'bytes':>9} {'coded':>9} "
    f"{'encode ms':>10} {'times':>6} {'decode ms':>10} {'times':>6} {'peak MB':>8} {'peak MB':>8}"
)


def _line(case: Case, cost: Cost) -> str:
    size = math.prod(case.shape) * np.dtype(case.dtype).itemsize
    peaks = (cost.encode_peak, cost.decode_peak)
    memory = " ".join(f"{'' if p is None else f'{p / 1e6:.2f}':>8}" for p in peaks)
    return (
        f"{case.label:>16} {case.dtype:>8} {case.content:>8} {size:9,} {cost.bytes:9,} "
        f"{1e3 * cost.encode_s:10.3f} {cost.encode_times:6.1f} "
        f"{1e3 * cost.decode_s:10.3f} {cost.decode_times:6.1f} {memory}"
    ).rstrip()


def _summary(costs: dict[Case, Cost]) -> str:
    """The worst of what is promised: fixed costs of tiny chunks, and times of the others."""
    size = {c: math.prod(c.shape) * np.dtype(c.dtype).itemsize for c in costs}
    tiny = [cost for case, cost in costs.items() if size[case] < _TINY_BYTES]
    larger = [cost for case, cost in costs.items() if size[case] >= _TINY_BYTES]
    lines = []
    if tiny:
        encode, decode = max(c.encode_s for c in tiny), max(c.decode_s for c in tiny)
        lines.append(
            f"below {_TINY_BYTES} bytes: at most {1e3 * encode:.2f} ms to encode, "
            f"{1e3 * decode:.2f} ms to decode"
        )
    if larger:
        encode, decode = (max(getattr(c, f"{s}_times") for c in larger) for s in _STEPS)
        lines.append(
            f"others: at most {encode:.1f} times the seconds a byte of the reference to encode, "
            f"{decode:.1f} times to decode"
        )
    return "\n".join(lines)


_STEPS = ("encode", "decode")


def report(efforts: Sequence[int], *, repeat: int, memory: bool, only: Sequence[str] = ()) -> None:
    """Prints a table for each effort: times are in seconds a byte of the reference, its first row.

    Args:
        repeat: timed runs of each case.
        memory: measure peaks, too, in processes of their own.
        only: words: shapes, types, contents; empty is all.
    """
    for effort in efforts:
        print(f"\neffort {effort}\n{_HEADING}", flush=True)
        options = {"effort": effort}
        costs: dict[Case, Cost] = {}
        reference = None
        for case in cases():
            if case != REFERENCE and only and not case.words.intersection(only):
                continue
            cost = measure_case(case, options, repeat=repeat, memory=memory, reference=reference)
            if case == REFERENCE:
                size = math.prod(case.shape)
                reference = cost.encode_s / size, cost.decode_s / size
            costs[case] = cost
            print(_line(case, cost), flush=True)
        print(_summary(costs), flush=True)


# ---- In a process of its own ---------------------------------------------------------------------


def _main(step: str, folder: str, *words: str) -> None:
    options: dict[str, Any] = dict(word.split("=") for word in words)
    options = {k: int(v) if v.lstrip("-").isdigit() else v for k, v in options.items()}
    array, file = np.load(Path(folder, "array.npy")), Path(folder, "coded")
    h5prism.encode(np.zeros(1, np.int8))  # the library and what Python keeps of it are there
    if step == "encode":
        grown, blob = growth(lambda: h5prism.encode(array, **options))
        file.write_bytes(blob)
    else:
        blob = file.read_bytes()
        grown, _ = growth(lambda: h5prism.decode(blob))
    print(grown)


if __name__ == "__main__":
    _main(*sys.argv[1:])
