"""Small files that would take much memory or time are refused before a pixel is decoded."""

from __future__ import annotations

import functools
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFile, features

from minicnn.data import ImageFolder, PictureError, read_picture
from minicnn.data.decode import decode, quiet_pillow, to_8_bit
from minicnn.data.formats.metered import AT_LEAST, TIMES, Metered
from minicnn.data.limits import Limits
from minicnn.errors import ConfigError
from tests.data.conftest import speckled
from tests.data.formats.made import (
    AFTER,
    LONG,
    UNDEFINED,
    bitmap_of_icon,
    chunk,
    icon,
    png,
    png_that_claims,
    saved,
    table,
    tiff,
    with_scans,
    with_segments,
)

BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {}
DTYPES = ["u2", "i4", "f4"]
GREY = Image.new("L", (16, 16), 77)


def bomb(name: str, reason: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    def register(maker: Callable[[], bytes]) -> Callable[[], bytes]:
        BOMBS[name] = (maker, reason)
        return maker

    return register


BOMBS["tall.png"] = (lambda: png_that_claims(1, 40_000_000), "longer than the 65,535 allowed")
BOMBS["wide.png"] = (lambda: png_that_claims(40_000_000, 1), "longer than the 65,535 allowed")
BOMBS["square.png"] = (lambda: png_that_claims(9_000, 9_000), "9000 × 9000 pixels")
BOMBS["png.ico"] = (lambda: icon(png_that_claims(9_000, 9_000)), "9000 × 9000 pixels")
BOMBS["tall png.ico"] = (lambda: icon(png_that_claims(1, 99_999)), "longer than the 65,535")
BOMBS["bitmap.ico"] = (lambda: icon(bitmap_of_icon(9_000, 9_000), bits=1), "9000 × 9000 pixels")


@bomb("canvas.webp", "16383 × 16383 pixels")
def canvas_webp() -> bytes:
    first, second = Image.new("RGBA", (16, 16), (9, 90, 200, 99)), Image.new("RGBA", (16, 16))
    data = bytearray(saved(first, "WEBP", save_all=True, append_images=[second]))
    at = data.index(b"VP8X") + 12
    data[at : at + 6] = (16_382).to_bytes(3, "little") * 2
    return bytes(data)


@bomb("lossless.webp", "16384 × 16384 pixels")
def lossless_webp() -> bytes:
    data = bytearray(saved(GREY, "WEBP", lossless=True))
    data[21:25] = struct.pack("<I", struct.unpack_from("<I", data, 21)[0] | (1 << 28) - 1)
    return bytes(data)


if "avif" in features.get_supported():

    @bomb("stream.avif", "a stream of 9000 × 9000 pixels")
    def stream_avif() -> bytes:
        """Its header says 16 × 16, and so does the opened picture."""
        data = bytearray(saved(Image.new("L", (9_000, 9_000)), "AVIF", quality=20, speed=10))
        at = data.index(b"ispe") + 8
        data[at : at + 8] = struct.pack(">II", 16, 16)
        return bytes(data)


@bomb("frame.gif", "9000 × 9000 pixels")
def frame_gif() -> bytes:
    """A frame that is larger than its canvas: Pillow makes the canvas larger."""
    data = bytearray(saved(GREY, "GIF"))
    at = data.index(b",\0\0\0\0\x10\0\x10\0")
    data[at + 5 : at + 9] = struct.pack("<HH", 9_000, 9_000)
    return bytes(data)


@bomb("tile.tif", "a tile of 20000 × 20000 pixels")
def tile_tif() -> bytes:
    tile = zlib.compress(bytes(20_000 * 20_000), 1)
    return tiff(16, tile, {322: (LONG, 1, 20_000), 323: (LONG, 1, 20_000)}, packed=True)


@bomb("scans.jpg", "scans of 3000 × 3000 pixels are more than is allowed")
def scans_jpg() -> bytes:
    return with_scans(saved(Image.new("L", (3_000, 3_000)), "JPEG", progressive=True), 400)


@bomb("text.png", "(?i)too large")
def text_png() -> bytes:
    text = chunk(b"zTXt", b"key\0\0" + zlib.compress(bytes(100_000_000), 1))
    return png(16, 16, 0, 8, (b"\0" + b"M" * 16) * 16, text)


@pytest.mark.parametrize("name", BOMBS)
def test_refused_before_decoding(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    maker, reason = BOMBS[name]
    data = maker()
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("decoded"))
    with pytest.raises(PictureError, match=reason):
        decode(data, (8, 8))


def overlapping_tags(count: int, size: int) -> dict[int, tuple[int, int, int]]:
    return {40_000 + number: (UNDEFINED, size, AFTER) for number in range(count)}


@functools.cache
def harmless() -> dict[str, bytes]:
    """Files that are pictures, with a trap beside the pixels that nobody needs to step on."""
    tags = table({**overlapping_tags(4_000, 500_000)}, bytes(500_000))
    parts = [tags[at : at + 65_000] for at in range(0, len(tags), 65_000)]
    jpeg = saved(GREY, "JPEG")
    return {
        "exif.jpg": with_segments(jpeg, *[(0xE1, b"Exif\0\0" + part) for part in parts]),
        "exif.png": saved(GREY, "PNG", exif=tags),
        "exif.webp": saved(GREY, "WEBP", exif=tags),
        "strips.tif": tiff(16, b"M" * 256, {278: (LONG, 1, 1 << 31)}),
    }


@pytest.mark.skipif(sys.platform != "linux", reason="how much memory a process took at most")
def test_the_memory_that_all_of_them_take(tmp_path: Path) -> None:
    """Pillow takes its memory outside of Python, so a process that does nothing else is asked."""
    overlapping = tiff(16, bytes(400_000), overlapping_tags(2_000, 400_000))
    files = {name: maker() for name, (maker, _) in BOMBS.items()}
    files |= {**harmless(), "tags.tif": overlapping}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    code = (
        "import contextlib, pathlib, resource, sys\n"
        "from minicnn.data.decode import decode, quiet_pillow\n"
        "from minicnn.data import PictureError\n"
        "from PIL import Image, ImageFile, features\n"
        "from minicnn.data.decode import readable_formats; readable_formats()\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024\n"
        "before = peak()\n"
        "with quiet_pillow():\n"
        "    for path in pathlib.Path(sys.argv[1]).iterdir():\n"
        "        with contextlib.suppress(PictureError): decode(path.read_bytes(), (8, 8))\n"
        "print(peak() - before)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    largest = max(map(len, files.values())) >> 20
    assert int(ran.stdout) < 40 + 8 * largest  # MB; the worst of them takes 1,600 unless refused


@pytest.mark.parametrize("name", list(harmless()))
def test_what_nobody_needs_is_not_read(name: str) -> None:
    np.testing.assert_allclose(decode(harmless()[name], (8, 8)), 77)


def test_a_table_whose_values_overlap_is_refused() -> None:
    """Or it is read once, by Pillows that count for themselves."""
    data = tiff(16, bytes(400_000), overlapping_tags(2_000, 400_000))
    refused = ""
    try:
        with quiet_pillow():
            pixels = decode(data, (8, 8))
    except PictureError as error:
        refused = error.reason
    assert "lie in one another" in refused or (pixels == 0).all()


def test_an_honest_file_is_read_as_often_as_it_takes() -> None:
    """Large tables, and pages: neither is a bomb."""
    pages = [speckled(number, (300, 300)) for number in range(4)]
    more = {"save_all": True, "append_images": pages[1:]}
    for options in ({}, {"compression": "tiff_lzw"}):
        data = saved(pages[0], "TIFF", **more, **options, tiffinfo={33_432: "x" * 500_000})
        np.testing.assert_array_equal(decode(data, (300, 300)), np.asarray(pages[0]))


@given(st.lists(st.integers(-1, 3 * AT_LEAST), max_size=40))
def test_metered(reads: list[int]) -> None:
    content = bytes(AT_LEAST)
    file, total = Metered(content), 0
    for size in reads:
        file.seek(0)
        total += len(content) if size < 0 else min(size, len(content))
        if total > TIMES * len(content) + AT_LEAST:
            with pytest.raises(PictureError, match="lie in one another"):
                file.read(size)
            return
        assert file.read(size) == (content if size < 0 else content[:size])


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 10**9), st.integers(1, 10**6))
def test_limits(width: int, height: int, pixels: int, side: int) -> None:
    limits = Limits(pixels, side)
    if width * height <= pixels and width <= side and height <= side:
        limits.allow(width, height)
    else:
        with pytest.raises(PictureError, match="allowed"):
            limits.allow(width, height)


