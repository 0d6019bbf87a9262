"""Bounds of error in Python: options, chunks that say and keep them, and other packages."""

import os
import subprocess
import sys

import h5py
import numpy as np
import pytest
from generated import embedding, hashed, picture
from python_support import LIBRARY, correlated, fractals

import h5prism
from h5prism import Prism, PrismError, Status

FLOAT_WORD = 1065353216  # 1.0


def largest_error(array, decoded):
    exact = ~np.isfinite(array) if array.dtype.kind == "f" else np.zeros(array.shape, bool)
    np.testing.assert_array_equal(decoded[exact], array[exact])
    difference = decoded[~exact].astype("f8") - array[~exact].astype("f8")
    return float(np.abs(difference).max(initial=0))


def relative_rmse(array, decoded):
    wide = array.astype("f8")
    return float(np.sqrt(((decoded.astype("f8") - wide) ** 2).mean() / (wide**2).mean()))


# ---- Options ----


@pytest.mark.parametrize(
    "options, words",
    [
        ({"max_error": 1}, (1, FLOAT_WORD)),
        ({"rel_max_error": 0.5}, (2, FLOAT_WORD - (1 << 23))),
        ({"rel_rmse": 0.25}, (3, FLOAT_WORD - (2 << 23))),
        ({"rel_rmse": 0.25, "of": "deviation"}, (3 + 256, FLOAT_WORD - (2 << 23))),
        ({"coder": "jxl", "distance": 2.0}, (4, FLOAT_WORD + (1 << 23))),
        ({}, (0, 0)),
    ],
)
def test_options_are_words_and_back(options, words):
    prism = Prism(**options)
    assert prism.filter_options[7:9] == words
    assert Prism.from_filter_options(prism.filter_options) == prism
    assert Prism(**prism.get_config()) == prism
    assert eval(repr(prism), {"Prism": Prism}) == prism
    for key, value in options.items():
        assert prism.get_config()[key] == value


def test_bounds_come_back_as_floats():
    config = Prism(max_error=2).get_config()
    assert isinstance(config["max_error"], float)
    assert "rel_rmse" not in config
    assert Prism(max_error=np.float32(0.1)) == Prism(max_error=float(np.float32(0.1)))
    assert Prism(max_error=None, rel_rmse=None) == Prism()
    assert Prism(rel_rmse=0.1) != Prism(rel_rmse=0.1, of="deviation") != Prism(max_error=0.1)


@pytest.mark.parametrize(
    "options, word",
    [
        ({"max_error": -1}, "above 0"),
        ({"max_error": float("nan")}, "above 0"),
        ({"max_error": float("inf")}, "above 0"),
        ({"max_error": 0}, "above 0"),
        ({"max_error": 1e39}, "float32"),
        ({"max_error": True}, "max_error=on"),
        ({"rel_rmse": 1.0}, "between 0 and 1"),
        ({"max_error": 1, "rel_rmse": 0.1}, "another bound already"),
        ({"distance": 1}, "coder=jxl"),
        ({"distance": 16, "coder": "jxl"}, "at most 15"),
        ({"of": "deviation"}, "rel_rmse only"),
        ({"of": "mean", "rel_rmse": 0.1}, "rms, deviation"),
    ],
)
def test_bad_bounds_are_refused_with_the_reason(options, word):
    for refused in (lambda: Prism(**options), lambda: h5prism.encode(np.zeros(9, "i2"), **options)):
        with pytest.raises(PrismError, match=word) as caught:
            refused()
        assert caught.value.status == Status.OPTION


def test_numbers_have_a_point_in_every_locale(tmp_path):
    """Programs set locales in which numbers have a comma."""
    made = subprocess.run(
        ["localedef", "-i", "de_DE", "-f", "UTF-8", tmp_path / "de_DE.UTF-8"], capture_output=True
    )
    if not (tmp_path / "de_DE.UTF-8").exists():
        pytest.skip(f"no locale can be made: {made.stderr.decode()}")
    code = """
import locale
locale.setlocale(locale.LC_ALL, "de_DE.UTF-8")
assert locale.localeconv()["decimal_point"] == ","
import h5prism
assert h5prism.Prism(rel_rmse=0.25).get_config()["rel_rmse"] == 0.25
assert locale.localeconv()["decimal_point"] == ","
"""
    variables = os.environ | {"LOCPATH": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=variables)


# ---- Chunks ----

