"""Chunks written by released versions keep decoding to the same elements.

`python3 h5tests/test_golden.py NAME...` adds chunks to h5tests/golden; existing ones are never
written again.
"""
import sys
from pathlib import Path

import numpy as np
import pytest
from generated import drawing, embedding, stack
from python_support import ROOT

import h5prism

GOLDEN = ROOT / "h5tests" / "golden"

LIFT = {"transform": "channels", "predictor": "paeth", "coder": "deflate"}
SOURCES = {
    "lift_paeth_deflate_i8": (lambda: embedding(20, 24, 16, "int8"), LIFT),
    "lift_paeth_deflate_u8": (lambda: embedding(20, 24, 16, "uint8"), LIFT),
    "lift_paeth_deflate_i16_be": (lambda: embedding(20, 24, 12, "int16").astype(">i2"), LIFT),
    "lift_jxl_u16": (lambda: embedding(20, 24, 12, "uint16"),
                     {"transform": "channels", "predictor": "none", "coder": "jxl"}),
    "paeth_deflate_stack": (lambda: stack(5, 24, 30),
                            {"transform": "none", "axis": 0, "predictor": "paeth",
                             "coder": "deflate"}),
    "deflate_drawing": (lambda: drawing(48, 64),
                        {"transform": "none", "predictor": "none", "coder": "deflate",
                         "checksum": "off"}),
    "raw_noise": (lambda: np.random.default_rng(1).integers(0, 256, (3, 5, 7), np.uint8), LIFT),
}


def files() -> list[Path]:
    return sorted(GOLDEN.glob("*.prism"))


def test_there_are_golden_chunks():
    assert len(files()) >= len(SOURCES)


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_golden_chunk_decodes(path):
    expected = np.load(path.with_suffix(".npy"))
    decoded = h5prism.decode(path.read_bytes())
    assert decoded.dtype == expected.dtype
    np.testing.assert_array_equal(decoded, expected)


def add(name: str) -> None:
    make, options = SOURCES[name]
    array = make()
    chunk = GOLDEN / f"{name}.prism"
    if chunk.exists():
        raise SystemExit(f"{chunk} exists already")
    chunk.write_bytes(h5prism.encode(array, **options))
    np.save(chunk.with_suffix(".npy"), array)


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for argument in sys.argv[1:]:
        add(argument)
