"""`h5prism preview`: datasets as pictures."""

import os
import subprocess

import h5py
import numpy as np
import pytest
from filter_support import BUILD, not_sanitized, run
from tool_support import fails
from generated import embedding, stack

image = pytest.importorskip("matplotlib.image", reason="python3-matplotlib is not installed")

TOOL = BUILD / "bin" / "h5prism"

pytestmark = not_sanitized

WORDS = (1, 0, 0, 0, 5)
RGB = np.random.default_rng(3).integers(0, 256, (30, 40, 3), "u1")


def preview(*arguments, check=True):
    return run(TOOL, "preview", *arguments, check=check)


def pixels(path):
    """uint8 (H, W, 3 or 4)."""
    return np.rint(image.imread(path) * 255).astype("u1")


@pytest.fixture
def draw(tmp_path):
    """draw(array, options...) gives the pixels and what was printed; nothing is beside them."""

    def function(array, *options, **creation):
        path, picture = tmp_path / "in.h5", tmp_path / "out.png"
        with h5py.File(path, "w") as file:
            file.create_dataset("a/x", data=array, **creation)
        zoom = () if "--zoom" in options else ("--zoom", 1)
        done = preview(path, picture, "--dataset", "a/x", "--force", "--bare", *options, *zoom)
        assert done.stdout.startswith(str(picture)) and done.stdout.count("\n") == 1
        assert sorted(os.listdir(tmp_path)) == ["in.h5", "out.png"]
        return pixels(picture), done.stdout

    return function


def test_small_pictures_are_drawn_larger(tmp_path):
    with h5py.File(tmp_path / "in.h5", "w") as file:
        file["x"] = RGB
    for options, zoom in (((), 6), (("--size", 100), 2), (("--zoom", 3), 3), (("--size", 30), 1)):
        preview(tmp_path / "in.h5", tmp_path / "x.png", "--stretch", "none", "--force", *options)
        large = np.kron(RGB, np.ones((zoom, zoom, 1), "u1"))
        if options != ("--size", 30):
            assert np.array_equal(pixels(tmp_path / "x.png"), large)
        else:
            assert pixels(tmp_path / "x.png").shape == (15, 20, 3)


@pytest.mark.parametrize("shape", [(40, 50, 128), (128, 40, 50), (100, 30, 60)])
def test_channels_lie_where_planes_are_nearer_to_squares(draw, shape):
    count = shape[0] if shape[0] > shape[1] else shape[2]
    assert (
        f"components of {count} channels"
        in draw(np.zeros(shape, "u1") + np.arange(shape[2], dtype="u1"))[1]
    )


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_channels_lie_where_the_chunks_say(draw, axis):
    cube = np.moveaxis(embedding(40, 40, 12, "i1"), 2, axis)
    words = (1, 2, 0, 0, 5, axis + 1)
    creation = {"chunks": cube.shape, "compression": 33128, "compression_opts": words}
    assert "components of 12 channels" in draw(cube, **creation)[1]
    shown, _ = draw(cube, "--channels", "3", "--stretch", "none", **creation)
    assert np.array_equal(shown[..., 0], cube.take(3, axis).astype(int) + 128)


# ---- Channels ----


def test_colours_come_out_exactly(draw):
    shown, text = draw(RGB, "--stretch", "none")
    assert np.array_equal(shown, RGB)
    assert "40 x 30 pixels" in text and "channels 0, 1, 2 of 3" in text


@pytest.mark.parametrize(
    "dtype, shift", [("i1", 128), ("<u2", 0), (">i2", 32768), ("<i4", 1 << 31)]
)
def test_the_range_of_the_type(draw, dtype, shift):
    info = np.iinfo(dtype)
    values = np.random.default_rng(1).integers(info.min, info.max, (12, 9, 3)).astype(dtype)
    expected = np.rint((values.astype("f8") + shift) / (info.max - info.min) * 255)
    assert np.array_equal(draw(values, "--stretch", "none")[0], expected)


