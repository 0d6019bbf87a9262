"""`h5prism inspect`: what it says of chunks is what they are."""

import json

import h5py
import numpy as np
import pytest
from filter_support import FILTER_ID, correlated, create, not_sanitized
from tool_support import fails, stored_bytes, tool

import h5prism

pytestmark = not_sanitized

DATA = correlated((70, 50, 16))
CHUNKS = (32, 32, 16)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        create(file, "emb", DATA, CHUNKS, (1, 2, 2, 1, 7))
        two = DATA.astype(">i2")
        file.create_dataset("run/two", data=two, chunks=CHUNKS, compression=FILTER_ID)
        file["run/plain"] = DATA
        file['odd "name"'] = 3
    return path


def inspected(path, *arguments):
    report = json.loads(tool("inspect", path, "--json", *arguments).stdout)
    return {dataset["path"]: dataset for dataset in report["datasets"]}


def test_all_datasets(path):
    found = inspected(path)
    assert list(found) == ["/emb", '/odd "name"', "/run/plain", "/run/two"]
    assert [found[name]["compressed"] for name in found] == [True, False, False, True]
    assert found["/run/plain"]["stored_bytes"] == DATA.nbytes
    assert found["/run/two"]["type"] == "int16" and found["/run/two"]["shape"] == [70, 50, 16]


def test_numbers_of_a_dataset(path):
    emb = inspected(path, "--dataset", "/emb")["/emb"]
    stored = sum(len(blob) for _, _, blob in stored_bytes(path, "emb"))
    assert emb["chunks"] == list(CHUNKS) and emb["chunk_count"] == emb["stored_count"] == 6
    assert emb["bytes"] == DATA.nbytes and emb["stored_bytes"] == stored
    assert emb["ratio"] == pytest.approx(DATA.nbytes / stored, rel=1e-4)
    assert emb["bits_per_value"] == pytest.approx(8 * stored / DATA.size, rel=1e-4)
    assert emb["options"].startswith("transform=channels,predictor=paeth,coder=deflate,effort=7")
    assert sum(pipeline["chunks"] for pipeline in emb["pipelines"]) == 6
    assert emb["pipelines"][0]["coder"] == "deflate" and emb["pipelines"][0]["effort"] == 7
    assert emb["checksums"] == {"right": 6, "wrong": 0, "none": 0}
    assert "stored_chunks" not in emb and len(emb["bits_of_chunks"]) == 6


def test_chunks(path):
    chunks = inspected(path, "--dataset", "emb", "--chunks")["emb"]["stored_chunks"]
    stored = stored_bytes(path, "emb")
    assert [tuple(chunk["offset"]) for chunk in chunks] == [offset for offset, _, _ in stored]
    for chunk, (offset, mask, blob) in zip(chunks, stored):
        values = np.prod([min(c, s - o) for c, s, o in zip(CHUNKS, DATA.shape, offset)])
        assert chunk["bytes"] == len(blob) and chunk["filter_mask"] == mask
        assert chunk["bits_per_value"] == pytest.approx(8 * len(blob) / values, rel=1e-4)
        parts = ("header_bytes", "parameter_bytes", "payload_bytes")
        assert sum(chunk[part] for part in parts) == len(blob)
        assert chunk["checksum"] == "right" and chunk["format_version"] == 1


def test_planes_are_an_estimate(path):
    emb = inspected(path, "--dataset", "emb", "--planes")["emb"]
    assert len(emb["bits_of_planes_estimate"]) == 16
    assert all(0 < bits < 9 for bits in emb["bits_of_planes_estimate"])
    assert "(estimate)" in tool("inspect", path, "--dataset", "emb", "--planes").stdout


