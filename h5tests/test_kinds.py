"""Automatic options on many kinds of data: never larger than gzip, nor than a pipeline of our own,
nor than at the effort before."""

import numpy as np
import pytest
from kinds import KINDS, R, relief
from support.automatic import OWN_ALLOWANCE, PIPELINES, format_automatic, measure_automatic

import h5prism

EFFORTS = (1, 5)

# Where one of our own pipelines is up to so many times smaller: the choice of the native coder's
# layout at effort 1, and of coders for the integers of a mapping.
KNOWN = {
    "sorted ids": 1.04,
    "standardised table": 1.08,
    "half floats": 1.12,
    "tracts": 1.02,
}

# At effort 1, gzip-9, which is far slower, may be so much smaller.
GZIP_ALLOWANCE = {1: 1.08, 5: 1}


def test_there_are_many_kinds():
    assert len(KINDS) >= 40
    assert all(make().nbytes >= 4096 for make in KINDS.values())


@pytest.mark.parametrize("kind", KINDS)
def test_never_larger(kind):
    array = np.ascontiguousarray(KINDS[kind]())
    quick = tuple(pipeline for pipeline in PIPELINES if pipeline["coder"] != "jxl")
    rows = measure_automatic(array, EFFORTS, quick)  # which verifies
    for row in rows:
        assert row.automatic <= GZIP_ALLOWANCE[row.effort] * row.gzip + 64, format_automatic(rows)
        own = KNOWN.get(kind, OWN_ALLOWANCE) * row.best + 64
        assert row.automatic <= own, format_automatic(rows)


# What more effort may cost, and where it costs so many times more: fits of method quick to all
# samples of a short line, libjxl's own efforts, and the choice of layouts and of method palette.
GROWTH, GROWTH_BYTES = 1.002, 64
KNOWN_GROWTH = {
    "chirp after zeros": 1.11,
    "drawings": 1.02,
    "genotypes": 1.04,
    "left neighbours": 1.02,
    "quantised audio": 1.1,
    "standardised table": 1.1,
}


@pytest.mark.parametrize("kind", KINDS)
def test_more_effort_is_never_larger(kind):
    array = np.ascontiguousarray(KINDS[kind]())
    sizes = [len(h5prism.encode(array, effort=effort)) for effort in range(1, 8)]
    growth = KNOWN_GROWTH.get(kind, GROWTH)
    for less, more in zip(sizes, sizes[1:]):
        assert more <= growth * less + GROWTH_BYTES, sizes


def plot():
    """Ticks and labels of grey glyphs around an empty middle, RGBA."""
    rng, picture = np.random.default_rng(5), np.full((300, 400, 4), 255, "u1")
    glyphs = rng.integers(0, 256, (10, 9, 6)) * (rng.random((10, 9, 6)) < 0.5)

    def put(y, x):
        picture[y : y + 9, x : x + 6, :3] = (255 - glyphs[rng.integers(10)])[..., None]

    for column in range(60):
        put(rng.choice((4, 16, 270, 284)), 4 + 6 * column)
    for row in range(10, 290, 14):
        for x in (3, 9, 15, 380, 386):
            put(row, x)
    picture[30, 30:370, :3] = picture[30:260, 30, :3] = 0
    return picture


@pytest.mark.parametrize("make", (plot,))
@pytest.mark.parametrize("effort", (5, 7))
def test_automatic_options_are_the_best_where_samples_mislead(make, effort):
    """An empty middle says nothing of a drawing."""
    array = make()
    automatic = len(h5prism.encode(array, effort=effort, verify=True))
    for pipeline in PIPELINES:
        if pipeline["coder"] != "jxl":
            own = len(h5prism.encode(array, effort=effort, **pipeline))
            assert automatic <= OWN_ALLOWANCE * own, pipeline


def test_of_few_samples_any_effort_may_choose_method_quick():
    """Bursts that fade: what method lsq sends beside the samples is more than it saves."""
    t = np.arange(6000)
    bursts = [
        size * np.exp(-(t - start) / 400) * np.sin((t - start) * 0.07) * (t >= start)
        for start, size in ((0, 1), (2100, 2), (3500, 0.5))
    ]
    chunk = h5prism.encode(np.sum(bursts, axis=0).astype("f4"), coder="ans", effort=5)
    assert h5prism.inspect_chunk(chunk).method == "quick"
    assert np.array_equal(h5prism.decode(chunk), np.sum(bursts, axis=0).astype("f4"))


def test_frames_where_something_moves_over_a_scene():
    """A lift gains much by the scene, and frames gain more by what moves."""
    scene = relief((240, 320), 501, 6) * 150 + relief((240, 320), 502, 20) * 90 + 128
    frames = np.repeat(scene[None], 24, 0)
    for k in range(24):
        frames[k, 90:140, 6 * k : 6 * k + 60] = scene[100:150, :60]
    frames += R(503).normal(0, 1, frames.shape)
    array = np.clip(np.rint(frames), 0, 255).astype("u1")
    stack = h5prism.encode(array, transform="stack", predictor="lsq", coder="ans", axis=0)
    assert len(h5prism.encode(array)) <= OWN_ALLOWANCE * len(stack)
