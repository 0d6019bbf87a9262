"""Prism as h5py sees it, and inspect(dataset)."""

import h5py
import numpy as np
import pytest
from python_support import (
    LIBRARY,
    assert_same,
    constant,
    correlated,
    leave_partial_chunks_alone,
    noise,
    run_python,
)

import h5prism
from h5prism import Prism, PrismError, Status

CONFIGS = [
    {},
    {"transform": "channels", "predictor": "paeth", "coder": "deflate", "effort": 6},
    {"coder": "jxl", "effort": 7, "axis": 0, "checksum": False},
    {"verify": True, "threads": 4, "axis": 31},
]


@pytest.fixture
def file(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as opened:
        yield opened


def stored_options(dataset):
    return dataset.id.get_create_plist().get_filter_by_id(h5prism.FILTER_ID)[1]


def assert_filtered(dataset, chunks):
    """h5py does not notice a filter that fails: the mask does."""
    found = h5prism.inspect(dataset)
    assert len(found) == chunks
    assert all(chunk.filter_mask == 0 and chunk.info for chunk in found)
    assert sum(chunk.stored_bytes for chunk in found) == dataset.id.get_storage_size()
    return found


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_parameters_and_back(config):
    prism = Prism(**config)
    assert prism.get_config().items() >= config.items()
    for same in (
        Prism(**prism.get_config()),
        Prism.from_filter_options(prism.filter_options),
        eval(repr(prism)),
    ):
        assert same == prism
        assert hash(same) == hash(prism)
        assert same.filter_options == prism.filter_options


def test_all_configurations_differ():
    assert len({Prism(**config) for config in CONFIGS}) == len(CONFIGS)
    assert Prism() != (h5prism.FILTER_ID, Prism().filter_options)


def test_defaults_are_those_of_the_library():
    assert Prism.from_filter_options(()) == Prism()
    assert Prism.from_filter_options((1,)) == Prism()


def test_the_words_of_the_chunk_are_ignored():
    words = (*Prism(effort=3).filter_options, 1, 2, 30, 40)
    assert Prism.from_filter_options(words) == Prism(effort=3)


@pytest.mark.parametrize("words", [(99,), (1, 17), (1, 0, 0, 0, 88), (-1,), (2**32,)], ids=str)
def test_wrong_words(words):
    with pytest.raises(PrismError) as caught:
        Prism.from_filter_options(words)
    assert caught.value.status is Status.OPTION


@pytest.mark.parametrize("config", [{"effort": 11}, {"coder": "lzma"}, {"axis": "last"}], ids=str)
def test_wrong_values(config):
    with pytest.raises(PrismError, match=next(iter(config))):
        Prism(**config)


@pytest.mark.parametrize("keyword", ["max_err", "rmse", "blocks", "level"])
def test_unknown_keywords(keyword):
    with pytest.raises(TypeError, match=keyword):
        Prism(**{keyword: 1})


def test_it_is_a_mapping():
    prism = Prism(coder="deflate")
    assert dict(prism) == {
        "compression": h5prism.FILTER_ID,
        "compression_opts": prism.filter_options,
    }
    assert len(prism) == 2
    with pytest.raises(KeyError):
        prism["shuffle"]


@pytest.mark.parametrize("dtype", ["i1", ">u2", "<f4", ">f8", "<i8"])
@pytest.mark.parametrize("config", CONFIGS[:3], ids=str)
def test_both_spellings_compress(file, config, dtype):
    array = correlated((50, 40, 16), dtype)
    chunks = (32, 40, 16)
    prism = Prism(**config)
    first = file.create_dataset("a", data=array, chunks=chunks, compression=prism)
    second = file.create_dataset("b", data=array, chunks=chunks, **prism)
    for dataset in (first, second):
        assert_same(dataset[()], array)
        assert_filtered(dataset, 2)
        assert dataset.id.get_storage_size() < 0.9 * array.nbytes
        assert Prism.from_filter_options(stored_options(dataset)) == prism


def test_stored_words_make_the_same_dataset_again(file):
    array = correlated((20, 20, 8), "i1")
    first = file.create_dataset("a", data=array, chunks=(10, 20, 8), **Prism(effort=7))
    words = stored_options(first)
    second = file.create_dataset(
        "b", data=array, chunks=(10, 20, 8), compression=h5prism.FILTER_ID, compression_opts=words
    )
    assert stored_options(second) == words
    assert second.id.get_storage_size() == first.id.get_storage_size()


def test_options_reach_the_chunks(file):
    array = correlated((32, 32, 8), "i1")
    prism = Prism(transform="channels", predictor="none", coder="jxl", effort=3, axis=1)
    dataset = file.create_dataset("a", data=array, chunks=array.shape, compression=prism)
    (chunk,) = assert_filtered(dataset, 1)
    info = chunk.info
    assert (info.transform, info.predictor, info.coder) == ("channels", "none", "jxl")
    assert (info.effort, info.axis, info.planes) == (3, 1, 32)


def test_inspect_lists_the_stored_chunks(file):
    dataset = file.create_dataset("a", (30, 30, 4), "i1", chunks=(16, 16, 4), compression=Prism())
    assert h5prism.inspect(dataset) == []
    dataset[20:, :16] = noise((10, 16, 4), "i1")
    (chunk,) = h5prism.inspect(dataset)
    assert chunk.offset == (16, 0, 0)
    assert chunk.values == 16 * 16 * 4
    assert chunk.stored_bytes == chunk.info.encoded_bytes
    assert chunk.bits_per_value == chunk.info.bits_per_value


def test_inspect_sees_skipped_chunks_and_other_filters(file):
    array = noise((8, 8), "u1")
    dataset = file.create_dataset(
        "a", array.shape, "u1", chunks=array.shape, shuffle=True, compression=Prism()
    )
    dataset.id.write_direct_chunk((0, 0), array.tobytes(), filter_mask=0b11)
    (chunk,) = h5prism.inspect(dataset)
    assert (chunk.info, chunk.filter_mask, chunk.stored_bytes) == (None, 0b11, 64)


def test_inspect_sees_partial_chunks_that_hdf5_left_alone(file):
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((16, 16))
    properties.set_filter(h5prism.FILTER_ID, 0, Prism().filter_options)
    if not leave_partial_chunks_alone(properties):
        pytest.skip("there is no /proc to find HDF5 in")
    space = h5py.h5s.create_simple((16, 20))
    dataset = h5py.Dataset(
        h5py.h5d.create(file.id, b"a", h5py.h5t.STD_I8LE, space, dcpl=properties)
    )
    dataset[...] = constant((16, 20), "i1")
    whole, partial = h5prism.inspect(dataset)
    assert (whole.filter_mask, partial.filter_mask) == (0, 0)
    assert whole.stored_bytes == whole.info.encoded_bytes
    assert (partial.info, partial.stored_bytes) == (None, 256)
    assert_same(h5prism.read(dataset), constant((16, 20), "i1"))


def test_inspect_refuses_what_is_not_compressed_by_the_filter(file):
    plain = file.create_dataset("plain", data=np.zeros(4, "i1"))
    gzipped = file.create_dataset("gzip", data=np.zeros(4, "i1"), compression="gzip")
    summed = file.create_dataset(
        "summed", data=np.zeros((4, 4), "i1"), fletcher32=True, compression=Prism()
    )
    for dataset in (plain, gzipped, summed):
        with pytest.raises(PrismError) as caught:
            h5prism.inspect(dataset)
        assert caught.value.status is Status.ARGUMENT


WRITE = """
import sys, numpy as np, h5py, h5prism
with h5py.File(sys.argv[1], "w") as f:
    x = np.arange(4096, dtype="i2").reshape(16, 16, 16)
    d = f.create_dataset("emb", data=x, chunks=x.shape, compression=h5prism.Prism())
    print(d.id.get_chunk_info(0).filter_mask, d.id.get_storage_size() < x.nbytes)
"""
READ = """
import sys, h5py
with h5py.File(sys.argv[1], "r") as f:
    x = f["emb"][()]
print((x.ravel() == range(4096)).all(), "h5prism" in sys.modules)
"""


def test_importing_is_enough_to_write_and_the_plugin_path_to_read(tmp_path):
    path = tmp_path / "x.h5"
    written = run_python("-c", WRITE, path, remove=["HDF5_PLUGIN_PATH"])
    assert written.stdout.split() == ["0", "True"], written.stderr
    read = run_python("-c", READ, path, remove=["PYTHONPATH", "H5PRISM_LIBRARY"])
    assert read.stdout.split() == ["True", "False"], read.stderr


def test_the_plugin_folder_is_added_only_once():
    code = (
        "import h5py, h5prism, os\n"
        "h5prism.register(); h5prism.register()\n"
        "paths = [h5py.h5pl.get(i) for i in range(h5py.h5pl.size())]\n"
        f"print(paths.count({bytes(LIBRARY.parent)!r}), len(paths))"
    )
    added = run_python("-c", code, remove=["HDF5_PLUGIN_PATH"])
    assert added.stdout.split()[0] == "1", added.stderr
    there = run_python("-c", code)
    assert there.stdout.split() == ["1", "1"], there.stderr


def test_folders_that_cannot_be_opened(tmp_path):
    """HDF5 1.10 gives up at the first of them, and never comes to ours."""
    (tmp_path / "file").touch()
    for other in ("/missing", tmp_path / "file"):
        both = f"{other}:{LIBRARY.parent}"
        done = run_python("-c", WRITE, tmp_path / "x.h5", HDF5_PLUGIN_PATH=both)
        assert done.stdout.split() == ["0", "True"], done.stderr
        read = READ.replace("import sys, h5py", "import sys, h5py, h5prism")
        done = run_python("-c", read, tmp_path / "x.h5", HDF5_PLUGIN_PATH=both)
        assert done.stdout.split() == ["True", "True"], done.stderr


def test_without_h5py_the_codec_works():
    code = (
        "import sys; sys.modules['h5py'] = None\n"
        "import numpy as np, h5prism\n"
        "x = np.arange(64, dtype='i1').reshape(4, 4, 4)\n"
        "p = h5prism.Prism(effort=2)\n"
        "print((h5prism.decode(h5prism.encode(x)) == x).all(), dict(**p)['compression'],\n"
        "      p == h5prism.Prism(effort=2), len({p, h5prism.Prism()}))"
    )
    done = run_python("-c", code)
    assert done.stdout.split() == ["True", "33128", "True", "2"], done.stderr