def test_the_limits_can_be_set(tmp_path: Path) -> None:
    for name, size in {"wide": (30, 10), "high": (10, 30), "small": (10, 10)}.items():
        (tmp_path / "a").mkdir(exist_ok=True)
        Image.new("RGB", size).save(tmp_path / "a" / f"{name}.png")
    options = {"classes": ["a"], "image_size": (8, 8)}
    assert len(ImageFolder(tmp_path, **options).labels) == 3
    folder = ImageFolder(tmp_path, **options, max_side=20)  # and the cache is another
    assert [path.name for path in folder.paths] == ["small.png"]
    assert "30 × 10 pixels: a side is longer than the 20 allowed" in str(folder.report)
    assert len(ImageFolder(tmp_path, **options, max_pixels=299).labels) == 1
    with pytest.raises(PictureError, match="longer than the 20 allowed"):
        read_picture(tmp_path / "a" / "wide.png", (8, 8), max_side=20)
    for wrong in ({"max_side": 0}, {"max_pixels": "many"}):
        with pytest.raises(ConfigError, match=next(iter(wrong))):
            ImageFolder(tmp_path, **options, **wrong)


def test_a_jpeg_may_have_the_usual_scans() -> None:
    data = saved(Image.new("RGB", (100, 100), (10, 20, 30)), "JPEG", progressive=True, quality=95)
    assert data.count(b"\xff\xda") >= 6
    assert decode(data, (8, 8), max_pixels=100 * 100).shape == (8, 8, 3)
    grey = saved(Image.new("L", (100, 100)), "JPEG", progressive=True)
    assert decode(with_scans(grey, 400), (8, 8)).shape == (8, 8, 3)  # of few pixels


