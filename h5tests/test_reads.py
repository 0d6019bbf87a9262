"""read, inspect and references on random datasets, with three versions of HDF5."""

import os
import subprocess

import pytest
import random_reads
from python_support import ROOT
from venv_support import WHEELS_OF_H5PY, h5py_wheel


def test_debians_h5py():
    done = random_reads.main(300)
    assert done["datasets"] == 300
    assert done["read"] > 3000 and done["refused"] > 1000 and done["references"] > 400
    assert done["broken by HDF5"] < 20


@pytest.mark.parametrize("version", WHEELS_OF_H5PY)
def test_wheels_of_h5py(version):
    done = subprocess.run(
        [h5py_wheel(version), ROOT / "h5tests" / "random_reads.py", "150", "2"],
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"HDF5 {version}" in done.stdout and "'datasets': 150" in done.stdout
