"""Random erasing: a rectangle of noise hides part of the picture (NumPy only)."""

from __future__ import annotations

import math

import numpy as np

from minicnn.data.augment.affine import between
from minicnn.data.augment.warp import checked
from minicnn.typing import Array


class RandomErase:
    """With probability ``p``, fills ``smallest`` to ``largest`` of the area with noise.

    The network then cannot lean on one part of an animal, its eyes say.
    """

    def __init__(self, p: float = 0.5, smallest: float = 0.02, largest: float = 0.2) -> None:
        self.p = between(self, "p", p, 0, 1)
        self.largest = between(self, "largest", largest, 0, 1)
        self.smallest = between(self, "smallest", smallest, 0, largest)

    def __call__(self, picture: Array, rng: np.random.Generator) -> Array:
        """A copy of ``picture`` with the rectangle, or ``picture``."""
        height, width, channels = checked(picture).shape
        if rng.random() >= self.p:
            return picture
        side = math.sqrt(rng.uniform(self.smallest, self.largest))
        ratio = math.exp(rng.uniform(-0.5, 0.5))  # from 3 : 5 to 5 : 3
        h, w = min(height, round(height * side * ratio)), min(width, round(width * side / ratio))
        top, left = int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1))
        erased = picture.copy()
        noise = rng.integers(0, 256, (h, w, channels), dtype=np.uint8)
        erased[top : top + h, left : left + w] = noise
        return erased
