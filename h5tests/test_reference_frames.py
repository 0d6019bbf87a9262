"""The reference decoder of the method frames and the library agree."""

import random
from collections import defaultdict
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import reference_decoder as reference
import reference_frames as frames
import reference_native  # noqa: F401  (decodes coder 3 once it is imported)
from generated import hashed, picture, scene
from python_support import CONTENTS, NARROW_DTYPES, assert_same, noise, often
from reference_decoder import Turn
from reference_integers import limited
from test_reference import Fields, RangeEncoder, varint
from test_reference_native import ChosenDigits, assert_agree
from test_reference_stack import random_turns, write_plan

import h5prism

METHOD = 4


def encode(array, axis=0, effort=5, **options):
    stages = {"transform": "stack", "predictor": "lsq", "coder": "ans"}
    return h5prism.encode(array, **stages, axis=axis, effort=effort, **options)


def parameters_of(data):
    """The plan, the shapes and the fields of a chunk of this method."""
    chunk = reference.read_container(data)
    assert (chunk.coder, chunk.parameters[0]) == (3, METHOD)
    return frames.read_parameters(chunk, chunk.parameters[1:])


def check(array, **options):
    """Returns the plan and the fields of the chunk, which both decode."""
    data = encode(array, **options)
    turns, _, fields = parameters_of(data)
    assert_same(reference.decode(data), array)
    assert_same(h5prism.decode(data), array)
    return turns, fields


# Chunks that the library made


@pytest.mark.parametrize("dtype", NARROW_DTYPES)
@pytest.mark.parametrize("shape", [(1, 20, 30), (2, 33, 47), (5, 16, 48), (5, 37, 61)], ids=str)
def test_scenes(shape, dtype):
    turns, fields = check(scene(shape, dtype), effort=4 + shape[0] % 4)
    assert len(turns) == shape[0]
    assert fields[0].begins


@pytest.mark.parametrize("effort", range(1, 8))
def test_efforts(effort):
    check(scene((4, 24, 50), "uint8"), effort=effort, checksum=bool(effort % 2))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_any_axis(axis):
    array = np.ascontiguousarray(np.moveaxis(scene((4, 24, 30), "int16"), 0, axis))
    check(array, axis=axis)


