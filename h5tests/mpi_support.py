"""Running Python in several processes, for parallel HDF5."""

import os
import shutil
import subprocess
import sys

import pytest
from venv_support import plain_variables

# Open MPI starts more processes than there are processors, and any user's.
ANYWHERE = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
}


def mpirun(ranks, *arguments):
    """Runs Python in so many processes, with HDF5_PLUGIN_PATH alone."""
    return subprocess.run(
        [
            "mpirun",
            "-n",
            str(ranks),
            "-x",
            "HDF5_PLUGIN_PATH",
            sys.executable,
            *map(str, arguments),
        ],
        env=plain_variables() | ANYWHERE | {"HDF5_PLUGIN_PATH": os.environ["HDF5_PLUGIN_PATH"]},
        capture_output=True,
        text=True,
        timeout=1800,
    )


def skip_without_mpi():
    if shutil.which("mpirun") is None:
        pytest.skip("mpirun is not installed")
    probe = mpirun(1, "-c", "import mpi4py, h5py, sys; sys.exit(not h5py.get_config().mpi)")
    if probe.returncode != 0:
        pytest.skip("mpirun is not Open MPI's, or Python has no mpi4py or no h5py with MPI")
