"""How many of something, in words (needs nobody)."""

from __future__ import annotations


def counted(number: int, one: str, many: str | None = None) -> str:
    """``number`` with the noun that suits it.

    >>> counted(1, "picture"), counted(12, "picture"), counted(0, "class", "classes")
    ('1 picture', '12 pictures', '0 classes')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"
