"""A page as its elements, and what must hold of every page of ours."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

from minicnn.report.markup import VOID


@dataclass
class Element:
    kind: str
    attributes: dict[str, str | None]
    parents: tuple[str, ...]
    words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Everything that is written in it."""
        return re.sub(r"\s+", " ", "".join(self.words)).strip()

    def __getitem__(self, name: str) -> str:
        value = self.attributes[name]
        assert value is not None
        return value


class Page(HTMLParser):
    """The elements in their order; complains about tags that don't match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html, self.elements, self.open = html, [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), (tag, names)
        parents = tuple(element.kind for element in self.open)
        self.elements.append(Element(tag, dict(attrs), parents))
        if tag not in VOID:
            self.open.append(self.elements[-1])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().kind == tag

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.words.append(data)

    def all(self, *kinds: str) -> list[Element]:
        return [element for element in self.elements if element.kind in kinds]

    def one(self, kind: str, **attributes: str) -> Element:
        wanted = {name.strip("_").replace("_", "-"): v for name, v in attributes.items()}
        (found,) = [e for e in self.all(kind) if wanted.items() <= e.attributes.items()]
        return found

    def by_id(self, id_: str) -> Element:
        (found,) = [e for e in self.elements if e.attributes.get("id") == id_]
        return found

    @property
    def title(self) -> str:
        """Of the page; drawings have titles too."""
        (found,) = [e for e in self.all("title") if "head" in e.parents]
        return found.text

    @property
    def status(self) -> str:
        return self.one("p", role="status").text

    def cards(self) -> dict[str, str]:
        """The headline figures."""
        names = [element.text for element in self.all("dt")]
        values = [element.text for element in self.all("dd")]
        return dict(zip(names, values, strict=True))

    def rows(self, caption: str) -> list[list[str]]:
        """The cells of the table with this caption, head included."""
        at = next(i for i, e in enumerate(self.elements) if e.kind == "caption"
                  and e.text == caption)  # fmt: skip
        rows: list[list[str]] = []
        for element in self.elements[at + 1 :]:
            if element.kind == "table":
                break
            if element.kind == "tr":
                rows.append([])
            elif element.kind in ("th", "td") and rows:
                rows[-1].append(element.text)
        return rows


def check(html: str) -> Page:
    """The page, after everything that must hold whatever it is about."""
    page = Page(html)
    assert html.startswith("<!doctype html>")
    assert page.one("html")["lang"] == "en"
    assert page.title
    _nothing_from_elsewhere(page)
    _ids_and_links(page)
    _headings(page)
    _names_for_everything(page)
    _tables(page)
    return page


def _nothing_from_elsewhere(page: Page) -> None:
    kinds = {element.kind for element in page.elements}
    assert not kinds & {"script", "iframe", "object", "embed", "link", "base", "form", "video"}
    for element in page.elements:
        for name, value in element.attributes.items():
            assert not name.startswith("on"), f"{element.kind} {name}"
            if name in ("src", "srcset", "poster", "data", "action"):
                assert (value or "").startswith("data:image/"), value
            if name in ("href", "xlink:href"):
                assert (value or "").startswith("#"), value
            if name == "style":
                assert re.fullmatch(r"--share:[\d.]+", value or ""), value
    style = page.one("style").text
    assert "url(" not in style
    assert "@import" not in style
    (policy,) = [e for e in page.all("meta")
                 if e.attributes.get("http-equiv") == "Content-Security-Policy"]  # fmt: skip
    assert policy["content"].startswith("default-src 'none'; img-src data:; style-src ")
    assert "script" not in policy["content"]


def _ids_and_links(page: Page) -> None:
    ids = [e["id"] for e in page.elements if "id" in e.attributes]
    assert len(set(ids)) == len(ids)
    for element in page.elements:
        if element.kind == "a":
            assert element["href"][1:] in ids
        if "aria-labelledby" in element.attributes:
            assert set(element["aria-labelledby"].split()) <= set(ids)


def _headings(page: Page) -> None:
    levels = [int(e.kind[1]) for e in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for section in page.all("section"):
        assert page.by_id(section["aria-labelledby"]).kind == "h2"
    assert len(page.all("main")) == len(page.all("nav")) == len(page.all("footer")) == 1
    assert page.one("nav")["aria-label"]
    first_link = page.all("a")[0]
    assert (first_link["class"], first_link["href"]) == ("skip", "#main")


def _names_for_everything(page: Page) -> None:
    for image in page.all("img"):
        assert len(image["alt"]) > 10, image["alt"]
        assert int(image["width"]) > 0
        assert int(image["height"]) > 0
    for drawing in page.all("svg"):
        if drawing.attributes.get("aria-hidden") != "true":
            assert drawing["role"] == "img"
            assert len(drawing["aria-label"]) > 10
    for element in page.elements:
        if "tabindex" in element.attributes and element.kind != "main":
            assert element["aria-label"]


def _tables(page: Page) -> None:
    assert len(page.all("caption")) == len(page.all("table"))
    for heading in page.all("th"):
        assert heading["scope"] in ("col", "row")
