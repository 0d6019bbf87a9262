"""`h5prism collect` and `extract`: folders of images as stacks, and back."""

import os
import signal

import h5py
import numpy as np
import pytest
from filter_support import needs_module, not_sanitized
from generated import stack
from tool_support import fails, interrupted, is_compressed, tool

pytestmark = [not_sanitized, needs_module("PIL")]

has_tiff = pytest.mark.skipif(
    "without libtiff" in tool("collect", "/dev/null/a.tif", "x.h5", check=False).stderr,
    reason="the tool is built without libtiff",
)


def pictures(count, shape=(40, 56), dtype="u1", seed=0):
    """A scene that moves, with noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    scale = np.iinfo(dtype).max / 256 if np.issubdtype(dtype, np.integer) else 1 / 64
    for i in range(count):
        wave = 128 + 60 * np.sin(x / 9 + i / 5) + 40 * np.cos(y / 7) + rng.normal(0, 2, shape)
        yield (wave * scale).astype(dtype)


def save(path, array, **options):
    from PIL import Image

    Image.fromarray(array).save(path, **options)


def load(path):
    from PIL import Image

    return np.array(Image.open(path))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def collected(folder, *arguments):
    target = folder.with_name("out.h5")
    tool("collect", folder, target, *arguments)
    return target


def extracted(path, *arguments):
    target = path.with_name("again")
    tool("extract", path, target, *arguments)
    return target


def names_in(file, stack):
    return [name.decode() for name in file[file[stack].attrs["names"]][()]]


def same_files(first, second):
    assert sorted(os.listdir(first)) == sorted(os.listdir(second))
    for name in os.listdir(first):
        a, b = load(first / name), load(second / name)
        assert a.dtype == b.dtype and np.array_equal(a, b), name


# ---- There and back ----


@pytest.mark.parametrize("dtype", ["u1", "u2"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_there_and_back(folder, dtype, channels):
    if channels > 1 and dtype == "u2":
        pytest.skip("Pillow has no colours of 16 bits")
    frames = []
    for i, grey in enumerate(pictures(5, dtype=dtype)):
        frames.append(grey if channels == 1 else np.stack([grey, grey // 2, *[grey] * (channels - 2)], -1))
        save(folder / f"p{i}.png", frames[-1])
    path = collected(folder)
    with h5py.File(path) as file:
        assert np.array_equal(file["images"][...], frames) and file["images"].dtype == dtype
        assert is_compressed(file["images"])
        assert file["images"].id.get_storage_size() < 0.8 * np.array(frames).nbytes
        assert names_in(file, "images") == [f"p{i}.png" for i in range(5)]
    same_files(folder, extracted(path))


def test_natural_order(folder):
    names = ["a1.png", "a2.png", "a10.png", "a010.png", "b.png", "a3b2.png", "a3b11.png"]
    for i, name in enumerate(names):
        save(folder / name, np.full((4, 5), i, "u1"))
    (folder / "notes.txt").write_text("not an image")
    (folder / ".hidden.png").write_text("nor this")
    (folder / "deeper").mkdir()
    expected = ["a1.png", "a2.png", "a3b2.png", "a3b11.png", "a010.png", "a10.png", "b.png"]
    with h5py.File(collected(folder)) as file:
        assert names_in(file, "images") == expected
        assert [frame[0, 0] for frame in file["images"]] == [names.index(name) for name in expected]


def test_sizes_and_types_are_kept_apart(folder):
    save(folder / "a.png", np.zeros((4, 5), "u1"))
    save(folder / "b.png", np.ones((4, 5), "u2"))
    save(folder / "c.png", np.ones((4, 5, 3), "u1"))
    save(folder / "d.png", np.ones((9, 5), "u1"))
    save(folder / "e.png", np.full((4, 5), 2, "u1"))
    path = collected(folder, "--dataset", "scan")
    with h5py.File(path) as file:
        stacks = {name: file[name].shape for name in file if not name.endswith(".names")}
        assert stacks == {
            "scan_4x5_uint8": (2, 4, 5),
            "scan_4x5_uint16": (1, 4, 5),
            "scan_4x5x3_uint8": (1, 4, 5, 3),
            "scan_9x5_uint8": (1, 9, 5),
        }
        assert names_in(file, "scan_4x5_uint8") == ["a.png", "e.png"]
    fails("extract", path, folder.with_name("x"), word="there are 4 datasets")
    extracted(path, "--dataset", "scan_4x5_uint8")
    assert sorted(os.listdir(folder.with_name("again"))) == ["a.png", "e.png"]


def test_chunks_are_filled(folder):
    """28 frames in chunks of up to 27: two of 14, and not one of 27 and one of 1."""
    for i, grey in enumerate(pictures(28)):
        save(folder / f"{i}.png", grey)
    with h5py.File(collected(folder, "effort=2")) as file:
        assert file["images"].chunks == (14, 40, 56)
    with h5py.File(collected(folder, "--frames", 5, "--force", "-j", 3)) as file:
        assert file["images"].chunks == (5, 40, 56)
        assert np.array_equal(file["images"][...], list(pictures(28)))


def test_grouped(folder):
    scenes = [stack(10, 80, 100, seed=100 * seed) for seed in range(6)]
    frames = [scene[i] for i in range(10) for scene in scenes]
    for i, frame in enumerate(frames):
        save(folder / f"{i}.png", frame)
    path = collected(folder, "--group", "--frames", 10)
    assert sorted(os.listdir(folder.parent)) == ["in", "out.h5"]
    with h5py.File(path) as file:
        assert file["images"].is_virtual and np.array_equal(file["images"][...], frames)
        order = file[".h5prism/images.order"][...]
        assert all(len(set(order[at : at + 10] % 6)) == 1 for at in range(0, 60, 10))
    same_files(folder, extracted(path))


# ---- Kinds of images ----


def test_png_of_few_bits_and_of_a_table(folder):
    from PIL import Image

    grey = next(pictures(1))
    save(folder / "bits.png", grey > 128)
    Image.fromarray(grey).convert("P").save(folder / "table.png")
    Image.fromarray(grey).save(folder / "interlaced.png", interlace=True)
    with h5py.File(collected(folder)) as file:
        assert np.array_equal(file["images_40x56_uint8"][0], 255 * (grey > 128))
        assert np.array_equal(file["images_40x56_uint8"][1], grey)
        assert np.array_equal(file["images_40x56x3_uint8"][0], np.stack([grey] * 3, -1))


@has_tiff
def test_tiff(folder):
    grey = next(pictures(1))
    kinds = {
        "a-raw.tif": (grey, {}),
        "b-lzw.tiff": (grey, {"compression": "tiff_lzw"}),
        "c-deflate.tif": (grey, {"compression": "tiff_adobe_deflate"}),
        "d-deep.tif": (grey.astype("u2") * 200, {}),
        "e-colour.tif": (np.stack([grey, grey // 2, grey // 3], -1), {}),
        "f-float.tif": (grey.astype("f4") / 7, {}),
        "g-signed.tif": (grey.astype("i4") - 9000, {}),
        "h-fax.tif": (grey > 128, {"compression": "group4"}),
    }
    for name, (array, options) in kinds.items():
        save(folder / name, array, **options)
    path = collected(folder)
    with h5py.File(path) as file:
        found = {}
        for stack in (name for name in file if not name.endswith(".names")):
            found.update(zip(names_in(file, stack), file[stack][()], strict=True))
    for name, (array, _) in kinds.items():
        expected = array * np.uint8(255) if array.dtype == bool else array
        assert found[name].dtype == expected.dtype and np.array_equal(found[name], expected), name


@has_tiff
def test_pages_are_frames(folder):
    from PIL import Image

    frames = [Image.fromarray(frame) for frame in pictures(11)]
    frames[0].save(folder / "film.tif", save_all=True, append_images=frames[1:])
    path = collected(folder)
    with h5py.File(path) as file:
        assert np.array_equal(file["images"][...], list(pictures(11)))
        assert names_in(file, "images")[::10] == ["film-01.tif", "film-11.tif"]
    again = extracted(path)
    assert len(os.listdir(again)) == 11
    assert np.array_equal(load(again / "film-07.tif"), np.array(frames[6]))


@has_tiff
@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8"])
def test_types_of_tiff(tmp_path, dtype):
    """What Pillow cannot read, collect reads."""
    frames = np.array(list(pictures(3, dtype=dtype)))
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["film"] = frames
    folder = extracted(tmp_path / "x.h5", "--format", "tiff")
    assert sorted(os.listdir(folder)) == ["film-0.tif", "film-1.tif", "film-2.tif"]
    tool("collect", folder, tmp_path / "y.h5")
    with h5py.File(tmp_path / "y.h5") as file:
        assert file["images"].dtype == dtype and np.array_equal(file["images"][...], frames)


# ---- What extract makes of any stack ----


def test_numbers_formats_and_colours(tmp_path):
    path = tmp_path / "x.h5"
    frames = np.array(list(pictures(12)))
    with h5py.File(path, "w") as file:
        file["run/film"] = frames
        file["one"] = np.stack([frames[0]] * 3, -1)
        file["float"] = frames.astype("f4")
        file["cube"] = np.zeros((3, 4, 5, 6, 7), "u1")
        file["wide"] = np.zeros((3, 4, 5, 7), "u1")
    extracted(path, "--dataset", "run/film")
    names = sorted(os.listdir(tmp_path / "again"))
    assert names[0] == "film-00.png" and names[-1] == "film-11.png"
    assert np.array_equal(load(tmp_path / "again" / "film-03.png"), frames[3])
    tool("extract", path, tmp_path / "one", "--dataset", "one", "--colour")
    assert np.array_equal(load(tmp_path / "one" / "one.png"), np.stack([frames[0]] * 3, -1))
    fails(
        "extract", path, tmp_path / "f", "--dataset", "float", "--format", "png",
        word="PNG holds uint8 and uint16 only",
    )  # fmt: skip
    for name in ("cube", "wide"):
        fails("extract", path, tmp_path / "f", "--dataset", name, word="no stack of frames")
    assert sorted(os.listdir(tmp_path)) == ["again", "one", "x.h5"]


# ---- What goes wrong ----


def test_names_that_no_file_can_have(tmp_path):
    for names, word in ((["../a", "b"], "no file can be"), (["a.png", "a.png"], "two frames")):
        path = tmp_path / "x.h5"
        with h5py.File(path, "w") as file:
            file["x"] = np.zeros((2, 4, 5), "u1")
            file.create_dataset("x.names", data=names, dtype=h5py.string_dtype())
            file["x"].attrs["names"] = "/x.names"
        fails("extract", path, tmp_path / "out", "--dataset", "x", word=word)
        assert os.listdir(tmp_path) == ["x.h5"]


def test_damaged_images(folder):
    for grey in pictures(1):
        save(folder / "a.png", grey)
    whole = (folder / "a.png").read_bytes()
    for blob in (b"", whole[:20], whole[: len(whole) // 2], whole[:60] + b"xxxx" + whole[64:]):
        (folder / "b.png").write_bytes(blob)
        fails("collect", folder, folder.with_name("out.h5"), word="b.png")
        assert os.listdir(folder.parent) == ["in"]


@has_tiff
def test_damaged_tiff(folder):
    for grey in pictures(1):
        save(folder / "a.tif", grey, compression="tiff_lzw")
    whole = (folder / "a.tif").read_bytes()
    for blob in (b"", b"II*\0", whole[:20], whole[: len(whole) // 2]):
        (folder / "a.tif").write_bytes(blob)
        fails("collect", folder, folder.with_name("out.h5"), word="a.tif")
        assert os.listdir(folder.parent) == ["in"]


def test_nothing_is_overwritten(folder):
    save(folder / "a.png", np.zeros((4, 5), "u1"))
    path = collected(folder)
    before = path.read_bytes()
    fails("collect", folder, path, word="is there already")
    assert path.read_bytes() == before
    again = extracted(path)
    fails("extract", path, again, word="with something in it")
    assert os.listdir(again) == ["a.png"]
    empty = folder.with_name("empty")
    empty.mkdir()
    tool("extract", path, empty)
    assert os.listdir(empty) == ["a.png"]
    fails("extract", path, folder / "a.png", word="no folder")
    far = folder / "missing" / "b"
    fails("extract", path, far, word=f"{far}: the folder for it is not there")


def test_no_images(folder):
    fails("collect", folder, folder.with_name("out.h5"), word="no PNG or TIFF")
    fails("collect", folder / "missing", folder.with_name("out.h5"), word="missing")
    fails("collect", folder, folder.with_name("out.h5"), "max_error=1", code=2, word="max_error")
    fails("extract", "x.h5", folder, "--format", "jpg", code=2, word="--format jpg")


def test_an_interruption_leaves_nothing(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        frames = np.random.default_rng(0).integers(0, 256, (400, 200, 200), "u1")
        file["film"] = np.tile(frames, (5, 1, 1))  # for seconds
    arguments = ("extract", tmp_path / "x.h5", tmp_path / "out")
    errors = interrupted(signal.SIGINT, tmp_path, *arguments)
    assert "nothing is written" in errors
    assert os.listdir(tmp_path) == ["x.h5"]
