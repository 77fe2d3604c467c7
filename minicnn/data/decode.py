"""From the bytes of any picture to RGB pixels of one size (floor 4; needs Pillow).

What happens to a picture, in this order and in no other way:

1. The header is read. A picture of more than ``max_pixels`` is refused before any of its pixels
   is decoded, so a small file that claims to be enormous costs nothing.
2. The first frame is decoded. A file that is cut short or damaged is refused.
3. It becomes 8-bit RGB: transparent pixels are laid on white, 16 bits are scaled to 8.
4. It is turned upright as its EXIF orientation says.
5. It is resized, without keeping its proportions, by Pillow's ``BILINEAR``: a triangle filter
   that widens as a picture shrinks, so that every source pixel counts and nothing aliases.
"""

from __future__ import annotations

import functools
import io
import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from minicnn.data.jpeg_check import jpeg_damage
from minicnn.data.picture_error import PictureError
from minicnn.typing import Array, Pair

MAX_PIXELS = 50_000_000  # a 48-megapixel telephone passes; Pillow itself warns at 89 million

# Pillow hands PostScript to Ghostscript: no picture of a data set may start a program.
NEVER_READ = {"EPS"}
ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_picture(
    path: str | os.PathLike[str], image_size: Pair, max_pixels: int = MAX_PIXELS
) -> Array:
    """The picture in the file ``path`` as uint8 ``(height, width, 3)``, or a ``PictureError``."""
    path = os.fspath(path)
    try:
        data = read_regular_file(path, at_most=64 * 1024 + 8 * max_pixels)
    except OSError as error:
        raise PictureError(path, f"cannot be read ({error.strerror or error})") from error
    try:
        return decode(data, image_size, max_pixels)
    except PictureError as error:
        raise PictureError(path, error.reason) from error


def read_regular_file(path: str, at_most: int) -> bytes:
    """The bytes of ``path``; never waits for a pipe, nor fills the memory from a device."""
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(0, "not a regular file")
    if status.st_size > at_most:
        raise OSError(0, f"{status.st_size:,} bytes are more than any picture allowed here needs")
    with open(path, "rb") as file:
        return file.read()


def decode(data: bytes, image_size: Pair, max_pixels: int = MAX_PIXELS) -> Array:
    """The picture in ``data`` as uint8 ``(height, width, 3)``, or a ``PictureError``.

    >>> file = io.BytesIO()
    >>> Image.new("L", (640, 480), 77).save(file, "PNG")
    >>> pixels = decode(file.getvalue(), (150, 150))
    >>> pixels.shape, pixels[0, 0]
    ((150, 150, 3), array([77, 77, 77], dtype=uint8))
    """
    if not data:
        raise PictureError("picture", "the file is empty")
    try:
        with Image.open(io.BytesIO(data), formats=readable_formats()) as image:
            refuse_bomb(image, max_pixels)
            refuse_damage(image, data)
            image.load()
            rgb = upright(to_rgb(image), orientation(image))
            height, width = image_size
            return np.asarray(rgb.resize((width, height), Image.Resampling.BILINEAR))
    except PictureError:
        raise
    except UnidentifiedImageError as error:
        start = data[:8].hex(" ").upper()
        reason = f"not a picture that Pillow can read (it starts with {start})"
        raise PictureError("picture", reason) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        reason = f"more pixels than the {max_pixels:,} allowed ({error})"
        raise PictureError("picture", reason) from error
    except Exception as error:  # a damaged file can make a decoder raise anything at all
        reason = f"damaged or cut short ({str(error) or type(error).__name__})"
        raise PictureError("picture", reason) from error


@functools.cache
def readable_formats() -> tuple[str, ...]:
    """Every format that this Pillow opens, but those in ``NEVER_READ``."""
    Image.init()
    return tuple(sorted(set(Image.OPEN) - NEVER_READ))


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Pillow's warnings on odd files held back while data sets are read: the report tells more.

    Warning filters belong to the whole process, so this stands around the threads, not in them.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


def refuse_bomb(image: Image.Image, max_pixels: int) -> None:
    """Refuse a picture by the size in its header, before its pixels are decoded."""
    width, height = image.size
    if width * height > max_pixels:
        reason = f"{width} × {height} pixels are more than the {max_pixels:,} allowed"
        raise PictureError("picture", reason)


def refuse_damage(image: Image.Image, data: bytes) -> None:
    """Refuse damage that would go through decoding unseen."""
    if image.format in ("JPEG", "MPO"):
        damage = jpeg_damage(data)
        if damage is not None:
            raise PictureError("picture", damage)
    if image.format == "PNG":  # loading skips the checksums, verifying checks them and no more
        with Image.open(io.BytesIO(data), formats=("PNG",)) as copy:
            copy.verify()


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8, of a loaded image.

    Asked for after loading: PNG may keep its EXIF behind the pixels, and Pillow turns TIFFs itself.
    """
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # broken EXIF says nothing about the pixels: take them as they lie
        return 1


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """``image`` turned as the camera was held."""
    turn = UPRIGHT.get(orientation)
    return image if turn is None else image.transpose(turn)


def to_rgb(image: Image.Image) -> Image.Image:
    """``image`` in 8-bit RGB, whatever it was."""
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(to_8_bit(np.asarray(image))).convert("RGB")
    if image.mode == "CMYK" and image.format == "JPEG" and "adobe" not in image.info:
        # Pillow takes every JPEG's inks as Adobe writes them, upside down; others do not.
        image = Image.eval(image, lambda ink: 255 - ink)
    if image.mode in ("La", "RGBa"):  # colours already multiplied by their alpha
        image = image.convert({"La": "LA", "RGBa": "RGBA"}[image.mode])
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def to_8_bit(values: Array) -> Array:
    """Grey levels of 16 or 32 bits, or floats, brought to 0..255.

    White is the format's own: 65535 for 16-bit files. Pillow does not say what white is in wider
    integers and in floats, so there it is the least of 1 (floats only), 255 (floats only), 65535
    that holds the picture, or else the brightest pixel. Floats may pass 1 a little (highlights).

    >>> to_8_bit(np.array([[0, 257, 65535]], np.uint16))
    array([[  0,   1, 255]], dtype=uint8)
    >>> to_8_bit(np.array([[0.0, 0.5, 1.0]], np.float32))
    array([[  0, 128, 255]], dtype=uint8)
    """
    levels = values.astype(np.float64)
    if not np.isfinite(levels).all():
        raise PictureError("picture", "holds pixels that are NaN or infinite")
    brightest = float(levels.max())
    usual: list[tuple[float, float]] = [(65535.0, 65535.0)]
    if values.dtype.kind == "f":
        usual = [(2.0, 1.0), (255.0, 255.0), *usual]
    white = next((white for limit, white in usual if brightest <= limit), brightest)
    scaled: np.ndarray[Any, np.dtype[np.float64]] = np.clip(levels / white, 0.0, 1.0) * 255.0
    return np.floor(scaled + 0.5).astype(np.uint8)
