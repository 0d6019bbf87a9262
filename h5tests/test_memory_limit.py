"""Chunks that would take more memory than H5PRISM_MEMORY_LIMIT, or than they may hold: one line,
and nothing is written."""

import os
import subprocess
import sys

import h5py
import numpy as np
import pytest
from filter_support import correlated, create
from tool_support import fails, tool

DATA = correlated((64, 64, 16), "u1")
COMMANDS = {
    "repack": ("repack", "{}", "{}.out", "effort=4"),
    "preview": ("preview", "{}", "{}.png", "--dataset", "emb"),
    "export": ("export", "{}", "{}.jxl", "--dataset", "emb"),
    "bench": ("bench", "{}", "--dataset", "emb"),
    "inspect": ("inspect", "{}", "--dataset", "emb", "--planes"),
}


@pytest.fixture
def path(tmp_path):
    with h5py.File(tmp_path / "in.h5", "w") as file:
        create(file, "emb", DATA, DATA.shape)
    return tmp_path / "in.h5"


@pytest.fixture(params=COMMANDS)
def command(request, path):
    return [argument.format(path) for argument in COMMANDS[request.param]]


def test_commands_refuse_what_takes_more_than_the_limit(command, path, monkeypatch):
    monkeypatch.setenv("H5PRISM_MEMORY_LIMIT", "70K")  # the chunk has 64 KiB
    fails(*command, word="limit is 71680" if "inspect" in command else "H5PRISM_MEMORY_LIMIT is")
    assert os.listdir(path.parent) == ["in.h5"]
    monkeypatch.setenv("H5PRISM_MEMORY_LIMIT", "100M")
    tool(*command)


def test_commands_refuse_limits_that_are_none(command, path, monkeypatch):
    monkeypatch.setenv("H5PRISM_MEMORY_LIMIT", "much")
    fails(*command, word='"much" is not a number of bytes')
    assert os.listdir(path.parent) == ["in.h5"]


def test_commands_refuse_chunks_that_hold_more_than_the_dataset_says(command, path):
    with h5py.File(path, "r+") as file:
        large = create(file, "large", np.repeat(DATA, 4, axis=0), (256, 64, 16))
        file["emb"].id.write_direct_chunk((0, 0, 0), large.id.read_direct_chunk((0, 0, 0))[1])
        del file["large"]
    fails(*command, word="bytes where the dataset's chunks have")


@pytest.mark.parametrize(
    "limit, works", [("70K", False), ("100M", True), ("", True), ("0", True), ("much", False)]
)
def test_reading_by_hdf5(path, limit, works):
    done = subprocess.run(
        [sys.executable, "-c", f"import h5py; h5py.File({str(path)!r})['emb'][...]"],
        env={**os.environ, "H5PRISM_MEMORY_LIMIT": limit},
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert (done.returncode == 0) == works, done.stderr
    assert works or "H5PRISM_MEMORY_LIMIT" in done.stderr
