"""The reference decoder of the native coder and the library agree on the format."""

import random
import re
from collections import defaultdict
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import reference_decoder as reference
import reference_native as native
from python_support import CONTENTS, NARROW_DTYPES, ROOT, assert_same, correlated, often
from reference_shapes import deviation, distribution, factor, make_table
from test_reference import Fields, RangeEncoder, random_level, varint

import h5prism

METHODS = [native.QUICK, native.LSQ]


def check(array, coders=("ans",), **options):
    """Encodes, expects one of these coders, and decodes by both."""
    chunk = h5prism.encode(array, predictor="lsq", coder="ans", axis=2, **options)
    assert h5prism.inspect_chunk(chunk).coder in coders
    assert_same(reference.decode(chunk), array)
    assert_same(h5prism.decode(chunk), array)


def assert_agree(chunk):
    """Both decoders give the same elements, or both refuse; says which."""
    try:
        expected = h5prism.decode(chunk)
    except h5prism.PrismError:
        with pytest.raises(reference.CorruptChunk):
            reference.decode(chunk)
        return False
    assert_same(reference.decode(chunk), expected)
    return True


# Chunks that the library made


def smooth(shape, dtype, seed=0):
    return correlated(shape, dtype, seed) // 16


def replicated(shape, dtype, seed=0):
    """Blocks of 2 x 2 equal elements, cut at any of the four phases."""
    height, width, count = shape
    small = smooth((height // 2 + 2, width // 2 + 2, count), dtype, seed)
    rows, columns = seed & 1, seed >> 1 & 1
    large = small.repeat(2, axis=0).repeat(2, axis=1)
    return np.ascontiguousarray(large[rows : rows + height, columns : columns + width])


def patched(shape, dtype, seed=0):
    """Blocks of which a few elements differ."""
    array = replicated(shape, dtype, seed)
    random = np.random.default_rng(seed)
    for _ in range(3):
        array[tuple(random.integers(shape))] ^= 5
    return array


def partly_constant(shape, dtype, seed=0):
    array = smooth(shape, dtype, seed)
    array[..., ::3] = np.arange(len(range(0, shape[2], 3))) % 100
    return array


def with_outliers(shape, dtype, seed=0):
    random = np.random.default_rng(seed)
    far = CONTENTS[1](shape, dtype, seed)
    return np.where(random.random(shape) < 0.01, far, smooth(shape, dtype, seed) // 16)


SMALL = [smooth, replicated, patched, partly_constant, with_outliers]
LARGE = [(24, 40, 4), (48, 24, 4)]  # height, width and planes


@pytest.mark.parametrize("effort", range(1, 7))
@pytest.mark.parametrize("transform", ["none", "channels"])
@pytest.mark.parametrize("dtype", NARROW_DTYPES)
def test_types_and_efforts(dtype, transform, effort):
    for index, content in enumerate(SMALL):
        array = content(LARGE[(index + effort) % 2], dtype, seed=index + effort)
        check(array, transform=transform, effort=effort, checksum=bool(index % 2))


ODD = [(1, 1, 700), (1, 1, 9), (1, 70, 9), (70, 1, 9), (1, 300, 2), (300, 1, 2), (2, 3, 90)]
ODD += [(40, 50, 1), (17, 49, 2), (3, 100, 3), (2, 2, 520), (9, 9, 12), (16, 16, 3), (5, 7, 3)]


@pytest.mark.parametrize("shape", ODD, ids=str)
def test_odd_shapes(shape):
    """Chunks of little use become raw ones."""
    for index, content in enumerate(CONTENTS + SMALL):
        for effort in (2, 5):
            array = content(shape, NARROW_DTYPES[(index + effort) % 6], seed=index)
            transform = ("none", "channels")[(index + effort) // 2 % 2]
            check(array, ("ans", "raw"), transform=transform, effort=effort)


@pytest.mark.parametrize("shape, effort", [((3000,), 1), ((3000,), 4), ((50, 60), 4)], ids=str)
def test_without_an_axis(shape, effort):
    array = np.random.default_rng(1).integers(-3, 4, shape)
    for axis in range(len(shape)):
        array = np.cumsum(array, axis)
    array = array.astype("<i2")
    chunk = h5prism.encode(array, predictor="lsq", coder="ans", effort=effort)
    info = h5prism.inspect_chunk(chunk)
    assert (info.coder, info.axis) == ("ans", None)
    assert_same(reference.decode(chunk), array)


@pytest.mark.parametrize("effort", [1, 4])
@pytest.mark.parametrize("transform", ["none", "channels"])
def test_damage(effort, transform):
    """Whatever the bits, both decoders give the same elements or both refuse."""
    chance = random.Random(effort)
    array = patched((24, 16, 5), "<i2", effort)
    stages = {"predictor": "lsq", "coder": "ans", "transform": transform, "effort": effort}
    chunk = h5prism.encode(array, **stages, axis=2, checksum=False)
    info = h5prism.inspect_chunk(chunk)
    assert info.coder == "ans"
    for _ in range(60):
        damaged = bytearray(chunk)
        position = chance.randrange(info.parameter_bytes + 200)
        damaged[info.header_bytes + position] ^= 1 << chance.randrange(8)
        assert_agree(bytes(damaged))
    for size in range(1, 300, 7):
        assert not assert_agree(chunk[:-size])


# Shapes


def listed_numbers(name):
    """The numbers of an array in the file of constants."""
    text = (ROOT / "src" / "entropy" / "shape_constants.inc").read_text(encoding="utf-8")
    body = re.search(rf"{name}(?:\[\d+\])+ = {{(.*?)}};", text, re.DOTALL)[1]
    return [int(number) for number in re.findall(r"\d+", re.sub(r"/\*.*?\*/", "", body))]


def test_numbers_of_shapes():
    assert listed_numbers("class_scales") == [deviation(s) for s in range(32)]
    assert listed_numbers("width_factors") == [factor(width) for width in range(16)]
    listed = np.reshape(listed_numbers("distributions"), (5, -1))
    for family in range(5):
        expected = [distribution(family, i) for i in range(897)]
        assert listed[family, :897].tolist() == expected


@pytest.mark.parametrize("bits, scales", [(12, range(32)), (11, range(10, 38, 2))])
def test_every_digit_has_slots(bits, scales):
    for shape in range(0, 80, 7):
        for scale in scales:
            for fraction in (0, 7, 15):
                first = make_table(bits, shape, scale, fraction).first
                assert first == sorted(set(first))


# Chunks with chosen models and digits, most of which no encoder would make


class ChosenDigits(native.EntropyDecoder):
    """Chooses what it should decode, and then encodes it."""

    def __init__(self, chance, coded_plane):
        self.chance = chance
        self.states = [1 << 16] * coded_plane.states
        self.chosen = []  # state, bits, first slot, slots

    def digit(self, index, table):
        slots = len(table.first) - 1
        place = self.chance.choice((0, slots - 1, self.chance.randrange(slots)))
        if self.chance.random() < 0.9:
            slot = self.chance.randrange(1 << table.bits)
            place = sum(first <= slot for first in table.first) - 1
        first, after = table.first[place : place + 2]
        self.chosen.append((index, table.bits, first, after - first))
        return place - table.limit

    def raw(self, index, count):
        value = self.chance.randrange(1 << count)
        self.chosen.append((index, count, value, 1))
        return value

    def payload(self):
        words = []
        for index, bits, first, slots in reversed(self.chosen):
            state = self.states[index]
            if state >= slots << (32 - bits):
                words.append(state & 65535)
                state >>= 16
            self.states[index] = ((state // slots) << bits) + state % slots + first
        words += [word for state in self.states[::-1] for word in (state >> 16, state & 65535)]
        return b"".join(word.to_bytes(2, "little") for word in reversed(words))

    def end(self):
        pass


FAR_SHAPE, FAR_SAMPLES = (350, 3), 350 * 3


class FarDigits(ChosenDigits):
    """Chooses digits that are far off in the first rows of a plane, and mostly 0 below."""

    count = 0

    def digit(self, index, table):
        self.count += 1
        far = self.count % FAR_SAMPLES < 50 or self.chance.random() < 0.01
        place = self.chance.choice((0, 2 * table.limit)) if far else table.limit
        first, after = table.first[place : place + 2]
        self.chosen.append((index, table.bits, first, after - first))
        return place - table.limit


class ModelWriter:
    """The inverse of read_model."""

    def __init__(self, model, depth):
        self.encoder, self.model, self.depth = RangeEncoder(), model, depth
        self.models = defaultdict(reference.IntegerModel)

    def integer(self, name, value):
        self.encoder.integer(self.models[name], value)

    def section(self):
        model = self.model
        for before, shape in zip([40, *model.shapes], model.shapes):
            self.integer("general", shape - before)
        for step in model.innovation_steps + model.sample_steps:
            self.integer("general", step)
        if model.weights_e:
            self.integer("general", int(len(model.weights_p.rows[0].scales) > 1))
            self.order()
        phase_models, before = [reference.BitModel(), reference.BitModel()], native.PlaneModel()
        for plane in model.planes:
            before = self.plane(plane, before, phase_models)
        for weights in filter(None, (model.weights_p, model.weights_e)):
            self.weights(weights)
        return self.encoder.section()

    def order(self):
        remaining = sorted(self.model.order)
        for place in self.model.order:
            index, left = remaining.index(place), len(remaining) - 1
            for value in (512 >> step for step in range(10)):
                if value <= left:
                    self.encoder.bit(reference.BitModel(), int(index & value > 0))
            remaining.remove(place)

    def plane(self, plane, before, phase_models):
        """Returns what `before` is for the next plane."""
        self.integer(f"kind {before.kind}", plane.kind - before.kind)
        if plane.kind == native.HALVED:
            for model, phase in zip(phase_models, plane.phases):
                self.encoder.bit(model, phase)
            position = -1
            for place, difference in plane.patches:
                self.integer("distance", place - position)
                self.integer("difference", difference)
                position = place
            self.integer("distance", 0)
        self.integer("mean", plane.mean - before.mean)
        if plane.kind == native.CONSTANT:
            return replace(before, kind=plane.kind, mean=plane.mean)
        for name in ("fraction", "start_error"):
            self.integer(name, getattr(plane, name) - getattr(before, name))
        self.integer("bias", plane.bias)
        self.integer("scale_offset", plane.scale_offset - before.scale_offset)
        self.integer("scale_error", (plane.scale_error - before.scale_error) // 8)
        for name in ("scale_running", "scale_blur", "innovation_scale"):
            self.integer(name, getattr(plane, name) - getattr(before, name))
        for index, level in enumerate(plane.innovation_levels):
            self.integer(f"innovation {index}", level)
        self.integer("sample_scale", plane.sample_scale - before.sample_scale)
        for index, level in enumerate(plane.sample_levels):
            self.integer(f"sample {index}", level)
        return plane

    def weights(self, weights):
        variables = len(weights.rows[0].scales)
        models, shift = reference.ChannelModels(variables), 0
        before = reference.PlaneParameters((0,) * variables)
        self.encoder.integer(reference.IntegerModel(), weights.precision)
        for row in weights.rows:
            for scale_model, scale, last in zip(models.scale, row.scales, before.scales):
                self.encoder.integer(scale_model, scale - last)
            self.encoder.bit(models.used[before.predicted], int(row.predicted))
            if row.predicted:
                self.encoder.integer(models.shift, row.shift - shift)
                shift = row.shift
            for j, level in enumerate(row.levels):
                context = reference.level_context(row.levels[:j], before.levels, variables)
                self.encoder.integer(models.levels[j % variables][context], level)
            before = row


@dataclass
class Chooser:
    """Chooses fields: mostly reasonable ones, some at or anywhere within their limits."""

    chance: random.Random
    wild: float

    def number(self, low, high, usual_low, usual_high):
        if self.chance.random() < self.wild:
            return self.chance.choice((low, high, self.chance.randint(low, high)))
        return self.chance.randint(usual_low, usual_high)

    def levels(self, steps, scale):
        """Of which the taps fit."""
        largest = [32767 >> (12 - min(max((scale + step + 2) >> 2, 0), 12)) for step in steps]
        usual = [min(size, 2 + (size >> 6)) for size in largest]
        return tuple(self.number(-a, a, -b, b) for a, b in zip(largest, usual))

    def plane(self, samples, model):
        kind = self.chance.choice((0, 1, 1, 1, 2, 2))
        mean = self.number(-32768, 32767, -200, 200)
        if kind == native.CONSTANT:
            return native.PlaneModel(kind=kind, mean=mean)
        phases, patches = (0, 0), ()
        if kind == native.HALVED:
            phases = self.chance.choice(((0, 0), (0, 1), (1, 0), (1, 1)))
            places = {self.chance.randrange(samples) for _ in range(self.chance.randint(0, min(3, samples // 16)))}
            patches = tuple((place, self.number(-99999, 99999, -9, 9)) for place in sorted(places))
        innovation_scale, sample_scale = (self.number(-128, 128, 16, 40) for _ in range(2))
        return native.PlaneModel(
            kind=kind,
            phases=phases,
            patches=patches,
            mean=mean,
            fraction=self.chance.randint(0, 5),
            start_error=self.chance.randint(0, 31),
            bias=self.number(-32768, 32768, -20, 20),
            scale_offset=self.number(-2048, 2048, 0, 200),
            scale_error=8 * self.number(-128, 128, -5, 30),
            scale_running=self.number(-127, 127, -9, 30),
            scale_blur=self.number(-127, 127, -9, 30),
            innovation_scale=innovation_scale,
            innovation_levels=self.levels(model.innovation_steps, innovation_scale),
            sample_scale=sample_scale,
            sample_levels=self.levels(model.sample_steps, sample_scale),
        )

    def weights(self, samples, planes, lowest, highest, variables=1):
        """`lowest` has the least shift of each plane."""
        precision, rows, before = self.chance.choice((0, 5, 8, 40)), [], []
        for k in range(planes):
            scales = tuple(self.number(-127, 127, -20, 20) for _ in range(variables))
            row = reference.PlaneParameters(scales)
            if self.chance.random() < 0.7 and k * variables < samples:
                row.predicted, row.shift = True, self.chance.randint(lowest[k], highest)
                row.levels = [random_level(self.chance, scale, row, precision) for scale in before]
            rows.append(row)
            before += scales
        return native.Weights(precision, rows)

    def model(self, samples, planes, depth, method, mixed):
        shapes = [self.chance.randint(0, 79) for _ in range(32)]
        steps = [[self.number(-128, 128, -8, 8) for _ in range(count)] for count in (13, 24)]
        model = native.GroupModel(method, shapes, *steps, list(range(planes)), [])
        model.planes = [self.plane(samples, model) for _ in range(planes)]
        if mixed:
            lowest = [max(3, plane.fraction) for plane in model.planes]
            highest = {8: 20, 16: 14}
            wide = method == native.LSQ and self.chance.random() < 0.5
            variables = len(native.WIDE) if wide else 1
            model.weights_p = self.weights(samples, planes, lowest, highest[depth], variables)
            if method == native.LSQ:
                self.chance.shuffle(model.order)
                model.weights_e = self.weights(samples, planes, [3] * planes, 14)
        return model


@dataclass
class Chosen:
    """A chunk of this model, of planes along the first axis, with digits chosen for `coded`."""

    model: native.GroupModel
    height: int
    width: int
    type: int
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    coded: native.GroupModel | None = None  # the same model if None
    digits: type[ChosenDigits] = ChosenDigits

    def chunk(self):
        depth = 8 if self.type < 3 else 16
        dims = b"".join(map(varint, (len(self.model.planes), self.height, self.width)))
        section = ModelWriter(self.model, depth).section()
        fields = {"type": self.type, "rank": 3, "dims": dims, "axis_plus_1": 1}
        fields["stages"] = (2 if self.model.weights_p else 1, 3, 3)
        fields["parameters"] = bytes([self.model.method]) + section
        coded = self.coded or self.model
        kind = native.CODED_PLANES[coded.method]
        entropy = self.digits(self.chance, kind)
        native.decode_group(depth, (self.height, self.width), coded, entropy, kind, None)
        return Fields(**fields, payload=entropy.payload()).chunk()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", range(often(40)))
def test_any_model(method, seed):
    """Also where sums overflow."""
    chance = random.Random(seed)
    chooser = Chooser(chance, wild=(0, 0.02, 0.2, 1)[seed % 4])
    height, width = chance.choice(((1, 1), (5, 3), (2, 40), (35, 2), (19, 67)))
    type_code, planes, mixed = chance.randint(1, 4), chance.randint(1, 4), chance.random() < 0.8
    depth = 8 if type_code < 3 else 16
    model = chooser.model(height * width, planes, depth, method, mixed and planes > 1)
    assert assert_agree(Chosen(model, height, width, type_code, chance).chunk())


@pytest.mark.parametrize("method", METHODS)
def test_many_planes(method):
    """The running mean changes with the number of planes up to 40."""
    chance = random.Random(1)
    model = Chooser(chance, wild=0).model(15, 120, 16, method, mixed=False)
    full = [plane for plane in model.planes if plane.kind == native.FULL]
    assert len(full) > 45
    model.planes = [replace(plane, scale_running=127) for plane in full]
    model.order = list(range(len(full)))
    assert assert_agree(Chosen(model, 3, 5, 3, chance).chunk())


# Models at their limits

PLAIN = native.PlaneModel(innovation_levels=(0,) * 13, sample_levels=(0,) * 24)


def plain_model(method, planes=2, mixed=True):
    shapes, steps = [40] * 32, ([0] * 13, [0] * 24)
    model = native.GroupModel(method, shapes, *steps, list(range(planes)), [PLAIN] * planes)
    rows = [reference.PlaneParameters((0,)) for _ in range(planes)]
    model.weights_p = native.Weights(5, rows) if mixed else None
    if mixed and method == native.LSQ:
        model.weights_e = native.Weights(5, list(rows))
    return model


def with_plane(k, mixed=True, **fields):
    """Makes a model with these fields in plane k."""

    def make(method):
        model = plain_model(method, mixed=mixed)
        model.planes = [replace(PLAIN, **fields) if k == j else PLAIN for j in range(2)]
        return model

    return make


def with_row(weights, scale=0, shift=None, level=0, precision=5, **fields):
    """Makes a model with this second row of weights, and these fields in both planes."""

    def make(method):
        model = plain_model(method)
        model.planes = [replace(PLAIN, **fields)] * 2
        row = reference.PlaneParameters((scale,))
        if shift is not None:
            row = reference.PlaneParameters((scale,), True, shift, 0, [level])
        changed = getattr(model, weights)
        changed.precision, changed.rows[1] = precision, row
        return model

    return make


def constant_plane_with_row(shift, level, fraction):
    def make(method):
        model = with_row("weights_p", shift=shift, level=level, fraction=fraction)(method)
        model.planes = [model.planes[0], native.PlaneModel(kind=native.CONSTANT)]
        return model

    return make


@pytest.mark.parametrize("method", METHODS)
def test_sums_that_overflow(method):
    """Of the running mean, and of the prediction from planes."""
    model = plain_model(method, planes=9)
    model.planes[1] = replace(PLAIN, scale_running=127, scale_blur=127)
    model.planes[7] = replace(PLAIN, kind=native.HALVED, patches=((40, 99999),))
    model.planes[8] = replace(PLAIN, sample_scale=128, sample_levels=(4096,) + (0,) * 23)
    weights = reference.PlaneParameters((0,), True, 14, 0, [32767] * 7 + [8192])
    for changed in filter(None, (model.weights_p, model.weights_e)):
        changed.precision, changed.rows[8] = 255, weights
    for seed in range(2):
        chance = random.Random(seed)
        assert assert_agree(Chosen(model, *FAR_SHAPE, 3, chance, digits=FarDigits).chunk())


LIMITS = {"mean": (-32768, 32767), "fraction": (0, 5), "start_error": (0, 31)}
LIMITS |= {"bias": (-32768, 32768), "scale_offset": (-2048, 2048), "scale_error": (-1024, 1024)}
LIMITS |= {"scale_running": (-127, 127), "scale_blur": (-127, 127)}
LIMITS |= {"innovation_scale": (-128, 128), "sample_scale": (-128, 128)}
LARGE_TAP = (32767,) + (0,) * 12


def patches_at(*positions):
    return with_plane(1, kind=native.HALVED, patches=tuple((place, 1) for place in positions))


ACCEPTED = {f"{n} {v}": with_plane(0, **{n: v}) for n, both in LIMITS.items() for v in both}
ACCEPTED |= {
    "P: scale 127": with_row("weights_p", 127),
    "P: shift 14": with_row("weights_p", shift=14),
    "P: shift as fraction": with_row("weights_p", shift=3, fraction=3),
    "P: shift below a constant plane's fraction": constant_plane_with_row(3, 0, fraction=5),
    "innovation taps without use": with_plane(1, mixed=False, innovation_levels=LARGE_TAP),
    "patches": patches_at(0, 34),
}
REFUSED = {
    f"{n} {v}": with_plane(0, **{n: v})
    for n, (low, high) in LIMITS.items()
    for step in [8 if n == "scale_error" else 1]
    for v in (low - step, high + step)
}
REFUSED |= {
    "P: precision -1": with_row("weights_p", precision=-1),
    "P: precision 256": with_row("weights_p", precision=256),
    "P: scale 128": with_row("weights_p", 128),
    "P: shift 15": with_row("weights_p", shift=15),
    "P: shift below fraction": with_row("weights_p", shift=3, fraction=4),
    "P: weight": with_row("weights_p", shift=14, level=32767),
    "P: weight of a constant plane": constant_plane_with_row(14, 32767, fraction=0),
    "sample tap": with_plane(1, sample_levels=(0,) * 11 + LARGE_TAP),
    "patches, too many": patches_at(0, 1, 34),
    "patch beyond the plane": patches_at(35),
    "patches backwards": patches_at(3, 2),
    "kind 3": with_plane(1, kind=3),
    "method 0": lambda method: replace(plain_model(method), method=0),
    "method 3": lambda method: replace(plain_model(method, mixed=False), method=3),
}
ACCEPTED_BY_LSQ = {
    "E: shift 14": with_row("weights_e", shift=14),
    "E: shift below fraction": with_row("weights_e", shift=3, fraction=5),
}
REFUSED_BY_LSQ = {
    "innovation tap": with_plane(1, innovation_levels=LARGE_TAP),
    "E: shift 15": with_row("weights_e", shift=15),
    "E: weight": with_row("weights_e", shift=14, level=32767),
}


def assert_limits(method, accepted, refused):
    for name, make in accepted.items():
        assert assert_agree(Chosen(make(method), 5, 7, 3).chunk()), name
    for name, make in refused.items():
        chunk = Chosen(make(method), 5, 7, 3, coded=plain_model(method)).chunk()
        assert not assert_agree(chunk), name


@pytest.mark.parametrize("method", METHODS)
def test_limits(method):
    assert_limits(method, ACCEPTED, REFUSED)


def test_limits_of_method_2():
    assert_limits(native.LSQ, ACCEPTED_BY_LSQ, REFUSED_BY_LSQ)
    unused = with_plane(1, innovation_levels=LARGE_TAP)
    assert_limits(native.QUICK, {"innovation tap": unused}, {})


@pytest.mark.parametrize("method", METHODS)
def test_ends_of_sections(method):
    whole = Chosen(plain_model(method), 5, 7, 3).chunk()
    chunk = reference.read_container(whole)
    dims = varint(2) + varint(5) + varint(7)
    fields = Fields(type=3, rank=3, dims=dims, axis_plus_1=1, stages=(2, 3, 3))
    fields = replace(fields, parameters=chunk.parameters, payload=chunk.payload)
    assert fields.chunk() == whole
    for wrong in (b"", chunk.payload[:-1], chunk.payload[:-2], chunk.payload + bytes(2)):
        assert not assert_agree(replace(fields, payload=wrong).chunk())
    for wrong in (b"", chunk.parameters[:-1], chunk.parameters + bytes(1)):
        assert not assert_agree(replace(fields, parameters=wrong).chunk())


@pytest.mark.parametrize("stages", [(1, 3, 1), (1, 1, 3), (2, 2, 3), (1, 3, 4), (3, 3, 3)])
def test_coder_and_predictor_come_together(stages):
    assert not assert_agree(Fields(stages=stages).chunk())
