"""How the package finds the C library, and that its structures are those of the header."""

import ctypes
import importlib.util
import json
import re
import shutil
import subprocess

import pytest
from python_support import BUILD, LIBRARY, ROOT, run_python

import h5prism
from h5prism import _library

STRUCTURES = {
    "prism_error": _library.ErrorStruct,
    "prism_array": _library.ArrayStruct,
    "prism_options": _library.OptionsStruct,
    "prism_info": _library.InfoStruct,
    "prism_decode_options": _library.DecodeOptionsStruct,
}
HEADER = ROOT / "include" / "prism.h"
PRINT_PATH = "import h5prism; print(h5prism.library_path())"


def layout(structure):
    fields = [name for name, *_ in structure._fields_]
    return [ctypes.sizeof(structure)] + [
        [getattr(structure, name).offset, getattr(structure, name).size] for name in fields
    ]


def test_structures_are_laid_out_as_in_the_header(tmp_path):
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("no C compiler")
    lines = []
    for name, structure in STRUCTURES.items():
        lines.append(f'printf("[\\"{name}\\", %zu", sizeof({name}));')
        for field, *_ in structure._fields_:
            lines.append(
                f'printf(", [%zu, %zu]", offsetof({name}, {field}), '
                f"sizeof((({name} *)0)->{field}));"
            )
        lines.append('puts("]");')
    source = tmp_path / "layout.c"
    source.write_text(
        '#include <stddef.h>\n#include <stdio.h>\n#include "prism.h"\n'
        "int main(void)\n{\n" + "\n".join(lines) + "\nreturn 0;\n}\n"
    )
    program = tmp_path / "layout"
    subprocess.run([compiler, "-I", ROOT / "include", source, "-o", program], check=True)
    printed = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    found = [json.loads(line) for line in printed.splitlines()]
    assert found == [[name, *layout(structure)] for name, structure in STRUCTURES.items()]


def test_constants_are_those_of_the_header():
    header = re.sub(r" +", " ", HEADER.read_text())
    statuses = dict(re.findall(r"\bPRISM_(?:E_)?(\w+) = (\d+),?\s*(?:/\*.*)?\n", header))
    for status in h5prism.Status:
        assert statuses[status.name] == str(status.value)
    assert f'PRISM_VERSION "{h5prism.__version__}"' in header
    assert f"PRISM_MAX_RANK {_library.MAX_RANK}\n" in header
    assert f"PRISM_OPTION_WORDS {_library.OPTION_WORDS}\n" in header


def test_every_status_has_its_number():
    block = re.search(r"typedef enum prism_status \{(.*?)\}", HEADER.read_text(), re.S)
    assert len(re.findall(r"PRISM_\w+ = \d+", block[1])) == len(h5prism.Status)


def test_the_environment_variable_names_the_file(tmp_path):
    copy = shutil.copy(LIBRARY, tmp_path / "another_name.so")
    done = run_python("-c", PRINT_PATH, H5PRISM_LIBRARY=copy)
    assert done.stdout.strip() == str(copy), done.stderr


def test_a_wrong_environment_variable_is_an_error_not_a_search(tmp_path):
    done = run_python("-c", PRINT_PATH, H5PRISM_LIBRARY=tmp_path / "nothing.so")
    assert done.returncode == 1
    assert "LibraryNotFoundError: H5PRISM_LIBRARY names" in done.stderr


def install(site, version=h5prism.__version__):
    """Copies the package alone, with the constant that a wheel has."""
    shutil.copytree(ROOT / "python" / "h5prism", site / "h5prism")
    (site / "h5prism" / "_version.py").write_text(f'__version__ = "{version}"\n')


@pytest.fixture
def installed(tmp_path):
    install(tmp_path / "site")
    return tmp_path / "site"


def run_installed(site, **environment):
    variables = {"PYTHONPATH": site, "remove": ["H5PRISM_LIBRARY", "HDF5_PLUGIN_PATH"]}
    return run_python("-c", PRINT_PATH, **(variables | environment))


def test_the_installed_package_brings_its_own(installed):
    plugins = installed / "h5prism" / "plugins"
    plugins.mkdir()
    shutil.copy(LIBRARY, plugins)
    done = run_installed(installed)
    assert done.stdout.strip() == str(plugins / LIBRARY.name), done.stderr


def test_the_source_tree_has_it_in_build(installed):
    plugins = installed.parent / "build" / "plugins"
    plugins.mkdir(parents=True)
    shutil.copy(LIBRARY, plugins)
    done = run_installed(installed)
    assert done.stdout.strip() == str(plugins / LIBRARY.name), done.stderr


def test_the_plugin_path_is_searched_in_order(installed, tmp_path):
    done = run_installed(
        installed, remove=["H5PRISM_LIBRARY"], HDF5_PLUGIN_PATH=f"{tmp_path}:{LIBRARY.parent}"
    )
    assert done.stdout.strip() == str(LIBRARY), done.stderr


def test_without_a_library_the_error_lists_the_places(installed, tmp_path):
    done = run_installed(installed, remove=["H5PRISM_LIBRARY"], HDF5_PLUGIN_PATH=tmp_path)
    assert done.returncode == 1
    assert "LibraryNotFoundError: libh5prism.so was not found" in done.stderr
    for place in ("installed package", "source tree", f"{tmp_path}/libh5prism.so"):
        assert place in done.stderr


@pytest.mark.parametrize("content", [b"", b"not a library"])
def test_a_file_that_is_no_library_is_an_import_error(tmp_path, content):
    wrong = tmp_path / "libh5prism.so"
    wrong.write_bytes(content)
    code = "import h5prism\ntry: h5prism.Prism()\nexcept ImportError as e: print(e)"
    done = run_python("-c", code, H5PRISM_LIBRARY=wrong)
    assert f"{wrong} cannot be used as libh5prism.so" in done.stdout, done.stderr


def test_a_library_without_the_functions_is_an_import_error():
    code = "import h5prism\ntry: h5prism.Prism()\nexcept ImportError as e: print(e)"
    other = importlib.util.find_spec("_ctypes").origin  # some shared library
    done = run_python("-c", code, H5PRISM_LIBRARY=other)
    assert "cannot be used as libh5prism.so" in done.stdout, done.stderr


def test_the_build_under_test_is_the_one_in_use():
    assert h5prism.library_path() == LIBRARY
    assert LIBRARY.is_relative_to(BUILD)


def test_a_library_of_another_version_is_refused(tmp_path):
    # A package that says it is of another version, beside the real library.
    install(tmp_path, "99.0")
    done = run_python("-c", "import h5prism; h5prism.Prism()", PYTHONPATH=tmp_path)
    assert done.returncode != 0
    assert "this package 99.0" in done.stderr
