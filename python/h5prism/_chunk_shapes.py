"""Chunk shapes that compress well and are read well."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ._options import block_of_access

_LINE = 1 << 20  # elements
_BYTES, _MOST_BYTES = 4 << 20, 8 << 20  # a chunk of pictures; where more would cut what is short
_SHORT = 256  # axes of which little is gained by cutting them
_CHANNELS = 1024  # that stay together
_LEAST_EDGE, _SLIM = 64, 16  # of pictures; for the sake of channels
_FRAMES = 64  # of a longer stack: more are hardly smaller, and one is read with all of them
_ALIKE = 2  # sides of pictures, up to 2 : 1
_ROWS_PER_COLUMN = 2  # in tables, at least: columns are predicted from columns
_TABLE_BYTES = 2 << 20
_MOST_TABLE_BYTES = 16 << 20


def suggest_chunks(
    shape: Sequence[int], dtype: Any, *, access: str | None = None
) -> tuple[int, ...]:
    """A chunk shape for an array: for `create_dataset`, and for `chunks` and `chunksizes` elsewhere.

    Args:
        shape: of the whole array, each axis at least 1.
        dtype: of its elements: what numpy takes as one.
        access: what is read at a time, as in `Prism(access=)`, whose blocks go with it: axes of
            pictures that are cut are then whole numbers of blocks.

    Returns:
        As many axes. A small array is one chunk; others have chunks of 1 to 8 MiB as a rule. Of a
        table (rows x columns), up to 1024 columns are whole, and there are at least twice as many rows
        as columns if that is at most 16 MiB, so that columns can be predicted from each other.

        Three axes are pictures along the first one where the last two are alike (up to 2 : 1)
        and the first two are not equal, or all three are: all bands up to 256, or 64 frames of more,
        with square tiles of at least 64 x 64. Else the last axis is channels, as is one behind two
        that are equal where there are more axes: these stay whole up to 1024. With channels, or four
        axes and more, those longer than 256 are halved, the longest first, down to 64; where that
        is not enough, the first one. Chunks along an axis are about equally long.

    Raises:
        ValueError: an axis is below 1, or there is none.
        PrismError: for an unknown access.
    """
    sizes = tuple(map(operator.index, shape))
    if not sizes or min(sizes) < 1:
        raise ValueError(f"shape {sizes}: expected axes of at least 1 element")
    chunks = _suggest(sizes, np.dtype(dtype).itemsize)
    block = block_of_access(access) if access is not None else 0
    return _of_blocks(chunks, sizes, block) if block else chunks


def _suggest(sizes: tuple[int, ...], item: int) -> tuple[int, ...]:
    longer = [axis for axis, size in enumerate(sizes) if size > 1]
    kept = [sizes[axis] for axis in longer]
    if len(kept) <= 1:
        found = [min(size, _LINE) for size in kept]
    elif len(kept) == 2:
        found = _matrix(kept, item)
    elif len(kept) == 3 and _is_stack(kept):
        found = _stack(kept, item)
    else:
        found = _pictures(kept, item)
    chunks = [1] * len(sizes)
    for axis, size, most in zip(longer, kept, found):
        chunks[axis] = _even(size, most)
    return tuple(chunks)


def _of_blocks(chunks: tuple[int, ...], sizes: tuple[int, ...], block: int) -> tuple[int, ...]:
    longer = [axis for axis, size in enumerate(sizes) if size > 1]
    pictures = longer if len(longer) > 2 else []
    whole = {axis: -(-chunks[axis] // block) * block for axis in pictures if chunks[axis] > block}
    return tuple(min(whole.get(axis, chunk), sizes[axis]) for axis, chunk in enumerate(chunks))


def _even(size: int, most: int) -> int:
    """The shortest length with which no more chunks are needed than with `most`."""
    return -(-size // -(-size // most))


def _matrix(sizes: list[int], item: int) -> list[int]:
    columns = min(sizes[1], _CHANNELS)
    most = max(_TABLE_BYTES, min(_ROWS_PER_COLUMN * columns * columns * item, _MOST_TABLE_BYTES))
    rows = min(sizes[0], max(1, most // (columns * item)))
    return [rows, min(sizes[1], max(columns, _TABLE_BYTES // (rows * item)))]


def _is_stack(sizes: list[int]) -> bool:
    count, height, width = sizes
    alike = max(height, width) <= _ALIKE * min(height, width)
    return alike and (count != height or height == width)


def _stack(sizes: list[int], item: int) -> list[int]:
    count, *picture = sizes
    if count > _SHORT:
        count = min(count, max(_FRAMES, _BYTES // (math.prod(picture) * item)))
    positions = _BYTES // (count * item)
    edge = max(_LEAST_EDGE, math.isqrt(positions), positions // min(picture))
    edges = [min(size, edge) for size in picture]
    while count > 1 and count * math.prod(edges) * item > _MOST_BYTES:
        count = -(-count // 2)
    return [count, *edges]


def _pictures(sizes: list[int], item: int) -> list[int]:
    last = len(sizes) - 1
    channels = sizes[last] <= _CHANNELS and (last == 2 or sizes[-2] == sizes[-3])
    chunks = list(sizes)

    def halve(axes: list[int], least: int, limit: int) -> None:
        while math.prod(chunks) * item > limit:
            longest = max(axes, key=lambda axis: chunks[axis], default=None)
            if longest is None or chunks[longest] <= least:
                return
            chunks[longest] = -(-chunks[longest] // 2)

    free = list(range(last if channels else last + 1))
    halve([axis for axis in free if sizes[axis] > _SHORT], _LEAST_EDGE, _BYTES)
    halve([0], 1, _MOST_BYTES)
    halve(free, _SLIM, _MOST_BYTES)
    halve(list(range(last + 1)), 1, _MOST_BYTES)
    return chunks
