"""`h5prism repack` never makes a dataset larger, and takes little time for other chunks."""

import ctypes
import os
import resource
import subprocess

import h5py
import numpy as np
import pytest
from copies_support import call
from filter_support import BUILD, ROOT, correlated, needs, not_sanitized
from tool_support import TOOL, assert_same, is_compressed, stored_bytes, tool

pytestmark = not_sanitized

RANDOM = np.random.default_rng(7)
NOISE = RANDOM.integers(-128, 128, (64, 80), "i1")
SMOOTH = correlated((60, 50, 16))


def repacked(path, *arguments):
    """The copy, and what was said of each dataset."""
    copy = path.with_name("out.h5")
    lines = tool("repack", path, copy, *arguments, "--force").stdout.splitlines()
    return copy, dict(line.split(": ", 1) for line in lines)


def storage(dataset):
    """Bytes of its chunks, or of what it has instead, and of their index."""
    info = ctypes.create_string_buffer(256)
    of_metadata, place_of_index = 16, 128  # H5O_INFO_META_SIZE; in H5O_info1_t of 64-bit machines
    call("H5Oget_info2", dataset.id.id, info, ctypes.c_uint(of_metadata))
    return dataset.id.get_storage_size() + int.from_bytes(info[place_of_index:][:8], "little")


def assert_kept(path, copy, name):
    """The same chunks, filters and stored bytes."""
    with h5py.File(path) as original, h5py.File(copy) as file:
        assert_same(file[name], original[name])
        assert storage(file[name]) == storage(original[name])
        lists = [f[name].id.get_create_plist() for f in (file, original)]
        filters = [[p.get_filter(i) for i in range(p.get_nfilters())] for p in lists]
        assert filters[0] == filters[1] and lists[0].get_layout() == lists[1].get_layout()
        chunked = original[name].chunks
        assert file[name].chunks == chunked
    if chunked:
        assert stored_bytes(path, name) == stored_bytes(copy, name)


def made(tmp_path, libver="earliest", **datasets):
    path = tmp_path / "in.h5"
    with h5py.File(path, "w", libver=libver) as file:
        for name, (data, options) in datasets.items():
            file.create_dataset(name, data=data, **options)
    return path


# Text that gzip takes to less than any coder of numbers does.
TEXT = np.frombuffer(b"the same words again and again, and then others. " * 400, "u1")
TEXT = np.concatenate([TEXT, RANDOM.permutation(TEXT)[:100], TEXT])

LARGER = {
    "noise": (NOISE, {"chunks": (64, 80)}),
    "noise in many chunks": (RANDOM.integers(-128, 128, (256, 80), "i1"), {"chunks": (64, 80)}),
    "noise without chunks": (NOISE, {}),
    "text": (TEXT, {"chunks": (20000,), "compression": "gzip", "compression_opts": 9}),
    "shuffled text": (TEXT, {"chunks": (5000,), "compression": "gzip", "shuffle": True}),
}


@pytest.mark.parametrize("libver", ["earliest", "latest"])
@pytest.mark.parametrize("name", LARGER)
def test_what_would_grow_is_kept(tmp_path, name, libver):
    path = made(tmp_path, libver, x=LARGER[name], smooth=(SMOOTH, {"chunks": (30, 50, 16)}))
    for arguments in ((), ("--dataset", "x", "--dataset", "smooth")):
        copy, said = repacked(path, "effort=2,predictor=lsq,coder=ans", *arguments)
        with h5py.File(copy) as file:
            assert is_compressed(file["smooth"]) and not is_compressed(file["x"])
        assert_kept(path, copy, "x")
        assert said["/x"].startswith("kept as it is; stored in "), said


