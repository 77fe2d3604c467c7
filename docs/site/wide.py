"""Wide pictures with small letters get a box of their own, which scrolls on a narrow screen.

The pictures of the course are drawn with letters large enough for a telephone. What the library
draws for a desk (``mc.viz``) is not: shrunk to a telephone's width its letters are four pixels
high. Such a picture is put into ``<span class="wide">``; static/site.css says what becomes of it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

WIDE = 600  # pixels: up to here a telephone shows the letters large enough


def width(picture: Path) -> int:
    """How many pixels a PNG is across; 0 for anything else."""
    head = picture.read_bytes()[:24]
    return struct.unpack(">I", head[16:20])[0] if head.startswith(b"\x89PNG\r\n\x1a\n") else 0


def is_wide(name: str, folder: Path, patterns: Iterable[str]) -> bool:
    """Whether a picture was drawn for a desk (``patterns`` name those), and is wide."""
    for_a_desk = any(PurePosixPath(name).match(pattern) for pattern in patterns)
    return for_a_desk and width(folder / name) >= WIDE


def put_into_boxes(app: Sphinx, page: Any, _name: str) -> None:
    """Each wide picture of a page that is about to be written."""
    from docutils import nodes

    for image in list(page.findall(nodes.image)):
        if is_wide(image["uri"], Path(app.srcdir), app.config.wide_pictures):
            box = nodes.inline(classes=["wide"])
            image.replace_self(box)
            box += image


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_config_value("wide_pictures", [], "env")
    app.connect("doctree-resolved", put_into_boxes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
