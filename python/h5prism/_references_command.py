"""`h5prism references`: what `h5prism.references` gives, as a file of JSON or a folder of Parquet."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ._references import references

_PARQUET = (".parq", ".parquet")
_ENTRIES_OF_A_FILE = 100_000


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0 done, 1 it failed (one line on stderr says why), 2 wrong arguments."""
    options = _parser().parse_args(arguments)
    if options.output and options.output.suffix not in (".json", *_PARQUET):
        _parser().error(f"{options.output}: expected a name that ends in .json, .parq or .parquet")
    if options.output and options.output.exists() and not options.force:
        print(f"h5prism: {options.output} exists: --force replaces it", file=sys.stderr)
        return 1
    try:
        with warnings.catch_warnings(record=True) as left_out:
            warnings.simplefilter("always")
            found = _references_of(options)
        for warning in left_out:
            print(f"h5prism: {warning.message}", file=sys.stderr)
        _write(found, options.output)
    except (OSError, KeyError, ValueError, ImportError) as reason:
        print(f"h5prism: {reason}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="h5prism references",
        description="Where the chunks of an HDF5 file lie, for readers of Zarr (kerchunk references).",
    )
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "-o", "--output", type=Path, metavar="OUT",
        help="a file *.json, or a folder *.parq or *.parquet, which needs fsspec, pandas and "
        "fastparquet; JSON on stdout without it",
    )  # fmt: skip
    parser.add_argument("--dataset", metavar="PATH", help="a dataset, or a group that is the root")
    parser.add_argument("--url", help="of the file, for readers; its absolute path by default")
    parser.add_argument("--force", action="store_true", help="replaces OUT")
    parser.add_argument("--zarr-format", type=int, choices=(2, 3), default=2)
    return parser


def _references_of(options: argparse.Namespace) -> dict[str, Any]:
    import h5py

    with h5py.File(options.file, "r") as file:
        item = file[options.dataset or "/"]
        return references(item, options.url, zarr_format=options.zarr_format)


def _write(found: dict[str, Any], output: Path | None) -> None:
    if output is None:
        json.dump(found, sys.stdout)
        print()
    elif output.suffix == ".json":
        _write_json(found, output)
    else:
        _write_parquet(found["refs"], output)


def _write_json(found: dict[str, Any], output: Path) -> None:
    """OUT is whole or as it was."""
    part = output.with_name(f"{output.name}.{os.getpid()}.part")
    try:
        part.write_text(json.dumps(found))
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)


def _write_parquet(refs: dict[str, Any], output: Path) -> None:
    from fsspec.implementations.local import LocalFileSystem
    from fsspec.implementations.reference import LazyReferenceMapper

    shutil.rmtree(output, ignore_errors=True)
    written = LazyReferenceMapper.create(
        record_size=_ENTRIES_OF_A_FILE, root=os.fspath(output), fs=LocalFileSystem()
    )
    for key in sorted(refs):
        written[key] = refs[key]
    written.flush()
