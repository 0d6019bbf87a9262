"""The wheel that pip builds: what is in it, that it needs no HDF5, and that it works by itself."""

import re
import shutil
import subprocess
import zipfile

import pytest
from filter_support import BUILD, ROOT, needs
from venv_support import plain_variables, python_that_builds, run_installed

HEADER = ROOT / "filter" / "hdf5" / "H5PLextern.h"


def test_content(wheel):
    assert re.fullmatch(r"h5prism-[\d.]+-py3-none-linux_\w+\.whl", wheel.name)
    names = set(zipfile.ZipFile(wheel).namelist())
    files = (ROOT / "python" / "h5prism").glob("*py*")
    sources = {f"h5prism/{path.name}" for path in files if path.is_file()}
    package = {name for name in names if ".dist-info/" not in name}
    assert package == sources | {"h5prism/plugins/libh5prism.so"}
    assert any(name.endswith("LICENSE") for name in names)


def test_without_the_tool_its_name_says_so(installed_python):
    """scripts/wheels builds wheels with it; one that pip builds has it on demand."""
    for command in ([installed_python.parent / "h5prism"], [installed_python, "-m", "h5prism"]):
        done = subprocess.run(
            [*command, "--version"], env=plain_variables(), capture_output=True, text=True
        )
        assert done.returncode == 1
        assert re.match("h5prism: this build of the package has no tool", done.stderr)


def test_sources_say_at_once_what_is_missing(tmp_path):
    """pip shows what CMake says."""
    python = python_that_builds()
    hidden = {
        "PKG_CONFIG_LIBDIR": str(tmp_path),
        "CMAKE_ARGS": "-DCMAKE_DISABLE_FIND_PACKAGE_ZLIB=ON",
        "PIP_NO_BUILD_ISOLATION": "0",
    }
    done = subprocess.run(
        [python, "-m", "pip", "wheel", "--no-deps", "-w", tmp_path, ROOT],
        env=plain_variables() | hidden,
        capture_output=True,
        text=True,
        timeout=1800,
    )
    text = done.stdout + done.stderr
    assert done.returncode != 0 and text.count("CMake Error") == 1
    assert re.search("apt-get install zlib1g-dev libzstd-dev libjxl-dev$", text, re.M)


SHARED_LIBRARIES = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0"}


@needs("readelf")
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_wheels_for_everybody(machine, tmp_path):
    """What scripts/wheels has built."""
    folder = BUILD.parent / f"{BUILD.name}-wheels" / "dist"
    wheels = list(folder.glob(f"h5prism-*-py3-none-manylinux_2_28_{machine}.whl"))
    if not wheels:
        pytest.skip(f"scripts/wheels has not built one for {machine}")
    (wheel,) = wheels
    assert wheel.stat().st_size <= 4_000_000
    zipfile.ZipFile(wheel).extractall(tmp_path)
    package = tmp_path / "h5prism"
    for path in (package / "plugins" / "libh5prism.so", package / "bin" / "h5prism"):
        text = subprocess.run(["readelf", "-dW", path], capture_output=True, text=True).stdout
        needed = {name for name in re.findall(r"NEEDED.*\[(.*)\]", text) if "ld-linux" not in name}
        folders = set(re.findall(r"(?:RPATH|RUNPATH).*\[(.*)\]", text))
        if path.parent.name == "bin":  # the codec is in the plugin
            assert folders == {"$ORIGIN/../plugins"}
            needed.remove("libh5prism.so")
            folders.clear()
        assert needed <= SHARED_LIBRARIES and not folders
    licenses = {path.stem for path in (package / "licenses").iterdir()}
    assert licenses >= {"libjxl", "highway", "brotli", "skcms", "hdf5", "libpng", "zlib", "zstd"}


WINDOWS_LIBRARIES = (
    r"(kernel32|ntdll|user32|advapi32|shell32|shlwapi|bcrypt|ws2_32|api-ms-win-crt-.*)\.dll"
)


@needs("objdump")
def test_the_wheel_for_windows(tmp_path):
    """What scripts/wheels has built."""
    folder = BUILD.parent / f"{BUILD.name}-wheels" / "dist"
    wheels = list(folder.glob("h5prism-*-py3-none-win_amd64.whl"))
    if not wheels:
        pytest.skip("scripts/wheels has not built one for Windows")
    assert wheels[0].stat().st_size <= 4_000_000
    zipfile.ZipFile(wheels[0]).extractall(tmp_path)
    package = tmp_path / "h5prism"
    for path in (package / "plugins" / "h5prism.dll", package / "plugins" / "h5prism.exe"):
        text = subprocess.run(["objdump", "-p", path], capture_output=True, text=True).stdout
        needed = re.findall(r"DLL Name: (\S+)", text)
        if path.suffix == ".exe":  # the codec is in the plugin
            needed.remove("h5prism.dll")
        assert needed and all(re.fullmatch(WINDOWS_LIBRARIES, name, re.I) for name in needed)
    licenses = {path.stem for path in (package / "licenses").iterdir()}
    assert licenses >= {"libjxl", "hdf5", "libpng", "libtiff", "zlib", "zstd"}


