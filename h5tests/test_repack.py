"""`h5prism repack`: datasets are compressed, and everything else in a file stays as it is."""

import os
import shutil
import signal
import subprocess
import tempfile

import h5py
import numpy as np
import pytest
from filter_support import (
    BUILD,
    FILTER_ID,
    ROOT,
    correlated,
    create,
    filter_of,
    needs,
    not_sanitized,
)
from tool_support import (
    TOOL,
    assert_same,
    fails,
    hdf5_of_tool,
    interrupted,
    is_compressed,
    loaded_hdf5,
    on_terminal,
    stored_bytes,
    tool,
)

pytestmark = not_sanitized

DATA = correlated((70, 50, 16))
CHUNKS = (32, 32, 16)


@pytest.fixture
def source(tmp_path):
    """Datasets of all kinds, some of which can be compressed."""
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("emb", data=DATA, chunks=CHUNKS).attrs["unit"] = "m"
        file.create_dataset("run/gzip", data=DATA.astype(">u2"), chunks=CHUNKS, compression="gzip")
        file["run/whole"] = DATA.astype("i2")
        file["run"].attrs["number"] = 7
        file["scalar"] = np.int16(3)
        file["empty"] = h5py.Empty("i2")
        file["small"] = np.arange(5, dtype="i1")
        file["text"] = ["a", "bcd"]
        file["complex"] = np.zeros((50, 50, 50), "c8")
        file.create_dataset("sequences", (3,), h5py.vlen_dtype("i4"))[1] = [4, 5]
    return path


def repacked(source, *arguments):
    target = source.with_name("out.h5")
    tool("repack", source, target, *arguments)
    return target


def test_values_and_what_is_compressed(source):
    with h5py.File(repacked(source)) as file, h5py.File(source) as original:
        for name in ("emb", "run/gzip", "run/whole", "small", "text", "complex"):
            assert_same(file[name], original[name])
        assert all(
            is_compressed(file[name]) for name in ("emb", "run/gzip", "run/whole", "complex")
        )
        assert not any(is_compressed(file[name]) for name in ("small", "text"))
        assert file["emb"].chunks == file["run/gzip"].chunks == CHUNKS
        assert file["emb"].attrs["unit"] == "m" and file["run"].attrs["number"] == 7
        assert file["scalar"][()] == 3 and file["empty"].shape is None
        assert list(file["sequences"][1]) == [4, 5]


def test_what_is_printed(source):
    lines = tool("repack", source, source.with_name("out.h5")).stdout.splitlines()
    assert any(line.startswith("/emb: 56000 bytes, stored as ") for line in lines)
    assert any(line.startswith("/text: copied as it is; ") for line in lines)
    assert any(line.startswith("/small: copied as it is; its chunks are too") for line in lines)


def test_an_axis_that_some_datasets_do_not_have(source):
    with h5py.File(source, "r+") as file:
        file["table"] = DATA[0]
    target = repacked(source, "axis=2")
    with h5py.File(target) as file:
        assert is_compressed(file["emb"]) and not is_compressed(file["table"])


def test_chosen_datasets(source):
    target = repacked(source, "effort=3", "--dataset", "/run/gzip", "--dataset", "small")
    with h5py.File(target) as file:
        assert is_compressed(file["run/gzip"]) and not is_compressed(file["small"])
        assert not is_compressed(file["emb"]) and file["run/whole"].chunks is None
        assert filter_of(file["run/gzip"])[1][:10] == (1, 0, 0, 0, 3, 0, 0, 0, 0, 1)
        assert np.array_equal(file["small"][...], np.arange(5))


def test_the_same_bytes_as_by_h5py(source):
    """Also with any number of threads."""
    path = source.with_name("h5py.h5")
    with h5py.File(path, "w") as file:
        create(file, "emb", DATA, CHUNKS, (1, 0, 0, 0, 4))
        file.create_group("run")
        create(file, "run/gzip", DATA.astype(">u2"), CHUNKS, (1, 0, 0, 0, 4))
    for threads in (("-j", 1), ("-j2",), ("-j", 5), ("-j", 20)):
        target = repacked(source, "effort=4", *threads, "--force", "--verify")
        for name in ("emb", "run/gzip"):
            assert stored_bytes(target, name) == stored_bytes(path, name)


