"""What changes a picture but not what it shows, in exact amounts.

``mc.data.augment`` draws such changes at random; here somebody wants to know what one amount does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from minicnn.data.augment.affine import Matrix, magnified, moved, turned
from minicnn.data.augment.warp import Fill, warp
from minicnn.typing import Array


class Nuisance(NamedTuple):
    """A change of a picture (H, W, 3), uint8, by an amount in some unit.

    ``change(picture, amount, fill)``: where it looks beyond the border it sees ``fill``, by default
    the picture's own mean colour. Drawn-out border pixels may look like something: like whiskers.
    """

    change: Callable[..., Array]
    unit: str
    amounts: tuple[float, ...]  # that are tried unless others are asked for
    none: float  # the amount that changes nothing
    limits: tuple[float, float]


def shifted(picture: Array, share: float, fill: Fill | None = None) -> Array:
    """Moved to the right by a share of its width."""
    return warp(picture, moved(share * picture.shape[1], 0.0), fill or mean_of(picture))


def scaled(picture: Array, factor: float, fill: Fill | None = None) -> Array:
    """Seen from nearer (above 1) or from farther away."""
    return warp(picture, magnified(factor, factor), fill or mean_of(picture))


def rotated(picture: Array, degrees: float, fill: Fill | None = None) -> Array:
    """Turned clockwise."""
    return warp(picture, exact(turned(degrees)), fill or mean_of(picture))


def mean_of(picture: Array) -> tuple[int, int, int]:
    """Its mean colour."""
    red, green, blue = np.rint(picture.mean(axis=(0, 1))).astype(int).tolist()
    return red, green, blue


def exact(matrix: Matrix) -> Matrix:
    """A quarter turn without the rounding of its cosine."""
    whole = np.rint(matrix)
    return whole if np.allclose(matrix, whole, rtol=0, atol=1e-12) else matrix


def lit(picture: Array, factor: float, fill: Fill | None = None) -> Array:
    """In so many times the light; what would be brighter than white stays white."""
    return np.clip(np.rint(picture * factor), 0, 255).astype(np.uint8)


def occluded(picture: Array, share: float, fill: Fill | None = None) -> Array:
    """A share of its area covered, from the middle on, in the picture's own mean colour."""
    covered = picture.copy()
    height, width = (round(math.sqrt(share) * side) for side in picture.shape[:2])
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    covered[top : top + height, left : left + width] = mean_of(picture)
    return covered


NUISANCES = {
    "shift": Nuisance(
        shifted, "of the width", (-0.3, -0.2, -0.1, -0.05, 0, 0.05, 0.1, 0.2, 0.3), 0, (-1, 1)
    ),
    "scale": Nuisance(
        scaled, "times", (0.5, 0.6, 0.75, 0.9, 1.0, 1.1, 1.3, 1.6, 2.0), 1, (0.1, 10)
    ),
    "rotation": Nuisance(
        rotated, "degrees", (-90, -60, -30, -15, 0, 15, 30, 60, 90), 0, (-360, 360)
    ),
    "light": Nuisance(lit, "times", (0.25, 0.4, 0.6, 0.8, 1.0, 1.25, 1.6, 2.0, 2.5), 1, (0, 100)),
    "occlusion": Nuisance(
        occluded, "of the area", (0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5), 0, (0, 1)
    ),
}


def changed(name: str, pictures: Array, amount: float, fill: Fill | None = None) -> Array:
    """All pictures with so much of a nuisance; those in grey go through it as colours."""
    change, C = NUISANCES[name].change, pictures.shape[-1]
    colours = pictures if C == 3 else np.repeat(pictures, 3, axis=-1)
    return np.stack([change(picture, amount, fill)[..., :C] for picture in colours])
