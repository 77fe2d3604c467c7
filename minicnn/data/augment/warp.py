"""One affine matrix applied to one picture, with bilinear interpolation.

Pillow does it on 8-bit pixels in compiled code that lets other threads run. It knows no other
filling than a colour, so for the others the picture is extended first, as far as the matrix
reaches and no farther.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from minicnn.data.augment.affine import Matrix
from minicnn.errors import DataError
from minicnn.typing import Array, Pair

GREY = np.array([0.299, 0.587, 0.114])  # how bright red, green and blue look (ITU-R BT.601)

# What lies outside the picture: its nearest pixel, its mirror image, or a colour.
Fill = Literal["nearest", "reflect"] | tuple[int, int, int]


def checked(picture: Array) -> Array:
    """``picture``, if it is one that can be varied: (H, W, 3), or (H, W, 1) for greys, of uint8."""
    shape, dtype = getattr(picture, "shape", None), getattr(picture, "dtype", None)
    right = shape is not None and len(shape) == 3 and shape[-1] in (1, 3) and 0 not in shape
    if not right or dtype != np.uint8:
        got = type(picture).__name__ if shape is None else f"{dtype} {tuple(shape)}"
        raise DataError(
            f"expected a picture to vary as uint8 of shape (H, W, 3), or (H, W, 1) for greys, got "
            f"{got}; scale it to 0..255, convert it with .astype('uint8'), add the axis of the "
            f"greys with [..., None]"
        )
    return picture


def warp(picture: Array, matrix: Matrix, fill: Fill = "nearest", size: Pair | None = None) -> Array:
    """``picture`` (H, W, 3) or (H, W, 1) uint8 with each pixel taken from where ``matrix`` says.

    With ``size`` (height, width), what would have been seen is brought to that size: the matrix
    still counts in pixels of the picture.

    >>> picture = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    >>> mirror = np.diag([-1.0, 1.0, 1.0])
    >>> bool((warp(picture, mirror) == picture[:, ::-1]).all())
    True
    """
    from minicnn.data.pillow import Image

    height, width, channels = checked(picture).shape
    new_height, new_width = size or (height, width)
    if (new_height, new_width) == (height, width) and np.array_equal(matrix, np.eye(3)):
        return picture
    a, b, c, d, e, f = reading(matrix, (height, width), size)[:2].flat
    colour: Fill | int | None = None
    if isinstance(fill, tuple):
        colour = fill if channels == 3 else grey_of(fill)
    else:
        left, right = beyond(a, b, c, new_width, new_height, limit=width)
        top, bottom = beyond(d, e, f, new_width, new_height, limit=height)
        mode: Literal["edge", "symmetric"] = "edge" if fill == "nearest" else "symmetric"
        picture = np.pad(picture, ((top, bottom), (left, right), (0, 0)), mode)
        c, f = c + left, f + top
    image = Image.fromarray(picture if channels == 3 else picture[..., 0]).transform(
        (new_width, new_height),
        Image.Transform.AFFINE,
        (a, b, c, d, e, f),
        Image.Resampling.BILINEAR,
        fillcolor=colour,
    )
    return np.asarray(image).reshape(new_height, new_width, channels)


def grey_of(colour: tuple[int, int, int]) -> int:
    """How bright a colour is, from 0 to 255."""
    return round(float(np.array(colour) @ GREY))


def reading(matrix: Matrix, old: Pair, new: Pair | None = None) -> Matrix:
    """Where pixels of a picture of ``new`` size come from in one of ``old`` size.

    Both are counted from the top left corner, where ``matrix`` counts from the centre.
    """
    (height, width), (new_height, new_width) = old, new or old
    to_corner, to_centre = np.eye(3), np.eye(3)
    to_corner[:2, 2] = width / 2, height / 2
    to_centre[:2, 2] = -width / 2, -height / 2
    stretch = np.diag([width / new_width, height / new_height, 1.0])
    read: Matrix = to_corner @ matrix @ to_centre @ stretch
    return read


def beyond(a: float, b: float, c: float, width: int, height: int, limit: int) -> tuple[int, int]:
    """How far ``a·x + b·y + c`` goes below 0 and above ``limit``, in whole pixels and one more.

    It is at its least and its greatest in corners of the picture; the one more is the
    neighbour that bilinear interpolation looks at.
    """
    corners = [a * x + b * y + c for x in (0, width) for y in (0, height)]
    below, above = -min(corners), max(corners) - limit
    return max(0, math.ceil(below) + 1), max(0, math.ceil(above) + 1)
