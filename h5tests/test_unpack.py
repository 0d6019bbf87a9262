"""`h5prism unpack`: a copy that programs without the filter read."""

import os
import subprocess
import sys

import h5py
import numpy as np
import pytest
from filter_support import FILTER_ID, correlated, create, needs, not_sanitized
from tool_support import assert_same, fails, is_compressed, tool

pytestmark = not_sanitized

DATA = correlated((70, 50, 16))
CHUNKS = (32, 32, 16)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        create(file, "emb", DATA, CHUNKS).attrs["unit"] = "m"
        create(file, "wide", DATA.astype(">u2"), CHUNKS)
        create(file, "checked", DATA.astype("f4"), CHUNKS, after=[3])
        sparse = file.create_dataset(
            "sparse", (90, 20, 20), "i2", chunks=(10, 20, 20), maxshape=(None, 20, 20),
            fillvalue=7, compression=FILTER_ID,
        )  # fmt: skip
        sparse[20:35] = 5
        file.create_dataset("gzip", data=DATA, chunks=CHUNKS, compression="gzip")
        file["plain"] = DATA[0]
        file["text"] = ["a", "bcd"]
    return path


def unpacked(source, *arguments):
    target = source.with_name("out.h5")
    tool("unpack", source, target, *arguments)
    return target


COMPRESSED = ("emb", "wide", "checked", "sparse")


def filters_of(dataset):
    pipeline = dataset.id.get_create_plist()
    return [pipeline.get_filter(i)[0] for i in range(pipeline.get_nfilters())]


@pytest.mark.parametrize(
    "options, filters", [((), [2, 1]), (("--filter", "gzip"), [2, 1]), (("--filter", "none"), [])]
)
def test_what_was_compressed_has_other_filters(source, options, filters):
    with h5py.File(unpacked(source, *options)) as file, h5py.File(source) as original:
        for name in COMPRESSED:
            assert_same(file[name], original[name])
            assert file[name].chunks == original[name].chunks
            single = file[name].dtype.itemsize == 1
            assert filters_of(file[name]) == (filters[1:] if single else filters), name
        assert file["sparse"].id.get_num_chunks() == 2 and file["sparse"].fillvalue == 7
        assert file["emb"].attrs["unit"] == "m"
        assert file["gzip"].compression == "gzip" and file["plain"].chunks is None


def test_chunks_are_those_that_hdf5_would_write(source):
    with h5py.File(unpacked(source, "--level", 9)) as file:
        stored = {name: file[name].id.get_storage_size() for name in ("emb", "wide")}
    with h5py.File(source.with_name("h5py.h5"), "w") as file:
        for name, data in (("emb", DATA), ("wide", DATA.astype(">u2"))):
            twin = file.create_dataset(
                name, data=data, chunks=CHUNKS, compression="gzip", compression_opts=9,
                shuffle=data.itemsize > 1,
            )  # fmt: skip
            # What chunks hold beyond the edge is another matter.
            assert abs(twin.id.get_storage_size() - stored[name]) < 0.03 * stored[name]


def test_a_level_counts(source):
    sizes = []
    for level in (1, 9):
        with h5py.File(unpacked(source, "--level", level, "--force")) as file:
            sizes.append(file["wide"].id.get_storage_size())
    assert sizes[1] < sizes[0]


def test_it_reads_without_the_filter(source):
    target = unpacked(source)
    code = (
        "import h5py, sys; file = h5py.File(sys.argv[1])\n"
        f"print([int(file[name][()].astype('f8').sum()) for name in {COMPRESSED}])"
    )
    bare = {k: v for k, v in os.environ.items() if k != "HDF5_PLUGIN_PATH"}
    bare["HDF5_PLUGIN_PATH"] = str(source.parent)
    command = [sys.executable, "-c", code]
    done = subprocess.run([*command, target], capture_output=True, text=True, env=bare)
    with h5py.File(source) as file:
        expected = [int(file[name][()].astype("f8").sum()) for name in COMPRESSED]
    assert done.stdout.strip() == str(expected), done.stderr
    assert subprocess.run([*command, source], capture_output=True, env=bare).returncode != 0


@needs("h5diff")
def test_h5diff_finds_no_difference(source):
    subprocess.run(["h5diff", "-v", source, unpacked(source)], check=True)


def test_one_dataset(source):
    with h5py.File(unpacked(source, "--dataset", "/wide")) as file:
        assert filters_of(file["wide"]) == [2, 1]
        assert is_compressed(file["emb"])
    fails("unpack", source, source.with_name("x.h5"), "--dataset", "gzip", word="does not compress")
    assert not source.with_name("x.h5").exists()


def test_what_is_printed(source):
    lines = tool("unpack", source, source.with_name("out.h5")).stdout.splitlines()
    assert any(line.startswith("/emb: 56000 bytes, stored as ") for line in lines)
    assert "/gzip: copied as it is; h5prism does not compress it" in lines


def test_any_number_of_threads_writes_the_same(source):
    files = []
    for threads in (1, 2, 7):
        target = source.with_name(f"out{threads}.h5")
        tool("unpack", source, target, "-j", threads)
        with h5py.File(target) as file:
            files.append([file["emb"].id.read_direct_chunk((32, 32, 0)), file["wide"].id.get_offset()])
            assert np.array_equal(file["emb"][...], DATA)
    assert files[0] == files[1] == files[2]


def test_repacked_and_unpacked_it_is_what_it_was(source):
    again = source.with_name("again.h5")
    tool("repack", unpacked(source), again, "effort=3")
    with h5py.File(again) as file, h5py.File(source) as original:
        for name in COMPRESSED:
            assert_same(file[name], original[name])
        assert is_compressed(file["emb"])


def test_a_damaged_chunk_is_an_error(source):
    with h5py.File(source, "r+") as file:
        mask, blob = file["emb"].id.read_direct_chunk((32, 0, 0))
        blob = bytearray(blob)
        blob[len(blob) // 2] ^= 1
        file["emb"].id.write_direct_chunk((32, 0, 0), bytes(blob), mask)
    before = source.read_bytes()
    fails("unpack", source, source.with_name("out.h5"), word="/emb, chunk 32,0,0")
    assert os.listdir(source.parent) == ["in.h5"] and source.read_bytes() == before


@pytest.mark.parametrize(
    "arguments, word",
    [
        (("--filter", "zstd"), "--filter zstd"),
        (("--filter", "none", "--level", "3"), "--level"),
        (("--level", "10"), "--level 10"),
    ],
)
def test_wrong_arguments(source, arguments, word):
    fails("unpack", source, source.with_name("out.h5"), *arguments, code=2, word=word)
