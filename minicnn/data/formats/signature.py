"""The formats that pictures may have, told by their first bytes (needs errors only)."""

from __future__ import annotations

import re

from minicnn.data.picture_error import PictureError

# By Pillow's names. HEIF, which telephones write, is there if pillow-heif has been registered.
SIGNATURES = {
    "JPEG": re.compile(rb"\xff\xd8\xff"),
    "PNG": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "WEBP": re.compile(rb"RIFF....WEBP", re.DOTALL),
    "GIF": re.compile(rb"GIF8[79]a"),
    "BMP": re.compile(rb"BM"),
    "TIFF": re.compile(rb"II[*+]\0|MM\0[*+]"),
    "AVIF": re.compile(rb"....ftyp(?:avi[fs]|m[is]f1(?:....){1,16}?avi[fs])", re.DOTALL),
    "HEIF": re.compile(rb"....ftyp(?:hei[cxms]|hev[cxms]|m[is]f1)", re.DOTALL),
    "JPEG2000": re.compile(rb"\xff\x4f\xff\x51|\0\0\0\x0cjP  \r\n\x87\n"),
    "PPM": re.compile(rb"P[1-6f]\s"),
    "ICO": re.compile(rb"\x00\x00\x01\x00"),
    # Targa has none: a map of colours or not, then one of the six kinds that its pixels can have.
    "TGA": re.compile(rb".(?:\x01[\x01\x09]|[\x00\x01][\x02\x03\x0a\x0b])", re.DOTALL),
}


def format_of(data: bytes) -> str:
    r"""The format of the file ``data``, by Pillow's name; a ``PictureError`` if it is none of ours.

    >>> format_of(b"GIF89a"), format_of(b"\xff\xd8\xff\xe0")
    ('GIF', 'JPEG')
    """
    for name, signature in SIGNATURES.items():
        if signature.match(data):
            return name
    start = data[:8].hex(" ").upper()
    raise PictureError(
        "picture", f"not a picture of a format that is read here (it starts with {start})"
    )
