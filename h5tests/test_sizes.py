"""Sizes of chunks, pinned in sizes.json so that a regression is seen in review.

`python3 h5tests/test_sizes.py` writes the file anew. Chunks of coder ans have just so many bytes. Those
of zlib, libjxl and libzstd may differ a little between their versions, and are pinned to half a percent.
"""

import json

import numpy as np
import pytest
from generated import drawing, embedding, picture, regions, runs, stack
from python_support import ROOT

import h5prism

PINNED = ROOT / "h5tests" / "sizes.json"

ARRAYS = {
    "embedding_i8": lambda: embedding(64, 64, 64, "int8"),
    "embedding_u16": lambda: embedding(48, 48, 32, "uint16"),
    "stack_u8": lambda: stack(10, 96, 96),
    "picture_u8": lambda: picture(160, 200),
    "runs_i8": lambda: runs(300, 200, 12),
    "regions_u8": lambda: regions(120, 200, 4),
    "drawing_u8": lambda: drawing(200, 300),
}
LSQ = {"transform": "channels", "predictor": "lsq", "coder": "ans"}
PIPELINES = {
    "auto": {},
    "auto,deflate": {"coder": "deflate"},
    "auto,jxl": {"coder": "jxl"},
    "channels,paeth,deflate": {"transform": "channels", "predictor": "paeth", "coder": "deflate"},
    "auto,ans,1": {"coder": "ans", "effort": 1},
    "auto,ans,5": {"coder": "ans", "effort": 5},
    "auto,ans,7": {"coder": "ans", "effort": 7},
    "auto,ans,9": {"coder": "ans", "effort": 9},
    "channels,lsq,ans,3": {**LSQ, "effort": 3},
    "channels,lsq,ans,5": {**LSQ, "effort": 5},
    "none,lsq,ans,5": {**LSQ, "transform": "none"},
    "channels,lsq,ans,block=4": {**LSQ, "block": 4},
    "channels,lsq,ans,block=16": {**LSQ, "block": 16},
    "channels,none,jxl": {"transform": "channels", "predictor": "none", "coder": "jxl"},
}
TOLERANCE_OF_OTHERS = 0.005


def encoded(array: str, pipeline: str) -> bytes:
    values = ARRAYS[array]()
    blob = h5prism.encode(values, **PIPELINES[pipeline])
    np.testing.assert_array_equal(h5prism.decode(blob), values)
    return blob


CASES = [(array, pipeline) for array in ARRAYS for pipeline in PIPELINES]


@pytest.mark.parametrize("array,pipeline", CASES)
def test_size_is_as_pinned(array, pipeline):
    pinned = json.loads(PINNED.read_text())[array][pipeline]
    blob = encoded(array, pipeline)
    tolerance = 0 if h5prism.inspect_chunk(blob).coder == "ans" else TOLERANCE_OF_OTHERS
    assert len(blob) == pytest.approx(pinned, rel=tolerance)


def test_arrays_are_the_same_everywhere():
    sums = {name: int(make().astype(np.int64).sum()) for name, make in ARRAYS.items()}
    assert sums == json.loads(PINNED.read_text())["sums"]


if __name__ == "__main__":
    sizes = {
        array: {pipeline: len(encoded(array, pipeline)) for pipeline in PIPELINES} for array in ARRAYS
    }
    sizes["sums"] = {name: int(make().astype(np.int64).sum()) for name, make in ARRAYS.items()}
    PINNED.write_text(json.dumps(sizes, indent=2) + "\n")
