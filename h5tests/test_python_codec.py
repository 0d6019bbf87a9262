"""encode and decode: every element comes back, and what cannot be encoded or decoded says why."""

import itertools
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import numpy as np
import pytest
from generated import stack
from python_support import (
    CONTENTS,
    DTYPES,
    assert_same,
    constant,
    correlated,
    noise,
    run_python,
    with_gaps,
    often,
)

import h5prism
from h5prism import ChunkInfo, PrismError, Status
from h5prism._library import library

ODD_SHAPES = [
    (1,),
    (7,),
    (1, 1),
    (40, 1),
    (1, 40),
    (1, 1, 128),
    (16, 16, 1),
    (5, 1, 999),
    (6, 5, 300),
    (2, 3, 257),
    (3, 2, 4, 5),
    (2, 2, 2, 2, 3),
    (2, 1, 3, 1, 2, 4),
    (1,) * 32,
]
PIPELINES = [
    dict(zip(("transform", "predictor", "coder"), names))
    for names in itertools.product(("none", "channels"), ("none", "paeth"), ("deflate", "jxl"))
] + [{}]


def round_trip(array, **options):
    blob = h5prism.encode(array, **options)
    assert_same(h5prism.decode(blob), array)
    assert len(blob) <= array.nbytes + 512
    return blob


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("shape", ODD_SHAPES)
def test_odd_shapes(shape, content):
    for index, (dtype, pipeline) in enumerate(itertools.product(("i1", ">u2", "<f4"), PIPELINES)):
        round_trip(content(shape, dtype, seed=index), **pipeline)


@pytest.mark.parametrize("seed", range(often(60)))
def test_random_arrays_and_options(seed):
    random = np.random.default_rng(seed)
    rank = random.integers(1, 7)
    longest = (0, 3000, 60, 16, 8, 6, 4)[rank]
    shape = tuple(int(n) for n in random.integers(1, longest, rank))
    options = {
        "transform": random.choice(["auto", "none", "channels"]),
        "predictor": random.choice(["auto", "none", "paeth"]),
        "coder": random.choice(["auto", "deflate", "jxl"]),
        "effort": int(random.integers(1, 8)),
        "axis": random.choice(["auto", int(random.integers(rank))]),
        "checksum": bool(random.integers(2)),
        "verify": bool(random.integers(2)),
    }
    content = CONTENTS[random.integers(len(CONTENTS))]
    round_trip(content(shape, random.choice(DTYPES), seed), **options)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("pipeline", PIPELINES)
def test_every_type_and_byte_order(dtype, pipeline):
    array = correlated((24, 20, 6), dtype)
    blob = round_trip(array, **pipeline)
    info = h5prism.inspect_chunk(blob)
    assert (info.shape, info.dtype) == (array.shape, array.dtype)
    assert info.encoded_bytes == len(blob)
    for key, value in pipeline.items():
        assert getattr(info, key) == value


SMALL_IMAGES = """
import numpy as np, h5prism
random = np.random.default_rng(0)
for dtype, top in (("u1", 256), ("u2", 65536)):
    for _ in range(400):
        shape = random.integers(1, 17, 3) >> [0, 0, 2]
        values = random.integers(0, top, 2).astype(dtype)
        kind = random.integers(4)
        x = np.full(shape + [0, 0, 1], values[0], dtype)
        if kind == 1: x[..., 0] = values[1]
        if kind == 2: x[: len(x) // 2] = values[1]
        if kind == 3: x[random.random(x.shape) < 0.3] = values[1]
        for effort in (8, 9):
            blob = h5prism.encode(x, transform="none", coder="jxl", effort=effort)
            assert (h5prism.decode(blob) == x).all()
x = np.full((10, 13, 5), 23566, "u2")
x[:5] = 14680
h5prism.encode(x, transform="none", predictor="none", coder="jxl", effort=8)
x = np.full((4, 35, 1), 48, "u1")
x[1], x[2:] = 222, 103
h5prism.encode(x, transform="none", predictor="none", coder="jxl", effort=8)
"""


def test_small_images_of_few_values_at_the_highest_efforts():
    # libjxl 0.7 ends the whole process at some of these: not the one of the tests.
    done = run_python("-c", SMALL_IMAGES)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("dtype", DTYPES)
