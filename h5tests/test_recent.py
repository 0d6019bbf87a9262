"""Columns whose values are used for a while are places in a list of recent ones."""

import numpy as np
import pytest
import reference_decoder as reference
import reference_mappings  # noqa: F401  (decodes mapped chunks once it is imported)
import reference_native  # noqa: F401  (decodes coder 3 once it is imported)
from python_support import assert_same
from test_masks import container, raw, refused, varint

import h5prism


def normalised(cells: int, genes: int, dtype: str) -> np.ndarray:
    """Counts above 0 of each cell, divided by all of the cell, as sparse matrices hold them."""
    random = np.random.default_rng(1)
    counts = random.poisson(
        random.lognormal(-1.5, 1.2, genes) * random.lognormal(0, 0.5, (cells, 1))
    )
    shares = counts / counts.sum(1, keepdims=True).clip(1) * 1e4
    return np.log1p(shares[counts > 0]).astype(dtype)


@pytest.mark.parametrize("effort", (4, 5, 7))
@pytest.mark.parametrize("dtype", ("f4", ">f4", "f8", ">f8"))
def test_counts_of_cells(dtype, effort):
    array = normalised(60, 400, dtype)
    chunk = h5prism.encode(array, effort=effort)
    assert h5prism.inspect_chunk(chunk).mapping == "recent"
    others = [{"coder": "zstd"}, {"coder": "ans"}]
    assert len(chunk) < 0.9 * min(len(h5prism.encode(array, effort=effort, **o)) for o in others)
    assert_same(h5prism.decode(chunk), array)
    assert_same(reference.decode(chunk), array)


def test_integers_of_sessions():
    random = np.random.default_rng(2)
    ids = random.integers(0, 2**40, (200, 7))
    array = np.concatenate([of.take(random.integers(0, 7, 90)) for of in ids])
    chunk = h5prism.encode(array)
    assert h5prism.inspect_chunk(chunk).mapping == "recent"
    assert_same(h5prism.decode(chunk), array)
    assert_same(reference.decode(chunk), array)


def corners(side: int) -> np.ndarray:
    """Of triangles that lie in strips, the points of which have numbers in any order."""
    grid = np.random.default_rng(8).permutation(side * side).reshape(side, side)
    a, b, c, d = (grid[i : side - 1 + i, j : side - 1 + j] for i in (0, 1) for j in (0, 1))
    return np.stack([a, b, c, b, d, c], -1).reshape(-1, 3)


@pytest.mark.parametrize("dtype", ("i4", ">i8"))
def test_cells_share_corners(dtype):
    array = corners(50).astype(dtype)
    chunk = h5prism.encode(array)
    assert h5prism.inspect_chunk(chunk).mapping == "recent"
    others = [{"coder": "zstd"}, {"coder": "ans"}]
    assert len(chunk) < 0.9 * min(len(h5prism.encode(array, **o)) for o in others)
    assert_same(h5prism.decode(chunk), array)
    assert_same(reference.decode(chunk), array)


@pytest.mark.parametrize(
    "array",
    (
        np.random.default_rng(3).choice([0.1, 0.7, 2.5], 9000),  # the same few everywhere
        np.repeat(np.random.default_rng(4).random(300), 30),  # runs
        np.random.default_rng(5).random(9000),
        np.cumsum(np.random.default_rng(6).integers(0, 9, 9000)),
    ),
    ids=("few values", "runs", "noise", "sums"),
)
def test_other_columns_are_left_alone(array):
    chunk = h5prism.encode(array)
    assert h5prism.inspect_chunk(chunk).mapping != "recent"
    assert_same(h5prism.decode(chunk), array)


@pytest.mark.parametrize(
    "options", ({"axis": 0}, {"coder": "ans"}, {"transform": "none"}, {"effort": 1})
)
def test_who_asks_for_stages_gets_them(options):
    array = normalised(60, 300, "f4")
    chunk = h5prism.encode(array, **options)
    assert h5prism.inspect_chunk(chunk).mapping != "recent"
    assert_same(h5prism.decode(chunk), array)


def by_hand(parameters: bytes, fresh: np.ndarray, places: np.ndarray) -> bytes:
    of = reference.read_container(h5prism.encode(np.zeros((9, 9), np.uint8)))
    payload = raw(fresh) + raw(places)
    return container(of, b"\x0e" + parameters, payload, dims=places.shape, checksum=False)


def test_the_list_by_hand():
    fresh, most = np.array([10, 20, 30, 40, 50, 60], np.uint8), 4
    places = np.array([4, 0, 4, 4, 4, 2, 3, 1, 4, 0, 3, 4], np.uint8)
    chunk = by_hand(bytes([most, 6]), fresh, places)
    expected, recent, left = [], [], list(fresh)
    for p in places:
        if p == most:
            recent.insert(len(recent) // 4, left.pop(0))
            expected.append(recent[len(recent[:-1]) // 4])
            recent = recent[:most]
        else:
            expected.append(recent.pop(p))
            recent.insert(p // 2, expected[-1])
    assert_same(h5prism.decode(chunk), np.array(expected, np.uint8))
    assert_same(reference.decode(chunk), np.array(expected, np.uint8))


def test_contradictions_are_refused():
    fresh, places = np.array([10, 20], np.uint8), np.array([4, 0, 4, 1], np.uint8)
    h5prism.decode(by_hand(b"\x04\x02", fresh, places))
    refused(by_hand(b"\x00\x02", fresh, places))  # no list
    refused(by_hand(b"\x04\x00", fresh, places))  # nothing fresh
    refused(by_hand(b"\x04\x05", fresh, places))  # more than there are elements
    refused(by_hand(b"\x04\x03", fresh, places))  # more than there are
    refused(by_hand(b"\x04\x02\x00", fresh, places))
    refused(by_hand(b"\x04\x02", fresh, np.array([4, 1, 4, 1], np.uint8)))  # beyond the list
    refused(by_hand(b"\x04\x02", fresh, np.array([4, 5, 4, 1], np.uint8)))
    refused(by_hand(b"\x04\x02", fresh, np.array([4, 0, 0, 0], np.uint8)))  # one is not used
    refused(by_hand(b"\x04\x02", fresh, np.array([4, 4, 4, 1], np.uint8)))  # one is missing
    of = reference.read_container(by_hand(b"\x04\x02", fresh, places))
    inner = container(of, of.parameters, of.payload, checksum=False)
    refused(container(of, b"\x0b\x00", varint(len(inner)) + inner, dims=(1, 4), checksum=False))


def test_damage_is_no_crash():
    chunk = h5prism.encode(normalised(60, 300, "f4"))
    for at in range(0, len(chunk), max(1, len(chunk) // 200)):
        for damaged in (chunk[:at], chunk[:at] + bytes([chunk[at] ^ 0x55]) + chunk[at + 1 :]):
            with pytest.raises(h5prism.PrismError):
                h5prism.decode(damaged)
