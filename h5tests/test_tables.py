"""Tables (rows x columns): automatic options find what ties columns, however few rows there are."""

import json

import numpy as np
import pytest
from support import tables
from test_python_scripts import bench

import h5prism

ALLOWED = 0.01
LEAST_BYTES = 4096


def vectors(dtype, rows, columns, rank=20):
    """Embeddings: all columns hang together."""
    rng = np.random.default_rng(columns)
    hidden = rng.standard_normal((rows, rank)) @ rng.standard_normal((rank, columns))
    values = hidden / np.sqrt(rank) + 0.2 * rng.standard_normal((rows, columns))
    return (values * 30).clip(-127, 127).astype(dtype) if dtype == "i1" else values.astype(dtype)


@pytest.mark.parametrize("effort", [1, 5])
@pytest.mark.parametrize("columns", [48, 120])
@pytest.mark.parametrize("dtype", ["i1", "f2", "f4"])
def test_no_number_of_rows_costs_more_than_the_best_options(dtype, columns, effort):
    table = vectors(dtype, 4 * columns, columns)
    for row in tables.measure_tables(table, effort):
        if row.bytes >= LEAST_BYTES:
            assert row.excess <= ALLOWED, row


@pytest.mark.parametrize("effort", [1, 5])
def test_floats_are_lifted_with_few_rows(effort):
    for rows in (150, 197, 400):
        blob = h5prism.encode(vectors("f4", rows, 99), effort=effort)
        assert h5prism.inspect_chunk(blob).transform == "channels"


def test_a_smooth_table_is_not_lifted_where_a_picture_is_smaller():
    """Estimates of a wave see little of what prediction along both axes makes of it."""
    x, t = np.linspace(0, 20, 300), np.linspace(0, 3, 180)[:, None]
    wave = (1 / np.cosh(x - 2 * t - 3) ** 2 + 0.3 / np.cosh(x - t - 9) ** 2).astype("f4")
    blob = h5prism.encode(wave)
    lifted = h5prism.encode(wave, transform="channels", predictor="lsq", coder="ans")
    assert len(blob) <= len(lifted)


def test_bench_of_tables(tmp_path):
    np.save(tmp_path / "table.npy", vectors("i1", 130, 32))
    done = bench("--tables", tmp_path / "table.npy", "--json", tmp_path / "result.json")
    assert done.returncode == 0, done.stderr
    assert "130 rows" in done.stdout
    first, second = json.loads((tmp_path / "result.json").read_text())["arrays"]
    assert [first["effort"], second["effort"]] == [1, 5]
    names = [row["name"] for row in second["tables"]]
    assert names == ["8 rows", "31 rows", "32 rows", "63 rows", "64 rows", "128 rows", "130 rows"]