def test_strides_do_not_matter(dtype):
    whole = correlated((20, 24, 9), dtype)
    for view in (
        whole[::2, 3:, ::-1],
        whole.transpose(2, 0, 1),
        np.asfortranarray(whole),
        whole[0],
    ):
        assert_same(h5prism.decode(h5prism.encode(view)), view)
    repeated = np.broadcast_to(whole[0], (5, 24, 9))
    assert_same(h5prism.decode(h5prism.encode(repeated)), repeated)


def test_a_read_only_array_is_not_written():
    array = correlated((16, 16, 8), "i1")
    array.flags.writeable = False
    before = array.copy()
    round_trip(array)
    assert_same(array, before)


def test_the_result_is_a_new_writable_array():
    array = correlated((8, 8, 4), "i1")
    decoded = h5prism.decode(h5prism.encode(array))
    decoded += 1
    assert decoded.flags.c_contiguous


def test_decorrelation_pays_where_channels_are_related():
    array = correlated((64, 64, 32), "i1")
    plain = len(h5prism.encode(array, transform="none", coder="deflate"))
    lifted = len(h5prism.encode(array, transform="channels", coder="deflate"))
    chosen = len(h5prism.encode(array, coder="deflate"))
    assert lifted < 0.8 * plain
    assert chosen < 1.02 * lifted


def test_info_of_planes():
    array = correlated((24, 10, 14), "<i2")
    info = h5prism.inspect_chunk(h5prism.encode(array, transform="channels", axis=1))
    assert (info.axis, info.planes, info.height * info.width) == (1, 10, 336)
    assert info.checksum
    assert info.bits_per_value == 8 * info.encoded_bytes / array.size
    assert not h5prism.inspect_chunk(h5prism.encode(array, checksum=False)).checksum


def test_what_does_not_shrink_is_stored_raw():
    array = noise((40, 40, 3), "u1")
    assert h5prism.inspect_chunk(round_trip(array)).coder == "raw"


def test_a_constant_array_is_tiny():
    assert len(round_trip(constant((128, 128, 64), "i1"))) < 4096


@pytest.mark.parametrize("dtype", ["U3", "O", "V4", "g"])
def test_other_types_are_named_in_the_error(dtype):
    array = np.zeros((4, 4), dtype)
    with pytest.raises(PrismError, match="not compressed") as caught:
        h5prism.encode(array)
    assert caught.value.status is Status.TYPE
    assert str(array.dtype) in str(caught.value)


SEVERAL = {
    "?": ("i1", 1),
    "M8[s]": ("<i8", 1),
    ">m8[ms]": (">i8", 1),
    "c8": ("<f4", 2),
    ">c16": (">f8", 2),
    "f4,f4,f4": ("<f4", 3),
    "i4,f4,u4": ("<u4", 3),
    "<i4,>i4": ("u1", 8),
    "u1,f8": ("u1", 9),
    "(2,3)f4,c8": ("<f4", 8),
    "i1,?,3i1": ("i1", 5),
}


def of_several(dtype):
    """Smooth numbers in each place of an element."""
    dtype = np.dtype(dtype)
    steps = np.arange(40 * 30 * dtype.itemsize).reshape(40, 30, dtype.itemsize) // 700
    return (steps % 2 if dtype == np.bool_ else steps).astype("u1").view(dtype)[..., 0]


def assert_same_bytes(array, expected):
    assert (array.dtype, array.shape) == (expected.dtype, expected.shape)
    assert array.tobytes() == expected.tobytes()


@pytest.mark.parametrize("dtype", SEVERAL)
def test_elements_of_several_numbers(dtype):
    array = of_several(dtype)
    kind, count = SEVERAL[dtype]
    blob = h5prism.encode(array)
    numbers = h5prism.decode(blob)
    assert numbers.dtype == np.dtype(kind)
    assert numbers.shape == array.shape + (count,) * (count > 1)
    assert_same_bytes(h5prism.decode(blob, dtype=array.dtype), array)


