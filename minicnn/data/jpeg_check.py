r"""Finds damage in a JPEG file that decoders pass over in silence (floor 4; needs nobody).

A JPEG file is a chain of segments that each begin with a marker, two bytes FF xx; the compressed
pixels stand between such segments, and inside them FF is always followed by 00 (a data byte FF)
or D0..D7 (a restart). So if a download stopped halfway and the rest was filled with zeros, there
is no end-of-image marker FF D9; and if foreign bytes were written into the middle, a marker that
cannot stand there turns up within a few hundred bytes. libjpeg answers both with a warning,
which Pillow does not pass on, and grey or garbled pixels.

A few flipped bits leave the chain whole and cannot be seen: JPEG has no checksum.

>>> jpeg_damage(b"\xff\xd8\xff\xda\x00\x02" + b"pixels" + b"\xff\xd9")
>>> jpeg_damage(b"\xff\xd8\xff\xda\x00\x02" + b"pixels" + bytes(100))
'cut short: the compressed pixels have no end-of-image marker'
>>> jpeg_damage(b"\xff\xd8\xff\xda\x00\x02" + b"pix\xff\x17els" + b"\xff\xd9")
'damaged: marker FF 17 inside the compressed pixels'
"""

from __future__ import annotations

import re

START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9
WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
# What may follow compressed pixels: tables (Huffman, quantisation, restart interval, number of
# lines, arithmetic conditioning), another scan, the end, application data, a comment.
AFTER_A_SCAN = {0xC4, 0xCC, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD, 0xFE, *range(0xE0, 0xF0)}
MARKER_IN_PIXELS = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])")


def jpeg_damage(data: bytes) -> str | None:
    """What is wrong with the chain of segments in ``data``, or None."""
    at = 2
    while True:
        at = data.find(b"\xff", at)
        while at >= 0 and data[at + 1 : at + 2] == b"\xff":  # FF may be repeated as filling
            at += 1
        if at < 0 or at + 4 > len(data):
            whole = at >= 0 and data[at + 1 : at + 2] == b"\xd9"
            return None if whole else "cut short: no end-of-image marker"
        marker = data[at + 1]
        if marker == END_OF_IMAGE:
            return None
        at += 2
        if marker in WITHOUT_LENGTH:
            continue
        at += int.from_bytes(data[at : at + 2], "big")
        if marker == START_OF_SCAN:
            found = MARKER_IN_PIXELS.search(data, at)
            if found is None:
                return "cut short: the compressed pixels have no end-of-image marker"
            if found[1][0] not in AFTER_A_SCAN:
                return f"damaged: marker FF {found[1][0]:02X} inside the compressed pixels"
            at = found.start()
