"""scripts/browser --speed: how fast chunks are decoded by WebAssembly, beside the library, both on one thread."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

import h5prism

from .descriptors import descriptors
from .machine import machine
from .table import format_cells

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGE = Path(f"{os.environ['H5PRISM_BUILD']}-browser") / "package"
_SECONDS = 1.5  # of runs of each chunk, of which the shortest counts


def _chunks() -> dict[str, bytes]:
    values, scales = descriptors()[1:]
    part = values[:160, :160]
    stack = np.ascontiguousarray(part[..., :24].transpose(2, 0, 1)).view("u1") ^ 128
    floats = part[..., :32] * scales[:160, :160, None]
    made = {
        f"int8 descriptors, effort {effort}": h5prism.encode(part, effort=effort)
        for effort in (1, 5, 7)
    }
    made["the same, blocks of 16"] = h5prism.encode(part, block=16)
    made["the same, effort 8, a part"] = h5prism.encode(part[:64, :64], effort=8)
    made["the same, coder deflate"] = h5prism.encode(part, transform="channels", coder="deflate")
    made["float32, effort 5"] = h5prism.encode(floats)
    made["stack of uint8, effort 5"] = h5prism.encode(stack, transform="stack", axis=0)
    return made


def _seconds_here(chunk: bytes) -> float:
    best, end = float("inf"), time.monotonic() + _SECONDS
    while time.monotonic() < end:
        start = time.process_time()
        h5prism.decode(chunk)
        best = min(best, time.process_time() - start)
    return best


def _seconds_by_node(chunks: dict[str, bytes]) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        for name, chunk in chunks.items():
            (Path(folder) / f"{name}.prism").write_bytes(chunk)
        command = ["node", _ROOT / "browser" / "tests" / "speed.mjs", folder]
        done = subprocess.run(
            command, check=True, capture_output=True, env=os.environ | {"PACKAGE": str(_PACKAGE)}
        )
    return json.loads(done.stdout)


def main() -> None:
    chunks = _chunks()
    there = _seconds_by_node(chunks)
    cells: dict[str, list[str]] = {
        "chunk": [],
        "MB": [],
        "WebAssembly MB/s": [],
        "library MB/s": [],
        "times": [],
    }
    for name, chunk in chunks.items():
        size, here = h5prism.decode(chunk).nbytes / 1e6, _seconds_here(chunk)
        row = (
            name,
            f"{size:.2f}",
            f"{size / there[name]:.1f}",
            f"{size / here:.1f}",
            f"{there[name] / here:.1f}",
        )
        for column, cell in zip(cells.values(), row):
            column.append(cell)
    print(format_cells(cells, ["chunk"]))
    found = machine()
    node = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip()
    print(f"\n{found['cpu']}; {found['compiler']}; Node {node}; h5prism {found['commit']}")
    print("Seconds of the processor, the shortest of some runs.")


main()