@given(
    st.integers(1, 40), st.integers(1, 40), st.integers(1, 200), st.sampled_from(["u2", "i4", "f4"])
)
def test_grey_is_scaled_in_bands_as_in_one(
    height: int, width: int, at_once: int, dtype: str
) -> None:
    values = (np.arange(height * width).reshape(height, width) * 37 % 65_536).astype(dtype)
    with pytest.MonkeyPatch.context() as patch:
        whole = to_8_bit(values)
        patch.setattr("minicnn.data.decode.PIXELS_AT_ONCE", at_once)
        np.testing.assert_array_equal(to_8_bit(values), whole)


def test_an_icon_is_its_largest_picture() -> None:
    """With the most colours, where two are of one size; whatever else it holds."""
    small, few = saved(Image.new("RGB", (8, 8), "red"), "PNG"), saved(GREY.convert("1"), "PNG")
    best = saved(speckled(1, (16, 16)), "PNG")
    rows, at = b"", 6 + 3 * 16
    for side, bits, data in ((8, 32, small), (16, 1, few), (16, 24, best)):
        rows += struct.pack("<BBBBHHII", side, side, 0, 0, 1, bits, len(data), at)
        at += len(data)
    data = struct.pack("<HHH", 0, 1, 3) + rows + small + few + best
    np.testing.assert_array_equal(decode(data, (16, 16)), np.asarray(speckled(1, (16, 16))))
    for cut in (4, 6, 20, 6 + 3 * 16):
        with pytest.raises(PictureError):
            decode(data[:cut], (16, 16))


def test_an_icon_of_bitmaps() -> None:
    picture = speckled(2, (32, 32))
    data = saved(picture, "ICO", bitmap_format="bmp", sizes=[(32, 32), (16, 16)])
    np.testing.assert_array_equal(decode(data, (32, 32)), np.asarray(picture))


# --- colours that are transparent, in pictures of every depth --------------------------------


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_a_transparent_grey_is_laid_on_white(bits: int) -> None:
    most = (1 << bits) - 1
    levels = np.array([0, most // 3, most // 2, most] if bits > 1 else [0, 1, 0, 1])
    clear = int(levels[2])
    if bits == 16:
        row = levels.astype(">u2").tobytes()
    else:
        row = np.packbits((levels[:, None] >> np.arange(bits)[::-1]) & 1).tobytes()
    data = png(4, 1, 0, bits, b"\0" + row, chunk(b"tRNS", struct.pack(">H", clear)))
    expected = np.floor(levels / most * 255 + 0.5)
    expected[levels == clear] = 255
    np.testing.assert_array_equal(decode(data, (1, 4))[0, :, 1], expected)


def test_a_transparent_colour_of_16_bits_is_laid_on_white() -> None:
    row = struct.pack(">6H", 0x1234, 0x5678, 0x9ABC, 0x1111, 0x2222, 0x3333)
    data = png(2, 1, 2, 16, b"\0" + row, chunk(b"tRNS", row[:6]))
    assert decode(data, (1, 2)).tolist() == [[[255, 255, 255], [0x11, 0x22, 0x33]]]
