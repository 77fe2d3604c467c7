"""The documentation keeps its word: its listings run, its excerpts and its links are real.

A fenced block marked ``python`` is one of three things:

- an excerpt, if its first line reads ``# from minicnn/layers/dense.py``: the lines below stand
  in that file just so, one after another, whatever their indentation;
- a session, if it has ``>>>`` in it: a doctest;
- a script, otherwise: it runs without an error.

The sessions and scripts of a page share their names, from the top of the page to its end.
"""

import doctest
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest

from minicnn.backends import registry

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    *(page for page in sorted(DOCS.rglob("*.md")) if DOCS / "_build" not in page.parents),
]
LINKING = [*PAGES, ROOT / "CONTRIBUTING.md"]
FENCE = re.compile(r"^(`{3,})(\w*)[^\n]*\n(.*?)^\1[ ]*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
SOURCE = re.compile(r"# from (minicnn/\S+\.py)")
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


@dataclass(frozen=True)
class Listing:
    """One fenced block of Python, and the line of the page where its text begins."""

    page: Path
    line: int
    text: str

    @property
    def source(self) -> str | None:
        """The file that an excerpt was taken from; None for what can be run."""
        found = SOURCE.fullmatch(self.text.split("\n", 1)[0].strip())
        return found and found[1]


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def listings(page: Path) -> list[Listing]:
    text = page.read_text(encoding="utf-8")
    return [
        Listing(page, text.count("\n", 0, block.start(3)) + 1, block[3])
        for block in FENCE.finditer(text)
        if block[2] == "python"
    ]


def occurs(excerpt: str, source: str) -> bool:
    """Whether the lines stand in the source one after another, whatever their indentation."""
    wanted = textwrap.dedent(excerpt).strip("\n").split("\n")
    lines = source.split("\n")
    return any(
        textwrap.dedent("\n".join(lines[i : i + len(wanted)])).split("\n") == wanted
        for i in range(len(lines) - len(wanted) + 1)
    )


def run(listing: Listing, names: dict[str, object]) -> None:
    """Run a session or a script, in the names that the page has made so far."""
    where = f"{listing.page}:{listing.line}"
    if ">>> " not in listing.text:
        exec(compile("\n" * (listing.line - 1) + listing.text, str(listing.page), "exec"), names)
        return
    test = doctest.DocTestParser().get_doctest(
        listing.text, names, where, str(listing.page), listing.line - 1
    )
    complaints: list[str] = []
    doctest.DocTestRunner(optionflags=FLAGS).run(test, out=complaints.append, clear_globs=False)
    names.update(test.globs)  # a doctest works on a copy
    assert not complaints, "".join(complaints)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_listing_of_a_page_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # what a listing saves goes with the test
    monkeypatch.setattr(registry, "_own", {})  # and so does a backend that it makes known
    names: dict[str, object] = {"__name__": "__main__"}
    for listing in listings(page):
        if listing.source is None:
            run(listing, names)


EXCERPTS = [listing for page in PAGES for listing in listings(page) if listing.source]


@pytest.mark.parametrize("excerpt", EXCERPTS, ids=lambda e: f"{name(e.page)}:{e.line}")
def test_every_excerpt_stands_in_the_source(excerpt: Listing) -> None:
    assert excerpt.source is not None
    source = (ROOT / excerpt.source).read_text(encoding="utf-8")
    assert occurs(excerpt.text.split("\n", 1)[1], source), (
        f"{name(excerpt.page)}, line {excerpt.line}: expected an excerpt of {excerpt.source}, got "
        f"lines that are not in it; copy them anew, and see whether the text around them still "
        f"holds"
    )


# ---- links ---------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The headings as a browser addresses them: lower case, hyphens, no punctuation."""
    headings = HEADING.findall(FENCE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w -]", "", h.lower()).strip().replace(" ", "-") for h in headings}


def broken_links(page: Path) -> list[str]:
    broken = []
    for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue  # another site: nothing here can vouch for it
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    return broken


@pytest.mark.parametrize("page", LINKING, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert broken_links(page) == []


def test_every_page_that_the_package_names_exists() -> None:
    for module in sorted((ROOT / "minicnn").rglob("*.py")):
        for path in re.findall(r"docs/[\w/-]+\.md", module.read_text(encoding="utf-8")):
            assert (ROOT / path).exists(), f"{name(module)} names {path}, which does not exist"


def test_the_house_shows_every_room() -> None:
    plan = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")
    rooms = [
        f"{path.name}/" if path.is_dir() else path.name
        for path in sorted((ROOT / "minicnn").iterdir())
        if path.suffix == ".py" or (path / "__init__.py").exists()
    ]
    missing = [room for room in rooms if room != "__init__.py" and f"`{room}`" not in plan]
    assert missing == [], "the table of docs/house.md needs a row, and pyproject.toml a floor"


# ---- the checks themselves: what is broken must not pass -----------------------------------------


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return tmp_path / "page.md"


def test_a_session_with_the_wrong_answer_is_noticed(page: Path) -> None:
    page.write_text("```python\n>>> 1 + 1\n3\n```\n", encoding="utf-8")
    (listing,) = listings(page)
    with pytest.raises(AssertionError, match=r"Expected:\s+3\s+Got:\s+2"):
        run(listing, {})


def test_a_script_that_fails_is_noticed(page: Path) -> None:
    page.write_text("Text.\n\n```python\nmistake = 1 / 0\n```\n", encoding="utf-8")
    (listing,) = listings(page)
    with pytest.raises(ZeroDivisionError) as failure:
        run(listing, {})
    assert failure.traceback[-1].lineno + 1 == 4  # and on the right line of the page


def test_listings_share_their_names(page: Path) -> None:
    page.write_text(
        "```python\na = 2\n```\n```python\n>>> b = a + 1\n```\n```python\nassert b == 3\n```",
        encoding="utf-8",
    )
    names: dict[str, object] = {}
    for listing in listings(page):
        run(listing, names)
    assert names["b"] == 3


@pytest.mark.parametrize(
    ("excerpt", "found"),
    [
        ("y = x @ W\ny += b\n", True),
        ("    y = x @ W\n    y += b\n", True),  # the page may indent as it likes
        ("def f():\n    y = x @ W\n", True),
        ("y = x @ W\nreturn y\n", False),  # a line was left out
        ("y = x@W\n", False),
        ("def f():\ny = x @ W\n", False),  # but not tell a different structure
    ],
)
def test_an_excerpt_is_taken_at_its_word(excerpt: str, found: bool) -> None:
    assert occurs(excerpt, "def f():\n    y = x @ W\n    y += b\n    return y\n") is found


def test_a_broken_link_is_noticed(page: Path) -> None:
    page.write_text(
        "# A page: its title\n[here](#a-page-its-title) [gone](gone.md) [no](#such) "
        "[site](https://example.org)\n```text\n[code](not-a-link)\n```\n",
        encoding="utf-8",
    )
    assert broken_links(page) == ["gone.md", "#such"]
