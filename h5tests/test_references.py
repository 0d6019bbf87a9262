"""References to whole files, as their readers open them: xarray, kerchunk, VirtualiZarr, Icechunk.

All wheels are the newest ones; the package is that of the source tree, whose codecs are known by an
import.
"""

import json
import subprocess
import sys

import h5py
import numpy as np
import pytest
from filter_support import not_sanitized
from python_support import BUILD, ROOT, assert_same, correlated, run_python
from tool_support import ATTRIBUTE, LAYOUT, fails, set_version, tool
from venv_support import plain_variables, venv_python

import h5prism
from h5prism import Prism, PrismError

COUNTS = np.random.default_rng(0).integers(0, 256, (30, 20)).astype("u1")  # 255 is no missing value
CUBE = correlated((30, 20, 4), "<i2").astype("<f4")
TIMES = correlated((3, 30, 20), "<i2")


@pytest.fixture
def path(tmp_path):
    """A file as netCDF makes it: scales, attributes, fill values, several filters."""
    path = tmp_path / "x.nc"
    with h5py.File(path, "w") as file:
        file.attrs["title"] = "hello"
        for name, size in (("t", 3), ("y", 30), ("x", 20), ("c", 4)):
            file.create_dataset(name, data=np.arange(size, dtype="f8")).make_scale(name)
        made = {
            "cube": dict(data=CUBE, chunks=(16, 20, 4), **Prism(effort=2)),
            "shuffled": dict(
                data=CUBE, chunks=(16, 20, 4), shuffle=True, fletcher32=True, **Prism()
            ),
            "checked": dict(
                data=CUBE.astype(">i4"), chunks=(16, 20, 4), fletcher32=True, **Prism()
            ),
            "counts": {"data": COUNTS, "chunks": (16, 16), "compression": "gzip", "shuffle": True},
            "times": dict(data=TIMES, chunks=(1, 30, 20), fillvalue=-9, **Prism()),
            "plain": {"data": COUNTS},
        }
        for name, keywords in made.items():
            dataset = file.create_dataset(name, **keywords)
            scales = {3: "tyx" if name == "times" else "yxc", 2: "yx"}[dataset.ndim]
            for axis, scale in enumerate(scales):
                dataset.dims[axis].attach_scale(file[scale])
        file["cube"].attrs.update(units="K", valid_range=[1.0, 2.0], one=np.array([7]))
        file["times"].attrs["_FillValue"] = np.int16(-9)
        file["times"].attrs["scale_factor"] = 0.5
        file.create_dataset("run/inner", data=CUBE, chunks=(16, 20, 4), **Prism())
    return path


@pytest.fixture(scope="session")
def virtual_python():
    packages = "h5py xarray h5netcdf zarr>=3 kerchunk virtualizarr icechunk fastparquet"
    return venv_python("virtual", *packages.split())