def test_padding_comes_back():
    dtype = np.dtype({"names": ["a", "b"], "formats": ["f4", "u1"], "offsets": [0, 8], "itemsize": 12})
    array = of_several(dtype)
    assert_same_bytes(h5prism.decode(h5prism.encode(array), dtype=dtype), array)


def test_strings_within_elements_are_refused():
    with pytest.raises(PrismError, match="type .*S1.* are not compressed") as caught:
        h5prism.encode(np.zeros((4, 4), "i1,S1"))
    assert caught.value.status is Status.TYPE


def test_another_dtype_is_refused():
    blob = h5prism.encode(of_several("c8"))
    for dtype in ("c16", "f8", "f4,f4,f4", "?"):
        with pytest.raises(h5prism.PrismError, match="no elements of type"):
            h5prism.decode(blob, dtype=dtype)


def test_no_bound_goes_with_several_numbers():
    with pytest.raises(h5prism.PrismError, match="no bound"):
        h5prism.encode(of_several("c8"), rel_rmse=0.01)


FLOATS = [name for name in DTYPES if "f" in name]


@pytest.mark.parametrize("dtype", FLOATS)
def test_special_floats(dtype):
    for effort, shape in itertools.product((1, 5, 9), ((2000,), (30, 20, 6), (7, 1, 3))):
        round_trip(with_gaps(shape, dtype), effort=effort, verify=True)
        round_trip(noise(shape, dtype), effort=effort, verify=True)


MAPPED = {
    "none": correlated((40, 30, 4), "<i2"),
    "table": np.arange(4800).reshape(40, 30, 4) % 7 * 1.25e300,
    "lattice": np.cumsum(noise((4800,), "i1"), dtype=">i8").reshape(40, 30, 4) * 1000,
    "fixed": np.sqrt(3 + correlated((40, 30, 4), "<f4")),
    "scaled": noise((40, 30, 8), "i1") * noise((40, 30, 1), "u2").astype("f4"),
}


@pytest.mark.parametrize("mapping", MAPPED)
def test_info_of_mappings(mapping):
    array = MAPPED[mapping]
    info = h5prism.inspect_chunk(round_trip(array, predictor="lsq", coder="ans"))
    assert info.mapping == mapping
    assert (info.shape, info.dtype) == (array.shape, array.dtype)
    assert info.encoded_bytes < 0.8 * array.nbytes


@pytest.mark.parametrize("dtype", [name for name in DTYPES if name[-1] in "48"])
def test_values_at_both_ends_of_the_range(dtype):
    """Outliers, but too many and too different for exceptions, in arrays of any size."""
    for shape, seed in itertools.product(((54, 3), (29, 10), (700,), (20, 15, 8)), range(6)):
        words = np.random.default_rng(seed).integers(-40 << seed, 40, shape)
        array = words.astype(f"i{np.dtype(dtype).itemsize}").astype(f"{dtype[0]}i{dtype[-1]}")
        round_trip(array.view(dtype), verify=True)


def test_integers_times_scales_take_the_space_of_both():
    """Whatever the largest integer of a position is: twice the integers are not like others."""
    integers = np.rint(correlated((40, 30, 16), "f4") * 25).astype("i1")
    scales = np.random.default_rng(1).uniform(1, 2, (40, 30, 1)).astype("f4")
    blob = round_trip(integers * scales)
    assert h5prism.inspect_chunk(blob).mapping == "scaled"
    assert len(blob) < 1.1 * (len(h5prism.encode(integers)) + scales.nbytes)


@pytest.mark.parametrize("pair", [("q", "i8"), ("Q", "u8"), ("l", f"i{np.dtype('l').itemsize}")])
def test_other_names_of_integers(pair):
    array = correlated((20, 20), pair[1]).astype(pair[0])
    assert_same(h5prism.decode(h5prism.encode(array)), array.astype(pair[1]))


BFLOAT16 = """
import sys
import h5prism, ml_dtypes, numpy
walk = numpy.random.default_rng(0).normal(size=(20, 30)).cumsum(axis=0)
array = walk.astype(ml_dtypes.bfloat16)
chunk = h5prism.encode(array)
decoded = h5prism.decode(chunk)
assert array.dtype == decoded.dtype == h5prism.inspect_chunk(chunk).dtype
assert array.tobytes() == decoded.tobytes() and len(chunk) < array.nbytes
open(sys.argv[1], "wb").write(chunk)
"""

