"""scripts/oracle: the sums of a few chunks, and what it says of chunks that changed."""

import hashlib
import subprocess

import numpy as np
from generated import embedding
from python_support import ROOT

import h5prism


def oracle(*arguments):
    command = ["bash", ROOT / "scripts" / "oracle", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_sums_are_those_of_chunks():
    done = oracle("--only", "constant effort=5")
    assert done.returncode == 0, done.stderr
    chunk = h5prism.encode(np.full((30, 40, 5), 7, "i2"), effort=5)
    assert done.stdout == f"{hashlib.md5(chunk).hexdigest()} {len(chunk)} constant effort=5\n"


def test_given_files_are_in_it(tmp_path):
    np.save(tmp_path / "mine.npy", embedding(10, 12, 4, "int8"))
    done = oracle(tmp_path / "mine.npy", "--efforts", 2, 3, "--only", "mine.npy")
    assert [line.split(" ", 2)[2] for line in done.stdout.splitlines()] == [
        "mine.npy effort=2",
        "mine.npy effort=3",
    ]


def test_what_differs_is_printed(tmp_path):
    old = tmp_path / "old.txt"
    old.write_text(oracle("--only", "ramp effort").stdout)
    same = oracle("--only", "ramp effort", "--against", old)
    assert (same.returncode, same.stdout) == (0, "0 of 9 chunks differ: 0 -> 0 bytes\n")
    lines = old.read_text().splitlines()
    md5, size, label = lines[4].split(" ", 2)
    lines[4] = f"{'0' * 32} {int(size) + 10} {label}"
    old.write_text("\n".join(lines) + "\n")
    changed = oracle("--only", "ramp effort", "--against", old)
    assert changed.returncode == 1
    assert changed.stdout.splitlines() == [
        f"{int(size) + 10} -> {size} bytes: ramp effort=5",
        f"1 of 9 chunks differ: {int(size) + 10} -> {size} bytes",
    ]
