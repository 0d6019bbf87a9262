"""Decodes the native coder slowly and plainly, written from docs/FORMAT.md alone.

Continues reference_decoder.py, which decodes chunks of coder 3 once this file is imported. Tables
of digits are made in reference_shapes.py, samples decoded in reference_wave.py; methods 3 to 7
are in reference_online.py, reference_frames.py, reference_indices.py, reference_mixed.py and
reference_order0.py. Names and order are those of the document, from "The native coder" to
"Method 1, quick".

Arrays of numbers are of 64 bits, rows by columns of a plane: nothing in them overflows, and what
the document takes modulo 2^32 or 2^16 is wrapped where it could matter.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
import reference_mappings  # noqa: F401  (integers that are coded may be those of a mapping)
from reference_decoder import (
    GROUP,
    SHIFTS,
    WHOLE_CODERS,
    Chunk,
    Plane,
    PlaneParameters,
    plane_weights,
    read_planes,
)
from reference_integers import BitModel, IntegerModel, RangeDecoder, Reader, limited, must, wrapped
from reference_frames import decode_frames
from reference_holes import Links, folded_gaps, hole_maps
from reference_indices import decode_indices
from reference_order0 import decode_order0
from reference_mixed import decode_mixed
from reference_online import decode_online
from reference_shapes import make_table
from reference_wave import (
    MARGIN,
    NINE,
    Above,
    EntropyDecoder,
    Sample,
    Wave,
    at_nine,
    log,
    sat,
    sum_of_nine,
    wrap,
)

# The native coder

CHANNELS = 2
QUICK, LSQ, BLOCKS = 1, 2, 8
OTHER_METHODS = {
    3: decode_online,
    4: decode_frames,
    5: decode_indices,
    6: decode_mixed,
    7: decode_order0,
}


def decode_native(chunk: Chunk) -> list[Plane]:
    """The samples of all planes."""
    method = Reader(chunk.parameters).u8()
    must(chunk.has_blocks == (method == BLOCKS), "bit 4 of flags is 1 if the chunk is in blocks")
    if method == BLOCKS:
        return decode_blocks(chunk)
    if method in OTHER_METHODS:
        return OTHER_METHODS[method](chunk, chunk.parameters[1:], chunk.payload)
    must(method in (QUICK, LSQ), "method is 1 to 8")
    shape = folded(chunk)
    planes = decode_planes(shape, method)
    return planes if shape is chunk else unfolded(planes, chunk, shape)


def folded(chunk: Chunk) -> Chunk:
    """The chunk whose planes are coded: those of a few rows or columns as lines."""
    few, length = sorted((chunk.height, chunk.width))
    lines = few * chunk.count
    mixed = chunk.transform == CHANNELS and chunk.count > 1
    narrow = mixed and few <= 16 and lines <= min(512, length // 16)
    if length < 1024 or not (few == 1 or narrow):
        return chunk
    height = next(1 << n for n in range(5, 32) if 1 << 2 * n >= length)
    width = -(-length // height)
    gaps = folded_gaps(chunk, height, width)
    return replace(chunk, dims=(lines, height, width), axis=0, gaps=gaps)


def unfolded(lines: list[Plane], chunk: Chunk, shape: Chunk) -> list[Plane]:
    """Planes of lines: sample i stands in row i mod H', column i div H'."""
    few, length = sorted((chunk.height, chunk.width))
    places = [i % shape.height * shape.width + i // shape.height for i in range(length)]
    planes: list[Plane] = []
    for first in range(0, len(lines), few):
        own = [[line[place] for place in places] for line in lines[first : first + few]]
        rows = own if chunk.height < chunk.width else zip(*own, strict=True)
        planes.append([sample for row in rows for sample in row])
    return planes


def decode_planes(chunk: Chunk, method: int) -> list[Plane]:
    """The samples of all planes as they are coded."""
    must(max(chunk.height, chunk.width) < 1 << 30, "height and width are less than 2^30")
    parameters, payload = Reader(chunk.parameters[1:]), Reader(chunk.payload)
    planes: list[Plane] = []
    holes = hole_maps(chunk)
    for first in range(0, chunk.count, GROUP):
        words = parameters.varint() if may_have_bands(chunk) else 0
        decoder = RangeDecoder(parameters.data[parameters.position :])
        count = min(GROUP, chunk.count - first)
        model = read_model(chunk, method, count, decoder, averages=words > 0)
        parameters.take(decoder.reader.position)
        of_group = holes and holes[first : first + GROUP]
        kind = CODED_PLANES[method]
        shape = chunk.height, chunk.width
        if words:
            must(not holes, "no chunk with gaps is in bands")
            planes += decode_bands(chunk, model, words, payload, kind)
        else:
            entropy = EntropyDecoder(payload, kind)
            planes += decode_group(chunk.depth, shape, model, entropy, kind, of_group)
    must(parameters.at_end, "parameters end with the last stream")
    must(payload.at_end, "the payload ends with the last word")
    return planes


def may_have_bands(chunk: Chunk) -> bool:
    size = chunk.count * chunk.height * chunk.width * chunk.depth // 8
    return size >= 1 << 22 and chunk.height >= 4


def decode_bands(
    chunk: Chunk, model: GroupModel, words: int, payload: Reader, kind: type[LsqPlane]
) -> list[Plane]:
    """The samples of the planes of a group in two bands."""
    first = Reader(payload.take(2 * words))
    follows = len(model.planes) >= 16
    heights = (chunk.height + 1) // 2, chunk.height // 2
    above: list[Above | None] = [None] * len(model.planes)
    bands = []
    for height, reader in zip(heights, (first, payload)):
        shape = height, chunk.width
        entropy = EntropyDecoder(reader, kind)
        left: list[Above | None] = []
        bands.append(decode_group(chunk.depth, shape, model, entropy, kind, None, above, left))
        above = left if follows else above
    must(first.at_end, "the first band ends with its last word")
    return [upper + lower for upper, lower in zip(*bands)]


WHOLE_CODERS[3, 3] = decode_native


# Model

CONSTANT, FULL, HALVED = 0, 1, 2


@dataclass(frozen=True)
class PlaneModel:
    """The fields of one plane."""

    kind: int = FULL
    phases: tuple[int, int] = (0, 0)
    patches: tuple[tuple[int, int], ...] = ()  # position and difference
    mean: int = 0
    fraction: int = 0
    start_error: int = 0
    bias: int = 0
    scale_offset: int = 0
    scale_error: int = 0
    scale_running: int = 0
    scale_blur: int = 0
    average: int = 0
    innovation_scale: int = 0
    innovation_levels: tuple[int, ...] = ()
    sample_scale: int = 0
    sample_levels: tuple[int, ...] = ()


@dataclass
class Weights:
    """Of all planes of a group, for P or for E."""

    precision: int
    rows: list[PlaneParameters]

    def of_plane(self, k: int) -> list[int]:
        """Also checks them."""
        scales = [scale for row in self.rows[:k] for scale in row.scales]
        return plane_weights(self.rows[k], scales, self.precision)

    def variables_of(self, plane: np.ndarray) -> list[np.ndarray]:
        """What the weights take of a plane: its samples, or those at nine offsets."""
        if len(self.rows[0].scales) == 1:
            return [plane]
        there = dict(zip(NINE, at_nine(plane)))
        return [there[offset] for offset in WIDE]


@dataclass
class GroupModel:
    """The model of a group; `order` has the place of each plane among the planes of the group."""

    method: int
    shapes: list[int]
    innovation_steps: list[int]
    sample_steps: list[int]
    order: list[int]
    planes: list[PlaneModel]
    weights_p: Weights | None = None
    weights_e: Weights | None = None
    averages: bool = False  # of logs are fields of planes


@dataclass
class FieldReader:
    """Reads integers within limits, with a model for each name."""

    decoder: RangeDecoder
    models: defaultdict[str, IntegerModel] = field(
        default_factory=lambda: defaultdict(IntegerModel)
    )

    def integer(self, name: str, low: int, high: int, before: int = 0) -> int:
        value = before + self.decoder.integer(self.models[name])
        must(low <= value <= high, f"{name} is within its limits")
        return value

    def integers(self, name: str, count: int, low: int, high: int) -> list[int]:
        return [self.integer(name, low, high) for _ in range(count)]

    def levels(self, name: str, count: int) -> tuple[int, ...]:
        """With a model each."""
        return tuple(self.integer(f"{name}[{t}]", -32768, 32767) for t in range(count))


def read_model(
    chunk: Chunk,
    method: int,
    count: int,
    decoder: RangeDecoder,
    stored: bool = False,
    averages: bool = False,
) -> GroupModel:
    """`averages`: those of logs are fields, and no plane is halved."""
    reader = FieldReader(decoder)
    mixed = chunk.transform == CHANNELS and count > 1
    shapes = read_shapes(reader)
    innovation_steps = reader.integers("general", 13, -128, 128)
    sample_steps = reader.integers("general", 24, -128, 128)
    wide, order = 0, list(range(count))
    if mixed and method != QUICK:
        wide = reader.integer("general", 0, 1 if count <= 256 and method == LSQ else 0)
        order = order if stored else read_order(decoder, count)
    planes = read_plane_models(chunk, averages, count, reader)
    model = GroupModel(method, shapes, innovation_steps, sample_steps, order, planes)
    model.averages = averages
    apart = [decoder, decoder]
    if mixed and stored:
        apart = [RangeDecoder(decoder.reader.take(decoder.reader.varint())) for _ in "PE"]
    if mixed:
        variables = len(WIDE) if wide else 1
        model.weights_p = read_weights(chunk, count, apart[0], SHIFTS[chunk.depth], variables)
        for row, plane in zip(model.weights_p.rows, planes):
            if row.predicted and plane.kind != CONSTANT:
                enough = row.shift >= plane.fraction
                must(enough, "the shift of a row of P is at least the fraction of its plane")
    if mixed and method != QUICK:
        model.weights_e = read_weights(chunk, count, apart[1], SHIFTS[16])
    if mixed and stored:
        must(all(weights.reader.at_end for weights in apart), "streams of weights end with these")
    return model


def read_shapes(reader: FieldReader) -> list[int]:
    shapes = [40]
    for _ in range(32):
        shapes.append(reader.integer("general", 0, 79, before=shapes[-1]))
    return shapes[1:]


def read_order(decoder: RangeDecoder, count: int) -> list[int]:
    remaining, order = list(range(count)), []
    while remaining:
        left, index = len(remaining) - 1, 0
        for value in (1 << bit for bit in range(9, -1, -1)):
            if value <= left:
                index += value * decoder.bit(BitModel())
        must(index <= left, "an index is at most left")
        order.append(remaining.pop(index))
    return order


def read_plane_models(
    chunk: Chunk, averages: bool, count: int, reader: FieldReader
) -> list[PlaneModel]:
    phase_models = [BitModel(), BitModel()]
    planes: list[PlaneModel] = []
    before = PlaneModel()
    for _ in range(count):
        most = FULL if averages else HALVED
        kind = reader.integer(f"kind[{before.kind}]", CONSTANT, most, before.kind)
        before = replace(before, kind=kind, phases=(0, 0), patches=())
        if kind == HALVED:
            rows, columns = (reader.decoder.bit(model) for model in phase_models)
            patches = read_patches(chunk, reader)
            before = replace(before, phases=(rows, columns), patches=patches)
        before = replace(before, mean=reader.integer("mean", -32768, 32767, before.mean))
        if kind != CONSTANT:
            before = read_fields(reader, before, averages)
        planes.append(before)
    return planes


def read_patches(chunk: Chunk, reader: FieldReader) -> tuple[tuple[int, int], ...]:
    patches: list[tuple[int, int]] = []
    position = -1
    while distance := reader.decoder.integer(reader.models["distance"]):
        position += distance
        must(distance > 0 and position < chunk.samples, "patches lie in the plane, in order")
        must(len(patches) < chunk.samples // 16, "patches are few")
        patches.append((position, reader.decoder.integer(reader.models["difference"])))
    return tuple(patches)


def read_fields(reader: FieldReader, before: PlaneModel, averages: bool) -> PlaneModel:
    """The fields that a constant plane does not have."""

    def by_difference(name: str, low: int, high: int) -> int:
        return reader.integer(name, low, high, getattr(before, name))

    return replace(  # read in this order
        before,
        fraction=by_difference("fraction", 0, 5),
        start_error=by_difference("start_error", 0, 31),
        bias=reader.integer("bias", -32768, 32768),
        scale_offset=by_difference("scale_offset", -2048, 2048),
        scale_error=8 * reader.integer("scale_error", -128, 128, before.scale_error // 8),
        scale_running=by_difference("scale_running", -127, 127),
        scale_blur=by_difference("scale_blur", -127, 127),
        average=by_difference("average", 0, 32767) if averages else 0,
        innovation_scale=by_difference("innovation_scale", -128, 128),
        innovation_levels=reader.levels("innovation", 13),
        sample_scale=by_difference("sample_scale", -128, 128),
        sample_levels=reader.levels("sample", 24),
    )


def read_weights(
    chunk: Chunk, count: int, decoder: RangeDecoder, shifts: range, variables: int = 1
) -> Weights:
    precision = decoder.integer(IntegerModel())
    must(0 <= precision <= 255, "precision is in 0..255")
    rows = read_planes(decoder, count, chunk.samples, shifts, False, variables)
    weights = Weights(precision, rows)
    for k in range(count):
        weights.of_plane(k)
    return weights


def plane_taps(levels: tuple[int, ...], scale: int, steps: list[int]) -> list[int]:
    exponents = [limited((scale + step + 2) >> 2, 0, 12) for step in steps]
    taps = [level << (12 - s) for level, s in zip(levels, exponents)]
    must(all(tap == wrap(tap) for tap in taps), "a tap fits a signed 16-bit integer")
    return taps


WIDE = [*NINE[1:5], (0, 0), *NINE[5:]]


# Prediction


@dataclass
class Group:
    """What is known of the planes of a group that are decoded, all of full size."""

    model: GroupModel
    entropy: EntropyDecoder
    kind: type[LsqPlane]  # of its planes
    running: np.ndarray
    holes: list[Links] | None  # of the planes as they come
    above: list[Above | None]  # of each plane in the order of coding
    left: list[Above | None]  # the same for the band below
    x: list[np.ndarray] = field(default_factory=list)
    innovations: list[np.ndarray] = field(default_factory=list)
    coded: int = 0  # planes that are not constant


def decode_group(
    depth: int,
    shape: tuple[int, ...],
    model: GroupModel,
    entropy: EntropyDecoder,
    kind: type[LsqPlane],
    holes: list[Links] | None,
    above: list[Above | None] | None = None,
    left: list[Above | None] | None = None,
) -> list[Plane]:
    """The samples of the planes of a group, in their order in the array. In bands, `above` is what
    each plane finds above it, and `left` gets what it leaves to the band below."""
    above = above or [None] * len(model.planes)
    left = [] if left is None else left
    group = Group(model, entropy, kind, np.zeros(shape, np.int64), holes, above, left)
    for k in range(len(model.planes)):
        decode_plane(group, k)
    entropy.end()
    samples: list[Plane] = [[] for _ in model.planes]
    for place, plane, x in zip(model.order, model.planes, group.x):
        samples[place] = wrapped(x + plane.mean, depth).ravel().tolist()
    return samples


def decode_plane(group: Group, k: int) -> None:
    plane = group.model.planes[k]
    if plane.kind == CONSTANT:
        group.x.append(np.zeros_like(group.running))
        group.innovations.append(np.zeros_like(group.running))
        group.left.append(None)
        return
    places = Places(plane, group.running.shape)
    p, e = (places.of_halves(values) for values in predict_from_planes(group, k))
    running = places.of_halves(group.running)
    must(plane.kind == FULL or not group.holes, "no plane of a chunk with gaps is halved")
    coded = group.kind(group.model, plane, p, e, running, group.above[k])
    if group.holes:
        coded.holes = group.holes[group.model.order[k]]
    coded.decode(group.entropy)
    group.left.append(coded.below(e))
    group.coded += 1
    update_running_mean(group, plane, coded.logs, places)
    if group.model.weights_e:
        group.innovations.append(places.of_plane(innovation(coded)))
    x = places.of_plane(coded.samples())
    for position, difference in plane.patches:
        x.flat[position] = wrap(int(x.flat[position]) + difference)
    group.x.append(x)


class Places:
    """Where the half places of a plane stand and which one each place belongs to.

    In a plane that is not halved every place is its own."""

    def __init__(self, plane: PlaneModel, shape: tuple[int, ...]) -> None:
        self.stands, self.belongs = [], []
        for size, phase in zip(shape, plane.phases):
            halves = (size + 1 + phase) >> 1 if plane.kind == HALVED else size
            standing = [max(2 * q - phase, 0) for q in range(halves)]
            belonging = [(p + phase) >> 1 for p in range(size)]
            self.stands.append(standing if plane.kind == HALVED else list(range(size)))
            self.belongs.append(belonging if plane.kind == HALVED else list(range(size)))

    def of_halves(self, values: np.ndarray) -> np.ndarray:
        return values[np.ix_(*self.stands)]

    def of_plane(self, values: np.ndarray) -> np.ndarray:
        return values[np.ix_(*self.belongs)]


def predict_from_planes(group: Group, k: int) -> tuple[np.ndarray, np.ndarray]:
    """P and E of plane k."""
    fraction = group.model.planes[k].fraction
    p = weighted_sum(group.model.weights_p, k, group.x, fraction, group.running.shape)
    e = weighted_sum(group.model.weights_e, k, group.innovations, 0, group.running.shape)
    return p, e


def weighted_sum(
    weights: Weights | None, k: int, planes: list[np.ndarray], fraction: int, shape: tuple[int, ...]
) -> np.ndarray:
    total = np.zeros(shape, np.int64)
    if weights is None or not weights.rows[k].predicted:
        return total
    s = weights.rows[k].shift - fraction
    variables = [variable for plane in planes for variable in weights.variables_of(plane)]
    for weight, values in zip(weights.of_plane(k), variables, strict=True):
        total += weight * values
    return sat(wrapped(total + ((1 << s) >> 1), 32) >> s)


class LsqPlane(Wave):
    """A plane, or the half places of one, while it is decoded by method 2."""

    def __init__(
        self,
        model: GroupModel,
        plane: PlaneModel,
        p: np.ndarray,
        e: np.ndarray,
        running: np.ndarray,
        above: Above | None = None,
    ) -> None:
        super().__init__(plane, model.shapes, p, above)
        self.model = model
        self.taps = plane_taps(plane.sample_levels, plane.sample_scale, model.sample_steps)
        self.by_planes = self.sum_by_planes(p, e).tolist()
        self.before = self.class_before(running).tolist()

    def predict(self, y: int, x: int) -> tuple[int, int]:
        return self.mean(y, x), self.class_at(y, x)

    # Mean and error

    def sum_by_planes(self, p: np.ndarray, e: np.ndarray) -> np.ndarray:
        """The part of the sum of the mean that is known before the plane is decoded."""
        above_p, above_e = (self.above.p, self.above.e) if self.above else (None, None)
        by_p = sum_of_nine(self.taps[:9], p, above_p)
        return by_p + sum_of_nine(self.taps[9:18], e, above_e)

    def below(self, e: np.ndarray) -> Above:
        """What the plane leaves to a band below it."""
        known = np.array(self.known[-2:], np.int64)[:, MARGIN:-MARGIN]
        errors = np.array(self.errors[-1][MARGIN:-MARGIN], np.int64)
        return Above(known, errors, self.p[-1], e[-1])

    def mean(self, y: int, x: int) -> int:
        f = self.plane.fraction
        products = (tap * value for tap, value in zip(self.taps[18:], self.neighbours(y, x)))
        total = self.by_planes[y][x] + (sum(products) << f) + (1 << (f + 7))
        return (wrapped(total, 32) >> (f + 8)) + self.plane.bias

    # Class

    def class_at(self, y: int, x: int) -> int:
        total = self.before[y][x] + ((self.around(y, x) * self.plane.scale_error) >> 4)
        return limited(total >> 6, 0, 83)


def update_running_mean(group: Group, plane: PlaneModel, logs: np.ndarray, places: Places) -> None:
    c = group.coded
    average = plane.average
    if not group.model.averages:
        average = (16 * int(logs.sum()) + logs.size // 2) // logs.size
    rate = 32767 if c == 1 else 32768 // min(c, 40)
    r = group.running
    change = wrap(16 * places.of_plane(logs) - average - r)
    group.running = wrap(r + ((change * rate + (1 << 14)) >> 15))


def innovation(coded: LsqPlane) -> np.ndarray:
    plane, f = coded.plane, coded.plane.fraction
    taps = plane_taps(plane.innovation_levels, plane.innovation_scale, coded.model.innovation_steps)
    above = coded.above.p if coded.above else None
    total = sum_of_nine(taps[:9], coded.p, above) + (1 << 11)
    for y in range(coded.height):
        for x in range(coded.width):
            products = (c * value for c, value in zip(taps[9:], coded.neighbours(y, x)))
            total[y, x] += sum(products) << f
    return sat((coded.samples() << f) - (wrapped(total, 32) >> 12))


# Method 1, quick


class QuickPlane(LsqPlane):
    """A plane, or the half places of one, while it is decoded by method 1."""

    states, bits = 64, 11

    def put_beside(self, y: int, x: int) -> None:
        for values in (self.known[y + MARGIN], self.errors[y + MARGIN]):
            if x == 0:
                values[MARGIN - 1] = values[MARGIN]
            if x == self.width - 1:
                values[x + MARGIN + 1] = values[x + MARGIN]

    def sum_by_planes(self, p: np.ndarray, e: np.ndarray) -> np.ndarray:
        return sum_of_nine(self.taps[:9], p, self.above.p if self.above else None)

    def mean(self, y: int, x: int) -> int:
        f = self.plane.fraction
        _, c_n, c_nw, c_ne, _, c_nn = self.taps[18:]
        _, n, nw, ne, _, nn = self.neighbours(y, x)
        products = c_n * n + c_nw * nw + c_ne * ne + c_nn * nn
        total = self.by_planes[y][x] + (products << f) + (1 << (f + 11))
        return wrapped(total, 32) >> (f + 12)

    def error(self, x: int, mean: int) -> int:
        return min(abs(x - mean), 65535)

    def log(self, error: int) -> int:
        return log(2 * error + 1)

    def class_before(self, running: np.ndarray) -> np.ndarray:
        scaled = 8 * self.plane.scale_running * running
        return wrap(scaled >> 8) + 16 * self.plane.scale_offset + 32

    def class_at(self, y: int, x: int) -> int:
        above, at = self.errors[y + MARGIN - 1], x + MARGIN
        e_around = log(2 * (above[at] + 1) + above[at - 1] + above[at + 1])
        total = self.before[y][x] + ((e_around * self.plane.scale_error) >> 4)
        return limited(total >> 7, 0, 35)

    def begin(self, state: int, y: int, x: int) -> Sample:
        mean, class_ = self.predict(y, x)
        low = max((class_ - 12) >> 1, 0)
        table = 12 + (class_ & 1) if class_ > 13 else class_
        slots = make_table(self.bits, self.shapes[table], 2 * table + 10, 0)
        return Sample(state, y, x, mean, mean >> low, low, slots)

    def steps(self) -> list[list[tuple[int, int, int]]]:
        """State, row and column of the samples of each run."""
        steps = []
        for y in range(self.height):
            for first in range(0, self.width, 16):
                run = range(first, min(first + 16, self.width))
                steps.append([(x % self.states, y, x) for x in run])
        return steps


# Method 8, blocks


class SmallBlockPlane(LsqPlane):
    """A plane of a block of side 4 or 8."""

    states = 2

    def steps(self) -> list[list[tuple[int, int, int]]]:
        """Each sample is a step of its own."""
        places = product(range(self.height), range(self.width))
        order = sorted(places, key=lambda place: (2 * place[0] + place[1], place[0]))
        return [[(number % 2, *place)] for number, place in enumerate(order)]


def decode_blocks(chunk: Chunk) -> list[Plane]:
    """The samples of all planes of a chunk in blocks."""
    parameters, payload = Reader(chunk.parameters[1:]), Reader(chunk.payload)
    byte = parameters.u8()
    stored, side = byte >= 128, byte % 128
    must(
        side in (4, 8, 16, 32, 64) or (stored and side == 0), "side is 4, 8, 16, 32 or 64, or none"
    )
    layers = read_layers(chunk, parameters) if stored else 1
    side = side or max(chunk.height, chunk.width)
    models = []
    for first in range(0, chunk.count, GROUP):
        decoder = RangeDecoder(parameters.data[parameters.position :])
        count = min(GROUP, chunk.count - first)
        models.append(read_model(chunk, BLOCKS, count, decoder, stored, averages=True))
        parameters.take(decoder.reader.position)
    planes = np.zeros((chunk.count, chunk.height, chunk.width), np.int64)
    corners = list(product(range(0, chunk.height, side), range(0, chunk.width, side)))
    blocks = [b""] * len(corners)
    for number in range(layers * len(corners)):
        words = payload.take(2 * parameters.varint())
        if words:
            check = int.from_bytes(parameters.take(2), "little")
            must(zlib.crc32(words, number) % 65536 == check, "the check of a block is right")
        blocks[number % len(corners)] += words
    must(parameters.at_end, "parameters end with the index")
    must(payload.at_end, "the payload ends with the last block")
    constant = all(plane.kind == CONSTANT for model in models for plane in model.planes)
    for block, (y, x) in zip(blocks, corners):
        if not block and not constant:
            continue
        part = planes[:, y : y + side, x : x + side]
        kind = SmallBlockPlane if side <= 8 else LsqPlane
        part[:] = decode_block(chunk.depth, models, Reader(block), part.shape, kind)
    return planes.reshape(chunk.count, -1).tolist()


def read_layers(chunk: Chunk, parameters: Reader) -> int:
    """How many layers there are; where they end makes no difference to who reads all."""
    layers = parameters.varint()
    must(1 <= layers <= chunk.count, "there is a layer, and a plane for each")
    end = 0
    for _ in range(layers - 1):
        more = parameters.varint()
        must(0 < more < chunk.count - end, "each layer has planes")
        end += more
    return layers


def decode_block(
    depth: int,
    models: list[GroupModel],
    words: Reader,
    shape: tuple[int, ...],
    kind: type[LsqPlane],
) -> np.ndarray:
    """The samples of all planes of a block of that shape."""
    samples: list[Plane] = []
    for model in models:
        samples += decode_group(depth, shape[1:], model, EntropyDecoder(words, kind), kind, None)
    must(words.at_end, "a block ends with its last word")
    return np.array(samples, np.int64).reshape(shape)


CODED_PLANES = {QUICK: QuickPlane, LSQ: LsqPlane}
