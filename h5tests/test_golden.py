"""Chunks written by released versions keep decoding to the same elements.

`python3 h5tests/test_golden.py NAME...` adds chunks to h5tests/golden; existing ones are never
written again.
"""

import sys
from pathlib import Path

import numpy as np
import pytest
from generated import displaced, drawing, embedding, hashed, regions, smooth, stack, time_series
from python_support import ROOT, assert_same

import h5prism

GOLDEN = ROOT / "h5tests" / "golden"

LIFT = {"transform": "channels", "predictor": "paeth", "coder": "deflate"}
NATIVE = {"transform": "channels", "predictor": "lsq", "coder": "ans"}
FRAMES = NATIVE | {"transform": "stack", "axis": 0}


def missing_times() -> np.ndarray:
    """Times and bands without data in the same half of the picture."""
    array = time_series(3, 4, 20, 24)
    array[:, :, smooth(hashed((20, 24), 5).astype(np.int64), 9) < 32768] = -9999
    return array


def units(rows: int) -> np.ndarray:
    """Columns with decimals of their own."""
    sums = np.cumsum(hashed((3, rows), 1).astype(np.int64) % 41 - 20, 1)
    scales = np.array([1e-6, 1e-6, 0.1]).reshape(3, 1)
    return (np.array([47.3, 8.5, 400]) + (sums * scales).T).round(6).astype(">f8")


def symmetric(n: int) -> np.ndarray:
    """Matrices side by side, of one diagonal, antisymmetric but for the first one."""
    lower = np.tril(hashed((3, n, n), 6).astype("f4") / 7, -1)
    return (lower + [[[1]], [[-1]], [[-1]]] * lower.transpose(0, 2, 1)).astype(">f4")


def reflected(height: int, width: int) -> np.ndarray:
    """Complex numbers as (row, column, part): each the conjugate of the one that it faces."""
    parts = hashed((height, width, 2), 7).astype("f8") - 32768
    return parts + np.roll(parts[::-1, ::-1], (1, 1), (0, 1)) * [1, -1]


def normalised(cells: int, genes: int) -> np.ndarray:
    """Counts of each cell divided by a number of its own."""
    counts = 1 + hashed((cells, genes), 8) % 64 // (1 + hashed((cells, genes), 9) % 48)
    return (counts * 1000 / (777 + hashed((cells, 1), 10) % 999)).ravel()


