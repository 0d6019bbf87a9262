"""What learns to predict: "Engines", "Classes of positions" and "Fits" of docs/format-adaptive.md."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reference_integers import limited, wrapped
from reference_online_numbers import quotient, remainder, shifted, within

if TYPE_CHECKING:
    from reference_online import EngineParameters

Position = tuple[int, int]  # y and x
Matrix = list[list[int]]


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

    def __init__(self, inputs: int, c: int, wide: bool, memory: int = 9) -> None:
        self.n, self.c, self.wide, self.memory = inputs, c, wide, memory
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
                row[j] += values[i] * trust * values[j] - (row[j] >> self.memory)
        if solves:
            self.solve(self.ridge(u))

    def ridge(self, u: int) -> int:
        return (self.c * u) >> 2 if self.wide else (self.c * u) << 6

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
