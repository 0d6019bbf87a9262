"""scripts/bench-repack: `h5prism repack` and h5repack on a large file of copies of an array."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np

import h5prism

from .arrays import InputError, load
from .machine import machine

_NAME = "emb"
_TOOL = Path(os.environ["H5PRISM_BUILD"], "bin", "h5prism")


class Run(NamedTuple):
    """What one run of a program took; peak is that of its resident memory, in bytes."""

    seconds: float
    cpu_seconds: float
    peak: int


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench-repack",
        description="Makes a file of flipped and rolled copies of an array, each of them a chunk, "
        "and times h5prism repack on it, and h5repack with the filter. The programs take turns; "
        "the fastest run of each counts, which on a busy machine says more than the mean. What is "
        "written is compared with the input. Memory is the peak of resident memory. With --into, the "
        "file has one array in the chunks of --chunks, which become others.",
    )
    parser.add_argument("file", metavar="FILE", help="x.npy, x.h5 or x.h5:dataset")
    parser.add_argument("--chunks", metavar="AxB", help="store the array in these, with gzip, ..")
    parser.add_argument("--into", metavar="AxB", help="and measure other chunks instead")
    parser.add_argument("--size", type=float, default=1000, metavar="MB", help="of the file (1000)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), metavar="N", help="all CPUs")
    parser.add_argument("--effort", type=int, default=5, metavar="N", help="1 to 9 (5)")
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="timed runs (3)")
    parser.add_argument("--folder", type=Path, metavar="F", help="for the files; one in /tmp")
    return parser.parse_args()


def _copies(array: np.ndarray, count: int):
    for index in range(count):
        axes = [axis for axis in range(min(array.ndim, 2)) if index >> axis & 1]
        yield np.roll(np.flip(array, axes), 7 * index, 0)


def _write(path: Path, array: np.ndarray, count: int) -> None:
    shape = (count * array.shape[0], *array.shape[1:])
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset(_NAME, shape, array.dtype, chunks=array.shape)
        for index, copy in enumerate(_copies(array, count)):
            dataset[index * len(array) : (index + 1) * len(array)] = copy


def _check(path: Path, array: np.ndarray, count: int) -> None:
    with h5py.File(path) as file:
        for index, copy in enumerate(_copies(array, count)):
            part = file[_NAME][index * len(array) : (index + 1) * len(array)]
            if not np.array_equal(part, copy):
                raise SystemExit(f"{path}: chunk {index} is not what was written")


def _run(command: list[object]) -> Run:
    start = time.perf_counter()
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]} failed: {process.returncode}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, 1024 * usage.ru_maxrss)


def _filter_text(effort: int) -> str:
    words = h5prism.Prism(effort=effort).filter_options
    return f"{_NAME}:UD={h5prism.FILTER_ID},0,{len(words)},{','.join(map(str, words))}"


def _commands(path: Path, out: Path, threads: int, effort: int) -> dict[str, list[object]]:
    repack = [_TOOL, "repack", path, out, f"effort={effort}", "--force"]
    return {
        "h5prism repack -j1": [*repack, "-j", 1],
        f"h5prism repack -j{threads}": [*repack, "-j", threads],
        "h5repack": ["h5repack", "-f", _filter_text(effort), path, out],
    }


def _measure(commands: dict[str, list[object]], repeat: int, check) -> dict[str, list[Run]]:
    runs = {name: [] for name in commands}
    for turn in range(repeat):
        for name, command in commands.items():
            runs[name].append(_run(command))
            if turn == 0:
                check()
    return runs


def _report(runs: dict[str, list[Run]], single: Run, size: int, chunk: int, threads: int) -> None:
    fastest = {name: min(taken).seconds for name, taken in runs.items()}
    least = {name: min(run.cpu_seconds for run in taken) for name, taken in runs.items()}
    for name, taken in runs.items():
        peak = max(run.peak for run in taken)
        print(
            f"{name:20} {fastest[name]:8.2f} s {size / fastest[name] / 1e6:8.1f} MB/s "
            f"{least[name]:8.2f} s of CPU {peak / 1e6:8.0f} MB at the peak"
        )
    one, many, other = fastest
    more = max(run.peak for run in runs[many]) - threads * single.peak
    print(f"{threads} threads: {fastest[one] / fastest[many]:.2f} times as fast as one")
    print(f"one thread: {fastest[other] / fastest[one]:.2f} times as fast as h5repack")
    print(f"memory: {single.peak / chunk:.1f} chunks for a file of one chunk;")
    print(f"{more / chunk:.1f} more than {threads} times that for {threads} threads")


def _measure_other_chunks(arguments: argparse.Namespace, array: np.ndarray, folder: Path) -> None:
    """The processor time of new chunks, by h5prism and by h5repack."""
    path, out, effort = folder / "in.h5", folder / "out.h5", arguments.effort
    chunks = tuple(map(int, arguments.chunks.split("x")))
    with h5py.File(path, "w") as file:
        file.create_dataset(_NAME, data=array, chunks=chunks, compression="gzip")
    repack = [_TOOL, "repack", path, out, f"effort={effort}", "--chunks", arguments.into]
    repack += ["--dataset", _NAME, "--always", "--force"]
    layout = ["h5repack", "-l", f"{_NAME}:CHUNK={arguments.into}"]
    commands = {
        "h5prism repack": repack,
        "h5prism repack --no-check": [*repack, "--no-check"],
        "h5repack": [*layout, "-f", _filter_text(effort), path, out],
        "h5repack, gzip": [*layout, "-f", f"{_NAME}:GZIP=6", path, out],
    }
    runs = _measure(commands, arguments.repeat, lambda: _check(out, array, 1))
    least = {name: min(run.cpu_seconds for run in taken) for name, taken in runs.items()}
    for name, taken in runs.items():
        peak = max(run.peak for run in taken)
        print(f"{name:26} {least[name]:8.2f} s of CPU {peak / 1e6:8.0f} MB at the peak")
    ratio = least["h5prism repack"] / least["h5repack"]
    print(f"{ratio:.2f} times the processor time of h5repack")


def main() -> int:
    """Prints the figures; a program that fails, or writes other data, ends it."""
    arguments = _arguments()
    try:
        array = load(arguments.file)
    except InputError as reason:
        raise SystemExit(str(reason)) from reason
    if arguments.into:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            _measure_other_chunks(arguments, array, Path(folder))
        return 0
    count = max(1, round(arguments.size * 1e6 / array.nbytes))
    for key, value in machine().items():
        print(f"{key}: {value}")
    print(f"{count} chunks of {array.nbytes:,} bytes, effort {arguments.effort}", flush=True)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        path, out = Path(folder, "in.h5"), Path(folder, "out.h5")
        _write(path, array, 1)
        single = _run(_commands(path, out, 1, arguments.effort)["h5prism repack -j1"])
        _write(path, array, count)
        commands = _commands(path, out, arguments.threads, arguments.effort)
        runs = _measure(commands, arguments.repeat, lambda: _check(out, array, count))
        _report(runs, single, count * array.nbytes, array.nbytes, arguments.threads)
    return 0


if __name__ == "__main__":
    sys.exit(main())
