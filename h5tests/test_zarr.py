"""The codecs for Zarr, formats 2 and 3, by the installed wheel, and HDF5 files read by Zarr."""

import base64
import json

import h5py
import numpy as np
import pytest
from python_support import ROOT, assert_same, correlated, noise, run_python
from venv_support import run_installed

import h5prism
from h5prism import Prism, PrismError

FORMAT_2 = """
import sys, numcodecs, numpy, zarr
format_2 = {"zarr_format": 2} if zarr.__version__ >= "3" else {}
store = sys.argv[1]
codec = numcodecs.get_codec({"id": "h5prism", "effort": 2})
assert codec.get_config() == {"id": "h5prism", "effort": 2}, codec.get_config()
assert codec == eval(repr(codec), {"PrismCodec": type(codec)})
random = numpy.random.default_rng(0)
for kind in ("i1", "u1", "<i2", ">u2", "?", "<i8", ">f4", "<M8[s]", "<c8", ">c16"):
    for order in "CF":
        base = random.normal(0, 30, (30, 20, 1)) + random.normal(0, 3, (30, 20, 7))
        data = (abs(base) if "u" in kind else base).astype("i8" if "M8" in kind else kind).astype(kind)
        name = f"{numpy.dtype(kind).kind}{numpy.dtype(kind).itemsize}{order}"
        made = zarr.create(data.shape, chunks=(16, 20, 4), dtype=kind, order=order, store=store,
                           path=name, compressor=codec, fill_value=0, **format_2)
        made[...] = data
        again = zarr.open_array(store, path=name, mode="r")
        assert again.dtype == data.dtype
        numpy.testing.assert_array_equal(again[...], data)
        numpy.testing.assert_array_equal(again[3:25, ::3], data[3:25, ::3])
raw = numpy.ones((5, 4), "i2")
out = numpy.zeros(20, "i2")
assert codec.decode(codec.encode(raw), out) is not None and out.sum() == 20
assert (codec.decode(memoryview(codec.encode(b"bytes"))) == list(b"bytes")).all()

bounded = numcodecs.get_codec({"id": "h5prism", "rel_max_error": 0.25})
assert bounded.get_config() == {"id": "h5prism", "rel_max_error": 0.25}, bounded.get_config()
data = random.normal(size=(40, 50)).astype("f4").cumsum(0)
error = abs(bounded.decode(bounded.encode(data)) - data).max()
assert 0 < error <= 0.25 * (data.max() - data.min()), error
for kind in ("?", "<M8[s]"):
    try:
        bounded.encode((data > 0).astype(kind))
    except ValueError as reason:
        assert "no bound" in str(reason), reason
    else:
        raise AssertionError(kind)
"""


def test_format_2_by_zarr_2(zarr2_python, tmp_path):
    run_installed(zarr2_python, FORMAT_2, tmp_path / "x.zarr")


def test_format_2_by_zarr_3(zarr3_python, tmp_path):
    run_installed(zarr3_python, FORMAT_2, tmp_path / "x.zarr")


FORMAT_3 = """
import json, sys, numpy, zarr
from h5prism.zarr import PrismCodec
path = sys.argv[1]
random = numpy.random.default_rng(0)
for kind in ("int8", "uint8", "int16", "uint16", "bool", "uint64", "float16", "float64", "complex64"):
    for shards in (None, (32, 20, 8)):
        base = random.normal(0, 30, (30, 20, 1)) + random.normal(0, 3, (30, 20, 7))
        data = (abs(base) if "u" in kind else base).astype(kind)
        zarr.create_array(path, data=data, chunks=(16, 20, 4), shards=shards, overwrite=True,
                          serializer=PrismCodec(effort=2), compressors=None)
        again = zarr.open_array(path, mode="r")
        assert again.dtype == data.dtype
        numpy.testing.assert_array_equal(again[...], data)
        numpy.testing.assert_array_equal(again[3:25, ::3], data[3:25, ::3])
codec = {"name": "h5prism", "configuration": {"effort": 2}}
assert codec in json.load(open(path + "/zarr.json"))["codecs"][0]["configuration"]["codecs"]
assert PrismCodec.from_dict(codec) == PrismCodec(effort=2) != PrismCodec()
assert PrismCodec.from_dict(PrismCodec().to_dict()) == PrismCodec()
"""


def test_format_3(zarr3_python, tmp_path):
    run_installed(zarr3_python, FORMAT_3, tmp_path / "x.zarr")