@needs("h5repack")
def test_the_same_as_by_h5repack(source):
    target = source.with_name("repack.h5")
    subprocess.run(["h5repack", "-f", f"emb:UD={FILTER_ID},0,1,1", source, target], check=True)
    assert stored_bytes(target, "emb") == stored_bytes(repacked(source), "emb")


def test_repacking_again_changes_nothing(source):
    first = repacked(source)
    second = source.with_name("again.h5")
    tool("repack", first, second)
    for name in ("emb", "run/gzip", "run/whole"):
        assert stored_bytes(first, name) == stored_bytes(second, name)


@pytest.mark.parametrize("before", [None, "gzip", "h5prism"])
def test_chunk_shapes(tmp_path, before):
    path = tmp_path / "in.h5"
    options = {"h5prism": {"compression": FILTER_ID}, "gzip": {"compression": "gzip"}, None: {}}
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=DATA, chunks=(20, 20, 5), **options[before])
        file.create_dataset("other", data=DATA[0], chunks=(50, 16), **options[before])
        file["whole"] = DATA
    with h5py.File(repacked(path, "--chunks", "64x100x16", "--dataset", "x")) as file:
        assert file["x"].chunks == (64, 50, 16)
        assert np.array_equal(file["x"][...], DATA)
    with h5py.File(repacked(path, "--chunks", "33x17x16", "--force")) as file:
        assert file["x"].chunks == file["whole"].chunks == (33, 17, 16)
        assert file["other"].chunks == (50, 16)
        assert np.array_equal(file["x"][...], DATA) and np.array_equal(file["whole"][...], DATA)


@pytest.mark.parametrize(
    "shape, chunks",
    [
        ((300000,), (300000,)),
        ((20000000,), (5000000,)),
        ((4000, 5000), (4000, 1000)),
        ((700, 600, 128), (175, 300, 128)),
        ((3, 2000, 2, 1500), (3, 1000, 2, 750)),
    ],
)
def test_chunks_of_datasets_that_have_none(tmp_path, shape, chunks):
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", shape, "i1")
        file["x"][..., 0] = 7
    with h5py.File(repacked(path, "effort=1")) as file, h5py.File(path) as original:
        assert np.prod(file["x"].chunks) <= 8 << 20
        assert file["x"].chunks == chunks
        assert np.array_equal(file["x"][...], original["x"][...])


def test_fill_values_and_chunks_that_were_never_written(tmp_path):
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        for name, options in (("plain", {}), ("gzip", {"compression": "gzip"})):
            dataset = file.create_dataset(
                name,
                (70, 50, 16),
                "<i2",
                chunks=CHUNKS,
                maxshape=(None, 50, 16),
                fillvalue=-7,
                **options,
            )
            dataset[40:60, 10:20] = 5
        file.create_dataset("nothing", (1000, 100), "i1", chunks=(100, 100), fillvalue=3)
        file.create_dataset("vast", (10**9, 10**4), "i1", chunks=(100, 100))[0, 0] = 4
        file.create_dataset("later", (0, 100), "i1", chunks=(100, 100), maxshape=(None, 100))
    with h5py.File(repacked(path), "r+") as file, h5py.File(path) as original:
        for name in original:
            if name != "vast":
                assert_same(file[name], original[name])
            assert file[name].fillvalue == original[name].fillvalue
            assert file[name].id.get_num_chunks() == original[name].id.get_num_chunks()
            assert is_compressed(file[name])
        file["plain"].resize(80, 0)
        assert (file["plain"][70:] == -7).all()


def test_edges_are_padded_with_the_fill_value(tmp_path):
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset(
            "x",
            data=DATA.astype("i2"),
            compression="gzip",
            maxshape=(None,) * 3,
            chunks=CHUNKS,
            fillvalue=-9,
        )
    with h5py.File(repacked(path), "r+") as file:
        file["x"].resize((90, 64, 16))
        assert np.array_equal(file["x"][:70, :50], DATA)
        assert (file["x"][70:] == -9).all() and (file["x"][:, 50:] == -9).all()


