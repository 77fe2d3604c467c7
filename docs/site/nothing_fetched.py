"""Proof that reading the site fetches nothing from elsewhere: python nothing_fetched.py FOLDER.

A link that the reader may click is not fetched; a script, a style, a font, a picture is.
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

ELSEWHERE = re.compile(r"(https?:)?//", re.IGNORECASE)
IN_STYLE = re.compile(r"(?:url\(|@import)\s*['\"]?\s*((?:https?:)?//[^'\")\s]+)", re.IGNORECASE)
ONLY_NAMED = {"canonical", "author", "license", "prev", "next", "search", "index"}  # not loaded


class Fetched(HTMLParser):
    """Collects the addresses that a browser would load by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag's addresses, unless they are for the reader to click."""
        values = {name: value or "" for name, value in attrs}
        named = tag == "link" and set(values.get("rel", "").split()) <= ONLY_NAMED
        if tag in ("a", "area", "form") or named:
            return
        for name in ("src", "href", "data", "poster", "srcset", "xlink:href", "action"):
            if ELSEWHERE.match(values.get(name, "").strip()):
                self.addresses.append(values[name])
        self.addresses += IN_STYLE.findall(values.get("style", ""))


def fetched(page: Path) -> list[str]:
    """What opening this file of the site would load from elsewhere."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".css":
        return IN_STYLE.findall(text)
    parser = Fetched()
    parser.feed(text)
    return parser.addresses + IN_STYLE.findall("".join(re.findall(r"(?s)<style.*?</style>", text)))


def main(folder: Path) -> int:
    """Print what would be fetched; 1 if anything would."""
    pages = sorted([*folder.rglob("*.html"), *folder.rglob("*.css"), *folder.rglob("*.svg")])
    if not any(page.name == "index.html" for page in pages):
        print(f"{folder}: expected a built site, got none")
        return 1
    bad = [(page, address) for page in pages for address in fetched(page)]
    for page, address in bad:
        print(f"{page}: would fetch {address}")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
