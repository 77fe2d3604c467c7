"""The one error that a single picture can cause (floor 4: photographs in; needs errors only)."""

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


def printable(path: str) -> str:
    """``path`` without bytes that no terminal can print (a file name need not be text)."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")
