"""`h5prism export` and `h5prism import`: chunks as JPEG XL images, and back."""

import errno
import os
import re
import struct
import subprocess

import h5py
import numpy as np
import pytest
from filter_support import BUILD, FILTER_ID, create, filter_of, needs, not_sanitized, run
from tool_support import fails
from generated import embedding, stack
from python_support import leave_partial_chunks_alone

TOOL = BUILD / "bin" / "h5prism"

pytestmark = not_sanitized

JXL = (1, 1, 1, 2, 3)  # transform none, predictor none, coder jxl, effort 3
AUTO = (1, 0, 0, 0, 5)
AS_STORED, CODED = "as it is stored", "coded for this file"


def tool(*arguments, check=True):
    return run(TOOL, *arguments, check=check)


@pytest.fixture
def write(tmp_path):
    """write(array, chunks, words) gives a file with the dataset x; words None: not compressed."""

    def function(array, chunks=None, words=None):
        path = tmp_path / "in.h5"
        with h5py.File(path, "w") as file:
            if words is None:
                file.create_dataset("x", data=array, chunks=chunks)
            else:
                create(file, "x", array, chunks or array.shape, words)
        return path

    return function


def export(path, *options, dataset="x"):
    """The image, and what was printed."""
    image = path.with_name("out.jxl")
    return image, tool("export", path, image, "--dataset", dataset, "--force", *options).stdout


def imported(image, *options):
    path = image.with_name("back.h5")
    tool("import", image, path, "--dataset", "a/b", "--force", *options)
    with h5py.File(path) as file:
        assert filter_of(file["a/b"])[0] == 0  # mandatory
        return file["a/b"][...]


@pytest.mark.parametrize("dtype", ["i1", "u1", "<i2", ">i2", "<u2", ">u2"])
@pytest.mark.parametrize("words, how", [(JXL, AS_STORED), (AUTO, CODED), (None, CODED)])
def test_there_and_back(write, dtype, words, how):
    cube = embedding(20, 27, 7, dtype)
    image, text = export(write(cube, words=words))
    assert how in text and "7 plane(s) along axis 2" in text
    back = imported(image, *(["--signed"] if np.dtype(dtype).kind == "i" else []))
    assert back.dtype == np.dtype(dtype).newbyteorder("=")
    assert np.array_equal(back, cube)


def test_the_stored_codestream_is_exported_as_it_is(write):
    path = write(embedding(20, 27, 7, "i1"), words=JXL)
    image, _ = export(path)
    with h5py.File(path) as file:
        _, chunk = file["x"].id.read_direct_chunk((0, 0, 0))
    assert image.read_bytes() in chunk
    assert image.read_bytes().startswith(b"\xff\x0a") or b"JXL " in image.read_bytes()[:12]


def test_int8_is_shifted(write):
    plane = np.arange(-128, 128, dtype="i1").reshape(16, 16)
    image, text = export(write(plane))
    assert "int8 plus half its range" in text
    assert np.array_equal(imported(image), plane.astype(int) + 128)
    assert np.array_equal(imported(image, "--signed"), plane)


@pytest.mark.parametrize("words", [JXL, AUTO])
def test_chunks_of_a_grid(write, words):
    cube = embedding(50, 40, 6, "u1")
    path = write(cube, (20, 25, 4), words)
    for index in np.ndindex(3, 2, 2):
        image, text = export(path, "--chunk", ",".join(map(str, index)))
        part = cube[tuple(slice(i * n, i * n + n) for i, n in zip(index, (20, 25, 4)))]
        whole = part.shape == (20, 25, 4)
        assert (AS_STORED in text) == (whole and words == JXL)
        axis = int(re.search(r"along axis (\d)", text)[1])  # as the codec has chosen it
        assert np.array_equal(np.moveaxis(imported(image), 2, axis), part)


