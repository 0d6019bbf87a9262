"""Hashes of planes against the same definitions in numpy, and how good plans of stacks are."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("H5PRISM_BUILD", ROOT / "build")).resolve()
sys.path.insert(0, str(ROOT / "scripts"))

from support.stacks import exponentials


@dataclass
class Frame:
    plane: int
    duplicates: bool
    references: list


@dataclass
class Probed:
    """What stack_probe prints."""

    hashes: list
    frames: list
    plan_bytes: int = 0

    @property
    def order(self):
        return [frame.plane for frame in self.frames]


def probe(stack):
    program = BUILD / "bin" / "stack_probe"
    arguments = [str(n) for n in (*stack.shape, 8 * stack.dtype.itemsize)]
    elements = stack.astype(stack.dtype.newbyteorder("<")).tobytes()
    done = subprocess.run([program, *arguments], input=elements, capture_output=True, check=True)
    probed = Probed([], [])
    for line in done.stdout.decode().splitlines():
        name, *values = line.split()
        if name == "hash":
            probed.hashes.append(tuple(int(value, 16) for value in values))
        elif name == "frame":
            plane, duplicates, *references = map(int, values)
            probed.frames.append(Frame(plane, bool(duplicates), references))
        elif name == "bytes":
            probed.plan_bytes = int(values[0])
    return probed


def shares(size, cells):
    """A matrix: how much of each cell each sample covers, times the number of cells."""
    edges = np.arange(size + 1) * cells
    bounds = np.arange(cells + 1)[:, np.newaxis] * size
    overlap = np.minimum(edges[1:], bounds[1:]) - np.maximum(edges[:-1], bounds[:-1])
    return np.maximum(overlap, 0)


def cell_sums(plane, rows, columns):
    height, width = plane.shape
    return shares(height, rows) @ plane.astype(np.int64) @ shares(width, columns).T


def to_hash(bits):
    return int("".join("01"[int(bit)] for bit in np.ravel(bits)), 2)


def average_hash(plane):
    cells = cell_sums(plane, 8, 8)
    return to_hash(64 * cells > cells.sum())


def difference_hash(plane):
    cells = cell_sums(plane, 8, 9)
    return to_hash(cells[:, 1:] > cells[:, :-1])


def dct_margins(plane):
    """The lowest frequencies less their median."""
    waves = np.cos(np.pi * np.outer(np.arange(32), 2 * np.arange(32) + 1) / 64)
    cells = cell_sums(plane, 32, 32).astype(float)
    low = (waves @ cells @ waves.T)[:8, :8]
    return (low - np.median(low)) / (np.abs(low).max() + 1)


def smooth_noise(shape, dtype, seed):
    chance = np.random.default_rng(seed)
    walk = chance.normal(size=shape).cumsum(axis=1).cumsum(axis=2)
    walk = (walk - walk.min()) / np.ptp(walk)
    return (walk * np.iinfo(dtype).max).astype(dtype)


@pytest.mark.parametrize("dtype", ["u1", "<u2"])
@pytest.mark.parametrize("size", [(8, 9), (32, 32), (37, 101), (100, 64), (3, 5), (1, 40)])
def test_hashes(size, dtype):
    stack = smooth_noise((5, *size), dtype, seed=sum(size))
    middle = 1 << (8 * stack.dtype.itemsize - 1)
    for plane, hashes in zip(stack, probe(stack).hashes, strict=True):
        samples = plane.astype(np.int64) - middle
        assert hashes[:2] == (average_hash(samples), difference_hash(samples))
        margins = dct_margins(samples)
        clear = np.abs(margins) > 1e-9  # the rest is up to rounding
        assert hashes[2] & to_hash(clear) == to_hash(clear & (margins > 0))


def entropy(residuals):
    counts = np.unique(residuals, return_counts=True)[1]
    return float(-(counts * np.log2(counts / residuals.size)).sum())


def median_edge(plane):
    """Residuals of the median edge detector, outside the first row and column."""
    plane = plane.astype(np.int32)
    here, west, north, corner = plane[1:, 1:], plane[1:, :-1], plane[:-1, 1:], plane[:-1, :-1]
    low, high = np.minimum(west, north), np.maximum(west, north)
    return here - np.clip(west + north - corner, low, high)


def cost(stack, frames):
    """Bits if each frame is coded alone, or as the difference from its first reference."""
    bits = 0.0
    for frame in frames:
        plane = stack[frame.plane].astype(np.int32)
        if frame.references:
            plane -= stack[frames[frame.references[0]].plane]
        bits += 0.0 if frame.duplicates else entropy(median_edge(plane))
    return bits


def moving(count):
    """A scene that changes slowly, and noise."""
    chance = np.random.default_rng(2)
    scene = chance.normal(size=(count, 80, 90)).cumsum(axis=0) + 4 * chance.normal(size=(80, 90))
    return np.clip(128 + 12 * scene + chance.normal(size=scene.shape), 0, 255).astype("u1")


STACKS = {
    "exponentials": lambda: exponentials()[::7],
    "moving": lambda: moving(20),
    "long": lambda: moving(90),
}


@pytest.mark.parametrize("name", STACKS)
def test_shuffled_stacks_cost_what_sorted_ones_do(name):
    stack = STACKS[name]()
    shuffled = np.random.default_rng(5).permutation(stack)
    costs = [cost(frames, probe(frames).frames) for frames in (stack, shuffled)]
    assert costs[1] < 1.03 * costs[0]
    alone = [Frame(plane, False, []) for plane in range(len(stack))]
    assert costs[0] < 0.97 * cost(stack, alone)


def test_a_stack_in_order_costs_a_few_bytes():
    probed = probe(moving(20))
    assert probed.order == list(range(20))
    assert probed.plan_bytes < 24


def test_generated_stacks():
    stack, shuffled = exponentials(), exponentials(shuffle=1)
    assert stack.shape == (1728, 201, 301) and stack.dtype == np.uint8
    assert stack[0].max() == 255  # in the middle
    assert sorted(map(hash, map(bytes, stack))) == sorted(map(hash, map(bytes, shuffled)))
    assert not np.array_equal(stack, shuffled)
