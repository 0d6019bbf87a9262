"""HDF5's and netCDF's own programs with HDF5_PLUGIN_PATH alone."""

import re
import sys

import h5py
import numpy as np
import pytest
from filter_support import (
    FILTER_ID,
    MANDATORY,
    OPTION_WORDS,
    OPTIONAL,
    assert_equal,
    assert_filtered,
    correlated,
    create,
    filter_of,
    needs,
    not_sanitized,
    run,
    stored_chunks,
)

pytestmark = not_sanitized

DATA = correlated((30, 20, 8), ">i2")
CHUNKS = (15, 20, 8)


@pytest.fixture
def plain(tmp_path):
    path = tmp_path / "plain.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=DATA, chunks=CHUNKS)
        file.create_dataset("whole", data=DATA)
        file.create_dataset("text", data=DATA.astype("S6"), chunks=CHUNKS)
    return path


@pytest.fixture
def filtered(tmp_path):
    path = tmp_path / "filtered.h5"
    with h5py.File(path, "w") as file:
        create(file, "x", DATA, CHUNKS, (1, 2, 2, 1, 7))
    return path


def printed_words(path, name="x"):
    text = run("h5dump", "-pH", "-d", name, path).stdout
    return [int(word) for word in re.search(r"PARAMS \{ ([\d ]*)\}", text).group(1).split()]


def repack(source, target, *filters):
    return run("h5repack", *[part for text in filters for part in ("-f", text)], source, target)


@needs("h5dump")
def test_h5dump_reads(filtered):
    text = run("h5dump", "-d", "x", "-y", "-w", "0", filtered).stdout
    values = re.search(r"DATA \{(.*?)\}", text, re.DOTALL).group(1)
    np.testing.assert_array_equal(
        np.array([int(v) for v in re.findall(r"-?\d+", values)]), DATA.ravel()
    )


@needs("h5dump")
def test_h5dump_names_the_filter_and_where_to_get_it(filtered):
    text = run("h5dump", "-pH", "-d", "x", filtered).stdout
    assert re.search(r"COMMENT prism: h5prism; pip install h5prism\n", text)


@needs("h5dump")
@pytest.mark.parametrize("program", ["h5dump", "h5py"])
def test_who_lacks_the_plugin_is_told_where_to_get_it(filtered, tmp_path, program):
    code = "import sys, h5py; h5py.File(sys.argv[1])['x'][()]"
    command = {
        "h5dump": ["h5dump", "--enable-error-stack", "-d", "x", filtered],
        "h5py": [sys.executable, "-c", code, filtered],
    }
    done = run(*command[program], check=False, HDF5_PLUGIN_PATH=str(tmp_path))
    assert done.returncode != 0
    assert "required filter 'prism: h5prism; pip install h5prism'" in done.stderr + done.stdout


@needs("h5dump")
def test_printed_words_are_input_for_h5py(filtered, tmp_path):
    words = printed_words(filtered)
    with h5py.File(tmp_path / "again.h5", "w") as file:
        assert tuple(words) == filter_of(create(file, "x", DATA, CHUNKS, words))[1]
        other = correlated((12, 11, 10, 9), "u1")
        dataset = file.create_dataset(
            "other",
            data=other,
            chunks=(6, 11, 10, 9),
            compression=FILTER_ID,
            compression_opts=tuple(words),
        )
        assert_filtered(dataset)
        assert_equal(dataset, other)
        assert filter_of(dataset)[1][:OPTION_WORDS] == tuple(words[:OPTION_WORDS])


@needs("h5repack")
@needs("h5diff")
@pytest.mark.parametrize("flags", [MANDATORY, OPTIONAL])
@pytest.mark.parametrize(
    "words", [(), (1,), (1, 2, 2, 1, 6), (1, 2, 1, 2, 3), (1, 0, 0, 0, 0, 3, 2, 0, 0, 1)], ids=str
)
def test_h5repack_applies(plain, tmp_path, words, flags):
    target = tmp_path / "packed.h5"
    repack(plain, target, ",".join(map(str, ("x:UD=33128", flags, len(words)) + words)))
    run("h5diff", plain, target)
    with h5py.File(target) as file:
        assert_filtered(file["x"])
        assert_equal(file["x"], DATA)
        assert filter_of(file["x"])[0] == flags
        assert filter_of(file["x"])[1][: len(words)][:4] == words[:4]


@needs("h5repack")
@needs("h5dump")
def test_h5repack_with_printed_words(filtered, plain, tmp_path):
    words = printed_words(filtered)
    target = tmp_path / "packed.h5"
    repack(plain, target, ",".join(map(str, ["x:UD=33128", 0, len(words)] + words)))
    assert printed_words(target) == words
    with h5py.File(target) as file:
        assert_filtered(file["x"])


@needs("h5repack")
def test_h5repack_copies_changes_layout_and_removes(filtered, plain, tmp_path):
    run("h5repack", filtered, tmp_path / "same.h5")
    run("h5repack", "-l", "x:CHUNK=10x10x4", filtered, tmp_path / "chunks.h5")
    repack(filtered, tmp_path / "removed.h5", "x:NONE")
    with h5py.File(tmp_path / "same.h5") as file:
        assert_filtered(file["x"])
        assert_equal(file["x"], DATA)
    with h5py.File(tmp_path / "chunks.h5") as file:
        assert_filtered(file["x"])
        assert_equal(file["x"], DATA)
        assert filter_of(file["x"])[1][OPTION_WORDS + 1 :] == (3, 10, 10, 4)
    with h5py.File(tmp_path / "removed.h5") as file:
        assert file["x"].id.get_create_plist().get_nfilters() == 0
        assert_equal(file["x"], DATA)


