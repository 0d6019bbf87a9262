"""Adds what a fuzz target has executed to fuzz/total.tsv, and writes the sums to docs/testing.md.

usage: python -m support.fuzz_total [TARGET LOG FOUND]

LOG is what libFuzzer printed with -print_final_stats=1, FOUND how many inputs broke something.
Without arguments, the sums are only written.
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
    executions: int
    seconds: int
    found: int


def runs() -> Iterator[Run]:
    for line in _TOTAL.read_text().splitlines()[1:]:
        *words, executions, seconds, found = line.split("\t")
        yield Run(*words, int(executions), int(seconds), int(found))


def table() -> str:
    lines = [
        "| target | executions | seconds | inputs that broke something | last run |\n",
        "|---|---|---|---|---|\n",
    ]
    of_target: dict[str, list[Run]] = {}
    for run in runs():
        of_target.setdefault(run.target, []).append(run)
    for target, some in of_target.items():
        last = some[-1]
        lines.append(
            f"| {target} | {sum(r.executions for r in some):,} | {sum(r.seconds for r in some):,} | "
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


def _add(target: str, log: str, found: int) -> None:
    executions = max(
        _number(log, r"stat::number_of_executed_units: (\d+)"), _number(log, r"(?m)^#(\d+)\t")
    )
    seconds = _number(log, r"Done \d+ runs in (\d+) second")
    if not seconds:
        seconds = executions // max(1, _number(log, r"exec/s: (\d+)"))
    date = datetime.now(timezone.utc).strftime("%Y-%m-%d")
    run = Run(date, commit(), processor(), target, executions, seconds, found)
    with _TOTAL.open("a") as file:
        file.write("\t".join(map(str, run)) + "\n")


def main() -> None:
    if len(sys.argv) == 4:
        _add(sys.argv[1], Path(sys.argv[2]).read_text(errors="replace"), int(sys.argv[3]))
    _DOCUMENT.write_text(written(_DOCUMENT.read_text()))


if __name__ == "__main__":
    main()