def test_it_is_built_without_hdf5(wheel):
    cache = (BUILD / "wheel" / "CMakeCache.txt").read_text()
    assert "H5PRISM_TOOLS:" in cache
    assert not re.search(r"^HDF5_|libhdf5", cache, re.M)


@needs("readelf")
def test_the_plugin_links_no_hdf5(wheel, tmp_path):
    plugin = zipfile.ZipFile(wheel).extract("h5prism/plugins/libh5prism.so", tmp_path)
    text = subprocess.run(["readelf", "-d", plugin], capture_output=True, text=True).stdout
    assert "NEEDED" in text and "hdf5" not in text


ROUND_TRIP = """
import importlib.metadata, sys
from pathlib import Path
import h5py, numpy
import h5prism

assert h5prism.__version__ == importlib.metadata.version("h5prism")
assert h5prism.library_path() == Path(h5prism.__file__).parent / "plugins" / "libh5prism.so"
data = (numpy.arange(40)[:, None, None] * numpy.ones((1, 30, 8))).astype(">i2")
with h5py.File(sys.argv[1], "w") as file:
    file.create_dataset("a", data=data, chunks=(20, 30, 8), compression=h5prism.Prism())
    h5prism.write(file, "b", data, chunks=(20, 30, 8), threads=2)
with h5py.File(sys.argv[1]) as file:
    for dataset in file.values():
        assert (dataset[()] == data).all() and (h5prism.read(dataset, threads=2) == data).all()
        assert all(chunk.info for chunk in h5prism.inspect(dataset))
assert (h5prism.decode(h5prism.encode(data)) == data).all()
"""


def test_round_trip_with_nothing_set(installed_python, tmp_path):
    run_installed(installed_python, ROUND_TRIP, tmp_path / "x.h5")


@pytest.mark.parametrize("name", ["numcodecs", "zarr", "kerchunk"])
def test_codecs_say_which_package_they_need(installed_python, name):
    code = f"""
try:
    import h5prism.{name}
except ImportError as error:
    print(error)
"""
    assert f"h5prism.{name} needs the package {name}" in run_installed(installed_python, code)


def test_annotations_are_complete(zarr3_python):
    done = subprocess.run(
        [zarr3_python, "-m", "mypy", "--cache-dir", BUILD / "mypy"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def compiled(tmp_path, source, *flags):
    """What a C program prints; its sources compile without a warning."""
    path = tmp_path / "program.c"
    path.write_text(source)
    command = ["cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", path, "-o", tmp_path / "program"]
    subprocess.run([*command, *flags], check=True)
    return subprocess.run([tmp_path / "program"], capture_output=True, text=True, check=True).stdout


@needs("cc")
@needs("pkg-config")
def test_declarations_of_hdf5_are_those_of_its_headers(tmp_path):
    found = subprocess.run(["pkg-config", "--cflags", "hdf5"], capture_output=True, text=True)
    if found.returncode != 0:
        pytest.skip("HDF5's headers are not installed")
    text = HEADER.read_text()
    names = re.findall(r"^#define (H5\w+) |^    (H5\w+) = ", text, re.M)
    values = [f"(long long){first or second}" for first, second in names]
    members = re.findall(r"(\w+);|\(\*(\w+)\)", text[text.index("struct H5Z_class2_t") :])
    values += [f"sizeof({name})" for name in re.findall(r"^(?:typedef|}) .*?(\w+);", text, re.M)]
    values += [f"offsetof(H5Z_class2_t, {first or second})" for first, second in members[:8]]
    prints = "".join(f'printf("%lld\\n", (long long)({value}));' for value in values)
    body = f"#include <stdio.h>\nint main(void) {{ {prints} return 0; }}\n"
    assert len(names) > 20 and shutil.which("cc")
    ours = compiled(tmp_path, f'#include "{HEADER}"\n{body}')
    theirs = "#include <hdf5.h>\n#include <H5PLextern.h>\n"
    both = compiled(tmp_path, f'{theirs}#include "{HEADER}"\n{body}', *found.stdout.split())
    assert ours == both
