"""No text can become a tag, whatever it is and wherever it stands."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import example, given
from hypothesis import strategies as st

from minicnn.data.picture_error import printable
from minicnn.report.markup import Html, join, name, table, tag, text

NASTY = ("<script>alert(1)</script>", "\"' onload=x", "&lt;", "-->", "]]>", "</bdi></td>", "\x00",
         "\u202egpj.tac", "كلب", "猫", "\udcff.jpg", "a\nb", "`${x}`")  # fmt: skip
any_text = st.text(st.characters()) | st.sampled_from(NASTY)


class Parsed(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[dict[str, str | None]] = []
        self.data = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.append(dict(attrs))

    def handle_data(self, data: str) -> None:
        self.data += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError("a declaration")


@given(any_text, any_text)
@example(*NASTY[:2])
def test_what_is_written_is_read_and_nothing_else(inside, attribute):
    html = tag("p", inside, tag("b", inside), title=attribute)
    page = Parsed(html)
    assert page.tags == ["p", "b"]
    assert page.attributes == [{"title": printable(attribute)}, {}]
    assert page.data == 2 * printable(inside)
    html.encode("utf-8")  # what cannot be encoded, such as half a sign, has been spelled out


@given(st.lists(any_text, min_size=2, max_size=4))
def test_tables_and_names_escape_too(words):
    page = Parsed(table(words[0], words, [words, [name(word) for word in words]]))
    assert set(page.tags) == {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "bdi"}
    assert page.data == printable(words[0]) + 3 * "".join(map(printable, words))


def test_markup_is_kept_and_attributes_are_spelled_as_html_spells_them():
    inner = tag("b", "x")
    assert tag("p", inner, None, 3, class_="a", aria_label="b", hidden=None) == (
        '<p class="a" aria-label="b"><b>x</b>3</p>'
    )
    assert tag("meta", http_equiv="refresh", content=5) == '<meta http-equiv="refresh" content="5">'
    assert isinstance(join([inner, "<"]), Html)
    assert text(text("<")) == "&lt;"
