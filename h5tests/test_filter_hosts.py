"""Programs in C that load the plugin: linked to HDF5 in several ways, and without it."""

import re
import shlex
import subprocess
from pathlib import Path

import h5py
import pytest
from filter_support import MANDATORY, PLUGIN, filter_of, needs, not_sanitized, run

HERE = Path(__file__).resolve().parent
pytestmark = [needs("cc"), needs("pkg-config")]


def hdf5_flags(option):
    done = subprocess.run(["pkg-config", option, "hdf5"], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip("pkg-config does not know hdf5: libhdf5-dev is not installed")
    return shlex.split(done.stdout)


def compile_host(target, source, *flags):
    done = run(
        "cc", "-O1", "-o", target, HERE / source, *hdf5_flags("--cflags"), *flags, check=False
    )
    missing = re.search(r"cannot find .*|.*: No such file or directory", done.stderr)
    if missing:
        pytest.skip(f"{source} cannot be built: {missing.group()}")
    assert done.returncode == 0, done.stderr
    return target


def static_flags():
    """HDF5's archive and what it needs in turn, which pkg-config does not know."""
    folders = [flag[2:] for flag in hdf5_flags("--libs") if flag.startswith("-L")]
    archives = [
        Path(folder) / "libhdf5.a" for folder in folders if (Path(folder) / "libhdf5.a").exists()
    ]
    if not archives:
        pytest.skip("libhdf5.a is not installed")
    settings = archives[0].with_name("libhdf5.settings")
    extra = (
        re.search(r"Extra libraries: *(.*)", settings.read_text()) if settings.exists() else None
    )
    return [archives[0], *shlex.split(extra.group(1) if extra else "-lz -lm"), "-ldl", "-lpthread"]


def flags_of(kind):
    shared = ["-fPIE", "-pie", *hdf5_flags("--libs")]
    return {
        "shared": lambda: shared,
        "shared, not position independent": lambda: ["-fno-pie", "-no-pie", *hdf5_flags("--libs")],
        "static, symbols exported": lambda: [*static_flags(), "-rdynamic"],
        "static": static_flags,
        "static, hidden beside a shared library": lambda: [
            *static_flags(),
            "-Wl,--exclude-libs,ALL",
            "-Wl,--no-as-needed",
            *hdf5_flags("--libs"),
        ],
    }[kind]()


FINDABLE = ["shared", "shared, not position independent", "static, symbols exported"]


@pytest.fixture(scope="module")
def hosts(tmp_path_factory):
    made = {}

    def host(kind):
        if kind not in made:
            target = tmp_path_factory.mktemp("host") / "host"
            made[kind] = compile_host(target, "filter_host.c", *flags_of(kind))
        return made[kind]

    return host


@not_sanitized
@pytest.mark.parametrize("kind", FINDABLE)
def test_writes_and_reads(hosts, tmp_path, kind):
    path = tmp_path / "x.h5"
    run(hosts(kind), "write", path)
    run(hosts(kind), "read", path)
    with h5py.File(path) as file:
        assert filter_of(file["x"])[0] == MANDATORY
        chunks = [file["x"].id.get_chunk_info(i) for i in range(2)]
        assert [chunk.filter_mask for chunk in chunks] == [0, 0]
        assert file["x"][63, 47, 7] == 47 * 3 + 7


@not_sanitized
@pytest.mark.parametrize("kind", FINDABLE)
def test_errors_are_on_the_stack(hosts, tmp_path, kind):
    text = run(hosts(kind), "refuse", tmp_path / "x.h5", check=False)
    assert text.returncode == 0
    assert "h5prism: element type H5T_STRING of 1 bytes is not supported" in text.stderr
    assert re.search(r"filter/plugin\.c line \d+ in can_apply\(\)", text.stderr)


@not_sanitized
@pytest.mark.parametrize("kind", ["static", "static, hidden beside a shared library"])
def test_host_without_symbols_reads_and_refuses_to_write(hosts, tmp_path, kind):
    """Nothing can be asked about the dataset, least of all the other library."""
    run(hosts("shared"), "write", tmp_path / "x.h5")
    run(hosts(kind), "read", tmp_path / "x.h5")
    assert run(hosts(kind), "write", tmp_path / "y.h5", check=False).returncode == 1


@not_sanitized
def test_host_found_by_relative_name(hosts, tmp_path):
    program = hosts("static, symbols exported")
    done = subprocess.run(["./" + program.name, "write", tmp_path / "x.h5"], cwd=program.parent)
    assert done.returncode == 0


@pytest.fixture(scope="module")
def direct(tmp_path_factory):
    return compile_host(tmp_path_factory.mktemp("direct") / "direct", "filter_direct.c", "-ldl")


def test_callback_without_hdf5(direct):
    assert run(direct, PLUGIN, timeout=1800).stdout == ""


@not_sanitized
@needs("valgrind")
def test_callback_without_hdf5_under_valgrind(direct):
    """Finds reads beyond a chunk, and leaks."""
    run("valgrind", "-q", "--error-exitcode=9", "--leak-check=full", direct, PLUGIN, timeout=900)