@pytest.mark.parametrize("words", [None, ()])
def test_filter_masks_and_unfiltered_edges(tmp_path, words):
    """words: of h5prism in the input; None: gzip."""
    path = tmp_path / "in.h5"
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk(CHUNKS)
    if words is None:
        plist.set_deflate(6)
    else:
        plist.set_filter(FILTER_ID, 1, words)
    set_chunk_options(plist)
    with h5py.File(path, "w", libver="latest") as file:
        space = h5py.h5s.create_simple(DATA.shape)
        edges = h5py.h5d.create(file.id, b"edges", h5py.h5t.STD_I8LE, space, plist)
        h5py.Dataset(edges)[...] = DATA
        create(file, "masked", DATA, CHUNKS, words or ())
        raw = np.ascontiguousarray(DATA[32:64, :32])
        file["masked"].id.write_direct_chunk((32, 0, 0), raw.tobytes(), 1)
    with h5py.File(repacked(path, "--verify")) as file:
        for name in file:
            assert np.array_equal(file[name][...], DATA)
    blobs = stored_bytes(path.with_name("out.h5"), "edges")
    assert len(blobs) == 6 and all(mask == 0 and blob[:4] == b"PRSM" for _, mask, blob in blobs)


def set_chunk_options(plist):
    """H5Pset_chunk_opts, which h5py does not have."""
    import ctypes

    library = ctypes.CDLL(loaded_hdf5())
    library.H5Pset_chunk_opts.argtypes = [ctypes.c_int64, ctypes.c_uint]
    assert library.H5Pset_chunk_opts(plist.id, 2) >= 0


@pytest.mark.parametrize("moment", ["ALLOC_TIME_EARLY", "ALLOC_TIME_LATE", "ALLOC_TIME_INCR"])
def test_creation_properties_are_kept(tmp_path, moment):
    path = tmp_path / "in.h5"
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk(CHUNKS)
    plist.set_shuffle()
    plist.set_deflate(4)
    plist.set_alloc_time(getattr(h5py.h5d, moment))
    plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    plist.set_attr_creation_order(h5py.h5p.CRT_ORDER_TRACKED | h5py.h5p.CRT_ORDER_INDEXED)
    with h5py.File(path, "w") as file:
        space = h5py.h5s.create_simple(DATA.shape)
        x = h5py.Dataset(h5py.h5d.create(file.id, b"x", h5py.h5t.STD_I8LE, space, plist))
        x[:40] = DATA[:40]
        x.attrs["zebra"], x.attrs["ant"] = 1, 2
    with h5py.File(repacked(path)) as file:
        kept = file["x"].id.get_create_plist()
        assert kept.get_alloc_time() == plist.get_alloc_time()
        assert kept.get_fill_time() == plist.get_fill_time()
        assert list(file["x"].attrs) == ["zebra", "ant"]
        assert is_compressed(file["x"]) and np.array_equal(file["x"][:40], DATA[:40])


def test_links(tmp_path):
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("b/x", data=DATA, chunks=CHUNKS)
        file["a"] = file["b/x"]
        file["b/loop"] = file["/"]
        file["soft"] = h5py.SoftLink("/b/x")
        file["dangling"] = h5py.SoftLink("/nowhere")
        file["b/external"] = h5py.ExternalLink("other.h5", "/y")
        file["Grün"] = file["b"]
    for arguments in ((), ("--dataset", "soft")):
        with h5py.File(repacked(path, "--force", *arguments)) as file:
            assert file["a"] == file["b/x"] == file["soft"] and file["b/loop"] == file["/"]
            assert is_compressed(file["a"]) and np.array_equal(file["a"][...], DATA)
            assert file["Grün"] == file["b"]
            assert file.get("soft", getlink=True).path == "/b/x"
            assert file.get("dangling", getlink=True).path == "/nowhere"
            link = file.get("b/external", getlink=True)
            assert (link.filename, link.path) == ("other.h5", "/y")
            assert sorted(file) == ["Grün", "a", "b", "dangling", "soft"]


