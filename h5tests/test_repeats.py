"""What stands elsewhere in the array, too, is found, left out, and put back bit by bit."""

import numpy as np
import pytest
import reference_decoder as reference
import reference_mappings  # noqa: F401  (decodes mapped chunks once it is imported)
import reference_native  # noqa: F401  (decodes coder 3 once it is imported)
from generated import hashed, smooth
from python_support import assert_same
from test_masks import container, raw, refused, varint

import h5prism


def field(shape: tuple[int, ...], dtype: str = "u1", seed: int = 1) -> np.ndarray:
    """Smooth pictures, side by side."""
    rows = int(np.prod(shape[:-1]))
    values = smooth(hashed((rows, shape[-1]), seed).astype(np.int64), 3).reshape(shape)
    return (values >> 8).astype(dtype) if dtype == "u1" else (values / 7).astype(dtype)


def noise(shape: tuple[int, ...], dtype: str, seed: int = 1) -> np.ndarray:
    return (hashed(shape, seed).astype(np.int64) - 32768).astype(dtype)


def enlarged(array: np.ndarray, by: int) -> np.ndarray:
    return array.repeat(by, 0).repeat(by, 1)


def stretched(array: np.ndarray, height: int, width: int) -> np.ndarray:
    """Nearest neighbours at a scale that is no integer."""
    rows, columns = array.shape
    return array[np.arange(height) * rows // height][:, np.arange(width) * columns // width]


def symmetric(n: int, dtype: str, sign: int = 1) -> np.ndarray:
    lower = np.tril(noise((n, n), dtype), -1)
    return lower + np.asarray(sign, dtype) * lower.T


def hermitian(n: int) -> np.ndarray:
    """Complex numbers as (row, column, part)."""
    return np.stack([symmetric(n, "f4") + np.diag(np.arange(n, dtype="f4")), antisymmetric(n)], -1)


def antisymmetric(n: int) -> np.ndarray:
    """With -0.0 where it faces 0.0, as conjugates have it."""
    lower = np.tril(noise((n, n), "f4") * (hashed((n, n), 5) % 9 > 0).astype("f4"), -1)
    lower[lower == 0] = 0.0
    return np.where(np.tri(n, dtype=bool), lower, -lower.T)


def reflected(height: int, width: int, dtype: str, shift: bool) -> np.ndarray:
    """As the power of the transform of a real picture."""
    half = noise((height, width), dtype)
    facing = np.roll(half[::-1, ::-1], (1, 1), (0, 1))
    whole = np.where(np.arange(width) * 2 <= width, half, facing)
    for column in {0, width // 2} if width % 2 == 0 else {0}:
        whole[height // 2 + 1 :, column] = whole[(height - 1) // 2 : 0 : -1, column]
    return np.roll(whole, (height // 2, width // 2), (0, 1)) if shift else whole


def grid(height: int, width: int, dtype: str, axis: int) -> np.ndarray:
    latitudes, longitudes = np.linspace(3, 57, height) ** 1.3, np.linspace(-31, 33, width) ** 3
    planes = np.meshgrid(latitudes, longitudes, indexing="ij")
    return np.ascontiguousarray(np.stack(planes, axis).astype(dtype))


REPEATS = {
    "enlarged": lambda: enlarged(field((60, 70)), 3),
    "enlarged by another scale": lambda: stretched(field((90, 80)), 144, 131),
    "lines twice": lambda: field((64, 128)).repeat(2, 0),
    "tiles": lambda: np.tile(field((40, 50), "f4"), (3, 2)),
    "mirrored": lambda: np.concatenate([field((60, 90)), field((60, 90))[::-1]]),
    "frames that last": lambda: field((5, 40, 50), "f4")[[0, 0, 0, 1, 2, 2, 3, 3, 3, 4, 4]],
    "frames in any order": lambda: field((9, 40, 50), ">i2")[hashed((40,), 3) % 9],
    "channels that are one": lambda: np.repeat(field((70, 60, 1)), 3, 2),
    "rows that come again": lambda: noise((300, 40), "f8")[hashed((600,), 4) % 300],
    "the same at all times": lambda: np.broadcast_to(field((50, 60), "f4"), (9, 50, 60)).copy(),
    "distances": lambda: symmetric(81, "f4"),
    "distances, even, big-endian": lambda: symmetric(80, ">f8"),
    "covariances": lambda: symmetric(70, "f4") + np.diag(np.arange(70, dtype="f4")),
    "symmetric matrices": lambda: np.stack([symmetric(24, "f8") * (k + 1) for k in range(9)]),
    "symmetric axes apart": lambda: np.ascontiguousarray(
        np.stack([symmetric(24, "f4") * (k + 1) for k in range(9)], 1)
    ),
    "antisymmetric integers": lambda: symmetric(90, "i4", -1),
    "antisymmetric floats": lambda: antisymmetric(90),
    "hermitian": lambda: hermitian(60),
    "power, even": lambda: reflected(60, 80, "f4", False),
    "power, odd": lambda: reflected(61, 81, "f4", False),
    "power, shifted": lambda: reflected(60, 81, "f8", True),
    "power, even and shifted": lambda: reflected(60, 80, "f4", True),
    "point symmetry": lambda: np.concatenate(
        [noise((50, 41), "i2"), noise((50, 41), "i2")[::-1, ::-1]]
    ),
    "enlarged matrix": lambda: enlarged(symmetric(50, "f4"), 2),
    "unit axes": lambda: enlarged(field((60, 70)), 3)[None, :, None],
}


@pytest.mark.parametrize("effort", (1, 5))
@pytest.mark.parametrize("kind", REPEATS)
def test_repeats_are_left_out(kind, effort):
    array = REPEATS[kind]()
    chunk = h5prism.encode(array, effort=effort)
    assert len(chunk) < 1.01 * len(h5prism.encode(array, effort=effort, coder="ans")) + 64
    assert_same(h5prism.decode(chunk), array)
    if effort == 1:  # at others, predictors may be better than fewer frames
        assert h5prism.inspect_chunk(chunk).mapping == "repeats"
        assert_same(reference.decode(chunk), array)


@pytest.mark.parametrize(
    "whole, part",
    (
        (symmetric(128, "f4"), noise((64, 127), "f4")),
        (enlarged(noise((60, 70), "i2"), 3), noise((60, 70), "i2")),
        (reflected(80, 80, "f8", False), noise((80, 41), "f8")),
    ),
    ids=("symmetry", "slices", "reflection"),
)
def test_what_is_left_is_all_that_costs(whole, part):
    assert len(h5prism.encode(whole)) < 1.02 * len(h5prism.encode(part)) + 128


@pytest.mark.parametrize("dtype", ("f4", "f8"))
@pytest.mark.parametrize("axis", (0, 2))
def test_coordinates_of_a_grid_stand_apart(dtype, axis):
    array = grid(90, 110, dtype, axis)
    chunk = h5prism.encode(array)
    of_lines = [len(h5prism.encode(np.unique(plane))) for plane in np.moveaxis(array, axis, 0)]
    assert len(chunk) < 1.1 * sum(of_lines) + 200
    assert_same(h5prism.decode(chunk), array)
    assert_same(reference.decode(chunk), array)


def test_all_but_one_element_repeat():
    for kind, make in REPEATS.items():
        array = make()
        place = tuple(n * 5 // 7 for n in array.shape)
        array[place] = 77 if array[place] != 77 else 78
        assert_same(h5prism.decode(h5prism.encode(array, effort=1)), array), kind


def test_random_steps_come_back():
    """Copies along random axes, of small arrays of every type."""
    random = np.random.default_rng(3)
    for trial in range(150):
        dtype = random.choice(["i1", "u2", ">i4", "u8", "f2", ">f4", "f8"])
        shape = tuple(random.integers(1, 20, random.integers(2, 5)))
        array = random.integers(0, 99, shape).astype(dtype)
        while array.nbytes < 5000:
            axis = random.integers(array.ndim)
            n = array.shape[axis]
            picks = [np.arange(2 * n) // 2, np.arange(2 * n) % n, np.r_[:n, n - 1 : -1 : -1]]
            picks.append(random.integers(0, n, 2 * n))
            array = array.take(picks[random.integers(4)] % n, axis)
        array = np.ascontiguousarray(array)
        chunk = h5prism.encode(array, effort=1)
        assert_same(h5prism.decode(chunk), array)
        if trial % 10 == 0:
            assert_same(reference.decode(chunk), array)


@pytest.mark.parametrize(
    "options",
    ({"axis": 0}, {"coder": "ans"}, {"transform": "none"}, {"order": "stored"}, {"block": 8}),
)
def test_who_asks_for_stages_gets_them(options):
    array = REPEATS["enlarged"]()
    chunk = h5prism.encode(array, **options)
    assert h5prism.inspect_chunk(chunk).mapping != "repeats"
    assert_same(h5prism.decode(chunk), array)


def test_single_planes():
    array = REPEATS["frames in any order"]()
    chunk = h5prism.encode(array)
    axis = h5prism.inspect_chunk(chunk).axis
    planes = np.moveaxis(array, axis, 0)[[2, 0]]
    assert_same(
        h5prism.decode(chunk, planes=[2, 0]), np.ascontiguousarray(np.moveaxis(planes, 0, axis))
    )


def by_hand(parameters: bytes, rest: np.ndarray, dims: tuple[int, ...]) -> bytes:
    of = reference.read_container(h5prism.encode(np.zeros((9, 9), np.uint8)))
    return container(of, b"\x0d" + parameters, raw(rest), dims=dims, checksum=False)


NOTHING_CODED = bytes(4)  # a range-coded section without content


def test_contradictions_are_refused():
    rest, section = np.arange(12, dtype=np.uint8).reshape(3, 4), NOTHING_CODED
    right = b"\x01\x03\x01\x02\x00\x00"  # reflection of the last axis
    decoded = h5prism.decode(by_hand(right + section, rest, (3, 6)))
    assert_same(decoded, rest[:, [0, 1, 2, 3, 2, 1]])
    assert_same(reference.decode(by_hand(right + section, rest, (3, 6))), decoded)
    for wrong in (
        b"\x00",  # no steps
        b"\x09" + 9 * right[1:],
        b"\x01\x04\x01\x02\x00\x00",  # no such kind
        b"\x01\x03\x02\x04\x00\x00",  # no such axis
        b"\x01\x03\x00\x02\x00\x00",  # not the last one of them
        b"\x01\x03\x01\x00\x00\x00",  # no axes
        b"\x01\x03\x01\x02\x01\x00",  # the end of another axis
        b"\x01\x03\x01\x02\x02\x00",  # another rest
        b"\x01\x03\x01\x02\x00\x09",  # no such signs
        b"\x01\x01\x01\x00",  # nothing kept
        b"\x01\x01\x01\x07",  # more than there are
        b"\x01\x02\x00\x01\x00\x00",  # no matrix
        b"\x01\x02\x01\x01\x00\x00",  # one axis twice
    ):
        refused(by_hand(wrong + section, rest, (3, 6)))
    refused(by_hand(right, rest, (3, 6)))
    refused(by_hand(right + section + b"\x00", rest, (3, 6)))
    triangle = np.arange(3, dtype=np.uint8).reshape(1, 3)
    assert_same(
        h5prism.decode(by_hand(b"\x01\x02\x00\x01\x00\x00" + section, triangle, (2, 2))),
        np.array([[2, 0], [0, 1]], np.uint8),
    )
    refused(by_hand(b"\x01\x02\x00\x01\x02\x00" + section, triangle, (2, 2)))  # strict is 0 or 1
    refused(by_hand(b"\x01\x02\x00\x01\x01\x00\x02\x00\x01" + section, triangle, (2, 2)))  # no word


def test_repeats_within_repeats_are_refused():
    rest = np.arange(12, dtype=np.uint8).reshape(3, 4)
    step = b"\x01\x03\x01\x02\x00\x00" + NOTHING_CODED
    inner = by_hand(step, rest, (3, 6))
    of = reference.read_container(h5prism.encode(np.zeros((9, 9), np.uint8)))
    payload = varint(len(inner)) + inner
    refused(container(of, b"\x0d" + step, payload, dims=(3, 10), checksum=False))


def test_damage_is_no_crash():
    for kind in ("frames in any order", "hermitian"):
        chunk = h5prism.encode(REPEATS[kind]())
        for at in range(0, len(chunk), max(1, len(chunk) // 150)):
            for damaged in (chunk[:at], chunk[:at] + bytes([chunk[at] ^ 0x55]) + chunk[at + 1 :]):
                with pytest.raises(h5prism.PrismError):
                    h5prism.decode(damaged)


def test_memory_is_known_before():
    for kind in ("enlarged", "hermitian", "rows that come again"):
        array = REPEATS[kind]()
        chunk = h5prism.encode(array)
        need = h5prism.inspect_chunk(chunk).decode_bytes
        assert_same(h5prism.decode(chunk, memory_limit=need + array.nbytes), array)
        with pytest.raises(h5prism.PrismError, match="decoding takes"):
            h5prism.decode(chunk, memory_limit=array.nbytes // 4)