def test_always(tmp_path):
    path = made(tmp_path, x=LARGER["noise"])
    copy, said = repacked(path, "--always", "--chunks", "32x80", "--dataset", "x")
    with h5py.File(copy) as file, h5py.File(path) as original:
        assert is_compressed(file["x"]) and file["x"].chunks == (32, 80)
        assert storage(file["x"]) > storage(original["x"])
    assert "stored as" in said["/x"]


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_no_file_grows(tmp_path, libver):
    """Shapes, chunks and filters that nobody chose; a dataset each."""
    generator = np.random.default_rng(5)
    path = tmp_path / "in.h5"
    kinds = ["i1", "u2", "<i4", "f4"]
    with h5py.File(path, "w", libver=libver) as file:
        for index in range(40):
            shape = tuple(generator.integers(1, 40, generator.integers(1, 4)))
            chunks = tuple(int(min(n, generator.integers(1, 40))) for n in shape)
            data = (generator.normal(size=shape).cumsum(0) * 10 ** generator.integers(4)) // 1
            options = [{}, {"chunks": chunks}, {"chunks": chunks, "compression": "gzip"}]
            more = {"shuffle": True, "maxshape": (None,) * len(shape), "fillvalue": 3}
            options += [{"chunks": chunks, "compression": "gzip", **more}]
            data = np.clip(data, -100, 100).astype(kinds[index % 4])
            file.create_dataset(f"x{index}", data=data, **options[generator.integers(4)])
        names = list(file)
    chosen = [word for name in names for word in ("--dataset", name)]
    kept = 0
    copy, _ = repacked(path, "effort=1", *chosen)
    with h5py.File(copy) as file, h5py.File(path) as original:
        for name in names:
            assert_same(file[name], original[name])
            assert storage(file[name]) <= storage(original[name]), name
            kept += not is_compressed(file[name])
    assert 0 < kept < len(names)
    assert copy.stat().st_size <= path.stat().st_size + 100 * len(names)  # headers


def test_the_index_of_many_small_chunks_counts(tmp_path):
    """Zeros in rows: chunks shrink from 400 bytes to 40, while their index grows a hundredfold."""
    data = np.zeros((4000, 100), "i1")
    path = made(tmp_path, x=(data, {"chunks": (4000, 100), "compression": "gzip"}))
    copy, said = repacked(path, "--chunks", "1x100", "--dataset", "x", "effort=1")
    assert_kept(path, copy, "x")
    assert "kept as it is" in said["/x"]


def test_few_elements_in_large_chunks(tmp_path):
    """40 bytes stay small, whether the chunk is stored whole, compressed, or not at all."""
    data, wide = np.arange(10, dtype="f4"), {"chunks": (10**6,), "maxshape": (None,)}
    path = made(
        tmp_path,
        whole=(data, {}),
        raw=(data, wide),
        gzip=(data, {**wide, "compression": "gzip"}),
        empty=(data[:0], wide),
    )
    with h5py.File(path, "r+") as file:
        file.create_dataset("nothing", (10,), "f4", **wide)
    names = ["whole", "raw", "gzip", "empty", "nothing"]
    copy, _ = repacked(path, *(word for name in names for word in ("--dataset", name)))
    with h5py.File(copy, "r+") as file, h5py.File(path) as original:
        for name in names[:3]:
            assert_same(file[name], original[name])
            assert storage(file[name]) <= storage(original[name])
        assert is_compressed(file["raw"]) and storage(file["raw"]) < 3000  # of 4 MB
        assert not is_compressed(file["whole"])
        for name in ("empty", "nothing"):
            assert is_compressed(file[name]) and storage(file[name]) == 0
        file["empty"].resize(20, 0)
        assert not file["empty"][...].any()


def test_many_datasets_in_any_order(tmp_path):
    """Small ones are encoded ahead; the same bytes come out with any number of threads."""
    path = tmp_path / "in.h5"
    with h5py.File(path, "w", track_order=True) as file:
        for index in range(30):
            group = file.require_group(f"g{index * 7 % 10}")
            noise = index % 5 == 0
            data = NOISE if noise else SMOOTH[: 10 + index % 7] + np.int8(index % 3)
            group.create_dataset(f"x{index * 11 % 61}", data=data, chunks=data.shape)
    texts = set()
    for threads in (1, 5):
        copy, said = repacked(path, "effort=1", "-j", threads)
        with h5py.File(copy) as file, h5py.File(path) as original:
            names = [f"{group}/{name}" for group in original for name in original[group]]
            assert len(names) == 30
            for name in names:
                assert_same(file[name], original[name])
        texts.add(str(sorted(said.items())) + str([stored_bytes(copy, n) for n in names]))
    assert len(texts) == 1
    assert sum("kept" in text for text in said.values()) == 6


