"""From the pet's own coordinates to pixels: the camera, and a head that turns.

A pet is drawn in units of its head's radius, x to the right and y down.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import cos, sin

import numpy as np

from minicnn.data.pets.curves import Points
from minicnn.typing import Array


@dataclass(frozen=True)
class Camera:
    """An affine view of a scene that is bent a little: x -> matrix @ bend(x) + offset."""

    matrix: Array  # (2, 2), pixels for one unit
    offset: Array  # (2,), where the scene's origin falls
    bend: float  # how far the scene is bent, in units
    phase: tuple[float, float]

    def project(self, points: Array) -> Array:
        """Pixels (K, 2) for points (K, 2) of the scene."""
        if self.bend:
            bent = np.array(points, float)
            bent[:, 0] += self.bend * np.sin(1.3 * points[:, 1] + self.phase[0])
            bent[:, 1] += self.bend * np.sin(1.1 * points[:, 0] + self.phase[1])
            points = bent
        return np.asarray(points @ self.matrix.T + self.offset)

    @cached_property
    def unit(self) -> float:
        """How many pixels one unit is long."""
        return float(abs(np.linalg.det(self.matrix)) ** 0.5)

    @cached_property
    def back(self) -> Array:
        """The affine map from pixels to the scene (bending left out): (2, 3)."""
        inverse = np.linalg.inv(self.matrix)
        return np.concatenate([inverse, -(inverse @ self.offset)[:, None]], axis=1)


@dataclass(frozen=True, slots=True)
class HeadFrame:
    """Where a head is and how it is turned: features that stick out shift as it turns."""

    x: float
    y: float
    turn: float  # radians to the right
    nod: float  # radians down
    tilt: float  # radians, ear towards the shoulder

    def place(self, points: Points, depth: float) -> Array:
        """Scene coordinates of points that lie ``depth`` in front of the head's middle."""
        c, s = cos(self.tilt), sin(self.tilt)
        across, down = cos(self.turn), cos(self.nod)
        ahead = depth * sin(self.turn), depth * sin(self.nod)
        turned = np.array([[c * across, s * across], [-s * down, c * down]])
        middle = c * ahead[0] - s * ahead[1] + self.x, s * ahead[0] + c * ahead[1] + self.y
        return np.asarray(np.asarray(points) @ turned + middle)
