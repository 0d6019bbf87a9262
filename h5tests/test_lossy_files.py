"""Bounds of error in files: refused in time, in other programs, and by the tool."""

import json
import re
import struct

import h5py
import numpy as np
import pytest
from filter_support import (
    FILTER_ID,
    MANDATORY,
    OPTIONAL,
    assert_equal,
    assert_filtered,
    correlated,
    create,
    filter_of,
    needs,
    not_sanitized,
    run,
    run_python,
)
from generated import picture
from tool_support import fails, tool

from h5prism import Prism, PrismError, write


def word(number):
    """The bits of a float32."""
    return struct.unpack("<I", struct.pack("<f", number))[0]


def options(bound, value, *, of=0, coder=0):
    return (1, 0, 0, coder, 5, 0, 0, bound + 256 * of, word(value), 1)


MAX_ERROR, REL_MAX_ERROR, REL_RMSE, DISTANCE = 1, 2, 3, 4
JXL = 2
FLOATS = np.random.default_rng(1).normal(size=(40, 36, 6)).cumsum(0).astype("f4")


def largest(array, other):
    return np.abs(np.asarray(array, "f8") - np.asarray(other, "f8")).max()


# ---- What is refused when the dataset is created ----

TWELVE_BITS = h5py.h5t.STD_U16LE.copy()
TWELVE_BITS.set_precision(12)
OTHER_FLOAT = h5py.h5t.IEEE_F32LE.copy()
OTHER_FLOAT.set_fields(31, 21, 10, 0, 21)
NAMES = h5py.h5t.py_create(h5py.enum_dtype({"a": 0, "b": 9}, "i2"), logical=True)

REFUSED = {
    "a negative bound": ("f4", options(MAX_ERROR, -1), "above 0"),
    "NaN": ("f4", options(MAX_ERROR, float("nan")), "above 0"),
    "infinity": ("f4", options(MAX_ERROR, float("inf")), "above 0"),
    "an integer where a float32 should be": ("f4", (1, 0, 0, 0, 5, 0, 0, 1, 2), "above 0"),
    "no value": ("f4", (1, 0, 0, 0, 5, 0, 0, 1), "above 0"),
    "a value without a bound": ("f4", options(0, 1), "without a bound"),
    "an unknown bound": ("f4", options(5, 1), "expected 0..4"),
    "an unknown reference": ("f4", options(REL_RMSE, 0.1, of=2), "expected 0..1"),
    "a share of 1": ("f4", options(REL_RMSE, 1), "between 0 and 1"),
    "deviation of another bound": ("f4", options(MAX_ERROR, 1, of=1), "rel_rmse only"),
    "distance without jxl": ("u1", options(DISTANCE, 1), "coder=jxl only"),
    "distance beyond libjxl's": ("u1", options(DISTANCE, 99, coder=JXL), "at most 15"),
    "distance of floats": ("f4", options(DISTANCE, 1, coder=JXL), "8 and 16 bits only"),
    "booleans": ("?", options(MAX_ERROR, 1), "enumeration or booleans"),
    "an enumeration": (NAMES, options(MAX_ERROR, 1), "enumeration or booleans"),
    "12 bits in 16": (TWELVE_BITS, options(MAX_ERROR, 1), "fills its bytes"),
    "a float of another format": (OTHER_FLOAT, options(REL_RMSE, 0.1), "fills its bytes"),
}


@pytest.mark.parametrize("flags", [MANDATORY, OPTIONAL])
@pytest.mark.parametrize("case", REFUSED)
def test_refused_at_creation(tmp_path, case, flags):
    kind, words, message = REFUSED[case]
    if isinstance(kind, str):
        kind = h5py.h5t.py_create(np.dtype(kind), logical=True)
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((5, 5))
    plist.set_filter(FILTER_ID, flags, words)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        with pytest.raises(ValueError, match=f"h5prism: .*{message}"):
            h5py.h5d.create(file.id, b"x", kind, h5py.h5s.create_simple((10, 10)), plist)
        assert "x" not in file


def test_12_bits_in_16_are_taken_without_a_bound(tmp_path):
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((5, 5))
    plist.set_filter(FILTER_ID, MANDATORY, (1,))
    with h5py.File(tmp_path / "x.h5", "w") as file:
        h5py.h5d.create(file.id, b"x", TWELVE_BITS, h5py.h5s.create_simple((10, 10)), plist)


