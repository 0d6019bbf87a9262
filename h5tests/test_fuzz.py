"""What fuzzing has found: the reference decoders agree on it, and its sums stand in docs/testing.md.

`python3 h5tests/test_fuzz.py FOLDER` compares the decoders on every chunk of a folder.
"""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import reference_decoder as reference
import reference_lossy  # noqa: F401  (decodes mapping 9 once it is imported)
import reference_lossy_components  # noqa: F401  (decodes mappings 7 and 8 once it is imported)
import reference_lossy_near  # noqa: F401  (decodes mappings 5 and 6 once it is imported)
import reference_native  # noqa: F401  (decodes coder 3 once it is imported)
from python_support import LONG, ROOT
from support.fuzz_corpus import inputs
from support.fuzz_total import written

import h5prism

CORPUS = ROOT / "fuzz" / "corpus" / "chunks.tar.xz"
FOUND = ROOT / "fuzz" / "found" / "chunks"
SHARES = 24  # a run of tests compares two of as many shares of the corpus, a long one all
MOST_BYTES = 6000  # of elements: the reference decoders are slow


def small(chunk):
    try:
        info = h5prism.inspect_chunk(chunk)
    except h5prism.PrismError:
        return True  # refused at once
    return np.prod(info.shape, dtype=float) * 8 <= MOST_BYTES


def by_library(chunk):
    """The elements, or None if it refuses them."""
    try:
        return h5prism.decode(chunk, skip_checksum=True, memory_limit=1 << 28)
    except h5prism.PrismError as error:
        if error.status in (h5prism.Status.MEMORY, h5prism.Status.TYPE):
            raise reference.NotCovered("too much memory, or no type in numpy") from error
        return None


def by_document(chunk):
    try:
        return reference.decode_chunk(reference.read_container(chunk))
    except reference.CorruptChunk:
        return None


def disagreement(chunk):
    """What the decoders do not agree on; empty if they do, or cannot be compared."""
    if not small(chunk):
        return ""
    try:
        found, expected = by_library(chunk), by_document(chunk)
    except reference.NotCovered:
        return ""
    if (expected is None) != (found is None):
        return f"{'C' if found is None else 'the reference decoder'} refuses it"
    if found is not None and found.tobytes() != expected.tobytes():
        return "they decode it to other elements"
    return ""


def assert_agreement(chunks):
    assert chunks
    wrong = {name: disagreement(chunk) for name, chunk in chunks.items()}
    assert not {name: what for name, what in wrong.items() if what}


@pytest.mark.parametrize("share", range(SHARES if LONG else 2))
def test_decoders_agree(share):
    assert_agreement(dict(sorted(inputs(CORPUS).items())[share::SHARES]))


def test_decoders_agree_on_what_was_wrong_once():
    assert_agreement({path.name: path.read_bytes() for path in FOUND.iterdir()})


def test_the_sums_are_those_of_the_file():
    document = (ROOT / "docs" / "testing.md").read_text()
    assert written(document) == document


if __name__ == "__main__":
    paths = sorted(Path(sys.argv[1]).iterdir())
    for path in paths[:: int(os.environ.get("STEP", 1))]:
        what = disagreement(path.read_bytes())
        if what:
            print(f"{path}: {what}", flush=True)
    print(f"{len(paths)} chunks")
