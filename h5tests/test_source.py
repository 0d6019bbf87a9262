"""Rules of the C sources that no compiler knows."""

import re

from python_support import ROOT

SOURCES = [path for folder in ("src", "filter", "tools") for path in (ROOT / folder).rglob("*.c")]

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
