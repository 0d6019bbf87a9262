"""scripts/quickstart, scripts/bench and the helpers behind them, on tiny arrays."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from generated import stack
from python_support import BUILD, ROOT, assert_same, constant, correlated, noise, run_python, with_gaps

import h5prism
from support import (
    arrays,
    contenders,
    measure,
    number_arrays,
    number_contenders,
    table,
    test_summary,
)
from support.noise import noise_of

H5PRISM_ROWS = ["none+paeth+deflate-6", "channels+none+jxl-3", "auto"]


@pytest.fixture
def array_file(tmp_path):
    path = tmp_path / "array.npy"
    np.save(path, correlated((40, 36, 8), "i1"))
    return path


def quickstart(folder, *arguments):
    return run_python("-m", "support.quickstart", "--output", folder / "out", *arguments)


needs_tools = pytest.mark.skipif(
    not (shutil.which("h5repack") and shutil.which("h5dump")), reason="hdf5-tools is missing"
)


@needs_tools
def test_quickstart_on_an_array(tmp_path, array_file):
    pytest.importorskip("matplotlib")
    done = quickstart(tmp_path, array_file)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("bit for bit the same") == 4
    for row in ("gzip-9+shuffle", "channels+none+jxl-7", "auto"):
        assert row in done.stdout
    assert (tmp_path / "out" / "quickstart.png").read_bytes().startswith(b"\x89PNG")
    with h5py.File(tmp_path / "out" / "quickstart.h5") as file:
        assert_same(file["emb"][()], np.load(array_file))


@needs_tools
def test_quickstart_on_floats_with_gaps(tmp_path):
    pytest.importorskip("matplotlib")
    np.save(tmp_path / "x.npy", with_gaps((30, 20, 6), ">f4"))
    done = quickstart(tmp_path, tmp_path / "x.npy")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("bit for bit the same") == 4


@needs_tools
@pytest.mark.parametrize("shape", [(50, 3), (7, 6, 5, 4), (300,)])
def test_quickstart_on_datasets_of_any_rank(tmp_path, shape):
    pytest.importorskip("matplotlib")
    with h5py.File(tmp_path / "two.h5", "w") as file:
        file["group/wanted"] = noise(shape, ">u2")
        file["other"] = np.zeros(3)
    done = quickstart(tmp_path, tmp_path / "two.h5", "--dataset", "group/wanted")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [(np.zeros((4, 4), "U3"), "<U3"), (np.zeros((0, 4), "i1"), "nothing to compress")],
)
def test_quickstart_says_what_it_cannot_compress(tmp_path, content, message):
    pytest.importorskip("matplotlib")
    np.save(tmp_path / "x.npy", content)
    done = quickstart(tmp_path, tmp_path / "x.npy")
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_the_quickstart_input():
    pytest.importorskip("skimage")
    from support.descriptors import descriptors

    found = descriptors()
    assert found.values.shape == (240, 240, 128)
    assert found.values.dtype == np.int8
    assert found.scales.shape == (240, 240)
    assert found.values.max() == 127


def test_what_decorrelation_leaves_is_smaller():
    pytest.importorskip("matplotlib")
    from support.pictures import decorrelate

    for array in (correlated((30, 30, 12), "i1"), constant((30, 30, 12), "u2")):
        residuals = decorrelate(array)
        assert residuals.shape == array.shape
        assert residuals[..., 1:].std() <= array[..., 1:].std() / 2


def test_prediction_weights_predict_channels():
    pytest.importorskip("matplotlib")
    from support.pictures import decorrelate, prediction_weights

    array = correlated((30, 30, 12), "i1")
    weights = prediction_weights(array)
    assert np.allclose(np.triu(weights), 0)
    centred = array - array.mean((0, 1))
    residuals = np.rint(centred - centred @ weights.T)
    assert np.abs(residuals - decorrelate(array)).max() <= 1


def test_the_gallery_has_its_pictures():
    page = (ROOT / "docs" / "gallery.md").read_text()
    shown = set(re.findall(r"\]\((gallery/[\w-]+\.png)\)", page))
    there = {f"gallery/{path.name}" for path in (ROOT / "docs" / "gallery").iterdir()}
    assert shown == there
    sizes = [(ROOT / "docs" / name).stat().st_size for name in shown]
    assert max(sizes) < 150_000 and sum(sizes) < 1_000_000


def bench(*arguments):
    return subprocess.run(
        ["bash", ROOT / "scripts" / "bench", *map(str, arguments)],
        env=os.environ | {"PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=1800,
    )


def test_labels_of_a_chart_hide_nothing():
    """Efforts that are as fast and as small as each other share a label."""
    pytest.importorskip("matplotlib")
    code = """
