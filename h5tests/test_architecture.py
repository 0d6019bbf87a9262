"""docs/architecture.md and docs/glossary.md say what the sources say.

Names, files and calls of the picture, files and names of tables, numbers of efforts, the order of
rooms, and a check for each table of kernels.
"""

import re
import subprocess
import sys
from functools import cache
from typing import NamedTuple

import pytest
from python_support import ROOT

ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()

# Calls from HDF5's callback to a kernel: only fewer of them are wanted. In other pictures, to where
# they end or go on in another one; a trial is one call more (docs/architecture.md, "Decisions").
MOST_CALLS = {"Encoding integers": 12, "Decoding integers": 12}
MOST_ELSEWHERE = {"Choosing": 13}


def test_rooms_look_downwards_only():
    command = [sys.executable, ROOT / "scripts" / "architecture", "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


# ---- The picture


class Line(NamedTuple):
    number: int | None  # of calls from the callback; None for a branch
    depth: int  # of a branch; 0 for a numbered line
    name: str
    pointer: str  # in the table that the call goes through, or ""
    path: str


LINE = re.compile(
    r"^(?: ?(?P<number>\d+)|(?P<branch> {3}(?: {3})*)\+-) (?P<name>\w+)"
    r"(?: \(table: (?P<pointer>\w+)\))? +(?P<path>(?:src|filter)/\S+\.c)(?: .*)?$"
)
SECTION = re.compile(r"^### (.+)\n(?:(?!###|```).*\n)*```example\n((?:.+\n)*)```$", re.M)


def line_of(text):
    found = LINE.match(text)
    assert found, f"no line of the picture: {text}"
    number = None if found["number"] is None else int(found["number"])
    depth = len(found["branch"] or "") // 3
    return Line(number, depth, found["name"], found["pointer"] or "", found["path"])


PICTURES = {
    title: [line_of(line) for line in text.splitlines()]
    for title, text in SECTION.findall(ARCHITECTURE)
}


@cache
def source(path):
    return (ROOT / path).read_text()


@cache
def body_of(name, path):
    """What stands between the braces of a function, which clang-format has laid out."""
    pattern = rf"^(?:[\w*]+ +)+\*?{name}\([^;{{}}]*\) \{{\n(.*?)^\}}"
    found = re.search(pattern, source(path), re.M | re.S)
    assert found, f"{path} defines no {name}"
    return found[1]


def calls_of(lines):
    """Pairs of a line and one that calls it."""
    way, above = [], {}
    for line in lines:
        if line.number is not None:
            way.append(line)
            above = {0: line}
            continue
        yield above[line.depth - 1], line
        above[line.depth] = line
    yield from zip(way, way[1:])


def is_called(caller, line):
    """By its name, or through a pointer whose value the name is somewhere."""
    body = body_of(caller.name, caller.path)
    if not re.search(rf"\b{line.pointer or line.name}(?:\[\w+\])?\)?\(", body):
        return False
    values = re.compile(rf"[^\w.>]{line.name}\b(?! ?\()")
    return not line.pointer or any(map(values.search, map(source, sources())))


@cache
def sources():
    paths = [path for folder in ("src", "filter") for path in (ROOT / folder).rglob("*.[ch]")]
    return [str(path.relative_to(ROOT)) for path in paths]


def test_there_are_pictures():
    titles = re.findall(r"^### (.+)$", ARCHITECTURE, re.M)
    assert titles == list(PICTURES)
    assert MOST_CALLS.keys() < PICTURES.keys()


@pytest.mark.parametrize("title", PICTURES)
def test_functions_of_the_picture_call_each_other(title):
    for caller, line in calls_of(PICTURES[title]):
        body_of(line.name, line.path)
        assert is_called(caller, line), f"{caller.name} does not call {line.name}"


@pytest.mark.parametrize("title", PICTURES)
def test_lines_of_the_picture_count_calls(title):
    numbers = [line.number for line in PICTURES[title] if line.number is not None]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


@pytest.mark.parametrize("title", MOST_CALLS)
def test_a_kernel_is_no_more_calls_away(title):
    first, last = PICTURES[title][0], PICTURES[title][-1]
    assert (first.number, first.name) == (0, "filter")
    assert last.path.endswith("_kernels.c")
    assert last.number <= MOST_CALLS[title]


@pytest.mark.parametrize("title", [title for title in PICTURES if title not in MOST_CALLS])
def test_pictures_end_after_few_calls(title):
    numbers = [line.number for line in PICTURES[title] if line.number is not None]
    assert numbers[-1] <= MOST_ELSEWHERE.get(title, 12)


def test_parts_of_the_picture_join():
    """The first line of each part is a line of another part with that number, or calls it there;
    reading in parts begins at the API."""
    whole = {
        (line.number, line.name, line.path) for title in MOST_CALLS for line in PICTURES[title]
    }
    numbers = {line.name: line.number for line in PICTURES["Encoding integers"] if line.number}
    api = PICTURES["Decoding blocks"][0]
    assert (api.number, api.path) == (0, "src/api/reader.c")
    assert re.search(rf"\b{api.name}\(", source("include/prism.h"))
    for title in PICTURES.keys() - {"Choosing", "Decoding blocks"}:
        first = PICTURES[title][0]
        assert (first.number, first.name, first.path) in whole, title
    assert PICTURES["Choosing"][0].number == numbers["px_encode_integers"] + 1
    assert "choose(" in body_of("px_encode_integers", "src/choose/choose.c")


# ---- Tables and sentences

PATH = re.compile(r"^(?:src|filter|include|h5tests|scripts|docs|tools|python)/[\w./*-]+$")
NAME = re.compile(r"^[A-Za-z]\w+$")
QUOTED = re.compile(r"`([^`\n]+)`")


def part_of(text, title):
    return re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)[1]


