"""Parts of Zarr arrays, compared with numpy, and the bytes that are fetched for them. Run with a Python
that has Zarr 3 and the package:

    python3 zarr_parts.py FOLDER
"""

import sys

import fsspec
import h5py
import numpy as np
import zarr
from zarr.storage import LocalStore, WrapperStore

import h5prism
from h5prism.zarr import PrismCodec

SHARDS = {"codecs.sharding_indexed": "h5prism.zarr.PartialShardingCodec"}


class Counting(WrapperStore):
    """Another store, and what has been read of it."""

    fetched = requests = 0

    def with_read_only(self, read_only=False):
        return self

    async def get(self, key, prototype, byte_range=None):
        found = await self._store.get(key, prototype, byte_range)
        if found is not None and not key.endswith("zarr.json"):
            self.fetched += len(found)
            self.requests += 1
        return found

    def spent(self):
        spent, self.fetched, self.requests = (self.fetched, self.requests), 0, 0
        return spent


def picture(shape, dtype, axis):
    """Planes along `axis` that are alike."""
    random = np.random.default_rng(len(shape))
    sizes = [size if i != axis else 1 for i, size in enumerate(shape)]
    base = random.normal(0, 6, sizes)
    for other, size in enumerate(sizes):
        if size > 1:
            base = np.cumsum(base, other) / 2
    planes = base * random.normal(1, 0.3, [s if i == axis else 1 for i, s in enumerate(shape)])
    return np.clip(np.round(planes + random.normal(0, 1, shape)), -120, 120).astype(dtype)


def made(path, array, chunks, **options):
    options = {"serializer": PrismCodec(block=8), "fill_value": 7, **options}
    zarr.create_array(path, data=array, chunks=chunks, compressors=None, **options)
    return opened(path)


def opened(path):
    store = Counting(LocalStore(path))
    return zarr.open_array(store, mode="r"), store


def same(found, expected):
    expected = expected.astype(expected.dtype.newbyteorder("="))  # Zarr's
    np.testing.assert_array_equal(np.asarray(found), expected, strict=True)


def draw(random, size):
    kinds = [
        int(random.integers(size)),
        slice(*sorted(random.integers(0, size + 1, 2).tolist())),
        slice(int(random.integers(size)), None, int(random.integers(1, 5))),
        slice(None),
    ]
    return kinds[random.integers(len(kinds))]


def check_random(array, stored, random):
    for _ in range(8):
        item = tuple(draw(random, size) for size in array.shape)
        same(stored[item], array[item])
    lists = [random.integers(0, size, random.integers(1, 9)) for size in array.shape]
    same(stored.oindex[tuple(lists)], array[np.ix_(*lists)])
    mixed = [np.sort(lists[0]), *(slice(None) for _ in array.shape[1:])]
    same(stored.oindex[tuple(mixed)], array[mixed[0]])
    points = tuple(random.integers(0, size, 30) for size in array.shape)
    same(stored.vindex[points], array[points])
    mask = random.random(array.shape) < 0.01
    same(stored.vindex[mask], array[mask])


def check_selections(folder):
    random = np.random.default_rng(1)
    number = 0
    for axis, shape in ((2, (70, 50, 6)), (0, (5, 60, 70)), (2, (2, 3, 40, 50))):
        for shards in (False, True):
            for dtype in ("i1", "<u2", ">i2"):
                chunks = tuple(min(size, 32) for size in shape)
                whole = tuple(2 * size for size in chunks) if shards else None
                array = picture(shape, dtype, axis)
                array[:, 32:, 32:] = 7  # chunks that are not stored
                number += 1
                stored, _ = made(f"{folder}/{number}", array, chunks, shards=whole)
                check_random(array, stored, random)


def check_bytes(folder):
    """A pixel and a patch take the head and their blocks; the second time, what tells that the head is
    the same."""
    array = picture((128, 128, 24), "i1", 2)
    for shards, extra in ((None, 0), ((128, 128, 24), 4 * 16 + 4)):
        stored, store = made(f"{folder}/bytes-{shards}", array, (64, 64, 24), shards=shards)
        size = sum(map(len, chunk_bytes(store))) / 4
        for item, most in ((np.s_[70, 9], 0.06), (np.s_[70:86, 8:24], 0.2)):
            store.spent()
            same(stored[item], array[item])
            first = store.spent()
            same(stored[item], array[item])
            again = store.spent()
            assert again[0] <= 512 + extra + most * size < size / 3, (again, size)
            assert first[0] <= again[0] + (1 << 14), (first, again)
            assert again[1] <= 4 + bool(shards)  # the patch meets three rows of blocks
        same(stored[:], array)