def many_colours(height: int, width: int) -> np.ndarray:
    """Channels first: pixels of 265 colours in runs."""
    colours = hashed((3, 265), 1).astype(">u2")
    return colours[:, np.repeat(hashed((height, width // 8), 2) % 265, 8, 1)]


def doubled(array: np.ndarray) -> np.ndarray:
    """Every other channel at half its resolution, in two phases, with one exception; the last one
    constant."""
    array = array.copy()
    for k in range(0, array.shape[2], 2):
        phase = k // 2 % 2
        rows, columns = (
            np.maximum((np.arange(size) + phase) // 2 * 2 - phase, 0) for size in array.shape[:2]
        )
        array[:, :, k] = array[np.ix_(rows, columns)][:, :, k]
    array[5, 7, 0] += 3
    array[:, :, -1] = 9
    return array


def among_constants(array: np.ndarray, count: int) -> np.ndarray:
    """Planes of 4 MiB in all, most of which are constant."""
    planes = np.empty((count, *array.shape[:2]), array.dtype)
    planes[:] = np.arange(count).reshape(-1, 1, 1) * 7
    planes[count // 2 : count // 2 + array.shape[2]] = array.transpose(2, 0, 1)
    return planes


def with_a_constant(array: np.ndarray) -> np.ndarray:
    array[..., 1] = 5
    array[3, 7, 2] = 32767
    return array


def drawings(frames: int, height: int, width: int) -> np.ndarray:
    """A drawing that moves by a column a frame."""
    picture = drawing(height, width).astype("int16")
    return np.stack([np.roll(picture, k, 1) * 100 - 9000 for k in range(frames)])


def labels(frames: int, height: int, width: int, count: int) -> np.ndarray:
    """Boxes that move by a column a frame, each of a label of its own."""
    k, y, x = np.indices((frames, height, width))
    return ((y // 5 * 50 + (x + k) // 4) * 37 % count).astype("u2")


def moving(frames: int, height: int, width: int) -> np.ndarray:
    """A picture that moves by a row and two columns a frame."""
    picture = stack(1, height + frames, width + 2 * frames)[0]
    return np.stack([picture[k : k + height, 2 * k : 2 * k + width] for k in range(frames)])


def lasting(frames: np.ndarray) -> np.ndarray:
    """16 bits, out of their order, with a frame that comes twice and a constant one."""
    array = frames[[3, 0, 5, 1, 4, 2, 6]].astype("uint16") * 97 + 30000
    array += frames[::-1] // 2
    array[4], array[6] = array[2], 31
    return array


def fractal(height: int, width: int, planes: int) -> np.ndarray:
    """Pictures with details at every scale, about 128."""
    generator = np.random.default_rng(4)
    y, x = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    noise = np.fft.rfft2(generator.normal(size=(planes, height, width)))
    shown = np.fft.irfft2(noise / np.maximum(np.hypot(y, x), 1 / width) ** 1.4, (height, width))
    return 128 + 40 * shown / shown.std()


def few_values(height: int, width: int) -> np.ndarray:
    """Float64 of which nothing but a table knows: NaNs, -0.0, and the least one above 0."""
    values = np.array([np.nan, -0.0, 5e-324, 1e300, -3.25, 7.0])
    return values[drawing(height, width) % 6 + hashed((height, width), 4) % 40 // 39]


def decimals(height: int, width: int, channels: int) -> np.ndarray:
    """Hundredths, with NaNs in a region, -0.0 and an infinity; big-endian float32."""
    array = embedding(height, width, channels, "int16").astype("f8") / 100
    array[3:6, 2:9] = np.nan
    array[0, 0, 0], array[-1, -1, -1] = -0.0, np.inf
    return array.astype(">f4")


def unpacked(height: int, width: int, channels: int) -> np.ndarray:
    """Integers by a scale and an offset, in single precision, with a region of no data."""
    integers = embedding(height, width, channels, "int16").astype("f4")
    array = integers * np.float32(0.0213) + np.float32(271.37)
    array[3:6, 2:9] = -9999
    return array


def standardised(height: int, width: int) -> np.ndarray:
    """Integers of 8 bits less their mean, by their deviation, in double precision."""
    return (embedding(height, width, 1, "uint8")[..., 0] - 117.31) / 41.8730291


def counters(array: np.ndarray) -> np.ndarray:
    """Multiples of an hour, of more than 16 bits."""
    fine = hashed(array.shape, 8).astype("int64") % 32
    return (array.astype("int64") * 32 + fine) * 3600 - 10**15


def waves(height: int, width: int, channels: int) -> np.ndarray:
    """Float32 of all bits, with magnitudes below the cut and an infinity."""
    scene = smooth(hashed((height, width), 5).astype("int64"), 8)[:, :, None] - 32768
    array = scene * (np.arange(channels) + 3) / 7
    array[::5, ::7] /= 90000
    array[1, 2, 0] = -np.inf
    return array.astype("f4")


def dequantised(height: int, width: int, channels: int) -> np.ndarray:
    """Integers of 8 bits by a scale for each position."""
    scales = (hashed((height, width, 1), 6) + 9000).astype("f4") / np.float32(1 << 20)
    integers = embedding(height, width, channels, "int8")
    integers[..., 1] = 127
    return integers.astype("f4") * scales


def waving(frames: int, height: int, width: int) -> np.ndarray:
    """A smooth scene under noise of five levels."""
    y, x = np.mgrid[:height, :width]
    scene = 100 + 60 * np.sin(y / 17) * np.cos(x / 23)
    return (scene + hashed((frames, height, width), 6) % 5).astype("int32")


def gaps(array: np.ndarray) -> np.ndarray:
    """Big-endian float32 with regions of NaN and of a fill value."""
    array = array.astype(">f4")
    array[:, 3:6, 2:9] = np.nan
    array[:, 20:23, 5:30] = -9999
    return array


def with_gaps(array: np.ndarray) -> np.ndarray:
    array[3:6, 2:9] = np.nan
    array[-1, -1, -1] = np.inf
    return array


def missing(array: np.ndarray, value: float) -> np.ndarray:
    """A border and a region without data."""
    array = array.copy()
    array[:4] = array[:, -3:] = array[9:14, 5:20] = value
    array[14, 8:12] = value
    return array


SOURCES = {
    "lift_paeth_deflate_i8": (lambda: embedding(20, 24, 16, "int8"), LIFT),
    "lift_paeth_deflate_u8": (lambda: embedding(20, 24, 16, "uint8"), LIFT),
    "lift_paeth_deflate_i16_be": (lambda: embedding(20, 24, 12, "int16").astype(">i2"), LIFT),
    "lift_jxl_u16": (
        lambda: embedding(20, 24, 12, "uint16"),
        {"transform": "channels", "predictor": "none", "coder": "jxl"},
    ),
    "paeth_deflate_stack": (
        lambda: stack(5, 24, 30),
        {"transform": "none", "axis": 0, "predictor": "paeth", "coder": "deflate"},
    ),
    "stack_paeth_deflate": (
        lambda: stack(9, 24, 30)[[4, 0, 7, 2, 4, 8, 1, 6, 3, 5]],
        {"transform": "stack", "predictor": "paeth", "coder": "deflate"},
    ),
    "deflate_drawing": (
        lambda: drawing(48, 64),
        {"transform": "none", "predictor": "none", "coder": "deflate", "checksum": "off"},
    ),
    "quick_i8": (lambda: embedding(20, 40, 16, "int8"), NATIVE | {"effort": 1}),
    "quick_u16_be": (lambda: embedding(33, 21, 12, "uint16").astype(">u2"), NATIVE | {"effort": 3}),
    "lsq_i8": (lambda: embedding(35, 50, 20, "int8"), NATIVE | {"effort": 5}),
    "lsq_u16": (lambda: embedding(20, 60, 12, "uint16"), NATIVE | {"effort": 6}),
    "lsq_stack_u8": (lambda: stack(5, 40, 64), NATIVE | {"axis": 0, "effort": 4}),
    "lsq_image_u8": (lambda: stack(1, 64, 80), NATIVE | {"axis": 0, "effort": 5}),
    "lsq_line_i16": (
        lambda: embedding(40, 50, 3, "int16").reshape(2000, 3),
        NATIVE | {"axis": 1, "effort": 5},
    ),
    "quick_line_u8": (
        lambda: stack(2, 40, 50).reshape(2, 1, 2000),
        NATIVE | {"axis": 0, "effort": 1},
    ),
    "lsq_narrow_u16": (
        lambda: embedding(2, 1040, 3, "uint16"),
        NATIVE | {"axis": 2, "effort": 5},
    ),
    "quick_narrow_i8": (lambda: embedding(1030, 3, 2, "int8"), NATIVE | {"axis": 2, "effort": 1}),
    "lsq_doubled_i16": (lambda: doubled(embedding(24, 26, 8, "int16")), NATIVE | {"effort": 5}),
    "quick_doubled_i16": (lambda: doubled(embedding(24, 26, 8, "int16")), NATIVE | {"effort": 2}),
    "lsq_wide_u8": (lambda: displaced(40, 45), NATIVE | {"effort": 6}),
    "online_i8": (lambda: embedding(35, 50, 20, "int8"), NATIVE | {"effort": 9}),
    "online_stack_u8": (lambda: stack(5, 40, 64), NATIVE | {"axis": 0, "effort": 8}),
    "indices_drawing_u8": (lambda: drawing(48, 64), NATIVE | {"effort": 5}),
    "indices_frames_i16": (lambda: drawings(3, 30, 40), NATIVE | {"axis": 0, "effort": 9}),
    "indices_labels_u8": (lambda: labels(2, 40, 64, 99).astype("u1"), NATIVE | {"axis": 0}),
    "indices_labels_u16": (lambda: labels(3, 40, 64, 400) * 131, NATIVE | {"axis": 0}),
    "frames_u8": (lambda: stack(6, 40, 64), FRAMES | {"effort": 5}),
    "mixed_frames_u8": (lambda: stack(6, 40, 64), FRAMES | {"effort": 9}),
    "mixed_moving_u8": (lambda: moving(4, 40, 64), FRAMES | {"effort": 8}),
    "frames_u16": (lambda: lasting(stack(7, 37, 45)), FRAMES | {"effort": 6}),
    "memoryless_noise_u8": (
        lambda: (hashed((60, 70), 9) % 100).astype("uint8"),
        NATIVE | {"transform": "none", "effort": 5},
    ),
    "table_f64": (lambda: few_values(40, 50), NATIVE | {"transform": "none", "effort": 5}),
    "lattice_i64": (
        lambda: counters(embedding(16, 20, 4, "int16")),
        NATIVE | {"transform": "none"},
    ),
    "lattice_f32_be": (lambda: decimals(20, 24, 6), NATIVE),
    "lattice_unpacked_f32": (lambda: unpacked(20, 24, 6), NATIVE),
    "lattice_standardised_f64": (lambda: standardised(40, 50), NATIVE | {"transform": "none"}),
    "fixed_f32": (lambda: waves(12, 16, 6), NATIVE | {"transform": "none"}),
    "fixed_f16": (
        lambda: (embedding(16, 20, 4, "int8") / 16).astype("f2"),
        NATIVE | {"effort": 2},
    ),
    "scaled_f32": (lambda: dequantised(20, 24, 8), NATIVE | {"axis": 2}),
    "blocks_scaled_f32": (lambda: dequantised(28, 36, 8), NATIVE | {"axis": 2, "block": 8}),
    "blocks_mask_f32": (
        lambda: missing(dequantised(44, 36, 8), np.nan),
        NATIVE | {"axis": 2, "block": 8},
    ),
    "blocks_lattice_f32_be": (lambda: decimals(28, 36, 7), {"axis": 2, "block": 16}),
    "mask_quick_i8": (lambda: missing(embedding(24, 28, 8, "int8"), 0), NATIVE | {"effort": 1}),
    "mask_lsq_i16": (lambda: missing(embedding(24, 28, 8, "int16"), -9999), NATIVE | {"effort": 5}),
    "mask_online_u8": (lambda: missing(embedding(24, 28, 8, "uint8"), 0), NATIVE | {"effort": 8}),
    "mask_fixed_f32": (lambda: missing(waves(24, 28, 4), np.nan), NATIVE | {"effort": 5}),
    "mask_axes_i16": (missing_times, {"effort": 5}),
    "split_f64_be": (lambda: units(1200), {"effort": 5}),
    "colours_u8": (lambda: regions(64, 80, 4), {"effort": 5}),
    "colours_first_u16_be": (lambda: many_colours(90, 96), {"effort": 4}),
    "repeats_slices_i16": (
        lambda: (hashed((60, 45), 4).astype("i2") % 3000)[hashed((150,), 5) % 60 // 2 * 2].repeat(2, 1),
        {"effort": 1},
    ),
    "repeats_symmetry_f32_be": (lambda: symmetric(40)[0], {"effort": 5}),
    "repeats_negated_f32_be": (lambda: symmetric(36)[1:], {"effort": 1}),
    "repeats_reflection_f64": (lambda: reflected(41, 36), {"effort": 1}),
    "recent_f32_be": (lambda: normalised(40, 110).astype(">f4"), {"effort": 5}),
    # 128 planes, last and first: whole blocks of the kernels that bring elements into planes.
    "planes_last_i8": (lambda: embedding(8, 12, 128, "int8"), NATIVE | {"effort": 5}),
    "planes_last_u16_be": (lambda: embedding(6, 8, 128, "uint16").astype(">u2"), LIFT),
    "planes_first_i8": (
        lambda: np.ascontiguousarray(embedding(8, 12, 128, "int8").transpose(2, 0, 1)),
        NATIVE | {"axis": 0, "effort": 1},
    ),
    "planes_first_i16": (
        lambda: np.ascontiguousarray(embedding(6, 8, 128, "int16").transpose(2, 0, 1)),
        NATIVE | {"axis": 0, "effort": 5},
    ),
    "zstd_plain_u8": (lambda: drawing(48, 64), {"coder": "zstd"}),
    "zstd_table_f32": (
        lambda: np.sqrt(hashed((60, 50), 3) % 300).astype("f4"),
        {"coder": "zstd", "effort": 7},
    ),
    "zstd_steps_f64_be": (lambda: (np.arange(900) * 0.004 - 99.999).astype(">f8"), {"coder": "zstd"}),
    "zstd_smooth_i64": (
        lambda: np.cumsum(np.cumsum(np.cumsum(hashed((900,), 6) % 2)).astype("i8")),
        {"coder": "zstd"},
    ),
    "zstd_planes_i16": (
        lambda: embedding(16, 20, 4, "int16"),
        {"coder": "zstd", "axis": 2, "effort": 1},
    ),
    "zstd_bits_u32": (
        lambda: (hashed((701,), 5) % 3000 + 77777).astype("u4"),
        {"coder": "zstd", "checksum": "off"},
    ),
    "near_stack_u8": (lambda: waving(4, 40, 56).astype("u1"), {"max_error": 3, "effort": 5}),
    "near_window_f32_be": (lambda: gaps(waving(3, 33, 40) / 7), {"max_error": 0.5, "effort": 9}),
    "near_picture_i32": (lambda: waving(1, 60, 70)[0] * 1000 - 9, {"max_error": 2500, "effort": 5}),
    "uniform_i16": (lambda: embedding(20, 24, 8, "int16"), {"max_error": 9, "effort": 5}),
    "uniform_f64": (lambda: gaps(waving(2, 40, 50) / 3).astype("f8"), {"max_error": 0.3, "effort": 3}),
    "uniform_wide_i64": (
        lambda: counters(waving(1, 40, 50)[0]) + hashed((40, 50), 3).astype("i8") % 977,
        {"max_error": 100, "effort": 3},
    ),
    "wavelet_f32": (
        lambda: with_gaps(embedding(20, 24, 12, "int16").astype("f4")),
        {"rel_rmse": 0.02, "effort": 6, "axis": 2},
    ),
    "spatial_i16_be": (
        lambda: embedding(30, 26, 12, "int16").astype(">i2"),
        {"rel_rmse": 0.1, "effort": 9, "axis": 2},
    ),
    "wavelet_line_f64": (
        lambda: np.cumsum(hashed((900,), 3).astype("f8") % 9 - 4),
        {"rel_rmse": 0.05, "of": "deviation"},
    ),
    "roles_series_i16_be": (
        lambda: np.ascontiguousarray(time_series(3, 5, 14, 12).transpose(3, 1, 2, 0)).astype(">i2"),
        {"effort": 5},
    ),
    "roles_upright_u8": (lambda: np.repeat(stack(4, 40, 12), 4, axis=2), {"axis": 0, "coder": "ans"}),
    "roles_fixed_f32": (lambda: time_series(3, 5, 14, 12).astype("f4") / 4, {"effort": 8}),
    "blocks_i8": (lambda: embedding(21, 38, 9, "int8"), NATIVE | {"axis": 2, "block": 8}),
    "bands_i16": (
        lambda: among_constants(embedding(129, 128, 3, "int16"), 128),
        NATIVE | {"axis": 0, "effort": 5},
    ),
    "blocks_planes_u16_be": (
        lambda: np.ascontiguousarray(embedding(24, 30, 520, "uint16").transpose(2, 0, 1)).astype(">u2"),
        NATIVE | {"axis": 0, "block": 16, "effort": 2},
    ),
    "blocks_lines_i16": (
        lambda: with_a_constant(embedding(5, 200, 3, "int16")),
        {"axis": 2, "block": 32, "checksum": False},
    ),
    "stored_u8": (
        lambda: embedding(23, 26, 11, "uint8"),
        NATIVE | {"axis": 2, "order": "stored"},
    ),
    "stored_blocks_i16": (
        lambda: embedding(21, 30, 10, "int16"),
        {"axis": 2, "block": 8, "order": "stored", "checksum": False},
    ),
    "distance_parts_u8": (
        lambda: fractal(264, 270, 1)[0].clip(0, 255).astype("u1"),
        {"coder": "jxl", "distance": 1.5},
    ),
    "wavelet_predicted_i16": (
        lambda: embedding(20, 24, 40, "int16"),
        {"rel_rmse": 0.01, "effort": 8, "axis": 2},
    ),
    "wavelet_dependent_f32": (
        lambda: with_gaps(embedding(20, 24, 40, "int16").astype("f4")),
        {"rel_rmse": 0.02, "effort": 8, "axis": 2},
    ),
    "raw_noise": (lambda: np.random.default_rng(1).integers(0, 256, (3, 5, 7), np.uint8), LIFT),
}


def files() -> list[Path]:
    return sorted(GOLDEN.glob("*.prism"))


def test_there_are_golden_chunks():
    assert len(files()) >= len(SOURCES)


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_golden_chunk_decodes(path):
    expected = np.load(path.with_suffix(".npy"))
    decoded = h5prism.decode(path.read_bytes())
    if h5prism.inspect_chunk(path.read_bytes()).bound == "distance":
        # libjxl's decoders work in floating point: neighbours, on other machines.
        assert np.abs(decoded.astype("i4") - expected).max() <= 2
        return
    assert_same(decoded, expected)


def test_golden_beginning_decodes():
    name = "distance_parts_u8"
    chunk = (GOLDEN / f"{name}.prism").read_bytes()
    size = h5prism.reduced_size(chunk[:512], 3)
    reduced = h5prism.decode(chunk[:size], reduce=3)
    assert size < len(chunk) / 2
    small = np.load(GOLDEN / f"{name}.npy")[4::8, 4::8].astype("f8")
    rows, columns = small.shape
    assert np.corrcoef(reduced[:rows, :columns].ravel(), small.ravel())[0, 1] > 0.9


def add(name: str) -> None:
    make, options = SOURCES[name]
    array = make()
    chunk = GOLDEN / f"{name}.prism"
    if chunk.exists():
        raise SystemExit(f"{chunk} exists already")
    chunk.write_bytes(h5prism.encode(array, **options))
    np.save(chunk.with_suffix(".npy"), h5prism.decode(chunk.read_bytes()))


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for argument in sys.argv[1:]:
        add(argument)
