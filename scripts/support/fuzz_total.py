"""Adds what a fuzz target has executed to fuzz/total.tsv, and writes the sums to docs/testing.md.

usage: python -m support.fuzz_total [TARGET BUILD FOUND LOG...]

BUILD is how the target was built, FOUND how many inputs broke something, and each LOG what a process of
libFuzzer printed with -print_final_stats=1. Without arguments, the sums are only written.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from .host import commit, processor

_ROOT = Path(__file__).resolve().parents[2]
_TOTAL = _ROOT / "fuzz" / "total.tsv"
_DOCUMENT = _ROOT / "docs" / "testing.md"
_TABLE = re.compile(r"(<!-- fuzz total -->\n).*?(<!-- end -->)", re.DOTALL)


class Run(NamedTuple):
    date: str
    commit: str
    machine: str
    target: str
    build: str
    executions: int
    seconds: int
    found: int


def runs() -> Iterator[Run]:
    for line in _TOTAL.read_text().splitlines()[1:]:
        *words, executions, seconds, found = line.split("\t")
        yield Run(*words, int(executions), int(seconds), int(found))


def table() -> str:
    lines = [
        "| target | build | executions | seconds | inputs that broke something | last run |\n",
        "|---|---|---|---|---|---|\n",
    ]
    of_kind: dict[tuple[str, str], list[Run]] = {}
    for run in runs():
        of_kind.setdefault((run.target, run.build), []).append(run)
    for (target, build), some in of_kind.items():
        last = some[-1]
        lines.append(
            f"| {target} | {build} | {sum(r.executions for r in some):,} | {sum(r.seconds for r in some):,} | "
            f"{sum(r.found for r in some)} | {last.date}, {last.commit}, {last.machine} |\n"
        )
    return "".join(lines)


def written(document: str) -> str:
    """The document with the sums as they are."""
    return _TABLE.sub(lambda found: found[1] + table() + found[2], document)


def _number(log: str, pattern: str) -> int:
    """The last one: of what was executed before an end that was none, too."""
    found = re.findall(pattern, log)
    return int(found[-1]) if found else 0


def _executions(log: str) -> int:
    return max(
        _number(log, r"stat::number_of_executed_units: (\d+)"), _number(log, r"(?m)^#(\d+)\t")
    )


def _seconds(log: str) -> int:
    whole = _number(log, r"Done \d+ runs in (\d+) second")
    return whole or _executions(log) // max(1, _number(log, r"exec/s: (\d+)"))


def _add(target: str, build: str, found: int, logs: list[str]) -> None:
    executions, seconds = sum(map(_executions, logs)), sum(map(_seconds, logs))
    date = datetime.now(timezone.utc).strftime("%Y-%m-%d")
    run = Run(date, commit(), processor(), target, build, executions, seconds, found)
    with _TOTAL.open("a") as file:
        file.write("\t".join(map(str, run)) + "\n")


def main() -> None:
    if len(sys.argv) > 1:
        target, build, found, *logs = sys.argv[1:]
        _add(target, build, int(found), [Path(log).read_text(errors="replace") for log in logs])
    _DOCUMENT.write_text(written(_DOCUMENT.read_text()))


if __name__ == "__main__":
    main()
