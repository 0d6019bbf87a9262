"""What type checkers say of programs that use the package, and `get_config`."""

import subprocess

import h5py
import numpy as np
import pytest
from python_support import BUILD, ROOT, correlated
from venv_support import venv_python

import h5prism
from h5prism import Prism, PrismError

RIGHT = """
import h5prism
import numpy as np

x = np.zeros((8, 8, 4), "i2")
h5prism.Prism(transform="channels", coder="jxl", axis=-1, block=0, max_error=None)
blob: bytes = h5prism.encode(x, effort=7, axis="auto", threads=2)
"""

WRONG = [
    "h5prism.Prism(efort=7)",
    'h5prism.Prism(coder="zip")',
    "h5prism.Prism(predictor=3)",
    'h5prism.Prism(axis="last")',
    'h5prism.Prism(access="row")',
    "h5prism.encode(x, efort=7)",
    'h5prism.encode(x, order="first")',
    'h5prism.write(h5prism, "x", x, coder="zip")',
]


@pytest.fixture(scope="module")
def checkers_python():
    return venv_python("checkers", "mypy", "pyright", "numpy", "typing_extensions")


def complaints(python, tool, path):
    """The lines of the file that the checker objects to."""
    config = path.parent / "pyrightconfig.json"
    config.write_text(f'{{"extraPaths": ["{ROOT / "python"}"]}}')
    arguments = {
        "mypy": ["--cache-dir", BUILD / "mypy-users", "--no-error-summary", path],
        "pyright": ["--project", config, "--pythonpath", python, path],
    }[tool]
    done = subprocess.run(
        [python, "-m", tool, *arguments],
        capture_output=True,
        text=True,
        cwd=path.parent,
        env={"PATH": "/usr/bin:/bin", "HOME": str(BUILD), "MYPYPATH": str(ROOT / "python")},
    )
    if done.returncode not in (0, 1):
        pytest.skip(f"{tool} does not run: {(done.stderr or done.stdout).splitlines()[-1:]}")
    lines = [line for line in done.stdout.splitlines() if path.name in line and "error" in line]
    return {int(line.split(path.name + ":")[1].split(":")[0]) for line in lines}


@pytest.mark.parametrize("tool", ["mypy", "pyright"])
def test_wrong_keywords_and_values(checkers_python, tool, tmp_path):
    path = tmp_path / "program.py"
    path.write_text(RIGHT)
    assert complaints(checkers_python, tool, path) == set()
    path.write_text(RIGHT + "\n".join(WRONG) + "\n")
    first = RIGHT.count("\n") + 1
    assert complaints(checkers_python, tool, path) == set(range(first, first + len(WRONG)))


@pytest.mark.parametrize(
    "options",
    [
        {"predictor": "lsq", "coder": "jxl"},
        {"predictor": "paeth", "coder": "ans"},
        {"predictor": "paeth", "coder": "zstd"},
        {"transform": "stack", "coder": "zstd"},
    ],
)
def test_stages_that_do_not_go_together_fail_at_once(options):
    with pytest.raises(PrismError, match="goes with"):
        Prism(**options)


@pytest.mark.parametrize("axis", [-1, -2, -3])
def test_axes_from_the_end(axis, tmp_path):
    data = correlated((9, 12, 15), "i2")
    prism = Prism(axis=axis, transform="channels")
    assert prism.get_config()["axis"] == axis
    assert Prism.from_filter_options(prism.filter_options) == prism
    blob = h5prism.encode(data, axis=axis, transform="channels")
    assert h5prism.inspect_chunk(blob).axis == 3 + axis
    assert blob == h5prism.encode(data, axis=3 + axis, transform="channels")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        dataset = file.create_dataset("x", data=data, chunks=data.shape, compression=prism)
        (chunk,) = h5prism.inspect(dataset)
        assert chunk.info.axis == 3 + axis
        assert np.array_equal(dataset[...], data)


def test_axes_that_are_not_there(tmp_path):
    with pytest.raises(PrismError, match="axis -4"):
        h5prism.encode(np.zeros((8, 8, 8), "i2"), axis=-4)
    with pytest.raises(PrismError, match="axis=-33"):
        Prism(axis=-33)
    with h5py.File(tmp_path / "x.h5", "w") as file, pytest.raises(ValueError, match="axis -4"):
        file.create_dataset("x", (8, 8, 8), "i2", chunks=(8, 8, 8), compression=Prism(axis=-4))


def test_configuration():
    found = h5prism.get_config()
    assert found["version"] == h5prism.__version__
    assert found["plugin"] == str(h5prism.library_path())
    assert found["plugin_folder"] == str(h5prism.library_path().parent)
    assert found["kernels"] in ("scalar", "avx2", "avx512")
    assert found["zlib"].startswith("1.") and found["zstd"].startswith("1.")
    assert found["h5py"] == h5py.__version__
    assert found["hdf5"] and all("hdf5" in path for path in found["hdf5"])
    assert {"compiler", "libjxl", "machine", "python"} <= found.keys()