def test_relative_rmse_of_both_kinds_is_taken(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        for of, kind in enumerate(("f4", ">f8")):
            data = FLOATS.astype(kind)
            dataset = create(file, kind, data, data.shape, options(REL_RMSE, 0.05, of=of))
            assert filter_of(dataset)[1][7] == 3 + 256 * of
            assert np.sqrt(((dataset[...] - data) ** 2).mean() / (data**2).mean()) <= 0.05


# ---- Other programs ----


@pytest.fixture
def plain(tmp_path):
    path = tmp_path / "plain.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=FLOATS, chunks=(20, 36, 6))
    return path


def spelling(text, program):
    """What `h5prism options` prints for a program."""
    lines = tool("options", text).stdout.splitlines()
    return next(line.split(None, 1)[1] for line in lines if line.startswith(program))


def test_options_prints_the_float_as_a_word():
    text = "rel_rmse=0.25,of=deviation"
    words = ",".join(map(str, Prism(rel_rmse=0.25, of="deviation").filter_options))
    assert spelling(text, "h5repack") == f"-f DATASET:UD={FILTER_ID},0,10,{words}"
    assert spelling(text, "nccopy") == f"-F VARIABLE,{FILTER_ID},{words}"
    assert words.split(",")[7:9] == ["259", str(word(0.25))]
    assert eval(f"dict({spelling(text, 'h5py')})")["compression_opts"][8] == word(0.25)
    done = json.loads(tool("options", "--json", text).stdout)
    assert done["options"].endswith(text)
    assert done["filter_options"] == [int(w) for w in words.split(",")]


def test_options_refuses_with_the_reason():
    fails("options", "max_error=-2", word="above 0", code=2)
    fails("options", "max_error=2,rel_rmse=0.1", word="another bound already", code=2)


@not_sanitized
@needs("h5repack")
@needs("h5dump")
def test_h5repack_and_h5dump(plain, tmp_path):
    target, again = tmp_path / "packed.h5", tmp_path / "again.h5"
    spelled = spelling("max_error=0.5", "h5repack").split()[1].replace("DATASET", "x")
    run("h5repack", "-f", spelled, plain, target)
    text = run("h5dump", "-pH", "-d", "x", target).stdout
    words = re.search(r"PARAMS \{ ([\d ]*)\}", text).group(1).split()
    assert words[7:9] == ["1", str(word(0.5))]
    run("h5repack", "-f", f"x:UD={FILTER_ID},0,{len(words)},{','.join(words)}", plain, again)
    code = "import sys, h5py; print(repr(h5py.File(sys.argv[1])['x'][1, 2, 3]))"
    for path in (target, again):
        assert abs(eval(run_python(code, path).stdout, {"np": np}) - FLOATS[1, 2, 3]) <= 0.5
        with h5py.File(path) as file:
            assert_filtered(file["x"])
            assert 0 < largest(FLOATS, file["x"]) <= 0.5


@not_sanitized
@needs("nccopy")
@needs("ncgen")
@needs("ncdump")
def test_netcdf(tmp_path):
    values = ", ".join(map(str, FLOATS.ravel()))
    head = "dimensions: y = 40; x = 36; c = 6; variables: float v(y, x, c);"
    (tmp_path / "t.cdl").write_text(f"netcdf t {{ {head} data: v = {values}; }}")
    run("ncgen", "-4", "-o", tmp_path / "t.nc", tmp_path / "t.cdl")
    spelled = spelling("max_error=0.5", "nccopy").split()[1].replace("VARIABLE", "v")
    target = tmp_path / "packed.nc"
    run("nccopy", "-M", "0", "-c", "v:20,36,6", "-F", spelled, tmp_path / "t.nc", target)
    text = run("ncdump", "-hs", target).stdout
    assert f",1,{word(0.5)}," in re.search(r'v:_Filter = "(.*)"', text).group(1)
    shown = run("ncdump", "-v", "v", target).stdout.split("data:")[1]
    numbers = [float(n) for n in re.findall(r"-?\d[\d.e+-]*", shown.split("=")[1])]
    assert 0 < largest(FLOATS.ravel(), numbers) <= 0.5 + 1e-4


# ---- The tool ----


@pytest.fixture
def mixed(tmp_path):
    path = tmp_path / "in.h5"
    generator = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        file.create_dataset("emb", data=FLOATS)
        file.create_dataset("edge", data=FLOATS, chunks=(32, 32, 6), fillvalue=7)
        with_gaps = FLOATS.copy()
        with_gaps[::5, ::7] = np.nan
        file.create_dataset("gaps", data=with_gaps)
        file.create_dataset("ids", data=np.arange(2000, dtype="i4") * 3)
        file.create_dataset("long", data=generator.integers(0, 99, (40, 50)))
        file.create_dataset("flags", data=generator.random((80, 90)) < 0.5)
        file.create_dataset("words", data=np.array([b"one", b"two"]))
        scale = file.create_dataset("x", data=np.linspace(0, 1, 3000))
        scale.make_scale("x")
    return path


def test_nothing_is_lost_without_consent(mixed, tmp_path):
    fails("repack", mixed, tmp_path / "out.h5", "max_error=0.5", word="--lossy", code=2)
    fails("repack", mixed, tmp_path / "out.h5", "--lossy", word="max_error", code=2)
    assert not (tmp_path / "out.h5").exists()


def test_repack_says_what_it_lost(mixed, tmp_path):
    out = tmp_path / "out.h5"
    lines = tool("repack", mixed, out, "max_error=0.5", "--lossy").stdout.splitlines()
    said = {line.split(":")[0].strip("/"): line for line in lines}
    with h5py.File(mixed) as source, h5py.File(out) as file:
        for name in ("emb", "edge", "gaps"):
            assert (
                "max_error=0.5: worst error 0.49" in said[name] or "worst error 0.5," in said[name]
            )
            missing = np.isnan(source[name][...])
            np.testing.assert_array_equal(np.isnan(file[name][...]), missing)
            assert 0 < largest(source[name][...][~missing], file[name][...][~missing]) <= 0.5
        for name, reason in {
            "ids": "identifiers",
            "long": "identifiers",
            "flags": "enumeration or booleans",
            "words": "copied as it is",
            "x": "scale of a dimension",
        }.items():
            assert reason in said[name]
            np.testing.assert_array_equal(file[name][...], source[name][...])


def test_repack_of_named_datasets(mixed, tmp_path):
    out = tmp_path / "out.h5"
    tool("repack", mixed, out, "max_error=1", "--lossy", "--dataset", "ids", "--dataset", "x")
    with h5py.File(mixed) as source, h5py.File(out) as file:
        assert largest(source["ids"], file["ids"]) <= 1
        assert 0 < largest(source["x"], file["x"]) <= 1
        assert_equal(file["emb"], source["emb"][...])
    arguments = ("max_error=1", "--lossy", "--force", "--dataset", "flags")
    fails("repack", mixed, out, *arguments, word="flags: no bound goes with an enumeration")


@pytest.mark.parametrize(
    "bound", ["rel_max_error=0.02", "rel_rmse=0.03", "rel_rmse=0.1,of=deviation"]
)
def test_relative_bounds_of_chunks_that_reach_over_the_edge(mixed, tmp_path, bound):
    """Their padding belongs to the chunk, of which the bound is."""
    out = tmp_path / "out.h5"
    tool("repack", mixed, out, bound, "--lossy", "--dataset", "edge", "--chunks", "32x20x6")
    with h5py.File(mixed) as source, h5py.File(out) as file:
        assert largest(source["edge"], file["edge"]) < 0.5 * np.ptp(FLOATS)


def test_what_was_lossy_already(mixed, tmp_path):
    once, twice, exact = (tmp_path / name for name in ("once.h5", "twice.h5", "exact.h5"))
    tool("repack", mixed, once, "max_error=0.5", "--lossy", "--dataset", "emb")
    said = tool("repack", once, twice, "max_error=1", "--lossy", "--dataset", "emb").stdout
    assert "had max_error=0.5 before: errors add up" in said
    with h5py.File(mixed) as source, h5py.File(twice) as file:
        assert largest(source["emb"], file["emb"]) <= 1.5
    assert "kept as it is" in tool("repack", once, exact, "--dataset", "emb").stdout
    with h5py.File(once) as source, h5py.File(exact) as file:
        assert_equal(file["emb"], source["emb"][...])


def test_inspect_shows_bounds_and_errors(mixed, tmp_path):
    out = tmp_path / "out.h5"
    tool("repack", mixed, out, "max_error=0.5", "--lossy", "--dataset", "edge")
    text = tool("inspect", out, "--dataset", "edge", "--chunks").stdout
    errors = [float(e) for e in re.findall(r"; max_error=0.5, error ([\d.]+)$", text, re.M)]
    worst = float(re.search(r"lossy +4 chunks, max_error=0.5: worst error ([\d.]+)", text).group(1))
    assert len(errors) == 4 and worst == max(errors) <= 0.5
    [dataset] = json.loads(tool("inspect", out, "--dataset", "edge", "--chunks", "--json").stdout)[
        "datasets"
    ]
    chunks = dataset["stored_chunks"]
    assert [c["bound"] for c in chunks] == ["max_error"] * 4
    assert dataset["lossy"] == [
        {
            "bound": "max_error",
            "bound_of": "rms",
            "bound_value": 0.5,
            "reached": max(c["reached"] for c in chunks),
            "chunks": 4,
        }
    ]


def test_inspect_says_where_a_bound_lost_nothing(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset(
            "x", data=correlated((30, 30, 4), "i2"), chunks=(30, 30, 4), **Prism(max_error=0.5)
        )
    assert "lossy      no chunk: every bit comes back" in tool("inspect", tmp_path / "x.h5").stdout
    report = json.loads(tool("inspect", tmp_path / "x.h5", "--json").stdout)
    assert report["datasets"][0]["lossy"] == []


def test_bench_of_bounds(mixed):
    text = tool("bench", mixed, "--dataset", "emb", "--lossy").stdout
    found = dict(re.findall(r"^(rel_max_error=0.01-5) .* ([\d.e-]+)$", text, re.M))
    assert 0.005 < float(found["rel_max_error=0.01-5"]) <= 0.01
    assert "For reading often" not in text
    report = json.loads(tool("bench", mixed, "--dataset", "emb", "--lossy", "--json").stdout)
    rows = {row["name"]: row for row in report["rows"]}
    assert rows["rel_max_error=0.01-5"]["bytes"] < rows["lossless-5"]["bytes"]
    assert report["recommended"] == {"reading": None, "archiving": None}


def test_preview_of_smaller_pictures(tmp_path):
    path, out = tmp_path / "x.h5", tmp_path / "x.png"
    colours = (picture(200, 150)[..., None] + np.arange(3) * 20).astype("u1")
    with h5py.File(path, "w") as file:
        lossy = Prism(coder="jxl", distance=1)
        file.create_dataset("x", data=colours, chunks=(128, 128, 3), **lossy)
        file.create_dataset("odd", data=colours, chunks=(100, 100, 3), **lossy)
        file.create_dataset("exact", data=colours, chunks=(128, 128, 3), **Prism())
    for by, size in {1: "75 x 100", 2: "38 x 50", 3: "19 x 25"}.items():
        done = tool("preview", path, out, "--dataset", "x", "--reduce", by, "--force")
        assert f"{size} pixels" in done.stdout
    fails("preview", path, out, "--dataset", "odd", "--reduce", 3, "--force", word="divide by 8")
    fails(
        "preview",
        path,
        out,
        "--dataset",
        "exact",
        "--reduce",
        1,
        "--force",
        word="smaller pictures",
    )


def smooth_planes(height, width):
    """Pictures that are detailed at every scale, as bytes."""
    generator = np.random.default_rng(2)
    y, x = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    noise = np.fft.rfft2(generator.normal(size=(2, height, width)))
    planes = np.fft.irfft2(noise / np.maximum(np.hypot(y, x), 1 / width) ** 1.4, (height, width))
    return (128 + 40 * planes / planes.std()).clip(0, 255).astype("u1")


def bytes_read(printed):
    return [
        int(n) for n in re.search(r"^from (\d+) of (\d+) stored bytes$", printed, re.M).groups()
    ]


@pytest.mark.parametrize("user_block", [0, 1024])
def test_preview_reads_no_more_than_it_needs(tmp_path, user_block):
    path, out, whole = (tmp_path / name for name in ("x.h5", "x.png", "whole.png"))
    planes = smooth_planes(640, 600)
    lossy = Prism(coder="jxl", distance=1)
    with h5py.File(path, "w", userblock_size=user_block) as file:
        file.create_dataset("x", data=planes, chunks=(2, 320, 600), **lossy)
        stored = file["x"].id.get_storage_size()
        chunks = [file["x"].id.get_chunk_info(i) for i in range(2)]
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((2, 320, 600))
        plist.set_filter(FILTER_ID, MANDATORY, lossy.filter_options)
        plist.set_fletcher32()
        space = h5py.h5s.create_simple(planes.shape)
        made = h5py.h5d.create(file.id, b"summed", h5py.h5t.STD_U8LE, space, plist)
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, planes)
    read, all_bytes = bytes_read(tool("preview", path, out, "--dataset", "x", "--reduce", 3).stdout)
    assert all_bytes == stored
    assert read == stored if user_block else 0 < read < stored / 2
    tool("preview", path, whole, "--dataset", "x", "--reduce", 2)
    fails("preview", path, whole, "--dataset", "summed", "--reduce", 3, "--force", word="smaller")
    if not user_block:  # what is behind the beginnings is not read: it may be damaged
        data = bytearray(path.read_bytes())
        for chunk in chunks:
            data[chunk.byte_offset + chunk.size - 30] ^= 1
        path.write_bytes(data)
        again = tmp_path / "again.png"
        tool("preview", path, again, "--dataset", "x", "--reduce", 3)
        assert again.read_bytes() == out.read_bytes()
        fails("preview", path, whole, "--dataset", "x", "--reduce", 2, "--force", word="damaged")


# ---- Missing data ----


def gappy(dtype, fill):
    array = (60 * np.sin(np.indices((48, 40, 5)).sum(0) / 9) + FLOATS[:1, :1, :5]).astype(dtype)
    if abs(fill) > 2**53:
        array += np.array(fill, dtype) - np.array(
            70, dtype
        )  # others are near it, as doubles the same
    array[::5, 3:20] = fill
    return array


@pytest.mark.parametrize(
    ("dtype", "fill"), [("i2", 0), ("u1", 40), ("<f4", 7.25), (">f8", 0), (">i8", 2**62 + 1)]
)
@pytest.mark.parametrize("bound", ["max_error=3", "rel_rmse=0.1"])
def test_the_fill_value_of_a_dataset_stays(tmp_path, dtype, fill, bound):
    """By h5py and the filter, by several threads, by the tool; words behind those of the chunk say it.
    The default of HDF5 is no fill value."""
    array = gappy(dtype, fill)
    key, value = bound.split("=")
    prism = Prism(**{key: float(value)})
    with h5py.File(tmp_path / "in.h5", "w") as file:
        own = file.create_dataset("own", data=array, chunks=(48, 40, 5), fillvalue=fill, **prism)
        usual = file.create_dataset("usual", data=array, chunks=(48, 40, 5), **prism)
        write(file, "written", array, chunks=(48, 40, 5), fillvalue=fill, **{key: float(value)})
        file.create_dataset("plain", data=array, chunks=(48, 40, 5), fillvalue=fill)
        lengths = [len(filter_of(dataset)[1]) for dataset in (own, usual)]
        assert lengths == [10 + 2 + 3 + 2, 10 + 2 + 3]
        assert own.id.read_direct_chunk((0, 0, 0)) == file["written"].id.read_direct_chunk(
            (0, 0, 0)
        )
        assert (file["own"][...] == fill).tolist() == (array == fill).tolist()
    tool("repack", tmp_path / "in.h5", tmp_path / "out.h5", bound, "--lossy", "--dataset", "plain")
    with h5py.File(tmp_path / "out.h5") as file:
        assert ((file["plain"][...] == fill) == (array == fill)).all()


def test_missing_is_no_filter_parameter():
    with pytest.raises(PrismError, match="fill value"):
        assert Prism(max_error=1, missing=0).filter_options
