"""What is written on a figure: names, literally and in lines that fit, and shares."""

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


def percent(share: float) -> str:
    """A share without decimals, but never 100% or 0% of what is not all or nothing.

    >>> percent(0.5), percent(1), percent(0.9999), percent(0.999999), percent(1e-6)
    ('50%', '100%', '99.99%', 'over 99.99%', 'under 0.01%')
    """
    for decimals in (0, 1, 2):
        said = f"{share:.{decimals}%}"
        if 0 < float(said[:-1]) < 100 or share in (0, 1):
            return said
    return "over 99.99%" if share > 0.5 else "under 0.01%"


def legend(axes: Any, handles: Iterable[Any], names: Iterable[object], **options: Any) -> None:
    """A legend that has every name, also one that begins with "_", which matplotlib would skip."""
    handles = list(handles)
    box = axes.legend(handles, [str(k) for k in range(len(handles))], frameon=False, **options)
    for text, name in zip(box.get_texts(), names, strict=True):
        text.set_text(literal(name))
