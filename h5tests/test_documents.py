"""The commands and examples of the documents run as they are written.

Fenced blocks of `sh`, `console` and `python` of a document run in their order, as typed into one
terminal, in a folder like the source tree after scripts/setup. In `console`, commands stand behind
`$ `, and below each what it prints. A word after the language says what the block needs beyond setup.
"""

import os
import re
import subprocess
import sys
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
import pytest
from filter_support import not_sanitized
from mpi_support import ANYWHERE
from PIL import Image
from python_support import BUILD, LIBRARY, ROOT, correlated
from venv_support import building_wheels, plain_variables, python_that_builds

PATHS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "docs" / "h5prism.1"]
FENCE = re.compile(r"^```(\S*) *(.*)\n((?:.*\n)*?)```$", re.M)
MANUAL_EXAMPLES = re.compile(r"^\.nf\n(.*?)^\.fi$", re.M | re.S)
LANGUAGES = {"sh", "console", "python", "example"}  # an example is for the eye: bytes of a chunk
MORE_PACKAGES = {"zarr", "xarray", "dask"}

# Everything else that a document tells to run is run.
NOT_RUN = {
    "scripts/test": "runs this test; .ci/run calls it",
    "scripts/test-machines": "takes hours where everything is compiled anew for other machines",
    "scripts/test-windows": "installs another compiler and an emulator, and compiles everything by it",
    "scripts/browser": "needs emscripten, and compiles the decoder by it",
    "scripts/browser --speed": "the same",
    "scripts/browser --quick": "the same",
    "scripts/test-browser": "the same",
    "scripts/test-browser --quick": "the same",
    "scripts/test-macos": "downloads a compiler, and compiles everything by it, twice",
    "scripts/test-hdf5": "builds HDF5 twice, and runs the tests of the tool with each",
    "scripts/test --long": "the same, for hours",
    "scripts/test-limits": "takes gigabytes of memory, and minutes",
    "scripts/test-valgrind": "takes minutes",
    "scripts/fuzz --hardened": "the same as scripts/fuzz",
    "scripts/fuzz": "compiles everything by clang, and takes as long as it is told",
    "scripts/test-threads": "compiles everything anew, and takes minutes",
    "scripts/coverage": "compiles everything anew, and runs all tests",
    "scripts/coverage decode": "compiles decoders anew, and runs the corpus",
    "scripts/wheels": "compiles libjxl and HDF5 twice, which takes half an hour",
    "scripts/wheels --try aarch64": "the same",
    "scripts/wheels --try win_amd64": "the same",
    "scripts/wine.sh": "has functions of other scripts, and does nothing by itself",
    "scripts/compatibility": "runs other tests, and writes a page",
    "h5prism references": "runs Python with the package: test_references.py",
    "scripts/setup": "is what scripts/quickstart begins with",
}


class Block(NamedTuple):
    language: str
    need: str
    text: str


def blocks_of(path):
    text = path.read_text()
    if path.suffix == ".1":
        examples = MANUAL_EXAMPLES.findall(text.replace("\\-", "-"))
        return [Block("sh", "", example) for example in examples]
    return [Block(*found) for found in FENCE.findall(text)]


def command_of(line):
    return " ".join(line.partition(" #")[0].split())


def commands_of(block):
    """The lines of a block that a shell runs."""
    if block.language not in ("sh", "console"):
        return []
    lines = block.text.replace("\\\n", "").splitlines()
    if block.language == "console":
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    return [line for line in lines if command_of(line) not in NOT_RUN]


def printed_by(block):
    return "".join(line for line in block.text.splitlines(True) if not line.startswith("$ "))


DOCUMENTS = {path.name: blocks_of(path) for path in sorted(PATHS)}
(EXPORTS,) = [block for block in DOCUMENTS["README.md"] if block.text.startswith("export ")]


def documents_with(needs):
    return [
        name
        for name, blocks in DOCUMENTS.items()
        if any(block.need in needs and block.language != "example" for block in blocks)
    ]


def as_shell(block, printed):
    commands = "\n".join(commands_of(block))
    return f"{{\n{commands}\n}} >>{printed}" if block.language == "console" else commands


def as_python(block, printed):
    if block.language == "python":
        return block.text
    command = ["bash", "-euo", "pipefail", "-c", as_shell(block, printed)]
    return f"import subprocess; subprocess.run({command!r}, check=True)"


def run_blocks(blocks, folder, variables):
    """One shell runs what comes before the first block of Python, and one Python the rest."""
    printed = folder / "printed.txt"
    first = list(takewhile(lambda block: block.language != "python", blocks))
    rest = blocks[len(first) :]
    (folder / "rest.py").write_text("\n".join(as_python(block, printed) for block in rest))
    script = [*(as_shell(block, printed) for block in first), "python3 rest.py"]
    done = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", "\n".join(script)],
        env=variables,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    expected = "".join(printed_by(block) for block in blocks if block.language == "console")
    assert_prints(printed.read_text() if printed.exists() else "", expected)


FRACTION = re.compile(r"\d+\.\d+")


def assert_prints(found, expected):
    """Fractions may differ a little, as other versions of scikit-image round."""
    assert FRACTION.sub("x", found) == FRACTION.sub("x", expected)
    numbers = [[float(number) for number in FRACTION.findall(text)] for text in (found, expected)]
    assert numbers[0] == pytest.approx(numbers[1], rel=0.03)