def test_masks_missing_chunks_and_other_filters(tmp_path):
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        create(file, "emb", DATA, CHUNKS, (1, 0, 0, 0, 0, 0, 1))
        file["emb"].id.write_direct_chunk((32, 0, 0), bytes(32 * 32 * 16), 1)
        options = {"chunks": (20, 16), "compression": FILTER_ID}
        sparse = file.create_dataset("sparse", (100, 16), "i1", **options)
        sparse[:20] = DATA[:20, 0]
        vast = {"chunks": (100, 100), "compression": FILTER_ID}
        file.create_dataset("vast", (10**9, 10**4), "i1", **vast)[5, 5] = 1
        create(file, "hidden", DATA, CHUNKS, after=(3,))
    found = inspected(path, "--chunks")
    assert found["/emb"]["unfiltered_count"] == 1
    assert found["/emb"]["checksums"] == {"right": 0, "wrong": 0, "none": 5}
    masked = found["/emb"]["stored_chunks"][2]
    assert masked["filter_mask"] == 1 and not masked["filtered"] and "coder" not in masked
    assert (found["/sparse"]["chunk_count"], found["/sparse"]["stored_count"]) == (5, 1)
    assert (found["/vast"]["chunk_count"], found["/vast"]["stored_count"]) == (10**9, 1)
    assert found["/hidden"]["unfiltered_count"] == 6
    assert "hide" in tool("inspect", path, "--dataset", "hidden").stdout


@pytest.mark.parametrize("axis", range(3))
def test_chunks_of_one_unlimited_axis(tmp_path, axis):
    """HDF5's list of such chunks has other offsets, unless it is the first."""
    path = tmp_path / "in.h5"
    limits = tuple(None if at == axis else size for at, size in enumerate(DATA.shape))
    with h5py.File(path, "w", libver="latest") as file:
        options = {"chunks": CHUNKS, "compression": FILTER_ID}
        made = file.create_dataset("emb", data=DATA, maxshape=limits, **options)
        sizes = {}
        for offset in np.ndindex(3, 2, 1):
            offset = tuple(int(index) * size for index, size in zip(offset, CHUNKS))
            sizes[offset] = len(made.id.read_direct_chunk(offset)[1])
    found = inspected(path, "--chunks")["/emb"]["stored_chunks"]
    assert {tuple(chunk["offset"]): chunk["bytes"] for chunk in found} == sizes


def test_text(path):
    text = tool("inspect", path, "--chunks").stdout
    assert "/run/plain\n  not compressed by h5prism" in text
    assert "channels+paeth+deflate, effort 7" in text
    assert "bits a value: chunks" in text and "####" in text
    assert "32,32,0" in text and " right " in text


def spoiled(path, place, value):
    with h5py.File(path, "r+") as file:
        blob = bytearray(file["emb"].id.read_direct_chunk((32, 0, 0))[1])
        blob[place] = value(blob[place])
        file["emb"].id.write_direct_chunk((32, 0, 0), bytes(blob))


@pytest.mark.parametrize("arguments", [(), ("--chunks",), ("--json", "--chunks")])
def test_chunks_of_a_newer_version(path, arguments):
    spoiled(path, 4, lambda byte: 9)
    done = fails("inspect", path, *arguments, word="version 9")
    assert "/emb, chunk 32,0,0: " in done.stderr
    if "--json" in arguments:
        emb = json.loads(done.stdout)["datasets"][0]
        assert emb["unreadable_count"] == 1 and "version 9" in emb["stored_chunks"][2]["error"]


def test_wrong_checksums(path):
    spoiled(path, -9, lambda byte: byte ^ 1)
    done = fails("inspect", path, "--json", word="checksum is wrong")
    assert json.loads(done.stdout)["datasets"][0]["checksums"]["wrong"] == 1


def test_all_damaged_chunks_are_named(path):
    assert "6 chunks, all decode" in tool("inspect", path, "--check").stdout
    with h5py.File(path, "r+") as file:
        for offset in ((0, 32, 0), (64, 0, 0)):
            blob = bytearray(file["emb"].id.read_direct_chunk(offset)[1])
            blob[-20] ^= 1
            file["emb"].id.write_direct_chunk(offset, bytes(blob))
    done = fails("inspect", path, "--check", word="checksum is wrong")
    assert "6 chunks, 2 are damaged\n    0,32,0: " in done.stdout and "\n    64,0,0: " in done.stdout
    found = json.loads(fails("inspect", path, "--check", "--json", word="wrong").stdout)["datasets"]
    emb = next(dataset for dataset in found if dataset["path"] == "/emb")
    assert [chunk["offset"] for chunk in emb["damaged_chunks"]] == [[0, 32, 0], [64, 0, 0]]
    assert emb["damaged_chunks"][0]["block_count"] == 0 and "damaged" in emb["damaged_chunks"][0]["error"]