def run(python, code, *arguments):
    done = subprocess.run(
        [python, "-c", code, *map(str, arguments)],
        env=plain_variables()
        | {
            "PYTHONPATH": str(ROOT / "python"),
            "H5PRISM_LIBRARY": str(BUILD / "plugins" / "libh5prism.so"),
        },
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.returncode == 0, done.stdout + done.stderr


COMPARE = """
import json, sys, h5py, numpy, xarray
import h5prism, h5prism.numcodecs, h5prism.zarr
path = sys.argv[1]
original = xarray.open_dataset(path, engine="h5netcdf").load()

def compare(opened, names=("cube", "shuffled", "checked", "counts", "times", "plain", "x")):
    assert opened.attrs == {"title": "hello"}, opened.attrs
    for name in names:
        ours, theirs = opened[name], original[name]
        numpy.testing.assert_array_equal(ours.values, theirs.values)
        assert ours.dtype == theirs.dtype.newbyteorder("=") and ours.dims == theirs.dims, ours
        assert ours.attrs.keys() == theirs.attrs.keys(), (ours.attrs, theirs.attrs)
    if "cube" in names:
        assert opened["cube"].attrs["units"] == "K" and opened["cube"].attrs["one"] == 7
        assert list(opened["cube"].attrs["valid_range"]) == [1, 2]
        assert "x" in opened["cube"].coords

def by_zarr(refs, zarr_format, **keywords):
    options = {"fo": refs, "remote_protocol": "file", "asynchronous": True,
               "remote_options": {"asynchronous": True}}
    return xarray.open_dataset("reference://", engine="zarr", consolidated=False,
                               storage_options=options, zarr_format=zarr_format, **keywords)
"""

XARRAY = """
file = h5py.File(path)
for zarr_format in 2, 3:
    refs = h5prism.references(file, zarr_format=zarr_format)
    compare(by_zarr(refs, zarr_format))
    for item in file["run"], file["cube"]:
        opened = by_zarr(h5prism.references(item, zarr_format=zarr_format), zarr_format)
        (name,) = opened
        assert (opened[name].values == file["run/inner"][...]).all()
        assert opened[name].dims == (
            ("y", "x", "c") if name == "cube" else ("phony_dim_30", "phony_dim_20", "phony_dim_4")
        )
"""


def test_xarray(virtual_python, path):
    run(virtual_python, COMPARE + XARRAY, path)


KERCHUNK = """
refs = h5prism.references(h5py.File(path))
compare(xarray.open_dataset(refs, engine="kerchunk"))
from kerchunk.combine import MultiZarrToZarr
later = json.loads(json.dumps(refs))
import base64
moved = numpy.arange(3, 6, dtype="f8").tobytes()
later["refs"]["t/0"] = "base64:" + base64.b64encode(moved).decode()
same = ["x", "y", "c", "cube", "shuffled", "checked", "counts", "plain"]
both = MultiZarrToZarr([refs, later], concat_dims=["t"], identical_dims=same,
                       remote_protocol="file").translate()
times = xarray.open_dataset(both, engine="kerchunk")["times"].values
numpy.testing.assert_array_equal(times, numpy.concatenate([original["times"].values] * 2))
"""


def test_kerchunk(virtual_python, path):
    run(virtual_python, COMPARE + KERCHUNK, path)


KERCHUNK_TRANSLATOR = """
import kerchunk.hdf
from h5prism.kerchunk import SingleHdf5ToZarr
found = SingleHdf5ToZarr(path, inline_threshold=0, error="raise").translate()
opened = xarray.open_dataset(found, engine="kerchunk", mask_and_scale=False)
for name in "cube", "shuffled", "checked", "counts", "plain":
    assert any(key.startswith(name + "/0") for key in found["refs"]), name
    numpy.testing.assert_array_equal(opened[name].values, original[name].values)
assert opened["cube"].dims == original["cube"].dims
try:
    kerchunk.hdf.SingleHdf5ToZarr(path, error="raise").translate()
except Exception as error:
    assert "33128" in str(error)
else:
    raise AssertionError("kerchunk knows the filter: h5prism.kerchunk is not needed")
"""


def test_kerchunk_translates(virtual_python, path):
    """By its own class, with one method of ours."""
    run(virtual_python, COMPARE + KERCHUNK_TRANSLATOR, path)


VIRTUALIZARR = """
from obspec_utils.registry import ObjectStoreRegistry
from obstore.store import LocalStore
from virtualizarr import open_virtual_dataset
from virtualizarr.parsers import KerchunkJSONParser
import h5prism.virtualizarr

registry = ObjectStoreRegistry({"file://": LocalStore()})
with open(path + ".json", "w") as out:
    json.dump(h5prism.references(h5py.File(path)), out)
for url, parser in ((f"file://{path}.json", KerchunkJSONParser()),
                    (f"file://{path}", h5prism.virtualizarr.PrismParser())):
    compare(xarray.open_zarr(parser(url, registry), consolidated=False, zarr_format=3))
virtual = open_virtual_dataset(f"file://{path}", registry=registry, parser=parser,
                               loadable_variables=[])
"""

ICECHUNK = """
import icechunk, os
folder = f"file://{os.path.dirname(path)}/"
config = icechunk.RepositoryConfig.default()
config.set_virtual_chunk_container(icechunk.VirtualChunkContainer(
    folder, icechunk.local_filesystem_store(os.path.dirname(path))))
repository = icechunk.Repository.create(icechunk.in_memory_storage(), config,
                                        authorize_virtual_chunk_access={folder: None})
session = repository.writable_session("main")
virtual.vz.to_icechunk(session.store)
session.commit("all")
compare(xarray.open_zarr(repository.readonly_session("main").store, consolidated=False,
                         zarr_format=3))
"""


def test_virtualizarr(virtual_python, path):
    run(virtual_python, COMPARE + VIRTUALIZARR, path)


def test_icechunk(virtual_python, path):
    run(virtual_python, COMPARE + VIRTUALIZARR + ICECHUNK, path)


COMMAND = """
from h5prism._references_command import main
for name, group in ("refs.json", []), ("refs.parq", ["--dataset", "run"]):
    arguments = [path, "-o", f"{path}.{name}", *group]
    assert main(arguments) == 0
    opened = xarray.open_dataset(f"{path}.{name}", engine="kerchunk")
    if group:  # fsspec takes groups within one in Parquet for arrays, at times
        assert (opened["inner"].values == h5py.File(path)["run/inner"][...]).all()
    else:
        compare(opened)
    assert main(arguments) == 1
    assert main([*arguments, "--force"]) == 0
"""


def test_files_of_references(virtual_python, path):
    run(virtual_python, COMPARE + COMMAND, path)


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "h5prism", "references", *map(str, arguments)],
        capture_output=True,
        text=True,
    )


