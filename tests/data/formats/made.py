"""Picture files written by hand, for what Pillow cannot or would not write."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping

import numpy as np
from PIL import Image


def saved(image: Image.Image | np.ndarray, file_format: str, **options: object) -> bytes:
    """``image`` as Pillow writes it."""
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    file = io.BytesIO()
    image.copy().save(file, file_format, **options)  # to save leaves something in an image
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, kind: int, bits: int, pixels: bytes, *extra: bytes) -> bytes:
    """A PNG file; ``pixels`` are its rows, each after its filter, a zero."""
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    chunks = [chunk(b"IHDR", header), *extra, chunk(b"IDAT", zlib.compress(pixels))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + chunk(b"IEND", b"")


def png_that_claims(width: int, height: int) -> bytes:
    """A grey PNG of this size that is cut short: nobody should get as far as its pixels."""
    return png(width, height, 0, 8, bytes(99))


def icon(picture: bytes, side: int = 16, bits: int = 32) -> bytes:
    """An icon of one picture."""
    entry = struct.pack("<BBBBHHII", side % 256, side % 256, 0, 0, 1, bits, len(picture), 22)
    return struct.pack("<HHH", 0, 1, 1) + entry + picture


def bitmap_of_icon(width: int, height: int) -> bytes:
    """An icon's bitmap of one bit a pixel, without its pixels."""
    return struct.pack("<IiiHHIIiiII", 40, width, 2 * height, 1, 1, 0, 0, 0, 0, 2, 0) + bytes(8)


SHORT, LONG, UNDEFINED = 3, 4, 7
AFTER = -1  # a value that lies after the table: all of them in one place, as no honest writer does


def table(entries: Mapping[int, tuple[int, int, int]], after: bytes = b"") -> bytes:
    """A TIFF file, or EXIF, of entries tag: (type, count, value)."""
    end = 8 + 2 + 12 * len(entries) + 4
    rows = [
        struct.pack("<HHII", tag, kind, count, end if value == AFTER else value)
        for tag, (kind, count, value) in sorted(entries.items())
    ]
    return b"II*\0" + struct.pack("<IH", 8, len(rows)) + b"".join(rows) + bytes(4) + after


def tiff(
    side: int, pixels: bytes, more: Mapping[int, tuple[int, int, int]], packed: bool = False
) -> bytes:
    """A grey, square TIFF file of one strip, or of one tile if ``more`` tells its sides."""
    place, length = (324, 325) if 322 in more else (273, 279)
    entries = {
        256: (LONG, 1, side),
        257: (LONG, 1, side),
        258: (SHORT, 1, 8),
        259: (SHORT, 1, 8 if packed else 1),
        262: (SHORT, 1, 1),
        277: (SHORT, 1, 1),
        place: (LONG, 1, AFTER),
        length: (LONG, 1, len(pixels)),
        **more,
    }
    return table(entries, pixels)


def with_segments(jpeg: bytes, *segments: tuple[int, bytes]) -> bytes:
    """``jpeg`` with these segments, (marker, content), at its start."""
    inside = b"".join(
        struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
        for marker, content in segments
    )
    return jpeg[:2] + inside + jpeg[2:]


def with_scans(jpeg: bytes, count: int) -> bytes:
    """A progressive, grey ``jpeg`` with ``count`` scans of a few bytes more."""
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x01\x01\x10\0\0"  # one bit more of the first frequency
    return jpeg[:-2] + scan * count + jpeg[-2:]


def iptc(picture: bytes) -> bytes:
    """An IPTC file that embeds another one, as Pillow reads it."""

    def field(record: int, number: int, content: bytes) -> bytes:
        assert len(content) < 0x8000
        return struct.pack(">BBBH", 0x1C, record, number, len(content)) + content

    layers = field(3, 60, b"\1\0")
    size = field(3, 20, struct.pack(">H", 16)) + field(3, 30, struct.pack(">H", 16))
    return layers + size + field(3, 120, b"\5") + field(8, 10, picture)
