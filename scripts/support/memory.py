"""How much memory one encode or decode takes: `peaks` runs each in a process of its own.

The kernel's own high-water mark of the resident set (VmHWM) is read, not ru_maxrss: a child
process inherits the latter from its parent, however large that was.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .contender import Contender
from .contenders import chosen


class Peaks(NamedTuple):
    """Bytes of memory at the peak beyond what was there before the call, results included."""

    encode: int
    decode: int


def peaks(contender: Contender, array: np.ndarray, axis: int | None) -> Peaks | None:
    """Measures in fresh processes; None where /proc is missing or the memory is not seen."""
    if contender.external or not Path("/proc/self/status").exists():
        return None
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder, "array.npy"), array)
        measured = []
        for step in ("encode", "decode"):
            command = [sys.executable, "-m", __name__, step, contender.name, str(axis), folder]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            measured.append(int(done.stdout))
    return Peaks(*measured)


def _resident(field: str) -> int:
    """VmRSS (now) or VmHWM (peak) of this process, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return 1024 * int(line.split()[1])
    raise OSError(f"no {field} in /proc/self/status")


def growth(work: Callable[[], object]) -> tuple[int, object]:
    """The peak of resident memory while `work` runs, above what there is now; its result."""
    Path("/proc/self/clear_refs").write_text("5")  # sets the high-water mark to the present
    before = _resident("VmRSS")
    result = work()
    return _resident("VmHWM") - before, result


def _main(step: str, name: str, axis: str, folder: str) -> None:
    (contender,) = chosen([name], None if axis == "None" else int(axis))
    coded_file = Path(folder, "coded")
    if step == "encode":
        array = np.load(Path(folder, "array.npy"))
        growth, coded = growth(lambda: contender.encode(array))
        coded_file.write_bytes(pickle.dumps(coded))
    else:
        array = np.load(Path(folder, "array.npy"), mmap_mode="r")
        coded = pickle.loads(coded_file.read_bytes())
        growth, _ = growth(lambda: contender.decode(coded, array.dtype, array.shape))
    print(growth)


if __name__ == "__main__":
    _main(*sys.argv[1:])
