"""Decodes method 3 of coder 3 slowly and plainly, written from docs/format-adaptive.md alone.

Its arithmetic is in reference_online_numbers.py, what predicts in reference_online_engines.py, and
how bits make a sample in reference_online_mixing.py. All have the section names of the document:
where it, they and the C library disagree, one of the three has a fault. Integers have any size;
what the document wraps or limits is wrapped or limited here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from reference_decoder import Chunk, Plane
from reference_integers import BitModel, IntegerModel, RangeDecoder, Reader, limited, must, wrapped
from reference_holes import BLANK, DATA, Links, hole_maps, links_of
from reference_online_engines import (
    NE,
    NEE,
    NN,
    NNE,
    NW,
    WW,
    Centres,
    Engine,
    Fit,
    N,
    Position,
    W,
    neighbour,
)
from reference_online_mixing import BLEND, Mixer
from reference_online_numbers import log2, power, quotient, within

# Parameters


@dataclass(frozen=True)
class EngineParameters:
    """`classes` is 0 for an engine that does not exist."""

    neighbours: int
    classes: int
    forgets: bool
    ridge: int
    share: int


@dataclass(frozen=True)
class Parameters:
    edge: int
    group: int
    fit_bits: int
    mixes_by_scale: bool
    engines: list[EngineParameters]


def read_parameters(reader: Reader, chunk: Chunk) -> Parameters:
    """Reads all from behind the byte of the method; how many bands are coded shows later."""
    edge, group, learning = reader.u8(), reader.varint(), reader.u8()
    must(edge in (1, 2), "edge is 1 or 2")
    must(1 <= group <= 256, "a group has 1..256 bands")
    must(learning < 32, "bits 5-7 of learning are 0")
    positions = -(-chunk.samples // chunk.width // edge) * -(-chunk.width // edge)
    engines = [read_engine(reader, group, positions) for _ in range(5)]
    must(engines[4].neighbours == 0, "engine 4 has no neighbours")
    must(reader.at_end, "the parameters end with the engines")
    return Parameters(edge, group, learning & 15, bool(learning & 16), engines)


def read_engine(reader: Reader, group: int, positions: int) -> EngineParameters:
    shape, ridge, share = reader.u8(), reader.u8(), reader.u8()
    neighbours, classes = shape & 15, 4 if shape & 16 else 1
    must(shape < 128, "bit 7 of a shape is 0")
    must(neighbours <= 8, "an engine has at most 8 neighbours")
    must(share <= 16, "a share is at most 16")
    classes = classes if shape & 64 else 0
    size = 1 + (1 + neighbours) * group
    must(size <= 1280, "a matrix has at most 1280 rows")
    must(size**2 * classes <= 16 * group * positions + 65536, "the matrices are small enough")
    return EngineParameters(neighbours, classes, bool(shape & 32), ridge, share)


# Bands

CODED, CONSTANT, COPY = "coded", "constant", "copy"


@dataclass
class Band:
    """One phase of one plane; the samples of all positions row by row."""

    plane: int
    phase: int
    kind: str
    value: int = 0
    source: int = 0
    offset: int = 0
    samples: list[int] = field(default_factory=list)


@dataclass
class Picture:
    """What is known of all bands before the first sample."""

    chunk: Chunk
    parameters: Parameters
    holes: list[Links] | None = None
    bands: list[Band] = field(default_factory=list)
    low: int = 0
    high: int = 0

    @property
    def width(self) -> int:
        return -(-self.chunk.width // self.parameters.edge)

    @property
    def height(self) -> int:
        return -(-self.chunk.samples // self.chunk.width // self.parameters.edge)

    @property
    def positions(self) -> int:
        return self.height * self.width

    @property
    def wide(self) -> bool:
        return self.low < -128 or self.high > 127

    @property
    def coded(self) -> list[Band]:
        return [band for band in self.bands if band.kind == CODED]

    def is_sample(self, value: int) -> bool:
        return value == wrapped(value, self.chunk.depth)

    def place(self, band: Band, position: int) -> int | None:
        """The number of the sample in its plane, if it is not beyond the border."""
        edge = self.parameters.edge
        y = edge * (position // self.width) + band.phase // 2
        x = edge * (position % self.width) + band.phase % 2
        if y >= self.chunk.samples // self.chunk.width or x >= self.chunk.width:
            return None
        return y * self.chunk.width + x


def decode_online(chunk: Chunk, parameters: bytes, payload: bytes) -> list[Plane]:
    """The samples of all planes; `parameters` begin behind the byte of the method."""
    picture = Picture(chunk, read_parameters(Reader(parameters), chunk), hole_maps(chunk))
    must(picture.parameters.edge == 1 or chunk.gaps is None, "edge is 1 if there are gaps")
    decoder = RangeDecoder(payload)
    read_bands(picture, decoder)
    must(decoder.reader.at_end, "the payload ends with the last sample")
    return to_planes(picture)


def read_bands(picture: Picture, decoder: RangeDecoder) -> None:
    read_kinds(picture, decoder)
    coded, size = picture.coded, picture.parameters.group
    if coded:
        must(size <= len(coded), "a group is not larger than there are coded bands")
        read_levels(picture, decoder)
    mixer = Mixer(picture, decoder)
    for first in range(0, len(coded), size):
        Group(picture, mixer, first).decode()
    read_other_bands(picture, decoder)


def read_kinds(picture: Picture, decoder: RangeDecoder) -> None:
    coded, constant = [[BitModel() for _ in range(4)] for _ in range(2)]
    value_model, value = IntegerModel(), 0
    codes = {CODED: 0, CONSTANT: 1, COPY: 2}
    for number in range(picture.parameters.edge**2 * picture.chunk.count):
        phase, plane = divmod(number, picture.chunk.count)
        c = codes[picture.bands[number - picture.chunk.count].kind] if phase else 3
        if not decoder.bit(coded[c]):
            band = Band(plane, phase, CODED)
        elif not decoder.bit(constant[c]):
            value += decoder.integer(value_model)
            must(picture.is_sample(value), "the value of a constant band is a sample")
            band = Band(plane, phase, CONSTANT, value=value)
        else:
            q = 2 * decoder.bit(BitModel()) + decoder.bit(BitModel())
            must(q < phase, "a copy comes after its source")
            band = Band(plane, phase, COPY, source=q * picture.chunk.count + plane)
            must(picture.bands[band.source].kind == CODED, "the source of a copy is coded")
        picture.bands.append(band)


def read_levels(picture: Picture, decoder: RangeDecoder) -> None:
    """The range of the samples and the offsets of the coded bands."""
    range_model, level_model, level = IntegerModel(), IntegerModel(), 0
    picture.low = decoder.integer(range_model)
    picture.high = picture.low + decoder.integer(range_model)
    must(picture.is_sample(picture.low) and picture.is_sample(picture.high), "limits are samples")
    must(picture.low < picture.high, "low is less than high")
    if not picture.wide:
        return
    size = picture.high - picture.low + 1
    for band in picture.coded:
        level += decoder.integer(level_model)
        must(0 <= level <= 255, "levels are in 0..255")
        band.offset = picture.low + (size * level + size // 2) // 256


def read_other_bands(picture: Picture, decoder: RangeDecoder) -> None:
    copies = CopyDecoder(picture, decoder)
    for band in picture.bands:
        if band.kind == CONSTANT:
            band.samples = [band.value] * picture.positions
        elif band.kind == COPY:
            copies.read(band)


class CopyDecoder:
    """Reads where copies differ from their sources."""

    def __init__(self, picture: Picture, decoder: RangeDecoder) -> None:
        self.picture, self.decoder = picture, decoder
        self.other = [BitModel() for _ in range(4)]
        self.difference = IntegerModel()
        self.above = [False] * picture.positions  # where the copy band before differs

    def read(self, band: Band) -> None:
        differs = [BitModel(start, start) for start in (62000, 62000, 20000, 20000)]
        here: list[bool] = []
        before = False
        for position in range(self.picture.positions):
            source = self.at(band, band.source, position)
            sample = source
            if self.picture.place(band, position) is None:
                sample = self.at(band, band.plane, position)
            elif self.decoder.bit(differs[2 * self.above[position] + before]):
                sample = self.other_sample(band, source, position)
            before = sample != source
            here.append(before)
            band.samples.append(sample)
        self.above = here

    def at(self, band: Band, number: int, position: int) -> int:
        """A sample of an earlier phase of the plane, inside it or the nearest one."""
        band_read = self.picture.bands[number]
        if self.picture.place(band_read, position) is None:
            band_read = self.picture.bands[band.plane]
        return band_read.samples[position]

    def other_sample(self, band: Band, source: int, position: int) -> int:
        for phase in range(band.phase):
            sample = self.at(band, phase * self.picture.chunk.count + band.plane, position)
            if sample != source and self.decoder.bit(self.other[phase]):
                return sample
        sample = wrapped(source + self.decoder.integer(self.difference), 16)
        must(self.picture.is_sample(sample), "what a copy has instead is a sample")
        return sample


def to_planes(picture: Picture) -> list[Plane]:
    planes = [[0] * picture.chunk.samples for _ in range(picture.chunk.count)]
    for band in picture.bands:
        for position, sample in enumerate(band.samples):
            place = picture.place(band, position)
            if place is not None:
                planes[band.plane][place] = sample
    return planes


# Samples

PLANE, FIRST_ENGINE, STACK = 0, 1, 6
STACKED = (0, 2, 3, 4, 5)


@dataclass
class BandState:
    """What the decoder keeps of a coded band."""

    band: Band
    number: int
    fits: tuple[Fit, Fit]
    errors: list[int] = field(default_factory=lambda: [8 * 4096] * 8)
    error: int = 8 * 4096
    inverse: int = (1 << 24) // (2048 + 26)
    scale_weights: list[int] = field(default_factory=lambda: [19661, 29491, 16384, 0])
    variance: int = 0
    precision: int = 0


@dataclass
class Trace:
    """What is kept of a sample."""

    errors: list[int]
    residual: int


NO_TRACE = Trace([0] * 8, 0)


@dataclass
class Belief:
    """What is foreseen of a sample."""

    band: BandState
    place: int  # the number of the band in its group
    energy: int
    means: list[int] = field(default_factory=list)
    fit_inputs: list[list[int]] = field(default_factory=list)
    best: int = 0
    logs: list[int] = field(default_factory=list)
    scale: int = 0
    scale_class: int = 0
    inverses: list[int] = field(default_factory=list)
    wide_inverses: list[int] = field(default_factory=list)


class Group:
    """Decodes some coded bands together."""

    def __init__(self, picture: Picture, mixer: Mixer, first: int) -> None:
        self.picture, self.mixer = picture, mixer
        parameters, wide, width = picture.parameters, picture.wide, picture.width
        coded = picture.coded[first : first + parameters.group]
        self.bands = [
            BandState(band, first + k, (Fit(7, 10, wide), Fit(9, 3, wide)))
            for k, band in enumerate(coded)
        ]
        self.engines = [
            Engine(engine, len(coded), wide or number == 4, width) if engine.classes else None
            for number, engine in enumerate(parameters.engines)
        ]
        self.centres = Centres(len(coded))
        self.traces: list[list[Trace]] = [[] for _ in coded]
        self.scale_errors = mixer.scale_errors
        self.seen = 0
        self.holes = self.holes_of([band.plane for band in coded])
        mixer.start_group(len(coded))

    # Holes

    def holes_of(self, planes: list[int]) -> Links | None:
        """Positions at which no band of the group has data."""
        if self.picture.holes is None:
            return None
        maps = [self.picture.holes[plane] for plane in planes]
        return links_of(np.all([[[link is not DATA for link in row] for row in m] for m in maps], 0))

    def fill(self, number: int, link: tuple[int, int]) -> None:
        source = number + link[0] * self.picture.width + link[1]
        for k, band in enumerate(self.bands):
            samples, traces = band.band.samples, self.traces[k]
            if link == BLANK:
                samples.append(limited(band.band.offset, self.picture.low, self.picture.high))
                traces.append(Trace([band.error >> 4] * 8, 0))
            else:
                samples.append(samples[source])
                traces.append(traces[source])

    def decode(self) -> None:
        for y in range(self.picture.height):
            for x in range(self.picture.width):
                if self.holes and self.holes[y][x] is not DATA:
                    self.fill(y * self.picture.width + x, self.holes[y][x])
                else:
                    self.at_position((y, x))
                    self.seen += 1
                if y == 0 or x % 16 == 15 or x == self.picture.width - 1:
                    for engine in filter(None, self.engines):
                        engine.end_strip()

    # At a position

    def at_position(self, position: Position) -> None:
        self.position = position
        self.number = position[0] * self.picture.width + position[1]
        self.near = [self.number_of_neighbour(number) for number in range(8)]
        self.energy = self.energy_here()
        self.run = self.energy + 205
        self.runs = [128] * 8
        self.rate = max(131072 // (2 * self.seen + 3), 655)
        self.slow_rate = max(131072 // (2 * self.seen + 3), 328)
        self.position_class = self.class_here()
        for engine in filter(None, self.engines):
            engine.start(self.position_class, self.neighbour_entries(engine))
        for k, band in enumerate(self.bands):
            belief = self.foresee(k, band)
            sample = self.mixer.read_sample(belief)
            self.learn(belief, sample)
        for engine in filter(None, self.engines):
            engine.learn(self.position_class)
        for band in self.bands:
            self.end_position(band)

    def number_of_neighbour(self, number: int) -> int | None:
        found = neighbour(self.position, number, self.picture.width)
        return None if found is None else found[0] * self.picture.width + found[1]

    @property
    def first(self) -> bool:
        return self.number == 0

    def sample(self, band: BandState, number: int) -> int:
        return band.band.samples[self.near[number]]

    def trace(self, k: int, number: int) -> Trace:
        return NO_TRACE if self.first else self.traces[k][self.near[number]]

    def energy_here(self) -> int:
        if self.first:
            return 4096
        total = 0
        for k, band in enumerate(self.bands):
            errors = self.trace(k, W).errors[BLEND] + self.trace(k, N).errors[BLEND]
            total += (errors * band.inverse) >> 12
        return limited(total // (2 * len(self.bands)), 0, 1 << 24)

    def class_here(self) -> int:
        if self.first:
            return 0
        features = [
            self.sample(band, W) + self.sample(band, N) - 2 * band.band.offset
            for band in self.bands
        ]
        return self.centres.position_class(features, [band.precision for band in self.bands])

    def neighbour_entries(self, engine: Engine) -> list[int]:
        if self.first:
            return [0] * (engine.size - 1 - len(self.bands))
        return [
            self.sample(band, number) - band.band.offset
            for number in engine.neighbours
            for band in self.bands
        ]

    def foresee(self, k: int, band: BandState) -> Belief:
        belief = Belief(band, k, self.energy)
        self.foresee_plane(belief)
        for number in range(5):
            belief.means.append(self.limited_mean(self.engine_mean(belief, number)))
        self.foresee_stack(belief)
        self.foresee_blend(belief)
        self.foresee_scale(belief)
        return belief

    # Experts

    def limited_mean(self, mean: int) -> int:
        return limited(mean, 256 * self.picture.low - 100, 256 * self.picture.high + 100)

    def west(self, band: BandState) -> int:
        return 256 * (band.band.offset if self.first else self.sample(band, W))

    def foresee_plane(self, belief: Belief) -> None:
        band, fit, west = belief.band, belief.band.fits[0], self.west(belief.band)
        inputs = [0] * 7
        if not self.first:
            numbers = (N, NW, NE, WW, NN, NEE, NNE)
            inputs = [fit.difference(256 * self.sample(band, number) - west) for number in numbers]
        belief.fit_inputs.append(inputs)
        belief.means.append(self.limited_mean(west + fit.value(inputs)))

    def engine_mean(self, belief: Belief, number: int) -> int:
        engine = self.engines[number]
        if engine is None:
            return belief.means[FIRST_ENGINE] if number else self.west(belief.band)
        if engine.whitening.factor is None:
            return self.west(belief.band)
        mean = engine.whitening.mean()
        if number == 4:
            return belief.means[PLANE] + (mean >> (0 if self.picture.wide else 2))
        return mean + 256 * belief.band.band.offset

    def foresee_stack(self, belief: Belief) -> None:
        fit, means = belief.band.fits[1], belief.means
        inputs = [fit.difference(means[e] - means[1]) for e in STACKED]
        for number in (W, N, NW, NE):
            inputs.append(fit.difference(self.trace(belief.place, number).residual))
        belief.fit_inputs.append(inputs)
        belief.means.append(self.limited_mean(means[1] + fit.value(inputs)))

    def foresee_blend(self, belief: Belief) -> None:
        logs = [self.expert_log(belief, e) for e in range(7)]
        least = min(logs)
        belief.best = logs.index(least)
        distances = [6 * (log - least) for log in logs]
        weights = [power(16384 - x) if x < 16384 else 0 for x in distances]
        total = sum(weight * mean for weight, mean in zip(weights, belief.means))
        belief.means.append(self.limited_mean(total // sum(weights)))

    def expert_log(self, belief: Belief, e: int) -> int:
        w, n, nw, ne = (self.trace(belief.place, p).errors[e] for p in (W, N, NW, NE))
        local = 2 * (belief.band.errors[e] >> 4) + w + n + ((nw + ne) >> 1)
        scaled = limited(((local + 77) * belief.band.inverse) >> 16, 1, 1 << 30)
        return log2(limited(scaled + 3 * self.runs[e], 1, 1 << 30))

    # Scale

    def foresee_scale(self, belief: Belief) -> None:
        near, band = 2048, belief.band
        if not self.first:
            w, n, nw, ne = (self.trace(belief.place, p).errors[BLEND] for p in (W, N, NW, NE))
            near = (2 * w + 2 * n + nw + ne) // 6
        usual = log2((band.error >> 4) + 26) - 12288
        belief.logs = [
            log2(near + 26),
            usual + log2(self.run + 205),
            usual + log2(self.energy + 205),
        ]
        total = sum(weight * f for weight, f in zip(band.scale_weights, belief.logs))
        log = limited((total >> 16) + (band.scale_weights[3] >> 6), 2400, 22528)
        belief.scale = power(log)
        belief.scale_class = limited((log >> 8) - 16, 0, 63)
        for error in self.scale_errors.values[belief.scale_class]:
            width = log + log2(error) - 16384 - 485
            belief.inverses.append(power(34816 - max(width - 425, 4033)))
            belief.wide_inverses.append(power(34816 - max(width + 948, 4033)))

    # Learning

    def learn(self, belief: Belief, sample: int) -> None:
        band = belief.band
        errors = [abs(256 * sample - mean) for mean in belief.means]
        self.learn_scale(belief, errors[BLEND])
        self.learn_errors(belief, errors)
        band.error += ((16 * errors[BLEND] - band.error) * self.slow_rate + (1 << 15)) >> 16
        told = limited((errors[BLEND] * band.inverse) >> 12, 0, 1 << 24)
        self.run += (5 * (told - self.run)) >> 6
        self.learn_fits(belief, sample, errors)
        self.add_to_engines(belief, sample)
        self.traces[belief.place].append(Trace(errors, 256 * sample - belief.means[1]))
        band.band.samples.append(sample)

    def learn_scale(self, belief: Belief, a: int) -> None:
        weights = belief.band.scale_weights
        s = min((a << 12) // (belief.scale + 13) - 4096, 8192)
        m = quotient(sum(belief.logs), 3)
        for i, f in enumerate(belief.logs):
            weights[i] = within(weights[i] + ((s * (f - m) * 3) >> 17), 1 << 20)
        weights[3] = within(weights[3] + ((94 * s) >> 12), 1 << 24)

    def learn_errors(self, belief: Belief, errors: list[int]) -> None:
        band, number = belief.band, belief.scale_class
        scales, count = (self.scale_errors.values[number], self.scale_errors.counts[number])
        for e, error in enumerate(errors):
            told = min((error * band.inverse) >> 16, 1 << 20)
            self.runs[e] += (15 * (told - self.runs[e]) + 128) >> 8
            y = min((error * ((1 << 32) // (belief.scale + 5))) >> 16, 1 << 19)
            scales[e] += ((y - scales[e]) * (65536 // (count + 1))) >> 16
            scales[e] = max(scales[e], 64)
            band.errors[e] += ((16 * error - band.errors[e]) * self.rate + (1 << 15)) >> 16
        self.scale_errors.counts[number] += count < 1500

    def learn_fits(self, belief: Belief, sample: int, errors: list[int]) -> None:
        phase = (self.seen + belief.place) % (1 << self.picture.parameters.fit_bits)
        solves = phase == 0 or self.seen < 50
        bases = self.west(belief.band), belief.means[1]
        experts = PLANE, STACK
        for fit, inputs, base, e in zip(belief.band.fits, belief.fit_inputs, bases, experts):
            fit.learn(inputs, fit.difference(256 * sample - base), errors[e], solves)

    def add_to_engines(self, belief: Belief, sample: int) -> None:
        for number, engine in enumerate(self.engines):
            if engine:
                entry = sample - belief.band.band.offset
                if number == 4:
                    shift = 8 if self.picture.wide else 6
                    entry = (256 * sample - belief.means[PLANE]) >> shift
                engine.whitening.add(within(entry, 32767))

    def end_position(self, band: BandState) -> None:
        r = 65536 // (self.seen + 1) if self.seen < 1000 else 64
        band.inverse = (1 << 24) // ((band.error >> 4) + 26)
        own = band.band.samples[-1] - band.band.offset
        band.variance += ((16 * own**2 - band.variance) * r) >> 16
        band.precision = max((1 << 24) // (band.variance + 16), 1)