def chunk_bytes(store):
    for path in sorted(store._store.root.rglob("c/**/*")):
        if path.is_file():
            yield path.read_bytes()


def check_bands(folder):
    """The first planes take a beginning, which is one range."""
    array = picture((64, 64, 24), "i1", 2)
    for name, options in (("whole", {}), ("blocks", {"block": 8})):
        codec = PrismCodec(axis=2, order="stored", **options)
        stored, store = made(f"{folder}/bands-{name}", array, (64, 64, 24), serializer=codec)
        (size,) = map(len, chunk_bytes(store))
        same(stored[..., :2], array[..., :2])
        store.spent()
        same(stored[..., :2], array[..., :2])
        bytes_, requests = store.spent()
        assert bytes_ < 512 + size / 4 and requests == 2, (bytes_, requests, size)


def check_changes(folder):
    """A chunk that is written again is noticed, with and without checksums."""
    first, second = picture((64, 64, 8), "i1", 2), picture((64, 64, 8), "i1", 2)[::-1]
    for checksum in (True, False):
        path = f"{folder}/changes-{checksum}"
        stored, _ = made(
            path, first, (64, 64, 8), serializer=PrismCodec(block=8, checksum=checksum)
        )
        for array in (first, second, first):
            zarr.open_array(path, mode="r+")[:] = array
            for _ in range(2):
                same(stored[20:23, 9], array[20:23, 9])


def check_damage(folder):
    """A damaged block leaves the others; what is no chunk in blocks is decoded as a whole."""
    array = picture((64, 64, 8), "i1", 2)
    stored, store = made(f"{folder}/damage", array, (64, 64, 8))
    (path,) = [path for path in store._store.root.rglob("c/**/*") if path.is_file()]
    whole = path.read_bytes()
    path.write_bytes(whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:])
    same(stored[:8, :8], array[:8, :8])
    for broken in (whole[:-100], b"", whole[:3], whole[:200]):
        path.write_bytes(broken)
        try:
            stored[60, 60]
        except h5prism.PrismError:
            continue
        raise AssertionError(len(broken))
    for other in (array.reshape(32, 128, 8), array.astype(">i1")):
        path.write_bytes(h5prism.encode(np.ascontiguousarray(other), block=8))
        same(stored[60, 60], array[60, 60])
    path.write_bytes(h5prism.encode(array))
    same(stored[60, 60], array[60, 60])
    path.unlink()
    same(stored[60, 60], np.full(8, 7, "i1"))


def check_references(folder):
    """A file of HDF5 by its byte ranges, with a chunk that was never written."""
    array = picture((100, 90, 24), "<i2", 2)
    array[64:, :64] = 5
    with h5py.File(f"{folder}/x.h5", "w") as file:
        made = file.create_dataset(
            "a/x", array.shape, "<i2", chunks=(64, 64, 24), fillvalue=5, **h5prism.Prism(block=8)
        )
        made[:64], made[64:, 64:] = array[:64], array[64:, 64:]
        size = made.id.get_storage_size() / 3
        references = h5prism.references(made, zarr_format=3)
    assert len(references["refs"]) == 6
    files = fsspec.filesystem(
        "reference", fo=references, asynchronous=True, remote_protocol="file",
        remote_options={"asynchronous": True, "auto_mkdir": False},
    )  # fmt: skip
    store = Counting(zarr.storage.FsspecStore(files, read_only=True))
    stored = zarr.open_array(store, path="a/x", mode="r")
    check_random(array, stored, np.random.default_rng(2))
    stored[3:5, 7]
    store.spent()
    same(stored[3:5, 7], array[3:5, 7])
    assert 512 < store.spent()[0] < 512 + size / 10
    same(stored[:], array)


if __name__ == "__main__":
    zarr.config.set(SHARDS)
    for check in (
        check_selections,
        check_bytes,
        check_bands,
        check_changes,
        check_damage,
        check_references,
    ):
        check(sys.argv[1])
