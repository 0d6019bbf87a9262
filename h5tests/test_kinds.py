"""Automatic options on many kinds of data: never larger than gzip, nor than a pipeline of our own."""

import zlib

import numpy as np
import pytest
from kinds import KINDS
from python_support import assert_same

import h5prism

GZIP_ALLOWANCE, OWN_ALLOWANCE = 64, 1.01
PIPELINES = (
    {"coder": "zstd"},
    {"transform": "none", "predictor": "none", "coder": "deflate"},
    {"transform": "none", "predictor": "paeth", "coder": "deflate"},
    {"transform": "none", "predictor": "lsq", "coder": "ans"},
    {"transform": "channels", "predictor": "lsq", "coder": "ans"},
)
EFFORTS = (1, 5)


def gzipped(array):
    """Bytes by HDF5's shuffle and gzip at level 9."""
    plain = np.frombuffer(array.tobytes(), "u1").reshape(-1, array.itemsize)
    return len(zlib.compress(plain.T.tobytes(), 9))


def test_there_are_many_kinds():
    assert len(KINDS) >= 40
    assert all(make().nbytes >= 4096 for make in KINDS.values())


@pytest.mark.parametrize("kind", KINDS)
def test_never_larger(kind):
    array = np.ascontiguousarray(KINDS[kind]())
    least = gzipped(array) + GZIP_ALLOWANCE
    for effort in EFFORTS:
        chunk = h5prism.encode(array, effort=effort)
        assert_same(h5prism.decode(chunk), array)
        own = min(len(h5prism.encode(array, effort=effort, **p)) for p in PIPELINES)
        info = h5prism.inspect_chunk(chunk)
        how = f"{info.mapping} {info.transform} {info.coder} at effort {effort}"
        assert len(chunk) <= least, f"gzip {least}, {how}"
        assert len(chunk) <= OWN_ALLOWANCE * own + GZIP_ALLOWANCE, f"own {own}, {how}"
