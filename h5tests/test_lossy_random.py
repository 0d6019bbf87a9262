"""Bounds on random arrays: shapes with axes of 1, all types, options that change the way.

Each array is small; what goes wrong is the same for all of a seed and can be repeated."""

import numpy as np
import pytest

import h5prism

TYPES = ["i1", "u1", "<i2", ">u2", "i4", ">u4", "i8", "u8", "f2", "<f4", ">f4", "f8"]
COUNTS = [1, 2, 7, 60, 600, 4000]
EFFORTS = [1, 4, 5, 7, 9]
EXACT = (np.nan, np.inf, -np.inf, -0.0, -9999)
ROUNDING = 1e-6  # of sums of squares in another order


def random_shape(generator):
    rank = int(generator.integers(1, 5))
    count = int(generator.choice(COUNTS))
    sizes = np.exp(generator.dirichlet(np.ones(rank)) * np.log(count))
    shape = [max(1, round(size)) for size in sizes]
    if generator.random() < 0.3:
        shape.insert(int(generator.integers(0, rank + 1)), 1)
    return tuple(shape)


def random_numbers(generator, shape):
    """Of about -1 to 1."""
    places = np.arange(np.prod(shape)).reshape(shape)
    kinds = {
        "noise": lambda: generator.normal(size=shape) / 3,
        "smooth": lambda: np.sin(places / generator.uniform(1, 50)),
        "walk": lambda: np.cumsum(generator.normal(size=places.size)).reshape(shape) / 100,
        "constant": lambda: np.full(shape, generator.uniform(-1, 1)),
        "two": lambda: generator.integers(0, 2, shape) - 0.5,
        "sparse": lambda: (generator.random(shape) < 0.05) * generator.normal(size=shape),
        "sizes": lambda: generator.normal(size=shape) * 10.0 ** generator.integers(-9, 0, shape),
        "again": lambda: np.resize(generator.normal(size=max(1, places.size // 7)), shape),
    }
    return kinds[generator.choice(list(kinds))]()


def random_array(generator):
    dtype = np.dtype(generator.choice(TYPES))
    numbers = random_numbers(generator, random_shape(generator))
    if dtype.kind == "f":
        array = (numbers * 10.0 ** generator.integers(-3, 4)).astype(dtype)
        for exact in EXACT:
            if generator.random() < 0.2:
                array[generator.random(array.shape) < 0.1] = exact
        return array
    info = np.iinfo(dtype)
    half = (float(info.max) - float(info.min)) / 2
    reach = generator.choice([1, 30, 100, half])
    middle = generator.choice([float(info.min) + reach, float(info.max) - reach])
    inside = np.clip(numbers * reach + middle, float(info.min), float(info.max) * (1 - 2**-52))
    return np.rint(inside).astype(dtype)


def random_options(generator, array):
    """A bound, and what else changes the way that a chunk is made."""
    kind = generator.choice(["rel_rmse", "max_error", "rel_max_error"])
    finite = np.abs(array[np.isfinite(array)].astype("f8"))
    largest = float(finite.max()) if finite.size else 1.0
    shares = [1e-3, 0.02, 0.3, 0.9]
    errors = [0.3, 1, 5, max(1e-30, 0.1 * largest)]
    options = {kind: float(generator.choice(errors if kind == "max_error" else shares))}
    others = {"effort": int(generator.choice(EFFORTS))}
    if generator.random() < 0.2:
        others["axis"] = int(generator.integers(0, array.ndim))
    if generator.random() < 0.2:
        others["block"] = 16
    if generator.random() < 0.1:
        others["checksum"] = False
    return kind, options, others


def random_scales(generator, array):
    suits = array.dtype.kind in "iu" and array.dtype.itemsize <= 4 and array.ndim > 1
    if suits and generator.random() < 0.4:
        return (np.abs(generator.normal(size=array.shape[:-1])) + 0.01).astype("f4")
    return None


def distances(array, decoded):
    """Exact, as long doubles."""
    if array.dtype.kind == "f":
        return np.abs(array.astype("g") - decoded.astype("g"))
    pairs = zip(array.ravel().tolist(), decoded.ravel().tolist())
    return np.array([abs(a - b) for a, b in pairs], "g").reshape(array.shape)


def check_bound(kind, value, array, decoded, scales, axis):
    """`axis`: of planes from whose means deviations are; None: the bound is not of these."""
    finite = np.isfinite(array) if array.dtype.kind == "f" else np.ones(array.shape, bool)
    assert array[~finite].tobytes() == decoded[~finite].tobytes()
    if not finite.any():
        return
    error = distances(array[finite], decoded[finite])
    if kind == "max_error":
        assert error.max() <= value
        return
    if kind == "rel_max_error":
        numbers = array[finite].astype("g")
        assert error.max() <= value * (numbers.max() - numbers.min()) * (1 + ROUNDING)
        return
    weights = np.ones(array.shape) if scales is None else scales[..., None] + np.zeros(array.shape)
    numbers = np.ma.array(array.astype("g") * weights, mask=~finite)
    if axis is not None:
        others = tuple(k for k in range(array.ndim) if k != axis)
        numbers = numbers - numbers.mean(others, keepdims=True)
    whole = (numbers**2).sum()
    assert ((error * weights[finite]) ** 2).sum() <= value**2 * whole * (1 + ROUNDING)


def check_reduced(chunk):
    for by in (1, 2, 3):
        try:
            picture = h5prism.decode(chunk, reduce=by)
        except h5prism.PrismError as reason:
            assert f"reduce={by}" in str(reason)
            continue
        beginning = chunk[: h5prism.reduced_size(chunk[:512], by)]
        assert h5prism.decode(beginning, reduce=by).tobytes() == picture.tobytes()


@pytest.mark.parametrize("seed", range(12))
def test_random_arrays(seed):
    """Bounds hold, no chunk is larger than without one, and smaller pictures are there or not."""
    generator = np.random.default_rng([seed, 14])
    for _ in range(25):
        array = random_array(generator)
        kind, bound, others = random_options(generator, array)
        scales = random_scales(generator, array) if kind == "rel_rmse" else None
        if kind == "rel_rmse" and generator.random() < 0.2:
            bound["of"] = "deviation"
        chunk = h5prism.encode(array, scales=scales, **bound, **others)
        decoded, said = h5prism.decode(chunk), (array.dtype, array.shape, bound, others)
        assert len(chunk) <= len(h5prism.encode(array, **others)), said
        info = h5prism.inspect_chunk(chunk)
        if info.bound == "none":
            assert decoded.tobytes() == array.tobytes(), said
        else:
            axis = info.axis if "of" in bound else None
            check_bound(kind, np.float64(bound[kind]), array, decoded, scales, axis)
        check_reduced(chunk)


@pytest.mark.parametrize("shape", [(2, 2, 3, 4), (2, 1, 15, 3), (1,), (3, 3)])
@pytest.mark.parametrize("dtype", ["i1", "<i2", ">u2"])
def test_pictures_of_few_pixels(dtype, shape):
    """Their JPEG XL is larger than they are: what is written is whole, and lossless."""
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    for effort in (1, 5, 7):
        chunk = h5prism.encode(array, effort=effort, distance=1, coder="jxl")
        assert (h5prism.decode(chunk) == array).all()


@pytest.mark.parametrize("dtype", ["<u4", "f8"])
def test_deviations_far_from_zero(dtype):
    """Squares of such numbers have more digits than a double."""
    walk = np.cumsum(np.random.default_rng(3).normal(size=(8, 5, 104)))
    array = (4294960000 + np.rint(20 * walk).reshape(8, 5, 104)).astype(dtype)
    for axis in range(3):
        chunk = h5prism.encode(array, rel_rmse=0.5, of="deviation", axis=axis)
        info, decoded = h5prism.inspect_chunk(chunk), h5prism.decode(chunk)
        assert info.bound != "none"
        check_bound("rel_rmse", 0.5, array, decoded, None, axis)
        assert info.reached <= 0.5
