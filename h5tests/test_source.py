"""Rules of the C sources that no compiler knows."""

import re
from fnmatch import fnmatch

from python_support import ROOT

FOLDERS = ("src", "filter", "tools")
SOURCES = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.c")]
HEADERS = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.h")]

COMMENT = re.compile(r"/\*.*?\*/", re.S)

# An argument may contain one level of parentheses.
ARGUMENTS = r"\(((?:[^()]|\([^()]*\))*)\)"
ALLOCATION = re.compile(rf"\b(malloc|realloc|calloc|aligned_alloc){ARGUMENTS}")
PRODUCT = re.compile(r" \* ")  # as clang-format writes it; `sizeof *x` is none


def products_in(text):
    """Allocations of a product that nothing checks; calloc checks that of its arguments."""
    return [found.group() for found in ALLOCATION.finditer(text) if PRODUCT.search(found.group(2))]


def test_products_are_found():
    assert products_in("x = malloc(n * sizeof *x);") == ["malloc(n * sizeof *x)"]
    assert products_in("x = calloc(n * (n + 1), sizeof *x);")
    assert not products_in("x = calloc(n, sizeof *x); y = malloc(size);")


def test_allocated_products_go_through_sizes():
    assert len(SOURCES) > 100
    found = {str(path): products_in(path.read_text()) for path in SOURCES}
    assert not {path: lines for path, lines in found.items() if lines}


def test_what_a_pool_takes_is_a_checked_product():
    take = re.compile(rf"\bpx_pool_take(?:_zeroed)?{ARGUMENTS}")
    for path in SOURCES:
        for found in take.finditer(path.read_text()):
            arguments = re.sub(rf"px_product{ARGUMENTS}", "", found.group(1))
            assert not PRODUCT.search(arguments), (path, found.group())


def gone_from(comments, files, words):
    """Files and functions of this project that comments name and that there are not."""
    named = set(re.findall(r"(?<![\w/*<-])[\w*-]+\.[ch]\b", comments))
    gone = {name for name in named if not any(fnmatch(file, name) for file in files)}
    functions = set(re.findall(r"\b(?:px|plugin|tool|prism)_[a-z0-9_]+\b(?!_|\*)", comments))
    return gone | (functions - words)


def test_what_is_gone_is_found():
    words = {"px_there"}
    assert not gone_from("/* px_there: there.c, *_kernels.c */", {"there.c", "a_kernels.c"}, words)
    assert gone_from("/* gone.h, px_gone */", {"there.c"}, words) == {"gone.h", "px_gone"}


def test_comments_name_what_there_is():
    texts = {path: path.read_text() for path in SOURCES + HEADERS}
    texts |= {path: path.read_text() for path in (ROOT / "include").glob("*.h")}
    words = set(re.findall(r"\w+", " ".join(COMMENT.sub("", text) for text in texts.values())))
    files = {path.name for path in texts}
    gone = {
        str(path.relative_to(ROOT)): found
        for path, text in texts.items()
        if (found := gone_from(" ".join(COMMENT.findall(text)), files, words))
    }
    assert not gone
