"""Where planes have no data: written from "Holes" of docs/FORMAT.md alone."""

from __future__ import annotations

import numpy as np
from reference_decoder import Chunk

NEIGHBOURS = ((-1, 0), (0, -1), (-1, 1), (-1, -1))  # N, W, NE, NW
DATA, BLANK = None, (0, 0)

# For each place DATA, BLANK, or the offset of the neighbour that it is taken for.
Links = list[list[tuple[int, int] | None]]


def is_for(gaps: np.ndarray | None, dims: tuple[int, ...]) -> bool:
    """Whether gaps may be those of an array with these dims."""
    if gaps is None or gaps.ndim != len(dims):
        return False
    return all(size in (1, whole) for size, whole in zip(gaps.shape, dims))


def hole_maps(chunk: Chunk) -> list[Links] | None:
    """The links of each plane, or None if the chunk has no gaps."""
    if chunk.gaps is None:
        return None
    return [links_of(plane) for plane in planes_of_gaps(chunk)]


def planes_of_gaps(chunk: Chunk) -> np.ndarray:
    """The gaps as planes, of the shape of the chunk's."""
    gaps = np.broadcast_to(chunk.gaps, chunk.dims)
    if chunk.axis is not None:
        gaps = np.moveaxis(gaps, chunk.axis, 0)
    return gaps.reshape(chunk.count, chunk.height, chunk.width)


def links_of(holes: np.ndarray) -> Links:
    distances: dict[tuple[int, int], tuple[int, int]] = {}
    links: Links = []
    for y, row in enumerate(holes.tolist()):
        links.append([])
        for x, hole in enumerate(row):
            if not hole:
                distances[y, x] = (0, 0)
                links[y].append(DATA)
                continue
            found = {}
            for dy, dx in NEIGHBOURS:
                if (y + dy, x + dx) in distances:
                    rows, columns = distances[y + dy, x + dx]
                    found[dy, dx] = (rows - dy, columns - dx)
            link = min(found, key=lambda to: sum(d * d for d in found[to]), default=BLANK)
            if found:
                distances[y, x] = found[link]
            links[y].append(link)
    return links


def folded_gaps(chunk: Chunk, height: int, width: int) -> np.ndarray | None:
    """The gaps of a chunk of lines as those of planes of this shape, which lie along axis 0."""
    if chunk.gaps is None:
        return None
    planes = planes_of_gaps(chunk)
    if chunk.height >= chunk.width:
        planes = planes.transpose(0, 2, 1)
    lines = planes.reshape(-1, planes.shape[2])
    last = lines.shape[1] - 1
    places = np.minimum(np.arange(width) * height + np.arange(height)[:, None], last)
    return lines[:, places]
