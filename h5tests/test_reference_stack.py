"""transform=stack: the reference decoder and the library agree."""

import random
import zlib
from dataclasses import dataclass

import numpy as np
import pytest
import reference_decoder as reference
from generated import stack
from python_support import CONTENTS, NARROW_DTYPES, assert_same, often
from reference_decoder import Turn
from test_reference import Fields, RangeEncoder, assert_agree, assert_refused, varint

import h5prism

STAGES = {"transform": "stack", "coder": "deflate"}


def shuffled(frames, seed=3):
    return np.random.default_rng(seed).permutation(frames)


@pytest.mark.parametrize("predictor", ["none", "paeth"])
@pytest.mark.parametrize("dtype", ["uint8", "<u2", ">i2"])
def test_a_stack(dtype, predictor):
    frames = shuffled(stack(12, 30, 40)).astype(dtype)
    frames[7] = frames[3]
    chunk = h5prism.encode(frames, predictor=predictor, **STAGES)
    info = h5prism.inspect_chunk(chunk)
    assert (info.transform, info.predictor, info.axis) == ("stack", predictor, 0)
    assert_same(reference.decode(chunk), frames)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_frames_along_any_axis(axis):
    frames = np.moveaxis(shuffled(stack(10, 24, 30)), 0, axis)
    chunk = h5prism.encode(frames, axis=axis, **STAGES)
    info = h5prism.inspect_chunk(chunk)
    assert (info.transform, info.axis) == ("stack", axis)
    assert_same(assert_agree(chunk), np.ascontiguousarray(frames))


@pytest.mark.parametrize("dtype", NARROW_DTYPES)
@pytest.mark.parametrize("shape", [(1,), (9,), (5, 6), (40, 3, 4), (3, 6, 2, 5)], ids=str)
def test_other_contents(dtype, shape):
    for content in CONTENTS:
        array = content(shape, dtype, seed=1)
        assert_same(assert_agree(h5prism.encode(array, **STAGES)), array)


@pytest.mark.parametrize("effort", [1, 7])
def test_jxl(effort):
    frames = shuffled(stack(9, 40, 50))
    chunk = h5prism.encode(frames, transform="stack", coder="jxl", effort=effort)
    assert h5prism.inspect_chunk(chunk).transform == "stack"
    assert_same(h5prism.decode(chunk), frames)


@pytest.mark.parametrize("coder", ["deflate", "jxl"])
def test_auto_finds_frames(coder):
    frames = shuffled(stack(16, 96, 96) // 2 + stack(1, 96, 96, seed=9) // 2)
    chunk = h5prism.encode(frames, coder=coder, effort=5)
    assert len(chunk) <= len(h5prism.encode(frames, coder=coder, effort=5, transform="none"))


# Chunks made by hand


def write_plan(encoder, turns):
    models, last = reference.PlanModels(), Turn(-1, [])
    for t, turn in enumerate(turns):
        encoder.integer(models.plane, turn.plane - last.plane - 1)
        for which in range(2):
            more = which < len(turn.references)
            encoder.bit(models.more[which][len(last.references)], int(more))
            if not more:
                break
            reference_turn = turn.references[which]
            skipped = which == 1 and reference_turn < turn.references[0]
            encoder.integer(models.distances[which], t - 1 - reference_turn - skipped)
            if which == 0:
                encoder.bit(models.duplicates, int(turn.duplicates))
            if turn.duplicates:
                break
        last = turn


def parameters_of(turns):
    encoder, differs = RangeEncoder(), reference.BitModel()
    write_plan(encoder, turns)
    for turn in turns:
        if turn.references and not turn.duplicates:
            encoder.bit(differs, int(turn.differs))
    return encoder.section()


@dataclass
class Stack:
    """A chunk of planes along axis 0 with this plan and random residuals."""

    turns: list
    samples: int = 6
    type: int = 2
    predictor: int = 1
    parameters: bytes = b""
    stages: tuple = (3, 1, 1)

    def chunk(self):
        count = len(self.turns)
        size = self.samples * count * (1 if self.type < 3 else 2)
        residuals = bytes(random.Random(size).choices((0, 1, 127, 128, 200, 255), k=size))
        return Fields(
            type=self.type,
            dims=varint(count) + varint(self.samples),
            stages=self.stages,
            axis_plus_1=1,
            parameters=self.parameters or parameters_of(self.turns),
            payload=zlib.compress(residuals),
        ).chunk()


def random_turns(chance, count):
    """Any plan whose closures are short enough."""
    planes = list(range(count))
    if chance.random() < 0.7:
        chance.shuffle(planes)
    turns, closures = [], []
    for t, plane in enumerate(planes):
        references = chance.sample(range(t), min(t, chance.randint(0, 2)))
        closure = {t}.union(*(closures[u] for u in references))
        if len(closure) > 32:
            references, closure = [], {t}
        duplicates = len(references) == 1 and chance.random() < 0.3
        differs = bool(references) and (duplicates or chance.random() < 0.5)
        turns.append(Turn(plane, references, duplicates, differs))
        closures.append(closure)
    return turns


@pytest.mark.parametrize("seed", range(often(60)))
def test_any_plan(seed):
    chance = random.Random(seed)
    turns = random_turns(chance, chance.choice((1, 2, 5, 40, 150)))
    chunk = Stack(turns, 5, seed % 4 + 1, chance.randint(1, 2)).chunk()
    assert_agree(chunk)


def chain(count):
    return [Turn(t, [t - 1] if t else [], differs=t > 0) for t in range(count)]


def test_the_longest_chain():
    assert_agree(Stack(chain(32)).chunk())


PAIR = [Turn(0, []), Turn(1, [0])]
REFUSED = {
    "a plane twice": Stack([Turn(0, []), Turn(0, [])]),
    "a plane beyond the last": Stack([Turn(0, []), Turn(2, [])]),
    "a plane before the first": Stack([Turn(-1, []), Turn(1, [])]),
    "a reference to itself": Stack([Turn(0, []), Turn(1, [1])]),
    "a reference before the first": Stack([Turn(0, []), Turn(1, [-1])]),
    "a second reference at the first turn": Stack([Turn(0, []), Turn(1, [0, -1])]),
    "a chain of 33": Stack(chain(33)),
    "no parameters": Stack(PAIR, parameters=b"\0"),
    "bytes left over": Stack(PAIR, parameters=parameters_of(PAIR) + bytes(9)),
    "the native coder": Stack(PAIR, stages=(3, 3, 3)),
    "transform 4": Stack(PAIR, stages=(4, 1, 1)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_plans(name):
    assert_refused(REFUSED[name].chunk())


def test_truncated_parameters_are_refused():
    whole = parameters_of(random_turns(random.Random(1), 12))
    for size in range(1, len(whole)):
        assert_refused(Stack([None] * 12, parameters=whole[:size]).chunk())
