"""Every odd kind of file that turns up in folders of photographs, made here, one function each.

A good one must give the very pixels of the scene that it was made from; a bad one must be
skipped with a reason. Both are also put into one folder and read together.
"""

from __future__ import annotations

import contextlib
import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from minicnn.data import ImageFolder, PictureError, read_picture
from minicnn.data.decode import decode
from tests.systems import needs_named_pipes, write

HEIGHT, WIDTH = 48, 64

# Four quarters that differ, so that a turn, a mirror, a wrong range or swapped colours show.
SCENE = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
SCENE[: HEIGHT // 2, : WIDTH // 2] = (200, 40, 40)
SCENE[: HEIGHT // 2, WIDTH // 2 :] = (40, 180, 60)
SCENE[HEIGHT // 2 :, : WIDTH // 2] = (30, 60, 220)
SCENE[HEIGHT // 2 :, WIDTH // 2 :] = (255, 255, 255)
GREY = np.repeat(SCENE.mean(-1).round().astype(np.uint8)[..., None], 3, -1)
TWO_TONE = np.where(GREY > 128, 255, 0).astype(np.uint8)
LEFT_HALF_ON_WHITE = SCENE.copy()
LEFT_HALF_ON_WHITE[:, WIDTH // 2 :] = 255

Maker = Callable[[], bytes]
GOOD: dict[str, tuple[Maker, np.ndarray, int]] = {}
BAD: dict[str, tuple[Maker, str]] = {}


def good(name: str, expected: np.ndarray = SCENE, tolerance: int = 0) -> Callable[[Maker], Maker]:
    """The decorated function makes the file ``name``, which reads as ``expected``."""

    def register(maker: Maker) -> Maker:
        assert name not in GOOD
        GOOD[name] = (maker, expected, tolerance)
        return maker

    return register


def bad(name: str, reason: str) -> Callable[[Maker], Maker]:
    """The decorated function makes the file ``name``, skipped for ``reason``."""

    def register(maker: Maker) -> Maker:
        assert name not in BAD
        BAD[name] = (maker, reason)
        return maker

    return register


def saved(image: Image.Image | np.ndarray, file_format: str, **options: object) -> bytes:
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(colour_type: int, depth: int, values: np.ndarray, *extra: bytes) -> bytes:
    """A PNG written by hand, for what Pillow cannot write."""
    height, width = values.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    raw = b"".join(b"\0" + row.astype(f">u{depth // 8}").tobytes() for row in values)
    chunks = [chunk(b"IHDR", header), *extra, chunk(b"IDAT", zlib.compress(raw))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + chunk(b"IEND", b"")


def half_transparent() -> Image.Image:
    """The scene, its right half transparent (and black below, which must not be seen)."""
    alpha = np.full((HEIGHT, WIDTH, 1), 255, np.uint8)
    rgba = np.concatenate([SCENE, alpha], -1)
    rgba[:, WIDTH // 2 :] = 0
    return Image.fromarray(rgba)


def inks(upside_down: bool = False) -> Image.Image:
    image = Image.fromarray(SCENE).convert("CMYK")
    return Image.eval(image, lambda ink: 255 - ink) if upside_down else image


def without_segment(jpeg: bytes, marker: int) -> bytes:
    """``jpeg`` without its first segment of this kind."""
    at = jpeg.index(bytes([0xFF, marker]))
    length = int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return jpeg[:at] + jpeg[at + 2 + length :]


# --- pictures that must be read right -------------------------------------------------------

FINE = {"quality": 100, "subsampling": 0}
GOOD["plain.jpg"] = (lambda: saved(SCENE, "JPEG", **FINE), SCENE, 3)
GOOD["progressive.jpeg"] = (lambda: saved(SCENE, "JPEG", progressive=True, **FINE), SCENE, 3)
GOOD["restarts.jpg"] = (lambda: saved(SCENE, "JPEG", restart_marker_rows=1, **FINE), SCENE, 3)
GOOD["grey.jpg"] = (lambda: saved(GREY[..., 0], "JPEG", quality=100), GREY, 3)
GOOD["UPPER CASE.JPG"] = (lambda: saved(SCENE, "JPEG", **FINE), SCENE, 3)
GOOD["name with  spaces .jpg"] = (lambda: saved(SCENE, "JPEG", **FINE), SCENE, 3)
GOOD["ünï-çödé-猫-🐈.jpg"] = (lambda: saved(SCENE, "JPEG", **FINE), SCENE, 3)
GOOD["[glob]*?%s{}.png"] = (lambda: saved(SCENE, "PNG"), SCENE, 0)
GOOD["png named.jpg"] = (lambda: saved(SCENE, "PNG"), SCENE, 0)
GOOD["jpeg named.png"] = (lambda: saved(SCENE, "JPEG", **FINE), SCENE, 3)
GOOD["plain.png"] = (lambda: saved(SCENE, "PNG"), SCENE, 0)
GOOD["grey.png"] = (lambda: saved(GREY[..., 0], "PNG"), GREY, 0)
GOOD["plain.bmp"] = (lambda: saved(SCENE, "BMP"), SCENE, 0)
GOOD["plain.tif"] = (lambda: saved(SCENE, "TIFF"), SCENE, 0)
GOOD["packed.tiff"] = (lambda: saved(SCENE, "TIFF", compression="tiff_lzw"), SCENE, 0)
GOOD["inks.tif"] = (lambda: saved(inks(), "TIFF"), SCENE, 0)
GOOD["plain.ppm"] = (lambda: saved(SCENE, "PPM"), SCENE, 0)
GOOD["plain.tga"] = (lambda: saved(SCENE, "TGA"), SCENE, 0)
GOOD["icon.ico"] = (lambda: saved(SCENE, "ICO", sizes=[(WIDTH, HEIGHT), (16, 12)]), SCENE, 0)
GOOD["plain.gif"] = (lambda: saved(Image.fromarray(SCENE).quantize(8), "GIF"), SCENE, 0)
GOOD["palette.png"] = (lambda: saved(Image.fromarray(SCENE).quantize(8), "PNG"), SCENE, 0)
GOOD["1 bit.png"] = (lambda: saved(Image.fromarray(TWO_TONE).convert("1"), "PNG"), TWO_TONE, 0)
GOOD["1 bit.tif"] = (lambda: saved(Image.fromarray(TWO_TONE).convert("1"), "TIFF"), TWO_TONE, 0)
GOOD["alpha.png"] = (lambda: saved(half_transparent(), "PNG"), LEFT_HALF_ON_WHITE, 0)
GOOD["lossless.webp"] = (lambda: saved(SCENE, "WEBP", lossless=True), SCENE, 0)
GOOD["16 bit grey.png"] = (lambda: saved(GREY[..., 0].astype(np.uint16) * 257, "PNG"), GREY, 0)
GOOD["16 bit rgb.png"] = (lambda: png(2, 16, SCENE.astype(np.uint16) * 257), SCENE, 0)
GOOD["16 bit grey.tif"] = (lambda: saved(GREY[..., 0].astype(np.uint16) * 257, "TIFF"), GREY, 0)
GOOD["32 bit.tif"] = (lambda: saved(GREY[..., 0].astype(np.int32) * 257, "TIFF"), GREY, 0)
GOOD["float to 1.tif"] = (lambda: saved((GREY[..., 0] / 255).astype("f4"), "TIFF"), GREY, 0)
GOOD["float to 255.tif"] = (lambda: saved(GREY[..., 0].astype("f4"), "TIFF"), GREY, 0)
GOOD["after the end.jpg"] = (lambda: saved(SCENE, "JPEG", **FINE) + b"more" * 99, SCENE, 3)
GOOD["inks as adobe.jpg"] = (lambda: saved(inks(), "JPEG", **FINE), SCENE, 6)
if "avif" in features.get_supported():
    GOOD["plain.avif"] = (lambda: saved(SCENE, "AVIF", quality=100, subsampling="4:4:4"), SCENE, 3)
if "jpg_2000" in features.get_supported():
    GOOD["plain.jp2"] = (lambda: saved(SCENE, "JPEG2000", irreversible=False), SCENE, 0)


@good("inks without adobe.jpg", tolerance=6)
def inks_without_adobe() -> bytes:
    return without_segment(saved(inks(upside_down=True), "JPEG", **FINE), 0xEE)


@good("palette with transparency.png", LEFT_HALF_ON_WHITE)
def palette_with_transparency() -> bytes:
    palette = [200, 40, 40, 30, 60, 220, 0, 0, 0]
    image = Image.fromarray(np.where(SCENE[..., 0] == 200, 0, 1).astype(np.uint8))
    image.paste(2, (WIDTH // 2, 0, WIDTH, HEIGHT))
    image.putpalette(palette)
    return saved(image, "PNG", transparency=bytes([255, 255, 0]))


@good("grey and alpha.png", np.where(np.arange(WIDTH)[:, None] < WIDTH // 2, GREY, 255))
def grey_and_alpha() -> bytes:
    image = Image.fromarray(GREY[..., 0])
    alpha = Image.new("L", image.size, 255)
    alpha.paste(0, (WIDTH // 2, 0, WIDTH, HEIGHT))
    return saved(Image.merge("LA", [image, alpha]), "PNG")


@good("one colour transparent.png", np.where(SCENE == (30, 60, 220), 255, SCENE))
def one_colour_transparent() -> bytes:
    return saved(SCENE, "PNG", transparency=(30, 60, 220))


@good("half alpha.png", (SCENE.astype(int) + 255) // 2, tolerance=1)
def half_alpha() -> bytes:
    return saved(np.dstack([SCENE, np.full((HEIGHT, WIDTH), 128, np.uint8)]), "PNG")


def animation(file_format: str, **options: object) -> bytes:
    first, second = Image.fromarray(SCENE), Image.fromarray(255 - SCENE)
    return saved(first, file_format, save_all=True, append_images=[second], **options)


GOOD["animated.gif"] = (lambda: animation("GIF"), SCENE, 0)
GOOD["animated.webp"] = (lambda: animation("WEBP", lossless=True), SCENE, 0)
GOOD["animated.png"] = (lambda: animation("PNG"), SCENE, 0)
GOOD["pages.tif"] = (lambda: animation("TIFF"), SCENE, 0)
GOOD["two views.mpo"] = (lambda: animation("MPO", **FINE), SCENE, 3)


def exif(orientation: int) -> bytes:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags.tobytes()


# How a camera stores the scene, in NumPy's own words: what each value tells to undo.
STORED = {
    1: SCENE,
    2: SCENE[:, ::-1],
    3: SCENE[::-1, ::-1],
    4: SCENE[::-1],
    5: SCENE.transpose(1, 0, 2),
    6: np.rot90(SCENE, 1),
    7: SCENE[::-1, ::-1].transpose(1, 0, 2),
    8: np.rot90(SCENE, -1),
}


def turned(orientation: int, file_format: str, **options: object) -> Maker:
    stored = np.ascontiguousarray(STORED[orientation])
    return lambda: saved(stored, file_format, exif=exif(orientation), **options)


for value in STORED:
    GOOD[f"held as {value}.jpg"] = (turned(value, "JPEG", **FINE), SCENE, 3)
GOOD["turned.png"] = (turned(6, "PNG"), SCENE, 0)
GOOD["turned.webp"] = (turned(8, "WEBP", lossless=True), SCENE, 0)
GOOD["turned.tif"] = (turned(6, "TIFF"), SCENE, 0)
GOOD["orientation of 77.jpg"] = (lambda: saved(SCENE, "JPEG", exif=exif(77), **FINE), SCENE, 3)
GOOD["broken exif.jpg"] = (
    lambda: saved(SCENE, "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff", **FINE),
    SCENE,
    3,
)


# --- files that must be skipped, with a reason that helps -----------------------------------

BAD["empty.jpg"] = (lambda: b"", "the file is empty")
BAD["text.jpg"] = (lambda: b"This is no picture at all.\n" * 9, "not a picture")
BAD["error page.jpg"] = (lambda: b"<!DOCTYPE html><title>404</title>", "3C 21 44 4F 43")
BAD["zeros.png"] = (lambda: bytes(5000), "not a picture")
BAD["program.png"] = (lambda: b"\x7fELF" + bytes(range(256)) * 9, "not a picture")
BAD["postscript.jpg"] = (lambda: saved(SCENE, "EPS"), "not a picture")
BAD["pdf.jpg"] = (lambda: saved(SCENE, "PDF"), "not a picture")
BAD["telephone.heic"] = (lambda: b"\0\0\0\x18ftypheic" + bytes(400), "not a picture")
BAD["cut.jpg"] = (lambda: saved(SCENE, "JPEG")[:-80], "cut short")
BAD["cut progressive.jpg"] = (lambda: saved(SCENE, "JPEG", progressive=True)[:-80], "cut short")
BAD["cut in the header.jpg"] = (lambda: saved(SCENE, "JPEG")[:100], "cut short")
BAD["cut and filled.jpg"] = (lambda: saved(SCENE, "JPEG")[:-80] + bytes(80), "cut short")
BAD["cut.png"] = (lambda: saved(SCENE, "PNG")[:-40], "damaged or cut short")
BAD["only a header.png"] = (lambda: saved(SCENE, "PNG")[:33], "89 50 4E 47")
BAD["cut.gif"] = (lambda: saved(SCENE, "GIF")[:-60], "damaged or cut short")
BAD["cut.bmp"] = (lambda: saved(SCENE, "BMP")[:5000], "damaged or cut short")
BAD["cut.tif"] = (lambda: saved(SCENE, "TIFF")[:5000], "damaged or cut short")
BAD["cut.webp"] = (lambda: saved(SCENE, "WEBP")[:90], "damaged or cut short")
BAD["nan.tif"] = (lambda: saved(np.full((9, 9), np.nan, "f4"), "TIFF"), "NaN or infinite")
BAD["bomb.bmp"] = (lambda: b"BM" + struct.pack("<IIIIiiHHI", 0, 0, 54, 40, 8000, 8000, 1, 24, 0)
                   + bytes(20), "8000 × 8000 pixels")  # fmt: skip


@bad("overwritten.jpg", "inside the compressed pixels")
def overwritten() -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    data = bytearray(saved(noise, "JPEG"))
    data[20_000:21_000] = b"\xff\x13" * 500
    return bytes(data)


@bad("flipped bits.png", "damaged or cut short")
def flipped_bits() -> bytes:
    data = bytearray(saved(SCENE, "PNG"))
    data[data.index(b"IDAT") + 30] ^= 0x10
    return bytes(data)


@bad("bomb.png", "8000 × 8000 pixels are more than the 50,000,000 allowed")
def bomb_png() -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 8_000, 8_000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(99)))


@bad("bomb beyond Pillow's own limit.png", "more pixels than the 50,000,000 allowed")
def bomb_beyond() -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 2_000_000, 2_000_000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(99)))


@bad("bomb.jpg", "8000 × 8000 pixels")
def bomb_jpg() -> bytes:
    data = bytearray(saved(SCENE, "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 8_000, 8_000)
    return bytes(data)


# --- the tests --------------------------------------------------------------------------------


def test_there_are_many_kinds() -> None:
    assert len(GOOD) >= 50
    assert len(BAD) >= 20


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_good(name: str, tmp_path: Path) -> None:
    maker, expected, tolerance = GOOD[name]
    write(tmp_path / name, maker())
    pixels = read_picture(str(tmp_path / name), (HEIGHT, WIDTH))
    assert pixels.dtype == np.uint8
    difference = np.abs(pixels.astype(int) - expected)
    assert difference.max() <= tolerance


@pytest.mark.parametrize("name", BAD)
def test_bad(name: str, tmp_path: Path) -> None:
    maker, reason = BAD[name]
    (tmp_path / name).write_bytes(maker())
    with pytest.raises(PictureError) as caught:
        read_picture(str(tmp_path / name), (HEIGHT, WIDTH))
    assert reason in caught.value.reason
    assert name in str(caught.value)


FORMATS = {
    "JPEG": {},
    "JPEG progressive": {"progressive": True},
    "PNG": {},
    "GIF": {},
    "WEBP": {},
    "BMP": {},
    "TIFF": {},
    "TIFF packed": {"compression": "tiff_deflate"},
    "PPM": {},
    "ICO": {},
}


@pytest.mark.parametrize("name", FORMATS)
def test_cut_anywhere_is_refused_or_harmless(name: str) -> None:
    whole = saved(SCENE, name.split()[0], **FORMATS[name])
    expected = decode(whole, (HEIGHT, WIDTH))
    refused = 0
    for cut in range(0, len(whole), max(1, len(whole) // 40)):
        try:
            pixels = decode(whole[:cut], (HEIGHT, WIDTH))
        except PictureError:
            refused += 1
        else:
            np.testing.assert_array_equal(pixels, expected)
    assert refused >= 35


@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_cut_and_filled_with_zeros_is_refused(file_format: str) -> None:
    whole = saved(SCENE, file_format)
    for cut in range(0, len(whole) - 2, max(1, len(whole) // 40)):
        with pytest.raises(PictureError):
            decode(whole[:cut] + bytes(len(whole) - cut), (HEIGHT, WIDTH))


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (2, 2)])
def test_extreme_shapes(size: tuple[int, int]) -> None:
    data = saved(Image.new("RGB", size, (9, 90, 200)), "PNG")
    pixels = decode(data, (20, 30))
    assert pixels.shape == (20, 30, 3)
    assert (pixels == (9, 90, 200)).all()


def test_resizing_counts_every_pixel() -> None:
    """A fine checkerboard becomes grey: a plain sample of four neighbours would alias."""
    board = np.indices((600, 600)).sum(0) % 2 * np.uint8(255)
    pixels = decode(saved(board.astype(np.uint8), "PNG"), (60, 60))
    assert pixels[5:-5, 5:-5].min() >= 120
    assert pixels[5:-5, 5:-5].max() <= 135


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All kinds in two classes, amid what systems leave in folders."""
    root = tmp_path_factory.mktemp("everything")
    (root / "bad").mkdir()
    (root / "good").mkdir()
    for name, (maker, _, _) in GOOD.items():
        (root / "good" / name).write_bytes(maker())
    for name, (maker, _) in BAD.items():
        (root / "bad" / name).write_bytes(maker())
    (root / "bad" / "one that is good.png").write_bytes(saved(255 - SCENE, "PNG"))

    picture = saved(SCENE, "JPEG")
    for clutter in (".hidden.jpg", "._cat.jpg", "Thumbs.db", ".DS_Store", "desktop.ini"):
        (root / "good" / clutter).write_bytes(picture)
    for folder in (".git", ".ipynb_checkpoints", "__MACOSX", "good/.thumbnails"):
        (root / folder).mkdir()
        (root / folder / "1.jpg").write_bytes(picture)
    (root / "good" / "labels.csv").write_text("no picture")
    (root / "good" / "folder.jpg").mkdir()
    (root / "good" / "deeper").mkdir()
    (root / "good" / "deeper" / "1.jpg").write_bytes(picture)
    (root / "good" / "deeper" / "loop").symlink_to("..")
    (root / "good" / "up").symlink_to(root)
    (root / "good" / "other class").symlink_to(root / "bad")
    (root / "good" / "link.jpg").symlink_to("deeper/1.jpg")
    (root / "bad" / "broken link.jpg").symlink_to("nowhere.jpg")
    (root / "bad" / "link to itself.jpg").symlink_to("link to itself.jpg")
    os.mkfifo(root / "bad" / "pipe.jpg")
    with open(root / "bad" / "enormous.jpg", "wb") as file:
        file.truncate(1 << 30)
    with (
        contextlib.suppress(OSError),  # macOS has no such names
        open(os.fsencode(root / "good") + b"/not-\xff\xfe-text.jpg", "wb") as file,
    ):
        file.write(picture)
    return root


@needs_named_pipes
def test_everything_in_one_folder(everything: Path) -> None:
    odd = sum(b"not-" in name for name in os.listdir(os.fsencode(everything / "good")))
    for _ in range(2):  # decoded, then from the cache
        dataset = ImageFolder(everything, image_size=(HEIGHT, WIDTH))
        assert dataset.classes == ("bad", "good")
        assert dataset.report.counts == {"bad": 1, "good": len(GOOD) + 2 + odd}
        assert len(dataset.report.skipped) == len(BAD) + 4
        assert dataset.report.ignored == ["good/labels.csv"]
        text = str(dataset.report)
        assert f"{len(BAD) + 4} pictures skipped" in text
        text.encode()  # printable, odd names and all

        x, y = dataset.arrays()
        for path, pixels, label in zip(dataset.paths, x, y, strict=True):
            assert label == (path.parent.name != "bad")
            if path.name in GOOD:
                _, expected, tolerance = GOOD[path.name]
                assert np.abs(pixels.astype(int) - expected).max() <= tolerance

    reasons = {Path(error.path).name: error.reason for error in dataset.report.skipped}
    for name, (_, reason) in BAD.items():
        assert reason in reasons[name]
    assert "not a regular file" in reasons["pipe.jpg"]
    assert "more than any picture" in reasons["enormous.jpg"]
    assert "No such file" in reasons["broken link.jpg"]
    assert "symbolic links" in reasons["link to itself.jpg"]


@pytest.mark.parametrize("name", ["empty.jpg", "cut.jpg", "bomb.png", "text.jpg"])
def test_on_error_raise(name: str, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "fine.png").write_bytes(saved(SCENE, "PNG"))
    (tmp_path / "b" / name).write_bytes(BAD[name][0]())
    with pytest.raises(PictureError, match=BAD[name][1]) as caught:
        ImageFolder(tmp_path, on_error="raise")
    assert name in str(caught.value)
    assert len(ImageFolder(tmp_path).labels) == 2
