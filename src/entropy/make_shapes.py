#!/ usr / bin / env python3
"""Prints shape_constants.inc: distribution functions and scales as integers.

Every number is computed to 50 digits and rounded to the nearest integer, so that no library of
mathematical functions has a say in what a chunk decodes to.
"""
from decimal import ROUND_HALF_EVEN, Decimal, getcontext

getcontext().prec = 50

UNIT_STEPS = 64  # tabulated arguments in a unit
UNITS = 14
SCALE = 1 << 24


def error_function(x: Decimal) -> Decimal:
    """By its power series; the terms of x <= 14 / sqrt(2) need the digits of a wider context."""
    getcontext().prec = 150
    term, total, n = x, x, 0
    while abs(term) > Decimal(10) ** -60:
        n += 1
        term *= -x * x / n
        total += term / (2 * n + 1)
    total *= 2 / PI.sqrt()
    getcontext().prec = 50
    return +total


PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862"
             "80348253421170679821480865132823066470938446095505822317253594081284811174502841027")
HALF = Decimal("0.5")


def normal(z: Decimal) -> Decimal:
    return HALF * (1 + error_function(z / Decimal(2).sqrt()))


def logistic(z: Decimal) -> Decimal:
    return 1 / (1 + (-z).exp())


SHAPES = [
    ("normal", normal),
    ("logistic", lambda z: logistic(Decimal("1.81") * z)),
    ("half normal, half logistic",
     lambda z: HALF * normal(Decimal("1.35") * z) + HALF * logistic(Decimal("1.45") * z)),
    ("Laplace", lambda z: 1 - HALF * (-Decimal("1.41421") * z).exp()),
    ("narrow and wide normal",
     lambda z: Decimal("0.75") * normal(Decimal("1.25") * z)
     + Decimal("0.25") * normal(Decimal("0.55") * z)),
]


def rounded(x: Decimal) -> int:
    return int(x.to_integral_value(ROUND_HALF_EVEN))


def power_of_two(exponent: Decimal) -> Decimal:
    return (exponent * Decimal(2).ln()).exp()


def table(numbers: list[int]) -> str:
    lines, line = [], "   "
    for number in numbers:
        word = f" {number},"
        if len(line) + len(word) > 100:
            lines.append(line)
            line = "   "
        line += word
    return "\n".join(lines + [line])


def main() -> None:
    print("/* Made by make_shapes.py; do not edit. */\n")
    print(f"enum {{ SHAPE_UNIT_STEPS = {UNIT_STEPS}, SHAPE_UNITS = {UNITS} }};\n")
    print("/* 2^16 times the deviation of each class: 2^(class / 4 - 4.5). */")
    scales = [rounded(65536 * power_of_two(Decimal(t) / 4 - Decimal("4.5"))) for t in range(32)]
    print(f"static const uint32_t class_scales[32] = {{\n{table(scales)}\n}};\n")
    print("/* 2^16 times 2^((width - 8) / 6). */")
    widths = [rounded(65536 * power_of_two(Decimal(m - 8) / 6)) for m in range(16)]
    print(f"static const uint32_t width_factors[16] = {{\n{table(widths)}\n}};\n")
    print("/* 2^24 times the distribution functions at i / 64. */")
    count = UNIT_STEPS * UNITS + 2
    print(f"static const uint32_t distributions[{len(SHAPES)}][{count}] = {{")
    for name, function in SHAPES:
        values = [rounded(SCALE * function(Decimal(i) / UNIT_STEPS)) for i in range(count)]
        print(f"    /* {name} */\n    {{\n{table(values)}\n    }},")
    print("};")


if __name__ == "__main__":
    main()
