"""scripts/bench --lossy and the pictures of docs/lossy.md."""

import json
import re

import numpy as np
import pytest
from python_support import ROOT, run_python

pytest.importorskip("PIL", reason="Pillow is not installed")

from support import lossy, lossy_meaning, lossy_peers  # noqa: E402


def planes(channels=12):
    generator = np.random.default_rng(0)
    y, x = np.mgrid[0:24, 0:20] / 5
    sources = np.stack([np.sin(a * y + b * x) for a, b in generator.uniform(-1, 1, (4, 2))], 2)
    return (3 + sources @ generator.normal(size=(4, channels))).astype("f4")


def test_components_restore_the_planes():
    components = lossy_peers.Components(planes())
    np.testing.assert_allclose(components.restored(components.scores), planes(), atol=1e-5)
    assert (np.diff(components.variances) <= 1e-9).all()


@pytest.mark.parametrize("name", ["JPEG128", "PCA-JPEG", "PCA+JPEG, one step"])
def test_peers_lose_more_with_larger_settings(name):
    original = lossy.Original(planes(), None)
    components = lossy_peers.Components(original.planes)
    [peer] = [p for p in lossy_peers.peers_of_rmse(original.planes, components) if p.name == name]
    settings = (5, 90) if peer.is_integer else (0.02, 0.5)
    (large, fine), (small, coarse) = (peer.code(setting) for setting in settings)
    assert small < large
    assert original.rmse(fine) < original.rmse(coarse)


def test_smaller_pictures_are_shown_where_there_are_any():
    rows = [lossy.LossyRow("a", 0.1, 900, 0.1, smaller=(900, 700, 300))]
    rows += [lossy.LossyRow("b", 0.1, 900, 0.1, smaller=(900,) * 3), lossy.LossyRow("c", 0.1, 9, 0)]
    table = lossy._smaller_table(rows)
    assert re.findall(r"[0-9]+", table)[-4:] == ["900", "900", "700", "300"]
    assert "b" not in table.replace("bytes", "") and lossy._smaller_table(rows[1:]) == ""


def test_what_it_means():
    original = planes()
    embedding = lossy_meaning.Embedding(original)
    same = embedding.meaning(original)
    assert (same.nearest, same.ten, same.agreement) == (1, 1, 1)
    assert same.probe > 0.5 and same.cosine == pytest.approx(1)
    noise = np.random.default_rng(1).normal(size=original.shape)
    other = embedding.meaning(original + noise)
    assert other.nearest < 0.5 and other.centred_cosine < other.cosine < 1


def test_bench_of_a_file(tmp_path):
    pytest.importorskip("matplotlib")
    np.save(tmp_path / "x.npy", (planes(4) * 20).astype("i2"))
    done = run_python(
        *("-m", "support.bench", "--lossy", tmp_path / "x.npy", "--only", "h5prism-5", "JPEG128"),
        *("--json", tmp_path / "x.json", "--chart", tmp_path / "charts"),
        H5PRISM_THREADS=1,
    )
    assert done.returncode == 0, done.stderr
    for heading in ("relative RMSE of at most", "no element further off", "the article's form"):
        assert heading in done.stdout
    [found] = json.loads((tmp_path / "x.json").read_text())["arrays"]
    assert {row["name"] for row in found["rel_rmse"]} == {"h5prism-5", "JPEG128"}
    for row in found["rel_rmse"]:
        assert row["bytes"] is None or row["error"] <= row["target"]
    ours = [row for row in found["max_error"] if row["name"] == "h5prism-5"]
    assert [row["target"] for row in ours] == [1, 2, 4]
    assert all(row["error"] <= row["target"] for row in ours)
    assert (tmp_path / "charts" / "x-lossy.png").exists()


def test_bench_of_integers_with_scales(tmp_path):
    """Errors are those of the products: positions of small scale may be far off."""
    generator = np.random.default_rng(1)
    array = (planes(6) * 9 + generator.normal(size=(24, 20, 6))).astype("i1")
    scales = np.where(np.arange(24)[:, None] < 12, 0.01, 1).repeat(20, 1).astype("f4")
    np.save(tmp_path / "x.npy", array)
    np.save(tmp_path / "s.npy", scales)
    command = ("-m", "support.bench", "--lossy", tmp_path / "x.npy", "--only", "h5prism-5")
    done = run_python(*command, "--scales", tmp_path / "s.npy", "--json", tmp_path / "x.json")
    assert done.returncode == 0, done.stderr
    assert "no element further off" not in done.stdout
    [found] = json.loads((tmp_path / "x.json").read_text())["arrays"]
    for row in found["rel_rmse"]:
        assert 0 < row["error"] <= row["target"] or row["note"] == "lossless"
    np.save(tmp_path / "s.npy", scales[1:])
    refused = run_python(*command, "--scales", tmp_path / "s.npy")
    assert refused.returncode == 1 and "scales of shape" in refused.stderr


def test_bench_refuses_what_has_no_bound(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(100))
    done = run_python("-m", "support.bench", "--lossy", tmp_path / "x.npy")
    assert done.returncode == 1 and "no bound goes with" in done.stderr


def test_the_page_has_its_picture():
    page = (ROOT / "docs" / "lossy.md").read_text()
    files = list((ROOT / "docs" / "lossy").iterdir())
    assert [f"lossy/{path.name}" in page for path in files] == [True]
    assert sum(path.stat().st_size for path in files) < 300_000
