"""Files of every format, changed anyhow, are pictures of the right shape or a clear error.

``HYPOTHESIS_PROFILE=thorough`` tries ten times as hard.
"""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, features

from minicnn.data import PictureError
from minicnn.data.decode import decode, quiet_pillow, readable_formats
from minicnn.data.formats.signature import SIGNATURES
from tests.data.conftest import speckled
from tests.data.formats.made import AFTER, icon, saved, table

EXIF = table({0x0112: (3, 1, 6), 0x010F: (2, 9, AFTER)}, b"a camera\0")
PICTURE = speckled(3, (20, 24))
ALPHA = Image.merge("RGBA", [*PICTURE.split(), PICTURE.getchannel(0)])


def animated(file_format: str) -> bytes:
    """Two frames, pages or views."""
    second = speckled(4, (20, 24))  # a new one: to save leaves something in an image
    return saved(PICTURE, file_format, save_all=True, append_images=[second])


FILES = {
    "JPEG": [
        saved(PICTURE, "JPEG", exif=EXIF),
        saved(PICTURE, "JPEG", progressive=True, restart_marker_rows=1),
        saved(PICTURE.convert("CMYK"), "JPEG"),
        animated("MPO"),
    ],
    "PNG": [
        saved(ALPHA, "PNG", exif=EXIF),
        saved(PICTURE.quantize(16), "PNG", transparency=3),
        saved(np.asarray(PICTURE.convert("L")).astype(np.uint16) * 257, "PNG"),
        animated("PNG"),
    ],
    "WEBP": [saved(ALPHA, "WEBP", exif=EXIF, lossless=True), animated("WEBP")],
    "GIF": [animated("GIF"), saved(PICTURE.quantize(16), "GIF")],
    "BMP": [saved(PICTURE, "BMP"), saved(PICTURE.quantize(16), "BMP")],
    "TIFF": [
        saved(PICTURE, "TIFF", exif=EXIF),
        saved(PICTURE, "TIFF", compression="tiff_lzw"),
        saved(PICTURE, "TIFF", compression="jpeg"),
        saved(np.asarray(PICTURE.convert("L"), "f4"), "TIFF"),
        animated("TIFF"),
    ],
    "PPM": [saved(PICTURE, "PPM"), b"P3\n2 2\n9\n" + b"1 2 3 " * 4],
    "ICO": [icon(saved(ALPHA, "PNG")), saved(ALPHA, "ICO", bitmap_format="bmp", sizes=[(16, 16)])],
    "TGA": [saved(PICTURE, "TGA"), saved(ALPHA, "TGA", compression="tga_rle")],
}
if "avif" in features.get_supported():
    FILES["AVIF"] = [saved(ALPHA, "AVIF", exif=EXIF), animated("AVIF")]
if "jpg_2000" in features.get_supported():
    FILES["JPEG2000"] = [saved(PICTURE, "JPEG2000"), saved(PICTURE, "JPEG2000", no_jp2=True)]

LIMITS = {"max_pixels": 200_000, "max_side": 2_000}
EXTREME = [0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF]
NUMBERS = [layout for order in "<>" for layout in (order + "H", order + "I")]


@st.composite
def changed(draw: st.DrawFn, data: bytes) -> bytes:
    """``data`` with a few bytes, numbers or pieces changed."""
    file = bytearray(data)
    for _ in range(draw(st.integers(1, 5))):
        # Half of the changes are near the start, where everything is said.
        near = draw(st.booleans())
        at = draw(st.integers(0, max(0, min(len(file), 120 if near else len(file)) - 1)))
        size = draw(st.integers(1, 40))
        kind = draw(st.sampled_from(["byte", "number", "cut", "drop", "twice", "foreign", "end"]))
        if kind == "byte" and at < len(file):
            file[at] = draw(st.integers(0, 255))
        elif kind == "number":
            layout = draw(st.sampled_from(NUMBERS))
            most = (1 << 8 * struct.calcsize(layout)) - 1
            number = struct.pack(layout, draw(st.sampled_from(EXTREME)) & most)
            file[at : at + len(number)] = number
        elif kind == "cut":
            del file[draw(st.integers(0, len(file))) :]
        elif kind == "drop":
            del file[at : at + size]
        elif kind == "twice":
            file[at:at] = file[at : at + size] * draw(st.integers(1, 30))
        elif kind == "foreign":
            file[at : at + size] = draw(st.binary(max_size=40))
        else:
            file += draw(st.binary(max_size=40))
    return bytes(file)


def is_a_picture_or_a_clear_error(data: bytes) -> bool:
    try:
        with quiet_pillow():
            pixels = decode(data, (6, 7), **LIMITS)
    except PictureError as error:
        told = error.reason
    else:
        told = ""
    if told:
        assert len(told.encode()) < 400
        return False
    assert pixels.shape == (6, 7, 3)
    assert pixels.dtype == np.uint8
    return True


def test_every_format_is_here() -> None:
    assert set(FILES) <= set(SIGNATURES)
    assert readable_formats() <= {*FILES, "HEIF", "JPEG2000", "AVIF"}
    for files in FILES.values():
        assert all(is_a_picture_or_a_clear_error(data) for data in files)


@pytest.mark.parametrize("name", FILES)
@given(data=st.data())
def test_a_changed_file(name: str, data: st.DataObject) -> None:
    is_a_picture_or_a_clear_error(data.draw(changed(data.draw(st.sampled_from(FILES[name])))))


@given(st.sampled_from([start for files in FILES.values() for start in files]), st.data())
def test_the_start_of_one_file_and_the_rest_of_another(start: bytes, data: st.DataObject) -> None:
    rest = data.draw(st.sampled_from([file for files in FILES.values() for file in files]))
    cut, at = data.draw(st.integers(0, 200)), data.draw(st.integers(0, 200))
    is_a_picture_or_a_clear_error(start[:cut] + rest[at:])


@given(st.binary(max_size=300))
@example(b"\xff\xd8\xff")
@example(b"\xff\xd8\xff" + b"\xff" * 9)
@example(b"RIFF\0\0\0\0WEBP")
@example(b"\0\0\1\0\xff\xff")
@example(b"II*\0")
@example(b"\x89PNG\r\n\x1a\n")
def test_any_bytes(data: bytes) -> None:
    is_a_picture_or_a_clear_error(data)
    for start in (
        b"\xff\xd8\xff",
        b"II*\0\x08\0\0\0",
        b"RIFF\0\0\0\0WEBP",
        b"\0\0\1\0\1\0",
        b"P6 ",
    ):
        is_a_picture_or_a_clear_error(start + data)


LONG = {
    "filling": b"\xff" * 1_000_000,
    "filling in the pixels": b"\xff\xda\0\2" + b"\xff" * 1_000_000,
    "empty segments": b"\xff\xe1\0\2" * 50_000,
    "empty EXIF": b"\xff\xe1\0\x08Exif\0\0" * 50_000,
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_jpeg_of_nothing(name: str) -> None:
    """It would not come to an end if the time grew with the square of the length."""
    assert not is_a_picture_or_a_clear_error(b"\xff\xd8" + LONG[name])
