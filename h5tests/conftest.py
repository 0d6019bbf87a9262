"""Fixtures of several files: environments with the project's wheel, each made once a session.

venv_support and mpi_support are imported where they are used: they skip whole files where h5py is
missing.
"""

import pytest


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    from venv_support import build_wheel

    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def installed_python(wheel):
    """Python with the wheel, h5py and what they need."""
    from venv_support import install_wheel, venv_python

    return install_wheel(venv_python("installed", "h5py"), wheel)


@pytest.fixture(scope="session")
def zarr3_python(wheel):
    """Python with the wheel, Zarr 3 and more that works on arrays in chunks."""
    from venv_support import install_wheel, venv_python

    packages = "h5py zarr>=3 kerchunk dask distributed xarray h5netcdf mypy"
    return install_wheel(venv_python("zarr3", *packages.split()), wheel)


@pytest.fixture(scope="session")
def zarr2_python(wheel):
    """Python with the wheel and Zarr 2, with the last numcodecs that it works with."""
    from venv_support import install_wheel, venv_python

    return install_wheel(venv_python("zarr2", "zarr<3", "numcodecs<0.16", "fsspec"), wheel)


@pytest.fixture(scope="session")
def needs_mpi():
    from mpi_support import skip_without_mpi

    skip_without_mpi()
