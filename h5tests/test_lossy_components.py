"""Relative RMSE: the bound holds for every type and shape, what must stay exact does, sizes are
pinned, the reference decoder agrees, and damage is found."""

import numpy as np
import pytest
import reference_decoder as reference
import reference_lossy_components  # noqa: F401  (decodes mappings 7 and 8 once it is imported)
import reference_native  # noqa: F401  (decodes coder 3 once it is imported)
from generated import embedding, hashed, microscopy, picture, stack, time_series, weather
from python_support import ROOT, assert_same

import h5prism

TYPES = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"]
SHAPES = [(1,), (7,), (900,), (5, 1), (40, 50), (300, 3), (12, 14, 9), (9, 30, 20), (3, 8, 9, 10)]


def field(shape, seed=1):
    """Something between smooth and rough, of deviation about 30."""
    generator = np.random.default_rng(seed)
    walks = (np.cumsum(generator.normal(size=shape), axis) for axis in range(len(shape)))
    return 5 * sum(walks) + 3 * generator.normal(size=shape)


def as_type(values, dtype):
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return values.astype(dtype)
    info = np.iinfo(dtype)
    return np.clip(np.rint(values), info.min, info.max).astype(dtype)


def relative(array, decoded, axis=None):
    """The relative RMSE, of elements that are finite."""
    finite = np.isfinite(array.astype("f8"))
    numbers = np.where(finite, array, 0).astype("f8")
    error = np.where(finite, numbers - np.where(finite, decoded, 0), 0)
    if axis is not None:
        numbers -= numbers.mean(tuple(k for k in range(array.ndim) if k != axis), keepdims=True)
    whole = (numbers**2).sum()
    return np.sqrt((error**2).sum() / whole) if whole else float((error**2).sum() > 0)


def coded(array, bound, **options):
    chunk = h5prism.encode(array, rel_rmse=bound, **options)
    decoded = h5prism.decode(chunk)
    assert decoded.dtype == array.dtype and decoded.shape == array.shape
    return chunk, decoded, h5prism.inspect_chunk(chunk)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_bound_holds(dtype, shape):
    for k, bound in enumerate((1e-6, 1e-3, 0.03, 0.3, 0.9)):
        order = "<>"[k % 2]
        array = as_type(field(shape, k), np.dtype(dtype).newbyteorder(order))
        _, decoded, _ = coded(array, bound, effort=(1, 3, 5, 7, 9)[(k + len(shape)) % 5])
        assert relative(array, decoded) <= bound * (1 + 1e-6)


@pytest.mark.parametrize("effort", [1, 5, 9])
@pytest.mark.parametrize("bound", [0.02, 0.1, 0.4])
def test_of_the_deviation(effort, bound):
    array = (field((30, 32, 10)) / 10 + 500).astype("f4")
    chunk, decoded, info = coded(array, bound, effort=effort, axis=2, of="deviation")
    assert info.mapping in ("spatial", "wavelet") and info.axis == 2
    assert bound * 0.8 < relative(array, decoded, info.axis) <= bound * (1 + 1e-6)
    assert len(chunk) < array.nbytes / 4


def test_what_is_no_number_stays_exactly():
    array = field((30, 32, 10)).astype("f4")
    array[3:9, 4:20] = np.nan
    array[0, 0, 0], array[-1, -1, 3] = np.inf, -np.inf
    array.view("u4")[20, 20, 5] = 0x7FC01234
    for bound, of in ((0.02, "rms"), (0.02, "deviation"), (0.2, "deviation")):
        _, decoded, info = coded(array, bound, of=of)
        odd = ~np.isfinite(array)
        assert info.mapping in ("spatial", "wavelet") or of == "rms"
        assert (array.view("u4")[odd] == decoded.view("u4")[odd]).all()
        assert relative(array, decoded) <= bound * (1 + 1e-6)


@pytest.mark.parametrize("value", [0, 17, -3.5])
def test_constants_are_exact_or_within(value):
    for shape in ((40,), (20, 20), (9, 9, 9)):
        array = np.full(shape, value, "f4")
        _, decoded, _ = coded(array, 0.1)
        assert relative(array, decoded) <= 0.1


def test_all_nan():
    array = np.full((20, 20, 4), np.nan, "f4")
    assert_same(coded(array, 0.1)[1], array)


def test_never_larger_than_lossless():
    array = (hashed((40, 40, 4), 3) % 7).astype("u1")
    for bound in (1e-6, 1e-2, 0.05):
        assert len(coded(array, bound)[0]) <= len(h5prism.encode(array))


ARRAYS = {
    "embedding": lambda: embedding(60, 64, 24, "int8"),
    "stack": lambda: stack(8, 60, 64),
}

