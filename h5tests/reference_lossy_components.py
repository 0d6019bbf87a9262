"""Decodes lossy chunks of components slowly and plainly, written from docs/format-components.md alone.

Continues reference_mappings.py. Names and order are those of the document.
"""

from __future__ import annotations

import math
import struct
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

from reference_decoder import INT8, Chunk
from reference_integers import BitModel, IntegerModel, RangeDecoder, Reader, must
from reference_mappings import FRACTIONS, MAPPINGS, read_exceptions, read_inner, size_of
from reference_online_numbers import quotient, squash, tables

INT16 = 3
Plane = list[int]


@dataclass
class Header:
    exceptions: bool
    height: int
    width: int
    planes: int
    outer: int
    inner: int
    count: int
    step: float


@dataclass
class Components:
    fineness: list[int]
    basis: list[list[int]]
    mean_fineness: int
    means: list[int]


def rest_of(reader: Reader) -> bytes:
    return reader.data[reader.position :]


def read_header(chunk: Chunk, parameters: Reader) -> Header:
    kind, of = parameters.u8(), parameters.u8()
    parameters.take(8)
    must(kind == 3 and of <= 1, "the bound is a relative RMSE")
    first = parameters.u8()
    axis = first % 128 - 1
    must(axis < len(chunk.dims), "there is such an axis")
    count = parameters.varint()
    (step,) = struct.unpack("<f", parameters.take(4))
    must(math.isfinite(step) and step >= 0, "the step is finite and not negative")
    others = [size for k, size in enumerate(chunk.dims) if k != axis]
    wide = [size for size in others if size > 1]
    width = wide[-1] if wide else 1
    planes = chunk.dims[axis] if axis >= 0 else 1
    before = chunk.dims[:axis] if axis >= 0 else chunk.dims
    outer, all_positions = math.prod(before), math.prod(others)
    header = Header(
        first >= 128, all_positions // width, width, planes, outer, all_positions // outer, count, step
    )
    must(count <= min(planes, all_positions), "components are no more than planes and positions")
    return header


def entry_class(mean: int) -> int:
    v = mean + 4
    o = v.bit_length() - 1
    return min(2 * (o - 2) + (v >> (o - 1) & 1), 35)


def within(value: int, low: int, high: int, rule: str) -> int:
    must(low <= value <= high, rule)
    return value