def test_the_command(path, tmp_path):
    done = command(path, "--dataset", "run", "--url", "https://example.org/x.nc")
    refs = json.loads(done.stdout)["refs"]
    assert (done.returncode, done.stderr) == (0, "")
    assert refs["inner/0.0.0"][0] == "https://example.org/x.nc" and "run/inner/0.0.0" not in refs
    refs = json.loads(command(path, "--zarr-format", "3").stdout)["refs"]
    assert "run/inner/zarr.json" in refs
    for arguments, code in (
        ((path, "-o", "x.txt"), 2),
        (("none.h5",), 1),
        ((path, "--dataset", "no"), 1),
    ):
        done = command(*arguments)
        assert done.returncode == code and done.stderr.count("h5prism") and not done.stdout
    assert [file.name for file in tmp_path.iterdir()] == ["x.nc"]


@not_sanitized
def test_the_command_of_the_tool(path, tmp_path, monkeypatch):
    monkeypatch.setenv("H5PRISM_PYTHON", sys.executable)
    tool("references", path, "-o", tmp_path / "x.json")
    printed = json.loads(tool("references", path, "--dataset", "run").stdout)
    assert json.loads((tmp_path / "x.json").read_text())["refs"].keys() > {"cube/.zarray"}
    assert "inner/.zarray" in printed["refs"]
    fails("references", tmp_path / "none.h5", word="none.h5")
    (tmp_path / "h5prism.py").write_text("")
    done = tool("references", path, check=False, PYTHONPATH=str(tmp_path))
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "needs the Python package h5prism" in done.stderr
    monkeypatch.setenv("H5PRISM_PYTHON", str(tmp_path / "python"))
    fails("references", path, word="needs Python")


def test_arrays_of_format_3_say_what_comes_first(path):
    with h5py.File(path) as file:
        refs = h5prism.references(file, zarr_format=3)["refs"]
    names = {
        name: [codec["name"] for codec in json.loads(refs[f"{name}/zarr.json"])["codecs"]]
        for name in ("cube", "checked", "shuffled", "counts", "plain")
    }
    assert names == {
        "cube": ["h5prism"],
        "checked": ["h5prism", "numcodecs.fletcher32"],
        "shuffled": ["bytes", "numcodecs.shuffle", "numcodecs.h5prism", "numcodecs.fletcher32"],
        "counts": ["bytes", "numcodecs.shuffle", "numcodecs.zlib"],
        "plain": ["bytes"],
    }