def test_orders_of_creation(tmp_path):
    path = tmp_path / "in.h5"
    names = ["z", "a", "m"]
    with h5py.File(path, "w", track_order=True) as file:
        for name in names:
            file.create_dataset(name, data=DATA, chunks=CHUNKS)
            file.attrs[name] = 1
        group = file.create_group("g", track_order=True)
        for name in names:
            group.create_group(name)
            group.attrs[name] = 1
    with h5py.File(repacked(path)) as file:
        assert list(file["g"]) == list(file["g"].attrs) == names
        root = h5py.h5g.open(file.id, b"/")
        found = []
        root.links.iterate(found.append, idx_type=h5py.h5.INDEX_CRT_ORDER)
        assert found == [name.encode() for name in (*names, "g")]


def test_references(tmp_path):
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        x = file.create_dataset("x", data=DATA, chunks=CHUNKS)
        group = file.create_group("late")
        x.attrs["group"] = group.ref
        x.attrs["part"] = x.regionref[2:5, 3, :]
        x.attrs["none"] = h5py.Reference()
        group.attrs.create("all", [x.ref, group.ref], dtype=h5py.ref_dtype)
        file.create_dataset("refs", (3,), h5py.ref_dtype)[:2] = [x.ref, group.ref]
        file.create_dataset("regions", (1,), h5py.regionref_dtype)[0] = x.regionref[1:3]
        pair = np.dtype([("which", h5py.ref_dtype), ("n", "i4")])
        file.create_dataset("pairs", data=np.array([(x.ref, 5)], pair))
        for index, name in enumerate(("first", "second")):
            x.dims[index].label = name
            file[name] = np.arange(DATA.shape[index])
            file[name].make_scale(name)
            x.dims[index].attach_scale(file[name])
    with h5py.File(repacked(path)) as file:
        x, group = file["x"], file["late"]
        assert file[x.attrs["group"]] == group and not x.attrs["none"]
        assert np.array_equal(x[x.attrs["part"]].ravel(), DATA[2:5, 3].ravel())
        assert [file[ref] for ref in group.attrs["all"]] == [x, group]
        assert [bool(ref) for ref in file["refs"]] == [True, True, False]
        assert file[file["refs"][0]] == x and file[file["refs"][1]] == group
        assert file[file["pairs"][0]["which"]] == x and file["pairs"][0]["n"] == 5
        assert x[file["regions"][0]].size == DATA[1:3].size
        assert x.dims[0][0] == file["first"] and x.dims[1]["second"] == file["second"]
        assert is_compressed(x)


def test_committed_types(tmp_path):
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        file["zz/kind"] = np.dtype("<i2")
        file["zz/kind"].attrs["note"] = "n"
        file["zz/pair"] = np.dtype([("a", "i1"), ("b", "f4")])
        kind, pair = file["zz/kind"], file["zz/pair"]
        file.create_dataset("x", data=DATA.astype("i2"), dtype=kind, chunks=CHUNKS)
        file.create_dataset("pairs", (4,), pair)
        file.attrs.create("typed", 5, dtype=kind)
    with h5py.File(repacked(path)) as file:
        kind, pair = file["zz/kind"], file["zz/pair"]
        assert kind.attrs["note"] == "n" and sorted(file) == ["pairs", "x", "zz"]
        for identifier, committed in (
            (file["x"].id.get_type(), kind),
            (file["pairs"].id.get_type(), pair),
            (file.attrs.get_id("typed").get_type(), kind),
        ):
            assert identifier.committed()
            assert h5py.h5o.get_info(identifier).addr == h5py.h5o.get_info(committed.id).addr
        assert file.attrs["typed"] == 5 and is_compressed(file["x"])


def test_virtual_datasets_stay_virtual(tmp_path):
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=DATA, chunks=CHUNKS)
        layout = h5py.VirtualLayout(DATA.shape, "i1")
        layout[...] = h5py.VirtualSource(".", "x", DATA.shape)
        file.create_virtual_dataset("v", layout)
    with h5py.File(repacked(path)) as file:
        assert file["v"].is_virtual and is_compressed(file["x"])
        assert np.array_equal(file["v"][...], DATA)
    fails("repack", path, tmp_path / "no.h5", "--dataset", "v", word="virtual")


