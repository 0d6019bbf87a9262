#!/usr/bin/env python3
"""Prints logistic_tables.inc: the functions of logistic mixing as tables of integers.

All tables follow from two functions, a logarithm and a power of two with 24 fractional bits, that
are computed digit by digit as on paper: squaring a number doubles its logarithm, and the power is a
product of repeated square roots of two. Integers only, so that the tables are the same wherever
they are made; docs/format-adaptive.md defines them by their real values, and tests compare.
"""
from math import isqrt

BITS = 24  # fractional bits of logarithms
LN_2 = 2977044472  # x 2^32
LOG2_OF_E = 24204406  # x 2^24

STRETCH_ONE = 1 << 12
STRETCH_LIMIT = 12 * STRETCH_ONE
INPUT_LIMIT = 32760
SQUASH_SHIFT = 5
LEAST_PROBABILITY = 2
STRETCH_BITS = 12


def precise_log2(value: int) -> int:
    """floor(2^24 log2 value) but for the last digits, value > 0."""
    log = exponent = value.bit_length() - 1
    y = value >> (exponent - 31) if exponent >= 31 else value << (31 - exponent)
    for _ in range(BITS):
        y = y * y >> 31
        log = log * 2 + (y >> 32 != 0)
        y >>= y >> 32
    return log


def roots_of_two() -> list[int]:
    """Repeated square roots of two, with 30 fractional bits."""
    roots, root = [], 2 << 30
    for _ in range(BITS):
        root = isqrt(root << 30)
        roots.append(root)
    return roots


ROOTS = roots_of_two()


def precise_power(power: int) -> int:
    """2^20 2^(power / 2^24), for 0 <= power < 20 * 2^24."""
    y = 1 << 30
    for i, root in enumerate(ROOTS):
        if power >> (BITS - 1 - i) & 1:
            y = y * root >> 30
    return y << (power >> BITS) >> 10


def natural(log: int) -> int:
    """From a logarithm to base 2 with 24 bits to a natural one with 12, rounded."""
    return (log * (LN_2 >> 8) + (1 << 35)) >> 36


def binary(value: int) -> int:
    """From a natural number with 12 fractional bits to a power of two with 24."""
    return value * LOG2_OF_E >> 12


def squash(index: int) -> int:
    z = (index << SQUASH_SHIFT) - STRETCH_LIMIT
    power, one = precise_power(binary(abs(z))), 1 << 20
    small = ((one << 16) + (one + power) // 2) // (one + power)
    probability = small if z < 0 else 65536 - small
    return max(LEAST_PROBABILITY, min(probability, 65536 - LEAST_PROBABILITY))


def stretch(index: int) -> int:
    value = natural(
        precise_log2(2 * index + 1) - precise_log2(2 * ((1 << STRETCH_BITS) - index) - 1)
    )
    return max(-INPUT_LIMIT, min(value, INPUT_LIMIT))


def tail(index: int) -> int:
    """ln(1 + e^-t), t = index / 4."""
    one = 1 << 40
    inverse = (one << 20) // precise_power(binary(index * STRETCH_ONE // 4))
    return natural(precise_log2(one + inverse) - (40 << BITS))


def gap(index: int) -> int:
    """ln(1 - e^-d) = ln(e^d - 1) - d, d = 2^(index / 2) / 4096.

    For d below 1/16, where the power has too few digits, by its series ln d - d / 2.
    """
    log = index << (BITS - 1)
    d = precise_power(log)  # 12 + 20 fractional bits
    natural_d = d >> 20
    if log < 8 << BITS:
        return natural(log - (12 << BITS)) - natural_d // 2
    power = precise_power((d >> 10) * LOG2_OF_E >> 22)
    return natural(precise_log2(power - (1 << 20)) - (20 << BITS)) - natural_d


def lines(numbers: list[int]) -> str:
    done, line = [], "   "
    for number in numbers:
        word = f" {number},"
        if len(line) + len(word) > 100:
            done.append(line)
            line = "   "
        line += word
    return "\n".join([*done, line])


def curve(values: list[int]) -> str:
    """A function at 0..32 as 32 values and the steps to the next."""
    steps = [after - before for before, after in zip(values, values[1:])]
    return f"    .values = {{\n{lines(values[:-1])}\n    }},\n    .steps = {{\n{lines(steps)}\n    }},"


def main() -> None:
    print("/* Made by make_logistic.py; do not edit. */")
    size = (2 * STRETCH_LIMIT >> SQUASH_SHIFT) + 1
    print(f".squash = {{\n{lines([squash(i) for i in range(size)])}\n}},")
    print(f".stretch = {{\n{lines([stretch(i) for i in range(1 << STRETCH_BITS)])}\n}},")
    for name, function in (("tail", tail), ("gap", gap)):
        print(f".{name} = {{\n{curve([function(i) for i in range(33)])}\n}},")


if __name__ == "__main__":
    main()