def test_nothing_is_left_of_what_was_in_vain(tmp_path):
    """A dataset that is kept leaves no hole in the file."""
    path = made(tmp_path, x=(RANDOM.integers(-128, 128, (32, 100, 100), "i1"), {"chunks": True}))
    copy, said = repacked(path, "effort=1")
    assert "kept" in said["/x"]
    assert copy.stat().st_size <= path.stat().st_size + 4096
    assert sorted(os.listdir(tmp_path)) == ["in.h5", "out.h5"]


# ---- Other chunks ----

SHAPES = [
    ((90, 100), (45, 1), (4, 50)),
    ((90, 100), (1, 100), (90, 3)),
    ((30, 31, 32), (1, 31, 32), (30, 7, 5)),
    ((30, 31, 32), (7, 6, 5), (11, 4, 32)),
    ((1000,), (7,), (300,)),
    ((2, 70, 3, 9), (1, 64, 3, 2), (2, 3, 1, 9)),
]


@pytest.mark.parametrize("shape, before, after", SHAPES, ids=str)
def test_all_elements_arrive(tmp_path, shape, before, after):
    data = RANDOM.integers(0, 99, shape).cumsum(0).astype("<i4")
    options = {"chunks": before, "compression": "gzip", "fillvalue": -5}
    path = made(tmp_path, x=(data, options))
    with h5py.File(path, "r+") as file:
        file.create_dataset("part", shape, "<i4", **options, maxshape=(None,) * len(shape))
        file["part"][tuple(slice(n // 3) for n in shape)] = 7
    chunks = "x".join(map(str, after))
    arguments = ["--dataset", "x", "--dataset", "part", "--chunks", chunks, "--always"]
    copy, _ = repacked(path, *arguments, "effort=1")
    with h5py.File(copy) as file, h5py.File(path) as original:
        for name in ("x", "part"):
            assert file[name].chunks == after and is_compressed(file[name])
            assert_same(file[name], original[name])


def cpu_seconds(*command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@needs("h5repack")
@pytest.mark.parametrize(
    "shape, before, after",
    [((1024, 1024), (1024, 1), (8, 1024)), ((64, 100, 120), (1, 100, 120), (64, 10, 12))],
    ids=str,
)
def test_other_chunks_take_no_more_than_three_times_what_h5repack_takes(
    tmp_path, shape, before, after
):
    """By a pipeline of little time of its own, so that reading counts; checked, besides."""
    data = np.arange(np.prod(shape)).reshape(shape) // 50 % 3000
    path = made(tmp_path, x=(data.astype("i2"), {"chunks": before, "compression": "gzip"}))
    chunks = "x".join(map(str, after))
    options = "coder=deflate,predictor=none,transform=none,effort=1"
    ours = ["repack", path, tmp_path / "out.h5", options, "--chunks", chunks, "--always", "--force"]
    words = "UD=33128,0,10,1,1,1,1,1,0,0,0,0,1"
    theirs = ["h5repack", "-l", f"x:CHUNK={chunks}", "-f", f"x:{words}", path, tmp_path / "h.h5"]
    ratios = [cpu_seconds(TOOL, *ours) / cpu_seconds(*theirs) for _ in range(3)]
    assert min(ratios) < 3


@needs("h5repack")
def test_the_script_that_measures_other_chunks(tmp_path):
    np.save(tmp_path / "x.npy", SMOOTH)
    command = [ROOT / "scripts" / "bench-repack", tmp_path / "x.npy", "--effort", "1"]
    done = subprocess.run(
        [*command, "--chunks", "60x1x16", "--into", "4x50x16", "--repeat", "1"],
        env=os.environ | {"H5PRISM_BUILD": str(BUILD)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "times the processor time of h5repack" in done.stdout