@pytest.mark.parametrize("libver", ["earliest", "v108", "latest"])
def test_versions_of_the_file_format(tmp_path, libver):
    path = tmp_path / "in.h5"
    with h5py.File(path, "w", libver=libver, userblock_size=1024) as file:
        file.create_dataset("x", data=DATA, chunks=CHUNKS, maxshape=(None, None, 16))
        if libver != "earliest":
            file.attrs["large"] = np.arange(100000)
    with open(path, "r+b") as file:
        file.write(b"#!/bin/sh" + bytes(range(200)))
    target = repacked(path)
    assert target.read_bytes()[:1024] == path.read_bytes()[:1024]
    with h5py.File(target) as file:
        assert np.array_equal(file["x"][...], DATA)
        assert libver == "earliest" or file.attrs["large"].size == 100000


@needs("nccopy")
def test_netcdf_files(tmp_path):
    text = "netcdf t { dimensions: y = 70 ; x = UNLIMITED ; variables: short v(x, y) ; int x(x) ;"
    text += ' v:units = "K" ; data: x = 1, 2, 3 ; v = ' + ", ".join(map(str, range(210))) + " ; }"
    (tmp_path / "t.cdl").write_text(text)
    path, target = tmp_path / "in.nc", tmp_path / "out.nc"
    subprocess.run(["ncgen", "-4", "-o", path, tmp_path / "t.cdl"], check=True)
    tool("repack", path, target, "--dataset", "v")
    dumps = [
        subprocess.run(["ncdump", "-n", "t", p], check=True, capture_output=True, text=True).stdout
        for p in (path, target)
    ]
    assert dumps[0] == dumps[1]


@pytest.mark.parametrize(
    "dtype", ["i1", "u1", "<i2", ">i2", "<u2", ">u2", "?", "<i4", ">f4", "f8", "c8"]
)
def test_types(tmp_path, dtype):
    path = tmp_path / "in.h5"
    data = (DATA > 0 if dtype == "?" else DATA / 8 if "f" in dtype else DATA * 3).astype(dtype)
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=data, chunks=CHUNKS)
    with h5py.File(repacked(path, "--verify")) as file, h5py.File(path) as original:
        assert_same(file["x"], original["x"])
        assert is_compressed(file["x"])


# ---- Where it must fail ----


@pytest.mark.parametrize(
    "arguments, word",
    [
        (["--dataset", "nothing"], "no such dataset"),
        (["--dataset", "run"], "not a dataset"),
        (["--dataset", "emb", "--dataset", "text"], "text: "),
        (["--dataset", "scalar"], "no dimensions"),
        (["--dataset", "empty"], "no dimensions"),
        (["--dataset", "emb", "--chunks", "4x4"], "dimensions"),
        (["axis=7", "--dataset", "emb"], "axis"),
    ],
)
def test_what_is_refused(source, arguments, word):
    refuses(source, arguments, word)


@pytest.mark.parametrize("arguments, word", [(["effort=11"], "effort"), (["speed=11"], "speed")])
def test_wrong_options_are_refused(source, arguments, word):
    refuses(source, arguments, word, code=2)


def refuses(source, arguments, word, code=1):
    before = source.read_bytes()
    fails("repack", source, source.with_name("out.h5"), *arguments, word=word, code=code)
    assert os.listdir(source.parent) == [source.name] and source.read_bytes() == before


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["in.h5"],
        ["in.h5", "out.h5", "effort=1", "more"],
        ["in.h5", "out.h5", "-j", "0"],
        ["in.h5", "out.h5", "-j"],
        ["in.h5", "out.h5", "-jx"],
        ["in.h5", "out.h5", "--dataset"],
        ["in.h5", "out.h5", "--chunks", "4x"],
        ["in.h5", "out.h5", "--chunks", "4x0"],
        ["in.h5", "out.h5", "--unknown"],
        ["in.h5", "out.h5", "effort=12"],
        ["in.h5", "out.png"],
        ["in.h5", "-"],
    ],
)
def test_usage(arguments):
    fails("repack", *arguments, code=2, word="missing" if len(arguments) < 2 else "")


