"""AVIF and HEIF files as a decoder is to see them (floor 4; needs nobody)."""

from __future__ import annotations

from minicnn.data.formats.boxes import boxes


def without_exif(data: bytes) -> bytes:
    """The file ``data`` with its EXIF under a name that no decoder asks for.

    It says nothing that is needed: how these pictures are turned stands elsewhere.
    """
    changed = bytearray(data)
    for box in boxes(data):
        if box.kind == b"meta":
            changed[box.start : box.end] = data[box.start : box.end].replace(b"Exif", b"none")
    return bytes(changed)
