"""How an animal holds itself, and where it looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from minicnn.data.pets.camera import HeadFrame

Posture = Literal["sit", "stand", "lie"]
CENTRES: dict[Posture, tuple[float, float]] = {
    "sit": (0.2, 0.8),
    "stand": (1.1, 0.9),
    "lie": (0.9, 0.5),
}


@dataclass(frozen=True, slots=True)
class Pose:
    """A posture, a head, and the bends of what can bend (all near 0 at rest)."""

    posture: Posture
    head: HeadFrame
    ears: tuple[float, float]
    tail: float
    curl: float
    stride: float
    stretch: float
    lids: float  # how far the eyes are closed
    mouth: float  # how far the mouth is open
    tongue: bool

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the whole animal."""
        return CENTRES[self.posture]


def draw_pose(
    view: np.random.Generator, shape: np.random.Generator, viewpoint: float, bend: float
) -> Pose:
    """A pose: sitting and looking at us without the two nuisances, anything lively with them.

    ``view`` draws what the viewpoint changes, ``shape`` what deformation changes.
    """
    turn, nod = (view.uniform(-1, 1, 2) * (0.75, 0.3) * viewpoint).tolist()
    chance, ear_left, ear_right, tail, curl, stride, stretch, lids, mouth, tilt, x, y, lolls = (
        shape.uniform(-1, 1, 13).tolist()
    )
    posture: Posture = "sit"
    if abs(chance) < 0.75 * bend:
        posture = "stand" if chance > 0 else "lie"
    return Pose(
        posture=posture,
        head=HeadFrame(
            x=0.35 * bend * x,
            y=0.25 * bend * y,
            turn=turn - (0.25 if posture == "stand" else 0.0),
            nod=nod,
            tilt=0.5 * bend * tilt,
        ),
        ears=(0.45 * bend * ear_left, 0.45 * bend * ear_right),
        tail=0.9 * bend * tail,
        curl=bend * curl,
        stride=bend * stride,
        stretch=bend * stretch,
        lids=max(0.0, bend * lids - 0.1),
        mouth=0.5 + 0.5 * bend * mouth,
        tongue=lolls > -1.0 + bend,
    )
