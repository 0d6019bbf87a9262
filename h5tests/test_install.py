"""What `cmake --install` installs, as programs in C use it: by CMake, by pkg-config, as a subproject;
and what CMake says where something is missing."""

import os
import re
import shutil
import subprocess

import pytest
from filter_support import BUILD, ROOT, needs, not_sanitized
from venv_support import alone

pytestmark = [not_sanitized, needs("cmake"), needs("cc"), needs("pkg-config")]

EXAMPLES = ROOT / "examples" / "c"


def run(*command, check=True, cwd=None, **variables):
    done = subprocess.run(
        [str(part) for part in command],
        env=os.environ | {name: str(value) for name, value in variables.items()},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert not check or done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done


def install(folder, *options, **variables):
    """Installs the build of the tests there."""
    with alone("install"):
        run("cmake", "--install", BUILD, *options, **variables)
    return folder


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prefix")
    return install(folder, "--prefix", folder)


def library_folder(prefix):
    (library,) = prefix.glob("lib*/**/libprism.so")
    return library.parent


def plugin_folder(prefix):
    (plugin,) = prefix.glob("lib*/**/libh5prism.so")
    return plugin.parent


def build(source, folder, *options):
    """Debug is compiled soonest."""
    run("cmake", "-S", source, "-B", folder, "-DCMAKE_BUILD_TYPE=Debug", *options)
    run("cmake", "--build", folder, "--parallel", "2")


def sizes(text):
    """Bytes before and after, as the examples print them."""
    raw, stored = map(int, re.fullmatch(r"(\d+) bytes in (\d+)\n", text).groups())
    return raw, stored


def assert_works(folder, prefix, file, **variables):
    """Both examples run, and the file that one of them makes is compressed."""
    raw, stored = sizes(run(folder / "chunk", **variables).stdout)
    assert raw == 64 * 64 * 16 and stored < raw / 10
    if not (folder / "dataset").exists():
        pytest.skip("HDF5's headers are not installed")
    variables["HDF5_PLUGIN_PATH"] = plugin_folder(prefix)
    raw, stored = sizes(run(folder / "dataset", file, **variables).stdout)
    assert raw == 100 * 80 * 12 * 2 and stored < raw / 10


def test_examples_are_short():
    lines = (EXAMPLES / "chunk.c").read_text().splitlines()
    assert len(lines) <= 25 and len((EXAMPLES / "dataset.c").read_text().splitlines()) <= 40


def test_examples_by_cmake(prefix, tmp_path):
    build(EXAMPLES, tmp_path / "built", f"-DCMAKE_PREFIX_PATH={prefix}")
    assert_works(tmp_path / "built", prefix, tmp_path / "x.h5")


def test_static_library_by_cmake(prefix, tmp_path):
    (tmp_path / "CMakeLists.txt").write_text(f"""
cmake_minimum_required(VERSION 3.18)
project(user LANGUAGES C)
find_package(prism REQUIRED COMPONENTS static)
add_executable(chunk {EXAMPLES}/chunk.c)
target_link_libraries(chunk PRIVATE prism::static)
""")
    build(tmp_path, tmp_path / "built", f"-DCMAKE_PREFIX_PATH={prefix}")
    linked = run("readelf", "-d", tmp_path / "built" / "chunk").stdout
    assert "libprism" not in linked
    assert sizes(run(tmp_path / "built" / "chunk").stdout)[1] < 64 * 64 * 16 / 10


@pytest.mark.parametrize("move", [False, True], ids=["in_place", "moved"])
def test_examples_by_pkg_config(prefix, tmp_path, move):
    if move:
        prefix = shutil.copytree(prefix, tmp_path / "moved", symlinks=True)
    found = {"PKG_CONFIG_PATH": library_folder(prefix) / "pkgconfig"}
    version = run("pkg-config", "--modversion", "prism", **found).stdout.strip()
    assert f'PRISM_VERSION  "{version}"' in (ROOT / "include" / "prism.h").read_text()
    modules = {"chunk": ["prism"], "dataset": ["prism", "hdf5"]}
    for name, needed in modules.items():
        if run("pkg-config", "--exists", *needed, check=False, **found).returncode == 0:
            flags = run("pkg-config", "--cflags", "--libs", *needed, **found).stdout.split()
            warnings = ["-Wall", "-Wextra", "-Werror"]
            source = EXAMPLES / f"{name}.c"
            run("cc", *warnings, source, "-o", tmp_path / name, *flags)
    assert_works(tmp_path, prefix, tmp_path / "x.h5", LD_LIBRARY_PATH=library_folder(prefix))


@needs("readelf")
@needs("nm")
def test_shared_library(prefix):
    """It has a name with a number, and exports what prism.h declares."""
    library = library_folder(prefix) / "libprism.so"
    dynamic = run("readelf", "-dW", library).stdout
    major = re.search(r'PRISM_VERSION +"(\d+)', (ROOT / "include" / "prism.h").read_text())[1]
    assert f"[libprism.so.{major}]" in dynamic
    assert "RPATH" not in dynamic and "RUNPATH" not in dynamic
    lines = run("nm", "-D", "--defined-only", library).stdout.splitlines()
    header = (ROOT / "include" / "prism.h").read_text()
    declared = re.findall(r"^PRISM_API\s[^;(]*?\b(prism_\w+)\(", header, re.MULTILINE)
    assert {line.split()[-1] for line in lines} == set(declared)


def test_prefix_of_the_system_puts_the_plugin_where_hdf5_looks(tmp_path):
    install(tmp_path, "--prefix", "/usr", DESTDIR=tmp_path)
    flags = run("pkg-config", "--cflags-only-I", "hdf5", check=False).stdout
    program = tmp_path / "where.c"
    program.write_text("#include <H5pubconf.h>\nplugins = H5_DEFAULT_PLUGINDIR\n")
    found = run("cc", "-E", "-P", *flags.split(), program, check=False)
    if found.returncode != 0:
        pytest.skip("HDF5's headers are not installed")
    folder = re.search(r'plugins = "(.+)"', found.stdout)[1]
    if not folder.startswith("/usr/lib"):
        pytest.skip(f"HDF5 looks for plugins in {folder}, which no prefix /usr can have")
    assert (tmp_path / folder[1:] / "libh5prism.so").is_file()


WITHOUT_JXL = """
#include <prism.h>
#include <stdio.h>
#include <string.h>

static unsigned char data[32][32][8], back[sizeof data], chunk[sizeof data + 512], golden[1 << 20];

static const char *encode(const char *text, prism_info *info) {
    const prism_array array = {.type = PRISM_UINT8, .rank = 3, .dims = {32, 32, 8}};
    prism_options options = prism_options_default();
    static prism_error error;
    size_t size;
    error = (prism_error){.status = PRISM_OK};
    if (prism_options_parse(&options, text, &error) == PRISM_OK &&
        prism_encode(&array, data, &options, chunk, sizeof chunk, &size, &error) == PRISM_OK &&
        prism_decode(chunk, size, back, sizeof back, NULL, &error) == PRISM_OK)
        prism_inspect(chunk, size, info, &error);
    return prism_status_name(error.status);
}

int main(int count, char **arguments) {
    (void)count;
    prism_info info = {.coder = PRISM_CODER_AUTO};
    prism_error error = {.status = PRISM_OK};
    for (size_t i = 0; i < sizeof data; i++)
        (&data[0][0][0])[i] = (unsigned char)(i / 256 + i % 256 / 3);
    const char *status = encode("effort=7", &info);
    printf("%s, %d\\n", status, !memcmp(data, back, sizeof data));
    printf("%s\\n", encode("coder=jxl", &info));
    printf("%s\\n", encode("coder=jxl,distance=1", &info));
    FILE *file = fopen(arguments[1], "rb");
    const size_t size = fread(golden, 1, sizeof golden, file);
    fclose(file);
    prism_inspect(golden, size, &info, &error);
    printf("%d\\n", info.coder == PRISM_CODER_JXL);
    static unsigned char elements[1 << 22];
    size_t bytes = 0;
    prism_array_size(&info.array, &bytes, &error);
    prism_decode(golden, size, elements, bytes, NULL, &error);
    printf("%s\\n", prism_status_name(error.status));
    return 0;
}
"""


def test_subproject_without_libjxl():
    """add_subdirectory builds the library alone; without libjxl, chunks of coder jxl can be inspected,
    and neither made nor decoded. The build is kept from one run to the next."""
    source, built = BUILD / "subproject", BUILD / "subproject" / "built"
    source.mkdir(exist_ok=True)
    (source / "CMakeLists.txt").write_text(f"""
cmake_minimum_required(VERSION 3.18)
project(user LANGUAGES C)
set(H5PRISM_JXL OFF)
add_subdirectory({ROOT} prism)
foreach(library shared static)
  add_executable(${{library}} main.c)
endforeach()
target_link_libraries(shared PRIVATE prism::prism)
target_link_libraries(static PRIVATE prism::static)
""")
    (source / "main.c").write_text(WITHOUT_JXL)
    launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    with alone("subproject"):
        build(source, built, *launcher)
    cache = (built / "CMakeCache.txt").read_text()
    assert "H5PRISM_TOOLS:BOOL=OFF" in cache and not re.search(r"^JXL_|^HDF5_|libjxl", cache, re.M)
    assert not list(built.rglob("libh5prism.so"))
    chunk = ROOT / "h5tests" / "golden" / "lift_jxl_u16.prism"
    for program in ("shared", "static"):
        first, *others = run(built / program, chunk).stdout.splitlines()
        assert first == "ok, 1"
        assert others == [
            "not available in this build",
            "not available in this build",
            "1",
            "not available in this build",
        ]


def configured_without(folder, **variables):
    """What CMake says; nothing is found by pkg-config or in folders of the system here."""
    options = ["-DCMAKE_DISABLE_FIND_PACKAGE_ZLIB=ON", "-DCMAKE_FIND_USE_CMAKE_SYSTEM_PATH=OFF"]
    options += ["-G", "Unix Makefiles"]
    done = run(
        *("cmake", "-S", ROOT, "-B", folder / "build", *options),
        check=False,
        PKG_CONFIG_LIBDIR=folder,
        PKG_CONFIG_PATH="",
        **variables,
    )
    assert done.returncode != 0 and done.stderr.count("CMake Error") == 1
    return done.stderr


def missing_of(text):
    return re.findall(r"^ {6}(\S.*?)(?: \(or .*\))?$", text, re.M)


LIBRARIES = [
    "libzstd 1.4 or newer", "libjxl 0.7 or newer", "HDF5", "libpng", "libtiff", "liblzf",
    "cmocka",
]  # fmt: skip


def test_cmake_says_at_once_what_is_missing(tmp_path):
    text = configured_without(tmp_path)
    assert missing_of(text) == ["zlib", *LIBRARIES]
    for installer, packages in {
        "apt-get install": "libzstd-dev libjxl-dev libhdf5-dev",
        "dnf install": "libzstd-devel libjxl-devel hdf5-devel",
        "brew install": "zstd jpeg-xl hdf5",
        "conda install -c conda-forge": "zstd libjxl hdf5",
    }.items():
        assert re.search(rf"{installer} .*{packages}", text)


def test_a_compiler_that_is_missing_is_one_of_them(tmp_path):
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("cmake", "pkg-config", "make", "sh", "uname"):
        if shutil.which(name):
            (programs / name).symlink_to(shutil.which(name))
    text = configured_without(tmp_path, PATH=programs, CC="")
    assert missing_of(text) == ["a C compiler", "zlib", *LIBRARIES]
