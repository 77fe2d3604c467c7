"""HTML from Python, in which no text can become a tag.

What is not already :class:`Html` is escaped, wherever it stands: there is no other way in.

>>> tag("p", "1 < 2, ", tag("b", "<script>"), title='"quoted"')
'<p title="&quot;quoted&quot;">1 &lt; 2, <b>&lt;script&gt;</b></p>'
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeAlias

from minicnn.data.picture_error import printable

VOID = {"br", "col", "hr", "img", "link", "meta"}  # elements that hold nothing


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


Child: TypeAlias = str | int | None
Attribute: TypeAlias = str | int | float | None


def tag(kind: str, *children: Child, **attributes: Attribute) -> Html:
    """An element. ``class_`` and ``aria_label`` lose and change their underscores; None is left
    out, True is an attribute without a value.
    """
    words = [kind]
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        name = name.strip("_").replace("_", "-")
        words.append(name if value is True else f'{name}="{text(str(value))}"')
    opening = f"<{' '.join(words)}>"
    if kind in VOID:
        return Html(opening)
    return Html(f"{opening}{join(children)}</{kind}>")


def join(children: Iterable[Child]) -> Html:
    """One after another; None is nothing."""
    return Html("".join(text(c) if c is not None else "" for c in children))


def text(child: Child) -> Html:
    r"""A text as markup: escaped, and signs that turn or hide the writing made visible.

    >>> text("cat<\u202e.jpg")
    'cat&lt;\\u202e.jpg'
    """
    return child if isinstance(child, Html) else Html(escape(printable(str(child)), quote=True))


def name(of: str) -> Html:
    """A name that somebody else has chosen; one that runs from right to left turns nothing else."""
    return tag("bdi", of)


def table(
    caption: str, head: Iterable[Child], rows: Iterable[Iterable[Child]], class_: str | None = None
) -> Html:
    """A table with a heading for every column and every row, in a box that scrolls by itself."""
    heads = join(tag("th", cell, scope="col") for cell in head)
    body = join(
        tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in rest))
        for first, *rest in rows
    )
    inner = tag(
        "table", tag("caption", caption), tag("thead", tag("tr", heads)), tag("tbody", body),
        class_=class_,
    )  # fmt: skip
    return scrolling(inner, caption)


def scrolling(wide: Html, label: str) -> Html:
    """A box that scrolls where the page is too narrow; with a keyboard, too."""
    return tag("div", wide, class_="scroll", role="group", tabindex=0, aria_label=label)
