"""One animal on its way onto a picture: all that the painting of a part needs."""

from __future__ import annotations

from dataclasses import dataclass

from minicnn.data.pets.brush import Brush
from minicnn.data.pets.build import Build
from minicnn.data.pets.coat import Coat
from minicnn.data.pets.curves import Points
from minicnn.data.pets.pose import Pose
from minicnn.typing import Array


@dataclass(frozen=True, slots=True)
class Pet:
    """Who sits for the picture, how, in what coat, and who paints it."""

    brush: Brush
    build: Build
    pose: Pose
    coat: Coat

    def on_head(self, points: Points, depth: float) -> Array:
        """Points of the head, ``depth`` in front of its middle, as the turned head shows them."""
        return self.pose.head.place(points, depth)
