"""What methods 2 and 4 of the native coder share: planes decoded sample after sample.

Written from "Prediction", "The entropy coder" and "Method 2, lsq: the wavefront" of
docs/FORMAT.md; method 1 differs in parts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from reference_integers import Reader, limited, must, wrapped
from reference_holes import BLANK, DATA, Links
from reference_shapes import Table, make_table

# Conventions


def sat(values: np.ndarray) -> np.ndarray:
    return np.clip(values, -32768, 32767)


def wrap(value: int | np.ndarray) -> int | np.ndarray:
    return wrapped(value, 16)


def log(value: int) -> int:
    size = value.bit_length() - 1
    return 16 * size + ((value << 4 >> size) & 15)


NINE = [(0, 0), (0, -1), (-1, 0), (-1, -1), (-1, 1), (0, 1), (1, 0), (1, 1), (1, -1)]


def at_nine(values: np.ndarray, above: np.ndarray | None = None) -> list[np.ndarray]:
    """The values at each of the nine offsets; outside are those of the row above, if there is one,
    or the nearest ones inside."""
    height, width = values.shape
    padded = np.pad(values, 1, mode="edge")
    if above is not None:
        padded[0] = np.pad(above, 1, mode="edge")
    return [padded[1 + y : 1 + y + height, 1 + x : 1 + x + width] for y, x in NINE]


def sum_of_nine(taps: list[int], values: np.ndarray, above: np.ndarray | None = None) -> np.ndarray:
    return sum(tap * value for tap, value in zip(taps, at_nine(values, above), strict=True))


# Prediction


@dataclass
class Sample:
    """One sample on its way: its place, what it is given, and what is decoded of it."""

    state: int
    y: int
    x: int
    mean: int
    base: int
    low: int
    table: Table
    digit: int = 0
    low_bits: int = 0


MARGIN = 2  # rows above and columns on either side


@dataclass
class Above:
    """What is known of the band above: two rows of samples, and of errors, P and E the lower one."""

    known: np.ndarray
    errors: np.ndarray
    p: np.ndarray
    e: np.ndarray


class Wave:
    """A plane, or the half places of one, while it is decoded.

    `plane` has its fields, with their names in the document. `known` and `errors` are x and errors
    with the margins that "Above and left" speaks of."""

    states, bits = 16, 12
    holes: Links | None = None

    def __init__(self, plane, shapes: list[int], p: np.ndarray, above: Above | None = None) -> None:
        self.plane, self.shapes, self.p, self.above = plane, shapes, p, above
        self.height, self.width = p.shape
        self.logs = np.zeros_like(p)
        self.put_above()

    def predict(self, y: int, x: int) -> tuple[int, int]:
        """The mean and the class of the sample."""
        raise NotImplementedError

    def samples(self) -> np.ndarray:
        inner = [row[MARGIN:-MARGIN] for row in self.known[MARGIN:]]
        return np.array(inner, np.int64)

    # Above and left

    def put_above(self) -> None:
        known = [self.p[0] >> self.plane.fraction] * MARGIN
        errors = np.full(self.width, self.error_above())
        left = int(known[0][0])
        if self.above is not None:
            known, errors = list(self.above.known), self.above.errors
            change = int(self.p[0, 0] - self.above.p[0]) >> self.plane.fraction
            left = limited(int(known[-1][0]) + change, -32768, 32767)
        unknown = [0] * (self.width + 2 * MARGIN)
        self.known = [np.pad(row, MARGIN, mode="edge").tolist() for row in known]
        self.known += [list(unknown) for _ in range(self.height)]
        self.errors = [np.pad(errors, MARGIN, mode="edge").tolist() for _ in range(MARGIN)]
        self.errors += [list(unknown) for _ in range(self.height)]
        self.known[MARGIN][:MARGIN] = [left] * MARGIN
        self.errors[MARGIN][:MARGIN] = [int(errors[0])] * MARGIN

    def error_above(self) -> int:
        start = self.plane.start_error
        return ((16 + 8 * (start & 1)) * (1 << (start >> 1)) >> 4) - 1

    def put_beside(self, y: int, x: int) -> None:
        """Sets the margins that depend on the sample at (y, x)."""
        known, errors = self.known[y + MARGIN], self.errors[y + MARGIN]
        if x == self.width - 1:
            known[x + MARGIN + 1] = known[x + MARGIN]
            errors[x + MARGIN + 1] = errors[x + MARGIN]
        if x == 0 and y + 1 < self.height:
            change = int(self.p[y + 1, 0] - self.p[y, 0]) >> self.plane.fraction
            left = limited(known[MARGIN] + change, -32768, 32767)
            self.known[y + 1 + MARGIN][:MARGIN] = [left] * MARGIN
            self.errors[y + 1 + MARGIN][:MARGIN] = [errors[MARGIN]] * MARGIN

    # Mean, error and class

    def neighbours(self, y: int, x: int) -> tuple[int, ...]:
        """W, N, NW, NE, WW, NN."""
        row2, row1, row = self.known[y : y + 3]
        at = x + MARGIN
        return row[at - 1], row1[at], row1[at - 1], row1[at + 1], row[at - 2], row2[at]

    def error(self, x: int, mean: int) -> int:
        return min(abs(16 * x - mean), 65535)

    def log(self, error: int) -> int:
        return log(error + 1)

    def class_before(self, running: np.ndarray) -> np.ndarray:
        blur = wrap(sum(at_nine(running)))
        scaled = 8 * self.plane.scale_running * running + self.plane.scale_blur * blur
        return wrap(scaled >> 8) + 16 * self.plane.scale_offset + 32

    def around(self, y: int, x: int) -> int:
        """The logarithm of the errors around."""
        above, row = self.errors[y + MARGIN - 1 : y + MARGIN + 1]
        at = x + MARGIN
        return log(2 * row[at - 1] + 2 * above[at] + above[at - 1] + above[at + 1] + 6)

    # Digit

    def begin(self, state: int, y: int, x: int) -> Sample:
        mean, class_ = self.predict(y, x)
        low = max((class_ - 28) >> 2, 0)
        table = 28 + (class_ & 3) if class_ > 31 else class_
        m = ((mean + 8) >> low) - 8
        shape = self.shapes[table]
        return Sample(state, y, x, mean, m >> 4, low, make_table(self.bits, shape, table, m & 15))

    def end(self, sample: Sample) -> None:
        y, x = sample.y, sample.x
        value = wrap(((sample.base + sample.digit) << sample.low) + sample.low_bits)
        error = self.error(value, sample.mean)
        self.known[y + MARGIN][x + MARGIN] = value
        self.errors[y + MARGIN][x + MARGIN] = error
        self.logs[y, x] = self.log(error)
        self.put_beside(y, x)

    # Holes

    def is_hole(self, y: int, x: int) -> bool:
        return self.holes is not None and self.holes[y][x] is not DATA

    def fill(self, y: int, x: int) -> None:
        link = self.holes[y][x]
        value, error = 0, self.error_above()
        self.logs[y, x] = self.log(error)
        if link != BLANK:
            row, at = y + link[0] + MARGIN, x + link[1] + MARGIN
            value, error = self.known[row][at], self.errors[row][at]
            self.logs[y, x] = self.logs[y + link[0], x + link[1]]
        self.known[y + MARGIN][x + MARGIN] = value
        self.errors[y + MARGIN][x + MARGIN] = error
        self.put_beside(y, x)

    # The wavefront

    def decode(self, entropy: EntropyDecoder) -> None:
        for step in self.steps():
            samples = [self.begin(*place) for place in step if not self.is_hole(*place[1:])]
            for sample in samples:
                sample.digit = entropy.digit(sample.state, sample.table)
            for sample in samples:
                sample.low_bits = entropy.raw(sample.state, sample.low)
            for sample in samples:
                if abs(sample.digit) == sample.table.limit:
                    sample.digit = entropy.escape(sample.state, sample.digit)
            for sample in samples:
                self.end(sample)
            for _, y, x in step:
                if self.is_hole(y, x):
                    self.fill(y, x)

    def steps(self) -> list[list[tuple[int, int, int]]]:
        """State, row and column of the samples of each step, in order of states."""
        steps = defaultdict(list)
        period = max(self.width, 48)
        for y in range(self.height):
            q, i = divmod(y, self.states)
            for x in range(self.width):
                steps[q * period + 2 * i + x].append((i, y, x))
        return [sorted(steps[number]) for number in sorted(steps)]


# The entropy coder


class EntropyDecoder:
    """The states of a group or a segment."""

    def __init__(self, payload: Reader, coded_plane: type[Wave]) -> None:
        self.payload = payload
        self.states = [self.word() + (self.word() << 16) for _ in range(coded_plane.states)]

    def word(self) -> int:
        return int.from_bytes(self.payload.take(2), "little")

    def set(self, index: int, state: int) -> None:
        """With refill."""
        self.states[index] = state if state >= 1 << 16 else (state << 16) + self.word()

    def digit(self, index: int, table: Table) -> int:
        state = self.states[index]
        slot = state % (1 << table.bits)
        place = bisect_right(table.first, slot) - 1
        first, after = table.first[place : place + 2]
        self.set(index, (after - first) * (state >> table.bits) + slot - first)
        return place - table.limit

    def end(self) -> None:
        must(set(self.states) == {1 << 16}, "all states are 2^16 at the end")

    def raw(self, index: int, count: int) -> int:
        state = self.states[index]
        self.set(index, state >> count)
        return state % (1 << count)

    def escape(self, index: int, digit: int) -> int:
        """The digit meant by the escape `digit`, which is limit or -limit."""
        size = min(self.raw(index, 5), 20)
        v = self.raw(index, min(size, 12))
        if size > 12:
            v += self.raw(index, size - 12) << 12
        magnitude = abs(digit) + (1 << size) - 1 + v
        return magnitude if digit > 0 else -magnitude
