"""The plugin's link interface: what it exports, and that it needs no HDF5 library."""

import re

import pytest
from filter_support import PLUGIN, ROOT, needs, not_sanitized, run

pytestmark = needs("nm")


def public_functions():
    header = (ROOT / "include" / "prism.h").read_text()
    return set(re.findall(r"^PRISM_API\s[^;(]*?\b(prism_\w+)\(", header, re.MULTILINE))


def dynamic_symbols(*options):
    lines = run("nm", "-D", *options, PLUGIN).stdout.splitlines()
    return {line.split()[-1].split("@")[0] for line in lines}


def test_exports_the_two_entry_points_and_the_public_api_only():
    functions = public_functions()
    assert "prism_encode" in functions and "prism_decode" in functions
    expected = functions | {"H5PLget_plugin_type", "H5PLget_plugin_info"}
    assert dynamic_symbols("--defined-only") == expected


def test_has_no_undefined_hdf5_symbol():
    undefined = dynamic_symbols("--undefined-only")
    assert [name for name in undefined if name.startswith(("H5", "prism_", "px_"))] == []


def test_the_tool_calls_the_hdf5_that_it_is_linked_to():
    """It does not look for it by its symbols, which a program with a static one does not show."""
    tool = PLUGIN.parents[1] / "bin" / "h5prism"
    if not tool.exists():
        pytest.skip("the tool is not built")
    symbols = run("nm", tool).stdout
    assert "plugin_host_open" in symbols and "px_library_of" not in symbols


@needs("readelf")
def test_is_not_linked_to_hdf5():
    dynamic = run("readelf", "-dW", PLUGIN).stdout
    libraries = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
    assert libraries and not [name for name in libraries if "hdf5" in name]
    assert "SYMBOLIC" in dynamic
    assert "RPATH" not in dynamic and "RUNPATH" not in dynamic


@not_sanitized
@needs("strings")
def test_names_no_path_of_the_build():
    """Error messages carry __FILE__."""
    assert str(ROOT) not in run("strings", "-d", PLUGIN).stdout
