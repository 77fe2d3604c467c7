"""From the bytes of any picture to RGB pixels of one size (needs Pillow).

What happens to a picture, in this order and in no other way:

1. Its format is told by its first bytes, and is one of a few (``formats/``): a picture starts no
   program, and opens no other picture.
2. The header is read. A picture of more than ``max_pixels``, or with a side longer than
   ``max_side``, is refused before any of its pixels is decoded, so a small file that claims to be
   enormous costs nothing.
3. The first frame is decoded. A file that is cut short or damaged is refused.
4. It becomes 8-bit RGB: transparent pixels are laid on white, 16 bits are scaled to 8.
5. It is turned upright as its EXIF orientation says.
6. It is resized, without keeping its proportions, by Pillow's ``BILINEAR``: a triangle filter
   that widens as a picture shrinks, so that every source pixel counts and nothing aliases.
"""

from __future__ import annotations

import functools
import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from minicnn.data import pillow
from minicnn.data.formats import Source, source_of
from minicnn.data.formats.metered import Metered
from minicnn.data.formats.orientation import orientation
from minicnn.data.formats.png import in_8_bits, transparent_colour
from minicnn.data.formats.signature import SIGNATURES
from minicnn.data.limits import MAX_PIXELS, MAX_SIDE, Limits
from minicnn.data.picture_error import PictureError
from minicnn.data.pillow import Image, UnidentifiedImageError
from minicnn.typing import Array, Pair

# A decoder goes over all pixels once for each scan of a JPEG, and a scan can be ten bytes long.
PASSES = 20  # over a picture of ``max_pixels``, of which ten are usual
TILE_WIDTH, TILE_LENGTH = 322, 323  # TIFF's tags
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
PIXELS_AT_ONCE = 1 << 20  # of those that are computed with in float64


def read_picture(
    path: str | os.PathLike[str],
    image_size: Pair,
    max_pixels: int = MAX_PIXELS,
    max_side: int = MAX_SIDE,
) -> Array:
    """The picture in the file ``path`` as uint8 ``(height, width, 3)``, or a ``PictureError``.

    One of more than ``max_pixels``, or wider or higher than ``max_side``, is not decoded.
    """
    path = os.fspath(path)
    try:
        data = read_regular_file(path, at_most=64 * 1024 + 8 * max_pixels)
    except OSError as error:
        raise PictureError(path, f"cannot be read ({error.strerror or error})") from error
    try:
        return decode(data, image_size, max_pixels, max_side)
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


def decode(
    data: bytes, image_size: Pair, max_pixels: int = MAX_PIXELS, max_side: int = MAX_SIDE
) -> Array:
    """The picture in ``data`` as uint8 ``(height, width, 3)``, or a ``PictureError``.

    >>> import io
    >>> file = io.BytesIO()
    >>> Image.new("L", (640, 480), 77).save(file, "PNG")
    >>> pixels = decode(file.getvalue(), (150, 150))
    >>> pixels.shape, pixels[0, 0]
    ((150, 150, 3), array([77, 77, 77], dtype=uint8))
    """
    if not data:
        raise PictureError("picture", "the file is empty")
    limits = Limits(max_pixels, max_side)
    try:
        source = source_of(data, limits)
        if source.format not in readable_formats():
            reason = f"{source.format}, which this Pillow ({pillow.version}) cannot read"
            raise PictureError("picture", f"not a picture of a format that is read here: {reason}")
        with Image.open(Metered(source.data), formats=(source.format,)) as image:
            refuse_bomb(image, source, limits)
            refuse_damage(source)
            image.load()
            limits.allow(*image.size)
            rgb = upright(to_rgb(image, source), held(image, source))
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
def readable_formats() -> frozenset[str]:
    """The formats that are allowed here and that this Pillow opens."""
    Image.init()
    return frozenset(SIGNATURES) & frozenset(Image.OPEN)


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Pillow's warnings on odd files held back while data sets are read: the report tells more.

    Warning filters belong to the whole process, so this stands around the threads, not in them.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


def refuse_bomb(image: Image.Image, source: Source, limits: Limits) -> None:
    """Refuse a picture by what its header says, before its pixels are decoded."""
    width, height = image.size
    limits.allow(width, height)
    if source.scans * width * height > PASSES * limits.pixels:
        reason = f"its {source.scans} scans of {width} × {height} pixels are more than is allowed"
        raise PictureError("picture", reason)
    tags = getattr(image, "tag_v2", None)
    if source.format == "TIFF" and tags is not None and TILE_WIDTH in tags and TILE_LENGTH in tags:
        limits.allow(int(tags[TILE_WIDTH]), int(tags[TILE_LENGTH]), "a tile of ")


def refuse_damage(source: Source) -> None:
    """Refuse damage that would go through decoding unseen."""
    if source.format == "PNG":  # loading skips the checksums, verifying checks them and no more
        with Image.open(Metered(source.data), formats=("PNG",)) as copy:
            copy.verify()


def held(image: Image.Image, source: Source) -> int:
    """How the camera was held: the EXIF orientation, 1 to 8, of a loaded image.

    Asked for after loading: PNG may keep its EXIF behind the pixels. Pillow turns TIFFs itself.
    """
    if source.format == "TIFF":
        return 1
    return orientation(image.info) if source.orientation is None else source.orientation


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """``image`` turned as the camera was held."""
    turn = UPRIGHT.get(orientation)
    return image if turn is None else image.transpose(turn)


def to_rgb(image: Image.Image, source: Source) -> Image.Image:
    """``image`` in 8-bit RGB, whatever it was."""
    clear = transparent_colour(source.data) if source.format == "PNG" else None
    if image.mode.startswith("I") or image.mode == "F":
        levels = np.asarray(image)
        grey = to_8_bit(levels)
        if clear is not None:
            grey[levels == clear[1][0]] = 255
        return Image.fromarray(grey).convert("RGB")
    if clear is not None:
        image.info["transparency"] = in_8_bits(*clear)
    if image.mode == "CMYK" and source.format == "JPEG" and "adobe" not in image.info:
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
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise PictureError("picture", "holds pixels that are NaN or infinite")
    brightest = float(values.max())
    usual: list[tuple[float, float]] = [(65535.0, 65535.0)]
    if values.dtype.kind == "f":
        usual = [(2.0, 1.0), (255.0, 255.0), *usual]
    white = next((white for limit, white in usual if brightest <= limit), brightest)
    grey = np.empty(values.shape, np.uint8)
    rows = max(1, PIXELS_AT_ONCE // values.shape[1])
    for first in range(0, len(values), rows):  # or float64 would take eight times the memory
        levels = values[first : first + rows].astype(np.float64) / white
        grey[first : first + rows] = np.floor(np.clip(levels, 0.0, 1.0) * 255.0 + 0.5)
    return grey
