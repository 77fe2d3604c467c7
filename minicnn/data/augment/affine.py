"""The pieces that move pixels: each draws one affine matrix (needs NumPy only).

A matrix says where each new pixel comes *from*, in pixels right of and below the centre of the
picture: ``[x_from, y_from, 1] = M @ [x, y, 1]``. If a picture goes through piece 1 and then
piece 2, its new pixels come from ``M1 @ M2 @ [x, y, 1]``: the matrices of many pieces are one
matrix, so a picture is resampled once, however many pieces move it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from minicnn.arguments import is_number
from minicnn.errors import ConfigError

Matrix = np.ndarray[Any, np.dtype[np.float64]]


def between(piece: object, name: str, value: float, low: float, high: float) -> float:
    """``value`` if it makes sense for ``name`` of this piece."""
    if not is_number(value) or not low <= value <= high:
        who = type(piece).__name__
        raise ConfigError(f"{who}: expected {name} between {low} and {high}, got {value!r}")
    return value


def turned(degrees: float) -> Matrix:
    """The picture turned about its centre, clockwise."""
    angle = math.radians(degrees)
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])


def moved(right: float, down: float) -> Matrix:
    """The picture moved by so many pixels."""
    return np.array([[1.0, 0.0, -right], [0.0, 1.0, -down], [0.0, 0.0, 1.0]])


def magnified(across: float, down: float) -> Matrix:
    """The picture magnified about its centre."""
    return np.diag([1 / across, 1 / down, 1.0])


class AffinePiece(ABC):
    """Something that moves, turns or stretches a picture as a whole."""

    @abstractmethod
    def matrix(self, rng: np.random.Generator, height: int, width: int) -> Matrix:
        """The 3×3 matrix drawn for one picture."""


class Flip(AffinePiece):
    """Mirrors left and right (``vertical=True``: top and bottom) with probability ``p``."""

    def __init__(self, vertical: bool = False, p: float = 0.5) -> None:
        self.vertical, self.p = vertical, between(self, "p", p, 0, 1)

    def matrix(self, rng: np.random.Generator, height: int, width: int) -> Matrix:
        """A mirror or the identity."""
        sign = -1.0 if rng.random() < self.p else 1.0
        return np.diag([1.0, sign, 1.0] if self.vertical else [sign, 1.0, 1.0])


class Rotation(AffinePiece):
    """Turns by an angle within ±``degrees``."""

    def __init__(self, degrees: float) -> None:
        self.degrees = between(self, "degrees", degrees, 0, 180)

    def matrix(self, rng: np.random.Generator, height: int, width: int) -> Matrix:
        """A rotation about the centre."""
        return turned(-rng.uniform(-self.degrees, self.degrees))


class Shift(AffinePiece):
    """Moves by up to these shares of the picture's height and width, either way."""

    def __init__(self, height: float = 0.2, width: float = 0.2) -> None:
        self.height, self.width = (
            between(self, "height", height, 0, 1),
            between(self, "width", width, 0, 1),
        )

    def matrix(self, rng: np.random.Generator, height: int, width: int) -> Matrix:
        down = rng.uniform(-self.height, self.height) * height
        right = rng.uniform(-self.width, self.width) * width
        return moved(right, down)


class Shear(AffinePiece):
    """Slants upright lines by an angle within ±``radians``."""

    def __init__(self, radians: float) -> None:
        self.radians = between(self, "radians", radians, 0, 1.5)

    def matrix(self, rng: np.random.Generator, height: int, width: int) -> Matrix:
        """A shear: rows move sideways by their distance from the middle row."""
        slant = math.tan(rng.uniform(-self.radians, self.radians))
        return np.array([[1.0, slant, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])


class Zoom(AffinePiece):
    """Looks at 1 − ``amount`` to 1 + ``amount`` of the picture: nearer below 1, farther above.

    Height and width are drawn apart, so things grow fat or thin too, unless ``keep_shape``.
    """

    def __init__(self, amount: float, keep_shape: bool = False) -> None:
        self.amount, self.keep_shape = between(self, "amount", amount, 0, 0.9), keep_shape

    def matrix(self, rng: np.random.Generator, height: int, width: int) -> Matrix:
        """A scaling about the centre."""
        x, y = rng.uniform(1 - self.amount, 1 + self.amount, 2)
        return np.diag([x, x if self.keep_shape else y, 1.0])


class RandomCrop(AffinePiece):
    """A window somewhere in the picture, brought back to the picture's size.

    The window has ``smallest`` to ``largest`` of the area, and its proportions differ from the
    picture's by a factor of up to ``stretch``.
    """

    def __init__(self, smallest: float = 0.5, largest: float = 1.0, stretch: float = 4 / 3) -> None:
        self.largest = between(self, "largest", largest, 0.01, 1)
        self.smallest = between(self, "smallest", smallest, 0.01, largest)
        self.stretch = between(self, "stretch", stretch, 1, 4)

    def matrix(self, rng: np.random.Generator, height: int, width: int) -> Matrix:
        """A scaling down to the window's size and a translation to its place."""
        side = math.sqrt(rng.uniform(self.smallest, self.largest))
        ratio = math.exp(rng.uniform(-1, 1) * math.log(self.stretch) / 2)
        x, y = min(1.0, side * ratio), min(1.0, side / ratio)
        right, down = rng.uniform(-0.5, 0.5, 2) * (width * (1 - x), height * (1 - y))
        return np.array([[x, 0.0, right], [0.0, y, down], [0.0, 0.0, 1.0]])