@pytest.mark.parametrize("colours", [1, 3])
def test_pictures_are_frames(colours):
    """By automatic options: a matrix is one frame, colours along the last axis are some."""
    image = picture(160, 200)
    planes = [image, image // 2 + (hashed(image.shape, 9) >> 12), 255 - image // 3]
    array = image if colours == 1 else np.stack(planes, -1).astype("u1")
    data = h5prism.encode(array)
    info = h5prism.inspect_chunk(data)
    assert (info.transform, info.planes) == ("stack", colours)
    assert info.axis == (None if colours == 1 else 2)
    others = [h5prism.encode(array, transform=name, coder="ans") for name in ("none", "channels")]
    assert len(data) < 0.985 * min(map(len, others))
    assert_same(reference.decode(data), array)
    assert_same(h5prism.decode(data), array)


def test_frames_have_references():
    turns, _ = check(scene((6, 40, 64), "uint8"))
    assert {len(turn.references) for turn in turns} == {0, 1, 2}


@pytest.mark.parametrize("dtype", ["uint8", "int16"])
def test_duplicates(dtype):
    """Also of a constant frame, and as references."""
    array = scene((7, 24, 50), dtype)
    array[3], array[5], array[6] = array[1], 7, 7
    turns, fields = check(array)
    assert sum(turn.duplicates for turn in turns) == 2
    assert sum(of_frame is None for of_frame in fields) == 2


@pytest.mark.parametrize("dtype", NARROW_DTYPES)
def test_constant_frames(dtype):
    array = scene((5, 24, 50), dtype)
    array[0], array[2], array[4] = np.iinfo(dtype).min, np.iinfo(dtype).max, 5
    _, fields = check(array)
    assert sum(of_frame.constant for of_frame in fields) == 3


def test_nothing_but_constant_frames():
    """At an effort that does not try indices."""
    array = np.repeat(np.arange(70, dtype="uint8"), 60).reshape(70, 6, 10)
    turns, _ = check(array, effort=3)
    assert not reference.read_container(encode(array, effort=3)).payload
    assert len(turns) == 70


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_unrelated_noise(dtype):
    """On a slope: alone it would be stored raw, coded as indices, or by how often values come."""
    slope = np.arange(50, dtype=dtype) * (np.iinfo(dtype).max // 100)
    array = noise((5, 30, 50), dtype) // 6 + slope
    turns, _ = check(array)
    assert any(not turn.references for turn in turns)


@pytest.mark.parametrize("dtype", ["int16", "uint16"])
@pytest.mark.parametrize("bits", [3, 9, 14])
def test_large_errors(bits, dtype):
    """Low bits, and energies in larger units."""
    array = (hashed((3, 20, 60), 5) >> (16 - bits)).astype(dtype)
    array += np.arange(60, dtype=dtype) * 9
    _, fields = check(array)
    assert (max(of_frame.error_shift for of_frame in fields) > 0) == (bits > 3)


def test_far_means():
    """Differences of samples wrap to 16 bits."""
    array = scene((4, 24, 50), "int16") // 8
    array[1::2] = 32767 - np.abs(array[1::2])
    array[:, 3, 4] = -32768
    check(array)


def test_several_segments():
    _, fields = check(scene((20, 9, 50), "uint8"))
    assert sum(of_frame.begins for of_frame in fields) == 2


SMALL = [(1, 1, 1), (3, 1, 1), (400, 1, 1), (3, 1, 200), (3, 200, 1), (30, 2, 3), (1, 1, 2000)]
SMALL += [(1, 2000, 1), (3, 17, 2), (2, 16, 48), (2, 3, 47), (40, 7, 9)]


def ramp(shape, dtype, seed=0):
    """Something that even the smallest chunks code."""
    values = np.arange(int(np.prod(shape))) * 3 // 7 + hashed(shape, seed).ravel() % 3
    return (values % 90).astype(dtype).reshape(shape)


@pytest.mark.parametrize("shape", SMALL, ids=str)
def test_small_shapes(shape):
    """Chunks of no use become raw ones."""
    coders = set()
    for index, content in enumerate([*CONTENTS, ramp]):
        for dtype in NARROW_DTYPES[index % 2 :: 2]:
            array = content(shape, dtype, seed=index)
            data = encode(array)
            coders.add(h5prism.inspect_chunk(data).coder)
            assert_same(reference.decode(data), array)
            assert_same(h5prism.decode(data), array)
    assert "ans" in coders or np.prod(shape) < 100


def test_damage():
    """Whatever the bits, both decoders give the same elements or both refuse."""
    chance = random.Random(1)
    data = encode(scene((4, 12, 20), "int16"), checksum=False)
    info = h5prism.inspect_chunk(data)
    for _ in range(150):
        damaged = bytearray(data)
        position = chance.randrange(info.parameter_bytes + 200)
        damaged[info.header_bytes + position] ^= 1 << chance.randrange(8)
        assert_agree(bytes(damaged))
    for size in range(1, 300, 7):
        assert not assert_agree(data[:-size])


# Chunks with chosen fields and digits, most of which no encoder would make


class ChosenSegments:
    """Chooses what it should decode, and notes how many words encoding that takes."""

    def __init__(self, chance):
        self.chance, self.segments = chance, []

    def of_frame(self, fields, series):
        if fields.begins:
            self.segments.append(ChosenDigits(self.chance, frames.CodedFrame))
        return self.segments[-1]

    def end(self, series):
        self.payloads = [segment.payload() for segment in self.segments]


class ParametersWriter:
    """The inverse of read_parameters."""

    def __init__(self, turns, shapes, fields, mixed=False):
        self.mixed = mixed
        self.encoder = RangeEncoder()
        self.integers = defaultdict(reference.IntegerModel)
        self.bits = defaultdict(reference.BitModel)
        write_plan(self.encoder, turns)
        for before, shape in zip([40, *shapes], shapes):
            self.integer("shape", shape - before)
        last = frames.FrameFields()
        for turn, of_frame in zip(turns, fields):
            if of_frame is not None:
                last = self.frame(of_frame, last, len(turn.references))

    def integer(self, name, value):
        self.encoder.integer(self.integers[name], value)

    def bit(self, name, bit):
        self.encoder.bit(self.bits[name], int(bit))

    def differences(self, names, of_frame, last):
        for name in names:
            self.integer(name, getattr(of_frame, name) - getattr(last, name))

    def frame(self, of_frame, last, references):
        """Returns what `last` is for the next frame."""
        self.bit("constant", of_frame.constant)
        self.differences(["mean"], of_frame, last)
        if of_frame.constant:
            return replace(last, mean=of_frame.mean)
        if not self.mixed:
            self.bit("begins", of_frame.begins)
        if of_frame.begins and not self.mixed:
            self.integer("high", of_frame.words >> 15)
            self.integer("low", of_frame.words & 32767)
        levels, gates = list(last.levels), list(last.gates)
        for t in [*range(9 * references), *range(18, 24)]:
            self.integer(f"tap {t}", of_frame.levels[t] - levels[t])
            levels[t] = of_frame.levels[t]
        self.integer("bias", of_frame.bias)
        self.differences(["start_error", "error_shift", "power"], of_frame, last)
        for e in range(1, frames.EXPERTS[references]):
            self.integer(f"gate {e}", of_frame.gates[e] - gates[e])
            gates[e] = of_frame.gates[e]
        scales = () if self.mixed else ("offset", "running", "blur", "error", "spread", "energy")
        self.differences([f"scale_{name}" for name in scales], of_frame, last)
        return replace(of_frame, levels=tuple(levels), gates=tuple(gates))


LIMITS = {"mean": (-32768, 32767), "bias": (-32768, 32768), "start_error": (0, 31)}
LIMITS |= {"error_shift": (0, 10), "power": (0, 255), "scale_offset": (-4096, 4096)}
LIMITS |= {"scale_running": (-127, 127), "scale_blur": (-127, 127), "scale_error": (-128, 128)}
LIMITS |= {"scale_spread": (-128, 128), "scale_energy": (-128, 128)}
USUAL = {"mean": (-200, 200), "bias": (-20, 20), "start_error": (0, 20), "error_shift": (0, 2)}
USUAL |= {"power": (50, 150), "scale_offset": (-50, 50), "scale_running": (-9, 30)}
USUAL |= {"scale_blur": (-9, 30), "scale_error": (-5, 60), "scale_spread": (-5, 40)}
USUAL |= {"scale_energy": (-5, 40)}


@dataclass
class Chooser:
    """Chooses fields: mostly reasonable ones, some at or anywhere within their limits."""

    chance: random.Random
    wild: float

    def number(self, limits, usual):
        if self.chance.random() < self.wild:
            return self.chance.choice((*limits, self.chance.randint(*limits)))
        return self.chance.randint(*usual)

    def fields(self, turns):
        chosen, begins = [], True
        for turn in turns:
            if turn.duplicates:
                chosen.append(None)
                continue
            constant = self.chance.random() < 0.15
            chosen.append(self.frame(constant, begins and not constant, len(turn.references)))
            begins = begins and constant or self.chance.random() < 0.3
        return chosen

    def frame(self, constant, begins, references):
        """Taps and gates of references that are not there are 0."""
        numbers = {name: self.number(limits, USUAL[name]) for name, limits in LIMITS.items()}
        if constant:
            return frames.FrameFields(constant=True, mean=numbers["mean"])
        levels = [self.number((-2047, 2047), (-60, 60)) for _ in range(24)]
        levels[9 * references : 18] = [0] * (18 - 9 * references)
        gates = [self.number((-48, 48), (-8, 8)) for _ in range(frames.EXPERTS[references])]
        gates = [0, *gates[1:]] + [0] * (16 - len(gates))
        numbers |= {"levels": tuple(levels), "gates": tuple(gates)}
        return frames.FrameFields(begins=begins, **numbers)


@dataclass
class Chosen:
    """A chunk of planes along the first axis, with digits chosen for `coded`."""

    turns: list
    fields: list
    height: int
    width: int
    type: int
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    shapes: list = field(default_factory=lambda: [40] * 32)
    coded: list | None = None  # the same fields if None
    stages: tuple = (3, 3, 3)
    more_words: int = 0

    def chunk(self):
        segments = ChosenSegments(self.chance)
        frame = reference.read_container(self.with_bytes(b"", b""))
        coded = self.fields if self.coded is None else self.coded
        shapes = [limited(shape, 0, 79) for shape in self.shapes]
        frames.decode_stack(frame, self.turns, shapes, coded, segments)
        fields = self.with_words(segments.payloads)
        section = ParametersWriter(self.turns, self.shapes, fields).encoder.section()
        return self.with_bytes(section, b"".join(segments.payloads))

    def with_words(self, payloads):
        words = (len(payload) // 2 + self.more_words for payload in payloads)
        return [f and replace(f, words=next(words) if f.begins else 0) for f in self.fields]

    def with_bytes(self, section, payload):
        dims = b"".join(map(varint, (len(self.turns), self.height, self.width)))
        fields = Fields(type=self.type, rank=3, dims=dims, axis_plus_1=1, stages=self.stages)
        return replace(fields, parameters=bytes([METHOD]) + section, payload=payload).chunk()


@pytest.mark.parametrize("seed", range(often(48)))
def test_any_fields(seed):
    """Also where sums overflow."""
    chance = random.Random(seed)
    chooser = Chooser(chance, wild=(0, 0.02, 0.2, 1)[seed % 4])
    height, width = chance.choice(((1, 1), (5, 3), (2, 40), (35, 2), (19, 67), (33, 48)))
    turns = random_turns(chance, chance.choice((1, 2, 5, 8)))
    shapes = [chance.randint(0, 79) for _ in range(32)]
    made = Chosen(turns, chooser.fields(turns), height, width, seed // 4 % 4 + 1, chance, shapes)
    assert assert_agree(made.chunk())


TRIPLE = [Turn(0, []), Turn(1, [0]), Turn(2, [1, 0])]
PLAIN = frames.FrameFields(scale_offset=300)


def with_fields(k=1, **changed):
    """Frame k has these fields; digits are chosen for what it has otherwise."""
    coded = [replace(PLAIN, begins=True), PLAIN, PLAIN]
    fields = list(coded)
    fields[k] = replace(fields[k], **changed)
    return Chosen(TRIPLE, fields, 5, 7, 3, coded=coded)


def tap(t, level):
    return tuple(level if t == i else 0 for i in range(24))


def gate(e, level):
    return tuple(level if e == i else 0 for i in range(16))


def assert_limits(low, high, make):
    """Of what `make` makes chunks of."""
    for value in (low, high):
        assert assert_agree(replace(make(value), coded=None).chunk()), value
    for value in (low - 1, high + 1):
        assert not assert_agree(make(value).chunk()), value


@pytest.mark.parametrize("name", LIMITS)
def test_limits(name):
    assert_limits(*LIMITS[name], lambda value: with_fields(**{name: value}))


@pytest.mark.parametrize("t", [0, 8, 18, 23])
def test_limits_of_taps(t):
    assert_limits(-2047, 2047, lambda level: with_fields(levels=tap(t, level)))


@pytest.mark.parametrize("e", [1, 11])
def test_limits_of_gates(e):
    assert_limits(-48, 48, lambda level: with_fields(gates=gate(e, level)))


def test_limits_of_shapes():
    assert_limits(0, 79, lambda shape: replace(with_fields(), shapes=[40] * 31 + [shape]))


def test_segments_have_the_words_they_say():
    fields = [replace(PLAIN, begins=k != 1) for k in range(3)]
    made = Chosen(TRIPLE, fields, 5, 7, 3)
    assert assert_agree(made.chunk())
    for more in (-1, 1, 40000, -32):
        assert not assert_agree(replace(made, more_words=more).chunk())


def test_the_first_coded_frame_begins_a_segment():
    assert not assert_agree(with_fields(k=0, begins=False).chunk())
    constant = replace(PLAIN, constant=True)
    fields = [constant, replace(PLAIN, begins=True), PLAIN]
    assert assert_agree(Chosen(TRIPLE, fields, 5, 7, 3).chunk())


@pytest.mark.parametrize("transform", [1, 2, 3])
def test_the_method_decides(transform):
    assert assert_agree(replace(with_fields(), stages=(transform, 3, 3)).chunk())


def test_ends_of_sections():
    made = with_fields()
    whole = reference.read_container(made.chunk())
    section, payload = whole.parameters[1:], whole.payload
    assert assert_agree(made.with_bytes(section, payload))
    for wrong in (b"", payload[:-1], payload[:-2], payload + bytes(1), payload + bytes(2)):
        assert not assert_agree(made.with_bytes(section, wrong))
    for wrong in (b"", section[:-1], section + bytes(1)):
        assert not assert_agree(made.with_bytes(wrong, payload))


def test_words_without_frames_are_refused():
    fields = [frames.FrameFields(constant=True, mean=k) for k in range(3)]
    made = Chosen(TRIPLE, fields, 5, 7, 3)
    assert assert_agree(made.chunk())
    section = reference.read_container(made.chunk()).parameters[1:]
    assert not assert_agree(made.with_bytes(section, bytes(64)))
