"""Decodes method 3 of coder 3 slowly and plainly, written from docs/format-online.md alone.

The document is the only source of this file, in its order and with its section names: where it,
this file and the C library disagree, one of the three has a fault. Integers have any size; what
the document wraps or limits is wrapped or limited here.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from reference_decoder import (
    BitModel,
    Chunk,
    IntegerModel,
    Plane,
    RangeDecoder,
    Reader,
    limited,
    must,
    wrapped,
)

Position = tuple[int, int]  # y and x
Matrix = list[list[int]]


def quotient(a: int, b: int) -> int:
    """a / b, rounded towards zero."""
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def remainder(a: int, b: int) -> int:
    """What `quotient` leaves; it has the sign of a."""
    return a - quotient(a, b) * b


def within(value: int, bound: int) -> int:
    """The nearest number to value of -bound..bound."""
    return limited(value, -bound, bound)


def shifted(value: int, bits: int) -> int:
    """value · 2^bits, rounded down."""
    return value << bits if bits >= 0 else value >> -bits


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
    picture = Picture(chunk, read_parameters(Reader(parameters), chunk))
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


# Chances


def chance_bit(decoder: RangeDecoder, p: int) -> int:
    zero = (decoder.range * (65536 - p)) >> 16
    return decoder.split(zero, decoder.range - zero)


# Logarithms


def log2(v: int) -> int:
    must(1 <= v < 1 << 32, "a logarithm is of 1..2^32-1")
    e = v.bit_length() - 1
    f = shifted(v, 10 - e) & 1023
    return 1024 * e + f + ((f * (1024 - f) * (434 - ((160 * f) >> 10))) >> 20)


def power(w: int) -> int:
    must(0 <= w < 31 * 1024, "a power is of 0..31·1024-1")
    f = w % 1024
    return ((1 << 30) + (f << 20) - f * (1024 - f) * (312 + ((80 * f) >> 10))) >> (30 - (w >> 10))


Table = dict[int, int]


def table(values: list[Decimal], low: int, high: int) -> Table:
    rounded = [int(value.to_integral_value(ROUND_HALF_EVEN)) for value in values]
    return {i: limited(value, low, high) for i, value in enumerate(rounded)}


def tables() -> tuple[Table, Table, Table, Table]:
    """squash, stretch, tail and gap: the real values, rounded, but for those listed."""
    with localcontext() as context:
        context.prec = 50
        one, unit, any_value = Decimal(1), Decimal(4096), 1 << 32
        z = [Decimal(i) / 128 - 12 for i in range(3073)]
        p = [(Decimal(i) + one / 2) / 4096 for i in range(4096)]
        d = [(Decimal(2) ** (Decimal(i) / 2)) / 4096 for i in range(33)]
        squash = table([65536 / (1 + (-v).exp()) for v in z], 2, 65534)
        stretch = table([unit * (v / (1 - v)).ln() for v in p], -32760, 32760)
        tail = table([unit * (1 + (-Decimal(i) / 4).exp()).ln() for i in range(33)], 0, any_value)
        gap = table([unit * (1 - (-v).exp()).ln() for v in d], -any_value, 0)
    squash.update({1475: 25105, 1597: 40431})
    stretch.update({29: -20177, 131: -13951, 3964: 13951, 4066: 20177})
    gap.update({1: -32650, 5: -26974, 9: -21304, 11: -18476, 14: -14260})
    gap.update({19: -7454, 23: -2782, 25: -1140, 27: -249, 31: 1})
    return squash, stretch, tail, gap


SQUASH, STRETCH, TAIL, GAP = tables()


def squash(z: int) -> int:
    return SQUASH[(z + 49152 + 16) >> 5]


def curve(values: Table, i: int, f: int, n: int) -> int:
    return values[i] + (((values[i + 1] - values[i]) * f) >> n)


# Engines

OFFSETS = [(0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2), (-2, 0), (-1, 2), (-2, 1)]
W, N, NW, NE, WW, NN, NEE, NNE = range(8)


def neighbour(position: Position, number: int, width: int) -> Position | None:
    """The position that is neighbour W, N, … of this one."""
    (y, x), (dy, dx) = position, OFFSETS[number]
    if position == (0, 0):
        return None
    if y == 0 and (dy < 0 or x == 0):
        return 0, x - 1
    if dy == 0 and x == 0:
        return y - 1, 0
    return max(0, y + dy), limited(x + dx, 0, width - 1)


def root(v: int) -> int:
    e = half_exponent(v)
    return math.isqrt(shifted(v, 30 - 2 * e) << 30)


def half_exponent(v: int) -> int:
    return (v.bit_length() - 1) // 2


@dataclass
class Factor:
    """What whitens: rows of L, and scale, exponent, inverse scale and inverse pivot by entry."""

    rows: Matrix = field(default_factory=list)
    s: list[int] = field(default_factory=list)
    t: list[int] = field(default_factory=list)
    r: list[int] = field(default_factory=list)
    v: list[int] = field(default_factory=list)


@dataclass
class Moments:
    """One class of an engine."""

    sums: Matrix
    weight: int = 0
    seen: int = 0
    due: int = 8
    seen_when_factored: int = 0
    seen_when_halved: int = 0
    factor: Factor | None = None


class Whitening:
    """The entries of one position so far, and what the factor makes of them."""

    def __init__(self, factor: Factor | None) -> None:
        self.factor = factor
        self.z: list[int] = []
        self.u: list[int] = []

    def product(self) -> int:
        """Of the entry to come."""
        row = self.factor.rows[len(self.u)]
        return wrapped(sum(a * u for a, u in zip(row, self.u)), 32)

    def mean(self) -> int:
        """Of the entry to come."""
        s, t = self.factor.s[len(self.u)], self.factor.t[len(self.u)]
        return within((self.product() * s + (1 << (47 - t))) >> (48 - t), 1 << 25)

    def add(self, z: int) -> None:
        if self.factor:
            j, factor = len(self.u), self.factor
            scaled = within((z * factor.r[j]) >> (4 + factor.t[j]), 1 << 30)
            rest = within(scaled - self.product(), (1 << 31) - 1)
            self.u.append(within((rest * factor.v[j]) >> 29, 32767))
        self.z.append(z)


class Engine:
    """The moments of all classes, and the position at hand."""

    def __init__(self, parameters: EngineParameters, bands: int, wide: bool, width: int) -> None:
        self.parameters, self.bands, self.wide, self.width = (parameters, bands, wide, width)
        order = sorted(range(parameters.neighbours), key=lambda number: OFFSETS[number][0] == 0)
        self.neighbours = order
        self.size = 1 + (1 + parameters.neighbours) * bands
        self.classes = [Moments(self.matrix()) for _ in range(parameters.classes)]
        self.fraction = 4 if wide else 8
        self.whitening = Whitening(None)

    def matrix(self) -> Matrix:
        """Only its lower left half is used."""
        return [[0] * (j + 1) for j in range(self.size)]

    def start(self, position_class: int, entries: list[int]) -> None:
        """`entries` are those of the neighbours."""
        self.whitening = Whitening(self.which_factor(position_class))
        for entry in [256 if self.wide else 16, *entries]:
            self.whitening.add(within(entry, 32767))

    def which_factor(self, position_class: int) -> Factor | None:
        own = self.classes[position_class if len(self.classes) > 1 else 0].factor
        return own or next((c.factor for c in self.classes if c.factor), None)

    # Sums

    def learn(self, position_class: int) -> None:
        own = self.whitening.u[-self.bands :] if self.whitening.factor else [2048] * self.bands
        errors = sum(u * u for u in own)
        w = max(1, (1 << 28) // (1258291 + errors // self.bands))
        moments = self.classes[position_class if len(self.classes) > 1 else 0]
        for i, z_i in enumerate(self.whitening.z):
            for j, z_j in enumerate(self.whitening.z[: i + 1]):
                moments.sums[i][j] += (w * z_i * z_j) << self.fraction
        moments.weight += w << self.fraction
        moments.seen += 1

    # Strips

    def end_strip(self) -> None:
        longest = limited(self.width, 64, 256) * (4 if self.parameters.forgets else 1)
        for moments in self.classes:
            if moments.seen >= moments.due:
                self.factor_class(moments)
                seen = moments.seen
                moments.due = seen + 8 + self.size // 32 + min(seen // 16, longest)

    # Factoring

    def factor_class(self, moments: Moments) -> None:
        if self.parameters.forgets:
            forget(moments)
        moments.seen_when_factored = moments.seen
        if moments.seen - moments.seen_when_halved >= 1 << 17:
            moments.seen_when_halved = moments.seen
            moments.sums = [[value >> 1 for value in row] for row in moments.sums]
            moments.weight >>= 1
        sums, weight = self.shared(moments)
        moments.factor = self.new_factor(sums, weight)

    def shared(self, moments: Moments) -> tuple[Matrix, int]:
        """S' and weight'."""
        if len(self.classes) == 1:
            return moments.sums, max(1, moments.weight)
        share = self.parameters.share
        sums = self.matrix()
        for i, row in enumerate(sums):
            for j in range(i + 1):
                total = sum(other.sums[i][j] for other in self.classes)
                row[j] = moments.sums[i][j] + (total >> 4) * share
        total = sum(other.weight for other in self.classes)
        return sums, max(1, moments.weight + (total >> 4) * share)

    def new_factor(self, sums: Matrix, weight: int) -> Factor:
        factor = Factor()
        diagonal = [self.ridged(sums[i][i], weight) for i in range(self.size)]
        exponents = [half_exponent(d) for d in diagonal]
        inverses = [(1 << 60) // root(d) for d in diagonal]
        for d, e in zip(diagonal, exponents):
            scale = (root(d) << 30) // root(weight)
            factor.s.append(min(scale, (1 << 31) - 1))
            factor.r.append(min((1 << 60) // scale, (1 << 31) - 1))
            factor.t.append(e - half_exponent(weight))
        rows: Matrix = []
        for i in range(self.size):
            correlations = []
            for j in range(i):
                a = shifted(sums[i][j], 28 - exponents[i] - exponents[j])
                a = within(a, 1 << 30)
                correlations.append(within((a * inverses[i]) >> 28, 1 << 31) * inverses[j])
            rows.append(factor_row(rows, [*correlations, 1 << 60]))
        for i, row in enumerate(rows):
            factor.rows.append([min((f + (1 << 14)) >> 15, 32767) for f in row[:i]])
            factor.v.append((1 << 44) // row[i])
        return factor

    def ridged(self, value: int, weight: int) -> int:
        ridge = self.parameters.ridge << self.fraction
        added = quotient(value, weight) * ridge
        added += quotient(remainder(value, weight) * ridge, weight)
        return max(value + added, weight // 64 + 1)


def forget(moments: Moments) -> None:
    n = moments.seen - moments.seen_when_factored
    for row in moments.sums:
        row[:] = [value - ((value + 4096) >> 13) * n for value in row]
    moments.weight -= (moments.weight * n) >> 13


def factor_row(rows: Matrix, correlations: list[int]) -> list[int]:
    """Row i of F from the rows before and row i of C."""
    row: list[int] = []
    for j, correlation in enumerate(correlations):
        above = rows[j] if j < len(rows) else row
        d = wrapped(correlation - sum(a * b for a, b in zip(row, above[:j])), 64)
        if j == len(rows):
            row.append(math.isqrt(limited(d, 1 << 34, 1 << 60)))
        else:
            n = above[j].bit_length()
            product = wrapped((d >> n) * ((1 << (30 + n)) // above[j]), 64)
            row.append(within(product >> 30, 1 << 30))
    return row


# Classes of positions


class Centres:
    """Sorts positions into four classes."""

    def __init__(self, bands: int) -> None:
        self.centres = [[0] * bands for _ in range(4)]
        self.counts = [0] * 4

    def position_class(self, features: list[int], precisions: list[int]) -> int:
        distances = [self.distance(c, features, precisions) for c in range(4)]
        nearest = distances.index(min(distances))
        self.counts[nearest] += 1
        n = self.counts[nearest]
        r = 65536 // n if n < 512 else 128
        centre = self.centres[nearest]
        for k, feature in enumerate(features):
            centre[k] += ((256 * feature - centre[k]) * r) >> 16
        return nearest

    def distance(self, number: int, features: list[int], precisions: list[int]) -> int:
        if self.counts[number] == 0:
            return 0
        total = 0
        for feature, centre, precision in zip(features, self.centres[number], precisions):
            t = feature - (centre >> 8)
            total += (t * t * precision) >> 12
        return total


# Fits


class Fit:
    """Predicts a target from inputs."""

    def __init__(self, inputs: int, c: int, wide: bool) -> None:
        self.n, self.c, self.wide = inputs, c, wide
        self.moments = [[0] * (i + 1) for i in range(inputs + 1)]
        self.weights = [0] * inputs
        self.error = 256

    def difference(self, d: int) -> int:
        """h(d)."""
        return within(d >> (6 if self.wide else 2), 1 << 18)

    def value(self, inputs: list[int]) -> int:
        total = sum(weight * value for weight, value in zip(self.weights, inputs))
        return within(total, 1 << 40) >> (10 if self.wide else 14)

    def learn(self, inputs: list[int], target: int, r: int, solves: bool) -> None:
        self.error += (5 * (r - self.error)) >> 8
        u = self.error**2 + 6554
        trust = 1024 * u // (r * r + 2 * u)
        values = [*inputs, target]
        for i, row in enumerate(self.moments):
            for j in range(i + 1):
                row[j] += values[i] * trust * values[j] - (row[j] >> 9)
        if solves:
            self.solve((self.c * u) >> 2 if self.wide else (self.c * u) << 6)

    def solve(self, ridge: int) -> None:
        n = self.n
        diagonal = [self.moments[i][i] for i in range(n + 1)]
        diagonal[:n] = [value + ridge + (value >> 11) for value in diagonal[:n]]
        e = [half_exponent(max(d, 1)) for d in diagonal]
        lower = self.lower_rows(diagonal, e)
        g = [0] * n
        for i in reversed(range(n)):
            rest = sum(lower[k][i] * g[k] for k in range(i + 1, n))
            g[i] = within(((lower[n][i] << 20) - rest) >> 20, 1 << 29)
        self.weights = [within(shifted(g[i], e[n] - e[i] - 4), 1 << 22) for i in range(n)]

    def lower_rows(self, diagonal: list[int], e: list[int]) -> Matrix:
        """l, by P."""
        products: Matrix = []
        lower: Matrix = []
        for i in range(self.n + 1):
            products.append([])
            lower.append([])
            for j in range(min(i, self.n - 1) + 1):
                a = diagonal[i] if i == j else self.moments[i][j]
                a = within(shifted(a, 28 - e[i] - e[j]), 1 << 30)
                rest = sum(products[i][k] * lower[j][k] for k in range(j))
                products[i].append(within(((a << 20) - rest) >> 20, 1 << 30))
                inverse = (1 << 46) // max(products[j][j], 1 << 14)
                lower[i].append(within((products[i][j] * inverse) >> 26, 1 << 28))
        return lower


# Samples

PLANE, FIRST_ENGINE, STACK, BLEND = 0, 1, 6, 7
STACKED = (0, 2, 3, 4, 5)
WIDE_EXPERTS = (0, 1, 6, 7)


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
class ScaleErrors:
    """How far the experts were off, by class of the scale."""

    values: Matrix = field(default_factory=lambda: [[65536] * 8 for _ in range(64)])
    counts: list[int] = field(default_factory=lambda: [3] * 64)


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
        mixer.start_group(len(coded))

    def decode(self) -> None:
        for y in range(self.picture.height):
            for x in range(self.picture.width):
                self.at_position((y, x))
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
        self.rate = max(131072 // (2 * self.number + 3), 655)
        self.slow_rate = max(131072 // (2 * self.number + 3), 328)
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
        phase = (self.number + belief.place) % (1 << self.picture.parameters.fit_bits)
        solves = phase == 0 or self.number < 50
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
        r = 65536 // (self.number + 1) if self.number < 1000 else 64
        band.inverse = (1 << 24) // ((band.error >> 4) + 26)
        own = band.band.samples[-1] - band.band.offset
        band.variance += ((16 * own**2 - band.variance) * r) >> 16
        band.precision = max((1 << 24) // (band.variance + 16), 1)


# Decisions

SIDE, DOWN, UP, HALF = range(4)


@dataclass
class Decision:
    """A bit to read; `l` and `h` bound what is left, of which h is beyond the end."""

    kind: int
    node: int
    middle: int
    l: int
    h: int
    n: int


class Mixer:
    """Reads samples, and keeps what mixes the experts' chances, which goes on across groups."""

    def __init__(self, picture: Picture, decoder: RangeDecoder) -> None:
        self.picture, self.decoder = picture, decoder
        self.span = picture.high - picture.low
        places = picture.positions * len(picture.coded)
        last = 14 if picture.chunk.depth == 8 else 16
        self.line_bits = next((j for j in range(8, last) if places >> j <= 1), last)
        self.by_node: dict = defaultdict(lambda: History(262))
        self.by_value: dict = defaultdict(lambda: History(655))
        self.weights: dict = defaultdict(lambda: [21845] * 10 + [26214] * 2 + [0] * 2 + [21845] * 2)
        self.counts: list[dict[int, int]] = []
        self.scale_errors = ScaleErrors()

    def start_group(self, bands: int) -> None:
        self.counts = [defaultdict(int) for _ in range(bands)]

    def read_sample(self, belief: Belief) -> int:
        low, high, mean = self.picture.low, self.picture.high, belief.means[BLEND]
        c = limited(mean, 256 * low, 256 * high - 1)
        self.belief, self.fraction = belief, (c >> 6) % 4
        n = next(n for n in range(64) if (154 * belief.scale) >> 8 <= 256 << n)
        self.step_bits, middle = n, (c >> 8) + 1
        up = self.decide(Decision(SIDE, self.fraction, middle, low, high + 1, n))
        l, h = (middle, high + 1) if up else (low, middle)
        l, h, t = self.steps(bool(up), l, h)
        sample = self.halves(bool(up), t, l, h)
        count = self.counts[belief.place]
        count[sample] = min(count[sample] + 1, 65535)
        return sample

    def steps(self, up: bool, l: int, h: int) -> tuple[int, int, int]:
        """What is left, and the number of the last step."""
        n, t = self.step_bits, 0
        while True:
            n += t >= 20
            middle = l + (1 << n) if up else h - (1 << n)
            if middle >= h or middle <= l:
                return l, h, t
            node = 4 + min(t, 11) + 12 * up
            beyond = self.decide(Decision(UP if up else DOWN, node, middle, l, h, n))
            if up == bool(beyond):
                l = middle
            else:
                h = middle
            if not beyond:
                return l, h, t
            t += 1

    def halves(self, up: bool, t: int, l: int, h: int) -> int:
        halvings = 0
        while h - l > 1:
            middle = l + ((h - l) >> 1)
            node = 28 + 4 * min(halvings, 3) + 2 * up + (t > 0)
            if self.decide(Decision(HALF, node, middle, l, h, self.step_bits)):
                l = middle
            else:
                h = middle
            halvings += 1
        return l

    def decide(self, decision: Decision) -> int:
        """Reads the bit, and learns from it."""
        histories = self.histories(decision)
        experts = self.expert_inputs(decision)
        inputs = [
            *experts[:10],
            *history_inputs(*histories),
            1229,
            self.comb(decision),
            *experts[10:],
        ]
        inputs = [within(value, 32760) for value in inputs]
        sets = self.weight_sets(decision)
        odds = [mixed(weights, inputs) for weights in sets]
        mean = (5461 * sum(odds)) >> 14 if len(odds) == 3 else sum(odds) >> 1
        bit = chance_bit(self.decoder, squash(mean))
        for weights, odd in zip(sets, odds):
            update_weights(weights, inputs, 65536 * bit - squash(odd))
        for history in histories:
            history.update(bit)
        return bit

    # Mixing

    def expert_inputs(self, decision: Decision) -> list[int]:
        """Of all experts, then the wide ones."""
        belief = self.belief
        pairs = list(zip(belief.means, belief.inverses, strict=True))
        wide = list(zip(belief.means, belief.wide_inverses, strict=True))
        return [odds(decision, *pair) for pair in pairs + [wide[e] for e in WIDE_EXPERTS]]

    def histories(self, decision: Decision) -> tuple[History, History]:
        """By node and by value."""
        belief, v = self.belief, decision.middle - self.picture.low
        line = (belief.band.number * ((self.span >> 2) | 1) + (v >> 2)) % (1 << self.line_bits)
        return (
            self.by_node[belief.scale_class, decision.node, self.fraction],
            self.by_value[line, 4 * (v % 4) + decision.kind],
        )

    def comb(self, decision: Decision) -> int:
        if self.span + 161 > max(512, 4 * self.picture.positions):
            return 0
        n, middle, l, h = decision.n, decision.middle, decision.l, decision.h
        if decision.kind == SIDE:
            k = 1 << min(n, 4)
            one, zero = self.seen(middle, middle + k), self.seen(middle - k, middle)
        elif decision.kind in (DOWN, UP):
            if n > 5:
                return 0
            f, g = l if decision.kind == UP else middle, 1 << n
            one = self.seen(f - g, f) + self.seen(f + g, f + 2 * g)
            zero = 2 * self.seen(f, f + g)
        else:
            if h - l > 64:
                return 0
            one, zero = self.seen(middle, h), self.seen(l, middle)
        return ((log2(16 * one + 6) - log2(16 * zero + 6)) * 11357) >> 12

    def seen(self, a: int, b: int) -> int:
        """N(a..b)."""
        count = self.counts[self.belief.place]
        return sum(count.get(value, 0) for value in range(a, b))

    def weight_sets(self, decision: Decision) -> list[list[int]]:
        belief, node = self.belief, decision.node
        energy = limited((log2(belief.energy + 41) - 10240) >> 9, 0, 7)
        keys = [belief.place, 8 * belief.best + energy]
        if self.picture.parameters.mixes_by_scale:
            keys.append(belief.scale_class)
        return [self.weights[number, key, node] for number, key in enumerate(keys)]


