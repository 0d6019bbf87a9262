"""Chunks of lzf, which h5py has and HDF5 has not: `h5prism repack` decodes them by liblzf."""

from functools import partial

import numpy as np
import pytest
from filter_support import correlated, h5py, not_sanitized
from tool_support import assert_same, fails, is_compressed, tool

pytestmark = not_sanitized

DATA = correlated((70, 50, 16))


@pytest.fixture
def lzf(tmp_path):
    """Chunks with other filters before and after lzf, at edges, and noise that it leaves as it is."""
    path = tmp_path / "in.h5"
    noise = np.random.default_rng(5).integers(0, 256, (120, 100), "u1")
    checked_first = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    checked_first.set_fletcher32()
    checked_first.set_chunk((60, 50))
    checked_first.set_filter(h5py.h5z.FILTER_LZF, h5py.h5z.FLAG_OPTIONAL)
    with h5py.File(path, "w") as file:
        create_lzf = partial(file.create_dataset, chunks=(60, 50), compression="lzf")
        create_lzf("plain", data=np.repeat(DATA[..., 0], 3, axis=0).astype("i2"))
        create_lzf("shuffled", data=DATA[..., 1].astype("f4"), shuffle=True, fletcher32=True)
        create_lzf("noise", data=noise)
        create_lzf("runs", data=np.zeros((300, 300), "f8"))
        space = h5py.h5s.create_simple(DATA.shape[:2])
        h5py.h5d.create(file.id, b"checked", h5py.h5t.NATIVE_INT32, space, checked_first)
        file["checked"][:] = DATA[..., 2]
    return path


def needs_lzf(source):
    listing = tool("repack", source, source.with_name("try.h5")).stdout
    if "filter 32000 lzf is not installed" in listing:
        pytest.skip("the tool is built without liblzf")


def repacked(source):
    target = source.with_name("out.h5")
    tool("repack", source, target)
    return target


def test_chunks_of_lzf(lzf):
    needs_lzf(lzf)
    with h5py.File(repacked(lzf)) as file, h5py.File(lzf) as original:
        for name in original:
            assert_same(file[name], original[name])
        assert all(is_compressed(file[name]) for name in ("plain", "shuffled", "runs", "checked"))
        assert file["plain"].id.get_storage_size() < original["plain"].id.get_storage_size() / 2


def test_damaged_chunks_of_lzf(lzf):
    needs_lzf(lzf)
    with h5py.File(lzf, "r+") as file:
        chunk = bytearray(file["plain"].id.read_direct_chunk((0, 0))[1])
        chunk[0] = 0xFF  # a copy from before the beginning
        file["plain"].id.write_direct_chunk((0, 0), bytes(chunk))
    fails("repack", lzf, lzf.with_name("out.h5"), "--dataset", "plain", word="plain")
    assert not lzf.with_name("out.h5").exists()
