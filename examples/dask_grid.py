"""Writes a grid with Dask and reduces it: all cores encode and decode, one process writes the file.

usage: python3 examples/dask_grid.py grid.h5 [--tiles ROWS COLUMNS] [--workers N]

Workers make tiles and send them encoded; the file gets their bytes as they are. To read, each worker
opens the file for itself. No process holds more than a few tiles, whatever the size of the grid.
"""

from __future__ import annotations

import argparse
import itertools
import os
import time
from collections.abc import Iterator

import dask.array as da
import h5py
import numpy as np
from distributed import Client, LocalCluster, as_completed
from grid import FILE_FORMAT, Grid, chosen_grid, grid_arguments

import h5prism

TILES_AHEAD = 4  # for each worker


def encode_tile(grid: Grid, tile: tuple[int, int], effort: int) -> tuple[tuple[int, ...], bytes]:
    return grid.offset(tile), h5prism.encode(grid.make(tile), effort=effort)


def encoded_tiles(
    client: Client, grid: Grid, effort: int
) -> Iterator[tuple[tuple[int, ...], bytes]]:
    """Offsets and bytes of all chunks, as they come, only so many at a time."""
    tiles = iter(grid.tiles)
    ahead = TILES_AHEAD * len(client.scheduler_info()["workers"])
    first = [client.submit(encode_tile, grid, t, effort) for t in itertools.islice(tiles, ahead)]
    running = as_completed(first, with_results=True)
    for future, result in running:
        future.release()
        for tile in itertools.islice(tiles, 1):
            running.add(client.submit(encode_tile, grid, tile, effort))
        yield result


def write(client: Client, grid: Grid, path: str, effort: int) -> int:
    """Writes the grid. Returns the bytes that its chunks take."""
    with h5py.File(path, "w", libver=FILE_FORMAT) as file:
        dataset = file.create_dataset(
            "grid", grid.shape, "i1", chunks=grid.chunks, compression=h5prism.Prism(effort=effort)
        )
        for offset, blob in encoded_tiles(client, grid, effort):
            dataset.id.write_direct_chunk(offset, blob)
        return dataset.id.get_storage_size()


def read_block(path: str, name: str, block_info: dict | None = None) -> np.ndarray:
    location = block_info[None]["array-location"]
    with h5py.File(path) as file:
        return h5prism.read(file[name], tuple(slice(*ends) for ends in location), threads=1)


def as_dask_array(path: str, name: str) -> da.Array:
    """A dataset as a Dask array of its chunks, which workers read for themselves."""
    with h5py.File(path) as file:
        dataset = file[name]
        chunks, dtype = da.core.normalize_chunks(dataset.chunks, dataset.shape), dataset.dtype
    return da.map_blocks(
        read_block, path, name, chunks=chunks, dtype=dtype, meta=np.empty(0, dtype)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    grid_arguments(parser)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    grid = chosen_grid(arguments)
    # One thread each: HDF5 runs one call at a time in a process.
    cluster = LocalCluster(arguments.workers, threads_per_worker=1, dashboard_address=None)
    with cluster, Client(cluster) as client:
        start = time.perf_counter()
        stored = write(client, grid, arguments.path, arguments.effort)
        written = time.perf_counter()
        array = as_dask_array(arguments.path, "grid")
        mean, most = da.compute(array.mean(axis=(0, 1)), abs(array).max())
        end = time.perf_counter()
    size = array.nbytes
    print(f"{' x '.join(map(str, grid.shape))} int8, {size} bytes in {len(grid.tiles)} chunks")
    print(f"stored {stored} bytes, {8 * stored / size:.3f} bits a value")
    print(f"made, encoded and written at {size / 1e6 / (written - start):.1f} MB/s")
    print(f"read and reduced at {size / 1e6 / (end - written):.1f} MB/s")
    print(f"means of the channels from {mean.min():.3f} to {mean.max():.3f}, largest value {most}")


if __name__ == "__main__":
    main()