WITHOUT_ML_DTYPES = """
import sys; sys.modules["ml_dtypes"] = None
import h5prism
chunk = open(sys.argv[1], "rb").read()
print(h5prism.inspect_chunk(chunk).dtype)
try:
    h5prism.decode(chunk)
except h5prism.PrismError as error:
    print(error.status.name, error)
"""


def python_with_ml_dtypes():
    if find_spec("ml_dtypes"):
        return sys.executable
    from venv_support import venv_python

    return venv_python("bfloat16", "ml_dtypes")


def test_bfloat16(tmp_path):
    done = run_python("-c", BFLOAT16, tmp_path / "chunk", python=python_with_ml_dtypes())
    assert done.returncode == 0, done.stderr
    done = run_python("-c", WITHOUT_ML_DTYPES, tmp_path / "chunk")
    assert done.stdout.splitlines()[0] == "|V2", done.stderr
    assert done.stdout.splitlines()[1].startswith("TYPE elements of type bfloat16 need")


@pytest.mark.parametrize("array", [np.int8(3), np.zeros(0, "i1"), np.zeros((3, 0, 2), "u2")])
def test_scalars_and_empty_arrays_are_errors(array):
    with pytest.raises(PrismError) as caught:
        h5prism.encode(array)
    assert caught.value.status is Status.SHAPE


def test_four_gib_are_too_much():
    # One row, repeated by its strides: no such memory is needed.
    array = np.broadcast_to(np.zeros((1, 1 << 16), "u2"), (1 << 15, 1 << 16))
    with pytest.raises(PrismError) as caught:
        h5prism.encode(array)
    assert caught.value.status is Status.SHAPE


def test_a_mask_is_not_lost_silently():
    with pytest.raises(PrismError, match="mask"):
        h5prism.encode(np.ma.masked_equal(np.arange(4, dtype="i1"), 2))


@pytest.mark.parametrize(
    "options",
    [
        {"max_error": -1},
        {"rel_rmse": 1},
        {"coder": "zip"},
        {"coder": "raw"},
        {"effort": 0},
        {"effort": 10},
        {"effort": 2.5},
        {"effort": True},
        {"axis": 3},
        {"checksum": 1},
        {"threads": 0},
        {"transform": ""},
    ],
    ids=str,
)
def test_wrong_options(options):
    with pytest.raises(PrismError, match=next(iter(options))) as caught:
        h5prism.encode(np.zeros((4, 4, 4), "i1"), **options)
    assert caught.value.status is Status.OPTION


@pytest.mark.parametrize("coder", ["deflate", "jxl"])
def test_the_native_predictor_goes_with_the_native_coder_only(coder):
    with pytest.raises(PrismError) as caught:
        h5prism.encode(np.zeros((4, 4, 4), "i1"), predictor="lsq", coder=coder)
    assert caught.value.status is Status.OPTION


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_a_shortened_chunk_is_an_error(pipeline):
    blob = h5prism.encode(correlated((16, 12, 6), "i1"), **pipeline)
    for length in range(len(blob)):
        with pytest.raises(PrismError):
            h5prism.decode(blob[:length])


def test_trailing_bytes_are_an_error():
    blob = h5prism.encode(correlated((16, 12, 6), "i1"))
    with pytest.raises(PrismError):
        h5prism.decode(blob + b"\0")


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_no_damaged_byte_goes_unnoticed(pipeline):
    blob = h5prism.encode(correlated((9, 8, 5), ">i2"), **pipeline)
    random = np.random.default_rng(1)
    for position in range(len(blob)):
        damaged = bytearray(blob)
        damaged[position] ^= int(random.integers(1, 256))
        with pytest.raises(PrismError):
            h5prism.decode(damaged)


def test_skipping_the_checksum():
    array = noise((20, 20), "u1")  # stored raw, so that damage to a sample is only that
    blob = bytearray(h5prism.encode(array))
    blob[200] ^= 1
    with pytest.raises(PrismError) as caught:
        h5prism.decode(blob)
    assert caught.value.status is Status.CHECKSUM
    assert np.count_nonzero(h5prism.decode(blob, skip_checksum=True) != array) == 1


