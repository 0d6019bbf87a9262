"""Recipes for conda-forge and Spack: that they can be read, and name what there is."""

import ast
import json
import re
import subprocess

import pytest
from filter_support import ROOT
from venv_support import plain_variables, venv_python

CONDA = ROOT / "packaging" / "conda" / "recipe.yaml"
SPACK = ROOT / "packaging" / "spack" / "package.py"
OPTIONS = set(
    re.findall(r"^option\((\w+)", (ROOT / "CMakeLists.txt").read_text(), re.M)
    + ["H5PRISM_PLUGIN_DIR"]
)

RENDER = """
import json, sys
from rattler_build import Stage0Recipe, VariantConfig
variants = VariantConfig.from_yaml("c_compiler: [gcc]\\nc_stdlib: [sysroot]\\nc_stdlib_version: ['2.28']")
rendered = [each.recipe for each in Stage0Recipe.from_file(sys.argv[1]).render(variants)]
rendered = [each() if callable(each) else each for each in rendered]
print(json.dumps({str(r.package.name): [str(r.package.version), r.requirements.to_dict()] for r in rendered}))
"""


def version():
    return re.search(r'PRISM_VERSION +"(.+)"', (ROOT / "include" / "prism.h").read_text())[1]


@pytest.fixture(scope="module")
def rendered():
    """By the builder that conda-forge uses."""
    python = venv_python("recipes", "py-rattler-build==0.73.0")
    done = subprocess.run(
        [python, "-c", RENDER, CONDA], env=plain_variables(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_conda_recipe(rendered):
    assert rendered.keys() == {"libprism", "h5prism"}
    for name, (found, requirements) in rendered.items():
        assert found == version(), name
        assert any("gcc" in each for each in requirements["build"])
        assert {"libjxl >=0.7", "zlib", "zstd >=1.4"} <= set(requirements["host"])
    assert {"hdf5", "libpng", "libtiff", "liblzf"} <= set(rendered["libprism"][1]["host"])


def test_what_cmake_asks_for_is_in_the_recipes():
    """The packages that cmake/Dependencies.cmake names for conda, but for those of tests."""
    text = (ROOT / "cmake" / "Dependencies.cmake").read_text()
    needed = re.findall(r"^ *need(?:_module)?\(.*?(\S+)\)$", text, re.M | re.S)
    needed = set(needed) - {"cmocka", "c-compiler", "${ARGN}"}
    assert len(needed) == 8
    assert all(re.search(rf"^ *- {name}\b", CONDA.read_text(), re.M) for name in needed)


def test_options_in_recipes_exist():
    for path in (CONDA, SPACK):
        used = set(re.findall(r"H5PRISM_\w+", path.read_text()))
        assert used and used <= OPTIONS, path


def test_spack_recipe():
    tree = ast.parse(SPACK.read_text())
    (package,) = (node for node in tree.body if isinstance(node, ast.ClassDef))
    assert package.name == "H5prism" and ast.unparse(package.bases[0]) == "CMakePackage"
    calls = [node.value for node in package.body if isinstance(node, ast.Expr)]
    calls = [call for call in calls if isinstance(call, ast.Call)]
    arguments = {}
    for call in calls:
        arguments.setdefault(call.func.id, []).append(ast.literal_eval(call.args[0]))
    assert arguments["version"] == [version()]
    assert {"jxl", "tools", "python"} == set(arguments["variant"])
    variants = re.findall(r'define_from_variant\("\w+", "(\w+)"\)', SPACK.read_text())
    assert set(variants) <= set(arguments["variant"])
    assert {"hdf5@1.10:", "libjxl@0.7:", "libpng", "libtiff", "liblzf", "zlib-api"} <= set(arguments["depends_on"])