def test_names_of_dimensions(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["square"] = np.zeros((5, 5, 3))
        file["square"].dims[2].label = "channel"
        file["line"] = np.zeros(3)
        refs = h5prism.references(file)["refs"]
    dimensions = {
        name: json.loads(refs[f"{name}/.zattrs"])["_ARRAY_DIMENSIONS"]
        for name in ("square", "line")
    }
    assert dimensions == {
        "square": ["phony_dim_5", "phony_dim_5_2", "channel"],
        "line": ["phony_dim_3"],
    }


def test_places_of_datasets_without_chunks(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["scalar"] = np.int32(7)
        file["whole"] = np.arange(12.0).reshape(3, 4)
        compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        compact.set_layout(h5py.h5d.COMPACT)
        space = h5py.h5s.create_simple((3,))
        h5py.h5d.create(file.id, b"compact", h5py.h5t.STD_I16LE, space, compact)
        file["compact"][...] = [1, 2, 3]
        file.create_dataset("unwritten", (2,), "u1", fillvalue=9)
        file.create_dataset("empty", (0, 3), "u1")
    with h5py.File(tmp_path / "x.h5") as file:
        refs = h5prism.references(file)["refs"]
        place, start, size = refs["whole/0.0"]
        assert place == str(tmp_path / "x.h5")
        with open(place, "rb") as raw:
            raw.seek(start)
            assert_same(np.frombuffer(raw.read(size)).reshape(3, 4), file["whole"][...])
    assert refs["scalar/0"][2] == 4
    assert refs["compact/0"] == "base64:AQACAAMA"
    assert refs["unwritten/0"] == "base64:CQk=" and "empty/0.0" not in refs


def test_chunks_at_the_edge_without_filters(tmp_path):
    """A file may say that chunks at the edge are stored plain: by the newest layout alone."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        dataset = file.create_dataset("x", data=np.zeros(10, "i4"), chunks=(8,), compression="gzip")
        dataset.id.write_direct_chunk((8,), bytes(32))
        with pytest.raises(PrismError, match="without the filter"):
            h5prism.references(dataset)


def test_what_cannot_be_read_is_left_out(tmp_path):
    """Of a newer HDF5, or of types that neither numpy nor Zarr has; the rest is there."""
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        for name in ("g/new", "g/old", "strange", "twice"):
            file.create_dataset(name, data=COUNTS, chunks=(16, 16)).attrs["unit"] = "m"
        file["again"], file["g/up"] = file["twice"], file["/"]
        file["soft"] = h5py.SoftLink("/g/old")
        file.create_dataset("long", data=np.ones(3, "g"))
        space = h5py.h5s.create_simple((3,))
        h5py.h5d.create(file.id, b"time", h5py.h5t.UNIX_D64LE, space)
        h5py.h5a.create(file["g/old"].id, b"when", h5py.h5t.UNIX_D64LE, space)
        file["g/old"].attrs["long"] = np.ones(1, "g")
    set_version(path, "g/new", LAYOUT, 0, 77)
    set_version(path, "strange", ATTRIBUTE, 16, 7 << 4)
    with h5py.File(path) as file:
        for zarr_format in (2, 3):
            with pytest.warns(UserWarning, match="left out of the references") as caught:
                refs = h5prism.references(file, zarr_format=zarr_format)["refs"]
            assert {warning.filename for warning in caught} == {__file__}
            found = {key.rsplit("/", 1)[0] for key in refs if key.endswith((".zarray", "zarr.json"))}
            assert found - {".", "g", "zarr.json"} == {"again", "g/old"}
        told = [str(warning.message).split(": ")[1] for warning in caught]
        assert told == ["g/new", "/long", "/strange", "/time"]


MISSING = [  # type, attribute _FillValue, fill value
    ("u1", 7.0, 7),
    ("u1", 300, None),
    ("u1", -1, None),
    ("i2", np.nan, None),
    ("i2", "x", None),
    ("i2", h5py.Empty("i2"), None),
    ("i2", np.zeros(0, "i2"), None),
    ("f8", 1j, None),
    ("f4", 0.1, float(np.float32(0.1))),
    ("S3", "ü", "w7w="),
]


@pytest.mark.parametrize(("kind", "given", "expected"), MISSING)
def test_fill_values_that_no_element_has(tmp_path, kind, given, expected):
    """Another value would be taken for missing."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("x", (4,), kind).attrs["_FillValue"] = given
        array = json.loads(h5prism.references(file)["refs"]["x/.zarray"])
    assert array["fill_value"] == expected


def test_a_closed_file(path):
    file = h5py.File(path)
    file.close()
    with pytest.raises(ValueError, match="closed"):
        h5prism.references(file)


def test_the_codec_of_bytes_needs_no_array(virtual_python):
    run(
        virtual_python,
        """
import warnings, numpy, zarr
from h5prism.zarr import PrismBytesCodec
warnings.simplefilter("ignore")
data = (numpy.arange(40)[:, None] * numpy.ones((1, 30))).astype(">i2")
array = zarr.create_array({}, data=data, chunks=(20, 30), compressors=[PrismBytesCodec(effort=2)],
                          serializer=zarr.codecs.BytesCodec(endian="big"))
assert (array[...] == data).all()
stored = array.info_complete()._count_bytes_stored
assert stored < data.nbytes / 2, stored
assert array.metadata.to_dict()["codecs"][1]["configuration"] == {"effort": 2}
""",
    )


def test_no_module_is_needed_before_it_is_used():
    run_python(
        "import sys, h5prism; assert not {'numcodecs', 'zarr', 'virtualizarr'} & set(sys.modules)"
    )
