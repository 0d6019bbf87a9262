"""Writes a grid from many ranks to one file, by parallel HDF5's collective writes.

usage: mpirun -n RANKS python3 examples/mpi_grid.py grid.h5 [--tiles ROWS COLUMNS]

Needs an h5py that is built with MPI, and HDF5_PLUGIN_PATH. Nothing of h5prism is imported: HDF5 calls
the filter in every rank, on the chunks that the rank writes.
"""

from __future__ import annotations

import argparse

from mpi4py import MPI  # before h5py, which asks whether MPI is in use

import h5py
import numpy as np
from grid import FILE_FORMAT, Grid, chosen_grid, grid_arguments

FILTER_ID = 33128


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    grid_arguments(parser)
    arguments = parser.parse_args()
    grid, world = chosen_grid(arguments), MPI.COMM_WORLD
    words = (1, 0, 0, 0, arguments.effort)
    with h5py.File(arguments.path, "w", driver="mpio", comm=world, libver=FILE_FORMAT) as file:
        dataset = file.create_dataset(
            "grid", grid.shape, "i1", chunks=grid.chunks,
            compression=FILTER_ID, compression_opts=words,
        )  # fmt: skip
        start = MPI.Wtime()
        for turn in range(0, len(grid.tiles), world.size):
            write_turn(dataset, grid, grid.tiles[turn : turn + world.size], world.rank)
        world.Barrier()
        seconds = MPI.Wtime() - start
        stored = dataset.id.get_storage_size()
    if world.rank == 0:
        size = grid.shape[0] * grid.shape[1] * grid.shape[2]
        print(
            f"{size} bytes, stored {stored}, {size / 1e6 / seconds:.1f} MB/s by {world.size} ranks"
        )


def write_turn(dataset: h5py.Dataset, grid: Grid, tiles: list[tuple[int, int]], rank: int) -> None:
    """One tile for each rank. Filtered writes are collective: a rank without one takes part, too."""
    if rank < len(tiles):
        with dataset.collective:
            dataset[grid.window(tiles[rank])] = grid.make(tiles[rank])
    else:
        write_nothing(dataset)


def write_nothing(dataset: h5py.Dataset) -> None:
    """A collective write of no elements, which `dataset[0:0] = ...` would leave out."""
    transfer = h5py.h5p.create(h5py.h5p.DATASET_XFER)
    transfer.set_dxpl_mpio(h5py.h5fd.MPIO_COLLECTIVE)
    space, memory = dataset.id.get_space(), h5py.h5s.create_simple((1,))
    space.select_none()
    memory.select_none()
    dataset.id.write(memory, space, np.zeros(1, dataset.dtype), dxpl=transfer)


if __name__ == "__main__":
    main()
