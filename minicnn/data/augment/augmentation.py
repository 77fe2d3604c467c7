"""Pieces put together: one resampling for all that move, then light, then erasing."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np

from minicnn.arguments import is_whole
from minicnn.backends import pair
from minicnn.data.augment.affine import AffinePiece, Matrix
from minicnn.data.augment.light import Brightness, Contrast
from minicnn.data.augment.warp import Fill, checked, reading, warp
from minicnn.errors import ConfigError
from minicnn.typing import Array, Pair

PixelPiece = Callable[[Array, np.random.Generator], Array]


class Augmentation:
    """``augment(picture, rng)``: a picture as it might have been taken, too.

    The pieces that move pixels come first, composed into one matrix, whatever their place in
    the list; then the others in their order. Labels are never touched. ``fill`` says what is
    seen beyond the picture's border: its ``"nearest"`` pixel, its mirror image (``"reflect"``),
    or a colour. ``size`` (height, width) is that of the new pictures, if it is another than
    theirs: with ``RandomCrop``, a network learns from small pictures cut out of larger ones.

    >>> from minicnn.data.augment import Brightness, Flip, Rotation
    >>> augment = Augmentation(Flip(), Rotation(15), Brightness(0.2), fill="reflect")
    >>> augment(np.zeros((150, 150, 3), np.uint8), np.random.default_rng(0)).shape
    (150, 150, 3)
    """

    def __init__(
        self,
        *pieces: AffinePiece | PixelPiece,
        fill: Fill = "nearest",
        size: Pair | int | None = None,
    ) -> None:
        self.moves: list[AffinePiece] = []
        self.changes: list[PixelPiece] = []
        for piece in pieces:
            if isinstance(piece, AffinePiece):
                self.moves.append(piece)
            elif callable(piece):
                self.changes.append(piece)
            else:
                raise ConfigError(
                    f"Augmentation: expected pieces such as Flip() or a function of (picture, "
                    f"rng), got {piece!r}; give them one by one: Augmentation(Flip(), Rotation(40))"
                )
        if not (fill in ("nearest", "reflect") if isinstance(fill, str) else is_colour(fill)):
            raise ConfigError(
                f"Augmentation: expected fill 'nearest', 'reflect' or a colour (r, g, b) of whole "
                f"numbers from 0 to 255, got {fill!r}"
            )
        self.fill: Fill = fill
        self.size = None if size is None else pair(size, "Augmentation: size")

    def __call__(self, picture: Array, rng: np.random.Generator) -> Array:
        """A new version of ``picture`` (H, W, 3) or (H, W, 1) uint8, drawn from ``rng``."""
        matrix = self.matrix(rng, *checked(picture).shape[:2])
        picture = warp(picture, matrix, self.fill, self.size)
        for change in self.changes:
            picture = change(picture, rng)
        return picture

    def matrix(self, rng: np.random.Generator, height: int, width: int) -> Matrix:
        """The matrices of all moving pieces as one."""
        drawn = [piece.matrix(rng, height, width) for piece in self.moves]
        return reduce(np.matmul, drawn, np.eye(3))

    @property
    def lights(self) -> tuple[bool, ...] | None:
        """Whether each change of light is one of contrast; None if something else is changed too.

        Where it is not None, ``draw`` says all that there is to know of a new version.
        """
        ours = type(self).__call__ is Augmentation.__call__
        if not ours or not all(type(change) in (Brightness, Contrast) for change in self.changes):
            return None
        return tuple(type(change) is Contrast for change in self.changes)

    def draw(self, rng: np.random.Generator, height: int, width: int) -> tuple[Array, list[float]]:
        """What ``augment(picture, rng)`` draws: the matrix, from the top left, and factors."""
        matrix = reading(self.matrix(rng, height, width), (height, width), self.size)[:2]
        changes = [change for change in self.changes if isinstance(change, Brightness | Contrast)]
        return matrix, [change.factor(rng) for change in changes]

    @property
    def beyond(self) -> tuple[int, int]:
        """``fill`` as two numbers: nearest 0, reflect 1, a colour 2, and the colour."""
        if isinstance(self.fill, tuple):
            r, g, b = self.fill
            return 2, r | g << 8 | b << 16
        return int(self.fill == "reflect"), 0


def is_colour(fill: object) -> bool:
    """Whether ``fill`` is three levels."""
    return (
        isinstance(fill, tuple)
        and len(fill) == 3
        and all(is_whole(level) and 0 <= level <= 255 for level in fill)
    )