def test_chosen_channels(draw):
    cube = embedding(20, 24, 9, "i1")
    shown, text = draw(cube, "--channels", "7,0,7", "--stretch", "none")
    assert np.array_equal(shown, cube[..., [7, 0, 7]].astype(int) + 128)
    assert "channels 7, 0, 7 of 9" in text
    shown, text = draw(cube, "--channels", "5", "--stretch", "none")
    assert np.array_equal(shown, cube[..., [5, 5, 5]].astype(int) + 128)
    shown, _ = draw(cube.transpose(2, 0, 1), "--channels", "1,2,3", "--stretch", "none")
    assert np.array_equal(shown, cube[..., 1:4].astype(int) + 128)
    shown, _ = draw(
        cube.transpose(0, 2, 1), "--channels", "1,2,3", "--axis", 1, "--stretch", "none"
    )
    assert np.array_equal(shown, cube[..., 1:4].astype(int) + 128)


def test_percentiles(draw):
    values = np.arange(1000, dtype="f4").reshape(20, 50)
    values[0, 0] = -1e30
    shown, text = draw(values)
    assert "from 9 to 990" in text
    assert (shown[0, :10] == 0).all() and (shown[-1, -10:] == 255).all()
    assert (np.diff(shown[1:-1, :, 0].astype(int)) >= 0).all()
    shown, _ = draw(values[1:], "--stretch", 0)
    assert shown.min() == 0 and shown.max() == 255


def test_strips_of_chunks(draw):
    """Chunks, compressed or not, change nothing."""
    cube = embedding(70, 50, 12, "i2")
    plain, _ = draw(cube)
    options = {"compression": 33128, "compression_opts": WORDS}
    for creation in ({"chunks": (16, 16, 5)}, {"chunks": (33, 50, 12), **options}):
        assert np.array_equal(draw(cube, **creation)[0], plain)


@pytest.mark.parametrize("size, step", [(70, 1), (69, 2), (20, 4), (1, 70)])
def test_sizes(draw, size, step):
    cube = embedding(70, 50, 3, "u1")
    shown, text = draw(cube, "--size", size, "--stretch", "none", chunks=(16, 16, 3))
    assert np.array_equal(shown, cube[::step, ::step])
    assert (f"every {step} positions" in text) == (step > 1)


@pytest.mark.parametrize("size, step", [(2048, 1), (120, 1), (119, 2)])
def test_zoom(draw, size, step):
    shown, text = draw(RGB, "--zoom", 3, "--size", size, "--stretch", "none")
    assert np.array_equal(shown, RGB[::step, ::step].repeat(3, 0).repeat(3, 1))
    assert f"{shown.shape[1]} x {shown.shape[0]} pixels" in text


# ---- Principal components ----


def test_components_show_what_varies(draw):
    y, x = np.mgrid[:40, :50]
    weights = np.random.default_rng(5).normal(size=(2, 20))
    cube = (100 * (y > 20)[..., None] * weights[0] + 30 * (x > 30)[..., None] * weights[1]).astype(
        "f4"
    )
    shown, text = draw(cube, "--stretch", 0)
    assert "principal components of 20 channels" in text
    for part in (shown[:21, :31], shown[:21, 31:], shown[21:, :31], shown[21:, 31:]):
        assert (part == part[0, 0]).all()
    assert len(np.unique(shown[..., 0])) >= 2
    share = float(text.split("with ")[1].split(",")[0])
    assert 50 < share <= 100


def test_components_match_numpy(draw):
    cube = embedding(30, 34, 16, "i2")
    flat = cube.reshape(-1, 16).astype("f8")
    flat -= flat.mean(0)
    _, _, vectors = np.linalg.svd(flat, full_matrices=False)
    shown, _ = draw(cube, "--stretch", 0)
    for k in range(3):
        weights = vectors[k] * np.sign(vectors[k][np.abs(vectors[k]).argmax()])
        values = flat @ weights
        expected = 255 * (values - values.min()) / np.ptp(values)
        assert np.abs(shown[..., k].ravel() - expected).max() <= 1


def test_components_of_few_and_of_many_channels(draw):
    assert "components" in draw(RGB, "--pca")[1]
    assert "components of 2" in draw(embedding(9, 9, 2, "u1"))[1]
    assert "components of 1300" in draw(embedding(9, 9, 1300, "i1"), "--axis", 2)[1]


