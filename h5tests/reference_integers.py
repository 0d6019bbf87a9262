"""Integers of chunks: bytes one after the other, and the range decoder with its models.

Written from docs/FORMAT.md alone, sections "Conventions" and "Adaptive integers"; a part of
reference_decoder.py.
"""

from __future__ import annotations

from dataclasses import dataclass


class CorruptChunk(ValueError):
    """The bytes break a rule that the document marks *must*."""


class NotCovered(NotImplementedError):
    """The chunk may be correct, but uses a part of the format that this file leaves out."""


def must(condition: bool, rule: str) -> None:
    """Refuses the chunk unless `condition` holds."""
    if not condition:
        raise CorruptChunk(rule)


# Conventions


@dataclass
class Reader:
    """Reads integers and strings of bytes one after the other."""

    data: bytes
    position: int = 0

    def take(self, size: int) -> bytes:
        must(self.position + size <= len(self.data), "the chunk does not end too early")
        self.position += size
        return self.data[self.position - size : self.position]

    def u8(self) -> int:
        return self.take(1)[0]

    @property
    def at_end(self) -> bool:
        return self.position == len(self.data)

    def varint(self) -> int:
        value = 0
        for index in range(9):
            byte = self.u8()
            value |= (byte & 127) << (7 * index)
            if byte < 128:
                return value
        raise CorruptChunk("a varint has at most 9 bytes")


def wrapped(value: int, bits: int) -> int:
    half = 1 << (bits - 1)
    return (value + half) % (2 * half) - half


def limited(value: int, low: int, high: int) -> int:
    return low if value < low else high if value > high else value


# Adaptive integers


@dataclass
class BitModel:
    """How likely a bit is 0, by two averages."""

    fast: int = 32768
    slow: int = 32768

    def probability(self) -> int:
        return limited((self.fast + self.slow) // 2, 64, 65472)

    def update(self, bit: int) -> None:
        self.fast += -(self.fast >> 4) if bit else (65535 - self.fast) >> 4
        self.slow += -(self.slow >> 7) if bit else (65535 - self.slow) >> 7


class IntegerModel:
    """The models of the bits of an integer."""

    def __init__(self) -> None:
        self.more = [BitModel() for _ in range(20)]
        self.sign = BitModel()
        self.upper = {size: [BitModel() for _ in range(3)] for size in range(2, 21)}


class RangeDecoder:
    """Decodes one section."""

    def __init__(self, section: bytes) -> None:
        self.reader = Reader(section)
        self.range = (1 << 32) - 1
        self.code = int.from_bytes(self.reader.take(4), "big")

    def bit(self, model: BitModel) -> int:
        """A modelled bit."""
        zero = (self.range // 65536) * model.probability()
        bit = self.split(zero, self.range - zero)
        model.update(bit)
        return bit

    def plain_bit(self) -> int:
        return self.split(self.range // 2, self.range // 2)

    def split(self, zero: int, one: int) -> int:
        """The bit of which the values 0 and 1 have these parts of the range."""
        bit = int(self.code >= zero)
        self.code -= zero * bit
        self.range = one if bit else zero
        while self.range < 1 << 24:
            self.range = (self.range * 256) % (1 << 32)
            self.code = (self.code * 256 + self.reader.u8()) % (1 << 32)
        return bit

    def integer(self, model: IntegerModel) -> int:
        size = 0
        while size < 20 and self.bit(model.more[size]):
            size += 1
        if size == 0:
            return 0
        negative = self.bit(model.sign)
        magnitude = 1
        for index in range(1, size):
            upper = model.upper[size][magnitude - 1] if index <= 2 else None
            magnitude = 2 * magnitude + (self.bit(upper) if upper else self.plain_bit())
        return -magnitude if negative else magnitude
