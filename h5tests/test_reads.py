"""read, inspect and references on random datasets, with several versions of HDF5."""

import os
import subprocess


import pytest
import random_reads
from python_support import ROOT
from venv_support import venv_python

# From the lists of chunks of all of them, one layout comes out wrong.
WHEELS = {"reads-1.14": "h5py<3.16", "reads-2": "h5py>=3.16"}


def test_debians_h5py():
    done = random_reads.main(350)
    assert done["datasets"] == 350
    assert done["read"] > 3000 and done["refused"] > 1000 and done["references"] > 400
    assert done["broken by HDF5"] < 20


@pytest.mark.parametrize("name", WHEELS)
def test_wheels_of_h5py(name):
    python = venv_python(name, WHEELS[name])
    done = subprocess.run(
        [python, ROOT / "h5tests" / "random_reads.py", "200", "2"],
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "'datasets': 200" in done.stdout