def test_a_change_of_the_data_is_seen(draw):
    cube = embedding(40, 40, 24, "i1")
    before, _ = draw(cube)
    changed = cube.copy()
    changed[10:20, 10:20] = -changed[10:20, 10:20] // 2
    after, _ = draw(changed)
    assert (before != after).any(-1)[10:20, 10:20].mean() > 0.5


# ---- Frames ----


def test_one_frame(draw):
    frames = stack(7, 30, 44)
    shown, text = draw(frames, "--frame", 4, "--stretch", "none")
    assert np.array_equal(shown[..., 0], frames[4]) and "frame 4 of 7" in text
    shown, _ = draw(frames.transpose(1, 2, 0), "--frame", 4, "--axis", 2, "--stretch", "none")
    assert np.array_equal(shown[..., 0], frames[4])


def test_frames_of_higher_rank(draw):
    cubes = np.stack([RGB, RGB[::-1], RGB // 2, RGB // 3, RGB[:, ::-1], RGB // 5]).reshape(
        2, 3, *RGB.shape
    )
    shown, text = draw(cubes, "--stretch", "none")
    assert np.array_equal(shown, RGB) and "frame 0 of 6" in text
    assert np.array_equal(draw(cubes, "--frame", 4, "--stretch", "none")[0], RGB[:, ::-1])


def test_sheet(draw):
    frames = stack(5, 30, 40)
    shown, text = draw(frames, "--sheet", "--stretch", "none")
    assert "5 of 5 frames" in text
    assert shown.shape == (94, 82, 4)
    for i, frame in enumerate(frames):
        y, x = i // 2 * 32, i % 2 * 42
        assert np.array_equal(shown[y : y + 30, x : x + 40, 0], frame)
    assert (shown[30:32, :, 3] == 0).all() and (shown[:, 40:42, 3] == 0).all()
    assert (shown[64:, 42:, 3] == 0).all()


def glyph(pixels, scale):
    """The points of a boxed number of one digit, as text."""
    box = pixels[: 9 * scale : scale, : 7 * scale : scale, 0]
    return ["".join("#" if point == 255 else "." for point in row[1:-1]) for row in box[1:-1]]


def test_frames_have_numbers(tmp_path):
    frames = np.full((10, 60, 80), 100, "u1")
    with h5py.File(tmp_path / "in.h5", "w") as file:
        file["x"] = frames
    picture = tmp_path / "x.png"
    options = ("--sheet", "--stretch", "none", "--zoom", 1, "--force")
    preview(tmp_path / "in.h5", picture, *options)
    shown = pixels(picture)
    preview(tmp_path / "in.h5", picture, *options, "--bare")
    bare = pixels(picture)
    assert shown.shape == bare.shape
    corners = [(y, x) for y in range(0, shown.shape[0], 62) for x in range(0, shown.shape[1], 82)]
    for number, (y, x) in enumerate(corners[:10]):
        frame = shown[y : y + 60, x : x + 80]
        assert (frame[:9, :7, :3] != 100).all() and (frame[22:] == bare[y + 22 : y + 60, x : x + 80]).all()
        assert (frame[0, :7, :3] == 0).all(), number
    one, seven = corners[1], corners[7]
    assert glyph(shown[one[0] :, one[1] :], 2)[0].strip(".") == "#"
    assert glyph(shown[seven[0] :, seven[1] :], 2)[0] == "#####"
    preview(tmp_path / "in.h5", picture, *options, "--size", 60)  # there is no room
    assert (pixels(picture)[..., :3] == 255).sum() == 0


@pytest.mark.parametrize("options", [("--map", "bits"), ("--map", "residual"), ("--weights",)])
def test_colours_have_a_bar_with_numbers(tmp_path, options):
    rng = np.random.default_rng(0)
    data = (rng.normal(0, 20, (64, 96)) * np.linspace(0.1, 2, 96)).astype("i1")
    with h5py.File(tmp_path / "in.h5", "w") as file:
        file.create_dataset("x", data=data, chunks=(32, 32), compression=33128)
    picture = tmp_path / "x.png"
    text = preview(tmp_path / "in.h5", picture, *options, "--zoom", 2).stdout
    shown = pixels(picture)
    assert f"{shown.shape[1]} x {shown.shape[0]} pixels" in text
    preview(tmp_path / "in.h5", picture, *options, "--zoom", 2, "--force", "--bare")
    bare = pixels(picture)
    assert bare.shape[:2] == (128, 192) and np.array_equal(shown[:, :192, :3], bare[..., :3])
    ends = [(103, 0, 31), (5, 48, 97)] if "--weights" in options else [(253, 231, 37), (68, 1, 84)]
    column = shown[:, 192 + 8, :3]
    assert np.array_equal(column[[0, -1]], ends)
    numbers = shown[:, 192 + 17 :, :3]
    assert set(numbers.ravel()) == {0, 255}  # black on white
    for rows in (slice(0, 7), slice(60, 68), slice(-7, None)):
        assert (numbers[rows] == 0).any()
    assert (numbers[10:55] == 255).all() and (numbers[75:-10] == 255).all()


def test_a_bar_keeps_to_the_size(draw, tmp_path):
    draw(np.random.default_rng(0).normal(size=(300, 700)).astype("f4"))
    for size in (2048, 600, 300, 100):
        preview(
            tmp_path / "in.h5", tmp_path / "out.png", "--weights", "--size", size, "--force"
        )
        assert size / 3 < max(pixels(tmp_path / "out.png").shape) <= size


def test_sheet_of_many_frames(draw):
    frames = np.broadcast_to(np.arange(200, dtype="u1")[:, None, None], (200, 20, 20))
    shown, text = draw(frames, "--sheet", "--size", 100, "--stretch", "none")
    assert "64 of 200 frames" in text and max(shown.shape[:2]) <= 100
    seen = np.unique(shown[shown[..., 3] > 0][:, 0])
    assert np.array_equal(seen, np.arange(64) * 200 // 64)


# ---- Weights ----


def test_weights_are_folded_and_symmetric(draw):
    weights = np.linspace(-1, 3, 12)
    shown, text = draw(weights, "--weights", "--stretch", 0)
    assert shown.shape == (3, 4, 3) and "from -3 to 3" in text
    assert tuple(shown[2, 3]) == (103, 0, 31)  # +3
    assert shown[0, 0, 2] > shown[0, 0, 0]  # -1 is blue
    centre = draw(np.array([[-2.0, 0, 2]]), "--weights", "--stretch", 0)[0]
    assert centre.tolist() == [[[5, 48, 97], [255, 255, 255], [103, 0, 31]]]


@pytest.mark.parametrize(
    "length, shape", [(1, (1, 1)), (7, (1, 7)), (17, (4, 5)), (4096, (64, 64))]
)
def test_folds(draw, length, shape):
    values = np.arange(length, dtype="i4")
    shown, _ = draw(values, "--stretch", 0)
    assert shown.shape[:2] == shape
    alpha = shown[..., 3].ravel() if shown.shape[2] == 4 else np.full(length, 255)
    assert (alpha == 255).sum() == length
    assert (np.diff(shown[..., 0].ravel()[:length].astype(int)) >= 0).all()


def test_a_long_vector(draw):
    values = np.sin(np.arange(300_000) / 1e4).astype("f4")
    shown, text = draw(values, "--weights", "--size", 100)
    assert max(shown.shape[:2]) <= 100 and "every" in text


# ---- Maps ----


def half_noisy(channels):
    """Constant on the left, noise on the right."""
    cube = np.full((64, 64, channels), 100, "u1")
    cube[:, 32:] = np.random.default_rng(2).integers(0, 256, (64, 32, channels), "u1")
    return cube


def heat(shown):
    """Dark blue to yellow: green grows."""
    return shown[..., 1].astype(int)


@pytest.mark.parametrize("options", [(), ("--options", "transform=none"), ("--axis", 0)])
def test_residuals(draw, options):
    cube = half_noisy(5)
    array = cube.transpose(2, 0, 1) if "--axis" in options else cube
    shown, text = draw(array, "--map", "residual", *options, chunks=True)
    assert "mean absolute residuals" in text
    assert heat(shown[4:, 4:28]).max() < heat(shown[4:, 40:60]).mean()


def test_residuals_are_those_of_paeth(draw):
    plane = stack(1, 24, 31)[0]
    _, text = draw(plane, "--map", "residual", "--stretch", 0)
    padded = np.pad(plane.astype(int) - 128, ((1, 0), (1, 0)))
    west, north, corner = padded[1:, :-1], padded[:-1, 1:], padded[:-1, :-1]
    guess = west + north - corner
    distances = np.abs(np.stack([guess - west, guess - north, guess - corner]))
    predicted = np.choose(distances.argmin(0), [west, north, corner])
    residuals = np.abs((plane.astype(int) - 128 - predicted + 128) % 256 - 128)
    assert (
        f"from {residuals.min():.4g} to {residuals.max():.4g}, mean {residuals.mean():.4g}" in text
    )


def test_stored_bits(draw):
    options = {"compression": 33128, "compression_opts": WORDS, "chunks": (32, 32, 3)}
    shown, text = draw(half_noisy(3), "--map", "bits", "--stretch", 0, **options)
    assert "stored bits a value by chunk" in text
    low, high = (float(text.split(word)[1].split()[0].strip(",")) for word in ("from ", " to "))
    assert low < 0.2 and 7.9 < high < 8.6
    assert len(np.unique(shown[:, :32].reshape(-1, 3), axis=0)) == 1
    assert (shown[:, 32:] == (253, 231, 37)).all(-1).any()


def test_stored_bits_of_any_filter_and_frame(draw):
    frames = np.zeros((4, 32, 32), "u1")
    frames[2] = np.random.default_rng(0).integers(0, 256, (32, 32))
    creation = {"chunks": (1, 32, 32), "compression": "gzip"}
    quiet = draw(frames, "--map", "bits", "--frame", 1, **creation)[1]
    loud = draw(frames, "--map", "bits", "--frame", 2, **creation)[1]
    assert float(quiet.split("mean ")[1]) < 1 < 7 < float(loud.split("mean ")[1])


@pytest.mark.parametrize("limits", [(64, None, 3), (64, 64, None)], ids=str)
def test_stored_bits_do_not_depend_on_the_index(tmp_path, limits):
    """HDF5's newer index of one unlimited axis confuses its list of chunks."""
    pictures = []
    for libver in ("earliest", "latest"):
        path, picture = tmp_path / f"{libver}.h5", tmp_path / f"{libver}.png"
        with h5py.File(path, "w", libver=libver) as file:
            options = {"chunks": (20, 8, 3), "compression": "gzip", "maxshape": limits}
            file.create_dataset("x", data=half_noisy(3), **options)
            file.create_dataset("none", (64, 64, 3), "u1", **options)
        preview(path, picture, "--dataset", "x", "--map", "bits", "--stretch", 0)
        pictures.append(pixels(picture))
        done = preview(path, picture, "--dataset", "none", "--map", "bits", "--force")
        assert "from 0 to 0" in done.stdout
    assert np.array_equal(*pictures)
    assert len(np.unique(pictures[0].reshape(-1, pictures[0].shape[-1]), axis=0)) > 2


def test_bits_of_tiles(draw):
    arguments = ("--map", "bits", "--tile", 16, "--stretch", 0, "--options", "effort=3")
    shown, text = draw(half_noisy(3), *arguments)
    assert "tiles of 16 x 16 coded by themselves" in text
    assert heat(shown[:, :32]).max() < heat(shown[:, 32:]).min()


@pytest.mark.parametrize("dtype", ["i4", "f4", "f8"])
def test_bits_of_other_types(draw, dtype):
    cube = half_noisy(3).astype(dtype)
    cube[:, 32:] *= 1000
    options = {"compression": 33128, "compression_opts": WORDS, "chunks": (32, 32, 3)}
    for arguments in (("--tile", 32), ()):
        shown, _ = draw(cube, "--map", "bits", "--stretch", 0, *arguments, **options)
        assert heat(shown[:, :32]).max() < heat(shown[:, 32:]).min()


# ---- Hostile input ----


def test_what_is_not_a_number_is_transparent(draw):
    values = np.random.default_rng(0).normal(size=(10, 12, 8)).astype("f4")
    values[2:4, 3:7, 5] = np.nan
    values[9, 9] = np.inf
    shown, _ = draw(values, "--axis", 2)
    clear = shown[..., 3] == 0
    assert clear[2:4, 3:7].all() and clear[9, 9] and clear.sum() == 9
    shown, text = draw(np.array([[1, np.nan, np.inf, -np.inf, 3]]), "--stretch", 0)
    assert shown[0, :, 0].tolist() == [0, 0, 255, 0, 255] and shown[0, 1, 3] == 0
    assert "from 1 to 3" in text


def test_channels_without_a_number_are_left_out(draw):
    cube = embedding(20, 24, 9, "i2").astype("f4")
    holes = np.insert(cube, [0, 4, 9], np.nan, axis=2)
    assert np.array_equal(draw(holes, "--axis", 2)[0], draw(cube, "--axis", 2)[0])
    nothing, _ = draw(np.full((4, 5, 9), np.nan), "--axis", 2)
    assert (nothing[..., 3] == 0).all()


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 3), (4, 5, 9), (50,)])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nothing_but_nan(draw, shape, value):
    shown, _ = draw(np.full(shape, value, "f4"))
    if np.isnan(value):
        assert (shown[..., 3] == 0).all()


