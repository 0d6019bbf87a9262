"""What all lossy chunks share, and pictures, written from docs/format-lossy.md alone.

Continues reference_mappings.py, which decodes these mappings, too, once this file is imported.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from reference_decoder import Chunk
from reference_integers import NotCovered, Reader, must
from reference_mappings import MAPPINGS

SMALLEST, LARGEST = 2.0**-126, (2 - 2.0**-23) * 2.0**127


@dataclass
class Bound:
    kind: int
    of: int
    value: float
    reached: float


def float32(reader: Reader) -> float:
    return struct.unpack("<f", reader.take(4))[0]


def read_bound(parameters: Reader) -> Bound:
    """Begins after the mapping's number."""
    bound = Bound(parameters.u8(), parameters.u8(), float32(parameters), float32(parameters))
    must(1 <= bound.kind <= 4, "the kind is 1 to 4")
    must(bound.of <= 1, "the reference is 0 or 1")
    must(SMALLEST <= bound.value <= LARGEST, "the value is a normal number above 0")
    must(bound.reached >= 0, "the reached error is 0 or more, and no NaN")
    return bound


def find_pictures(chunk: Chunk, depth: int, parameters: Reader, payload: Reader) -> list[int]:
    """Only finds the images: one for each plane, or one for three."""
    read_bound(parameters)
    first, colours = parameters.u8(), parameters.u8()
    axis, beginnings = first % 128 - 1, first >= 128
    must(chunk.dtype.kind in "iu" and chunk.dtype.itemsize <= 2, "elements have 8 or 16 bits")
    must(axis < len(chunk.dims), "the axis is below the rank")
    planes = 1 if axis < 0 else chunk.dims[axis]
    must(colours == 1 or (colours == 3 and planes == 3), "an image has one plane, or all three")
    if beginnings:
        payload.take(sum([payload.varint() for _ in range(2 * (planes // colours))]))
    for _ in range(0 if beginnings else planes // colours):
        payload.take(payload.varint())
    must(payload.at_end, "the payload ends with the last image")
    raise NotCovered("mapping 9 needs a decoder of JPEG XL")


MAPPINGS[9] = find_pictures
