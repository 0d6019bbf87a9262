"""`h5prism group`: the frames of a stack regrouped across chunks, and read as before."""

import os
import re
import signal

import h5py
import numpy as np
import pytest
from filter_support import not_sanitized
from generated import stack
from tool_support import fails, interrupted, on_terminal, tool

pytestmark = not_sanitized

WORDS = (1, 0, 0, 0, 5, 1)  # axis 0, else automatic


def scenes(count, frames, dtype="u1"):
    """Frames of several scenes, shuffled."""
    moving = [stack(frames, 40, 52, seed=100 * scene) for scene in range(count)]
    frames = np.random.default_rng(4).permutation(np.concatenate(moving))
    return frames.astype(dtype)


DATA = scenes(6, 10)


@pytest.fixture
def source(tmp_path):
    """A file with a stack at /run/images, and other things."""
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("run/images", data=DATA, chunks=(1, 40, 52))
        dataset.attrs.update(unit="counts", names=["a", "bc"], gain=np.arange(3.0))
        file["run"].attrs["number"] = 7
        file["run/times"] = np.arange(60)
        file["run/deep/er"] = np.arange(5, dtype="i2")
        file["link"] = h5py.SoftLink("/run/images")
        file["elsewhere"] = h5py.ExternalLink("other.h5", "/x")
        file["floats"] = np.zeros((3, 4, 5), "f4")
        file["plane"] = np.zeros((4, 5), "u1")
        file["empty"] = np.zeros((0, 4, 5), "u1")
    return path


def group(*arguments, check=True):
    return tool("group", *arguments, check=check)


def grouped(source, *options, dataset="run/images"):
    target = source.with_name("out.h5")
    group(source, target, "--dataset", dataset, *options)
    return target


def test_values_are_the_same(source):
    with h5py.File(grouped(source, "--frames", 10)) as file:
        images = file["run/images"]
        assert images.is_virtual and images.dtype == DATA.dtype
        assert np.array_equal(images[...], DATA)
        assert np.array_equal(images[17], DATA[17])
        assert np.array_equal(images[3:50:7, 5:9, ::3], DATA[3:50:7, 5:9, ::3])
        assert file[".h5prism/run/images.grouped"].chunks == (10, 40, 52)
        order = file[".h5prism/run/images.order"][...]
        assert sorted(order) == list(range(60))
        assert np.array_equal(file[".h5prism/run/images.grouped"][...], DATA[order])
        assert list(file["run"]) == ["deep", "images", "times"]


def test_scenes_share_chunks(source):
    with h5py.File(grouped(source, "--frames", 10)) as file:
        order = file[".h5prism/run/images.order"][...]
    scene_of = [
        next(s for s in range(6) if (stack(10, 40, 52, seed=100 * s) == frame).all((1, 2)).any())
        for frame in DATA
    ]
    chunks = [{scene_of[frame] for frame in order[at : at + 10]} for at in range(0, 60, 10)]
    assert all(len(chunk) == 1 for chunk in chunks)


def test_smaller_than_ungrouped(source, tmp_path):
    plain = tmp_path / "plain.h5"
    with h5py.File(plain, "w") as file:
        options = {"compression": 33128, "compression_opts": WORDS}
        file.create_dataset("run/images", data=DATA, chunks=(10, 40, 52), **options)
        stored = file["run/images"].id.get_storage_size()
    with h5py.File(grouped(source, "--frames", 10)) as file:
        assert file[".h5prism/run/images.grouped"].id.get_storage_size() < 0.95 * stored


def test_other_objects_are_copied(source):
    with h5py.File(grouped(source)) as file:
        assert dict(file["run/images"].attrs)["unit"] == "counts"
        assert list(file["run/images"].attrs["names"]) == ["a", "bc"]
        assert np.array_equal(file["run/images"].attrs["gain"], np.arange(3.0))
        assert file["run"].attrs["number"] == 7
        assert np.array_equal(file["run/times"][...], np.arange(60))
        assert np.array_equal(file["run/deep/er"][...], np.arange(5))
        assert file.get("link", getlink=True).path == "/run/images"
        assert file.get("elsewhere", getlink=True).filename == "other.h5"
        assert file["floats"].shape == (3, 4, 5)