BOUNDED = """
import json, sys, numpy, zarr
from h5prism.zarr import PrismCodec
y, x, c = numpy.indices((40, 50, 6))
noise = numpy.random.default_rng(0).normal(size=y.shape)
data = (30 * numpy.sin(y / 7 + c) * numpy.cos(x / 9) + noise).astype("f4")
data[::7, 3:9] = 0
for options in ({"rel_rmse": 0.05}, {"max_error": 0.5}, {"rel_max_error": 0.01}):
    for missing in ({}, {"missing": 0}):
        zarr.create_array(sys.argv[1], data=data, chunks=(20, 25, 6), overwrite=True,
                          serializer=PrismCodec(**options, **missing), compressors=None)
        stored = json.load(open(sys.argv[1] + "/zarr.json"))["codecs"][0]["configuration"]
        assert set(stored) == {*options, *missing}, stored
        decoded = zarr.open_array(sys.argv[1], mode="r")[...]
        (bound, value), = options.items()
        if missing:
            assert ((decoded == 0) == (data == 0)).all()
        for i in range(0, 40, 20):
            for j in range(0, 50, 25):
                a, b = data[i:i + 20, j:j + 25].astype("f8"), decoded[i:i + 20, j:j + 25].astype("f8")
                error = {"max_error": lambda: abs(a - b).max(),
                         "rel_max_error": lambda: abs(a - b).max() / (a.max() - a.min()),
                         "rel_rmse": lambda: numpy.sqrt(((a - b) ** 2).sum() / (a ** 2).sum())}[bound]()
                assert 0 < error <= value, (options, error)
"""


def test_format_3_with_bounds(zarr3_python, tmp_path):
    """Of each chunk; a value of missing data stays, and is stored in the configuration."""
    run_installed(zarr3_python, BOUNDED, tmp_path / "x.zarr")


FOUND_BY_NAME = """
import sys, numpy, zarr
assert not any(name.startswith("h5prism") for name in sys.modules)
codec = {"name": "h5prism", "configuration": {}}
zarr.create_array(sys.argv[1], data=numpy.arange(100, dtype="i2"), serializer=codec,
                  compressors=None)
assert zarr.open_array(sys.argv[1], mode="r")[7] == 7
"""


def test_format_3_finds_the_codec_by_its_name(zarr3_python, tmp_path):
    run_installed(zarr3_python, FOUND_BY_NAME, tmp_path / "x.zarr")


DAMAGED = """
import sys, numpy, zarr
from pathlib import Path
import h5prism
from h5prism.zarr import PrismCodec
x = numpy.arange(100, dtype="i2")
zarr.create_array(sys.argv[1], data=x, serializer=PrismCodec(), compressors=None, chunks=(100,))
path = Path(sys.argv[1], "c", "0")
whole = path.read_bytes()
broken = {"PrismError": [whole[:-1], whole[:-9] + b"?" + whole[-8:], b"",
                         h5prism.encode(x.astype("u2")), h5prism.encode(x[1:])],
          "None": [whole, h5prism.encode(x.astype(">i2")), h5prism.encode(x.reshape(10, 10))]}
for expected, blobs in broken.items():
    for blob in blobs:
        path.write_bytes(blob)
        try:
            assert (zarr.open_array(sys.argv[1], mode="r")[:] == x).all()
            found = "None"
        except h5prism.PrismError:
            found = "PrismError"
        assert found == expected, (blob, found)
"""


def test_format_3_with_other_chunks(zarr3_python, tmp_path):
    run_installed(zarr3_python, DAMAGED, tmp_path / "x.zarr")


