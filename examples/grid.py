"""The grid that the examples write: embeddings that can be made tile by tile, at any place."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np

# Indexes of chunks that grow with their number well, as HDF5 1.10 and everything newer reads them.
FILE_FORMAT = ("v110", "v110")


@dataclass(frozen=True)
class Grid:
    """A grid of `rows` x `columns` tiles of `edge` x `edge` x `channels` int8."""

    rows: int
    columns: int
    edge: int
    channels: int

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.rows * self.edge, self.columns * self.edge, self.channels

    @property
    def chunks(self) -> tuple[int, int, int]:
        return self.edge, self.edge, self.channels

    @property
    def tiles(self) -> list[tuple[int, int]]:
        return [(row, column) for row in range(self.rows) for column in range(self.columns)]

    def offset(self, tile: tuple[int, int]) -> tuple[int, int, int]:
        """Index of the tile's first element."""
        return tile[0] * self.edge, tile[1] * self.edge, 0

    def window(self, tile: tuple[int, int]) -> tuple[slice, slice]:
        row, column, _ = self.offset(tile)
        return slice(row, row + self.edge), slice(column, column + self.edge)

    def make(self, tile: tuple[int, int]) -> np.ndarray:
        """One tile: channels are mixtures of a few smooth fields, and noise."""
        random = np.random.default_rng(self.channels)  # the same mixture everywhere
        waves, mixture = random.normal(0, 0.02, (6, 2)), random.normal(size=(6, self.channels))
        row, column, _ = self.offset(tile)
        y, x = np.ogrid[row : row + self.edge, column : column + self.edge]
        fields = np.stack([np.sin(a * y + b * x) for a, b in waves], axis=-1)
        noise = np.random.default_rng([row, column]).normal(0, 2, self.chunks)
        return np.clip(np.rint(25 * fields @ mixture + noise), -127, 127).astype(np.int8)


def grid_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", help="HDF5 file to write")
    parser.add_argument("--tiles", type=int, nargs=2, default=(8, 8), metavar=("ROWS", "COLUMNS"))
    parser.add_argument("--edge", type=int, default=256, help="of a tile, which is one chunk")
    parser.add_argument("--channels", type=int, default=64)
    parser.add_argument("--effort", type=int, default=3)


def chosen_grid(arguments: argparse.Namespace) -> Grid:
    return Grid(*arguments.tiles, arguments.edge, arguments.channels)
