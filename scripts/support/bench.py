"""scripts/bench: h5prism and its alternatives on given arrays, each as one chunk, on one thread."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from . import masks, tables
from .arrays import InputError, load
from .automatic import format_automatic, measure_automatic
from .contender import Contender
from .contenders import chosen, is_wide
from .layouts import format_layouts, measure_layouts
from .machine import machine
from .measure import Row, measure
from .noise import describe, noise_of
from .number_contenders import number_contenders
from .parts import format_parts, measure_parts
from .shapes import DEFAULT_EFFORTS
from .shapes import report as shapes_report
from .table import format_table


_DESCRIPTION = """\
Compares h5prism with the alternatives. Each array is encoded as one chunk on one thread; every round
trip is verified, bit for bit; MB are millions of uncompressed bytes. encode MB and decode MB are the
memory at the peak, beyond the input and including the result, each measured in a process of its own."""

_WHEELS = "fpzip zfpy blosc2 pcodec"

_EPILOG = """\
Rows: {rows}

With --stack: {stack}

Floats and integers of 32 and 64 bits also get: {numbers}
These rows need Python modules that distributions do not have, and say so where they are missing:

  python3 -m venv --system-site-packages wheels
  wheels/bin/pip install {wheels}
  PYTHON=wheels/bin/python scripts/bench FILE

