"""What parts of an HDF5 file take over HTTP: random pixels, and the first bands of a patch.

usage: python3 examples/http_parts.py [--tiles ROWS COLUMNS] [--edge N] [--channels N] [--pixels N]

Writes a grid with whole chunks and with blocks, serves the files from this machine, and reads them by
Zarr, through references, by byte ranges. Prints the bytes and the requests. Needs h5py, zarr 3, fsspec
and aiohttp.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fsspec
import h5py
import numpy as np
import zarr
from grid import FILE_FORMAT, Grid

import h5prism
import h5prism.zarr  # the codec, where the package is not installed

BANDS, PATCH = 4, 100


class Counter:
    """Bytes and requests since `take` was called last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.take()

    def add(self, size: int) -> None:
        with self._lock:
            self.bytes, self.requests = self.bytes + size, self.requests + 1

    def take(self) -> str:
        text = f"{getattr(self, 'bytes', 0):,} bytes in {getattr(self, 'requests', 0):,} requests"
        self.bytes = self.requests = 0
        return text


@contextmanager
def served(folder: Path, counter: Counter) -> Iterator[str]:
    """The address of the folder's files, of which byte ranges can be asked for."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            content = (folder / Path(self.path).name).read_bytes()
            first, last = map(int, re.findall(r"[0-9]+", self.headers["Range"]))
            part = content[first : last + 1]
            self.send_response(206)
            self.send_header("Content-Length", str(len(part)))
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
            self.end_headers()
            self.wfile.write(part)
            counter.add(len(part))

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


# All channels are in each block, and in their order where the first ones are wanted alone.
WAYS = {
    "access=whole": {"access": "whole"},
    "access=patch": {"access": "patch"},
    "access=pixel": {"access": "pixel"},
    "access=pixel, order=stored": {"access": "pixel", "order": "stored"},
}


def write(path: Path, grid: Grid, options: dict[str, str]) -> int:
    """Returns the bytes that are stored."""
    with h5py.File(path, "w", libver=FILE_FORMAT) as file:
        made = file.create_dataset(
            "grid",
            grid.shape,
            "i1",
            chunks=grid.chunks,
            compression=h5prism.Prism(axis=2, **options),
        )
        for tile in grid.tiles:
            made[grid.window(tile)] = grid.make(tile)
        file.flush()
        return made.id.get_storage_size()


def opened(path: Path, address: str) -> zarr.Array:
    """Only the references are read from the file here."""
    with h5py.File(path) as file:
        references = h5prism.references(file["grid"], f"{address}/{path.name}", zarr_format=3)
    files = fsspec.filesystem(
        "reference",
        fo=references,
        asynchronous=True,
        remote_protocol="http",
        remote_options={"asynchronous": True},
    )
    return zarr.open_array(zarr.storage.FsspecStore(files, read_only=True), path="grid", mode="r")


def report(array: zarr.Array, counter: Counter, pixels: int) -> None:
    random = np.random.default_rng(0)
    rows, columns = (random.integers(size, size=pixels) for size in array.shape[:2])
    counter.take()
    array.vindex[rows[:, None], columns[:, None], np.arange(array.shape[2])]
    print(f"  {pixels:,} pixels: {counter.take()}")
    array[:PATCH, :PATCH, :BANDS]
    print(f"  first {BANDS} bands of {PATCH} x {PATCH}: {counter.take()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tiles", type=int, nargs=2, default=(4, 4), metavar=("ROWS", "COLUMNS"))
    parser.add_argument("--edge", type=int, default=256, help="of a tile, which is one chunk")
    parser.add_argument("--channels", type=int, default=64)
    parser.add_argument("--pixels", type=int, default=1000)
    arguments = parser.parse_args()
    grid, counter = Grid(*arguments.tiles, arguments.edge, arguments.channels), Counter()
    with tempfile.TemporaryDirectory() as name, served(Path(name), counter) as address:
        for number, (way, options) in enumerate(WAYS.items()):
            path = Path(name, f"{number}.h5")
            print(f"{way}: {write(path, grid, options):,} bytes")
            report(opened(path, address), counter, arguments.pixels)


if __name__ == "__main__":
    main()
