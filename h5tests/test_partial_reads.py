"""Parts of datasets by blocks: the same as numpy's, whatever the shape, the chunks and the filters."""

import os
import threading

import numpy as np
import pytest
from filter_support import h5py
from generated import embedding
from python_support import assert_same, often

import h5prism
from h5prism._reader import is_in_blocks
from h5prism._selection import Selection

FILTERS = {
    "h5prism": {},
    "shuffle, h5prism": {"shuffle": True},
    "h5prism, fletcher32": {"fletcher32": True},
}


def draw(random, items):
    return items[random.integers(len(items))]


def draw_array(random):
    """Planes along any axis, with pictures of some blocks."""
    dtype = draw(random, ["i1", "u1", "<i2", ">u2"])
    array = embedding(int(random.integers(20, 70)), int(random.integers(20, 60)), 4, "int16") // 256
    array = np.ascontiguousarray(np.moveaxis(array, 2, random.integers(3)))
    if random.random() < 0.3:
        array = np.stack([array, array[::-1]], random.integers(4))
    return np.ascontiguousarray(
        array.astype(dtype) if "i" in dtype else (array + 128).astype(dtype)
    )


def draw_chunks(random, shape):
    return tuple(min(size, int(random.integers(18, 40))) for size in shape)


def draw_options(random):
    options = {"block": draw(random, [0, 4, 8]), "effort": draw(random, [1, 5])}
    if not options["block"] or random.random() < 0.4:
        options["order"] = "stored"
    return options


