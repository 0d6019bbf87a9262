"""Random datasets, read by h5prism and by h5py: the same, whatever HDF5's lists of chunks say.

    python3 random_reads.py COUNT [SEED [FIRST]]

makes COUNT datasets from SEED, or from the dataset FIRST of it on, as a failure names it. Shapes,
chunks, extents, indices, types, filters, contents, selections are random; each dataset is written and
resized a few times, and checked while its file is open for writing and once it is open for reading.
Any h5py will do: it needs this folder, numpy and the variables that python_support sets.
"""

import io
import itertools
import json
import sys
import tempfile
import zlib
from base64 import b64decode
from collections import Counter
from pathlib import Path

import h5py
import numpy as np
from python_support import assert_same, leave_partial_chunks_alone

import h5prism

TYPES = ["i1", "u1", "<i2", ">i2", "<u4", ">i8", "<f2", ">f4", "<f8", "?"]
FORMATS = ["earliest", "v108", "v110", "latest"]  # the lowest of the file; all but two are new
MOST = (0, 25, 11, 7, 5)  # elements along an axis, by rank
READ_ERRORS = (IndexError, ValueError, TypeError, OSError)
DEFLATE, SHUFFLE, FLETCHER32 = (
    lambda properties: properties.set_deflate(1),
    lambda properties: properties.set_shuffle(),
    lambda properties: properties.set_fletcher32(),
)


def own(properties):
    options = h5prism.Prism(effort=1, predictor="none", coder="deflate").filter_options
    properties.set_filter(h5prism.FILTER_ID, h5py.h5z.FLAG_OPTIONAL, options)


PIPELINES = {
    "h5prism": [own],
    "shuffle, h5prism": [SHUFFLE, own],
    "h5prism, fletcher32": [own, FLETCHER32],
    "gzip": [DEFLATE],
    "shuffle, gzip": [SHUFFLE, DEFLATE],
    "none": [],
}
FREQUENT = [0.65, 0.1, 0.05, 0.08, 0.05, 0.07]


# ---- Datasets ----


def draw(random, items, weights=None):
    return items[random.choice(len(items), p=weights)]


def is_likely(random, probability):
    return random.random() < probability


class Made:
    """A dataset and what it holds: an array of numpy that is changed with it."""

    def __init__(self, random, path):
        self.random = random
        self.format = draw(random, FORMATS)
        self.pipeline = draw(random, list(PIPELINES), FREQUENT)
        self.dtype = np.dtype(draw(random, TYPES))
        self.chunks, self.shape, self.limits = draw_space(random)
        self.fill = self.values(()) if is_likely(random, 0.4) else np.zeros((), self.dtype)
        self.file = h5py.File(path, "w", libver=(self.format, "latest"))
        self.dataset = self.create()
        self.array = np.full(self.shape, self.fill, self.dtype)

    def __str__(self):
        return (
            f"{self.pipeline}, {self.dtype.str}, {self.array.shape} in chunks of {self.chunks}, at "
            f"most {self.limits}, libver {self.format}"
        )

    def create(self):
        random = self.random
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk(self.chunks)
        for add in PIPELINES[self.pipeline]:
            add(properties)
        if self.fill.tobytes().strip(b"\0"):
            properties.set_fill_value(self.fill)
        properties.set_alloc_time(
            draw(random, [h5py.h5d.ALLOC_TIME_INCR, h5py.h5d.ALLOC_TIME_EARLY], [0.85, 0.15])
        )
        # HDF5 crashes when a dataset with such chunks is resized.
        self.is_fixed = is_likely(random, 0.15) and leave_partial_chunks_alone(properties)
        limits = tuple(h5py.h5s.UNLIMITED if end is None else end for end in self.limits)
        space = h5py.h5s.create_simple(self.shape, limits)
        kind = h5py.h5t.py_create(self.dtype, logical=True)
        return h5py.Dataset(h5py.h5d.create(self.file.id, b"x", kind, space, properties))

    def values(self, shape):
        """Repeated bytes, half of them 0: small when encoded, seldom a NaN."""
        if self.dtype == np.bool_:
            return np.asarray(self.random.random(shape) < 0.5)
        values = self.random.integers(0, 100, shape) * (self.random.random(shape) < 0.5)
        return np.asarray(values, self.dtype)

    # What is done to it.

    def write_region(self):
        window = tuple(slice(*sorted(self.random.integers(0, size + 1, 2))) for size in self.shape)
        values = self.values(self.array[window].shape)
        self.dataset[window] = values
        self.array[window] = values

    def write_grid(self):
        """Each chunk or none with the same probability."""
        share = self.random.random()
        for offset in grid(self.array.shape, self.chunks):
            if is_likely(self.random, share):
                window = inside(offset, self.chunks)
                values = self.values(self.array[window].shape)
                self.dataset[window] = values
                self.array[window] = values

    def resize(self):
        if self.is_fixed:
            return
        shape = tuple(
            self.random.integers(0, MOST[len(self.limits)] + 2 if end is None else end + 1)
            for end in self.limits
        )
        kept = tuple(map(slice, map(min, shape, self.array.shape)))
        array = np.full(shape, self.fill, self.dtype)
        array[kept] = self.array[kept]
        self.dataset.resize(shape)
        self.array = array
        self.shape = shape

    def skip_filters(self):
        """Some chunks are written around the filters, as plain elements.

        Each once and none that is there: HDF5 keeps an old filter mask otherwise.
        """
        if self.pipeline == "none":
            return
        masked = (1 << len(PIPELINES[self.pipeline])) - 1
        for offset in set(grid(self.array.shape, self.chunks)) - set(stored(self.dataset)):
            if is_likely(self.random, 0.3):
                values = self.values(self.chunks)
                self.dataset.id.write_direct_chunk(offset, values.tobytes(), filter_mask=masked)
                window = inside(offset, self.chunks)
                self.array[window] = values[tuple(map(slice, self.array[window].shape))]

    def reopen(self):
        path = self.file.filename
        self.file.close()
        self.file = h5py.File(path)
        self.dataset = self.file["x"]


