r"""Docstrings as the reference shows them.

minicnn's docstrings are plain text to be read in the source: ``code``, roles such as
:class:`Layer`, sessions with >>>, and indented lines of shapes or formulas. Formulas use * | _
freely, which reStructuredText takes for markup; so these are escaped, indented lines become
blocks that keep their columns, and a page that the module names becomes a link.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

KEPT = re.compile(r"(``.+?``|:[\w:]+:`[^`]+`|`[^`]+`_+|\*\*[\w ]+\*\*)")
MARKUP = re.compile(r"([*|`\\]|(?<=\w)_(?!\w))")
PAGE = re.compile(r"docs/([\w/-]+)\.md")


def escaped(line: str) -> str:
    """``line`` with every mark that is not ours made harmless."""
    parts = KEPT.split(line)
    parts[::2] = [MARKUP.sub(r"\\\1", part) for part in parts[::2]]
    return "".join(parts)


def rewritten(lines: list[str]) -> list[str]:
    """The lines of a docstring as reStructuredText."""
    result: list[str] = []
    verbatim = session = False
    for line in lines:
        if not line.strip():
            session = False
            result.append("")
            continue
        indent = len(line) - len(line.lstrip())
        session = session or line.lstrip().startswith(">>>")
        if verbatim and not indent:
            verbatim = False
        if session and not indent:
            result.append(line)
        elif indent and not verbatim and _after_blank(result):
            verbatim = True
            result += ["::", "", line]
        else:
            result.append(line if verbatim else _as_page(escaped(line)))
    return result


def _after_blank(lines: list[str]) -> bool:
    above = [line for line in lines if line.strip()]
    is_list = bool(above) and re.match(r"[-*] |\d+\. ", above[-1].lstrip())
    return bool(lines) and not lines[-1].strip() and not is_list


def _as_page(line: str) -> str:
    return PAGE.sub(r":doc:`/\1`", line)


def derivation(module: str) -> list[str]:
    """A link to the page that the module of a class names in its own docstring."""
    named = PAGE.search(sys.modules[module].__doc__ or "") if module in sys.modules else None
    return ["", f"How it comes about: :doc:`/{named[1]}`."] if named else []


def process(
    _app: Sphinx, what: str, _name: str, obj: object, _options: object, lines: list
) -> None:
    """Rewrite a docstring where autodoc has it; under a class, link to its derivation."""
    lines[:] = rewritten(lines)
    if what == "class":
        lines += derivation(getattr(obj, "__module__", ""))


def named_types(
    _app: Sphinx,
    _what: str,
    _name: str,
    _obj: object,
    _options: object,
    signature: str | None,
    result: str | None,
) -> tuple[str | None, str | None]:
    """Types by the names that the library gives them: ``Shape``, and not what it stands for."""
    short = [s and re.sub(r"TypeAliasForwardRef\('(\w+)'\)", r"\1", s) for s in (signature, result)]
    return short[0], short[1]


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", process)
    app.connect("autodoc-process-signature", named_types)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