def make(random, file, number):
    """A dataset and what it holds: some chunks are missing, some are stored without the filter."""
    array = draw_array(random)
    chunks = draw_chunks(random, array.shape)
    names = list(FILTERS) if random.random() < 0.3 else ["h5prism"]
    options = FILTERS[draw(random, names)]
    fill = draw(random, [0, 5])
    made = file.create_dataset(
        f"d{number}", array.shape, array.dtype, chunks=chunks, fillvalue=fill, **options,
        **h5prism.Prism(**draw_options(random)),
    )  # fmt: skip
    for offset in np.ndindex(*(-(-size // chunk) for size, chunk in zip(array.shape, chunks))):
        start = [index * size for index, size in zip(offset, chunks)]
        window = tuple(slice(at, at + size) for at, size in zip(start, chunks))
        if random.random() < 0.2:
            array[window] = fill
        elif random.random() < 0.15 and not options and array[window].shape == chunks:
            made.id.write_direct_chunk(tuple(start), array[window].tobytes(), filter_mask=1)
        else:
            made[window] = array[window]
    return made, array


def draw_item(random, size):
    low, high = sorted(random.integers(0, size + 1, 2).tolist())
    return draw(
        random,
        [int(random.integers(-size, size)), slice(low, high), slice(low, None, 3), slice(None)],
    )


def check_boxes(random, dataset, array, threads):
    for _ in range(6):
        item = tuple(draw_item(random, size) for size in array.shape)
        found, expected = h5prism.read(dataset, item, threads=threads), array[item]
        if expected.shape:
            assert_same(found, np.ascontiguousarray(expected))
        else:
            assert found == expected  # a scalar has the machine's byte order


def check_lists(random, dataset, array, threads):
    for axis, size in enumerate(array.shape):
        indices = np.unique(random.integers(0, size, random.integers(1, 12)))
        before = tuple(slice(*sorted(random.integers(0, n + 1, 2))) for n in array.shape[:axis])
        for one in (indices, indices.tolist(), np.isin(np.arange(size), indices)):
            found = h5prism.read(dataset, (*before, one), threads=threads)
            assert_same(found, np.ascontiguousarray(array[before].take(indices, axis)))


def check_masks(random, dataset, array, threads):
    for share in (0.002, 0.3):
        mask = random.random(array.shape) < share
        if mask.any():
            assert_same(h5prism.read(dataset, mask, threads=threads), array[mask])


def check_points(random, dataset, array, threads):
    for count in (1, 40):
        first, second = random.permutation(array.ndim)[:2]
        rows, columns = (
            random.integers(-array.shape[axis], array.shape[axis], count)
            for axis in (first, second)
        )
        found = h5prism.points(dataset, rows, columns, axes=(first, second), threads=threads)
        moved = np.moveaxis(array, (first, second), (0, 1))
        assert_same(found, np.ascontiguousarray(moved[rows, columns]))


@pytest.mark.parametrize("seed", range(often(12)))
def test_random_datasets(tmp_path, seed):
    random = np.random.default_rng(seed)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        for number in range(4):
            dataset, array = make(random, file, number)
            for check in (check_boxes, check_lists, check_masks, check_points):
                check(random, dataset, array, int(random.integers(1, 3)))


def test_parts_of_large_chunks_are_read_by_blocks(tmp_path):
    """What the tests above compare is not what whole chunks give."""
    taken = 0
    for seed in range(12):
        random = np.random.default_rng(seed)
        with h5py.File(tmp_path / f"{seed}.h5", "w") as file:
            dataset, _ = make(random, file, 0)
            for chunk in np.ndindex(*(-(-n // c) for n, c in zip(dataset.shape, dataset.chunks))):
                offset = tuple(index * size for index, size in zip(chunk, dataset.chunks))
                try:
                    taken += is_in_blocks(dataset.id.read_direct_chunk(offset)[1])
                except (OSError, RuntimeError, ValueError):
                    continue
    assert taken > 20


# Regions


def test_regions_are_taken_where_they_are_fewer():
    shape = (64, 64, 16)
    pixel = Selection((range(3, 4), range(5, 6), range(16)))
    assert pixel.regions(shape).count == (1, 1, 16)
    assert Selection(tuple(map(range, shape))).regions(shape) is None
    rows = np.arange(0, 64, 2)
    assert len(Selection((rows, range(8), range(16))).regions(shape).starts) == 32
    assert Selection((rows, rows, np.arange(16))).regions(shape) is None


def test_points_along_a_line_are_one_region():
    row, column = np.repeat([3, 9, 3], 5), np.repeat([4, 4, 8], 5)
    places = Selection((row, column, np.tile(np.arange(2, 7), 3)), True)
    regions = places.regions((64, 64, 16))
    assert regions.count == (1, 1, 5) and len(regions.starts) == 3
    array = np.arange(64 * 64 * 16).reshape(64, 64, 16)
    parts = np.stack(
        [array[y : y + 1, x : x + 1, c : c + 5] for y, x, c in regions.starts.astype(int)]
    )
    assert_same(places.taken(parts), array[row, column, places.items[2]])


# Threads and processes


@pytest.fixture
def dataset(tmp_path):
    array = embedding(64, 64, 8, "int8")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("x", data=array, chunks=(32, 32, 8), **h5prism.Prism(block=8))
    with h5py.File(tmp_path / "x.h5") as file:
        yield file["x"], array


def test_readers_are_shared_by_threads(dataset):
    """The chunks' bytes are read before: h5py is for one thread."""
    from h5prism._reader import Blob, read_regions

    stored, array = dataset
    blobs = {o: stored.id.read_direct_chunk((32 * o[0], 32 * o[1], 0))[1] for o in np.ndindex(2, 2)}
    failed = []

    def work(seed):
        random = np.random.default_rng(seed)
        for _ in range(60):
            corner = tuple(random.integers(0, 2, 2).tolist())
            y, x = random.integers(0, 28, 2).tolist()
            part = Selection((range(y, y + 4), range(x, x + 4), range(8)))
            found = part.taken(
                read_regions(
                    Blob(blobs[corner]), part.regions(stored.chunks), (stored.chunks, stored.dtype)
                )
            )
            window = np.s_[32 * corner[0] + y :, 32 * corner[1] + x :]
            if not np.array_equal(found, array[window][:4, :4]):
                failed.append((corner, y, x))

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failed


def test_a_forked_process_reads_on(dataset):
    stored, array = dataset
    assert_same(h5prism.read(stored, np.s_[3:9, 40], threads=1), array[3:9, 40])
    from h5prism._reader import _readers

    with _readers._lock:  # as if another thread were at work
        child = os.fork()
    if child == 0:
        same = np.array_equal(h5prism.read(stored, np.s_[3:9, 40], threads=2), array[3:9, 40])
        os._exit(0 if same else 1)
    assert os.waitpid(child, 0)[1] == 0


# Bytes of the file


def test_a_part_takes_no_more_of_the_file_than_its_blocks(tmp_path, monkeypatch):
    array = embedding(128, 128, 16, "int8")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["x"] = 0
        made = file.create_dataset("d", data=array, chunks=(64, 128, 16), **h5prism.Prism(block=8))
        stored = made.id.get_storage_size()
    taken = []
    pread = os.pread

    def counted(descriptor, size, offset):
        taken.append(size)
        return pread(descriptor, size, offset)

    monkeypatch.setattr(os, "pread", counted)
    with h5py.File(tmp_path / "x.h5") as file:
        h5prism.points(file["d"], [70], [9])  # opens the chunk
        taken.clear()
        assert_same(h5prism.points(file["d"], [100], [90]), array[[100], [90]])
        assert 0 < sum(taken) < stored / 20
        taken.clear()
        assert_same(h5prism.read(file["d"], np.s_[60:70]), array[60:70])
        assert stored / 20 < sum(taken) < stored / 2


OPENED = {
    "for writing": ({}, {"mode": "r+"}, {}),
    "with a user block": ({"userblock_size": 512}, {}, {}),
    "in memory": ({}, {"driver": "core"}, {}),
    "with an index that is listed wrongly": ({"libver": "v110"}, {}, {"maxshape": (40, None, 8)}),
}


@pytest.mark.parametrize("how", OPENED)
def test_other_files_are_left_to_hdf5(tmp_path, how):
    from h5prism._chunks import range_in_file

    made, opened, options = OPENED[how]
    array = embedding(40, 40, 8, "int8")
    with h5py.File(tmp_path / "x.h5", "w", **made) as file:
        file.create_dataset(
            "d", data=array, chunks=(20, 20, 8), **options, **h5prism.Prism(block=8, axis=2)
        )
    with h5py.File(tmp_path / "x.h5", **({"mode": "r"} | opened)) as file:
        assert range_in_file(file["d"], (20, 0, 0)) is None
        assert_same(h5prism.read(file["d"], np.s_[17:23, 5]), array[17:23, 5])


def test_a_chunk_that_is_written_again(tmp_path):
    first, second = embedding(32, 32, 8, "int8"), embedding(32, 32, 8, "int8")[::-1]
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = file.create_dataset(
            "x", first.shape, "i1", chunks=first.shape, **h5prism.Prism(block=8)
        )
        for array in (first, second, first):
            made[...] = array
            assert_same(h5prism.read(made, np.s_[5:9, 20]), np.ascontiguousarray(array[5:9, 20]))