def write_inputs(folder):
    """The user's own files in the examples."""
    with h5py.File(folder / "in.h5", "w") as file:
        file.create_dataset("emb", data=correlated((64, 96, 8), "i1"), chunks=(32, 32, 8))
        file.create_dataset("run/emb", data=np.tile(file["emb"][:], (2, 2, 16))[:, :128])
        file.create_dataset("run/images", data=correlated((60, 30, 40), "u1"))
    with h5py.File(folder / "sample.h5", "w") as file:
        file["embeddings"] = correlated((64, 96, 8), "i1")
    (folder / "scans").mkdir()
    for i, frame in enumerate(correlated((6, 30, 40), "u1")):
        Image.fromarray(frame).save(folder / "scans" / f"page{i}.png")


SOURCES = ["CMakeLists.txt", "LICENSE", "README.md", "examples", "filter", "include"]
SOURCES += ["pyproject.toml", "python", "scripts", "src"]


@pytest.fixture
def tree(tmp_path):
    """A folder like the source tree after scripts/setup, in which examples may write."""
    for name in SOURCES:
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "build").symlink_to(BUILD)
    write_inputs(tmp_path)
    return tmp_path


def user_variables(folder, python):
    """Those of a user who has set nothing, but for where the build is. `python3` is that Python."""
    installers = folder / "installers"
    installers.mkdir()
    for name in ("apt-get", "sudo"):
        (installers / name).write_text("#!/bin/sh\necho tests install nothing >&2\nexit 1\n")
        (installers / name).chmod(0o755)
    path = os.pathsep.join([str(installers), str(Path(python).parent), os.environ["PATH"]])
    return plain_variables() | ANYWHERE | {"PATH": path, "H5PRISM_BUILD": str(BUILD)}


def skip_if_setup_would_build_anew():
    cache = (BUILD / "CMakeCache.txt").read_text()
    if not ("CMAKE_BUILD_TYPE:STRING=Release" in cache and "GENERATOR:INTERNAL=Ninja" in cache):
        pytest.skip("this is not the build of scripts/setup, which scripts/quickstart calls")


def run_with_setup(name, tree, needs):
    """In other documents, what the README exports is set."""
    blocks = [block for block in DOCUMENTS[name] if block.need in needs]
    variables = user_variables(tree, sys.executable) | {"H5PRISM_LIBRARY": str(LIBRARY)}
    run_blocks(blocks if EXPORTS in blocks else [EXPORTS, *blocks], tree, variables)


@not_sanitized
@pytest.mark.parametrize("name", documents_with({""}))
def test_examples(name, tree):
    if name == "README.md":
        skip_if_setup_would_build_anew()
    run_with_setup(name, tree, {""})


@not_sanitized
@pytest.mark.parametrize("name", documents_with({"mpi"}))
def test_examples_with_mpi(name, tree, needs_mpi):
    run_with_setup(name, tree, {"mpi"})


@pytest.mark.parametrize("name", documents_with({"pip"}))
def test_examples_with_pip(name, tree):
    """In a virtual environment that has what pip is told to download."""
    blocks = [block for block in DOCUMENTS[name] if block.need == "pip"]
    python = python_that_builds()
    with building_wheels() as variables:
        run_blocks(blocks, tree, user_variables(tree, python) | variables)


@pytest.mark.parametrize("name", documents_with(MORE_PACKAGES))
def test_examples_with_more_packages(name, tree, zarr3_python):
    """As after `pip install .`, with nothing set."""
    blocks = [b for b in DOCUMENTS[name] if b.need in MORE_PACKAGES or b.language == "python"]
    run_blocks(blocks, tree, user_variables(tree, zarr3_python))


def test_every_block_is_of_a_kind_that_is_run():
    for name, blocks in DOCUMENTS.items():
        for block in blocks:
            assert block.language in LANGUAGES, (name, block)
            assert block.need in MORE_PACKAGES | {"", "mpi", "pip"}, (name, block)


OTHER_PROGRAMS = "(?:pip|python3?|mpirun|cmake|ctest|auditwheel) "
INLINE = re.compile(rf"`((?:scripts/[\w-]+(?![\w/])|h5prism |{OTHER_PROGRAMS})[^`]*)`")
INDENTED = re.compile(
    rf"^(?: {{4}}|\t)\s*((?:\$|export |cd |scripts/|h5\w+|nc\w+|{OTHER_PROGRAMS}).*)$", re.M
)
USAGE = re.compile(r"^usage: (.*)$", re.M)
PLACEHOLDER = re.compile(r" (?:\[|\S*[A-Z]).*")


def test_commands_stand_in_blocks():
    for path in PATHS:
        assert not INDENTED.findall(FENCE.sub("", path.read_text())), path.name


def assert_are_run(commands):
    """Up to what stands for something of the user's: a word with capitals, or what may be left out."""
    blocks = [block for blocks in DOCUMENTS.values() for block in blocks]
    run = [command_of(line) for block in blocks for line in commands_of(block)]
    for command in map(command_of, commands):
        begins = PLACEHOLDER.sub("", command)
        is_run = any(f"{line} ".startswith(f"{begins} ") for line in run)
        assert is_run or begins in NOT_RUN, command


@pytest.mark.parametrize("path", sorted(PATHS), ids=lambda path: path.name)
def test_commands_in_sentences_are_run(path):
    assert_are_run(INLINE.findall(FENCE.sub("", path.read_text())))


def test_the_usage_of_examples_is_run():
    texts = [path.read_text() for path in (ROOT / "examples").glob("*.py")]
    usages = [usage for text in texts for usage in USAGE.findall(text)]
    assert usages
    assert_are_run(usages)


def test_the_command_that_runs_this_test_is_the_one_of_the_documents():
    assert os.access(ROOT / "scripts" / "test", os.X_OK)
    assert "exec scripts/test " in (ROOT / ".ci" / "run").read_text()
    assert '"$root/scripts/setup"' in (ROOT / "scripts" / "quickstart").read_text()
