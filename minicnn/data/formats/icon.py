"""The largest picture of an icon as a file of its own (needs errors only).

An icon (.ico) holds whole PNG files and bitmaps, whose sizes need not be those of its table.
Pillow decodes the largest while it opens the icon, and so before anyone can ask for its size.
"""

from __future__ import annotations

import math
import struct
from typing import NamedTuple

from minicnn.data.limits import Limits
from minicnn.data.picture_error import PictureError

HEADER = struct.Struct("<HHH")  # 0, 1 for icons, how many pictures
ENTRY = struct.Struct("<BBBBHHII")
HEADERS = (12, 40, 52, 56, 64, 108, 124)  # the lengths that a bitmap's header can have
PNG = b"\x89PNG\r\n\x1a\n"


class Entry(NamedTuple):
    """One row of an icon's table."""

    width: int  # 0 means 256
    height: int
    colours: int
    reserved: int
    planes: int
    bits: int
    size: int
    offset: int

    def rank(self) -> tuple[int, float]:
        """More pixels win, then more colours; a row that does not tell its colours has many."""
        pixels = (self.width or 256) * (self.height or 256)
        return pixels, self.bits or (math.log2(self.colours) if self.colours > 1 else 256)


def largest_picture(icon: bytes, limits: Limits) -> tuple[str, bytes]:
    """A format of Pillow and a file of it: a PNG, or an icon with one bitmap of allowed size."""
    _, _, count = HEADER.unpack_from(icon)
    table = icon[HEADER.size : HEADER.size + count * ENTRY.size]
    if not table or len(table) < count * ENTRY.size:
        raise PictureError("picture", "damaged or cut short (an icon whose table is not whole)")
    entry = max(map(Entry._make, ENTRY.iter_unpack(table)), key=Entry.rank)
    picture = icon[entry.offset : entry.offset + entry.size]
    if picture.startswith(PNG):
        return "PNG", picture
    limits.allow(*size_of_bitmap(picture))
    alone = entry._replace(offset=HEADER.size + ENTRY.size, size=len(picture))
    return "ICO", HEADER.pack(0, 1, 1) + ENTRY.pack(*alone) + picture


def size_of_bitmap(bitmap: bytes) -> tuple[int, int]:
    """Width and height. Below its pixels it has a mask, so its header tells twice the height.

    >>> size_of_bitmap(struct.pack("<Iii", 40, 32, -2 * 16))  # below 0: the top row comes first
    (32, 16)
    """
    header = int.from_bytes(bitmap[:4], "little")
    if header not in HEADERS or len(bitmap) < 12:
        raise PictureError("picture", "damaged or cut short (an icon that holds no picture)")
    layout = "<4xHH" if header == HEADERS[0] else "<4xii"
    width, height = struct.unpack_from(layout, bitmap)
    return abs(width), abs(height) // 2
