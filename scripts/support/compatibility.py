"""The table of docs/compatibility.md: each row is a test that has just been run.

Versions are those of this machine's programs and modules, and of the wheels in the environments that
the tests have made in the build folder.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("H5PRISM_BUILD", ROOT / "build"))
PAGE = ROOT / "docs" / "compatibility.md"

_HEAD = """# Compatibility

Other programs, and what of them works with h5prism, each by a test of `h5tests/`. `scripts/compatibility`
runs these tests and writes this page, with the versions that it has met; a test that was skipped says
why. "Wheel" is what pip installs, with an HDF5 of its own; everything else is of Debian or Ubuntu.

| program | version | what works | by which test | result |
|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Row:
    """One line of the table. `version` is a command, "module NAME", "wheel NAME ENVIRONMENT", or "npm
    NAME"."""

    program: str
    version: str
    works: str
    test: str


ROWS = [
    Row("h5dump", "h5dump --version", "reads", "test_filter_tools.py::test_h5dump_reads"),
    Row("h5repack", "h5repack --version", "writes", "test_filter_tools.py::test_h5repack_applies"),
    Row("nccopy, ncdump", "ncdump", "write, read", "test_filter_tools.py::test_nccopy"),
    Row("h5py", "module h5py", "reads, writes", "test_filter_round_trip.py::test_pipelines"),
    Row("h5py, wheel", "wheel h5py readers", "reads", "test_hdf5_libraries.py::test_the_library_comes_later[h5py]"),
    Row("h5py, wheel", "wheel h5py h5py", "writes, and what Debian's writes", "test_filter_wheel.py::test_both_ways"),
    Row("netCDF4", "module netCDF4", "reads", "test_filter_readers.py::test_netcdf4"),
    Row("netCDF4, wheel", "wheel netCDF4 readers", "reads after `import h5prism`", "test_hdf5_libraries.py::test_the_library_comes_later[netCDF4]"),
    Row("PyTables", "module tables", "reads", "test_filter_readers.py::test_pytables"),
    Row("PyTables, wheel", "wheel tables readers", "reads after `import h5prism`", "test_hdf5_libraries.py::test_the_library_comes_later[tables]"),
    Row("h5py, netCDF4, PyTables, wheels", "wheel netCDF4 readers", "all in one process, in any order of imports", "test_hdf5_libraries.py::test_three_libraries"),
    Row("h5netcdf", "module h5netcdf", "reads, writes", "test_filter_readers.py::test_h5netcdf"),
    Row("xarray", "module xarray", "reads, writes by h5netcdf", "test_filter_readers.py::test_xarray_writes_by_its_encoding"),
    Row("xarray, wheel", "wheel xarray readers", "reads by netcdf4", "test_hdf5_libraries.py::test_the_library_comes_later[xarray]"),
    Row("xarray, wheel", "wheel xarray virtual", "opens references, Zarr 2 and 3", "test_references.py::test_xarray"),
    Row("kerchunk, wheel", "wheel kerchunk virtual", "opens and combines references", "test_references.py::test_kerchunk"),
    Row("kerchunk, wheel", "wheel kerchunk virtual", "translates files by h5prism.kerchunk", "test_references.py::test_kerchunk_translates"),
    Row("VirtualiZarr, wheel", "wheel virtualizarr virtual", "opens files and references", "test_references.py::test_virtualizarr"),
    Row("Icechunk, wheel", "wheel icechunk virtual", "keeps virtual chunks", "test_references.py::test_icechunk"),
    Row("GDAL", "gdalinfo --version", "reads", "test_filter_readers.py::test_gdal"),
    Row("Octave", "octave-cli --version", "reads", "test_filter_readers.py::test_octave"),
    Row("R, hdf5r", "Rscript --version", "reads", "test_filter_readers.py::test_r"),
    Row("Node", "node --version", "decodes by the npm package", "test_browser_decoder.py::test_golden_chunks"),
    Row("zarrita, npm", "npm zarrita", "reads, Zarr 2 and 3", "test_browser_decoder.py::test_zarrita"),
    Row("Linux on aarch64, by qemu", "qemu-aarch64 --version", "the tool of a wheel writes and reads", "test_elsewhere.py::test_the_tool_runs[tool_for_aarch64]"),
    Row("Windows, by wine", "/usr/lib/wine/wine64 --version", "the tool of a wheel writes and reads", "test_elsewhere.py::test_the_tool_runs[tool_for_windows]"),
    Row("Chromium", "chromium --version", "opens files in the page", "test_browser_page.py::test_embeddings_channels_last"),
]  # fmt: skip


def version_of(row: Row) -> str:
    """What the program says of itself, or a dash where it is not there."""
    kind, *names = row.version.split()
    if kind == "module":
        package = f"python3-{names[0].lower()}"
        packed = _printed("dpkg-query", "-W", "-f", "${Version}", package)[0]
        return (
            packed.rsplit("-", 1)[0] or _printed(sys.executable, "-c", _version(names[0]))[0] or "-"
        )
    if kind == "npm":
        facts = BUILD.parent / f"{BUILD.name}-browser/modules/node_modules/{names[0]}/package.json"
        return json.loads(facts.read_text())["version"] if facts.exists() else "-"
    if kind == "wheel":
        name, environment = names
        python = BUILD / f"venv-{environment}" / "bin" / "python"
        return _printed(str(python), "-c", _version(name))[0] or "-"
    found = re.search(r"\d+(\.\d+)+", "".join(_printed(kind, *names)))
    return found[0] if found else "-"


def _version(module: str) -> str:
    """A program that prints the version of an installed module."""
    return f"import importlib.metadata; print(importlib.metadata.version({module!r}), end='')"


def _printed(*command: str) -> tuple[str, str]:
    """To stdout and stderr; nothing where there is no such program."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return "", ""
    return done.stdout, done.stderr


def results(rows: list[Row]) -> dict[str, str]:
    """What became of each test; its parameters count together."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        tests = [f"h5tests/{row.test}" for row in rows]
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            f"--junitxml={report}",
        ]
        subprocess.run([*command, *tests], cwd=ROOT)
        cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    return {row.test: _result_of(row.test, cases) for row in rows}


def _result_of(test: str, cases: list[ElementTree.Element]) -> str:
    file, _, name = test.partition("::")
    counts: dict[str, int] = defaultdict(int)
    reason = ""
    for case in cases:
        if case.get("classname", "").split(".")[-1] != file.removesuffix(".py"):
            continue
        if name and case.get("name") != name and case.get("name", "").split("[")[0] != name:
            continue
        skipped = case.find("skipped")
        bad = case.find("failure") is not None or case.find("error") is not None
        counts["failed" if bad else "passed" if skipped is None else "skipped"] += 1
        reason = reason if skipped is None else skipped.get("message", "")
    text = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
    return f"{text} ({reason})" if reason else text or "not run"


def page(rows: list[Row], outcome: dict[str, str]) -> str:
    lines = (
        f"| {row.program} | {version_of(row)} | {row.works} | `{row.test}` | {outcome[row.test]} |\n"
        for row in rows
    )
    return _HEAD + "".join(lines)


def main() -> int:
    outcome = results(ROWS)
    PAGE.write_text(page(ROWS, outcome))
    print(PAGE.relative_to(ROOT))
    return any("failed" in text for text in outcome.values())


if __name__ == "__main__":
    sys.exit(main())