def test_planes_and_axes(write):
    cube = embedding(12, 15, 9, "u1")
    path = write(cube, words=JXL)
    image, text = export(path, "--planes", "3,5")
    assert CODED in text and np.array_equal(imported(image), cube[..., 3:6])
    image, _ = export(path, "--planes", "4,4")
    assert np.array_equal(imported(image), cube[..., 4])
    image, _ = export(path, "--axis", 0)
    assert np.array_equal(imported(image, "--axis", 0), cube)
    image, _ = export(write(stack(5, 12, 15), words=(1, 1, 1, 2, 3, 1)))
    assert np.array_equal(imported(image, "--axis", 0), stack(5, 12, 15))


def test_more_planes_than_an_image_holds(write):
    cube = embedding(5, 6, 300, "u1")
    for words in ((*JXL, 3), None):  # along axis 2
        path = write(cube, words=words)
        done = tool("export", path, path.with_name("o.jxl"), "--dataset", "x", check=False)
        assert done.returncode == 1 and "257" in done.stderr and "--planes" in done.stderr
    image, _ = export(path, "--planes", "43,299")
    assert np.array_equal(imported(image), cube[..., 43:])


def test_colours(write):
    cube = embedding(21, 18, 5, "u2")
    image, _ = export(write(cube), "--colour")
    assert np.array_equal(imported(image), cube)
    done = tool(
        "export", write(cube[..., :2]), image, "--dataset", "x", "--colour", "--force", check=False
    )
    assert done.returncode == 1 and "3 planes" in done.stderr


@pytest.mark.parametrize(
    "shape", [(1,), (70,), (1, 1), (5, 1), (1, 1, 1), (3, 4, 5, 6), (2, 3, 2, 3, 4)]
)
def test_ranks(write, shape):
    array = np.random.default_rng(1).integers(0, 256, shape, "u1")
    image, _ = export(write(array))
    assert np.array_equal(imported(image).ravel(), array.ravel())


def test_options_of_import(write):
    cube = embedding(20, 20, 6, "i1")
    image, _ = export(write(cube))
    back = imported(image, "--signed", "--options", "coder=deflate,effort=9")
    assert np.array_equal(back, cube)
    with h5py.File(image.with_name("back.h5")) as file:
        words = filter_of(file["a/b"])[1]
        assert words[3] == 1 and words[4] == 9


def read_pgm(path):
    width, height, most, data = re.match(
        rb"P5\s+(\d+) (\d+)\s+(\d+)\s(.*)", path.read_bytes(), re.S
    ).groups()
    dtype = "u1" if int(most) < 256 else ">u2"
    return np.frombuffer(data, dtype).reshape(int(height), int(width))


@needs("djxl")
@pytest.mark.parametrize("words", [JXL, AUTO])
@pytest.mark.parametrize("dtype", ["i1", "u2"])
def test_other_programs_see_every_plane(write, tmp_path, words, dtype):
    cube = embedding(20, 27, 3, dtype)
    image, _ = export(write(cube, words=words))
    subprocess.run(["djxl", image, tmp_path / "plane.pgm"], check=True, capture_output=True)
    expected = cube.astype(int) + (128 if dtype == "i1" else 0)
    found = sorted(tmp_path.glob("plane-ec*.pgm"))
    assert np.array_equal(np.stack([read_pgm(path) for path in found], -1), expected)


@needs("cjxl")
def test_images_of_other_programs(tmp_path):
    rgb = np.random.default_rng(0).integers(0, 256, (9, 14, 3), "u1")
    (tmp_path / "x.ppm").write_bytes(b"P6\n14 9\n255\n" + rgb.tobytes())
    subprocess.run(
        ["cjxl", "-q", "100", tmp_path / "x.ppm", tmp_path / "x.jxl"],
        check=True,
        capture_output=True,
    )
    assert np.array_equal(imported(tmp_path / "x.jxl"), rgb)


# ---- Hostile input ----