def read_components(h: Header, decoder: RangeDecoder) -> Components:
    entries = [IntegerModel() for _ in range(36)]
    model, last = IntegerModel(), 30
    fineness, basis = [], []
    root = math.isqrt(h.planes - 1) + 1
    for _ in range(h.count):
        last = within(last + decoder.integer(model), 0, 30, "a fineness is 0 to 30")
        mean = (16 << (last // 2)) // root
        column = []
        for _ in range(h.planes):
            entry = decoder.integer(entries[entry_class(mean)])
            column.append(within(entry, -65536, 65536, "an entry is that small"))
            mean += quotient(16 * abs(entry) - mean, 8)
        fineness.append(last)
        basis.append(column)
    mean_fineness = within(decoder.integer(IntegerModel()), 0, 30, "a fineness is 0 to 30")
    length, sign = IntegerModel(), BitModel()
    means = []
    for _ in range(h.planes):
        bits = within(decoder.integer(length), 0, 64, "a bit length is 0 to 64")
        magnitude = int(bits > 0)
        for _ in range(bits - 1):
            magnitude = 2 * magnitude + decoder.plain_bit()
        negative = magnitude > 0 and decoder.bit(sign)
        must(magnitude <= 1 << 52, "a mean is that small")
        means.append(-magnitude if negative else magnitude)
    return Components(fineness, basis, mean_fineness, means)


# ---- Elements -----------------------------------------------------------------------------------


def half_octaves(n: int) -> int:
    return (181 if n % 2 else 128) << (n // 2)


def float_word(chunk: Chunk, number: float) -> int:
    """The bits of the nearest finite float."""
    fraction, size = FRACTIONS[chunk.type], size_of(chunk)
    exponent_bits = size - 1 - fraction
    bias = (1 << (exponent_bits - 1)) - 1
    sign = int(math.copysign(1, number) < 0) << (size - 1)
    value = abs(Fraction(number))
    exponent = math.frexp(abs(number))[1] - 1 if number else 1 - bias
    unit = max(exponent, 1 - bias) - fraction
    steps = round(value / Fraction(2) ** unit)  # ties to even
    word = ((unit + fraction + bias - 1) << fraction) + steps
    last = (((1 << exponent_bits) - 1) << fraction) - 1
    return sign | min(word, last)


def integer_word(chunk: Chunk, number: float) -> int:
    size, signed = size_of(chunk), chunk.dtype.kind == "i"
    low = -(1 << (size - 1)) if signed else 0
    value = min(max(round(Fraction(number)), low), low + (1 << size) - 1)
    return value % (1 << size)


def words_of(chunk: Chunk, h: Header, c: Components, scores: list[Plane]) -> list[int]:
    top = max([0, 2 * (c.mean_fineness - 15), *c.fineness])
    top += top % 2
    bits = 15 + top // 2
    unit = math.ldexp(h.step, -bits)
    words = [0] * math.prod(chunk.dims)
    to_word = float_word if chunk.type in FRACTIONS else integer_word
    for plane in range(h.planes):
        weights = [b[plane] * half_octaves(top - f) for b, f in zip(c.basis, c.fineness)]
        mean = c.means[plane] << (bits - c.mean_fineness)
        for p in range(h.height * h.width):
            total = mean + sum(w * z[p] for w, z in zip(weights, scores))
            at = (p // h.inner * h.planes + plane) * h.inner + p % h.inner
            words[at] = to_word(chunk, float(total) * unit)
    return words


def finish(chunk: Chunk, h: Header, words: list[int], parameters: Reader) -> list[int]:
    if h.exceptions:
        for at, word in read_exceptions(chunk, parameters).items():
            words[at] = word
    return words


# ---- Spatial ------------------------------------------------------------------------------------

TAPS = [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0), (1, 1), (1, -1), (1, 2), (1, -2)]
TAPS += [(2, 1), (2, -1), (2, 2), (2, -2)]
IDENTITY = [4096] + [0] * 12


def read_filters(count: int, decoder: RangeDecoder) -> list[list[int]]:
    used, fine = BitModel(), BitModel()
    models = [[IntegerModel() for _ in TAPS] for _ in range(2)]
    last, filters = IDENTITY, []
    for _ in range(count):
        if not decoder.bit(used):
            filters.append(IDENTITY)
            continue
        is_fine = decoder.bit(fine)
        b = 0 if is_fine else 4
        weights = []
        for t in range(13):
            weight = (last[t] >> b) + decoder.integer(models[is_fine][t])
            weights.append(within(weight, -8191 >> b, 8191 >> b, "a weight is that small") << b)
        filters.append(weights)
        last = weights
    return filters


def filtered(h: Header, places: Plane, weights: list[int]) -> Plane:
    def at(y: int, x: int) -> int:
        return places[min(max(y, 0), h.height - 1) * h.width + min(max(x, 0), h.width - 1)]

    scores = []
    for y in range(h.height):
        for x in range(h.width):
            total = weights[0] * at(y, x) + 8
            for (row, column), w in zip(TAPS[1:], weights[1:]):
                total += w * (at(y + row, x + column) + at(y - row, x - column))
            scores.append(((total + (1 << 31)) % (1 << 32) - (1 << 31)) >> 4)
    return scores


def decode_spatial(chunk: Chunk, depth: int, parameters: Reader, payload: Reader) -> list[int]:
    h = read_header(chunk, parameters)
    must(h.count > 0, "there is a component")
    decoder = RangeDecoder(rest_of(parameters))
    components = read_components(h, decoder)
    filters = read_filters(h.count, decoder)
    parameters.take(decoder.reader.position)
    places = read_inner(chunk, depth, payload, (INT8, INT16), (h.count, h.height, h.width))
    size = h.height * h.width
    scores = [filtered(h, places[k * size : (k + 1) * size], f) for k, f in enumerate(filters)]
    return finish(chunk, h, words_of(chunk, h, components, scores), parameters)


# ---- Wavelet ------------------------------------------------------------------------------------


@dataclass
class Band:
    y: int
    x: int
    height: int
    width: int
    level: int
    number: int


@dataclass
class Layout:
    sides: list[tuple[int, int]]
    bands: list[list[Band]]  # those of band 0, then of each level, the coarsest first


def layout_of(height: int, width: int) -> Layout:
    sides = [(height, width)]
    while len(sides) <= 5 and max(sides[-1]) >= 10:
        h, w = sides[-1]
        sides.append((h if h < 10 else (h + 1) // 2, w if w < 10 else (w + 1) // 2))
    levels = len(sides) - 1
    bands = [[Band(0, 0, *sides[-1], max(levels - 1, 0), 0)]]
    for level in range(levels - 1, -1, -1):
        (h, w), (low_h, low_w) = sides[level], sides[level + 1]
        three = [
            Band(0, low_w, low_h, w - low_w, level, 1),
            Band(low_h, 0, h - low_h, low_w, level, 2),
            Band(low_h, low_w, h - low_h, w - low_w, level, 3),
        ]
        bands.append([band for band in three if band.height and band.width])
    return Layout(sides, bands)


def scaled(value: int, factor: int) -> int:
    return round(Fraction(value * factor, 16384))


def joined(line: list[int]) -> list[int]:
    evens = (len(line) + 1) // 2
    low = [scaled(v, 14252) for v in line[:evens]]
    high = [scaled(v, 18835) for v in line[evens:]]
    for to_low, factor in ((True, 7266), (False, 14466), (True, -868), (False, -25987)):
        if to_low:
            for i in range(len(low)):
                low[i] -= scaled(high[max(i - 1, 0)] + high[min(i, len(high) - 1)], factor)
        else:
            for i in range(len(high)):
                high[i] -= scaled(low[i] + low[min(i + 1, len(low) - 1)], factor)
    return [v for two in zip(low, high) for v in two] + low[len(high) :]


def inverse(layout: Layout, width: int, plane: Plane) -> Plane:
    rows = [plane[i : i + width] for i in range(0, len(plane), width)]
    for level in range(len(layout.sides) - 2, -1, -1):
        (h, w), (low_h, low_w) = layout.sides[level], layout.sides[level + 1]
        part = [row[:w] for row in rows[:h]]
        if low_w < w:
            part = [joined(row) for row in part]
        if low_h < h:
            part = [list(row) for row in zip(*[joined(list(c)) for c in zip(*part)])]
        for row, new in zip(rows, part):
            row[:w] = new
    limit = (1 << 31) - 1
    return [min(max(v, -limit), limit) for row in rows for v in row]


def decode_wavelet(chunk: Chunk, depth: int, parameters: Reader, payload: Reader) -> list[int]:
    h = read_header(chunk, parameters)
    decoder = RangeDecoder(rest_of(parameters))
    components = read_components(h, decoder)
    parameters.take(decoder.reader.position)
    first = payload.u8()
    must(first < 16, "no more than three ends are told")
    for _ in range(first % 4):
        payload.varint()
    layout = layout_of(h.height, h.width)
    coefficients = Coefficients(h, layout, RangeDecoder(rest_of(payload)), bool(first & 4), bool(first & 8))
    coefficients.read()
    payload.take(coefficients.decoder.reader.position)
    scores = [inverse(layout, h.width, plane) for plane in coefficients.planes]
    return finish(chunk, h, words_of(chunk, h, components, scores), parameters)


# ---- Coefficients -------------------------------------------------------------------------------

FIRST_WEIGHTS = [13107, 13107, 3277, 2000, 3277, 2000, 2000, 9830]
FIRST_WEIGHTS += [3277, 1500, 1500, 800, 19000, 3277, 3277, 1000]
STRETCH = tables()[1]


def limited(value: int, low: int, high: int) -> int:
    return min(max(value, low), high)


def quarter(x: int) -> int:
    v = x + 4
    o = v.bit_length() - 1
    return min(4 * (o - 2) + (v >> (o - 2) & 3), 63)


@dataclass
class Counter:
    most: int
    probability: int = 1 << 21
    count: int = 0

    def odds(self) -> int:
        return STRETCH[self.probability >> 10]

    def learn(self, bit: int) -> None:
        target = (1 << 22) - 2048 if bit else 2048
        rate = 131072 // (2 * self.count + 3)
        self.probability += (target - self.probability) * rate >> 16
        self.count = min(self.count + 1, self.most)


def pair() -> tuple[Counter, Counter]:
    return Counter(32), Counter(330)


@dataclass
class Work:
    """A band of a component."""

    band: Band
    index: int
    component: int
    average: int
    before: int  # the average of the component before
    seen: int = 0


FIT_LIMIT = 1 << 22
STATES = [(0, 2), (2, 0), (1, 3), (3, 1)]  # of two quantisers, by even and odd magnitudes


class Fit:
    """Least squares of a component's coefficients in the bands of one number."""

    def __init__(self, inputs: int) -> None:
        self.sums = [[0] * (i + 1) for i in range(inputs + 1)]
        self.weights = [0] * inputs
        self.count = self.seen = self.due = 0

    def begin_level(self) -> None:
        self.sums = [[v >> 5 for v in row] for row in self.sums]
        self.count >>= 5
        self.seen, self.due = 0, 8

    def predict(self, inputs: list[int]) -> int:
        total = sum(w * v for w, v in zip(self.weights, inputs)) + (1 << 23)
        return limited(total >> 24, -1 << 26, 1 << 26)

    def learn(self, numbers: list[int], expected: int) -> None:
        trust = (1 << 19) // (8 + expected)
        trusted = [(v * trust + (1 << 15)) >> 16 for v in numbers]
        for t, row in zip(trusted, self.sums):
            for j in range(len(row)):
                row[j] += t * numbers[j]
        self.count += 1
        if self.count == 1 << 18:
            self.sums = [[v >> 1 for v in row] for row in self.sums]
            self.count >>= 1
        self.seen += 1
        if self.seen >= self.due:
            self.solve()
            self.due = self.seen + (16 if self.seen < 64 else self.seen // 4)

    def solve(self) -> None:
        n = len(self.weights)
        diagonal = [row[-1] + 65536 for row in self.sums]
        for i in range(n):
            diagonal[i] += self.sums[i][i] // (self.count + 1) * 10
        e = [(d.bit_length() - 1) // 2 for d in diagonal]
        a = [[0] * (i + 1) for i in range(n + 1)]
        for i in range(n + 1):
            for j in range(i + 1):
                value, by = diagonal[i] if i == j else self.sums[i][j], 26 - e[i] - e[j]
                a[i][j] = limited(value << by if by >= 0 else value >> -by, -1 << 28, 1 << 28)
        factor = [[0] * n for _ in range(n + 1)]
        for j in range(n):
            pivot = max(a[j][j], 1 << 14)
            for k in range(j + 1, n + 1):
                factor[k][j] = limited(quotient(a[k][j] << 24, pivot), -1 << 29, 1 << 29)
            for k in range(j + 1, n + 1):
                for i in range(j + 1, min(k, n - 1) + 1):
                    value = a[k][i] - (factor[i][j] * a[k][j] >> 24)
                    a[k][i] = limited(value, -1 << 30, 1 << 30)
        g = [0] * n
        for j in range(n - 1, -1, -1):
            total = (factor[n][j] << 24) - sum(factor[k][j] * g[k] for k in range(j + 1, n))
            g[j] = limited(total >> 24, -1 << 28, 1 << 28)
            by = e[n] - e[j]
            self.weights[j] = limited(
                g[j] << by if by >= 0 else g[j] >> -by, -1 << 30, 1 << 30
            )


@dataclass
class Coefficients:
    h: Header
    layout: Layout
    decoder: RangeDecoder
    predicts: bool
    dependent: bool  # two quantisers
    state: int = 0
    planes: list[Plane] = field(default_factory=list)  # 256 stand for a step
    rests: list[Plane] = field(default_factory=list)  # half steps
    fits: dict[tuple[int, int], Fit] = field(default_factory=dict)
    counters: defaultdict = field(default_factory=lambda: defaultdict(pair))
    mixers: defaultdict = field(default_factory=lambda: defaultdict(lambda: [7864] * 16))
    weights: defaultdict = field(default_factory=lambda: defaultdict(lambda: list(FIRST_WEIGHTS)))
    bits: defaultdict = field(default_factory=lambda: defaultdict(BitModel))

    def read(self) -> None:
        size = self.h.height * self.h.width
        self.planes = [[0] * size for _ in range(self.h.count)]
        self.rests = [[0] * size for _ in range(self.h.count)]
        for k in range(self.h.count if self.predicts else 0):
            for index in range(3):
                self.fits[k, index] = Fit(2 + min(k, 22))
        for number, bands in enumerate(self.layout.bands):
            self.read_level(bands, -1 if number == 0 else bands[0].level)

    def read_level(self, bands: list[Band], level: int) -> None:
        self.decayed = [[0] * (band.height * band.width) for band in bands]
        self.level_bands = bands
        averages, empty = [0] * len(bands), [0, 0]
        for fit in self.fits.values():
            fit.begin_level()
        for k in range(self.h.count):
            empty.append(self.decoder.bit(self.bits["empty", level, sum(empty[-2:])]))
            for index, band in enumerate(bands):
                first = averages[index] * 4 // 5 if k else 16384
                work = Work(band, index, k, first, averages[index])
                if empty[-1]:
                    self.decayed[index] = [v - (v * 77 >> 8) for v in self.decayed[index]]
                    work.average = 0
                else:
                    for y in range(band.height):
                        for x in range(band.width):
                            self.read_coefficient(work, y, x)
                averages[index] = work.average

    def size(self, component: int, band: Band, y: int, x: int) -> int:
        if component < 0 or not (0 <= y < band.height and 0 <= x < band.width):
            return 0
        value = self.rests[component][(band.y + y) * self.h.width + band.x + x]
        return min(abs(value), 2046)

    def parent(self, work: Work, y: int, x: int) -> int:
        band = work.band
        for coarse in (b for bands in self.layout.bands for b in bands):
            if band.number and (coarse.number, coarse.level) == (band.number, band.level + 1):
                row = y // 2 if band.height > coarse.height else y
                column = x // 2 if band.width > coarse.width else x
                row, column = min(row, coarse.height - 1), min(column, coarse.width - 1)
                at = (coarse.y + row) * self.h.width + coarse.x + column
                v = abs(self.planes[work.component][at])
                return min((v + 64) >> 7 if self.dependent else 2 * ((v + 128) >> 8), 2046)
        return 0

    def inputs(self, k: int, at: int, y: int, x: int) -> list[int]:
        plane = self.planes[k]
        before = range(k - 1, max(k - 23, -1), -1)
        if k > 22:
            before = [*range(k - 1, k - 12, -1), *range(11)]
        numbers = [plane[at - 1] if x else 0, plane[at - self.h.width] if y else 0]
        numbers += [self.planes[other][at] for other in before]
        return [limited(v, -FIT_LIMIT, FIT_LIMIT) for v in numbers]

    def features(self, work: Work, y: int, x: int) -> list[int]:
        band, k = work.band, work.component

        def own(dy: int, dx: int, before: int = 0) -> int:
            return self.size(k - before, band, y + dy, x + dx)

        def other(back: int) -> int:
            index = work.index - back
            return self.size(k, self.level_bands[index], y, x) if index >= 0 else 0

        f = [own(0, -1), own(-1, 0), own(-1, -1) + own(-1, 1), own(0, -2) + own(-2, 0)]
        f += [self.parent(work, y, x), other(1), other(2)]
        f += [own(0, 0, 1), own(0, 0, 2), own(0, 0, 3) + own(0, 0, 4)]
        f.append(own(0, -1, 1) + own(0, 1, 1) + own(-1, 0, 1) + own(1, 0, 1))
        f.append(own(-1, -1, 1) + own(-1, 1, 1) + own(1, -1, 1) + own(1, 1, 1))
        decayed = self.decayed[work.index][y * band.width + x]
        return [32 * v for v in f] + [work.average >> 8, work.before >> 8, decayed, 6]

    def read_coefficient(self, work: Work, y: int, x: int) -> None:
        band, k = work.band, work.component
        c = 3 * min(band.level, 4) + band.number - 1 if band.number else 15
        group = 0 if k == 0 else 1 if k < 6 else 2
        f = self.features(work, y, x)
        weights = self.weights[c, group]
        expected = limited(sum(w * v for w, v in zip(weights, f)) >> 16, 0, 65472)
        b4 = quarter(expected)
        signs = sum((f[i] > 0) << n for n, i in enumerate((0, 1, 4, 5, 7, 8)))
        contexts = [
            16 * b4 + c,
            32 * (quarter(f[0] + f[1] + f[2] // 2) // 2) + quarter(f[7] + f[8] // 2) // 2,
            32 * (quarter(f[12]) // 2) + quarter(f[14]) // 2,
            (16 * k + c) % 4096,
            8 * (8 * signs + b4 // 8) + min(c, 7),
            32 * b4 + quarter((f[10] + f[11]) // 2) // 2,
        ]
        second = self.state >= 2
        if self.dependent:
            contexts[3] %= 2048
            contexts[4] = 4 * (8 * signs + b4 // 8) + min(c, 3)
            contexts = [context + 2048 * second for context in contexts]
        magnitude = self.read_magnitude(contexts, 3 * c + group, b4)
        negative = magnitude > 0 and self.decoder.plain_bit()
        size = 2 * magnitude - (second and magnitude > 0)
        if self.dependent:
            self.state = STATES[self.state][magnitude % 2]
        at = (band.y + y) * self.h.width + band.x + x
        self.rests[k][at] = -size if negative else size
        self.planes[k][at] = 128 * self.rests[k][at]
        if self.predicts:
            fit, numbers = self.fits[k, work.index], self.inputs(k, at, y, x)
            self.planes[k][at] += fit.predict(numbers)
            fit.learn([*numbers, limited(self.planes[k][at], -FIT_LIMIT, FIT_LIMIT)], expected)
        self.learn(work, y * band.width + x, min(size, 2046), f, weights, expected)

    def learn(
        self, work: Work, place: int, m: int, f: list[int], weights: list[int], expected: int
    ) -> None:
        if m > 0 or expected > 2:
            error = min(32 * m - expected, 4 * expected + 256)
            gain = quotient(error << 20, 4096 + sum(v * v for v in f))
            for i in range(16):
                weights[i] = limited(weights[i] + ((gain * f[i] + 512) >> 10), -262144, 262144)
        decayed = self.decayed[work.index]
        decayed[place] += (min(m, 1800) * 32 - decayed[place]) * 77 >> 8
        rate = 65536 // (work.seen + 2) if work.seen < 49 else 1311
        work.seen += 1
        work.average += (m * 8192 - work.average) * rate >> 16

    def read_magnitude(self, contexts: list[int], one: int, other: int) -> int:
        b = 0
        while b < 38 and self.decide(contexts, one, other, min(b, 15)):
            b += 1
        if b < 5:
            return b
        octave, half = divmod(b - 5, 2)
        value = 0
        for n in range(octave + 1):
            last = value & 1
            if n < 2:
                bit = self.decoder.bit(self.bits["upper", min(b, 31), 1 + last if n else 0])
            else:
                bit = self.decoder.plain_bit()
            value = 2 * value + bit
        return (4 << octave) + 1 + half * (2 << octave) + value

    def decide(self, contexts: list[int], one: int, other: int, b: int) -> int:
        pairs = [self.counters[i, context, b] for i, context in enumerate(contexts)]
        inputs = [counter.odds() for two in pairs for counter in two] + [1228, 0, 0, 0]
        sets = self.mixers[0, one, b], self.mixers[1, other, b]
        odds = [limited(sum(w * v for w, v in zip(s, inputs)) >> 16, -49000, 49000) for s in sets]
        p = squash(quotient(sum(odds), 2))
        zero = self.decoder.range * (65536 - p) >> 16
        bit = self.decoder.split(zero, self.decoder.range - zero)
        for s, z in zip(sets, odds):
            error = quotient((bit << 16) - squash(z), 2)
            for i in range(16):
                s[i] += (inputs[i] * error + (1 << 17)) >> 18
        for two in pairs:
            for counter in two:
                counter.learn(bit)
        return bit


MAPPINGS[7] = decode_spatial
MAPPINGS[8] = decode_wavelet