@needs("h5repack")
def test_h5repack_before_deflate(plain, tmp_path):
    repack(plain, tmp_path / "packed.h5", "x:UD=33128,0,0", "x:GZIP=6")
    with h5py.File(tmp_path / "packed.h5") as file:
        assert [c.filter_mask for c in map(file["x"].id.get_chunk_info, range(2))] == [0, 0]
        assert_equal(file["x"], DATA)


@needs("h5repack")
@pytest.mark.parametrize(
    "name, words", [("text", "0"), ("x", "5,1,0,0,0,10")], ids=["type", "effort"]
)
def test_h5repack_keeps_what_is_refused(plain, tmp_path, name, words):
    """h5repack falls back to the dataset's own settings; the reason is on its error stack."""
    target = tmp_path / "packed.h5"
    run("h5repack", "-f", f"{name}:UD=33128,0,{words}", plain, target)
    with h5py.File(target) as file, h5py.File(plain) as source:
        assert file[name].id.get_create_plist().get_nfilters() == 0
        np.testing.assert_array_equal(file[name][...], source[name][...])


@needs("h5ls")
def test_h5ls_names_the_filter(filtered):
    assert re.search(r"prism-33128 +\{1, 2, 2, 1, 7,", run("h5ls", "-v", filtered).stdout)


VARIABLE = correlated((40, 30, 8), "i2")


@pytest.fixture
def netcdf(tmp_path):
    """A file that netCDF wrote, with one variable `v`."""
    values = ", ".join(map(str, VARIABLE.ravel()))
    head = "dimensions: y = 40; x = 30; c = 8; variables: short v(y, x, c);"
    (tmp_path / "t.cdl").write_text(f"netcdf t {{ {head} data: v = {values}; }}")
    run("ncgen", "-4", "-o", tmp_path / "t.nc", tmp_path / "t.cdl")
    return tmp_path / "t.nc"


@needs("nccopy")
@needs("ncgen")
@pytest.mark.parametrize("words", ["", ",1", ",1,2,2,1,7"], ids=["none", "one", "five"])
def test_nccopy(netcdf, tmp_path, words):
    target = tmp_path / "packed.nc"
    run("nccopy", "-M", "0", "-c", "v:20,30,8", "-F", f"v,33128{words}", netcdf, target)
    with h5py.File(target) as file:
        assert_filtered(file["v"])
        assert_equal(file["v"], VARIABLE)
        assert filter_of(file["v"])[0] == MANDATORY


@needs("nccopy")
@needs("ncgen")
@needs("ncdump")
def test_ncdump_reads_and_prints_words_that_nccopy_takes(netcdf, tmp_path):
    run(
        "nccopy",
        "-M",
        "0",
        "-c",
        "v:20,30,8",
        "-F",
        "v,33128,1,2,2,1,7",
        netcdf,
        tmp_path / "packed.nc",
    )
    text = run("ncdump", "-hs", tmp_path / "packed.nc").stdout
    words = re.search(r'v:_Filter = "(33128,[\d,]+)"', text).group(1)
    assert words.endswith(",20,30,8")
    run("nccopy", "-M", "0", "-c", "v:40,15,8", "-F", f"v,{words}", netcdf, tmp_path / "again.nc")
    run("nccopy", tmp_path / "packed.nc", tmp_path / "copy.nc")
    data = [
        run("ncdump", "-v", "v", path).stdout.split("data:")[1]
        for path in (netcdf, tmp_path / "packed.nc", tmp_path / "again.nc", tmp_path / "copy.nc")
    ]
    assert data == data[:1] * 4
    for name in ("again.nc", "copy.nc"):
        with h5py.File(tmp_path / name) as file:
            assert_filtered(file["v"])


@needs("nccopy")
@needs("ncgen")
def test_nccopy_refuses_bad_words(netcdf, tmp_path):
    done = run(
        "nccopy",
        "-M",
        "0",
        "-c",
        "v:20,30,8",
        "-F",
        "v,33128,1,9",
        netcdf,
        tmp_path / "packed.nc",
        check=False,
    )
    assert done.returncode != 0


@needs("nccopy")
@needs("ncgen")
@needs("ncdump")
@pytest.mark.parametrize("kind", ["float", "double"])
def test_nccopy_of_floats_with_nan_as_fill_value(tmp_path, kind):
    values = (correlated((40, 30, 8), "f4") + 0.25).astype(str).ravel()
    values[::7] = "_"
    head = f"dimensions: t = unlimited; x = 30; c = 8; variables: {kind} v(t, x, c);"
    fill = f"{kind} v:_FillValue = NaN{'f' if kind == 'float' else ''};"
    text = f"netcdf t {{ {head} {fill} data: v = {', '.join(values)}; }}"
    (tmp_path / "t.cdl").write_text(text)
    source, target = tmp_path / "t.nc", tmp_path / "packed.nc"
    run("ncgen", "-4", "-o", source, tmp_path / "t.cdl")
    run("nccopy", "-M", "0", "-c", "t/16,x/30,c/8", "-F", "v,33128,1", source, target)
    run("nccopy", target, tmp_path / "copy.nc")
    data = [run("ncdump", "-v", "v", path).stdout.split("data:")[1] for path in (source, target)]
    assert data[0] == data[1] and "_" in data[0]
    with h5py.File(source) as plain:
        expected = plain["v"][...]
    assert np.isnan(expected).sum() == -(-9600 // 7)
    for path in (target, tmp_path / "copy.nc"):
        with h5py.File(path) as file:
            assert len(stored_chunks(file["v"])) == 3
            assert_filtered(file["v"])
            assert np.isnan(file["v"].attrs["_FillValue"]).all()
            assert_equal(file["v"], expected)
