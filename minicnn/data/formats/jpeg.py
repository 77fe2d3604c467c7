r"""A JPEG file's parts, and damage that decoders pass over in silence (needs nobody).

A JPEG file is a chain of segments that each begin with a marker, two bytes FF xx; the compressed
pixels stand between such segments, and inside them FF is always followed by 00 (a data byte FF)
or D0..D7 (a restart). So if a download stopped halfway and the rest was filled with zeros, there
is no end-of-image marker FF D9; and if foreign bytes were written into the middle, a marker that
cannot stand there turns up within a few hundred bytes. libjpeg answers both with a warning,
which Pillow does not pass on, and grey or garbled pixels.

A few flipped bits leave the chain whole and cannot be seen: JPEG has no checksum.

>>> take_apart(b"\xff\xd8\xff\xda\x00\x02" + b"pixels" + b"\xff\xd9").damage
>>> take_apart(b"\xff\xd8\xff\xda\x00\x02" + b"pixels" + bytes(100)).damage
'cut short: the compressed pixels have no end-of-image marker'
>>> take_apart(b"\xff\xd8\xff\xda\x00\x02" + b"pix\xff\x17els" + b"\xff\xd9").damage
'damaged: marker FF 17 inside the compressed pixels'
"""

from __future__ import annotations

import re
from typing import NamedTuple

START_OF_SCAN, END_OF_IMAGE, APP_1 = 0xDA, 0xD9, 0xE1
WITHOUT_LENGTH = {0x00, 0x01, *range(0xD0, 0xD9)}  # 00 is no marker: foreign bytes, passed over
# What may follow compressed pixels: tables (Huffman, quantisation, restart interval, number of
# lines, arithmetic conditioning), another scan, the end, application data, a comment.
AFTER_A_SCAN = {0xC4, 0xCC, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD, 0xFE, *range(0xE0, 0xF0)}
# Comments, and application data but for that of JFIF (APP0) and Adobe (APP14), by which a
# decoder knows what the colours are: EXIF, previews, colour profiles, other views.
NOT_PIXELS = {0xFE, 0xEF, *range(APP_1, 0xEE)}
# FF may be repeated as filling: its last is found. Never \xff+, which takes the square of a run.
MARKER = re.compile(rb"\xff([^\xff])", re.DOTALL)
MARKER_IN_PIXELS = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")
EXIF, XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"


class Parts(NamedTuple):
    """A JPEG file, taken apart."""

    bare: bytes  # the file without what says nothing about the pixels
    exif: bytes
    xmp: bytes
    scans: int  # how often a decoder goes over the pixels
    damage: str | None


def take_apart(data: bytes) -> Parts:
    """The parts of the JPEG file ``data``, as far as it is whole."""
    kept, scans, at = [data[:2]], 0, 2
    texts = {EXIF: b"", XMP: b""}

    def parts(damage: str | None) -> Parts:
        return Parts(b"".join(kept), texts[EXIF], texts[XMP], scans, damage)

    while True:
        found = MARKER.search(data, at)
        if found is None:
            return parts("cut short: no end-of-image marker")
        marker, start, at = found[1][0], found.start(), found.end()
        if marker == END_OF_IMAGE:
            return parts(None)
        if marker in WITHOUT_LENGTH:
            continue
        if at + 2 > len(data):
            return parts("cut short: no end-of-image marker")
        at += int.from_bytes(data[at : at + 2], "big")
        if marker == START_OF_SCAN:
            scans += 1
            if scans == 1:  # from here on all of it, as it is
                kept.append(data[start:])
            found = MARKER_IN_PIXELS.search(data, at)
            if found is None:
                return parts("cut short: the compressed pixels have no end-of-image marker")
            if found[1][0] not in AFTER_A_SCAN:
                return parts(f"damaged: marker FF {found[1][0]:02X} inside the compressed pixels")
            at = found.start()
        elif scans == 0 and marker not in NOT_PIXELS:
            kept.append(data[start:at])
        elif scans == 0 and marker == APP_1:
            for name in texts:
                if data.startswith(name, start + 4) and not texts[name]:
                    texts[name] = data[start + 4 + len(name) : at]