def test_memory_limit():
    blob = h5prism.encode(correlated((64, 64, 16), "i1"), transform="channels", coder="deflate")
    with pytest.raises(PrismError) as caught:
        h5prism.decode(blob, memory_limit=1)
    assert caught.value.status is Status.MEMORY
    h5prism.decode(blob, memory_limit=2**30)


def claim(*dims: int) -> bytes:
    """A chunk of a few bytes that says it holds an int8 array of these dimensions."""
    blob = bytearray(h5prism.encode(np.zeros((16, 16, 16), "i1"), coder="deflate", checksum=False))
    varints = b""
    for size in dims:
        while size >= 128:
            varints += bytes([size % 128 + 128])
            size //= 128
        varints += bytes([size])
    return bytes(blob[:9] + varints + blob[12:])


def test_claims_beyond_the_memory_of_the_machine(monkeypatch):
    monkeypatch.setattr("h5prism._machine.memory", lambda: 1 << 30)
    with pytest.raises(PrismError, match="the limit is 1073741824") as caught:
        h5prism.decode(claim(1 << 10, 1 << 10, 1 << 10))
    assert caught.value.status is Status.MEMORY
    with pytest.raises(PrismError) as caught:
        h5prism.decode(claim(1 << 10, 1 << 10, 1 << 10), planes=[0])
    assert caught.value.status is Status.MEMORY


@pytest.mark.parametrize("text, fits", [("1", False), ("10K", False), ("1m", True), ("1G", True)])
def test_the_memory_limit_of_the_environment(monkeypatch, text, fits):
    blob = h5prism.encode(np.arange(30000, dtype="u2"), predictor="paeth", coder="deflate")
    needed = h5prism.inspect_chunk(blob).decode_bytes + 60000
    assert 10 << 10 < needed < 1 << 20
    monkeypatch.setenv("H5PRISM_MEMORY_LIMIT", text)
    if fits:
        h5prism.decode(blob)
    else:
        with pytest.raises(PrismError, match="the limit is"):
            h5prism.decode(blob)
    h5prism.decode(blob, memory_limit=0)


@pytest.mark.parametrize("text", ["x", "-1", "1T", "1 M", "0x10"])
def test_wrong_memory_limits_of_the_environment(monkeypatch, text):
    monkeypatch.setenv("H5PRISM_MEMORY_LIMIT", text)
    with pytest.raises(PrismError, match="H5PRISM_MEMORY_LIMIT") as caught:
        h5prism.decode(h5prism.encode(np.arange(9)))
    assert caught.value.status is Status.OPTION


@pytest.mark.parametrize("options", [{"threads": 0}, {"memory_limit": -1}], ids=str)
def test_wrong_decode_options(options):
    with pytest.raises(PrismError) as caught:
        h5prism.decode(h5prism.encode(np.zeros(4, "i1")), **options)
    assert caught.value.status is Status.OPTION


def test_any_contiguous_buffer_is_decoded():
    array = correlated((8, 8, 4), "i1")
    blob = h5prism.encode(array)
    doubled = np.repeat(np.frombuffer(blob, np.uint8), 2)
    for buffer in (bytearray(blob), memoryview(blob), doubled[::2].copy()):
        assert_same(h5prism.decode(buffer), array)
    with pytest.raises(PrismError, match="contiguous"):
        h5prism.decode(doubled[::2])
    with pytest.raises(TypeError):
        h5prism.decode("text")


@pytest.mark.parametrize("blob", [b"", b"\x89HDF\r\n\x1a\n", bytes(500)])
def test_other_bytes_are_not_a_chunk(blob):
    for function in (h5prism.decode, h5prism.inspect_chunk):
        with pytest.raises(PrismError):
            function(blob)


def test_errors_travel_between_processes():
    with pytest.raises(PrismError) as caught:
        h5prism.decode(b"")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.status, str(copy)) == (caught.value.status, str(caught.value))
    assert isinstance(copy, ValueError)