from support.chart import make_chart
from support.measure import Row
own = [(3.2, 38), (3.15, 37.9), (3.13, 37), (2.3, 4.5), (2.28, 4.4), (2.28, 0.9), (2, 0.68)]
rows = [Row(f"lsq+ans-{i}", 1, None, b, s, 9 * s) for i, (b, s) in enumerate(own, 1)]
rows += [Row("gzip-6", 1, None, 6.1, 38, 220), Row("auto", 1, None, 2.28, 4.4, 40)]
rows += [Row(f"jxl-{e}", 1, None, b, s, 17) for e, b, s in ((3, 2.9, 15), (7, 2.85, 14.9))]
figure = make_chart("x", rows)
figure.draw_without_rendering()
for axes in figure.axes[:2]:
    boxes = [text.get_window_extent() for text in axes.texts]
    print(*(text.get_text() for text in axes.texts), sep="|")
    print(sum(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i]))
    places = [axes.transData.transform((row.encode_mb_s, row.bits_per_value)) for row in rows]
    print(axes is figure.axes[0] and sum(b.contains(*p) for b in boxes for p in places))
print(figure.axes[2].get_legend() is not None, *(axes.get_legend() for axes in figure.axes[:2]))
"""
    lines = run_python("-c", code).stdout.splitlines()
    assert "1–3" in lines[0].split("|") and "4, 5" in lines[0].split("|")
    assert lines[1:3] == ["0", "0"] and lines[4] == "0" and lines[6] == "True None None"


def test_bench_draws_a_chart(tmp_path, array_file):
    pytest.importorskip("matplotlib")
    rows = ("none+paeth+deflate-6", "none+none+jxl-3", "gzip-9+shuffle")
    done = bench(array_file, "--chart", tmp_path, "--only", *rows, "--repeat", 1, "--no-memory")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "array.png").read_bytes().startswith(b"\x89PNG")


def test_bench_writes_json(tmp_path, array_file):
    result = tmp_path / "result.json"
    done = bench(array_file, "--json", result, "--repeat", 1)
    assert done.returncode == 0, done.stderr
    report = json.loads(result.read_text())
    assert {"cpu", "compiler", "libjxl", "zlib", "commit"} <= report["machine"].keys()
    (measured,) = report["arrays"]
    assert (measured["shape"], measured["bytes"]) == ([40, 36, 8], 40 * 36 * 8)
    assert [row["name"] for row in measured["rows"]] == [c.name for c in contenders.contenders()]
    rows = {row["name"]: row for row in measured["rows"]}
    for row in rows.values():
        assert not row["failed"]
        assert row["name"] in done.stdout
        assert row["bytes"] or row["note"]
    for name in ("gzip-9+shuffle", *H5PRISM_ROWS):
        row = rows[name]
        assert row["bits_per_value"] == 8 * row["bytes"] / measured["bytes"]
        assert row["encode_mb_s"] > 0 and row["decode_mb_s"] > 0
        assert row["encode_peak_bytes"] > 0 and row["decode_peak_bytes"] > 0
    codec_size = len(h5prism.encode(np.load(array_file)))
    assert rows["auto"]["bytes"] == codec_size


def test_bench_takes_datasets_and_names(tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file["a/b"] = correlated((20, 20, 4), "<i2")
        file["c"] = np.zeros(3)
    done = bench(f"{path}:a/b", "--only", "auto", "--repeat", 1, "--no-memory", "--axis", 0)
    assert done.returncode == 0, done.stderr
    assert "20 x 20 x 4 int16" in done.stdout
    assert "gzip" not in done.stdout


def test_bench_goes_on_after_a_file_that_it_cannot_read(tmp_path, array_file):
    done = bench(tmp_path / "none.npy", array_file, "--only", "auto", "--repeat", 1, "--no-memory")
    assert done.returncode == 1
    assert "none.npy" in done.stderr
    assert "auto" in done.stdout


def test_bench_of_shapes():
    done = bench("--shapes", 1, "--repeat", 1, "--only", "2x2x4096")
    assert done.returncode == 0, done.stderr
    assert "2x2x4096  float32  texture" in done.stdout
    assert "65536x1x1" not in done.stdout
    assert "times the seconds a byte of the reference" in done.stdout


TABLE_OF_KERNELS = re.compile(r"typedef struct px_(\w+)_kernels \{(.*?)\} px_\1_kernels;", re.S)


def kernels_of_headers():
    """TABLE_KERNEL for every pointer of every table in src."""
    return {
        f"{table}_{name}"
        for path in (ROOT / "src").rglob("*_kernels.h")
        for table, body in TABLE_OF_KERNELS.findall(path.read_text())
        for name in re.findall(r"\(\*(\w+)\)\(", body)
    }


needs_bench_kernels = pytest.mark.skipif(
    not (BUILD / "bin" / "bench_kernels").exists(), reason="bench_kernels is built on Linux only"
)


@needs_bench_kernels
def test_bench_of_kernels():
    done = bench("--kernels", "--repeat", 1)
    assert done.returncode == 0, done.stderr
    heading = done.stdout.index("kernel  ")
    lines = [line.split() for line in done.stdout[heading:].splitlines()[1:]]
    sets = list(dict.fromkeys(line[1] for line in lines))
    assert sets == ["scalar", "avx2", "avx512"][: len(sets)]
    kernels = kernels_of_headers()
    assert len(kernels) > 30
    assert sorted(line[:2] for line in lines) == sorted([k, s] for k in kernels for s in sets)
    for _, name, time, ratio in lines:
        assert float(time) > 0 and float(ratio) > 0
        assert name != "scalar" or ratio == "1.00"


@needs_bench_kernels
def test_bench_of_chosen_kernels():
    done = bench("--kernels", "wave_en", "gram", "--repeat", 1)
    assert done.returncode == 0, done.stderr
    found = {line.split()[0] for line in done.stdout.splitlines() if " scalar " in line}
    assert found == {"wave_encode", "product_gram"}
    assert bench("--kernels", "none-such").returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [["--only", "lzma"], ["--repeat", "0"], ["--first", "0"], ["--shapes"], ["--kernels"]],
)
def test_bench_usage_errors(array_file, arguments):
    done = bench(array_file, *arguments)
    assert done.returncode == 2
    assert "usage" in done.stderr


@pytest.mark.parametrize("dtype", ["i1", "u1", "<i2", ">i2", ">u2"])
@pytest.mark.parametrize(("shape", "axis"), [((9, 8), None), ((9, 8, 7), None), ((9, 8, 7), 0)])
def test_every_contender_gives_the_array_back(shape, axis, dtype):
    rows = measure.measure(
        contenders.contenders(axis), correlated(shape, dtype), repeat=1, warm_ups=0
    )
    assert not any(row.failed for row in rows), [row.note for row in rows if row.failed]
    ran = {row.name for row in rows if row.bytes}
    assert {"gzip-9+shuffle", "auto"} <= ran
    if shutil.which("gdal_translate"):
        assert "geotiff-deflate-9-predictor-2" in ran


@pytest.mark.parametrize("dtype", ["<f4", ">f8", "<f2", ">u4", "<i8"])
def test_every_contender_for_numbers_gives_the_array_back(dtype):
    """Where its Python module is missing, a row says so."""
    for shape in ((400,), (9, 8, 7), (3, 4, 5, 6, 7)):
        rows = measure.measure(
            number_contenders.number_contenders(), correlated(shape, dtype), repeat=1, warm_ups=0
        )
        assert not any(row.failed for row in rows), [row.note for row in rows if row.failed]
        assert all(row.bytes or row.note for row in rows)


def test_bench_compares_floats_with_what_is_made_for_them(tmp_path, array_file):
    np.save(tmp_path / "floats.npy", correlated((20, 20, 4), "f4"))
    only = ("--only", "auto", "pcodec-12", "--repeat", 1, "--no-memory")
    done = bench(tmp_path / "floats.npy", *only)
    assert done.returncode == 0, done.stderr
    assert "pcodec-12" in done.stdout
    wide = {contender.name for contender in contenders.chosen(None, wide=True)}
    assert wide - {contender.name for contender in contenders.chosen(None)} == {
        contender.name for contender in number_contenders.number_contenders()
    }


MAPPINGS = {
    "decimals": ("lattice",),
    "decimals with NaN": ("lattice", "mask"),
    "dequantised embedding": ("scaled",),
    "averages of 12 counts": ("lattice",),
    "300 different values": ("table",),
    "normal noise": ("fixed",),
    "the same hundredths": ("none",),
    "the same embedding": ("none",),
}


def test_generated_numbers_get_the_mappings_that_are_made_for_them():
    for name, array in number_arrays.generated(24).items():
        info = h5prism.inspect_chunk(h5prism.encode(array))
        kind = name.split(",")[0]
        assert info.mapping in MAPPINGS.get(kind, ("table", "lattice", "fixed", "mask")), name
        assert info.bits_per_value < 8 * array.itemsize, name


@pytest.mark.parametrize("dtype", ["u1", "i1", "<u2", ">u2"])
def test_every_contender_for_stacks_gives_the_array_back(dtype):
    frames = stack(4, 50, 62).astype(dtype)
    rows = measure.measure(contenders.contenders(stack=True), frames, repeat=1, warm_ups=0)
    assert not any(row.failed for row in rows), [row.note for row in rows if row.failed]
    ran = {row.name for row in rows if row.bytes}
    assert {"gzip-9+shuffle", "stack+lsq+ans-5", "stack+none+jxl-7", "auto"} <= ran
    if shutil.which("ffmpeg") and dtype == "u1":
        assert {"ffv1", "x264-lossless-veryslow"} <= ran


def test_bench_of_a_stack(tmp_path):
    path = tmp_path / "stack.npy"
    np.save(path, stack(6, 40, 50))
    names = ("--only", "ffv1", "auto", "--repeat", 1, "--no-memory")
    done = bench(path, "--stack", "--first", 3, *names)
    assert done.returncode == 0, done.stderr
    assert "3 x 40 x 50 uint8" in done.stdout
    assert "ffv1" in done.stdout


def noisy_frames(deviation):
    """A still scene with noise, and something bright that moves."""
    still = 100 + 20 * np.sin(np.arange(60) / 9)[:, np.newaxis] * np.ones(80)
    frames = still + np.random.default_rng(1).normal(0, deviation, (9, 60, 80))
    for k, frame in enumerate(frames):
        frame[20:26, 5 * k : 5 * k + 6] += 60
    return np.round(frames).astype("u1")


@pytest.mark.parametrize("deviation", [1.2, 6])
def test_noise_of_a_scene(deviation):
    noise = noise_of(noisy_frames(deviation))
    assert 0.6 < noise.still < 0.9
    assert noise.kurtosis == pytest.approx(3, abs=0.1)
    rounded = deviation**2 + 1 / 12
    assert noise.deviation**2 == pytest.approx(rounded, rel=0.02)
    bits = 8 * noise.size / (9 * 60 * 80)
    assert bits == pytest.approx(np.log2(2 * np.pi * np.e * rounded) / 2, abs=0.02)


@pytest.mark.parametrize("frames", [stack(6, 40, 50) // 4, np.zeros((5, 9, 9), "u1")])
def test_no_noise_is_told_where_the_scene_changes_or_nothing_does(frames):
    assert noise_of(frames) is None


def test_bench_tells_what_the_noise_of_a_stack_takes(tmp_path):
    np.save(tmp_path / "stack.npy", noisy_frames(3))
    done = bench(tmp_path / "stack.npy", "--stack", "--only", "auto", "--repeat", 1, "--no-memory")
    assert "normal white noise would take" in done.stdout, done.stdout + done.stderr


def test_a_row_that_cannot_run_says_why():
    rows = measure.measure(contenders.chosen(["auto"]), np.zeros((4, 4, 4), "U3"), repeat=1)
    assert not rows[0].failed
    assert rows[0].bytes is None
    assert "<U3" in rows[0].note
    assert rows[0].note in table.format_table(rows)


class Forgetful(contenders.Contender):
    """Loses the last element."""

    def encode(self, array):
        return contenders.Coded(array.tobytes()[: -array.itemsize], array.nbytes)

    def decode(self, coded, dtype, shape):
        values = np.frombuffer(coded.payload, dtype)
        return np.append(values, np.zeros(1, dtype)).reshape(shape)


def test_a_broken_round_trip_is_not_timed():
    (row,) = measure.measure([Forgetful("x")], np.ones((4, 4), "i1"), repeat=1)
    assert row.failed
    assert row.encode_mb_s is None
    assert "did not give the array back" in row.note


@pytest.mark.parametrize(
    ("shape", "chunk"),
    [
        ((240, 240, 128), (240, 240, 128)),
        ((912, 912, 128), (228, 456, 128)),
        ((2**26,), (2**26,)),
        ((1, 2**26), (1, 2**26)),
    ],
)
def test_chunks(shape, chunk):
    array = np.broadcast_to(np.int8(0), shape)
    assert arrays.chunk_shape(array) == chunk


def test_the_middle_of_an_array():
    array = np.arange(24).reshape(4, 6)
    assert_same(arrays.middle(array, (2, 2)), np.array([[8, 9], [14, 15]]))


def test_arrays_that_cannot_be_loaded(tmp_path):
    text = tmp_path / "x.npy"
    text.write_text("no array")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["a"], file["b"] = np.ones(3), np.ones(3)
    for path in (text, tmp_path / "x.h5", f"{tmp_path / 'x.h5'}:c", tmp_path / "missing.h5"):
        with pytest.raises(arrays.InputError, match=Path(str(path)).name.split(":")[0]):
            arrays.load(str(path))


JUNIT = """<testsuites><testsuite>
<testcase name="good"/>
<testcase name="bad"><failure message="x"/></testcase>
<testcase name="broken"><error message="x"/></testcase>
<testcase name="left out"><skipped message="no network"/></testcase>
<testcase name="no program" status="notrun"><skipped message="Unable to find"/></testcase>
<testcase name="not now" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase>
</testsuite></testsuites>"""


def summary(capsys, *results):
    code = test_summary.main([str(result) for result in results])
    return code, capsys.readouterr().out.splitlines()


def test_the_sum_of_the_tests(tmp_path, capsys):
    report = tmp_path / "ctest.xml"
    report.write_text(JUNIT)
    code, lines = summary(capsys, report, "passed:build", "skipped:format: not installed")
    assert (code, lines[-1]) == (1, "2 passed, 3 failed, 3 skipped")
    assert "skipped: ctest: left out: no network" in lines
    assert "failed: ctest: no program: Unable to find" in lines


@pytest.mark.parametrize(
    ("results", "last", "code"),
    [
        (["passed:a", "passed:b"], "2 passed, 0 failed", 0),
        (["failed:a"], "0 passed, 1 failed", 1),
        (["skipped:a"], "0 passed, 0 failed, 1 skipped", 1),
        ([], "0 passed, 0 failed", 1),
        (["missing.xml", "passed:a"], "1 passed, 1 failed", 1),
    ],
)
def test_sums(capsys, results, last, code):
    found, lines = summary(capsys, *results)
    assert (found, lines[-1]) == (code, last)


def test_no_result_is_a_failure(tmp_path, capsys):
    report = tmp_path / "ctest.xml"
    report.write_text("<testsuite/>")
    assert summary(capsys, report, "passed:a")[0] == 1


@pytest.mark.parametrize(
    "script",
    [
        *("lib.sh", "setup", "quickstart", "bench", "gallery", "oracle"),
        *("test", "test-hdf5", "test-machines"),
    ],
)
def test_scripts_are_bash(script):
    path = ROOT / "scripts" / script
    subprocess.run(["bash", "-n", path], check=True)
    if script != "lib.sh":
        assert os.access(path, os.X_OK)
        assert "set -euo pipefail" in path.read_text()


def test_a_python_without_the_modules_is_named():
    code = f'. "{ROOT}/scripts/lib.sh"; find_python numpy no_such_module_at_all'
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "no_such_module_at_all" in done.stderr
