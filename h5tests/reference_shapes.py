"""Tables of digits, from "Shapes" of docs/FORMAT.md."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache


def normal(z: float) -> float:
    return math.erfc(-z / math.sqrt(2)) / 2


def logistic(z: float) -> float:
    return 1 / (1 + math.exp(-z))


DISTRIBUTIONS = {
    0: normal,
    1: lambda z: logistic(1.81 * z),
    2: lambda z: normal(1.35 * z) / 2 + logistic(1.45 * z) / 2,
    3: lambda z: 1 - math.exp(-1.41421 * z) / 2,
    4: lambda z: 0.75 * normal(1.25 * z) + 0.25 * normal(0.55 * z),
}


def deviation(scale: int) -> int:
    return round(2 ** (16 + scale / 4 - 4.5)) if scale < 32 else 2 * deviation(scale - 4)


def factor(width: int) -> int:
    return round(2 ** (16 + (width - 8) / 6))


@cache
def distribution(family: int, i: int) -> int:
    """G(i)."""
    return round(2**24 * DISTRIBUTIONS[family](i / 64))


@dataclass
class Shape:
    """The distribution of the digits of a table."""

    bits: int
    family: int
    d: int

    def __post_init__(self) -> None:
        self.limit = next((n for n in range(2, 119) if self.is_beyond(16 * n - 24)), 119)
        self.slots: list[int] = []
        for z in range(16 * self.limit + 8):
            most = (1 << self.bits) - 1 - ((16 * self.limit + 7 - z) >> 4)
            least = self.slots[z - 16] + 1 if z >= 16 else 0
            self.slots.append(min(max(self.rounded(z), least), most))

    def f(self, z: int) -> int:
        """F(z)."""
        a = (z << 26) // self.d
        i = a >> 8
        if i >= 896:
            return distribution(self.family, 896)
        low, high = distribution(self.family, i), distribution(self.family, i + 1)
        return low + ((high - low) * (a & 255) >> 8)

    def is_beyond(self, z: int) -> bool:
        return ((1 << 24) - self.f(z)) >> (24 - self.bits) == 0

    def rounded(self, z: int) -> int:
        """R(z)."""
        return ((self.f(z) << self.bits) + (1 << 23)) >> 24

    def slot(self, z: int) -> int:
        """T(z)."""
        return self.slots[z] if z >= 0 else (1 << self.bits) - self.slots[-z]


@cache
def make_shape(bits: int, shape: int, scale: int) -> Shape:
    width, family = divmod(shape, 5)
    return Shape(bits, family, max(512, deviation(scale) * factor(width) >> 16))


@dataclass
class Table:
    """The first slots of the digits -limit..limit of a fraction, and the number of all slots."""

    bits: int
    limit: int
    first: list[int]


@cache
def make_table(bits: int, shape: int, scale: int, fraction: int) -> Table:
    made = make_shape(bits, shape, scale)
    digits = range(1 - made.limit, made.limit + 1)
    first = [0] + [made.slot(16 * digit - 8 - fraction) for digit in digits]
    return Table(bits, made.limit, first + [1 << bits])