@pytest.mark.parametrize("dtype", ["i1", "u8", "f2", "f4", "f8", "?"])
@pytest.mark.parametrize(
    "shape", [(1,), (1, 1), (1, 1, 1), (1, 1, 1, 1), (1, 1, 1, 1, 1), (1, 9), (9, 1)]
)
def test_tiny_arrays_of_any_type(draw, shape, dtype):
    shown, _ = draw(np.ones(shape, dtype))
    assert shown.shape[:2] == (shape[-2:] if len(shape) == 2 else (1, 1))
    assert (shown == shown[0, 0]).all()


@pytest.mark.parametrize("rank", [1, 2, 3, 4, 5])
def test_ranks(draw, rank):
    shape = (3, 2, 20, 30, 6)[5 - rank :]
    data = np.random.default_rng(rank).integers(0, 1000, shape)
    assert draw(data)[0].any()
    if rank > 2:
        assert draw(data, "--sheet", "--axis", 0, "--size", 500)[0].any()
    if rank > 1:
        assert draw(data.astype("i2"), "--map", "residual", chunks=True)[0].any()
        assert draw(data, "--map", "bits", chunks=True)[0].any()


def test_huge_and_tiny_numbers(draw):
    shown, _ = draw(np.array([[-1.7e308, 0, 1.7e308]]), "--stretch", 0)
    assert shown[0, :, 0].tolist() == [0, 128, 255]
    shown, _ = draw(np.array([[0, 5e-324]]), "--stretch", 0)
    assert shown.shape[:2] == (1, 2)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        file["rgb"] = RGB
        file["group/floats"] = np.zeros((4, 5))
        file["vector"] = np.zeros(9, "i1")
        file["empty"] = np.zeros((0, 4, 5), "u1")
        file["none"] = h5py.Empty("f4")
        file["scalar"] = 3
        file["text"] = ["a", "b"]
        file["pairs"] = np.zeros(4, [("a", "i4"), ("b", "f4")])
        file["wide"] = np.zeros((2, 2, 600), "u1")
    return path


