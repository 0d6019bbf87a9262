"""How processes and HDF5 get at a file: a reader beside a writer, pages, small caches, and processes that
fork while others work."""

import os
import subprocess
import sys

import h5py
import numpy as np
import pytest
from filter_support import assert_filtered, correlated, not_sanitized, run_python

pytestmark = not_sanitized

FRAMES, SIDE = 60, 32

# Values that tell whether a frame is whole. The reader has answered before the writer goes on, now and
# then, so that both are at it at the same time.
WRITER = """
import sys
import h5py, numpy as np

frames, side = map(int, sys.argv[2:])
with h5py.File(sys.argv[1], "w", libver="latest") as file:
    made = file.create_dataset("x", (0, side, side), "i2", maxshape=(None, side, side),
                               chunks=(2, side, side), fillvalue=-7, compression=33128)
    file.swmr_mode = True
    print("open", flush=True)
    for k in range(frames):
        made.resize(k + 1, axis=0)
        made[k] = k * 37 + np.arange(side) * np.arange(side)[:, None]
        made.flush()
        if k % 10 == 9:
            print(k, flush=True)
            sys.stdin.readline()
"""


def frame(k):
    return (k * 37 + np.arange(SIDE) * np.arange(SIDE)[:, None]).astype("i2")


@pytest.fixture
def writer(tmp_path):
    path = tmp_path / "x.h5"
    command = [sys.executable, "-c", WRITER, str(path), str(FRAMES), str(SIDE)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "open\n"
        yield path, process
        process.stdin.close()
    assert process.returncode == 0


@pytest.mark.parametrize("by", ["h5py", "h5prism"])
def test_a_reader_beside_a_writer(writer, by):
    """SWMR: what is there is whole, at every moment, and all of it comes."""
    import h5prism

    path, process = writer
    seen = polls = 0
    with h5py.File(path, libver="latest", swmr=True) as file:
        dataset = file["x"]
        while seen < FRAMES:
            dataset.refresh()
            count = dataset.shape[0]
            assert count >= seen
            found = dataset[seen:count] if by == "h5py" else h5prism.read(dataset, np.s_[seen:count])
            for k, one in enumerate(found, seen):
                assert (one == frame(k)).all() or (one == -7).all(), k  # resized, not written yet
            if count > seen and count % 10 == 0:
                assert process.stdout.readline() == f"{count - 1}\n"
                dataset.refresh()
                whole = dataset[:count] if by == "h5py" else h5prism.read(dataset, np.s_[:count])
                assert all((one == frame(k)).all() for k, one in enumerate(whole))
                process.stdin.write("\n")
                process.stdin.flush()
                seen = count
            polls += 1
    assert polls >= FRAMES / 10


@pytest.mark.parametrize("pages", [512, 4096, 65536])
def test_files_in_pages(tmp_path, pages):
    """Written and read through HDF5's buffer of pages; the chunks are those of another file."""
    data, path = correlated((30, 40, 12), "i2"), tmp_path / "x.h5"
    buffer = 16 * pages
    with h5py.File(path, "w", fs_strategy="page", fs_page_size=pages, page_buf_size=buffer) as file:
        for name in ("a", "b"):
            file.create_dataset(name, data=data, chunks=(8, 16, 12), compression=33128)
        file["a"][3:20] = data[3:20] // 2
    with h5py.File(path, "r+", page_buf_size=buffer) as file:
        file["b"][::2] = data[::2] // 3
    with h5py.File(path, page_buf_size=buffer) as file:
        expected = data.copy()
        expected[3:20] //= 2
        assert_filtered(file["a"])
        np.testing.assert_array_equal(file["a"][...], expected)
        expected = data.copy()
        expected[::2] //= 3
        np.testing.assert_array_equal(file["b"][...], expected)


@pytest.mark.parametrize("cache", [0, 1, 5000, 1 << 20])
def test_chunks_that_leave_the_cache_at_once(tmp_path, cache):
    """Each write of a row encodes its chunks anew where none fits."""
    data = correlated((24, 40, 12), "i2")
    with h5py.File(tmp_path / "x.h5", "w", rdcc_nbytes=cache, rdcc_nslots=7) as file:
        made = file.create_dataset("x", data.shape, "i2", chunks=(8, 16, 12), compression=33128)
        for k in (*range(0, 24, 2), *range(1, 24, 2)):
            made[k] = data[k]
        assert_filtered(made)
        np.testing.assert_array_equal(made[::3, 5], data[::3, 5])
        np.testing.assert_array_equal(made[...], data)


FORKING = """
import os, signal, sys, threading
import numpy as np
import h5prism

array = (np.arange(120 * 100 * 16).reshape(120, 100, 16) // 7 % 251).astype("i2")
chunk = h5prism.encode(array, block=16, threads=4)
ended = threading.Event()

def work(): # in encoders and decoders, with threads of their own, while another thread forks
    while not ended.is_set():
        assert h5prism.encode(array[:20], block=16, threads=3)
        assert (h5prism.decode(chunk, threads=3) == array).all()

workers = [threading.Thread(target=work) for _ in range(3)]
for worker in workers:
    worker.start()
for k in range(int(sys.argv[1])):
    child = os.fork()
    if child == 0:
        signal.alarm(60) # a child that waits for a thread that it does not have
        ok = h5prism.encode(array, block=16, threads=4) == chunk
        ok = ok and (h5prism.decode(chunk, threads=4) == array).all()
        os._exit(not ok)
    assert os.waitpid(child, 0)[1] == 0, k
ended.set()
for worker in workers:
    worker.join()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_forks_in_the_middle():
    run_python(FORKING, "12")
