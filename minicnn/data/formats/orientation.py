r"""How a camera was held, from the EXIF or XMP of its picture (needs nobody).

>>> orientation_in_exif(b"II*\0\x08\0\0\0" b"\1\0" b"\x12\1\3\0\1\0\0\0\6\0\0\0")
6
>>> orientation_in_xmp(b'<rdf:Description tiff:Orientation="8"/>')
8
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

ORIENTATION = 0x0112
INTEGERS = {1: 1, 3: 2, 4: 4}  # EXIF's number of a type, and its bytes
IN_XMP = re.compile(rb'tiff:Orientation(?:="|>)([0-9])')
XMP_NAMES = ("XML:com.adobe.xmp", "xmp")


def orientation(info: Mapping[Any, Any]) -> int:
    """The orientation, 1 to 8, that Pillow's ``info`` of a loaded picture holds; 1 if none."""
    exif = info.get("exif", b"")
    old = info.get("Raw profile type exif")  # how PNG did it before it had a chunk for EXIF
    if not exif and isinstance(old, str):
        try:
            exif = bytes.fromhex("".join(old.split("\n")[3:]))
        except ValueError:
            exif = b""
    xmp = next((info[name] for name in XMP_NAMES if info.get(name)), b"")
    if isinstance(xmp, str):
        xmp = xmp.encode("utf-8", "replace")
    return orientation_in_exif(exif) or orientation_in_xmp(xmp) or 1


def orientation_in_exif(exif: bytes) -> int | None:
    """The orientation that is written in the first table of ``exif``, if it can be read."""
    exif = re.sub(rb"^(?:Exif\0\0){1,2}", b"", exif)
    if exif[:4] not in (b"II*\0", b"MM\0*"):
        return None
    order: Literal["little", "big"] = "little" if exif[:1] == b"I" else "big"
    at = int.from_bytes(exif[4:8], order)
    count = int.from_bytes(exif[at : at + 2], order)
    for entry in range(at + 2, min(at + 2 + 12 * count, len(exif) - 11), 12):
        tag, kind = (int.from_bytes(exif[entry + i : entry + i + 2], order) for i in (0, 2))
        if tag == ORIENTATION:
            size = INTEGERS.get(kind)
            values = int.from_bytes(exif[entry + 4 : entry + 8], order)
            if size is None or values != 1:
                return None
            return int.from_bytes(exif[entry + 8 : entry + 8 + size], order)
    return None


def orientation_in_xmp(xmp: bytes) -> int | None:
    """The orientation that is written in ``xmp``, if there is one."""
    found = IN_XMP.search(xmp)
    return None if found is None else int(found[1])
