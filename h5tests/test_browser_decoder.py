"""The decoder as WebAssembly and the npm package, in Node.

What scripts/browser has built is tested; where it has not been run, or where a program is missing, tests
are skipped with the reason. scripts/test-browser builds first.
"""

import gzip
import hashlib
import json
import os
import shutil
import subprocess

import h5py
import numpy as np
import pytest
from browser_support import BROWSER, PACKAGE, PAGE, WITH_JXL, needs_build
from filter_support import ROOT
from generated import embedding, smooth, stack
from kinds import KINDS

import h5prism

TESTS = ROOT / "browser" / "tests"
MODULES = BROWSER / "modules" / "node_modules"
MOST_BYTES = 400_000  # of the first module by gzip

pytestmark = needs_build
needs_node = pytest.mark.skipif(not shutil.which("node"), reason="there is no node")


def node(*arguments, **variables):
    where = {"PACKAGE": str(PACKAGE), "PAGE": str(PAGE)} | {k: str(v) for k, v in variables.items()}
    return subprocess.run(
        ["node", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=1800,
        env=os.environ | where,
    )


def test_size():
    assert len(gzip.compress((PACKAGE / "h5prism.wasm").read_bytes(), 9)) <= MOST_BYTES


@needs_node
def test_golden_chunks():
    done = node("--test", TESTS / "decoder.test.mjs")
    assert done.returncode == 0, done.stdout
    assert not WITH_JXL or "# skipped 0" in done.stdout


@needs_node
def test_without_the_module_of_jpeg_xl(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "package")
    (tmp_path / "package" / "h5prism-jxl.wasm").unlink(missing_ok=True)
    code = (
        'import { readFileSync } from "node:fs";'
        f'import {{ decode }} from "{tmp_path}/package/index.js";'
        f'await decode(readFileSync("{ROOT}/h5tests/golden/lift_jxl_u16.prism"));'
    )
    done = node("--input-type=module", "-e", code)
    assert "JPEG XL needs the module h5prism-jxl.wasm, which cannot be loaded" in done.stderr


def write_chunk(folder, name, array, **options):
    array = np.ascontiguousarray(array)
    (folder / f"{name}.prism").write_bytes(h5prism.encode(array, **options))
    np.save(folder / f"{name}.npy", array)


@needs_node
def test_kinds_of_arrays(tmp_path):
    """What only encoding needs is not in the module: nothing else may be missing."""
    for number, (name, make) in enumerate(KINDS.items()):
        array = make()
        if array.dtype.kind == "b":
            array = array.view("u1")
        write_chunk(tmp_path, f"{number:03} {name}", array, effort=[2, 5][number % 2])
    for effort in (3, 7, 9):
        write_chunk(tmp_path, f"stack {effort}", stack(4, 24, 30), transform="stack", effort=effort)
        write_chunk(tmp_path, f"embedding {effort}", embedding(24, 25, 12, "i1"), effort=effort)
    lossy = smooth(np.arange(40 * 50).reshape(40, 50) * 7919 % 1000, 5).astype("f4")
    for bound in ("max_error", "rel_max_error", "rel_rmse"):
        chunk = h5prism.encode(lossy, **{bound: 0.01})
        (tmp_path / f"{bound}.prism").write_bytes(chunk)
        np.save(tmp_path / f"{bound}.npy", h5prism.decode(chunk))
    done = node("--test", TESTS / "decoder.test.mjs", CHUNKS=tmp_path)
    assert done.returncode == 0, done.stdout


def write_zarr(folder, name, array, metadata):
    """A Zarr array of one chunk, by hand."""
    place = folder / name
    place.mkdir(parents=True)
    np.save(folder / f"{name}.npy", array)
    file = "zarr.json" if metadata.get("zarr_format") == 3 else ".zarray"
    (place / file).write_text(json.dumps(metadata))
    chunk = place / ("c/0/0/0" if file == "zarr.json" else "0.0.0")
    chunk.parent.mkdir(parents=True, exist_ok=True)
    chunk.write_bytes(h5prism.encode(array))
    return chunk


def version_2(array):
    return {"zarr_format": 2, "shape": array.shape, "chunks": array.shape, "dtype": array.dtype.str,
            "compressor": {"id": "h5prism"}, "fill_value": 0, "order": "C", "filters": None}  # fmt: skip


def version_3(array, *codecs):
    return {"zarr_format": 3, "node_type": "array", "shape": array.shape, "data_type": array.dtype.name,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": array.shape}},
            "chunk_key_encoding": {"name": "default"}, "fill_value": 0, "attributes": {},
            "codecs": [{"name": name, "configuration": given} for name, given in codecs]}  # fmt: skip


@needs_node
@pytest.mark.skipif(not MODULES.exists(), reason="scripts/test-browser has not installed zarrita")
def test_zarrita(tmp_path):
    array, floats = embedding(20, 30, 8, "i1"), embedding(20, 30, 8, "i1").astype("f4") / 7
    own = ("h5prism", {})
    write_zarr(tmp_path, "v2", array, version_2(array))
    write_zarr(tmp_path, "v3", array, version_3(array, own))
    write_zarr(tmp_path, "v3_float", floats, version_3(floats, own))
    plain = (("bytes", {"endian": "little"}), ("numcodecs.h5prism", {}))
    write_zarr(tmp_path, "v3_bytes", floats, version_3(floats, *plain))
    chunk = write_zarr(tmp_path, "damaged", array, version_3(array, own))
    damaged = bytearray(chunk.read_bytes())
    damaged[len(damaged) // 2] ^= 4
    chunk.write_bytes(damaged)
    done = node("--test", TESTS / "zarrita.test.mjs", MODULES=MODULES, ZARR=tmp_path)
    assert done.returncode == 0 and "# skipped 0" in done.stdout, done.stdout


@needs_node
@pytest.mark.skipif(
    not (MODULES / "typescript").exists(),
    reason="scripts/test-browser has not installed typescript",
)
def test_types(tmp_path):
    (tmp_path / "use.ts").write_text(
        'import { decode, Decoder, PrismError, type ChunkInfo } from "h5prism";\n'
        'import { registerH5prism } from "h5prism/zarrita";\n'
        "registerH5prism(new Map<string, () => Promise<any>>());\n"
        "const { data, info } = await decode(new Uint8Array(3));\n"
        "const first: number | bigint | undefined = data[0], facts: ChunkInfo = info;\n"
        'const reader = (await Decoder.load("h5prism.wasm")).open(new Uint8Array(3));\n'
        "console.log(first, facts.axis, reader.read([0], [1]).shape, PrismError);\n"
        "export {};\n"
    )
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "h5prism").symlink_to(PACKAGE)
    options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022"]
    done = node(MODULES / "typescript" / "bin" / "tsc", *options, tmp_path / "use.ts")
    assert done.returncode == 0, done.stdout


# ---- The reader of HDF5's structure


def write_structures(path, libver):
    """Every index of chunks, links of every kind, attributes in headers and apart."""
    with h5py.File(path, "w", libver=libver) as file:
        x = embedding(40, 37, 12, "i1")
        gz, prism = {"compression": "gzip"}, h5prism.Prism()
        file.create_dataset("prism", data=x, chunks=(16, 16, 12), **prism)
        file.create_dataset(
            "checked", data=x.astype("i4"), chunks=(16, 16, 12), shuffle=True, fletcher32=True, **gz
        )
        file.create_dataset("plain", data=x.astype(">f4"))
        file.create_dataset("single", data=x, chunks=x.shape, **prism)
        file.create_dataset(
            "big-endian", data=np.arange(100, dtype=">u2").reshape(10, 10), chunks=(5, 5), **prism
        )
        many = np.arange(60000, dtype="u4")
        file.create_dataset(
            "growing", data=many[:3000].reshape(300, 10), chunks=(2, 3), maxshape=(None, 10)
        )
        file.create_dataset(
            "growing, last",
            data=many[:9000].reshape(10, 900),
            chunks=(3, 2),
            maxshape=(10, None),
            **gz,
        )
        file.create_dataset("growing, long", data=many[:9000], chunks=(2,), maxshape=(None,))
        file.create_dataset(
            "growing, both",
            data=many[:6000].reshape(60, 100),
            chunks=(3, 2),
            maxshape=(None, None),
            **gz,
        )
        file.create_dataset(
            "growing, both, plain",
            data=many[:6000].reshape(60, 100),
            chunks=(3, 2),
            maxshape=(None, None),
        )
        file.create_dataset("fixed", data=many[:18000].reshape(60, 300), chunks=(3, 2))
        file.create_dataset(
            "fixed, filtered",
            data=many[:900].reshape(30, 30),
            chunks=(3, 2),
            maxshape=(60, 70),
            **gz,
        )
        file.create_dataset("half", data=np.array([1, -2.5, np.inf, 6e-8, np.nan, 0], "f2"))
        file.create_dataset("boolean", data=np.arange(10) % 3 == 0)
        file.create_dataset("number", data=3.5)
        file.create_dataset("sparse", (100, 100), "i2", chunks=(10, 10), fillvalue=-7)[
            20:30, 20:30
        ] = 5
        file.create_dataset("lzf", data=x, compression="lzf")
        file.create_dataset("text", data="words")
        file.create_dataset("compound", data=np.zeros(3, [("a", "f4"), ("b", "i4")]))
        layout = h5py.VirtualLayout(x.shape, "i1")
        layout[:] = h5py.VirtualSource(file["prism"])
        file.create_virtual_dataset("virtual", layout)
        for i in range(300):
            file[f"many/name {i}, which is long"] = np.array([i])
        deep = file.create_group("a/b/c")
        deep["soft"], deep["dead"] = h5py.SoftLink("/prism"), h5py.SoftLink("/nothing")
        deep["far"], file["hard"] = h5py.ExternalLink("other.h5", "/x"), file["plain"]
        file["prism"].attrs.update(
            {"title": "with ü", "numbers": np.arange(20), "fixed": np.bytes_("abc")}
        )
        for i in range(30):
            file["checked"].attrs[f"attribute {i}"] = i * 1.5


REFUSALS = {
    "/lzf": "It is compressed by lzf (filter 32000), which this page does not have.",
    "/text": "Its elements are no plain numbers",
    "/compound": "Its elements are no plain numbers",
    "/virtual": "It is a virtual dataset",
}
LINKS = {
    "/a/b/c/dead": "It is a link to /nothing, which is not there.",
    "/a/b/c/far": "It is a link to another file, other.h5.",
}


def sum_of(dataset):
    return hashlib.sha256(np.ascontiguousarray(dataset[()], "f8").tobytes()).hexdigest()


@needs_node
@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_structures(tmp_path, libver):
    write_structures(tmp_path / "all.h5", libver)
    done = node(TESTS / "dump.mjs", tmp_path / "all.h5")
    assert done.returncode == 0, done.stderr
    found, names = json.loads(done.stdout), ["/a/b/c/soft", "/hard"]
    with h5py.File(tmp_path / "all.h5") as file:
        file.visit(lambda name: names.append(f"/{name}"))
        for name in names:
            if name in REFUSALS:
                assert found[name]["refusal"].startswith(REFUSALS[name])
            elif isinstance(file[name], h5py.Dataset):
                assert found[name].get("sum") == sum_of(file[name]), name
    for name, reason in LINKS.items():
        assert found[name]["reason"] == reason
    assert len([name for name in found if name.startswith("/many/")]) == 300
    assert found["/prism"]["attributes"] == {
        "title": "with ü",
        "fixed": "abc",
        "numbers": "0, 1, 2, 3, 4, 5, 6, 7, …",
    }
    assert {f"attribute {i}": f"{i * 1.5:g}" for i in range(30)} == found["/checked"]["attributes"]


@needs_node
def test_damaged_structures_end_with_a_sentence(tmp_path):
    """Cut off anywhere, or with other bytes: no failure of JavaScript's own."""
    whole = tmp_path / "whole.h5"
    with h5py.File(whole, "w") as file:
        file.create_dataset(
            "g/x", data=embedding(16, 16, 4, "i1"), chunks=(8, 8, 4), **h5prism.Prism()
        )
    data, rng = whole.read_bytes(), np.random.default_rng(0)
    for turn in range(24):
        damaged = bytearray(data[: rng.integers(100, len(data))] if turn % 2 else data)
        for at in rng.integers(0, len(damaged), 40):
            damaged[at] ^= 1 << int(rng.integers(0, 8))
        (tmp_path / f"{turn}.h5").write_bytes(damaged)
    done = node(TESTS / "damage.mjs", *(tmp_path / f"{turn}.h5" for turn in range(24)))
    assert done.returncode == 0, done.stdout + done.stderr
