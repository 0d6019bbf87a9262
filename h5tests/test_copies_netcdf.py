"""Copies of netCDF files, as netCDF4 and xarray write them, are the same to `ncdump`."""

import numpy as np
import pytest
from copies_compared import differences
from filter_support import needs, not_sanitized, run
from tool_support import tool

netCDF4 = pytest.importorskip("netCDF4", reason="python3-netcdf4 is not installed")

pytestmark = [not_sanitized, needs("ncdump")]

KINDS = {}
SMOOTH = (np.arange(60 * 70).reshape(60, 70) // 9).astype("i2")


def kind(build):
    """Registers build(path) by its name."""
    KINDS[build.__name__] = build
    return build


def with_netcdf4(build):
    """Registers build(dataset), which fills a file of netCDF-4."""

    def make(path):
        with netCDF4.Dataset(path, "w") as dataset:
            build(dataset)

    KINDS[build.__name__] = make
    return build


def variable(owner, name="v", kind="i2", **options):
    """A smooth variable of two dimensions."""
    for axis, size in (("y", 60), ("x", 70)):
        if axis not in owner.dimensions:
            owner.createDimension(axis, size)
    made = owner.createVariable(name, kind, ("y", "x"), **options)
    made[:] = SMOOTH
    return made


@with_netcdf4
def attributes(dataset):
    for count in (3, 8, 9, 20):
        made = variable(dataset, f"v{count}")
        for index in range(count):
            made.setncattr(f"{index * 7 % 20}", f"text {index}")
            dataset.setncattr(f"{count} {index}", np.arange(index + 1))
    made.setncattr_string("strings", ["a", "bc"])


@with_netcdf4
def groups(dataset):
    for count in (1, 8, 9, 30):
        group = dataset.createGroup(f"g{count}")
        for index in range(count):
            variable(group, f"v{index * 7 % 31}", zlib=index % 2 == 0)
    inner = group.createGroup("inner/deep/down")
    inner.createVariable("w", "f4", ("x",))[:] = 1  # of a dimension further up


@with_netcdf4
def dimensions(dataset):
    """Unlimited ones, with coordinates and without."""
    dataset.createDimension("time", None)
    dataset.createDimension("other", None)
    dataset.createDimension("nothing", 0)
    dataset.createDimension("bare", 4)
    dataset.createVariable("time", "f8", ("time",))[:] = np.arange(7)
    dataset.createVariable("a", "i2", ("time", "other"))[:] = SMOOTH[:7, :9]
    dataset.createVariable("b", "i2", ("bare", "time"))[:] = SMOOTH[:4, :7]
    dataset.createVariable("none", "i2", ("nothing",))
    dataset.createVariable("scalar", "f4", ())[...] = 5
    dataset.createVariable("names", str, ("bare",))[:] = np.array(["a", "b", "ü", ""], object)


@with_netcdf4
def storage(dataset):
    variable(dataset, "gzip", zlib=True, shuffle=True, complevel=9)
    variable(dataset, "fletcher", fletcher32=True, chunksizes=(30, 40))
    variable(dataset, "whole", contiguous=True)
    variable(dataset, "big", "i4", endian="big", zlib=True)
    variable(dataset, "filled", fill_value=-9)[5:50] = np.ma.masked
    variable(dataset, "not_filled", "f8", fill_value=False)


@with_netcdf4
def types(dataset):
    dataset.createDimension("n", 4)
    colour = dataset.createEnumType("u1", "colour", {"red": 1, "blue": 2})
    pair = dataset.createCompoundType(np.dtype([("a", "i4"), ("b", "f8", (2,))]), "pair")
    ragged = dataset.createVLType("i2", "ragged")
    dataset.createVariable("c", colour, ("n",), fill_value=1)[:] = [1, 2, 1, 2]
    dataset.createVariable("p", pair, ("n",))[:] = np.zeros(4, pair.dtype)
    sequences = dataset.createVariable("r", ragged, ("n",))
    for index in range(4):
        sequences[index] = np.arange(index + 1, dtype="i2")
    inner = dataset.createGroup("inner")
    inner.createVariable("c", colour, ("n",))[:] = 2
    variable(dataset).setncattr("pair", np.zeros(1, pair.dtype))


@kind
def opaque(path):
    text = "netcdf t { types: opaque(5) five ; int(*) list ; dimensions: n = 2 ; "
    text += "variables: five o(n) ; list l(n) ; five o:a = 0x0102030405 ; "
    text += "data: o = 0x0102030405, 0xfffefdfcfb ; l = {1, 2}, {} ; }"
    source = path.with_suffix(".cdl")
    source.write_text(text)
    run("ncgen", "-4", "-o", path, source)


def with_xarray(build):
    def make(path):
        xarray = pytest.importorskip("xarray", reason="python3-xarray is not installed")
        build(xarray).to_netcdf(path, engine="netcdf4")

    KINDS[build.__name__] = make
    return build


@with_xarray
def string_coordinates(xarray):
    names = {"name": ["aa", "bb", "cc", "dd"], "year": np.arange(5000) + 2000}
    values = SMOOTH[:4, :50].repeat(100, 1).astype("f4")
    return xarray.Dataset({"t": (("name", "year"), values)}, names, {"title": "ä"})


@with_xarray
def moments(xarray):
    when = np.array(["2020-01-01", "2020-01-02", "2020-02-03"], "M8[ns]")
    wide = (("time", "x"), SMOOTH[:3].astype("f8"))
    found = {"v": wide, "late": ("time", when - when[0]), "truth": ("time", [True, False, True])}
    return xarray.Dataset(found, {"time": when})


def dump(path):
    return run("ncdump", "-n", "name", "-s", path).stdout


@pytest.mark.parametrize("name", KINDS)
def test_each_kind(tmp_path, name):
    path, copy = tmp_path / "in.nc", tmp_path / "out.nc"
    KINDS[name](path)
    tool("repack", path, copy)
    assert text_of(copy) == text_of(path)
    assert not differences(path, copy)
    with netCDF4.Dataset(copy, "a") as dataset:
        dataset.title = "it can be written, too"


# Of storage, `ncdump -s` tells what repack changes.
STORAGE = ("_Storage", "_ChunkSizes", "_Filter", "_Shuffle", "_DeflateLevel", "_Fletcher32")


def text_of(path):
    lines = dump(path).splitlines()
    return [line for line in lines if not any(word in line for word in STORAGE)]
