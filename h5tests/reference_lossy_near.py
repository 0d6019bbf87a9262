"""Decodes mappings 5 and 6 slowly and plainly, written from docs/format-near.md alone.

Adds itself to reference_mappings.py when it is imported. Names and order are those of the document.
"""

from __future__ import annotations

import math
import struct
import sys
from dataclasses import dataclass, replace

import numpy as np
from reference_decoder import INT64, UINT8, UINT16, Chunk, Plane
from reference_integers import Reader, limited, must, wrapped
from reference_mappings import (
    FRACTIONS,
    MAPPINGS,
    read_exceptions,
    read_flag,
    read_inner,
    size_of,
    wide_number,
    word_of_rank,
)
from reference_mixed import decode_mixed

# Bound


def read_bound(parameters: Reader) -> None:
    kind, of = parameters.u8(), parameters.u8()
    value, reached = struct.unpack("<ff", parameters.take(8))
    must(1 <= kind <= 4, "kind is known")
    must(of <= 1, "of is 0 or 1")
    must(math.isfinite(value) and value >= 2**-126, "value is a normal float above 0")
    must(reached >= 0, "reached is not below 0")


# Grid


@dataclass
class Grid:
    chunk: Chunk
    least: int
    most: int
    half: int = 0
    phase: int = 0
    first: int = 0
    step: float = 0

    @property
    def of_floats(self) -> bool:
        return self.chunk.type in FRACTIONS

    def last(self) -> int:
        """The place of the largest element."""
        if self.of_floats:
            value = value_of_word(self.chunk, word_of_rank(self.chunk, self.most))
            return (round(value / self.step) - self.first) % (1 << 64)
        return (self.most - self.least + self.phase) // (2 * self.half + 1)

    def word(self, place: int) -> int:
        if self.of_floats:
            number = float(wrapped(self.first + place, 64)) * self.step
            rank = rank_of_word(self.chunk, word_of_number(self.chunk, number))
        else:
            rank = self.least + place * (2 * self.half + 1) + self.half - self.phase
        return word_of_rank(self.chunk, limited(rank, self.least, self.most))


def rank_of_word(chunk: Chunk, word: int) -> int:
    sign = 1 << (size_of(chunk) - 1)
    return 2 * sign - 1 - word if word & sign else word + sign


def value_of_word(chunk: Chunk, word: int) -> float:
    if chunk.dtype.kind == "f":
        return float(np.array(word, f"u{size_of(chunk) // 8}").view(f"f{size_of(chunk) // 8}"))
    return float(np.array(word << 16, "u4").view("f4"))  # bfloat16


def word_of_number(chunk: Chunk, number: float) -> int:
    """The nearest, ties to even, or the last finite one."""
    size, fraction = size_of(chunk), FRACTIONS[chunk.type]
    bias = (1 << (size - fraction - 2)) - 1
    number = max(min(number, sys.float_info.max), -sys.float_info.max)
    exponent = math.frexp(number)[1] if number else 1 - bias
    unit = max(exponent - 1, 1 - bias) - fraction
    steps = round(math.ldexp(abs(number), -unit))
    word = ((unit + fraction + bias - 1) << fraction) + steps
    last = ((1 << (size - fraction - 1)) - 1 << fraction) - 1
    return min(word, last) + (math.copysign(1, number) < 0) * (1 << (size - 1))


def read_grid(chunk: Chunk, parameters: Reader) -> tuple[Grid, dict[int, int]]:
    words = 1 << size_of(chunk)
    least = wide_number(parameters)
    most = least + wide_number(parameters)
    must(most < words, "least and most are ranks")
    grid = Grid(chunk, least, most)
    if grid.of_floats:
        grid.first, grid.step = struct.unpack("<qd", parameters.take(16))
        must(math.isfinite(grid.step) and grid.step > 0, "the step is finite and above 0")
        must(abs(grid.first) <= 1 << 52, "first is at most 2^52 from 0")
        ends = [value_of_word(chunk, word_of_rank(chunk, rank)) for rank in (least, most)]
        must(all(map(math.isfinite, ends)), "least and most are finite")
        must(abs(ends[1]) / grid.step <= 1 << 52, "the largest element is at most 2^52 steps from 0")
    else:
        grid.half, grid.phase = wide_number(parameters), wide_number(parameters)
        must(grid.half <= 1 << 62, "half is at most 2^62")
        must(grid.phase <= 2 * grid.half, "phase is within a cell")
    return grid, read_exceptions(chunk, parameters) if read_flag(parameters) else {}


def restored(grid: Grid, places: list[int], exceptions: dict[int, int]) -> list[int]:
    known = {place: grid.word(place) for place in set(places)}
    return [exceptions.get(i, known[place]) for i, place in enumerate(places)]


# 5 uniform


def decode_uniform(chunk: Chunk, depth: int, parameters: Reader, payload: Reader) -> list[int]:
    read_bound(parameters)
    grid, exceptions = read_grid(chunk, parameters)
    places = read_inner(chunk, depth, payload, (UINT8, UINT16, INT64), chunk.dims)
    return restored(grid, [place % (1 << 64) for place in places], exceptions)


# 6 near


def decode_near(chunk: Chunk, depth: int, parameters: Reader, payload: Reader) -> list[int]:
    read_bound(parameters)
    cell, axis = parameters.varint(), parameters.u8() - 1
    must(cell <= 65535 and cell % 2 == 1, "a cell has an odd number of places, of 16 bits")
    must(axis < len(chunk.dims), "the axis is less than the rank")
    model = parameters.take(parameters.varint())
    grid, exceptions = read_grid(chunk, parameters)
    must(grid.last() <= 65535, "places have 16 bits")
    narrow = grid.last() <= 255
    frames = replace(
        chunk,
        type=UINT8 if narrow else UINT16,
        dtype=np.dtype("u1" if narrow else "u2"),
        axis=None if axis < 0 else axis,
    )
    planes = decode_mixed(frames, model, payload.take(len(payload.data) - payload.position), cell)
    return restored(grid, elements(frames, planes), exceptions)


def elements(frames: Chunk, planes: list[Plane]) -> list[int]:
    """Places in the order of the array."""
    half = 1 << (frames.depth - 1)
    shaped = np.array(planes).reshape(len(planes), *frames.plane_dims) + half
    return np.moveaxis(shaped, 0, frames.axis or 0).ravel().tolist()


MAPPINGS |= {5: decode_uniform, 6: decode_near}