@pytest.mark.parametrize("dtype", ["i1", "<u2", ">i2"])
def test_types_ranks_and_a_filtered_input(tmp_path, dtype):
    path = tmp_path / "in.h5"
    data = scenes(3, 9, "u2").astype(dtype).reshape(27, 20, 2, 52)
    with h5py.File(path, "w") as file:
        options = {"compression": 33128, "compression_opts": WORDS}
        file.create_dataset("x", data=data, chunks=(4, 20, 2, 52), **options)
    with h5py.File(grouped(path, "--frames", 9, "--effort", 2, dataset="/x")) as file:
        assert file["x"].dtype == data.dtype
        assert np.array_equal(file["x"][...], data)


def test_a_stack_in_order_needs_no_virtual_dataset(tmp_path):
    path = tmp_path / "in.h5"
    data = stack(25, 40, 52)
    with h5py.File(path, "w") as file:
        file["x"] = data
        file["x"].attrs["unit"] = "counts"
    with h5py.File(grouped(path, "--frames", 10, dataset="x")) as file:
        assert list(file) == ["x"]
        assert not file["x"].is_virtual and file["x"].attrs["unit"] == "counts"
        assert file["x"].chunks == (9, 40, 52)  # three of about equal size
        assert np.array_equal(file["x"][...], data)


def test_grouping_again_is_refused_by_name(source, tmp_path):
    target = grouped(source)
    done = group(target, tmp_path / "again.h5", "--dataset", "run/images", check=False)
    assert done.returncode == 1 and "run/images: it is virtual" in done.stderr


def test_it_says_what_it_did(source, tmp_path):
    done = group(source, tmp_path / "out.h5", "--dataset", "run/images", "--frames", 10)
    found = re.fullmatch(
        r"/run/images: 60 frames in 6 groups of up to 10; (\d+) bytes, before 124800\n", done.stdout
    )
    with h5py.File(tmp_path / "out.h5") as file:
        stored = file[".h5prism/run/images.grouped"].id.get_storage_size()
    assert stored < int(found[1]) < stored + 12000


@pytest.mark.parametrize("in_order", [False, True])
def test_a_file_never_becomes_larger(tmp_path, in_order):
    """Groups of one frame cost their order; and effort 1 is worse than 9."""
    path, target = tmp_path / "in.h5", tmp_path / "out.h5"
    data = np.random.default_rng(0).integers(0, 256, (40, 16, 16), "u1")
    if in_order:
        data = stack(25, 40, 52)
    with h5py.File(path, "w") as file:
        words = {"compression": 33128, "compression_opts": (1, 0, 0, 0, 9, 1)}
        file.create_dataset("x", data=data, chunks=data.shape, **words).attrs["unit"] = "counts"
        file["x"].attrs["self"] = file["x"].ref
        stored = file["x"].id.get_storage_size()
    done = group(path, target, "--dataset", "x", "--frames", 5, "--effort", 1)
    assert done.stdout.startswith("/x: copied as it is; ")
    assert target.stat().st_size <= path.stat().st_size + 1024  # places in a copy are others
    with h5py.File(target) as file:
        assert list(file) == ["x"] and not file["x"].is_virtual
        assert file["x"].id.get_storage_size() == stored
        assert file[file["x"].attrs["self"]] == file["x"]
        assert np.array_equal(file["x"][...], data)


def test_the_only_dataset_needs_no_name(tmp_path):
    with h5py.File(tmp_path / "in.h5", "w") as file:
        file["x"] = DATA
        file["t"] = np.arange(60)
        file["t"].make_scale("t")
    group(tmp_path / "in.h5", tmp_path / "out.h5")
    with h5py.File(tmp_path / "out.h5", "a") as file:
        assert file["x"].is_virtual and np.array_equal(file["x"][...], DATA)
        file.create_dataset("more", data=DATA)
    fails("group", tmp_path / "out.h5", tmp_path / "b.h5", word="2 datasets: --dataset says which")
    group(tmp_path / "out.h5", tmp_path / "b.h5", "--dataset", "more")
    with h5py.File(tmp_path / "b.h5") as file:
        assert {".h5prism", ".h5prism.2", "more"} <= set(file)
        assert np.array_equal(file["more"][...], DATA)


