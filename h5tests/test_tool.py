"""The command-line tool as a whole: help, installation, completion, manual page."""

import re
import shutil
import subprocess

import h5py
import numpy as np
import pytest
from filter_support import BUILD, ROOT, needs, not_sanitized
from tool_support import fails, tool

pytestmark = not_sanitized

COMMANDS = ("collect", "extract", "group", "inspect", "options", "repack", "unpack")


def test_help_fits_on_a_screen():
    for arguments in ((), *((command,) for command in COMMANDS)):
        text = tool(*arguments, "--help").stdout
        assert text.startswith("usage: h5prism") and "example" in text
        assert text.count("\n") <= 24 and max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize(
    "arguments",
    [[], ["unknown"], ["--what"], ["options", "effort=12"], ["options", "effort=1", "x"]],
)
def test_usage(arguments):
    fails(*arguments, code=2, word=arguments[-1] if arguments else "command")


def test_values_that_are_wrong_are_named():
    for arguments, words in {
        ("repack", "a", "b", "-j0"): "-j 0: expected a number from 1 to 1024",
        ("repack", "a", "b", "--chunks", "8xb"): "--chunks 8xb: expected a shape such as",
        ("preview", "a", "b.png", "--size", "big"): "--size big: expected a number from 1 to 16384",
        ("inspect", "a", "--jsno"): "--jsno: there is no such option",
        ("inspect",): "usage: h5prism inspect FILE",
        ("preview", "a", "b.jpg"): "its name ends in .png",
        ("export", "a", "b.png"): "b.png: what is written is a JPEG XL file",
        ("import", "a.jxl", "b.png", "--dataset", "x"): "b.png: what is written is an HDF5 file",
        ("preview", "a", "b.png", "--map", "bits", "--options", "effort=12"): "effort",
        ("repack", "a", "b", "effort=1", "rel_rmse=0.1"): "too many; KEY=VALUE,... is one",
        ("repack", "a", "b", "effort=1", "c"): "c: one argument too many",
        ("repack", "a", ""): "one of the names is empty",
    }.items():
        fails(*arguments, code=2, word=words)


@pytest.mark.parametrize("command", ["collect", "export", "group", "preview", "repack", "unpack"])
def test_places_where_nothing_can_be_written(tmp_path, command):
    """It is said before the work, and of the name that was given."""
    ending = {"export": ".jxl", "preview": ".png"}.get(command, ".h5")
    source, folder = tmp_path / "in.h5", tmp_path / f"folder{ending}"
    (folder / "kept").mkdir(parents=True)
    if command == "collect":
        source = tmp_path / "images"
        tool("extract", stack_of_images(tmp_path / "in.h5"), source)
    else:
        stack_of_images(source)
    before = sorted(tmp_path.rglob("*"))
    fails(command, source, folder, "--force", word=f"{folder} is a folder, and what is")
    missing = tmp_path / "missing" / f"out{ending}"
    fails(command, source, missing, word=f"{missing}: the folder for it is not there")
    assert sorted(tmp_path.rglob("*")) == before


def stack_of_images(path):
    with h5py.File(path, "w") as file:
        images = np.arange(4000, dtype="u1").reshape(10, 20, 20)
        file.create_dataset("x", data=images, chunks=(10, 20, 20), compression=33128)
    return path


def test_the_only_dataset_needs_no_name(tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        data = np.arange(4000, dtype="u1").reshape(20, 20, 10)
        file.create_dataset("run/x", data=data, chunks=(20, 20, 10), compression=33128)
        file["text"] = "no number"
    tool("preview", path, tmp_path / "x.png")
    tool("export", path, tmp_path / "x.jxl")
    assert "run/x" in tool("bench", path, "--sample", 1000).stdout
    with h5py.File(path, "a") as file:
        file["other"] = data
    fails("bench", path, word="there are 2 datasets: --dataset says which: /other, /run/x")
    with h5py.File(path, "a") as file:
        del file["other"], file["run"]
    fails("preview", path, tmp_path / "y.png", word="no dataset of numbers")


@needs("man")
def test_manual_page():
    page = ROOT / "docs" / "h5prism.1"
    done = subprocess.run(["man", "--warnings", "-l", page], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == ""
    for command in COMMANDS:
        for option in re.findall(r"--?[a-z]+", tool(command, "--help").stdout):
            assert option in done.stdout.replace("‐", "-").replace("−", "-"), option


@needs("cmake")
def test_installation(tmp_path):
    command = ["cmake", "--install", BUILD, "--prefix", tmp_path]
    subprocess.run(command, check=True, capture_output=True)
    found = {path.name: path for path in tmp_path.rglob("*") if path.is_file()}
    names = {"h5prism", "h5prism.1", "libh5prism.so", "libprism.a", "prism.h"}
    assert names <= set(found)
    assert "hdf5" in found["libh5prism.so"].parent.parts  # h5tests/test_install.py: where HDF5 looks
    assert (tmp_path / "share/bash-completion/completions/h5prism").exists()
    program = tmp_path / "bin" / "h5prism"
    done = subprocess.run([program, "--version"], capture_output=True, text=True)
    assert re.fullmatch(r"h5prism [\d.]+ \(HDF5 \d+\.\d+\.\d+\)\n", done.stdout)


@needs("bash")
@pytest.mark.parametrize(
    "words, expected",
    [
        (["re"], {"references", "repack"}),
        (["repack", "in.h5", "out.h5", "--v"], {"--verify"}),
        (["inspect", "in.h5", "--dataset", "/r"], {"/run/emb"}),
        (["options", "ef"], {"effort="}),
        (["unpack", "in.h5", "out.h5", "--filter", "g"], {"gzip"}),
    ],
)
def test_completion(tmp_path, words, expected):
    if "--dataset" in words and not shutil.which("h5ls"):
        pytest.skip("h5ls is not installed")
    with h5py.File(tmp_path / "in.h5", "w") as file:
        file["run/emb"] = np.zeros(3)
    script = f"""
compopt() {{ :; }}
. '{ROOT}/tools/h5prism.bash'
COMP_WORDS=(h5prism "$@") COMP_CWORD=$#
_h5prism h5prism "${{@: -1}}" "${{COMP_WORDS[COMP_CWORD-1]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(
        ["bash", "-c", script, "bash", *words],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert set(done.stdout.split()) == expected


def test_options_are_those_of_the_tool():
    """What --help lists is what the codec takes."""
    text = tool("--help").stdout
    for key, values in re.findall(r"(\w+)=([\w|]+\|[\w|]+)", text):
        for value in values.split("|"):
            if not value.isdigit():
                pair = f"{key}={value}"
                with_partner = {
                    "predictor=lsq": ",coder=ans",
                    "coder=ans": ",predictor=lsq",
                    "of=deviation": ",rel_rmse=0.1",
                }
                tool("options", pair + with_partner.get(pair, ""))
