"""The pieces that change the light: each draws one table of 256 values (NumPy only)."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from minicnn.data.augment.affine import between
from minicnn.data.augment.warp import GREY, checked
from minicnn.typing import Array

LEVELS = np.arange(256.0)


class LightPiece(ABC):
    """Something that maps each of the 256 levels to another, the same for all pixels."""

    amount: float

    def factor(self, rng: np.random.Generator) -> float:
        """The one draw for a picture."""
        return rng.uniform(1 - self.amount, 1 + self.amount)

    @abstractmethod
    def levels(self, rng: np.random.Generator, picture: Array) -> Array:
        """The new value of each level, as floats that may leave 0..255."""

    def __call__(self, picture: Array, rng: np.random.Generator) -> Array:
        """``picture`` in the new light."""
        table = np.clip(np.rint(self.levels(rng, checked(picture))), 0, 255).astype(np.uint8)
        lit: Array = table.take(picture)
        return lit


class Brightness(LightPiece):
    """Multiplies all values by 1 − ``amount`` to 1 + ``amount``."""

    def __init__(self, amount: float) -> None:
        self.amount = between(self, "amount", amount, 0, 1)

    def levels(self, rng: np.random.Generator, picture: Array) -> Array:
        """A straight line through black."""
        return LEVELS * self.factor(rng)


class Contrast(LightPiece):
    """Stretches values away from the picture's mean grey, or draws them to it, by ±``amount``."""

    def __init__(self, amount: float) -> None:
        self.amount = between(self, "amount", amount, 0, 1)

    def levels(self, rng: np.random.Generator, picture: Array) -> Array:
        """A straight line through the mean grey."""
        sums = np.einsum("hwc->c", picture, dtype=np.int64)  # mean is three times slower
        means = sums / (picture.shape[0] * picture.shape[1])
        mean = float(means @ GREY) if len(means) == 3 else float(means[0])
        return mean + (LEVELS - mean) * self.factor(rng)