@pytest.mark.parametrize(
    "name, options, word",
    [
        ("nothing", (), "no such dataset"),
        ("empty", (), "empty"),
        ("floats", (), "float"),
        ("words", (), "int"),
        ("x", ("--chunk", "2,0,0"), "there are 2"),
        ("x", ("--chunk", "0,0"), "rank 3"),
        ("x", ("--planes", "3,7"), "there are 7"),
        ("x", ("--planes", "3,2"), "there are 7"),
        ("x", ("--axis", "3"), "rank 3"),
    ],
)
def test_what_cannot_be_exported(tmp_path, name, options, word):
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=embedding(20, 20, 7, "u1"), chunks=(10, 20, 7))
        file["empty"] = np.zeros((0, 3), "u1")
        file["floats"] = np.zeros((4, 5), "f4")
        file["words"] = np.zeros((4, 5), "i4")
    done = tool("export", path, tmp_path / "o.jxl", "--dataset", name, *options, check=False)
    assert done.returncode == 1 and word.lower() in done.stderr.lower()
    assert done.stderr.count("\n") == 1 and os.listdir(tmp_path) == ["in.h5"]


@pytest.mark.parametrize("words", [JXL, AUTO])
def test_damaged_chunks(write, words):
    path = write(embedding(20, 27, 7, "u1"), words=words)
    with h5py.File(path, "r+") as file:
        mask, chunk = file["x"].id.read_direct_chunk((0, 0, 0))
        damaged = bytearray(chunk)
        damaged[len(chunk) // 2] ^= 1
        file["x"].id.write_direct_chunk((0, 0, 0), bytes(damaged), mask)
    done = tool("export", path, path.with_name("o.jxl"), "--dataset", "x", check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert os.listdir(path.parent) == ["in.h5"]


@pytest.mark.parametrize(
    "other", [embedding(20, 27, 7, "i1"), embedding(27, 21, 7, "u1"), stack(1, 20, 27)[0]]
)
def test_chunks_of_other_arrays(write, other):
    with h5py.File(write(other, words=JXL)) as file:
        _, chunk = file["x"].id.read_direct_chunk((0,) * other.ndim)
    path = write(embedding(20, 27, 7, "u1"), words=JXL)
    with h5py.File(path, "r+") as file:
        file["x"].id.write_direct_chunk((0, 0, 0), chunk, 0)
    done = tool("export", path, path.with_name("o.jxl"), "--dataset", "x", check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert os.listdir(path.parent) == ["in.h5"]


def test_a_chunk_that_is_not_filtered(write):
    """Optional filters may have been left out of some chunks."""
    cube = embedding(20, 27, 7, "u1")
    path = write(cube, words=JXL)
    with h5py.File(path, "r+") as file:
        file["x"].id.write_direct_chunk((0, 0, 0), cube.tobytes(), 1)
    image, text = export(path)
    assert CODED in text and np.array_equal(imported(image), cube)


def test_chunks_at_the_edge_that_hdf5_left_alone(tmp_path):
    """Their filter mask does not tell."""
    cube = embedding(20, 27, 7, "u1")
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((20, 20, 7))
    properties.set_filter(FILTER_ID, 0, JXL)
    if not leave_partial_chunks_alone(properties):
        pytest.skip("there is no /proc to find HDF5 in")
    space = h5py.h5s.create_simple(cube.shape)
    with h5py.File(tmp_path / "in.h5", "w") as file:
        kind = h5py.h5t.STD_U8LE
        h5py.Dataset(h5py.h5d.create(file.id, b"x", kind, space, properties))[...] = cube
    for chunk, how in ((0, AS_STORED), (1, CODED)):
        image, text = export(tmp_path / "in.h5", "--chunk", f"0,{chunk},0")
        assert how in text
        assert np.array_equal(imported(image), cube[:, 20 * chunk : 20 * (chunk + 1)])


@pytest.fixture
def image(write):
    return export(write(embedding(20, 27, 7, "u1")))[0]


@pytest.mark.parametrize("cut", [0, 1, 2, 12, 40, 0.5, 0.99])
def test_images_that_end_too_early(image, cut):
    content = image.read_bytes()
    image.write_bytes(content[: int(cut * len(content)) if isinstance(cut, float) else cut])
    done = tool("import", image, image.with_name("o.h5"), "--dataset", "x", check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("h5prism: ")
    assert not image.with_name("o.h5").exists() and not list(image.parent.glob("*.part"))


@pytest.mark.parametrize("content", [None, b"no image", struct.pack("<I", 7) * 99])
def test_what_is_not_an_image(tmp_path, content):
    if content:
        (tmp_path / "x.jxl").write_bytes(content)
    done = tool("import", tmp_path / "x.jxl", tmp_path / "o.h5", "--dataset", "x", check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert not (tmp_path / "o.h5").exists()


@pytest.mark.parametrize(
    "options", ["coder=best", "transform=stack,predictor=lsq,coder=jxl", "axis=9"]
)
def test_wrong_options(image, options):
    arguments = ("--dataset", "x", "--options", options)
    done = tool("import", image, image.with_name("o.h5"), *arguments, check=False)
    unknown = options == "coder=best"
    assert done.returncode == (2 if unknown else 1) and done.stderr.count("\n") == 1
    assert not image.with_name("o.h5").exists() and not list(image.parent.glob("*.part"))


def test_files_that_may_not_grow(image):
    """What stdio writes, since failing_calls.c does not see its calls."""
    limit = 'ulimit -f 0; trap "" XFSZ; exec "$@"'
    command = ["bash", "-c", limit, "-", TOOL, "export", image.with_name("in.h5"), "o.jxl"]
    done = subprocess.run(
        [*command, "--dataset", "x"], cwd=image.parent, capture_output=True, text=True, timeout=1800
    )
    reason = os.strerror(errno.EFBIG)
    assert done.returncode == 1 and done.stderr == f"h5prism: o.jxl cannot be written: {reason}\n"


@needs("cc")
def test_no_room_to_write(image, failing_calls, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    command = [TOOL, "import", image, folder / "out.h5", "--dataset", "a/x"]
    assert list(failing_calls.each(command, folder))


def test_files_that_are_in_the_way(image):
    path = image.with_name("in.h5")
    for command, source, ending in (("export", path, ".jxl"), ("import", image, ".h5")):
        target, same = path.with_name(f"mine{ending}"), path.with_name(f"same{ending}")
        target.write_bytes(b"mine")
        same.symlink_to(source)
        done = tool(command, source, target, "--dataset", "x", check=False)
        assert done.returncode == 1 and "--force" in done.stderr and target.read_bytes() == b"mine"
        done = tool(command, source, same, "--dataset", "x", "--force", check=False)
        assert done.returncode == 1 and "same file" in done.stderr
        done = tool(
            command, source, path.parent / "no" / f"x{ending}", "--dataset", "x", check=False
        )
        assert done.returncode == 1 and done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["export", "import"])
@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a"],
        ["a", "b"],
        ["a", "b", "c", "--dataset", "x"],
        ["a", "b", "--dataset", "x", "--unknown"],
    ],
)
def test_usage(command, arguments):
    fails(command, *arguments, code=2, word="")


@pytest.mark.parametrize(
    "arguments",
    [
        ["export", "a", "b", "--dataset", "x", "--planes", "1"],
        ["export", "a", "b", "--dataset", "x", "--chunk", "a"],
        ["export", "a", "b", "--dataset", "x", "--effort", "10"],
        ["import", "a", "b", "--dataset", "x", "--axis", "1"],
        ["import", "a", "b", "--dataset", "/"],
    ],
)
def test_usage_of_values(arguments):
    assert tool(*arguments, check=False).returncode == 2


@pytest.mark.parametrize("command", ["export", "import"])
def test_help(command):
    assert tool(command, "--help").stdout.startswith(f"usage: h5prism {command}")
