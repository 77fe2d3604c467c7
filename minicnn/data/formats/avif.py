"""AVIF and HEIF files as a decoder is to see them (needs errors only).

The size in the header of an AVIF file is one thing, and that of the AV1 streams it holds another:
Pillow knows the first, and its decoder takes memory for the second before it scales it down.
"""

from __future__ import annotations

from minicnn.data.formats.av1 import sizes_in
from minicnn.data.formats.boxes import boxes, number
from minicnn.data.limits import Limits
from minicnn.data.picture_error import PictureError

TYPE_AND_FLAGS = 4  # the start of a box that has a version


def still(data: bytes, limits: Limits) -> bytes:
    """The AVIF file ``data`` as one picture and not as a film; a ``PictureError`` if it is large.

    By the name ``avis`` a decoder would take the film, whose streams lie elsewhere.
    """
    for item in coded_items(data):
        for width, height in sizes_in(item):
            limits.allow(width, height, "a stream of ")
    return without_exif(data[:8] + b"avif" + data[12:])


def coded_items(data: bytes) -> list[bytes]:
    """The AV1 streams of all items of the file."""
    found, left = [], len(data)
    for meta in (box for box in boxes(data) if box.kind == b"meta"):
        inside = {box.kind: box for box in boxes(data, meta.start + TYPE_AND_FLAGS, meta.end)}
        if b"iloc" not in inside:
            continue
        store = inside.get(b"idat")
        start, end = inside[b"iloc"].start, inside[b"iloc"].end
        for in_store, extents in locations(data[start:end]):
            if in_store and store is None:
                continue
            base, stop = (store.start, store.end) if in_store and store else (0, len(data))
            pieces = [
                data[base + at : min(base + at + size if size else stop, stop)]
                for at, size in extents
            ]
            left -= sum(map(len, pieces))
            if left < 0:
                raise PictureError("picture", "its parts lie in one another")
            found.append(b"".join(pieces))
    return found


def locations(iloc: bytes) -> list[tuple[bool, list[tuple[int, int]]]]:
    """Of each item: whether it lies in the store of its box, and where its pieces do."""
    version, at = iloc[0], 6
    offset_size, length_size = iloc[4] >> 4, iloc[4] & 15
    base_size, index_size = iloc[5] >> 4, iloc[5] & 15 if version else 0

    def take(size: int) -> int:
        nonlocal at
        if at + size > len(iloc):
            raise PictureError("picture", "damaged or cut short (a table of items)")
        at += size
        return number(iloc, at - size, size)

    items = []
    for _ in range(take(4 if version == 2 else 2)):
        take(4 if version == 2 else 2)  # its name
        in_store = bool(version and take(2) & 15)
        take(2)
        base, extents = take(base_size), []
        for _ in range(take(2)):
            take(index_size)
            offset = base + take(offset_size)
            extents.append((offset, take(length_size)))
        items.append((in_store, extents))
    return items


def without_exif(data: bytes) -> bytes:
    """The file ``data`` with its EXIF under a name that no decoder asks for.

    It says nothing that is needed: how these pictures are turned stands elsewhere.
    """
    changed = bytearray(data)
    for box in boxes(data):
        if box.kind == b"meta":
            changed[box.start : box.end] = data[box.start : box.end].replace(b"Exif", b"none")
    return bytes(changed)