def odds(decision: Decision, mean: int, inverse: int) -> int:
    """The input of an expert."""

    def dist(v: int) -> int:
        return within(((256 * v - 128 - mean) * inverse) >> 22, 49000)

    def soft(z: int) -> int:
        t = min(abs(z), 32767)
        return max(z, 0) + curve(TAIL, t >> 10, t % 1024, 10)

    def step() -> int:
        d = limited(((256 << decision.n) * inverse) >> 22, 1, 65535)
        k = log2(d)
        return d + curve(GAP, k >> 9, k % 512, 9)

    if decision.kind == SIDE:
        return -dist(decision.middle)
    if decision.kind == DOWN:
        return soft(dist(decision.h)) - step()
    if decision.kind == UP:
        return soft(-dist(decision.l)) - step()
    h, l = dist(decision.h), dist(decision.l)
    return ((h - l) >> 1) + soft(l) - soft(h)


@dataclass
class History:
    """How often a bit was 1."""

    limit: int
    chance: int = 1 << 21
    count: int = 0

    def update(self, bit: int) -> None:
        target = (1 << 22) - 2048 if bit else 2048
        rate = max(131072 // (2 * self.count + 3), self.limit)
        self.chance += ((target - self.chance) * rate) >> 16
        self.count = min(self.count + 1, 255)


def history_inputs(by_node: History, by_value: History) -> list[int]:
    first = STRETCH[by_node.chance >> 10] if by_node.count else 0
    share = 64 * by_value.count // (by_value.count + 3)
    return [first, (STRETCH[by_value.chance >> 10] * share) >> 6]


def mixed(weights: list[int], inputs: list[int]) -> int:
    return within(sum(w * value for w, value in zip(weights, inputs)) >> 18, 49000)


def update_weights(weights: list[int], inputs: list[int], error: int) -> None:
    for i, value in enumerate(inputs):
        weights[i] = wrapped(weights[i] + ((value * error + (1 << 17)) >> 18), 32)
