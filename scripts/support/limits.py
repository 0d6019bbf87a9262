"""scripts/test-limits: what is large. Chunks from 64 KiB to 1 GiB and of 4 GiB less one byte, a file with a
million chunks, and one of 100 GB of which next to nothing is stored.

Everything is decoded and compared. Prints tables; exits with 1 where time or memory grows faster than
what is stored, or where something is not as it was.

usage: python -m support.limits [--quick] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

import h5py
import numpy as np

import h5prism

_KIB, _MIB, _GIB = 1 << 10, 1 << 20, 1 << 30
_LARGEST = 4 * _GIB - 1
_CHANNELS = 64
_PATTERN = 64  # rows and columns that are made; the rest repeats them with other noise
_GROWTH = 1.5  # of what a byte takes, from 4 MiB to the largest
_EFFORTS = (1, 5)


def make(size: int) -> np.ndarray:
    """So many bytes: related channels of a square scene, or a line where no square has them."""
    if size % _CHANNELS:
        return np.resize(make(_MIB).reshape(-1), size)
    side = int((size // _CHANNELS) ** 0.5)
    generator = np.random.default_rng(1)
    base = generator.normal(size=(_PATTERN, _PATTERN, 1)).cumsum(0).cumsum(1)
    scene = base / np.abs(base).max() * 100 * generator.uniform(0.3, 1, _CHANNELS)
    repeats = -(-side // _PATTERN)
    array = np.tile(scene.astype("i1"), (repeats, repeats, 1))[:side, :side]
    for row in array:  # a row at a time takes no memory
        row += generator.integers(-2, 3, row.shape, "i1")
    return np.ascontiguousarray(array)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(size: int, effort: int) -> dict[str, float]:
    """Of this process, which does nothing else."""
    array = make(size)
    before = _peak()
    start = time.process_time()
    blob = h5prism.encode(array, effort=effort)
    encoded = time.process_time()
    encoding = _peak()
    expected, shape = zlib.crc32(array), array.shape
    size = array.nbytes
    del array
    started = time.process_time()
    back = h5prism.decode(blob)
    decoded = time.process_time()
    return {
        "size": size,
        "stored": len(blob),
        "encode": encoded - start,
        "decode": decoded - started,
        "memory": (encoding - before) / size,
        "decode_bytes": h5prism.inspect_chunk(blob).decode_bytes / size,
        "same": back.shape == shape and zlib.crc32(back) == expected,
    }


def apart(size: int, effort: int) -> dict[str, float]:
    command = [sys.executable, "-m", "support.limits", "--measure", str(size), str(effort)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def chunks(largest: int) -> bool:
    sizes = [64 * _KIB << 2 * k for k in range(8) if 64 * _KIB << 2 * k <= largest]
    jobs = [(size, effort) for effort in _EFFORTS for size in sizes]
    if largest > _GIB:
        jobs.append((_LARGEST, 1))
    print("| chunk | effort | stored | encode, ns a byte | decode | encoding takes | decoding takes |")
    print("|---|---|---|---|---|---|---|")
    good = True
    least: dict[int, tuple[float, float]] = {}
    for size, effort in jobs:
        row = apart(size, effort)
        a_byte = tuple(1e9 * row[step] / row["size"] for step in ("encode", "decode"))
        print(
            f"| {row['size']:,} | {effort} | {row['stored'] / row['size']:.3f} | {a_byte[0]:.1f} | "
            f"{a_byte[1]:.1f} | {row['memory']:.1f} times | {row['decode_bytes']:.1f} times |",
            flush=True,
        )
        if size == 4 * _MIB:
            least[effort] = a_byte
        linear = size < 4 * _MIB or all(
            now <= _GROWTH * then for now, then in zip(a_byte, least[effort])
        )
        good = good and bool(row["same"]) and linear
    return good


def _spent() -> float:
    """By this process and by programs that it has called."""
    some = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in some)


def _timed(name: str, work) -> object:
    start, wall = _spent(), time.monotonic()
    result = work()
    peak = max(_peak(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
    print(
        f"| {name} | {_spent() - start:.1f} | {time.monotonic() - wall:.1f} | {peak / _MIB:,.0f} MiB |",
        flush=True,
    )
    return result


def _tool(*arguments: object) -> None:
    build = Path(os.environ["H5PRISM_BUILD"])
    command = [build / "bin" / "h5prism", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def many_chunks(folder: Path, count: int) -> bool:
    """Each of 256 bytes; read by HDF5, by the package and by the tool."""
    path, edge = folder / "many.h5", int(count**0.5)
    data = np.add.outer(np.arange(16 * edge), np.arange(16 * edge)).astype("u1")
    print(f"\n{edge * edge:,} chunks:\n\n| step | processor, s | s | peak |\n|---|---|---|---|")

    def write() -> None:
        with h5py.File(path, "w", libver="latest") as file:
            options = h5prism.Prism(effort=1)
            file.create_dataset("x", data=data, chunks=(16, 16), compression=options)

    def read(how) -> bool:
        with h5py.File(path) as file:
            return bool((how(file["x"]) == data).all())

    def inspect() -> bool:
        with h5py.File(path) as file:
            return len(h5prism.inspect(file["x"])) == edge * edge

    _timed("h5py writes", write)
    same = [
        _timed("h5py reads", lambda: read(lambda dataset: dataset[...])),
        _timed("h5prism.read", lambda: read(h5prism.read)),
        _timed("h5prism.inspect", inspect),
    ]
    _timed("tool: inspect", lambda: _tool("inspect", path))
    _timed("tool: repack", lambda: _tool("repack", path, folder / "again.h5", "effort=1"))
    (folder / "again.h5").unlink()
    path.unlink()
    return all(same)


def sparse(folder: Path, size: int) -> bool:
    """A dataset of so many bytes with three chunks, and a raw one of as many, in a file with holes."""
    path, copy, holes = (folder / name for name in ("sparse.h5", "copy.h5", "holes.h5"))
    slab = (1, 1024, 1024)
    frames = size // (1024 * 1024)
    data = make(_MIB).reshape(slab)
    places = (0, frames // 2, frames - 1)
    print(f"\nA dataset of {frames * 1024 * 1024:,} bytes with three chunks:\n")
    print("| step | processor, s | s | peak |\n|---|---|---|---|")

    def write() -> None:
        with h5py.File(path, "w", libver="latest") as file:
            made = file.create_dataset(
                "x", (frames, *slab[1:]), "i1", chunks=slab, compression=h5prism.Prism()
            )
            for place in places:
                made[place] = data[0]

    def write_holes() -> None:
        early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        early.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        space = h5py.h5s.create_simple((size,))
        with h5py.File(holes, "w") as file:
            raw = h5py.h5d.create(file.id, b"raw", h5py.h5t.NATIVE_INT8, space, early)
            h5py.Dataset(raw)[-1] = 7
            h5prism.write(file, "y", data, chunks=slab)  # behind 100 GB

    def read(path: Path) -> bool:
        with h5py.File(path) as file:
            found = [h5prism.read(file["x"], np.s_[place]) for place in (*places, 1, frames - 2)]
            there = all((one == data[0]).all() for one in found[:3])
            return there and not any(one.any() for one in found[3:])

    def read_behind_holes() -> bool:
        with h5py.File(holes) as file:
            return bool(file["raw"][-1] == 7 and (h5prism.read(file["y"]) == data).all())

    _timed("h5py writes", write)
    same = [_timed("h5prism.read, five frames", lambda: read(path))]
    _timed("tool: inspect", lambda: _tool("inspect", path))
    _timed("tool: repack", lambda: _tool("repack", path, copy, "effort=1"))
    same.append(_timed("h5prism.read of the copy", lambda: read(copy)))
    _timed("write behind as many bytes of holes", write_holes)
    same.append(_timed("read there", read_behind_holes))
    print()
    for file in (path, copy, holes):
        stat = file.stat()
        print(f"{file.name}: {stat.st_size:,} bytes, {stat.st_blocks * 512:,} on the disk")
        file.unlink()
    return all(same)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="everything at a hundredth of its size")
    parser.add_argument("--only", choices=["chunks", "many", "sparse"])
    parser.add_argument("--folder", type=Path, help="for files: 100 GB of holes, 1 GB of data")
    parser.add_argument("--measure", nargs=2, type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(*arguments.measure)))
        return 0
    scale = 100 if arguments.quick else 1
    good = True
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        if arguments.only in (None, "chunks"):
            good = chunks(4 * _MIB if arguments.quick else _LARGEST) and good
        if arguments.only in (None, "many"):
            good = many_chunks(folder, 1_000_000 // scale) and good
        if arguments.only in (None, "sparse"):
            good = sparse(folder, 100_000_000_000 // scale) and good
    print("\nall well" if good else "\nnot as it should be")
    return not good


if __name__ == "__main__":
    sys.exit(main())
