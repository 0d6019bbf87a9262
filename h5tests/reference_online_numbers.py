"""The arithmetic of docs/format-adaptive.md: rounding, limits, logarithms and tables."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from reference_integers import limited, must


def quotient(a: int, b: int) -> int:
    """a / b, rounded towards zero."""
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def remainder(a: int, b: int) -> int:
    """What `quotient` leaves; it has the sign of a."""
    return a - quotient(a, b) * b


def within(value: int, bound: int) -> int:
    """The nearest number to value of -bound..bound."""
    return -bound if value < -bound else bound if value > bound else value


def shifted(value: int, bits: int) -> int:
    """value · 2^bits, rounded down."""
    return value << bits if bits >= 0 else value >> -bits


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