@pytest.mark.parametrize(
    "dataset, options, word",
    [
        ("nothing", (), "no such dataset"),
        ("group/nothing/at/all", (), "no such dataset"),
        ("group", (), "not a dataset"),
        ("empty", (), "empty"),
        ("none", (), "empty"),
        ("scalar", (), "scalar"),
        ("text", (), "not numbers"),
        ("pairs", (), "not numbers"),
        ("rgb", ("--channels", "0,1,3"), "there are 3"),
        ("rgb", ("--frame", "40"), "there are 30"),
        ("rgb", ("--axis", "3"), "rank 3"),
        ("vector", ("--axis", "0"), "rank 1"),
        ("rgb", ("--weights",), "one plane"),
        ("rgb", ("--map", "bits"), "not stored in chunks"),
        ("vector", ("--map", "residual"), "rank 2"),
        ("group/floats", ("--map", "residual"), "8 and 16 bits"),
        ("rgb", ("--map", "residual", "--options", "predictor=lsq"), "lsq"),
        ("rgb", ("--sheet", "--size", "8"), "do not fit"),
    ],
)
def test_what_cannot_be_drawn(source, dataset, options, word):
    done = preview(source, source.with_name("out.png"), "--dataset", dataset, *options, check=False)
    assert done.returncode == 1 and word in done.stderr
    assert done.stderr.count("\n") == 1 and done.stdout == ""
    assert os.listdir(source.parent) == [source.name]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["in.h5"],
        ["in.h5", "out.png", "--dataset"],
        ["in.h5", "out.png", "--dataset", ""],
        ["in.h5", "out.png", "third", "--dataset", "x"],
        ["in.h5", "out.png", "--dataset", "x", "--unknown"],
        ["in.h5", "out.png", "--dataset", "x", "--channels", "1,2"],
        ["in.h5", "out.png", "--dataset", "x", "--channels", "1,,2"],
        ["in.h5", "out.png", "--dataset", "x", "--channels", "-1"],
        ["in.h5", "out.png", "--dataset", "x", "--channels", "1", "--pca"],
        ["in.h5", "out.png", "--dataset", "x", "--size", "0"],
        ["in.h5", "out.png", "--dataset", "x", "--size", "1e3"],
        ["in.h5", "out.png", "--dataset", "x", "--size", "99999999999999999999"],
        ["in.h5", "out.png", "--dataset", "x", "--stretch", "50"],
        ["in.h5", "out.png", "--dataset", "x", "--stretch", "nan"],
        ["in.h5", "out.png", "--dataset", "x", "--stretch", "some"],
        ["in.h5", "out.png", "--dataset", "x", "--zoom", "65"],
        ["in.h5", "out.png", "--dataset", "x", "--map", "heat"],
        ["in.h5", "out.png", "--dataset", "x", "--map", "residual", "--tile", "8"],
        ["in.h5", "out.png", "--dataset", "x", "--tile", "8"],
        ["in.h5", "out.png", "--dataset", "x", "--sheet", "--frame", "8"],
    ],
)
def test_usage(arguments):
    fails("preview", *arguments, code=2, word="")