def draw_space(random):
    rank = int(random.integers(1, 5))
    chunks = tuple(random.integers(1, draw(random, [3, 7]), rank).tolist())
    least = 0 if is_likely(random, 0.05) else 1
    shape = tuple(random.integers(least, MOST[rank], rank).tolist())
    unlimited = random.random(rank) < draw(random, [0, 0.3, 0.6])
    if is_likely(random, 0.3):  # an extensible array of any turn
        unlimited[:] = False
        unlimited[random.integers(rank)] = True
    room = random.integers(0, MOST[rank], rank) * (random.random(rank) < 0.5)
    limits = tuple(
        None if free else max(size + int(more), chunk)
        for free, size, more, chunk in zip(unlimited, shape, room, chunks)
    )
    return chunks, shape, limits


def grid(shape, chunks):
    return itertools.product(*map(range, [0] * len(shape), shape, chunks))


def inside(offset, chunks):
    return tuple(slice(start, start + size) for start, size in zip(offset, chunks))


def stored(dataset):
    """The bytes of every stored chunk. By their places: only these answers of HDF5 are right."""
    found = {}
    dataset.flush()
    for offset in grid(dataset.shape, dataset.chunks):
        try:
            found[offset] = dataset.id.read_direct_chunk(offset)[1]
        except (OSError, RuntimeError, ValueError, MemoryError):
            pass
    return found


# ---- Selections ----


def draw_item(random, size):
    start, stop = random.integers(-size - 2, size + 3, 2).tolist()
    kinds = [
        int(random.integers(-size - 1, size + 1)),
        np.int16(start),
        slice(None, None, int(random.integers(1, size + 2))),
        slice(start, None),
        slice(start, stop, int(random.integers(1, 9))),
        slice(start, stop),
        slice(stop, start, draw(random, [0, -1, -2])),
        np.arange(size) % 3 == start % 3,
        np.unique(random.integers(0, size + 1, 3) % max(size, 1)).tolist(),
        draw(random, [None, True, 1.5, "field", [], [[0]], b"field"]),
    ]
    return draw(random, kinds, [0.15, 0.1, 0.15, 0.15, 0.15, 0.1, 0.05, 0.05, 0.05, 0.05])


def draw_selection(random, shape):
    if is_likely(random, 0.1):
        return draw(random, [(), Ellipsis, slice(None)])
    if is_likely(random, 0.05):
        return random.random(shape) < 0.3
    items = [draw_item(random, size) for size in shape[: random.integers(1, len(shape) + 1)]]
    if is_likely(random, 0.3):
        items.insert(random.integers(len(items) + 1), Ellipsis)
    if is_likely(random, 0.03):
        items.append(draw(random, [Ellipsis, 0, slice(None)]))
    return items[0] if len(items) == 1 and is_likely(random, 0.5) else tuple(items)


