"""Decodes the method order0 slowly and plainly, written from docs/FORMAT.md alone.

Names and order are those of the section "Method 7, order0".
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from reference_decoder import NONE, Chunk, Plane
from reference_integers import IntegerModel, RangeDecoder, Reader, must

SLOTS = 16384


def decode_order0(chunk: Chunk, parameters: bytes, payload: bytes) -> list[Plane]:
    must(chunk.transform == NONE, "the transform is none")
    values, shares = read_values(chunk, parameters)
    first_slots = [0, *accumulate(shares)]
    words = Reader(payload)
    states = [int.from_bytes(words.take(4), "little") for _ in range(4)]
    samples = []
    for i in range(chunk.count * chunk.samples):
        state = states[i % 4]
        slot = state % SLOTS
        of_slot = bisect_right(first_slots, slot) - 1
        samples.append(values[of_slot])
        state = shares[of_slot] * (state // SLOTS) + slot - first_slots[of_slot]
        if state < 65536:
            state = 65536 * state + int.from_bytes(words.take(2), "little")
        states[i % 4] = state
    must(states == [65536] * 4, "at the end all states are 2^16")
    must(words.at_end, "the payload ends with the last word")
    return [samples[at : at + chunk.samples] for at in range(0, len(samples), chunk.samples)]


def read_values(chunk: Chunk, parameters: bytes) -> tuple[list[int], list[int]]:
    """The values, and the slots that each of them has."""
    decoder = RangeDecoder(parameters)
    models = {name: IntegerModel() for name in ("count", "first", "gap", "share")}
    count = decoder.integer(models["count"])
    must(1 <= count <= 4096, "count is in 1..4096")
    half = 1 << (chunk.depth - 1)
    next_value, left = -half, SLOTS
    values: list[int] = []
    shares: list[int] = []
    while len(values) < count:
        difference = decoder.integer(models["gap" if values else "first"])
        must(difference >= 0, "a difference is not negative")
        values.append(next_value + difference)
        must(values[-1] < half, "a sample is in range")
        next_value = values[-1] + 1
        share = 1 + decoder.integer(models["share"]) if len(values) < count else left
        must(share >= 1, "a share is at least 1")
        shares.append(share)
        left -= share
        must(left >= 1 or len(values) == count, "something is left for the last value")
    must(decoder.reader.at_end, "all of the section is read")
    return values, shares