def test_a_status_of_a_newer_library_is_kept():
    assert PrismError(99, "x").status == 99


def test_many_threads_at_once():
    arrays = [correlated((48, 40, 12), DTYPES[seed], seed) for seed in range(12)]
    with ThreadPoolExecutor(4) as pool:
        blobs = list(pool.map(h5prism.encode, arrays))
        decoded = list(pool.map(h5prism.decode, blobs))
    for array, blob, found in zip(arrays, blobs, decoded):
        assert blob == h5prism.encode(array)
        assert_same(found, array)


@pytest.mark.parametrize("axis", [0, 2])
@pytest.mark.parametrize("coder", ["deflate", "jxl", "ans"])
def test_some_planes(axis, coder):
    values = np.moveaxis(stack(9, 40, 60), 0, axis)
    blob = h5prism.encode(values, axis=axis, coder=coder)
    for planes in ([0], [8, 3], [-1, 0, 5, 5], range(9), []):
        np.testing.assert_array_equal(
            h5prism.decode(blob, planes=planes), np.take(values, list(planes), axis)
        )


def test_some_frames_of_a_large_stack():
    """Segments that nothing is needed of are left out, wherever they stand."""
    values = np.concatenate([stack(20, 150, 160), stack(20, 150, 160)[::-1]])
    blob = h5prism.encode(values, transform="stack", predictor="lsq", coder="ans", axis=0)
    for plane in range(0, 40, 3):
        np.testing.assert_array_equal(h5prism.decode(blob, planes=[plane])[0], values[plane])


def test_planes_that_are_not_there():
    blob = h5prism.encode(stack(4, 20, 20), axis=0)
    for planes in ([4], [-5], [0, 7]):
        with pytest.raises(IndexError, match="of a chunk of 4"):
            h5prism.decode(blob, planes=planes)
    with pytest.raises(TypeError):
        h5prism.decode(blob, planes=[0.5])


def test_planes_of_a_raw_chunk():
    values = np.random.default_rng(3).integers(0, 256, (4, 30, 30), np.uint8)
    blob = h5prism.encode(values, axis=0)
    assert h5prism.inspect_chunk(blob).coder == "raw"
    np.testing.assert_array_equal(h5prism.decode(blob, planes=[0]), values)


NOISE = np.random.default_rng(3).geometric(0.05, (128, 128)).clip(0, 255).astype("u1") * 91
BLOCKS = np.kron(np.arange(256, dtype="u1").reshape(16, 16) % 5, np.ones((8, 8), "u1"))


@pytest.mark.parametrize(
    "method, array, options",
    [
        ("quick", correlated((64, 64, 16), "i1"), {"effort": 2, "coder": "ans"}),
        ("lsq", correlated((64, 64, 16), "i1"), {"effort": 5, "coder": "ans"}),
        ("adaptive", correlated((64, 64, 16), "i1"), {"effort": 8, "coder": "ans"}),
        ("frames", stack(8, 64, 64), {"effort": 5, "transform": "stack", "coder": "ans"}),
        ("mixed", stack(6, 128, 128), {"effort": 8, "transform": "stack", "coder": "ans"}),
        ("palette", BLOCKS, {"effort": 5}),
        ("order0", NOISE, {"effort": 5, "coder": "ans"}),
        ("lsq", correlated((64, 64, 16), "i1").astype("f4") / 4, {"effort": 5, "coder": "ans"}),
        ("none", correlated((64, 64, 16), "i1"), {"coder": "deflate"}),
        ("none", np.random.default_rng(4).bytes(9999), {}),
    ],
)
def test_the_method_is_named(method, array, options):
    array = np.frombuffer(array, "u1") if isinstance(array, bytes) else array
    assert h5prism.inspect_chunk(h5prism.encode(array, **options)).method == method


@pytest.mark.parametrize("kind", ["mapping", "method"])
def test_names_of_chunks_are_in_the_documentation(kind):
    name_of = getattr(library(), f"prism_{kind}_name")
    names = [name.decode() for number in range(64) if (name := name_of(number))]
    assert len(names) > 5
    assert not [name for name in names if f'"{name}"' not in ChunkInfo.__doc__]
