"""What is known of a picture's file before Pillow opens it.

Pillow opens more than 40 formats. One starts a program (EPS: Ghostscript), some hand what they hold
to any other format (IPTC), some decode while they are opened, when nobody could yet look at the
size (ICO). So what a file is, is decided here, by its first bytes, and Pillow is given that one
format by name. The few formats that photographs come in are read, and of their files only what is
needed for the pixels:

- of a JPEG the segments that a decoder needs, and not EXIF, previews, or a second view;
- of an icon its largest picture, as a file of its own;
- of WebP its canvas and of AVIF the streams in it, whose sizes their headers need not tell;
- EXIF's orientation is read here, everywhere but in TIFF, for Pillow (before 13) reads the same
  megabyte for each of 65,535 entries that point to it.
"""

from __future__ import annotations

from typing import NamedTuple

from minicnn.data.formats import avif, icon, jpeg, webp
from minicnn.data.formats.orientation import orientation_in_exif, orientation_in_xmp
from minicnn.data.formats.signature import format_of
from minicnn.data.limits import Limits
from minicnn.data.picture_error import PictureError


class Source(NamedTuple):
    """Bytes for one of Pillow's formats, and what was taken out of them."""

    format: str
    data: bytes
    orientation: int | None = None  # None: to be asked of the open picture
    scans: int = 1  # how often a decoder goes over the pixels


def source_of(data: bytes, limits: Limits) -> Source:
    """What Pillow is to be given for the file ``data``; a ``PictureError`` if nothing is."""
    name = format_of(data)
    if name == "ICO":
        name, data = icon.largest_picture(data, limits)
    if name == "JPEG":
        parts = jpeg.take_apart(data)
        if parts.damage is not None:
            raise PictureError("picture", parts.damage)
        orientation = orientation_in_exif(parts.exif) or orientation_in_xmp(parts.xmp) or 1
        return Source(name, parts.bare, orientation, parts.scans)
    if name == "WEBP":
        limits.allow(*webp.canvas(data))
    if name == "AVIF":
        return Source(name, avif.still(data, limits), orientation=1)
    if name == "HEIF":
        return Source(name, avif.without_exif(data), orientation=1)  # turned by the decoder
    return Source(name, data)