# Bytes at efforts 5 and 9, which change on purpose only.
SIZES = {
    ("embedding", 0.02): (27256, 27010),
    ("embedding", 0.1): (10402, 10127),
    ("embedding", 0.3): (4726, 4659),
    ("stack", 0.02): (5091, 4217),
    ("stack", 0.1): (661, 610),
}


@pytest.mark.parametrize(("name", "bound"), SIZES)
def test_sizes(name, bound):
    array = ARRAYS[name]()
    sizes = tuple(len(coded(array, bound, effort=effort)[0]) for effort in (5, 9))
    assert sizes == SIZES[name, bound]


REFERENCE = [
    ("i1", 0.3, "wavelet"),
    ("u2", 0.3, "wavelet"),
    ("i4", 0.02, "wavelet"),
    ("f2", 0.3, "wavelet"),
    (">f4", 0.02, "wavelet"),
    ("f8", 0.02, "wavelet"),
]


def agreed(chunk, decoded):
    assert_same(reference.decode(chunk), decoded)


@pytest.mark.parametrize(("dtype", "bound", "mode"), REFERENCE)
def test_the_reference_decoder_agrees(dtype, bound, mode):
    array = as_type(field((12, 13, 5)), dtype)
    if array.dtype.kind == "f":
        array[2:4, 3:5] = np.nan
    chunk, decoded, info = coded(array, bound, effort=9, axis=2, of="deviation")
    assert info.mapping == mode
    agreed(chunk, decoded)


@pytest.mark.parametrize(
    "name",
    [
        *("spatial_i16_be", "wavelet_f32", "wavelet_line_f64", "wavelet_predicted_i16"),
        "wavelet_dependent_f32",
    ],
)
def test_the_reference_decoder_agrees_on_golden_chunks(name):
    chunk = (ROOT / "h5tests" / "golden" / f"{name}.prism").read_bytes()
    assert h5prism.inspect_chunk(chunk).mapping == name.split("_")[0]
    agreed(chunk, h5prism.decode(chunk))


@pytest.mark.parametrize("shape", [(300,), (20, 18), (11, 20, 2)])
def test_the_reference_decoder_agrees_on_shapes(shape):
    array = field(shape).astype("f4")
    chunk, decoded, info = coded(array, 0.2, of="deviation")
    assert info.mapping in ("spatial", "wavelet")
    agreed(chunk, decoded)


