"""The boxes that AVIF and HEIF files are made of (needs nobody)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Box(NamedTuple):
    """Where the content of a box lies in the bytes that it was found in."""

    kind: bytes
    start: int
    end: int


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes between ``start`` and ``end``, one after another, up to the first that is broken.

    >>> list(boxes(b"\\0\\0\\0\\x0cftypavif" + b"\\0\\0\\0\\0mdatpixels"))
    [Box(kind=b'ftyp', start=8, end=12), Box(kind=b'mdat', start=20, end=26)]
    """
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, kind, content = number(data, start, 4), data[start + 4 : start + 8], start + 8
        if size == 1:  # too large for four bytes
            size, content = number(data, content, 8), content + 8
        stop = end if size == 0 else start + size
        if not content <= stop <= end:
            return
        yield Box(kind, content, stop)
        start = stop


def number(data: bytes, at: int, size: int) -> int:
    """The highest byte comes first."""
    return int.from_bytes(data[at : at + size], "big")