def test_damage_without_checksums_that_shows(tmp_path):
    """Other elements would not."""
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        options = h5prism.Prism(coder="zstd", checksum=False)
        emb = file.create_dataset("emb", data=DATA, chunks=DATA.shape, **options)
        blob = emb.id.read_direct_chunk((0, 0, 0))[1]
        emb.id.write_direct_chunk((0, 0, 0), blob[:-4] + bytes(4))
    assert "unreadable" not in tool("inspect", path).stdout
    done = fails("inspect", path, "--check", word="/emb: ")
    assert "1 chunks, 1 are damaged" in done.stdout


@pytest.mark.parametrize("make", [lambda array: array, lambda array: array / np.float32(7)])
def test_damaged_blocks_are_named(tmp_path, make):
    path, array = tmp_path / "in.h5", make(DATA)
    with h5py.File(path, "w") as file:
        options = h5prism.Prism(block=16, axis=2)
        emb = file.create_dataset("emb", data=array, chunks=array.shape, **options)
        blob = bytearray(emb.id.read_direct_chunk((0, 0, 0))[1])
        lost = []
        for at in (len(blob) - 5, len(blob) - 2000):  # the last block, and one before
            blob[at] ^= 1
        emb.id.write_direct_chunk((0, 0, 0), bytes(blob))
    for number, place in enumerate(np.ndindex(5, 4)):
        corner = tuple(16 * index for index in place)
        try:
            part = h5prism.decode(blob, region=np.s_[corner[0] : corner[0] + 1, corner[1] : corner[1] + 1])
            np.testing.assert_array_equal(part, array[corner[0] : corner[0] + 1, corner[1] : corner[1] + 1])
        except h5prism.PrismError:
            lost.append(number)
    done = fails("inspect", path, "--check", "--json", word="checksum is wrong")
    damaged = json.loads(done.stdout)["datasets"][0]["damaged_chunks"][0]
    assert damaged["damaged_blocks"] == lost and damaged["block_count"] == 20 and len(lost) == 2
    text = fails("inspect", path, "--check", word="wrong").stdout
    assert f"2 of 20 blocks are damaged: {lost[0]}, {lost[1]}" in text


def test_wrong_files(path, tmp_path):
    fails("inspect", path, "--dataset", "nothing", word="no such dataset")
    fails("inspect", path, "--dataset", "run", word="not a dataset")
    fails("inspect", tmp_path / "none.h5", word="No such file")
    (tmp_path / "text").write_text("no HDF5")
    fails("inspect", tmp_path / "text", word="cannot be opened")


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["a", "--dataset"], ["a", "--what"]])
def test_usage(arguments):
    fails("inspect", *arguments, code=2, word=arguments[-1] if arguments else "missing")


def test_help():
    text = tool("inspect", "--help").stdout
    assert text.startswith("usage: h5prism inspect") and text.count("\n") <= 24


def test_more_pipelines_than_there_are_in_use(tmp_path):
    """None is dropped, and every chunk is counted."""
    options = [
        {"transform": transform, "predictor": predictor, "coder": "deflate"}
        for transform in ("none", "channels", "stack")
        for predictor in ("none", "paeth")
    ]
    chunks = [
        bytes(h5prism.encode(DATA[:16, :16], effort=effort, axis=axis, **choice))
        for choice in options
        for effort in range(1, 10)
        for axis in range(3)
    ]
    with h5py.File(tmp_path / "in.h5", "w") as file:
        shape = (16 * len(chunks), 16, 16)
        x = file.create_dataset("x", shape, "i1", chunks=(16, 16, 16), compression=FILTER_ID)
        for i, chunk in enumerate(chunks):
            x.id.write_direct_chunk((16 * i, 0, 0), chunk)
    pipelines = inspected(tmp_path / "in.h5")["/x"]["pipelines"]
    assert sum(pipeline["chunks"] for pipeline in pipelines) == len(chunks)
    assert 128 < len(pipelines) <= len(chunks)