ROWS = re.compile(r"^\|[^\n]*\n\|-[-|]*\n((?:\|.*\n)+)", re.M)


def rows_of(text):
    """Cells of the rows of tables, without heads."""
    rows = [row for table in ROWS.findall(text) for row in table.splitlines()]
    return [[cell.strip() for cell in row[1:-1].split("|")] for row in rows]


def files_of(text):
    """Files that a text names, by the paths of the tree; patterns must fit something."""
    for word in QUOTED.findall(text):
        if "/" in word and PATH.match(word) and "NAME" not in word:
            found = sorted(ROOT.glob(word.rstrip("/")))
            assert found, f"there is no {word}"
            yield from (path for path in found if path.is_file())


def assert_names_stand_in_files(text):
    files = [path.read_text(errors="replace") for path in files_of(text)]
    for word in QUOTED.findall(text):
        if NAME.match(word):
            assert any(re.search(rf"\b{word}\b", file) for file in files), (word, text)


QUESTIONS = rows_of(part_of(ARCHITECTURE, "Which file answers which question"))


def test_there_are_questions_enough():
    assert len(QUESTIONS) >= 20


@pytest.mark.parametrize("question,answer", QUESTIONS)
def test_answers_are_there(question, answer):
    assert "src/" in answer or QUOTED.search(answer) or "](#" in answer
    assert_names_stand_in_files(answer)


WITH_FILES = ["docs/architecture.md", "docs/efforts.md", "docs/glossary.md", "CONTRIBUTING.md"]
ALL = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]


@pytest.mark.parametrize("document", WITH_FILES)
def test_files_of_documents_exist(document):
    assert list(files_of((ROOT / document).read_text()))


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_paths_in_src_exist(path):
    """Also where they stand in no backticks."""
    for word in re.findall(r"\bsrc/[\w./-]*\w", path.read_text()):
        assert (ROOT / word).exists() or list(ROOT.glob(word + "*")), (path.name, word)


ANCHOR = re.compile(r"\]\(([\w.-]*)#([\w-]+)\)")


def slug(title):
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


@pytest.mark.parametrize("document", ["architecture.md", "efforts.md", "glossary.md"])
def test_links_lead_to_headings(document):
    text = (ROOT / "docs" / document).read_text()
    for path, anchor in ANCHOR.findall(text):
        titles = re.findall(r"^#+ (.+)$", (ROOT / "docs" / (path or document)).read_text(), re.M)
        assert anchor in map(slug, titles), (path, anchor)


# ---- Efforts

EFFORT_TABLE = re.compile(r"^    \.(\w+) *= \{0,(.*)\},$", re.M)
SHORT = re.compile(r"^#define (\w+) +(\w+)$", re.M)


def shown(value, short):
    """A value of the table as the document has it."""
    value = short.get(value, value)
    return {"SIZE_MAX": "all"}.get(value, value.removeprefix("PRISM_METHOD_").lower())


def test_efforts_are_shown_as_they_are():
    text = source("src/base/effort.c")
    short = dict(SHORT.findall(text))
    table = {
        name: [shown(value.strip(), short) for value in values.split(",")]
        for name, values in EFFORT_TABLE.findall(text)
    }
    rows = rows_of((ROOT / "docs" / "efforts.md").read_text())
    page = {name: [{"no": "0", "yes": "1"}.get(v, v) for v in cells] for name, _, *cells, _ in rows}
    assert len(page) > 20
    assert page == table
    for name, *_, where in rows:
        reading = re.compile(rf"\b{name}\[|px_efforts\.{name}\b")
        assert any(reading.search(path.read_text()) for path in files_of(where)), name


# ---- Glossary

MANY = "Words with more than one meaning"
PARTS = {
    title: rows_of(part_of(GLOSSARY, title)) for title in re.findall(r"^## (.+)$", GLOSSARY, re.M)
}
TERMS = [row for title, rows in PARTS.items() if title != MANY for row in rows]


@pytest.mark.parametrize("title", PARTS)
def test_terms_are_in_order_and_there_once(title):
    terms = [row[0].lower() for row in PARTS[title]]
    assert terms and terms == sorted(set(terms))


def test_words_of_two_parts_are_listed():
    terms = [row[0] for row in TERMS]
    assert {term for term in terms if terms.count(term) > 1} <= {row[0] for row in PARTS[MANY]}


@pytest.mark.parametrize("term,field,meaning,where", TERMS)
def test_terms_live_where_the_glossary_says(term, field, meaning, where):
    files = [path.read_text().lower() for path in files_of(where)]
    assert files and meaning
    word = re.escape(term.lower())
    assert any(re.search(rf"(?<![a-z]){word}|_{word}", file) for file in files), term


# ---- Kernels


def test_every_table_of_kernels_has_a_check():
    headers = "".join(path.read_text() for path in (ROOT / "src").rglob("*_kernels.h"))
    tables = set(re.findall(r"^PX_KERNEL_TABLES\(px_(\w+)_kernels\)$", headers, re.M))
    checks = "".join(path.read_text() for path in (ROOT / "h5tests").glob("kernels_*.c"))
    assert len(tables) > 5
    assert tables == set(re.findall(r"\bKERNEL\((\w+), \w+\)", checks))
