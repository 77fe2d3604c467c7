r"""The size of a WebP picture, from its first 30 bytes (needs errors only).

Its decoder takes memory for the whole canvas when it is made, before anyone can ask it for the
size: two gigabytes for a file of 200 bytes.

>>> canvas(b"RIFF....WEBPVP8X" + b"\x0a\0\0\0" + b"\x10\0\0\0" + b"\x3f\0\0" + b"\x2f\0\0")
(64, 48)
"""

from __future__ import annotations

from minicnn.data.picture_error import PictureError


def canvas(data: bytes) -> tuple[int, int]:
    """Width and height, as the first chunk of the file ``data`` says."""
    kind = data[12:16]
    if len(data) >= 30:
        if kind == b"VP8X":
            return 1 + number(data[24:27]), 1 + number(data[27:30])
        if kind == b"VP8L":
            bits = number(data[21:25])
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        if kind == b"VP8 ":
            return number(data[26:28]) & 0x3FFF, number(data[28:30]) & 0x3FFF
    raise PictureError("picture", "damaged or cut short (a WebP file that begins with no picture)")


def number(data: bytes) -> int:
    """The lowest byte comes first."""
    return int.from_bytes(data, "little")