@pytest.mark.parametrize("effort", [5, 9])
@pytest.mark.parametrize("bound", [0.02, 0.2])
def test_damage_is_found(effort, bound):
    """Whatever the bytes are, decoding ends and takes no more memory than is said."""
    array = field((16, 20, 6)).astype("f4")
    array[0, 0] = np.nan
    chunk = bytearray(coded(array, bound, effort=effort, checksum=False)[0])
    generator = np.random.default_rng(effort)
    for _ in range(150):
        damaged = bytearray(chunk)
        for at in generator.integers(0, len(chunk), generator.integers(1, 4)):
            damaged[at] ^= 1 << int(generator.integers(0, 8))
        try:
            h5prism.decode(bytes(damaged), memory_limit=1 << 26)
        except h5prism.PrismError:
            pass
    for size in range(0, len(chunk), max(1, len(chunk) // 40)):
        with pytest.raises(h5prism.PrismError):
            h5prism.decode(bytes(chunk[:size]))


def test_scales():
    """The bound is that of element x scale; what is said is integers."""
    integers = embedding(40, 44, 16, "int8")
    scales = (1 + hashed((40, 44), 5).astype("f4") / 4096).astype("f4")
    for bound in (0.03, 0.2):
        chunk = h5prism.encode(integers, rel_rmse=bound, scales=scales, axis=2)
        decoded = h5prism.decode(chunk)
        assert decoded.dtype == integers.dtype
        assert h5prism.inspect_chunk(chunk).mapping in ("spatial", "wavelet")
        error = relative(integers * scales[..., None], decoded * scales[..., None])
        assert bound * 0.8 < error <= bound * (1 + 1e-6)
        same = h5prism.encode(integers, rel_rmse=bound, scales=scales[..., None], axis=2)
        assert same == chunk


@pytest.mark.parametrize("scales", [np.ones(7, "f4"), np.full((40, 44), np.nan, "f4")])
def test_scales_that_do_not_fit(scales):
    with pytest.raises(h5prism.PrismError):
        h5prism.encode(np.ones((40, 44, 3), "i1"), rel_rmse=0.1, scales=scales)


def fading(height, width, channels):
    """Many sources of falling strength, the last ones below the noise that bounds allow."""
    generator = np.random.default_rng(7)
    y, x = np.indices((height, width))
    waves = (np.sin(y / (3 + k % 7) + k) * np.cos(x / (4 + k % 5) + k * k) for k in range(40))
    sources = np.stack(list(waves), -1) + 0.1 * generator.normal(size=(height, width, 40))
    mixing = generator.normal(size=(40, channels)) * 0.85 ** np.arange(40)[:, None]
    return as_type(24 * sources @ mixing, "i1")


@pytest.mark.parametrize("scaled", [False, True])
def test_components_that_will_vanish_do_not_keep_wavelets_away(scaled):
    """Effort 5 finds what effort 7 does: the components that stay count, not those that are tried."""
    array = fading(72, 72, 96)
    scales = {"scales": np.full((72, 72), 0.25, "f4")} if scaled else {}
    sizes = []
    for effort in (5, 7):
        chunk, _, info = coded(array, 0.08, effort=effort, axis=2, **scales)
        assert info.mapping == "wavelet"
        sizes.append(len(chunk))
    assert sizes[0] <= 1.01 * sizes[1] < 16000


def layouts():
    """Arrays whose planes lie along different axes, none of which another coder would know."""
    yield "embedding", embedding(60, 64, 24, "int8")
    yield "stack", stack(8, 60, 64)
    yield "channels first", np.moveaxis(field((40, 44, 12)), 2, 0).astype("f4")
    yield "series", time_series(8, 5, 32, 32)
    yield "weather", weather(6, 5, 32, 40)
    yield "microscopy", microscopy(4, 3, 2, 32, 32)


@pytest.mark.parametrize(
    ("name", "array"), layouts(), ids=lambda value: value if isinstance(value, str) else ""
)
@pytest.mark.parametrize("bound", [0.012, 0.06])
def test_the_automatic_axis_is_about_the_best(name, array, bound):
    sizes = [len(coded(array, bound, axis=axis)[0]) for axis in range(array.ndim)]
    assert len(coded(array, bound)[0]) <= 1.005 * min(sizes)


def film(frames, side):
    """A texture that falls as photographs do, moving."""
    generator = np.random.default_rng(0)
    down, across = np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side), indexing="ij")
    spectrum = np.fft.fft2(generator.normal(size=(side, side)))
    texture = np.fft.ifft2(spectrum / np.maximum(np.hypot(down, across), 1 / side)).real
    moving = [np.roll(texture, (3 * k, k), (0, 1)) for k in range(frames)]
    noise = 2 * generator.normal(size=(frames, side, side))
    return np.clip(128 + 40 * np.stack(moving) / texture.std() + noise, 0, 255).astype("u1")


def test_axes_of_which_too_few_components_are_known_are_left():
    """Effort 1 knows 256 of them, of 320 rows: too few to keep the bound."""
    array = film(5, 320)
    chunk, _, info = coded(array, 0.03, effort=1)
    assert info.mapping in ("spatial", "wavelet") and info.axis == 0
    assert len(chunk) < 0.5 * len(h5prism.encode(array, effort=1))
    others = {coded(array, 0.03, effort=1, axis=axis)[2].mapping for axis in (1, 2)}
    assert others == {"uniform"}  # a grid needs no components


@pytest.mark.parametrize("bound", [0.05, 0.1])  # below, cells about predictions are smaller
def test_a_picture_is_a_single_plane(bound):
    image = picture(96, 100)
    chunk, _, info = coded(image, bound)
    assert info.axis is None and info.mapping in ("spatial", "wavelet")
    assert len(chunk) < min(len(coded(image, bound, axis=axis)[0]) for axis in (0, 1))
    agreed(chunk, h5prism.decode(chunk))


@pytest.mark.parametrize("dtype", ["u1", "i2"])
def test_a_background_comes_back_exactly(dtype):
    """Many positions that are all the same are zeros of every component."""
    array = np.empty((64, 64, 6), dtype)
    array[:] = [90, 7, 30, 51, 120, 11]
    array[20:40, 16:40] += as_type(field((20, 24, 6)) % 40, dtype)
    for effort in (5, 9):
        _, decoded, info = coded(array, 0.02, axis=2, effort=effort)
        assert info.mapping == "spatial" and (decoded != array).any()
        assert (decoded[:12] == array[:12]).all()


@pytest.mark.parametrize("seed", range(3))
def test_small_chunks_take_the_axis_that_is_smallest(seed):
    """Estimates of few bytes are not trusted: all axes are tried."""
    places, times = np.mgrid[0:120, 0:90] / 9
    array = np.sin(places + seed) + np.cos(times * (1 + seed)) + np.sin(places - times)
    sizes = [len(h5prism.encode(array.astype("f4"), rel_rmse=0.01, axis=k)) for k in (0, 1)]
    assert len(h5prism.encode(array.astype("f4"), rel_rmse=0.01)) <= min(sizes)