NUMBERS = ["i1", "u1", ">i2", "u2", "i4", ">u4", "f2", ">f4", "f8"]


@pytest.mark.parametrize("dtype", NUMBERS)
def test_max_error_holds_for_every_element(dtype):
    array = correlated((21, 30, 4), dtype)
    if array.dtype.kind == "f":
        array.flat[::97], array.flat[5], array.flat[6] = np.nan, np.inf, -np.inf
    for bound in (0.5, 3, 100):
        blob = h5prism.encode(array, max_error=bound, effort=2, verify=True)
        info, decoded = h5prism.inspect_chunk(blob), h5prism.decode(blob)
        error = largest_error(array, decoded)
        assert error <= bound and decoded.dtype == array.dtype
        assert len(blob) <= len(h5prism.encode(array, effort=2))
        assert info.bound in ("none", "max_error")
        if info.bound == "none":
            assert error == 0
        else:
            assert info.bound_value == bound and error <= info.reached <= bound
            assert np.isclose(info.reached, error, rtol=1e-6)


def test_a_bound_saves_something():
    array = embedding(48, 48, 16, "i1")
    sizes = [len(h5prism.encode(array, max_error=e)) for e in (1, 2, 4)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] < 0.8 * len(h5prism.encode(array))


def test_relative_to_the_range_of_the_chunk():
    array = correlated((40, 40), "f4") * 1000
    array[0, 0] = np.nan
    blob = h5prism.encode(array, rel_max_error=0.01)
    info = h5prism.inspect_chunk(blob)
    error = largest_error(array, h5prism.decode(blob)) / np.ptp(array[np.isfinite(array)])
    assert info.bound == "rel_max_error" and 0.001 < error <= info.reached <= np.float32(0.01)


@pytest.mark.parametrize("bound", [0.01, 0.05])
@pytest.mark.parametrize("of", ["rms", "deviation"])
def test_relative_rmse_holds(bound, of):
    array = correlated((40, 40, 12), "f4") + 100
    blob = h5prism.encode(array, rel_rmse=bound, of=of, axis=2)
    info, decoded = h5prism.inspect_chunk(blob), h5prism.decode(blob)
    whole = array - (array.mean((0, 1)) if of == "deviation" else 0)
    error = np.sqrt(((decoded - array).astype("f8") ** 2).mean() / (whole.astype("f8") ** 2).mean())
    assert error <= bound
    if info.bound != "none":
        assert (info.bound, info.bound_of) == ("rel_rmse", of)
        assert error <= info.reached * (1 + 1e-6) and info.reached <= bound


@pytest.mark.parametrize("dtype", ["i8", "u8"])
def test_integers_of_64_bits_keep_bounds_beyond_doubles(dtype):
    """Steps of 1 and the error are far below what doubles tell apart there."""
    array = (1 << 62) + np.cumsum(hashed((3000,), 4) % 9).astype(dtype)
    blob = h5prism.encode(array, max_error=3)
    decoded = h5prism.decode(blob)
    error = np.where(decoded > array, decoded - array, array - decoded)
    assert h5prism.inspect_chunk(blob).reached == error.max() <= 3
    assert len(blob) < len(h5prism.encode(array))


def test_without_a_bound_nothing_is_lost():
    array = embedding(20, 20, 4, "i1")
    info = h5prism.inspect_chunk(h5prism.encode(array))
    assert (info.bound, info.bound_of, info.bound_value, info.reached) == ("none", "rms", 0, 0)


# ---- Pictures ----

PICTURE = (picture(100, 130)[..., None] + np.arange(3) * 20).astype("u1")


@pytest.mark.parametrize(
    "array, axis",
    [
        (PICTURE, 2),
        (PICTURE[..., 0], None),
        (np.moveaxis(PICTURE, 2, 0).astype(">i2") * 50, 0),
        ((PICTURE.astype("u2") * 200), 2),
        ((PICTURE - 128).astype("i1"), 2),
        (PICTURE[:, None], 3),
    ],
    ids=["colours", "grey", "frames", "16 bits", "signed", "dimension of 1"],
)
def test_distance(array, axis):
    blobs = [h5prism.encode(array, coder="jxl", distance=d) for d in (1, 6)]
    errors = [relative_rmse(array, h5prism.decode(blob)) for blob in blobs]
    assert len(blobs[1]) < len(blobs[0]) < len(h5prism.encode(array))
    assert 0 < errors[0] < errors[1] < 0.3
    info = h5prism.inspect_chunk(blobs[0])
    assert (info.mapping, info.coder, info.axis, info.bound) == (
        "distance",
        "jxl",
        axis,
        "distance",
    )
    assert info.bound_value == 1 and np.isclose(info.reached, errors[0], rtol=1e-3)
    whole = h5prism.decode(blobs[0])
    plane = h5prism.decode(blobs[0], planes=[-1])
    np.testing.assert_array_equal(plane, whole if axis is None else whole.take([-1], axis))