def test_references_and_hard_links_lead_to_the_copy(tmp_path):
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        file["x"] = DATA
        file["again"] = file["x"]
        file["x"].attrs["self"] = file["x"].ref
    group(path, tmp_path / "out.h5", "--dataset", "x")
    with h5py.File(tmp_path / "out.h5") as file:
        assert file[file["x"].attrs["self"]] == file["x"] == file["again"]
        assert np.array_equal(file["x"][...], DATA)


@pytest.mark.parametrize(
    "dataset, word",
    [
        ("nothing", "no such dataset"),
        ("run/nothing/at/all", "no such dataset"),
        ("run", "not a dataset"),
        ("floats", "integers of 8 or 16 bits"),
        ("plane", "rank"),
        ("empty", "empty"),
    ],
)
def test_wrong_datasets(source, dataset, word):
    target = source.with_name("out.h5")
    done = group(source, target, "--dataset", dataset, check=False)
    assert done.returncode == 1
    assert word in done.stderr and done.stderr.count("\n") == 1
    assert os.listdir(source.parent) == [source.name]


def test_files_that_are_in_the_way(source):
    target = source.with_name("out.h5")
    target.write_bytes(b"mine")
    done = group(source, target, "--dataset", "run/images", check=False)
    assert done.returncode == 1 and "--force" in done.stderr
    assert target.read_bytes() == b"mine"
    group(source, target, "--dataset", "run/images", "--force")
    with h5py.File(target) as file:
        assert np.array_equal(file["run/images"][...], DATA)


def test_the_same_file(source):
    before = source.read_bytes()
    link = source.with_name("link.h5")
    link.symlink_to(source)
    for target in (source, link):
        done = group(source, target, "--dataset", "run/images", "--force", check=False)
        assert done.returncode == 1 and "same file" in done.stderr
    assert source.read_bytes() == before


@pytest.mark.parametrize("content", [None, b"", b"no HDF5 at all"])
def test_inputs_that_are_no_hdf5_files(tmp_path, content):
    path = tmp_path / "in.h5"
    if content is not None:
        path.write_bytes(content)
    done = group(path, tmp_path / "out.h5", "--dataset", "x", check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert not (tmp_path / "out.h5").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["in.h5"],
        ["in.h5", "out.png", "--dataset", "x"],
        ["in.h5", "-", "--dataset", "x"],
        ["in.h5", "out.h5", "--dataset"],
        ["in.h5", "out.h5", "--dataset", "/"],
        ["in.h5", "out.h5", "third.h5", "--dataset", "x"],
        ["in.h5", "out.h5", "--dataset", "x", "--frames", "0"],
        ["in.h5", "out.h5", "--dataset", "x", "--effort", "10"],
        ["in.h5", "out.h5", "--dataset", "x", "--unknown"],
    ],
)
def test_usage(arguments):
    fails("group", *arguments, code=2, word="")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_after_a_signal(tmp_path, number):
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        file["x"] = np.random.default_rng(1).integers(0, 256, (300, 200, 200), "u1")
    options = ("--dataset", "x", "--effort", "9")
    interrupted(number, tmp_path, "group", path, tmp_path / "out.h5", *options)
    assert os.listdir(tmp_path) == ["in.h5"]


def test_help():
    assert group("--help").stdout.startswith("usage: h5prism group")


def test_a_bar_on_a_terminal_only(source):
    """Tests of other things assert that nothing is written elsewhere."""
    shown = on_terminal("group", source, source.with_name("out.h5"), "--dataset", "run/images")
    assert "reading" in shown and "writing" in shown and "100 %" in shown