def test_help():
    assert preview("--help").stdout.startswith("usage: h5prism preview")


def test_files_that_are_in_the_way(source):
    target = source.with_name("out.png")
    target.write_bytes(b"mine")
    done = preview(source, target, "--dataset", "rgb", check=False)
    assert done.returncode == 1 and "--force" in done.stderr and target.read_bytes() == b"mine"
    link = source.with_name("link.png")
    link.symlink_to(source)
    done = preview(source, link, "--dataset", "rgb", "--force", check=False)
    assert done.returncode == 1 and "same file" in done.stderr
    assert h5py.is_hdf5(source)


@pytest.mark.parametrize("folder", ["missing", "file"])
def test_where_nothing_can_be_written(source, folder):
    source.with_name("file").write_bytes(b"")
    done = preview(source, source.parent / folder / "out.png", "--dataset", "rgb", check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert sorted(os.listdir(source.parent)) == ["file", source.name]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_read_only(source, tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o555)
    done = preview(source, folder / "out.png", "--dataset", "rgb", check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and not os.listdir(folder)


def test_a_disk_that_is_full(source):
    """Files that may not grow stand for it."""
    limit = 'ulimit -f 0; trap "" XFSZ; exec "$@"'
    command = ["bash", "-c", limit, "-", TOOL, "preview", source, source.with_name("out.png")]
    done = subprocess.run(
        [str(a) for a in [*command, "--dataset", "rgb"]], capture_output=True, text=True, timeout=1800
    )
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert os.listdir(source.parent) == [source.name]


@pytest.mark.parametrize("content", [None, b"", b"no HDF5 at all"])
def test_inputs_that_are_no_hdf5_files(tmp_path, content):
    path = tmp_path / "in.h5"
    if content is not None:
        path.write_bytes(content)
    done = preview(path, tmp_path / "out.png", "--dataset", "x", check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert not (tmp_path / "out.png").exists()


def test_the_description_is_in_the_file(draw, tmp_path):
    _, text = draw(RGB)
    assert text.split("pixels, ")[1].strip().encode() in (tmp_path / "out.png").read_bytes()