--random reads Blosc and LZ4 by the package hdf5plugin, and Zarr arrays by zarr, version 3:

  python3 -m venv loaders
  loaders/bin/pip install h5py hdf5plugin zarr
  PYTHON=loaders/bin/python scripts/bench --random FILE"""


def _names(contenders: Iterable[Contender]) -> str:
    return ", ".join(contender.name for contender in contenders)


def _epilog() -> str:
    paragraphs = _EPILOG.format(
        rows=_names(chosen(None)),
        stack=_names(chosen(None, stack=True)),
        numbers=_names(number_contenders()),
        wheels=_WHEELS,
    ).split("\n")
    return "\n".join(textwrap.fill(line, 96) if len(line) > 96 else line for line in paragraphs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description=_DESCRIPTION,
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="x.npy, x.h5 or x.h5:dataset")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the results there, too")
    parser.add_argument(
        "--chart", type=Path, metavar="FOLDER", help="save size against speed as PNG for each file"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="NAME",
        help="only these rows; with --shapes, rows with one of these words",
    )
    parser.add_argument(
        "--repeat", type=int, metavar="N", help="timed runs (3; of --kernels 9, and 99 at most)"
    )
    parser.add_argument("--axis", type=int, metavar="N", help="axis along which the planes lie")
    parser.add_argument(
        "--stack", action="store_true", help="compare with what codes stacks of images, too"
    )
    parser.add_argument(
        "--lossy",
        action="store_true",
        help="instead, size against error: bounds rel_rmse and max_error beside other lossy codecs, and "
        "what embeddings are still good for; without FILE, of generated arrays",
    )
    parser.add_argument(
        "--scales",
        metavar="FILE",
        help="with --lossy and one FILE of integers: a scale for each position, channels last; errors "
        "are those of the products",
    )
    parser.add_argument(
        "--layouts",
        action="store_true",
        help="instead, bring each array into eight orders of its axes and compare automatic options "
        "with the best axis of each",
    )
    parser.add_argument(
        "--masks",
        action="store_true",
        help="instead, leave out data in half of the rows and in regions, and compare what is left with "
        "the same by itself, at efforts 1, 5 and 8; without FILE, of generated arrays",
    )
    parser.add_argument(
        "--tables",
        action="store_true",
        help="instead, cut tables (rows, columns) to numbers of rows around that of their columns, and "
        "compare automatic options with the best others, and chunks of a table with all in one, at "
        "efforts 1 and 5; without FILE, of generated tables",
    )
    parser.add_argument(
        "--auto",
        action="store_true",
        help="instead, compare automatic options at efforts 1, 5 and 7 with gzip and with each "
        "pipeline of our own; says LARGER, and fails, where they are",
    )
    parser.add_argument(
        "--random",
        action="store_true",
        help="instead, of arrays (row, column, channel) of integers of 8 and 16 bits: bytes with and "
        "without blocks, and what reading pixels, patches of 32 x 32, the first 4 channels and all "
        "takes, by h5py, h5prism.read and, where it is installed, Zarr; beside gzip and, where their "
        "filters are (hdf5plugin), Blosc and LZ4",
    )
    parser.add_argument(
        "--parts",
        action="store_true",
        help="instead, of integers of 8 and 16 bits as one chunk, planes along the last axis: how many "
        "times as fast two threads are, and what order=stored and its first four planes take",
    )
    parser.add_argument(
        "--effort", type=int, default=5, metavar="N", help="of --layouts and --random: 1 to 9 (5)"
    )
    parser.add_argument(
        "--first", type=int, metavar="N", help="take the first N elements of the first axis only"
    )
    parser.add_argument(
        "--shapes",
        nargs="*",
        type=int,
        metavar="EFFORT",
        help="instead of files: what generated chunks of unusual shapes and types take (1 5)",
    )
    parser.add_argument(
        "--kernels",
        nargs="*",
        metavar="WORD",
        help="instead of files: what each kernel takes with each instruction set of this CPU, in "
        "nanoseconds of the processor for a sample, and how much faster than the scalar set that "
        "is; only kernels with one of the words in their names",
    )
    parser.add_argument("--no-memory", action="store_true", help="do not measure memory")
    arguments = parser.parse_args()
    instead = [arguments.shapes, arguments.kernels]
    asked = [getattr(arguments, question.name) for question in _QUESTIONS]
    given = bool(arguments.files) or arguments.lossy or any(asked)
    if given + sum(words is not None for words in instead) != 1:
        parser.error("expected files, --lossy, --masks, --tables, --shapes or --kernels")
    if arguments.repeat is None:
        arguments.repeat = 3 if arguments.kernels is None else 9
    if arguments.repeat < 1:
        parser.error("--repeat: expected at least 1")
    if arguments.first is not None and arguments.first < 1:
        parser.error("--first: expected at least 1")
    if arguments.stack and arguments.axis is None:
        arguments.axis = 0
    try:
        chosen(arguments.only if arguments.files and not arguments.lossy else None)
    except KeyError as name:
        parser.error(f"--only: no row is called {name}; --help lists the names")
    return arguments


def _measure_layouts(array: np.ndarray, arguments: argparse.Namespace) -> dict[str, object]:
    rows = list(measure_layouts(array, effort=arguments.effort))
    print(format_layouts(rows), flush=True)
    return {"layouts": [dataclasses.asdict(row) for row in rows]}


def _measure_parts(array: np.ndarray, repeat: int) -> dict[str, object]:
    rows = measure_parts(array, repeat)
    print(format_parts(rows), flush=True)
    return {"parts": [dataclasses.asdict(row) for row in rows]}


def _measure_random(array: np.ndarray, arguments: argparse.Namespace) -> dict[str, object]:
    from .random_reads import format_random, measure_random  # h5py, for those who want it

    rows = measure_random(array, arguments.effort)
    print(format_random(rows), flush=True)
    return {"random": [dataclasses.asdict(row) for row in rows]}


def _measure_automatic(array: np.ndarray) -> tuple[dict[str, object], bool]:
    rows = measure_automatic(array, (1, 5, 7))
    print(format_automatic(rows), flush=True)
    return {"automatic": [dataclasses.asdict(row) for row in rows]}, all(r.holds for r in rows)


def _measure(array: np.ndarray, arguments: argparse.Namespace) -> list[Row]:
    return measure(
        chosen(arguments.only, arguments.axis, stack=arguments.stack, wide=is_wide(array.dtype)),
        array,
        repeat=arguments.repeat,
        memory=not arguments.no_memory,
        axis=arguments.axis,
    )


def _save_chart(folder: Path, name: str, rows: list[Row]) -> None:
    from .chart import save_chart  # matplotlib, for those who want it

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{Path(name).stem}.png"
    save_chart(path, name, rows)
    print(f"chart: {path}")


def _print(about: dict[str, str]) -> None:
    for key, value in about.items():
        print(f"{key}: {value}", flush=True)


def _kernels(arguments: argparse.Namespace) -> int:
    program = Path(os.environ["H5PRISM_BUILD"]) / "bin" / "bench_kernels"
    if not program.exists():
        print(f"there is no {program}: it is built with the tests, on Linux", file=sys.stderr)
        return 1
    _print(machine())
    return subprocess.run([program, str(arguments.repeat), *arguments.kernels]).returncode


def _arrays(arguments: argparse.Namespace) -> Iterator[tuple[str, np.ndarray, bool]]:
    """Each with its name, and whether it is a stack. Raises InputError."""
    for file in arguments.files:
        yield Path(file).name, np.ascontiguousarray(load(file)[: arguments.first]), arguments.stack
    if not arguments.files:
        from .lossy import generated

        yield from generated()


def _lossy(arguments: argparse.Namespace) -> int:
    from .lossy import report as lossy_report  # Pillow, for those who want it

    report: dict[str, Any] = {"machine": machine(), "arrays": []}
    _print(report["machine"])
    failed = False
    scales = load(arguments.scales) if arguments.scales else None
    for name, array, stack in _arrays(arguments):
        print(
            f"\n{name}: {' x '.join(map(str, array.shape))} {array.dtype}, {array.nbytes:,} bytes"
        )
        if scales is not None and scales.shape != array.shape[:-1]:
            raise InputError(f"scales of shape {scales.shape} for {name}")
        found, broken = lossy_report(
            array,
            axis=0 if stack and arguments.axis is None else arguments.axis,
            stack=stack,
            only=arguments.only,
            chart=arguments.chart,
            title=name,
            scales=scales,
        )
        failed |= broken
        report["arrays"].append(
            {"name": name, "shape": array.shape, "dtype": array.dtype.str, **found}
        )
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    return int(failed)


@dataclasses.dataclass(frozen=True)
class _Question:
    """What is measured of given arrays, or of generated ones, at some efforts."""

    name: str
    efforts: tuple[int, ...]
    measure: Callable[[np.ndarray, int], Iterator[Any]]
    show: Callable[[list[Any]], str]
    generated: Callable[[], Iterator[tuple[str, np.ndarray]]]


_QUESTIONS = (
    _Question("masks", (1, 5, 8), masks.measure_masks, masks.format_masks, masks.generated),
    _Question("tables", (1, 5), tables.measure_tables, tables.format_tables, tables.generated),
)


def _ask(question: _Question, arguments: argparse.Namespace) -> int:
    files = ((Path(file).name, load(file)[: arguments.first]) for file in arguments.files)
    report: dict[str, Any] = {"machine": machine(), "arrays": []}
    _print(report["machine"])
    for name, array in files if arguments.files else question.generated():
        for effort in question.efforts:
            rows = list(question.measure(np.ascontiguousarray(array), effort))
            shape = " x ".join(map(str, array.shape))
            print(f"\n{name}: {shape}, effort {effort}\n{question.show(rows)}", flush=True)
            found = [dataclasses.asdict(row) for row in rows]
            report["arrays"].append({"name": name, "effort": effort, question.name: found})
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


def _shapes(arguments: argparse.Namespace) -> int:
    _print(machine())
    efforts = arguments.shapes or DEFAULT_EFFORTS
    only = arguments.only or []
    shapes_report(efforts, repeat=arguments.repeat, memory=not arguments.no_memory, only=only)
    return 0


def main() -> int:
    """Prints a table for each file. Returns 1 if a file or a round trip failed."""
    arguments = _arguments()
    if arguments.shapes is not None:
        return _shapes(arguments)
    if arguments.kernels is not None:
        return _kernels(arguments)
    asked = [question for question in _QUESTIONS if getattr(arguments, question.name)]
    if arguments.lossy or asked:
        try:
            return _ask(asked[0], arguments) if asked else _lossy(arguments)
        except InputError as reason:
            print(reason, file=sys.stderr)
            return 1
    report = {"machine": machine(), "repeat": arguments.repeat, "arrays": []}
    _print(report["machine"])
    failed = False
    for file in arguments.files:
        try:
            array = np.ascontiguousarray(load(file)[: arguments.first])
        except InputError as reason:
            print(f"\n{reason}", file=sys.stderr)
            failed = True
            continue
        name = Path(file).name
        shape = " x ".join(map(str, array.shape))
        print(f"\n{name}: {shape} {array.dtype}, {array.nbytes:,} bytes", flush=True)
        about = {
            "name": name,
            "shape": array.shape,
            "dtype": array.dtype.str,
            "bytes": array.nbytes,
        }
        if arguments.layouts:
            report["arrays"].append({**about, **_measure_layouts(array, arguments)})
            continue
        if arguments.random:
            report["arrays"].append({**about, **_measure_random(array, arguments)})
            continue
        if arguments.parts:
            report["arrays"].append({**about, **_measure_parts(array, arguments.repeat)})
            continue
        if arguments.auto:
            found, holds = _measure_automatic(array)
            report["arrays"].append({**about, **found})
            failed |= not holds
            continue
        rows = _measure(array, arguments)
        print(format_table(rows), flush=True)
        if arguments.stack and (noise := noise_of(array)):
            print(describe(noise), flush=True)
        failed |= any(row.failed for row in rows)
        if arguments.chart:
            _save_chart(arguments.chart, name, rows)
        report["arrays"].append({**about, "rows": [dataclasses.asdict(row) for row in rows]})
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
