"""Adds up what gcov knows of a build, and prints the share of lines that were executed.

usage: python -m support.coverage ROOT BUILD [decode]

With decode, only functions count of which at least one line was executed.
Files that are compiled several times, as kernels are, count once: a line is covered if any of them
executed it. Lines that nothing executed go to BUILD/uncovered.txt.
"""

from __future__ import annotations

import json
import subprocess
import sys
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

_FOLDERS = ("src", "filter")


def _lines(build: Path) -> Iterator[tuple[str, int, int]]:
    """File, number and count of each line of each object."""
    for notes in build.rglob("*.gcno"):  # fuzz targets compile the filter, too
        command = ["gcov", "--json-format", "--stdout", str(notes)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=build)
        for text in filter(None, done.stdout.splitlines()):
            for file in json.loads(text)["files"]:
                for line in file["lines"]:
                    yield file["file"], line["line_number"], line["count"]


def counts(root: Path, build: Path) -> dict[str, dict[int, int]]:
    """Of each file of the source tree: how often each of its lines was executed."""
    found: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for name, number, count in _lines(build):
        path = (root / name).resolve()  # the filter's are told without the root
        if path.is_relative_to(root) and path.relative_to(root).parts[0] in _FOLDERS:
            found[str(path.relative_to(root))][number] += count
    return found


def _of_entered(root: Path, path: str, lines: dict[int, int]) -> dict[int, int]:
    """Of functions that were. gcov does not say which function an inlined line is of; one ends where a
    line begins with a brace."""
    ends = [n for n, text in enumerate((root / path).read_text().split("\n"), 1) if text[:1] == "}"]
    entered = {bisect_left(ends, number) for number, count in lines.items() if count}
    return {n: count for n, count in lines.items() if bisect_left(ends, n) in entered}


def _room(path: str) -> str:
    """src/lossy, filter, ..."""
    return "/".join(Path(path).parts[:2][: 2 if path.startswith("src/") else 1])


def _share(lines: list[int]) -> str:
    covered = sum(count > 0 for count in lines)
    return f"{100 * covered / len(lines):6.2f} %  {covered:6} of {len(lines):6}"


def main() -> None:
    root, build = (Path(argument).resolve() for argument in sys.argv[1:3])
    found = counts(root, build)
    if sys.argv[3:] == ["decode"]:
        found = {path: _of_entered(root, path, lines) for path, lines in found.items()}
    rooms: dict[str, list[int]] = defaultdict(list)
    for path, lines in found.items():
        rooms[_room(path)] += lines.values()
    rooms = {room: lines for room, lines in rooms.items() if lines}
    for room in sorted(rooms):
        print(f"{room:16} {_share(rooms[room])}")
    print(f"{'all':16} {_share([count for lines in rooms.values() for count in lines])}")
    with (build / "uncovered.txt").open("w") as file:
        for path in sorted(found):
            for number in sorted(n for n, count in found[path].items() if not count):
                file.write(f"{path}:{number}\n")


if __name__ == "__main__":
    main()
