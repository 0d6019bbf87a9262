"""Bounds of the largest error: every element is within, what must be exact is, and nothing is larger
than lossless."""

from collections.abc import Callable

import h5py
import numpy as np
import pytest
from generated import embedding, hashed, stack

import h5prism
from h5prism import _options

INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
FLOATS = ["float16", "float32", "float64"]
MISSING = [-9999, 1e20]


def encoded(array: np.ndarray, **options: object) -> bytes:
    return h5prism.encode(array, **{"effort": 4} | options)


def picture(height: int, width: int, levels: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    waves = 0.5 + 0.5 * np.sin(y / 7) * np.cos(x / 9)
    return (waves * levels).astype("int64") + hashed((height, width), 5) % 3


def errors(decoded: np.ndarray, array: np.ndarray) -> list:
    """Exact, of those that are finite; the others must have the same bits."""
    assert decoded.dtype == array.dtype and decoded.shape == array.shape
    if array.dtype.kind in "iu":
        pairs = zip(decoded.ravel().tolist(), array.ravel().tolist())
        return [abs(a - b) for a, b in pairs]
    finite = np.isfinite(array)
    words = np.dtype(f"u{array.dtype.itemsize}").newbyteorder(array.dtype.byteorder)
    assert np.array_equal(decoded.view(words)[~finite], array.view(words)[~finite])
    return np.abs(decoded[finite].astype("f8") - array[finite].astype("f8")).tolist()


def check(array: np.ndarray, bound: float, **options: object) -> bytes:
    chunk = encoded(array, max_error=bound, **options)
    found = errors(h5prism.decode(chunk), array)
    assert not found or max(found) <= np.float32(bound)
    assert len(chunk) <= len(encoded(array, **options))
    return chunk


def extremes(dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    """Blocks of the smallest and the largest of the type, and all between."""
    info = np.iinfo(dtype)
    noise = hashed(shape, 3).astype("uint64") * 0x9E3779B97F4A7C15
    array = noise.astype(dtype) if info.bits == 64 else (noise >> 8).astype(dtype)
    flat = array.ravel()
    flat[: flat.size // 4] = info.min
    flat[flat.size // 4 : flat.size // 2] = info.max
    return array


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("bound", [1, 7, 1000, 3e9, 1e19])
def test_extremes_of_integers(dtype: str, bound: float) -> None:
    check(extremes(dtype, (24, 30)), bound)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("dtype", ["u1", "i2", "u4", "i8", "f2", "f4", "f8"])
def test_shapes_and_orders(dtype: str, order: str) -> None:
    for shape in [(700,), (24, 30), (3, 16, 20), (2, 3, 12, 16), (2, 1, 3, 12, 16)]:
        array = picture(int(np.prod(shape[:-1])), shape[-1], 120)
        check(array.reshape(shape).astype(np.dtype(dtype).newbyteorder(order)), 2)


@pytest.mark.parametrize("effort", [1, 5, 8, 9])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_steps_and_checkerboards(dtype: str, effort: int) -> None:
    y, x = np.mgrid[:40, :48]
    steps = ((x // 6) * 9 + (y // 5) * 4) % 100
    board = (x + y) % 2 * 90
    for array in (steps, board, np.where(x < 20, 3, 4), np.full((40, 48), 17)):
        check(np.stack([array, array + hashed((40, 48), 2) % 3, array]).astype(dtype), 2, effort=effort)


@pytest.mark.parametrize("bound", [2e-38, 1e-6, 1e-3, 0.5, 7, 1e30])
@pytest.mark.parametrize("dtype", FLOATS)
def test_floats_of_all_kinds(dtype: str, bound: float) -> None:
    array = (picture(40, 48, 1000) / 97).astype(dtype)
    array[3:5, 4:9] = np.nan
    array[6, :3] = [np.inf, -np.inf, -0.0]
    array[7] = np.finfo(dtype).smallest_subnormal
    check(array, bound)
    check(array * np.finfo(dtype).smallest_subnormal, bound)


def test_payloads_of_nan_stay() -> None:
    array = picture(40, 48, 30000).astype("f4")
    words = array.view("u4")
    words[2, 3], words[5, 6], words[9, 9] = 0x7FC12345, 0xFFC00001, 0x7F800001
    decoded = h5prism.decode(check(array, 100))
    assert np.array_equal(decoded.view("u4")[np.isnan(array)], words[np.isnan(array)])


@pytest.mark.parametrize("missing", MISSING)
@pytest.mark.parametrize("key", ["max_error", "rel_max_error"])
def test_missing_data_stay(missing: float, key: str) -> None:
    array = (picture(60, 64, 900) / 3).astype("f4")
    gaps = np.zeros(array.shape, bool)
    gaps[3:9, 10:50] = gaps[40:44, :20] = True
    array[gaps] = missing
    chunk = encoded(array, **{key: 0.01})
    decoded = h5prism.decode(chunk)
    assert np.array_equal(decoded[gaps], array[gaps])
    rest = array[~gaps].astype("f8")
    bound = 0.01 * (1 if key == "max_error" else rest.max() - rest.min())
    assert np.abs(decoded[~gaps] - rest).max() <= bound * (1 + 1e-6)
    assert h5prism.inspect_chunk(chunk).mapping != "none"


def test_only_missing_data() -> None:
    for value in (np.nan, np.inf, -9999):
        array = np.full((40, 48), value, "f4")
        decoded = h5prism.decode(encoded(array, max_error=1))
        assert np.array_equal(decoded.view("u4"), array.view("u4"))


def test_integers_beyond_doubles() -> None:
    array = 2**62 + picture(40, 48, 30000)
    chunk = check(array, 3)
    assert len(chunk) < len(encoded(array))
    assert h5prism.inspect_chunk(chunk).mapping in ("uniform", "near")


def test_wide_ranges() -> None:
    array = picture(40, 48, 30000).astype("int32") * 30000
    check(array, 100)
    check(array.astype("f8") / 7, 0.5)


def test_reconstructions_stay_within_the_elements() -> None:
    array = np.clip(stack(4, 40, 48).astype("int64"), 40, 200).astype("uint8")
    for bound in (1, 4, 30):
        decoded = h5prism.decode(check(array, bound))
        assert array.min() <= decoded.min() and decoded.max() <= array.max()


def noisy(frames: int, height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    scene = 100 + 60 * np.sin(y / 17) * np.cos(x / 23)
    noise = hashed((frames, height, width), 6) % 5
    return (scene + noise).astype("uint8")


@pytest.mark.parametrize("effort", [5, 8, 9])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "int32"])
def test_noise_below_the_step(dtype: str, effort: int) -> None:
    """Prediction in the loop codes next to nothing of noise that the bound covers."""
    array = noisy(4, 40, 56).astype(dtype)
    chunk = check(array, 3, effort=effort)
    assert h5prism.inspect_chunk(chunk).mapping == "near"
    assert len(chunk) < len(encoded(array, effort=effort)) / 3


def test_channels_and_single_planes() -> None:
    pictures = noisy(3, 48, 56)
    for array in (pictures[0], np.moveaxis(pictures, 0, 2), embedding(24, 28, 12, "int8")):
        check(np.ascontiguousarray(array), 4)


def test_relative_bounds_of_integers() -> None:
    array = noisy(3, 40, 56)
    spread = int(array.max()) - int(array.min())
    decoded = h5prism.decode(encoded(array, rel_max_error=0.02))
    assert max(errors(decoded, array)) <= 0.02 * spread
    assert max(errors(decoded, array)) > 0


def test_through_h5py(tmp_path) -> None:
    array = noisy(4, 40, 56)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        words = _options.to_words(_options.from_keywords({"max_error": 2, "effort": 5}))
        options = {"compression": h5prism.FILTER_ID, "compression_opts": words}
        file.create_dataset("a", data=array, chunks=(2, 40, 56), **options)
    with h5py.File(tmp_path / "a.h5") as file:
        decoded = file["a"][:]
    found = errors(decoded, array)
    assert 0 < max(found) <= 2


def test_damage_is_found_or_harmless() -> None:
    """Bits that flip never crash; without checksums, something else may come out."""
    chunk = bytearray(encoded(noisy(3, 40, 56), max_error=2, effort=5, checksum=False))
    assert h5prism.inspect_chunk(bytes(chunk)).mapping == "near"
    for place in list(range(120)) + list(range(120, len(chunk), 37)):
        for bit in (0, 3, 7):
            chunk[place] ^= 1 << bit
            try:
                h5prism.decode(bytes(chunk))
            except h5prism.PrismError:
                pass
            chunk[place] ^= 1 << bit


SIZES = {("noise", 1): 2808, ("noise", 4): 553, ("steps", 2): 439}


def test_sizes() -> None:
    """What a few arrays come to, to the byte."""
    y, x = np.mgrid[:60, :64]
    steps = ((x // 6) * 9 + (y // 5) * 4 + hashed((60, 64), 2) % 3).astype("uint8")
    arrays = {"noise": noisy(4, 60, 64), "steps": steps}
    found = {key: len(encoded(arrays[key[0]], max_error=key[1], effort=5)) for key in SIZES}
    assert found == SIZES


def test_copies_of_frames_are_what_the_copied_ones_become():
    """The encoder's own reconstruction is measured and summed: it must be that of a decoder."""
    frames = stack(6, 40, 48, 9)
    frames[3] = frames[1]
    frames[4] = 77
    chunk = check(frames, 3, axis=0, effort=5, transform="stack", verify=True)
    assert h5prism.inspect_chunk(chunk).mapping == "near"
    decoded = h5prism.decode(chunk)
    assert (decoded[3] == decoded[1]).all() and (decoded[3] != frames[3]).any()


@pytest.mark.parametrize("deviation", [0.5, 2])
def test_noise_of_a_scene_is_frames_behind_any_grid(deviation):
    """Whether its places on a grid are channels, one plane or frames, cells about predictions are
    tried along the frames."""
    y, x = np.mgrid[:96, :96]
    scene = 120 + 60 * np.sin(y / 9) * np.cos(x / 11)
    noise = np.random.default_rng(0).normal(size=(12, 96, 96))
    frames = np.rint(scene + deviation * noise).astype("u1")
    chunk = check(frames, 4, effort=5)
    assert h5prism.inspect_chunk(chunk).mapping == "near"
    assert len(chunk) < 0.6 * len(encoded(frames, max_error=4, effort=5, transform="channels"))


def figures() -> np.ndarray:
    """Rings on an empty background, somewhere else in each picture."""
    y, x = np.mgrid[:28, :28]
    at = [8 + hashed((300, 1, 1), seed) % 12 for seed in (1, 2)]
    off = np.abs(np.hypot(y - at[0], x - at[1]) - 3 - hashed((300, 1, 1), 3) % 5)
    noise = hashed((300, 28, 28), 4) % 40
    return (np.clip(255 * (1.5 - off), 0, 255) + noise * (off < 1)).clip(0, 255).astype("u1")


def moving() -> np.ndarray:
    """A texture that moves by some pixels from frame to frame."""
    base = (hashed((110, 150), 7) % 200).astype("i4")
    for _ in range(2):
        beside = np.roll(base, 1, 0) + np.roll(base, 1, 1) + np.roll(base, 1, (0, 1))
        base = (base + beside) // 4
    frames = [base[3 * i : 3 * i + 80, 5 * i : 5 * i + 100] for i in range(6)]
    return (np.stack(frames) + hashed((6, 80, 100), 20) % 3).astype("u1")


def ticks() -> np.ndarray:
    return np.arange(40000) * 25.0 + hashed((40000,), 5) % 3


@pytest.mark.parametrize("make, largest", [(figures, 4), (moving, 4), (ticks, 3000)])
def test_mean_errors_on_grids(make: Callable[[], np.ndarray], largest: float) -> None:
    """Components may say less than places on a grid: the mean of these errors takes no more."""
    array = make()
    cells = encoded(array, max_error=largest)
    off = h5prism.decode(cells).astype("f8") - array
    bound = float(np.sqrt((off**2).sum() / (array.astype("f8") ** 2).sum())) * 1.001
    chunk = encoded(array, rel_rmse=bound)
    back = h5prism.decode(chunk).astype("f8") - array
    assert np.sqrt((back**2).sum() / (array.astype("f8") ** 2).sum()) <= np.float32(bound)
    assert h5prism.inspect_chunk(chunk).mapping in ("uniform", "near")
    assert len(chunk) <= 1.25 * len(cells)
