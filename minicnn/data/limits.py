"""How large a picture may be that is decoded at all (needs errors only)."""

from __future__ import annotations

from typing import NamedTuple

from minicnn.data.picture_error import PictureError

MAX_PIXELS = 50_000_000  # a 48-megapixel telephone passes; Pillow itself warns at 89 million
MAX_SIDE = 65_535  # what a JPEG can have; a row or a column costs something however short it is


class Limits(NamedTuple):
    """Asked before a picture's pixels are decoded.

    >>> Limits(pixels=1_000_000).allow(1920, 1080)
    Traceback (most recent call last):
    ...
    minicnn.data.picture_error.PictureError: picture: 1920 × 1080 pixels are more than ...
    >>> Limits().allow(1, 100_000)
    Traceback (most recent call last):
    ...
    minicnn.data.picture_error.PictureError: picture: 1 × 100000 pixels: a side is longer ...
    """

    pixels: int = MAX_PIXELS
    side: int = MAX_SIDE

    def allow(self, width: int, height: int, what: str = "") -> None:
        """Raise a ``PictureError`` for more than is allowed; ``what`` says of which part."""
        if width * height > self.pixels:
            reason = f"{width} × {height} pixels are more than the {self.pixels:,} allowed"
            raise PictureError("picture", what + reason)
        if max(width, height) > self.side:
            reason = f"{width} × {height} pixels: a side is longer than the {self.side:,} allowed"
            raise PictureError("picture", what + reason)