@pytest.fixture
def file(tmp_path):
    """An HDF5 file with chunks at its edges, one that was never written, and a group."""
    with h5py.File(tmp_path / "x.h5", "w") as opened:
        for kind in ("i1", "u1", "<i2", ">u2", "<f4"):
            made = opened.create_dataset(
                f"run/{np.dtype(kind).name}", (37, 41, 10), kind, chunks=(16, 12, 10),
                fillvalue=5, compression=Prism(effort=2),
            )  # fmt: skip
            made[:32] = correlated((32, 41, 10), kind.replace("f4", "i2"))
        for name, kind in (("zeros", "i1"), ("float zeros", ">f4"), ("false", "?")):
            made = opened.create_dataset(name, (37, 41, 10), kind, chunks=(16, 12, 10), **Prism())
            made[:32, 2:] = (correlated((32, 39, 10), "i1") // 64).astype(kind)
        opened["flags"] = np.zeros(3)
        h5prism.write(opened, "mask", noise((37, 41), "i1") > 0, chunks=(20, 20))
    with h5py.File(tmp_path / "x.h5") as opened:
        yield opened


UNFILLED = ["zeros", "float zeros", "false"]  # no fill value is set
NAMES = ["run/int8", "run/uint8", "run/int16", "run/uint16", "run/float32", "mask", *UNFILLED]

CHUNK_BYTES = """
import sys, h5py, numcodecs, numpy
with h5py.File(sys.argv[1]) as file:
    for name in sys.argv[2:]:
        offset = (0,) * file[name].ndim
        chunk = numcodecs.get_codec({"id": "h5prism"}).decode(file[name].id.read_direct_chunk(offset)[1])
        numpy.testing.assert_array_equal(chunk.view(file[name].dtype),
                                         file[name][tuple(map(slice, file[name].chunks))])
"""


def test_chunks_of_an_hdf5_file(zarr3_python, file):
    code = "import h5prism\n" + CHUNK_BYTES
    run_installed(zarr3_python, code, file.filename, *NAMES)


READ_REFERENCES = """
import json, sys, fsspec, numpy, zarr
assert "h5py" not in sys.modules
path, copies, *names = sys.argv[1:]
expected = numpy.load(copies)
references = json.load(open(path))
zarr_format = 2 if ".zgroup" in references["refs"] else 3
if zarr.__version__ >= "3":
    files = fsspec.filesystem("reference", fo=references, asynchronous=True, remote_protocol="file",
                              remote_options={"asynchronous": True, "auto_mkdir": False})
    root = zarr.open_group(zarr.storage.FsspecStore(files, read_only=True), mode="r",
                           zarr_format=zarr_format)
else:
    root = zarr.open_group(fsspec.filesystem("reference", fo=references).get_mapper(""), mode="r")
for name in names:
    numpy.testing.assert_array_equal(root[name][...], expected[name.replace("/", "-")])
    numpy.testing.assert_array_equal(root[name][5:17, 3], expected[name.replace("/", "-")][5:17, 3])
"""


def refer(file, tmp_path, zarr_format):
    """Arguments of READ_REFERENCES."""
    references = {}
    for name in NAMES:
        references.update(h5prism.references(file[name], zarr_format=zarr_format)["refs"])
    path, copies = tmp_path / "x.json", tmp_path / "x.npz"
    path.write_text(json.dumps({"version": 1, "refs": references}))
    np.savez(copies, **{name.replace("/", "-"): file[name][()] for name in NAMES})
    return path, copies, *NAMES


@pytest.fixture
def referred(file, tmp_path):
    return refer(file, tmp_path, 2)


def test_references_read_by_zarr_2(zarr2_python, referred):
    run_installed(zarr2_python, READ_REFERENCES, *referred)


def test_references_read_by_zarr_3(zarr3_python, referred):
    run_installed(zarr3_python, READ_REFERENCES, *referred)


def test_references_of_format_3(zarr3_python, file, tmp_path):
    run_installed(zarr3_python, READ_REFERENCES, *refer(file, tmp_path, 3))


def test_references_of_another_format(file):
    with pytest.raises(ValueError, match="zarr_format=4"):
        h5prism.references(file["mask"], zarr_format=4)


def test_parts_of_chunks(zarr3_python, tmp_path):
    code = (ROOT / "h5tests" / "zarr_parts.py").read_text()
    run_installed(zarr3_python, code, tmp_path)


MISSING_VALUES = """
import json, sys, numpy, xarray
import h5prism.numcodecs
path, copies, *names = sys.argv[1:]
expected = numpy.load(copies)
refs = {key: place for key, place in json.load(open(path))["refs"].items()
        if key.split("/")[0] in (".zgroup", *names)}
refs |= {f"{name}/.zattrs": '{"_ARRAY_DIMENSIONS": ["y", "x", "channel"]}' for name in names}
options = {"fo": {"version": 1, "refs": refs}, "remote_protocol": "file",
           "remote_options": {"asynchronous": True, "auto_mkdir": False}, "asynchronous": True}
cube = xarray.open_dataset("reference://", engine="zarr", consolidated=False, zarr_format=2,
                           storage_options=options)
for name in names:
    assert (expected[name] == 0).sum() > 3000
    assert cube[name].dtype == expected[name].dtype.newbyteorder("="), cube[name].dtype
    numpy.testing.assert_array_equal(cube[name].values, expected[name])
"""


def test_zeros_are_no_missing_values(zarr3_python, referred):
    """xarray shows the fill value of a Zarr array as NaN."""
    path, copies, *_ = referred
    run_installed(zarr3_python, MISSING_VALUES, path, copies, *UNFILLED)


KERCHUNK = """
import json, sys
from kerchunk.combine import merge_vars
merged = merge_vars([json.load(open(path)) for path in sys.argv[1:]])
assert {"a/.zarray", "b/.zarray", "a/0.0", "b/1.0"} <= merged["refs"].keys()
"""


def test_kerchunk_takes_the_references(zarr3_python, tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as opened:
        for name in "ab":
            made = h5prism.write(opened, name, noise((20, 8), "u1"), chunks=(10, 8))
            (tmp_path / f"{name}.json").write_text(json.dumps(h5prism.references(made, "x.h5")))
    run_installed(zarr3_python, KERCHUNK, tmp_path / "a.json", tmp_path / "b.json")


def test_references_say_where_the_chunks_are(file):
    dataset = file["run/int16"]
    found = h5prism.references(dataset, "https://example.org/x.h5")
    assert found["version"] == 1
    assert {".zgroup", "run/.zgroup", "run/int16/.zarray"} <= found["refs"].keys()
    metadata = json.loads(found["refs"]["run/int16/.zarray"])
    assert metadata["filters"] == [{"id": "h5prism", "effort": 2}]
    assert metadata["compressor"] is None
    assert (metadata["dtype"], metadata["fill_value"]) == ("<i2", 5)
    url, start, size = found["refs"]["run/int16/1.2.0"]
    assert url == "https://example.org/x.h5"
    with open(file.filename, "rb") as raw:
        raw.seek(start)
        assert_same(h5prism.decode(raw.read(size)), dataset[16:32, 24:36])
    assert "run/int16/2.0.0" not in found["refs"]


@pytest.mark.parametrize(
    "dtype, fill, expected",
    [
        ("i1", None, None),
        ("<f4", None, None),
        ("?", None, None),
        ("i1", 0, 0),
        ("i1", -7, -7),
        ("u8", 2**64 - 1, 2**64 - 1),
        ("?", True, True),
        (">f4", 2.5, 2.5),
        ("f8", np.nan, "NaN"),
        ("f2", -np.inf, "-Infinity"),
    ],
)
def test_fill_values_are_null_unless_they_are_set(tmp_path, dtype, fill, expected):
    with h5py.File(tmp_path / "x.h5", "w") as opened:
        made = opened.create_dataset("x", (9,), dtype, chunks=(4,), fillvalue=fill, **Prism())
        made[4:8] = 1
        refs = h5prism.references(made)["refs"]
    metadata = json.loads(refs["x/.zarray"])
    assert metadata["fill_value"] == expected and type(metadata["fill_value"]) is type(expected)
    written = ["x/1"] if fill is not None else ["x/0", "x/1", "x/2"]
    assert sorted(key for key in refs if key.startswith("x/") and key[2:].isdigit()) == written
    if fill is None:
        zeros = h5prism.decode(base64.b64decode(refs["x/0"].split(":")[1]))
        assert_same(zeros.view(dtype), np.zeros(4, dtype))


def test_what_cannot_be_referred_to(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as opened:
        values = noise((8, 8), "u1")
        other = opened.create_dataset("other", data=values, chunks=(8, 8), compression="lzf")
        skipped = h5prism.write(opened, "skipped", values)
        skipped.id.write_direct_chunk((0, 0), values.tobytes(), filter_mask=1)
        texts = opened.create_dataset("texts", data=["a", "b"])
        for dataset in (other, skipped, texts):
            with pytest.raises(PrismError, match="filter|converts"):
                h5prism.references(dataset)
        opened["plain"] = values
        with pytest.warns(UserWarning, match="left out") as warned:
            refs = h5prism.references(opened)["refs"]
        assert len(warned) == 3 and {key.split("/")[0] for key in refs} == {
            ".zgroup", ".zattrs", "plain",
        }  # fmt: skip
    with h5py.File(tmp_path / "y.h5", "w", userblock_size=512) as opened:
        h5prism.write(opened, "x", values)
        for item in opened["x"], opened:
            with pytest.raises(PrismError, match="user block"):
                h5prism.references(item)


@pytest.mark.parametrize("name", ["numcodecs", "zarr"])
def test_codecs_are_imported_only_when_used(name):
    code = f"import sys, h5prism; sys.exit('{name}' in sys.modules)"
    assert run_python("-c", code).returncode == 0