def blocks(array, axis, side):
    """Means of blocks of `side` elements along an axis, the last one smaller."""
    starts = np.arange(0, array.shape[axis], side)
    sizes = np.minimum(side, array.shape[axis] - starts)
    shape = [-1 if i == axis else 1 for i in range(array.ndim)]
    return np.add.reduceat(array, starts, axis=axis) / sizes.reshape(shape)


@pytest.mark.parametrize("by", [1, 2, 3])
def test_reduced_pictures(by):
    blob = h5prism.encode(PICTURE, coder="jxl", distance=1)
    reduced, whole = h5prism.decode(blob, reduce=by), h5prism.decode(blob).astype("f8")
    expected = blocks(blocks(whole, 0, 1 << by), 1, 1 << by)
    assert reduced.shape == expected.shape and reduced.dtype == PICTURE.dtype
    if by < 3:
        assert np.abs(reduced - expected).max() <= 0.5
    else:  # what libjxl makes of low frequencies, which are not those of linear light
        assert np.corrcoef(reduced.ravel(), expected.ravel())[0, 1] > 0.9


def test_an_eighth_of_a_large_picture_needs_the_beginning_only():
    """Damage behind libjxl's low frequencies does not matter to it."""
    array = picture(600, 700).astype("u1")
    blob = bytearray(h5prism.encode(array, coder="jxl", distance=1))
    coarse = h5prism.decode(bytes(blob), reduce=3)
    expected = blocks(blocks(array.astype("f8"), 0, 8), 1, 8)
    assert np.corrcoef(coarse.ravel(), expected.ravel())[0, 1] > 0.9
    blob[len(blob) // 2 : -8] = bytes(len(blob) - 8 - len(blob) // 2)
    np.testing.assert_array_equal(h5prism.decode(bytes(blob), reduce=3, skip_checksum=True), coarse)


def fractal(height, width, channels):
    generator = np.random.default_rng(2)
    return (2 + fractals(6, height, width, generator) @ generator.normal(size=(6, channels))).astype("f4")


@pytest.mark.parametrize("by", [1, 2, 3])
@pytest.mark.parametrize("axis", [0, 2, None])
def test_reduced_wavelets(by, axis):
    array = fractal(130, 99, 8)
    array = array[..., 0] if axis is None else np.moveaxis(array, 2, axis)
    bound = 0.1 if axis is None else 0.05  # below, a single plane is smaller where it lies
    blob = h5prism.encode(array, rel_rmse=bound, **({} if axis is None else {"axis": axis}))
    info = h5prism.inspect_chunk(blob)
    assert info.mapping == "wavelet"
    reduced, expected = h5prism.decode(blob, reduce=by), h5prism.decode(blob).astype("f8")
    for side in [k for k in range(array.ndim) if k != info.axis]:
        expected = blocks(expected, side, 1 << by)
    assert reduced.shape == expected.shape
    assert np.corrcoef(reduced.ravel(), expected.ravel())[0, 1] > 0.9
    assert 0.9 < reduced.std() / expected.std() < 1.1


def test_chunks_without_smaller_pictures():
    for blob in (h5prism.encode(PICTURE), h5prism.encode(PICTURE, max_error=3)):
        with pytest.raises(PrismError, match="no smaller pictures") as caught:
            h5prism.decode(blob, reduce=2)
        assert caught.value.status == Status.OPTION
    blob = h5prism.encode(PICTURE, coder="jxl", distance=1)
    for by in (4, -1):
        with pytest.raises(PrismError, match="expected 0..3"):
            h5prism.decode(blob, reduce=by)
        with pytest.raises(PrismError, match="expected 0..3"):
            h5prism.reduced_size(blob, by)
    with pytest.raises(PrismError, match="all planes"):
        h5prism.decode(blob, reduce=1, planes=[0])


# ---- Beginnings ----


def beginnings(checksum):
    array = fractal(320, 330, 8)
    grey = np.moveaxis((array[..., :3] * 30 + 128).clip(0, 255).astype("u1"), 2, 0)
    yield h5prism.encode(array, rel_rmse=0.03, axis=2, checksum=checksum), (2, 3)
    yield h5prism.encode(grey, coder="jxl", distance=1, checksum=checksum), (3,)


@pytest.mark.parametrize("checksum", [True, False])
def test_a_beginning_is_enough(checksum):
    for blob, levels in beginnings(checksum):
        for by in (1, 2, 3):
            size = h5prism.reduced_size(blob[:512], by)
            assert (size < len(blob)) == (by in levels)
            expected = h5prism.decode(blob, reduce=by)
            np.testing.assert_array_equal(h5prism.decode(blob[:size], reduce=by), expected)
            if size < len(blob) - 30:
                np.testing.assert_array_equal(h5prism.decode(blob[: size + 20], reduce=by), expected)
        assert h5prism.reduced_size(blob, 3) < len(blob) / 2
        assert h5prism.reduced_size(blob, 0) == len(blob)


def test_beginnings_that_are_too_short():
    for blob, _ in beginnings(True):
        size = h5prism.reduced_size(blob, 3)
        for cut in (*range(60), size // 2, size - 1):
            with pytest.raises(PrismError) as caught:
                h5prism.decode(blob[:cut], reduce=3)
            assert caught.value.status == Status.TRUNCATED
        with pytest.raises(PrismError) as caught:
            h5prism.decode(blob[:size], reduce=1)
        assert caught.value.status == Status.TRUNCATED
        with pytest.raises(PrismError) as caught:
            h5prism.decode(blob[:size])
        assert caught.value.status == Status.TRUNCATED
        with pytest.raises(PrismError, match="bytes after the end"):
            h5prism.decode(blob + b"x", reduce=3)
        with pytest.raises(PrismError, match="within its header"):
            h5prism.reduced_size(blob[:20], 3)


def test_beginnings_have_checksums_of_their_own():
    """Damage within them is found, and damage behind them is of no matter."""
    for blob, _ in beginnings(True):
        size = h5prism.reduced_size(blob, 3)
        whole = h5prism.decode(blob, reduce=3)
        for place in (*range(60), *range(60, size, size // 50), size - 1):
            damaged = bytearray(blob[:size])
            damaged[place] ^= 16
            with pytest.raises(PrismError):
                h5prism.decode(damaged, reduce=3)
        damaged = bytearray(blob)
        damaged[size + 5] ^= 1
        np.testing.assert_array_equal(h5prism.decode(damaged, reduce=3), whole)
        with pytest.raises(PrismError):
            h5prism.decode(damaged)


def test_lengths_that_cannot_be():
    """A header without a checksum may say anything: more than there is is refused, or told."""
    for blob, _ in beginnings(False):
        for place in range(5, 60):
            for change in (1, 128):
                damaged = bytearray(blob)
                damaged[place] ^= change
                for by in (1, 3):
                    try:
                        told = h5prism.reduced_size(damaged[:512], by)
                        h5prism.decode(damaged[:told], reduce=by, memory_limit=1 << 26)
                    except PrismError as refused:
                        assert refused.status != Status.INTERNAL


# ---- Datasets ----


def test_datasets_and_what_inspect_says_of_them(tmp_path):
    array = correlated((60, 50, 8), "f4")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        written = h5prism.write(file, "x", array, chunks=(32, 32, 8), max_error=0.25)
        filtered = file.create_dataset(
            "y", data=array, chunks=(32, 32, 8), compression=Prism(max_error=0.25)
        )
        for dataset in (written, filtered):
            assert largest_error(array, dataset[...]) <= 0.25
            assert largest_error(array, h5prism.read(dataset)) <= 0.25
            chunks = h5prism.inspect(dataset)
            assert len(chunks) == 4 and all(c.filter_mask == 0 for c in chunks)
            assert {c.info.bound for c in chunks} == {"max_error"}
            assert max(c.info.reached for c in chunks) <= 0.25
            assert Prism.from_filter_options(
                dataset.id.get_create_plist().get_filter(0)[2]
            ) == Prism(max_error=0.25)
    code = "import sys, h5py; print(h5py.File(sys.argv[1])['y'][3, 4, 5])"  # by the filter alone
    plain = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    plain["HDF5_PLUGIN_PATH"] = str(LIBRARY.parent)
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "a.h5"], env=plain, capture_output=True, text=True
    )
    assert abs(float(done.stdout) - array[3, 4, 5]) <= 0.25, done
