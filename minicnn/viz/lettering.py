"""Names that somebody else has chosen, in a figure: literally, and in lines that fit (floor 8)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

from minicnn.data.picture_error import printable


def literal(text: object) -> str:
    r"""The text as it has to be given to matplotlib, which reads mathematics between two dollars.

    Line breaks stay; other signs that nobody could see are written out.

    >>> print(literal("<b>$x$"), literal("cat\t_1"))
    <b>\$x\$ cat\t_1
    """
    return "\n".join(printable(line) for line in str(text).split("\n")).replace("$", r"\$")


def wrapped(text: object, width: int, most: int = 3) -> str:
    """The text in lines of at most ``width`` signs; what ``most`` lines don't hold becomes "…".

    >>> wrapped("Staffordshire bull terrier", 14)
    'Staffordshire\\nbull terrier'
    """
    return "\n".join(
        "\n".join(textwrap.wrap(line, width, max_lines=most, placeholder="…"))
        for line in str(text).split("\n")
    )


def legend(axes: Any, handles: Iterable[Any], names: Iterable[object], **options: Any) -> None:
    """A legend that has every name, also one that begins with "_", which matplotlib would skip."""
    handles = list(handles)
    box = axes.legend(handles, [str(k) for k in range(len(handles))], frameon=False, **options)
    for text, name in zip(box.get_texts(), names, strict=True):
        text.set_text(literal(name))
