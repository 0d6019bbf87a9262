"""Fixtures of several files: environments with the project's wheel, each made once a session; and
which tests run one after the other where pytest-xdist runs several at once.

venv_support and mpi_support are imported where they are used: they skip whole files where h5py is
missing.
"""

import os

import pytest

# A fixture of the file takes as long as its tests. All others run one by one, wherever there is time.
TOGETHER = {"test_filter_hosts", "test_shapes"}

# These begin first, so that none of them is left alone in the end: they build, install, run examples of
# documents, or decode in plain Python.
LONGEST = ("test_documents", "test_install", "test_wheel", "test_filter_wheel", "test_reference")


def pytest_collection_modifyitems(config, items):
    items.sort(key=lambda item: item.path.stem not in LONGEST)
    if config.pluginmanager.hasplugin("xdist"):
        for item in items:
            if item.path.stem in TOGETHER:
                item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """In the folder that all processes of a session share."""
    from venv_support import build_wheel

    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    (folder / "wheel").mkdir(exist_ok=True)
    return build_wheel(folder / "wheel")


@pytest.fixture(scope="session")
def installed_python(wheel):
    """Python with the wheel, h5py and what they need."""
    from venv_support import install_wheel, venv_python

    return install_wheel(venv_python("installed", "h5py"), wheel)


@pytest.fixture(scope="session")
def zarr3_python(wheel):
    """Python with the wheel, Zarr 3 and more that works on arrays in chunks."""
    from venv_support import install_wheel, venv_python

    packages = "h5py zarr>=3 kerchunk dask distributed xarray h5netcdf aiohttp mypy"
    return install_wheel(venv_python("zarr3", *packages.split()), wheel)


@pytest.fixture(scope="session")
def zarr2_python(wheel):
    """Python with the wheel and Zarr 2, with the last numcodecs that it works with."""
    from venv_support import install_wheel, venv_python

    return install_wheel(venv_python("zarr2", "zarr<3", "numcodecs<0.16", "fsspec"), wheel)


@pytest.fixture(scope="session")
def failing_calls(tmp_path_factory):
    from tool_support import FailingCalls

    return FailingCalls(tmp_path_factory.mktemp("failing"))


@pytest.fixture(scope="session")
def needs_mpi():
    from mpi_support import skip_without_mpi

    skip_without_mpi()
