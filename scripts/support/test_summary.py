"""Adds up test results and prints them as the last line of scripts/test.

usage: python -m support.test_summary RESULT...

A RESULT is a JUnit XML file (of ctest or pytest), or OUTCOME:NAME for a step of the script itself,
OUTCOME being passed, failed or skipped. Exits with 1 if anything failed or nothing passed.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

_OUTCOMES = ("passed", "failed", "skipped")


def _outcomes(result: str) -> Iterator[tuple[str, str]]:
    """Pairs of an outcome and a name."""
    outcome, colon, name = result.partition(":")
    if colon and outcome in _OUTCOMES:
        yield outcome, name
        return
    try:
        cases = list(ElementTree.parse(result).iter("testcase"))
    except (OSError, ElementTree.ParseError) as reason:
        yield "failed", f"{Path(result).name}: no results ({reason})"
        return
    if not cases:
        yield "failed", f"{Path(result).name}: not a single test"
    for case in cases:
        outcome, reason = _case_outcome(case)
        # pytest's class name is the module, ctest's is the name once more.
        places = dict.fromkeys((Path(result).stem, case.get("classname"), case.get("name"), reason))
        yield outcome, ": ".join(filter(None, places))


def _case_outcome(case: ElementTree.Element) -> tuple[str, str]:
    """The outcome and, for a test that was skipped, the reason."""
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed", ""
    if case.get("status") == "disabled":
        return "skipped", "disabled"
    skipped = case.find("skipped")
    if skipped is None:
        return "passed", ""
    reason = skipped.get("message", "")
    # ctest says "skipped" of a test whose program or fixture is missing, too.
    missing = case.get("status") == "notrun" and not reason.startswith("SKIP_")
    return ("failed" if missing else "skipped"), reason


def main(results: list[str]) -> int:
    """Prints names that failed or were skipped and the sum; returns the exit code."""
    counts: Counter[str] = Counter()
    for result in results:
        for outcome, name in _outcomes(result):
            counts[outcome] += 1
            if outcome != "passed":
                print(f"{outcome}: {name}")
    line = f"{counts['passed']} passed, {counts['failed']} failed"
    if counts["skipped"]:
        line += f", {counts['skipped']} skipped"
    print(line, flush=True)
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
