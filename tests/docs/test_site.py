"""What the site is made of, checked without building it; ``make docs`` then builds it for real.

Code of the library is shown by a fence ``{literalinclude}``, or an object of it: each must be
there. The front page leads to every page. A command that a page tells the reader to type is a
target of make. The reference has every public name.
"""

import ast
import re
from pathlib import Path

import pytest

from tests.docs.test_listings import DOCS, FENCE, LINK, PAGES, ROOT, name

DIRECTIVE = re.compile(r"^(`{3,}|:{3,})\{([\w-]+)\}[ ]*([^\n]*)\n(.*?)^\1[ ]*$", re.M | re.S)
OPTION = re.compile(r"^:([\w-]+):[ ]*(.*)$", re.M)


def directives(page: Path, kind: str) -> list[tuple[str, str]]:
    """The argument and the body of each directive of this kind."""
    found = DIRECTIVE.finditer(page.read_text(encoding="utf-8"))
    return [(match[3].strip(), match[4]) for match in found if match[2] == kind]


# ---- code of the library, shown where it is explained --------------------------------------------


def objects(source: str) -> set[str]:
    """The classes, functions and methods of a file, by their dotted names."""

    def inside(node: ast.AST, prefix: str) -> set[str]:
        names: set[str] = set()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | ast.FunctionDef):
                names |= {prefix + child.name, *inside(child, f"{prefix}{child.name}.")}
        return names

    return inside(ast.parse(source), "")


def complaint(page: Path, argument: str, body: str) -> str | None:
    """What is wrong with a literalinclude; None if it shows what it says."""
    shown = (page.parent / argument).resolve()
    if not shown.is_file():
        return f"{argument} does not exist"
    source = shown.read_text(encoding="utf-8")
    options = {key: value.strip().strip("\"'") for key, value in OPTION.findall(body)}
    if "pyobject" in options and options["pyobject"] not in objects(source):
        return f"{argument} has no {options['pyobject']}"
    for key in ("start-after", "end-before", "start-at", "end-at"):
        if key in options and options[key] not in source:
            return f"{argument} has no line with {options[key]!r}"
    numbers = re.findall(r"\d+", options.get("lines", ""))
    if numbers and max(map(int, numbers)) > source.count("\n") + 1:
        return f"{argument} has no line {max(map(int, numbers))}"
    return None


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_piece_of_the_library_that_a_page_shows_is_there(page: Path) -> None:
    shown = directives(page, "literalinclude")
    assert [c for argument, body in shown if (c := complaint(page, argument, body))] == []


# ---- the way to every page -----------------------------------------------------------------------


def leads_to(page: Path) -> set[Path]:
    """The pages that a page links to, or lists in a toctree."""
    text = page.read_text(encoding="utf-8")
    there = {(page.parent / link.partition("#")[0]).resolve() for link in LINK.findall(text)}
    for _, body in directives(page, "toctree"):
        for entry in OPTION.sub("", body).split():
            there |= {path.resolve() for path in page.parent.glob(f"{entry}.md")}
    return {path for path in there if path.suffix == ".md" and path.is_file()} - {page}


def reached(start: Path) -> set[Path]:
    found, waiting = {start}, [start]
    while waiting:
        new = leads_to(waiting.pop()) - found
        found |= new
        waiting += new
    return found


def test_the_front_page_leads_to_every_page() -> None:
    missing = set(PAGES) - reached(DOCS / "index.md") - {ROOT / "README.md", DOCS / "README.md"}
    assert sorted(map(name, missing)) == []


def test_every_page_has_one_place_in_the_contents() -> None:
    def listed(page: Path) -> list[Path]:
        entries = [
            e for _, body in directives(page, "toctree") for e in OPTION.sub("", body).split()
        ]
        return [p for e in entries for p in page.parent.glob(f"{e}.md") if p != page]

    contents = sorted(name(p) for page in PAGES for p in listed(page))
    expected = set(PAGES) - {ROOT / "README.md", DOCS / "README.md", DOCS / "index.md"}
    assert contents == sorted(map(name, expected))


# ---- what the reader is told to type -------------------------------------------------------------


def targets() -> set[str]:
    rules = (ROOT / "Makefile").read_text(encoding="utf-8")
    for line in re.findall(r"^include (.+)$", rules, re.M):
        rules += "".join((ROOT / name).read_text(encoding="utf-8") for name in line.split())
    return set(re.findall(r"^([a-z-]+):(?!=)", rules, re.M))


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=name)
def test_make_can_make_what_a_page_says(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    in_blocks = [m for block in FENCE.finditer(text) if block[2] == "sh" for m in _made(block[3])]
    in_text = [m for code in re.findall(r"`([^`\n]+)`", FENCE.sub("", text)) for m in _made(code)]
    assert sorted({*in_blocks, *in_text} - targets()) == []


def _made(shell: str) -> list[str]:
    return re.findall(r"^make (?:[A-Z]+=\S+ )*([a-z][a-z-]*)", shell, re.M)


# ---- every public name ---------------------------------------------------------------------------


def test_the_reference_has_every_public_name() -> None:
    import minicnn as mc

    rooms = ("data", "explain", "viz", "zoo", "testing")
    public = {n for n in mc.__all__ if n not in (*rooms, "__version__")}
    public |= {f"{room}.{n}" for room in rooms for n in getattr(mc, room).__all__}
    public -= {"data.augment", "testing.PROPERTIES"}  # a module, and a table for the suite itself
    pages = "".join(page.read_text(encoding="utf-8") for page in (DOCS / "reference").glob("*.md"))
    shown = re.findall(r"^\.\. auto\w+:: minicnn\.([\w.]+)$", pages, re.M)
    assert sorted(public - set(shown)) == []
    assert sorted(shown) == sorted(set(shown)), "a name is explained in one place"


# ---- the checks themselves: what is broken must not pass -----------------------------------------


@pytest.mark.parametrize(
    ("argument", "body", "wrong"),
    [
        ("code.py", ":pyobject: A.f\n", None),
        ("code.py", ":pyobject: A.g\n", "has no A.g"),
        ("gone.py", "", "does not exist"),
        ("code.py", ":lines: 1-2\n", None),
        ("code.py", ":lines: 2-9\n", "has no line 9"),
        ("code.py", ":start-after: such\n", "has no line with 'such'"),
        ("code.py", ':start-at: "def f("\n', None),
    ],
)
def test_a_wrong_piece_is_noticed(tmp_path: Path, argument: str, body: str, wrong: str) -> None:
    (tmp_path / "code.py").write_text("class A:\n    def f(self): ...\n")
    page = tmp_path / "page.md"
    page.write_text(f"Text\n\n```{{literalinclude}} {argument}\n{body}```\n")
    (shown,) = directives(page, "literalinclude")
    found = complaint(page, *shown)
    assert (wrong is None and found is None) or (wrong is not None and wrong in str(found))


def test_a_page_that_nothing_leads_to_is_noticed(tmp_path: Path) -> None:
    for n in ("linked", "listed", "lost"):
        (tmp_path / f"{n}.md").write_text(f"# {n}\n")
    index = tmp_path / "index.md"
    index.write_text("[a](linked.md)\n```{toctree}\n:glob:\n\nli*d\n```\n")
    assert sorted(p.stem for p in reached(index)) == ["index", "linked", "listed"]
