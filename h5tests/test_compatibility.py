"""The table of docs/compatibility.md: every row is a test that is there, and the page has every row."""

import subprocess
import sys

import pytest
from filter_support import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
from support import compatibility  # noqa: E402

ROWS = compatibility.ROWS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.test)
def test_rows_name_tests(row):
    file, _, name = row.test.partition("::")
    text = (ROOT / "h5tests" / file).read_text()
    assert f"def {name.split('[')[0]}(" in text if name else text


def test_the_page_has_every_row():
    page = compatibility.PAGE.read_text()
    assert page.startswith(compatibility._HEAD)
    lines = page[len(compatibility._HEAD) :].splitlines()
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines] == [r.program for r in ROWS]
    assert all(f"`{row.test}`" in line for row, line in zip(ROWS, lines))
    assert not any("failed" in line or "not run" in line for line in lines)


def test_versions_and_results_are_found():
    row = compatibility.Row("pytest", "module pytest", "", "test_x.py::test_a")
    assert compatibility.version_of(row).split("+")[0] == pytest.__version__
    missing = compatibility.Row("x", "no-such-program --version", "", "")
    assert compatibility.version_of(missing) == "-"
    this = compatibility.Row("python", f"{sys.executable} --version", "", "")
    assert (
        compatibility.version_of(this)
        in subprocess.run([sys.executable, "--version"], capture_output=True, text=True).stdout
    )
    cases = compatibility.ElementTree.fromstring(
        '<s><testcase classname="h5tests.test_x" name="test_a[1]"/>'
        '<testcase classname="h5tests.test_x" name="test_a[2]"><skipped message="none"/></testcase>'
        '<testcase classname="h5tests.test_x" name="test_ab"><failure/></testcase></s>'
    )
    assert compatibility._result_of(row.test, list(cases)) == "1 passed, 1 skipped (none)"
