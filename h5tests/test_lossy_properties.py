"""Every way of losing, on arrays that are hard on it: the bound holds, and what is exact stays so."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

import h5prism

H, W, C = 24, 20, 4
KINDS = ["i1", "u2", "<i4", ">f4", "f8", "f2"]


def limits(dtype):
    dtype = np.dtype(dtype)
    return np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)


def as_typed(numbers, dtype):
    """0..1 as elements of the type, over a large part of its range."""
    if np.dtype(dtype).kind == "f":
        return (numbers * 1000 - 300).astype(dtype)
    info = limits(dtype)
    return (info.min + numbers * (int(info.max) - int(info.min))).astype(dtype)


def grid():
    return np.indices((H, W, C)).astype("f8")


def steps(dtype):
    y, x, _ = grid()
    return as_typed(((y > 11) + 2 * (x > 7) > 1).astype("f8"), dtype)


def checkerboard(dtype):
    y, x, c = grid()
    return as_typed(0.2 + 0.6 * ((y + x + c) % 2), dtype)


def extremes(dtype):
    """The least and the largest number of the type, and 0."""
    info = limits(dtype)
    places = np.random.default_rng(0).integers(0, 3, (H, W, C))
    return np.choose(places, [info.min, 0, info.max]).astype(dtype)


def tiny(dtype):
    """Denormals; of integers, 0 and 1."""
    unit = limits(dtype).smallest_subnormal if np.dtype(dtype).kind == "f" else 1
    many = 200 if np.dtype(dtype).kind == "f" else 2
    return (np.random.default_rng(1).integers(0, many, (H, W, C)) * np.float64(unit)).astype(dtype)


def mixed(dtype):
    """A smooth array with what must come back exactly; of integers, with extremes."""
    y, x, c = grid()
    array = as_typed(0.5 + 0.3 * np.sin(y / 5 + c) * np.cos(x / 6), dtype)
    if array.dtype.kind == "f":
        array[::5, ::3, 0], array[1, 2], array[3, 4, 1] = np.nan, np.inf, -np.inf
    else:
        array[0, 0, 0], array[5, 5, 3] = limits(dtype).min, limits(dtype).max
    return array


def constant(dtype):
    return np.full((H, W, C), 7, dtype)


def related(dtype):
    """Noise in every position, the same in all channels but for its strength."""
    noise = np.random.default_rng(2).normal(size=(H, W, 1)) / 12
    return as_typed((0.5 + noise * np.array([1, 0.5, 0.8, -0.9])).clip(0, 1), dtype)


def nothing(dtype):
    """No finite number at all; of integers, zeros."""
    return np.full((H, W, C), np.nan if np.dtype(dtype).kind == "f" else 0, dtype)


def two_valued(dtype):
    """Noise of two neighbours far from 0, and of their negatives where there are any."""
    signs = np.random.default_rng(7).integers(0, 2, (H, W, C))
    base = 1000 if np.dtype(dtype).itemsize > 1 else 100
    return (base + signs).astype(dtype)


def constant_planes(dtype):
    """Each plane its own constant, but for one that is noise."""
    array = as_typed(np.broadcast_to(np.linspace(0.1, 0.9, C), (H, W, C)), dtype).copy()
    array[..., 1] = as_typed(np.random.default_rng(8).random((H, W)), dtype)
    return array


def outlier(dtype):
    """Small numbers, and one that is as large as the type has."""
    array = np.random.default_rng(9).integers(0, 3, (H, W, C)).astype(dtype)
    array[3, 4, 1] = limits(dtype).max
    return array


def alternating(dtype):
    """Signs in turn; of unsigned types, both ends."""
    y, x, c = np.indices((H, W, C))
    return as_typed(np.where((y + x + c) % 2, 0.9, 0.1) + 0.05 * np.sin(y * W + x), dtype)


def at_limits(dtype):
    """Within a few steps of either end of the type."""
    info = limits(dtype)
    generator = np.random.default_rng(10)
    ends = np.where(generator.integers(0, 2, (H, W, C)), info.max, info.min).astype(dtype)
    if np.dtype(dtype).kind == "f":
        return (ends * (1 - generator.integers(0, 4, ends.shape) / 8)).astype(dtype)
    inwards = generator.integers(0, 4, ends.shape).astype(dtype)
    return np.where(ends == info.max, ends - inwards, ends + inwards)


def zeros_of_either_sign(dtype):
    """-0.0 among 0, subnormal numbers and a few others."""
    unit = limits(dtype).smallest_subnormal if np.dtype(dtype).kind == "f" else 1
    numbers = np.random.default_rng(11).choice([0, 0, 0, 1, 3, 40], (H, W, C)) * np.float64(unit)
    array = numbers.astype(dtype)
    array[::3] *= np.array(-1 if np.dtype(dtype).kind != "u" else 1).astype(dtype)
    return array


def far_from_one(dtype):
    """Numbers whose squares no float32 has, and others whose squares are 0 in it."""
    y, x, c = grid()
    largest = float(limits(dtype).max) if np.dtype(dtype).kind == "f" else 0
    unit = min(largest / 4, 1e25) if largest else 1
    waves = np.sin(y / 5 + c) * np.cos(x / 6)
    return (waves * unit).astype(dtype) if largest else as_typed((1 + waves) / 2, dtype)


ARRAYS = [
    *(steps, checkerboard, extremes, tiny, mixed, related, constant, nothing),
    *(two_valued, constant_planes, outlier, alternating, at_limits, zeros_of_either_sign),
    far_from_one,
]
BOUNDS = [
    {"max_error": 0.3},
    {"max_error": 5},
    {"rel_max_error": 0.02},
    {"rel_rmse": 0.05},
    {"rel_rmse": 0.3, "of": "deviation"},
]


def error_of(bound, array, decoded, axis):
    """In the unit of the bound, computed anew, in the precision of long doubles."""
    exact = ~np.isfinite(array.astype("g"))
    assert array[exact].tobytes() == decoded[exact].tobytes()
    whole, error = array.astype("g"), np.zeros(array.shape, "g")
    error[~exact] = np.abs(decoded.astype("g")[~exact] - whole[~exact])
    if not error.any():
        return 0.0
    numbers = np.ma.array(whole, mask=exact)
    if "max_error" in bound:
        return float(error.max())
    if "rel_max_error" in bound:
        return float(error.max() / (numbers.max() - numbers.min()))
    about = 0
    if bound.get("of") == "deviation":
        others = tuple(k for k in range(array.ndim) if k != axis)
        about = numbers.mean(others, keepdims=True)
    return float(np.sqrt((error**2).sum() / ((numbers - about) ** 2).sum()))


@pytest.mark.parametrize("effort", [1, 5, 9])
@pytest.mark.parametrize("make", ARRAYS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("dtype", KINDS)
def test_bounds_hold(dtype, make, effort):
    array = make(dtype)
    for bound in BOUNDS:
        blob = h5prism.encode(array, **bound, effort=effort, axis=2, verify=True)
        info, decoded = h5prism.inspect_chunk(blob), h5prism.decode(blob)
        value = next(number for key, number in bound.items() if key != "of")
        error = error_of(bound, array, decoded, info.axis)
        assert decoded.dtype == array.dtype and error <= np.float32(value), (bound, info.mapping)
        if info.bound == "none":
            assert decoded.tobytes() == array.tobytes()
        else:
            assert error <= info.reached * (1 + 1e-6) and info.reached <= np.float32(value)


def noise(channels):
    """Enough of it that coding where it lies is smaller than wavelets of it."""
    generator = np.random.default_rng(2)
    return (generator.normal(size=(60, 60, 2)) @ generator.normal(size=(2, channels))).astype("f4")


def test_every_mode_is_met():
    """What is above goes through every way of losing, but for pictures."""
    arrays = mixed("f8"), mixed("i1"), related(">f4"), extremes("i1"), steps("f8")
    cases = [(array, bound) for array in arrays for bound in BOUNDS]
    cases += [(noise(8), {"rel_rmse": bound}) for bound in (0.01, 0.05)]
    blobs = [h5prism.encode(array, **bound, axis=2) for array, bound in cases]
    met = {h5prism.inspect_chunk(blob).mapping for blob in blobs}
    assert met >= {"uniform", "near", "spatial", "wavelet"}


def test_bounds_of_noise_hold():
    array = noise(8)
    array[::7, ::5, 3] = np.nan
    for bound in (0.01, 0.05):
        blob = h5prism.encode(array, rel_rmse=bound, axis=2)
        assert h5prism.inspect_chunk(blob).mapping == "spatial"
        assert 0 < error_of({"rel_rmse": bound}, array, h5prism.decode(blob), 2) <= bound


FILLS = [-9999, 1e20, 9.969209968386869e36]


@pytest.mark.parametrize("bound", BOUNDS, ids=str)
@pytest.mark.parametrize("fill", FILLS)
def test_fill_values_come_back_exactly(bound, fill):
    array = mixed("f4")
    array[::4, 1::3] = fill
    array[7] = np.nan
    blob = h5prism.encode(array, **bound, axis=2)
    decoded = h5prism.decode(blob)
    same = (array == np.float32(fill)) | np.isnan(array)
    np.testing.assert_array_equal(decoded[same], array[same])
    assert ((decoded == np.float32(fill)) == (array == np.float32(fill))).all()


def with_missing(dtype, fill):
    """Data all around the value of missing data, 0 or another one, and places that have it."""
    generator = np.random.default_rng(5)
    y, x, c = grid()
    numbers = fill + 20 * np.sin(y / 5 + c) * np.cos(x / 6) + 2 * generator.normal(size=y.shape)
    array = numbers.astype(dtype)
    array[::4, 1::3] = array[9:12] = fill
    return array


def has_others_around(dtype, fill):
    kind = np.dtype(dtype).kind
    return kind == "f" or (fill % 1 == 0 and (kind == "i" or fill > 0))


@pytest.mark.parametrize("effort", [1, 5, 9])
@pytest.mark.parametrize(
    ("dtype", "fill"),
    [
        (dtype, fill)
        for dtype, fill in itertools.product([*KINDS, "i8", "u1"], [0, 37, 63.5])
        if has_others_around(dtype, fill)
    ],
)
def test_missing_data_among_the_others_stay(dtype, fill, effort):
    """And nothing else becomes missing, under any bound; no mean and no share counts them."""
    array = with_missing(dtype, fill)
    for bound in BOUNDS:
        blob = h5prism.encode(array, missing=fill, effort=effort, axis=2, **bound)
        decoded = h5prism.decode(blob)
        missing = array == np.array(fill, dtype)
        np.testing.assert_array_equal(decoded == np.array(fill, dtype), missing)
        if "max_error" in bound:
            there = abs(decoded[~missing].astype("f8") - array[~missing])
            assert there.max() <= bound["max_error"]


@pytest.mark.parametrize("bound", BOUNDS, ids=str)
@pytest.mark.parametrize(
    ("dtype", "fill"),
    [
        ("i8", 2**53 + 1),
        ("i8", -(2**62) - 3),
        ("<i8", 2**63 - 1),
        (">i8", -(2**63)),
        ("u8", 2**64 - 1),
        (">u8", 2**63 + 5),
        ("u8", 2**64 - 1024),
    ],
)
def test_missing_integers_that_no_double_is(dtype, fill, bound):
    """Their neighbours, which are the same double, are numbers."""
    array = np.full((H, W, C), fill, dtype)
    places = np.random.default_rng(6).integers(0, 3, array.shape)
    array[places == 1] = fill - 2 if fill > 0 else fill + 2
    array[places == 2] = 77
    decoded = h5prism.decode(h5prism.encode(array, missing=fill, axis=2, **bound))
    np.testing.assert_array_equal(decoded == np.array(fill, dtype), places == 0)
    assert h5prism.Prism(missing=fill, **bound).get_config()["missing"] == fill


def test_missing_zeros_have_either_sign():
    array = with_missing("f4", 0)
    array[9, 3:9] = -0.0
    decoded = h5prism.decode(h5prism.encode(array, missing=0, rel_rmse=0.1, axis=2))
    np.testing.assert_array_equal(decoded[array == 0].view("u4"), array[array == 0].view("u4"))
    assert (decoded[array != 0] != 0).all()


@pytest.mark.parametrize("fill", [-0.5, 300, 1e300])
def test_a_missing_value_that_is_none_of_the_type_changes_nothing(fill):
    array = with_missing("u1", 100)
    assert h5prism.encode(array, missing=fill, max_error=2) == h5prism.encode(array, max_error=2)


@pytest.mark.parametrize("options", [{"missing": np.nan}, {"missing": "x"}, {"missing": np.inf}])
def test_no_number_is_refused_as_missing(options):
    with pytest.raises(h5prism.PrismError, match="missing"):
        h5prism.encode(np.zeros(100, "f4"), max_error=1, **options)
    with pytest.raises(h5prism.PrismError, match="distance"):
        h5prism.encode(np.zeros((9, 9), "u1"), coder="jxl", distance=1, missing=0)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("dtype", ["i8", "u8"])
def test_shares_of_ranges_that_no_double_has(dtype, seed):
    """To the last integer: the product of bound and range has more bits than a double."""
    generator = np.random.default_rng(seed)
    array = generator.integers(0, limits(dtype).max - generator.integers(2**40), (30, 20), dtype)
    for bound in np.float32(10 ** generator.uniform(-7, -0.5, 30)):
        blob = h5prism.encode(array, rel_max_error=bound, effort=1)
        whole, decoded = array.ravel().tolist(), h5prism.decode(blob).ravel().tolist()
        error = max(abs(a - b) for a, b in zip(whole, decoded))
        assert 0 < error <= Fraction(float(bound)) * (max(whole) - min(whole))


@pytest.mark.parametrize("positions", [2, 5])
def test_few_positions_of_many_planes(positions):
    """Numbers of very different sizes: all eigenvectors but a few are those of rounding."""
    sizes = 8 * np.random.default_rng(0).normal(size=(positions, 700))
    array = np.exp(sizes)
    blob = h5prism.encode(array, rel_rmse=0.3, effort=6, axis=1)
    assert error_of({"rel_rmse": 0.3}, array, h5prism.decode(blob), 1) <= 0.3


@pytest.mark.parametrize("order", ["auto", "stored"])
@pytest.mark.parametrize("effort", [4, 7, 9])
@pytest.mark.parametrize(
    "bound", [{"rel_rmse": 3e-5, "of": "deviation"}, {"max_error": 20}], ids=str
)
def test_small_arrays_with_an_order_are_never_larger(bound, effort, order):
    """A thorough lossless encoder sees what a quick one does not."""
    board = np.where(np.indices((16, 15, 16)).sum(0) % 2, 61, 63)
    points = np.zeros((64, 58), int)
    points.ravel()[np.random.default_rng(4).integers(0, points.size, 75)] = -32768
    for array in board.astype("i2"), points.astype("i2"), np.tile(points[0], 40).astype("i8"):
        lossless = h5prism.encode(array, effort=effort, order=order)
        lossy = h5prism.encode(array, **bound, effort=effort, order=order)
        assert len(lossy) <= len(lossless)


def test_scales_weigh_errors():
    """Of integers x scales, the error of the products is bounded, and positions of large scale are
    kept better."""
    generator = np.random.default_rng(3)
    y, x, c = np.indices((40, 40, 8))
    array = (60 * np.sin(y / 6 + c) * np.cos(x / 5) + generator.normal(size=y.shape)).astype("i1")
    scales = np.where(y[..., 0] < 20, 0.01, 1).astype("f4")
    products = array * scales[..., None].astype("f8")
    blob = h5prism.encode(array, scales=scales, rel_rmse=0.05, axis=2)
    decoded = h5prism.decode(blob) * scales[..., None].astype("f8")
    assert h5prism.inspect_chunk(blob).bound == "rel_rmse"
    assert np.sqrt(((decoded - products) ** 2).sum() / (products**2).sum()) <= 0.05
    assert len(blob) < len(h5prism.encode(array, rel_rmse=0.05, axis=2)) * 1.02