# ---- Checks ----


def check_read(made, selection, threads):
    try:
        expected = made.dataset[selection]
    except READ_ERRORS as error:
        try:
            h5prism.read(made.dataset, selection, threads=threads)
        except type(error):
            return "refused"
        raise AssertionError(f"{selection} is refused by h5py only: {error}") from error
    found = h5prism.read(made.dataset, selection, threads=threads)
    assert type(found) is type(expected), selection
    assert_same(np.asarray(found), np.asarray(expected))
    return "read"


def check_inspect(made):
    if not made.pipeline.endswith("h5prism"):
        try:
            h5prism.inspect(made.dataset)
        except h5prism.PrismError:
            return
        raise AssertionError("inspect takes another filter's chunks")
    found = {chunk.offset: chunk.stored_bytes for chunk in h5prism.inspect(made.dataset)}
    assert found == {offset: len(blob) for offset, blob in stored(made.dataset).items()}


def check_references(made):
    """Each chunk is decoded from its place in the file."""
    try:
        refs = h5prism.references(made.dataset)["refs"]
    except h5prism.PrismError as error:
        if made.pipeline == "h5prism":
            assert "without the filter" in str(error), error
        return "no references"
    metadata = json.loads(refs["x/.zarray"])
    fill = 0 if metadata["fill_value"] is None else np.array(metadata["fill_value"], "O")
    whole = np.full(made.array.shape, fill, made.dtype)
    raw = io.BytesIO(Path(made.file.filename).read_bytes())
    for key, place in refs.items():
        if not key.startswith("x/."):
            if not key.startswith("x/"):
                continue
            indices = map(int, key[2:].split("."))
            offset = tuple(index * size for index, size in zip(indices, made.chunks))
            window = inside(offset, made.chunks)
            elements = elements_of(referred(place, raw), metadata["filters"] or [], made)
            whole[window] = elements[tuple(map(slice, whole[window].shape))]
    assert_same(whole, made.array)
    return "references"


def unshuffle(stored, made):
    return np.frombuffer(stored, "u1").reshape(made.dtype.itemsize, -1).T.tobytes()


UNDO = {
    "h5prism": lambda stored, made: h5prism.decode(stored).tobytes(),
    "zlib": lambda stored, made: zlib.decompress(stored),
    "shuffle": unshuffle,
    "fletcher32": lambda stored, made: stored[:-4],
}


def referred(place, raw):
    """The bytes of a chunk."""
    if isinstance(place, str):
        return b64decode(place[len("base64:") :])
    raw.seek(place[1])
    return raw.read(place[2])


def elements_of(stored, filters, made):
    """By the filters that the metadata name."""
    for codec in reversed(filters):
        stored = UNDO[codec["id"]](stored, made)
    return np.frombuffer(stored, made.dtype).reshape(made.chunks)


def check(made, done):
    if (
        check_read(made, (), 2) == "refused"
    ):  # HDF5 loses a single chunk that has been cut to nothing
        done["broken by HDF5"] += 1
        return
    for selection in [draw_selection(made.random, made.array.shape) for _ in range(5)]:
        done[check_read(made, selection, int(made.random.integers(1, 3)))] += 1
    assert_same(h5prism.read(made.dataset, threads=1), made.array)
    check_inspect(made)
    done[check_references(made)] += 1


def check_one(seed, number, folder, done):
    made = None
    try:
        made = Made(np.random.default_rng([seed, number]), folder / "x.h5")
        for _ in range(made.random.integers(1, 5)):
            draw(made.random, [made.write_region, made.write_grid, made.resize])()
            check(made, done)
        made.skip_filters()
        made.reopen()
        check(made, done)
        done["datasets"] += 1
    except Exception as error:
        raise AssertionError(f"seed {seed}, dataset {number}: {made}") from error
    finally:
        if made:
            made.file.close()


def main(count, seed=1, first=0):
    done = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(first, first + count):
            check_one(seed, number, Path(folder), done)
    print(f"h5py {h5py.version.version}, HDF5 {h5py.version.hdf5_version}:", dict(done))
    return done


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
