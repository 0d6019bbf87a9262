"""Automatic options at sizes and efforts where another way used to be missed."""

import numpy as np
import pytest
from generated import hashed
from kinds import R, relief
from python_support import assert_same

import h5prism

OWN = {"transform": "none", "predictor": "lsq", "coder": "ans", "axis": 0}


def boxes(bytes_, seed):
    """Frames of 100 x 100 labels: boxes over boxes, moving."""
    rng, frames = R(seed), np.zeros((-(-bytes_ // 10000), 100, 100), "u1")
    for _ in range(40):
        y, x, height, width = rng.integers(0, 80, 4)
        step, value = rng.integers(1, 4), rng.integers(1, 30)
        for k, frame in enumerate(frames):
            left = (x + step * k) % 90
            frame[y : y + height // 2 + 3, left : left + width // 2 + 3] = value
    return frames


@pytest.mark.parametrize("effort", (5, 8))
@pytest.mark.parametrize("bytes_", (500_000, 900_000, 1 << 20))
def test_few_values_are_coded_by_indices_whatever_their_size(bytes_, effort):
    """What decoding may take does not rule method palette out."""
    array = boxes(bytes_, 1)
    chunk = h5prism.encode(array, effort=effort, verify=True)
    own = h5prism.encode(array, effort=effort, **OWN)
    assert h5prism.inspect_chunk(own).method == "palette"
    assert len(chunk) <= 1.002 * len(own)


def field(height, width, steps):
    """A smooth map in eighths, without data outside of a rhomb."""
    out = np.rint(relief((height, width), 4, 3) * steps) / 8
    y, x = np.mgrid[:height, :width]
    out[np.abs(x - width / 2) + np.abs(y - height / 2) > 0.7 * height] = np.nan
    return out.astype("f4")


@pytest.mark.parametrize("steps", (8, 1000))
def test_where_only_size_counts_a_mask_does_not_rule_others_out(steps):
    """Places without data are a mask that is sure to pay, but frames make more of what is smooth."""
    array = field(181, 361, steps)
    sizes = {effort: len(h5prism.encode(array, effort=effort)) for effort in (5, 7, 8, 9)}
    assert sizes[7] <= 1.002 * sizes[5]
    assert sizes[8] <= 1.002 * sizes[7]
    assert sizes[9] <= 1.002 * sizes[8]


def video(scale, rounds, contrast, noise):
    """A still scene of which a part moves over it."""
    height, width = 240 // scale, 320 // scale
    scene = relief((height, width), 501, rounds) * contrast
    scene += relief((height, width), 502, 20) * 90 + 128
    frames = np.repeat(scene[None], 24, 0)
    for k in range(24):
        left = 4 * k // scale
        frames[k, height // 3 : height // 2, left : left + width // 5] = scene[
            height // 2 : height // 2 + height // 2 - height // 3, : width // 5
        ]
    frames += R(503).normal(0, noise, frames.shape)
    return np.clip(np.rint(frames), 0, 255).astype("u1")


@pytest.mark.parametrize("scale", (1, 2, 4))
@pytest.mark.parametrize("rounds, contrast, noise", ((3, 120, 0.3), (4, 120, 1), (3, 60, 1)))
def test_videos_in_which_little_moves_are_frames(scale, rounds, contrast, noise):
    """A lift is strong where a scene stands still, and rows of it are more alike than frames."""
    array = video(scale, rounds, contrast, noise)
    stack = h5prism.encode(array, transform="stack", predictor="lsq", coder="ans", axis=0)
    assert len(h5prism.encode(array)) <= 1.01 * len(stack)


def cine(colours, seed):
    """Frames of a picture that stands still but for its middle."""
    rng, frames = R(seed), np.zeros((6, 240, 320, colours), "u1")
    frames[:] = (relief((240, 320), seed) * 120)[..., None].clip(0, 200)
    frames[:, ::9] = rng.integers(0, 256, (27, 320, colours)) * (rng.random((27, 320, 1)) < 0.3)
    for k, frame in enumerate(frames):
        frame[75:165, 120:200] = (relief((90, 80), seed + k) * 90 + 100).clip(0, 255)[..., None]
        frame[75:165, 120:200] += rng.integers(0, 9, (90, 80, 1)).astype("u1")
    return frames if colours > 1 else frames[..., 0]


@pytest.mark.parametrize("colours", (1, 3))
@pytest.mark.parametrize("effort", (5, 7))
def test_stacks_that_move_in_the_middle_only(colours, effort):
    """A sample of the middle says little of the still parts around it. Which way pictures lie, it does
    not say, either."""
    array = cine(colours, 3)
    options = {"transform": "stack", "predictor": "lsq", "coder": "ans"}
    stacks = [len(h5prism.encode(array, effort=effort, axis=0, **options))]
    if colours > 1:
        stacks.append(len(h5prism.encode(array, effort=effort, axis=3, **options)))
    assert len(h5prism.encode(array, effort=effort)) <= 1.05 * min(stacks)


def weather(days, seed):
    """Rain, the warmest and the coldest of each day, and wind, in tenths."""
    rng = R(seed)
    warm = 16 - 9 * np.sin(np.arange(days) * 2 * np.pi / 365)
    warm += np.convolve(rng.normal(0, 2.5, days + 6), np.ones(7) / 2.6, "valid")
    rain = (rng.random(days) < 0.4) * rng.exponential(8, days)
    cold = warm - 6 + rng.normal(0, 1.5, days) - 3 * (rain > 0)
    table = np.stack([rain, warm, cold, rng.gamma(4, 0.8, days)], axis=1)
    return table.round(1).astype("f4")


@pytest.mark.parametrize("days", (900, 1461))
def test_few_samples_are_never_larger_by_more_effort(days):
    """What more engines learn comes too late."""
    array = weather(days, 1)
    sizes = [len(h5prism.encode(array, effort=effort)) for effort in (5, 6, 7, 8, 9)]
    assert all(more <= 1.002 * less for less, more in zip(sizes, sizes[1:])), sizes


def streets(classes: int, busy: float, cell: int, post: int, jump: int) -> np.ndarray:
    """Label maps: posts above and below, regions in the middle that two maps share; all
    move by `jump` from map to map, and some specks do not."""
    k, y, x = np.indices((24, 240, 320))
    place = x + jump * k + hashed((4096,), 11)[y // 5] % 3
    posts = hashed((4096,), 5)[place // post % 4096] % (classes // 3)
    region = place // cell * 131 + (y + place % 3) // (cell // 2) * 7 + k // 2 * 977
    regions = hashed((1 << 16,), 3)[region % (1 << 16)] % classes
    labels = np.where(abs(2 * y - 240) < busy * 240, regions, posts)
    return np.where(hashed(k.shape, 13) < 60, hashed(k.shape, 14) % classes, labels).astype("u2")


@pytest.mark.parametrize(
    "scene", [(0.5, 12, 7, 37), (0.3, 20, 9, 37), (0.4, 16, 9, 101), (0.4, 30, 19, 101)], ids=str
)
@pytest.mark.parametrize(("classes", "effort"), [(12, 5), (12, 8), (100, 5), (400, 5)])
def test_labels_lie_along_their_best_axis(classes, scene, effort):
    """Estimates say little of names: a part of the maps shows which axis is best."""
    array = streets(classes, *scene)
    options = {"transform": "none", "predictor": "lsq", "coder": "ans", "effort": effort}
    sizes = [len(h5prism.encode(array, axis=axis, **options)) for axis in range(3)]
    data = h5prism.encode(array, effort=effort)
    assert_same(h5prism.decode(data), array)
    assert h5prism.inspect_chunk(data).axes == (sizes.index(min(sizes)),)
    if classes < 64:  # of more, the order of rows and columns counts, which is another one
        assert len(data) <= 1.01 * min(sizes)


@pytest.mark.parametrize("classes", [12, 400])
def test_more_contexts_never_make_labels_larger(classes):
    array = streets(classes, 0.5, 12, 7, 37)
    sizes = [len(h5prism.encode(array, effort=effort, axis=0)) for effort in (7, 8)]
    assert sizes[1] <= 1.002 * sizes[0]
