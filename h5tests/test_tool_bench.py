"""`h5prism bench`: every pipeline on chunks from a dataset's middle."""

import json

import h5py
import numpy as np
import pytest
from filter_support import BUILD, FILTER_ID, create, filter_of, not_sanitized, run
from tool_support import fails
from generated import embedding, stack

TOOL = BUILD / "bin" / "h5prism"

pytestmark = not_sanitized

CUBE = embedding(60, 50, 12, "i1")


def bench(*arguments, check=True):
    return run(TOOL, "bench", *arguments, check=check, timeout=1800)


def report(path, *options, dataset="x"):
    return json.loads(bench(path, "--dataset", dataset, "--json", *options).stdout)


def rows_of(found):
    return {row["name"]: row for row in found["rows"]}


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "in.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("group/x", data=CUBE, chunks=(20, 20, 12))
        file["stack"] = stack(6, 20, 30)
        file["plane"] = stack(1, 40, 30)[0]
        file["line"] = np.arange(5000, dtype=">i2")
        file["one"] = np.zeros((1, 1, 1), "u1")
        file["floats"] = np.round(np.linspace(0, 3, 600), 2).reshape(5, 10, 12).astype("f4")
        file["empty"] = np.zeros((0, 2), "u1")
        file["text"] = ["a", "b"]
        file["complex"] = np.zeros((60, 50), "c8")
    return path


def test_the_table(source):
    done = bench(source, "--dataset", "group/x", "--sample", 10000)
    lines = done.stdout.splitlines()
    assert lines[0] == "60 x 50 x 12 int8, of which 9600 bytes: 2 chunk(s) of 20 x 20 x 12"
    names = [line.split()[0] for line in lines[3 : lines.index("", 3)]]
    assert names[0] == "gzip-6+shuffle" and names[-1] == "auto"
    for name in (
        "none+paeth+deflate-6",
        "channels+none+jxl-7",
        "stack+paeth+deflate-6",
        "lsq+ans-9",
    ):
        assert name in names
    for word in ("For reading often: ", "For archiving: "):
        assert word in done.stdout
    for spelling in (
        "h5repack  -f group/x:UD=33128,0,10,1,",
        "nccopy    -F x,33128,1,",
        "h5py      ",
    ):
        assert done.stdout.count(spelling) == 2


def test_sizes_are_those_of_the_filter(source, tmp_path):
    found = report(source, "--sample", 4800, dataset="group/x")
    assert found["sample_shape"] == [20, 20, 12] and found["sample_chunks"] == 1
    middle = CUBE[20:40, 20:40]  # 3 x 3 chunks
    with h5py.File(tmp_path / "own.h5", "w") as file:
        for row in found["rows"][1:]:
            dataset = create(file, row["name"], middle, middle.shape, row["filter_options"])
            assert row["filter_id"] == FILTER_ID
            assert filter_of(dataset)[1][:5] == tuple(row["filter_options"][:5])
            assert dataset.id.get_chunk_info(0).size == row["bytes"], row["name"]
        dataset = file.create_dataset(
            "gzip",
            data=middle,
            chunks=middle.shape,
            compression="gzip",
            compression_opts=6,
            shuffle=True,
        )
        file.flush()
        assert dataset.id.get_chunk_info(0).size == found["rows"][0]["bytes"]


def test_figures_agree_with_each_other(source):
    found = report(source, "--sample", 9600, dataset="group/x")
    for row in found["rows"]:
        assert row["ratio"] == pytest.approx(found["sample_bytes"] / row["bytes"], rel=1e-5)
        assert row["bits_per_value"] == pytest.approx(8 / row["ratio"], rel=1e-5)
        assert row["encode_mb_s"] > 0 and row["decode_mb_s"] > 0 and row["note"] == ""


def test_recommendations(source):
    found = report(source, "--sample", 9600, "--storage", 1, dataset="group/x")
    rows = rows_of(found)
    own = [row for row in found["rows"] if "options" in row]
    smallest = min(row["bytes"] for row in own)
    assert rows[found["recommended"]["archiving"]]["bytes"] <= 1.01 * smallest
    raw = found["sample_bytes"] / 1e6

    def seconds(row):
        return row["bytes"] / 1e6 / found["storage_mb_s"] + raw / row["decode_mb_s"]

    best = rows[found["recommended"]["reading"]]
    assert seconds(best) <= 1.001 * min(map(seconds, own))
    slow = rows_of(report(source, "--sample", 9600, "--storage", 1000000, dataset="group/x"))
    assert slow.keys() == rows.keys()


@pytest.mark.parametrize(
    "dataset, options, shape",
    [
        ("stack", ("--axis", 0), [6, 20, 30]),
        ("stack", ("--sample", 1000), [2, 10, 30]),
        ("plane", (), [40, 30]),
        ("line", (), [5000]),
        ("one", (), [1, 1, 1]),
        ("floats", (), [5, 10, 12]),
    ],
)
def test_shapes(source, dataset, options, shape):
    found = report(source, *options, dataset=dataset)
    assert found["sample_shape"][-1] == shape[-1]
    assert found["sample_bytes"] <= np.prod(found["shape"]) * 4
    names = rows_of(found)
    assert ("channels+none+jxl-3" in names) == (len(shape) > 1)
    assert ("stack+none+jxl-3" in names) == (len(shape) > 2)
    assert all("bytes" in row or row["note"] for row in found["rows"])
    assert "bytes" in names["auto"]


def test_whatever_compressed_the_input(source, tmp_path):
    path = tmp_path / "own.h5"
    with h5py.File(path, "w") as file:
        create(file, "x", CUBE, (20, 20, 12), (1, 0, 0, 0, 3))
    plain = report(source, "--sample", 9600, dataset="group/x")
    own = report(path, "--sample", 9600)
    assert [row.get("bytes") for row in plain["rows"]] == [row.get("bytes") for row in own["rows"]]


def test_names_in_json(tmp_path):
    path, name = tmp_path / "in.h5", 'quo"te \\ tab\t ü'
    with h5py.File(path, "w") as file:
        file[name] = np.zeros((4, 4), "u1")
    assert report(path, dataset=name)["dataset"] == name


@pytest.mark.parametrize(
    "dataset, options, word",
    [
        ("nothing", (), "no such dataset"),
        ("group", (), "not a dataset"),
        ("empty", (), "empty"),
        ("text", (), "not supported"),
        ("complex", (), "several numbers"),
        ("plane", ("--axis", 2), "rank 2"),
    ],
)
def test_what_cannot_be_measured(source, dataset, options, word):
    done = bench(source, "--dataset", dataset, *options, check=False)
    assert done.returncode == 1 and word in done.stderr
    assert done.stderr.count("\n") == 1 and done.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["in.h5", "--dataset"],
        ["in.h5", "other.h5", "--dataset", "x"],
        ["in.h5", "--dataset", "x", "--sample", "0"],
        ["in.h5", "--dataset", "x", "--sample", "1M"],
        ["in.h5", "--dataset", "x", "--unknown"],
    ],
)
def test_usage(arguments):
    fails("bench", *arguments, code=2, word="")


def test_help():
    assert bench("--help").stdout.startswith("usage: h5prism bench")