def test_help():
    text = tool("repack", "--help").stdout
    assert text.startswith("usage: h5prism repack") and text.count("\n") <= 24


def test_files_that_are_in_the_way(source):
    target = source.with_name("out.h5")
    target.write_bytes(b"mine")
    fails("repack", source, target, word="--force")
    assert target.read_bytes() == b"mine"
    before = source.read_bytes()
    link, hard = source.with_name("link.h5"), source.with_name("hard.h5")
    link.symlink_to(source)
    hard.hardlink_to(source)
    for same in (source, link, hard):
        fails("repack", source, same, "--force", word="same file")
    assert source.read_bytes() == before


def test_a_missing_folder(source):
    missing = "the folder for it is not there"
    fails("repack", source, source.parent / "none" / "out.h5", word=missing)
    fails("repack", source.with_name("none.h5"), source.with_name("out.h5"), word="No such file")


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs another user")
def test_a_read_only_folder(source):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        shutil.copy(source, folder)
        user = ["setpriv", "--reuid=65534", "--clear-groups", "--regid=65534"]
        command = [*user, TOOL, "repack", f"{folder}/in.h5", f"{folder}/out.h5"]
        done = subprocess.run(command, capture_output=True, text=True)
        if "failed to execute" in done.stderr:
            pytest.skip("the build is not open to other users")
        assert done.returncode == 1 and "Permission denied" in done.stderr
        assert done.stderr.count("\n") == 1 and os.listdir(folder) == ["in.h5"]


@pytest.mark.parametrize(
    "arguments, limit, word",
    [
        ((), 512, ""),
        (("--dataset", "emb"), 20000, "File too large"),
        ((), 60000, "File too large"),
    ],
)
def test_a_full_disk(source, arguments, limit, word):
    """As good as: files must not become larger than the limit."""
    target = source.with_name("out.h5")
    target.write_bytes(b"mine")
    fails("repack", source, target, "--force", *arguments, word=word, limit=limit)
    assert target.read_bytes() == b"mine"
    assert sorted(os.listdir(source.parent)) == ["in.h5", "out.h5"]


@pytest.mark.parametrize("size", [0, 100, 50000])
def test_truncated_files(source, size):
    with open(source, "r+b") as file:
        file.truncate(size)
    fails("repack", source, source.with_name("out.h5"), word="cannot be opened")
    assert os.listdir(source.parent) == [source.name]


def test_a_full_disk_in_the_middle_of_the_chunks(tmp_path):
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        data = np.random.default_rng(1).integers(-99, 99, (64, 100, 100), "i1")
        file.create_dataset("x", data=data, chunks=(4, 100, 100))
    fails("repack", path, tmp_path / "out.h5", word="File too large", limit=200000)
    assert os.listdir(tmp_path) == ["in.h5"]


def damaged(source, change, chunks=CHUNKS):
    """A file with one chunk that is not as it should be."""
    path = source.with_name("damaged.h5")
    with h5py.File(path, "w") as file:
        create(file, "emb", DATA, chunks)
        blob = bytearray(file["emb"].id.read_direct_chunk((32, 0, 0))[1])
        change(blob)
        file["emb"].id.write_direct_chunk((32, 0, 0), bytes(blob))
    source.unlink()
    return path


def said(word, arguments):
    """What the filter says is lost where the tool reads through HDF5 1.14 or 2.0."""
    is_lost = "--chunks" in arguments and hdf5_of_tool().startswith(("1.14", "2.0"))
    return "filter returned failure" if is_lost else word


@pytest.mark.parametrize("arguments", [(), ("--chunks", "70x50x16"), ("-j", "1")])
def test_chunks_of_a_newer_version(source, arguments):
    def newer(blob):
        blob[4] = 9

    path = damaged(source, newer)
    done = fails(
        "repack", path, path.with_name("out.h5"), *arguments, word=said("version 9", arguments)
    )
    assert "/emb" in done.stderr and os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("arguments", [(), ("--chunks", "70x50x16")])
