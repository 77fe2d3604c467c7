"""The one error that a single picture can cause (photographs in; needs errors only)."""

from __future__ import annotations

from minicnn.errors import DataError


class PictureError(DataError):
    """One picture cannot be used; ``reason`` says why in a few words.

    >>> str(PictureError("cats/3.jpg", "the file is empty"))
    'cats/3.jpg: the file is empty'
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{printable(path)}: {reason}")
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[type[PictureError], tuple[str, str]]:
        return type(self), (self.path, self.reason)


def printable(text: str) -> str:
    r"""``text``, such as a file's name, as one line that does nothing to a terminal.

    A name need not be text, and can hold line breaks, colours, and signs that turn the writing.

    >>> print(printable("cats/\x1b[31m\n.jpg"))
    cats/\x1b[31m\n.jpg
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