def test_damaged_chunks(source, arguments):
    def flip(blob):
        blob[-9] ^= 1

    path = damaged(source, flip)
    fails("repack", path, path.with_name("out.h5"), *arguments, word=said("CRC-32", arguments))
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("arguments", [("effort=2",), ("effort=9", "--no-check")])
def test_what_is_not_damaged_is_saved(source, arguments):
    def flip(blob):
        blob[-9] ^= 1

    path = damaged(source, flip)
    with h5py.File(path, "r+") as file:
        file["other"] = DATA
    out = path.with_name("out.h5")
    done = fails("repack", path, out, *arguments, "--skip-bad", word="chunk 32,0,0 is left out: ")
    assert "CRC-32" in done.stderr
    expected = DATA.copy()
    expected[32:64, :32] = 0
    with h5py.File(out) as file:
        np.testing.assert_array_equal(file["emb"][...], expected)
        np.testing.assert_array_equal(file["other"][...], DATA)
    tool("inspect", out, "--check")
    tool("repack", out, path.with_name("again.h5"), "--skip-bad")  # nothing is left out


def test_damage_is_not_skipped_where_chunks_change(source):
    def flip(blob):
        blob[-9] ^= 1

    path = damaged(source, flip)
    arguments = ("--chunks", "70x50x16", "--skip-bad")
    fails("repack", path, path.with_name("out.h5"), *arguments, word=said("CRC-32", arguments))


def test_short_chunks(source):
    path = source.with_name("short.h5")
    with h5py.File(path, "w") as file:
        file.create_dataset("emb", data=DATA, chunks=CHUNKS)
        create(file, "masked", DATA, CHUNKS)
        file["masked"].id.write_direct_chunk((32, 0, 0), b"12", 1)
    fails("repack", path, path.with_name("out.h5"), word="2 bytes")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_nothing_is_left_after_a_signal(tmp_path, number):
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        data = np.random.default_rng(1).integers(-9, 9, (300, 200, 200), "i1")
        file.create_dataset("x", data=data, chunks=(10, 200, 200))
    before = path.read_bytes()
    errors = interrupted(number, tmp_path, "repack", path, tmp_path / "out.h5", "effort=9")
    assert errors == "\nh5prism: interrupted, nothing is written\n"
    assert os.listdir(tmp_path) == ["in.h5"] and path.read_bytes() == before


def test_a_bar_on_a_terminal(source):
    shown = on_terminal("repack", source, source.with_name("out.h5"))
    assert "writing  [" in shown and "MB, ratio" in shown and "s left" in shown


def test_memory_does_not_grow_with_the_dataset(tmp_path):
    """2 MiB chunks, 24 of them or 120."""
    peaks = []
    for count in (24, 120):
        path = tmp_path / f"{count}.h5"
        with h5py.File(path, "w") as file:
            file.create_dataset("x", (count * 32, 256, 256), "i1", chunks=(32, 256, 256))
            file["x"][:, ::3, ::7] = 5
        code = "import os, resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, "
        code += "stdout=subprocess.DEVNULL); "
        code += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        command = [TOOL, "repack", path, tmp_path / "out.h5", "effort=1", "-j", "2", "--force"]
        done = subprocess.run(
            ["python3", "-c", code, *map(str, command)], check=True, capture_output=True, text=True
        )
        peaks.append(int(done.stdout) * 1024)
    assert peaks[1] - peaks[0] < 48 << 20


@needs("h5repack")
def test_the_script_that_measures(tmp_path):
    np.save(tmp_path / "x.npy", DATA)
    command = [ROOT / "scripts" / "bench-repack", tmp_path / "x.npy", "--size", "0.2"]
    done = subprocess.run(
        [*command, "--threads", "2", "--repeat", "1", "--folder", tmp_path],
        env=os.environ | {"H5PRISM_BUILD": str(BUILD)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "h5prism repack -j2" in done.stdout and "times as fast as one" in done.stdout
