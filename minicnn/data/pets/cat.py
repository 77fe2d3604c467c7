"""The head of a cat: pointed ears, a round face, slit eyes, whiskers (floor 4)."""

from __future__ import annotations

import numpy as np

from minicnn.data.pets.brush import BLACK, WHITE, Brush, darker, mix
from minicnn.data.pets.build import Build
from minicnn.data.pets.coat import SKIN, Coat
from minicnn.data.pets.curves import loop, oval, path
from minicnn.data.pets.pose import Pose
from minicnn.typing import Array

TAIL_UP = 0.25  # radians by which a cat lifts the root of its tail


def pointed_ear(build: Build, side: int, swing: float) -> tuple[Array, Array]:
    """An ear that stands up, and what is seen of its inside."""
    width, tip_y = build.ear_width, -0.72 - 0.78 * build.ear_length
    tip = (0.76 + swing, tip_y)
    inner, outer = (0.62 - 0.42 * width, -0.74), (0.64 + 0.34 * width, -0.3)
    outline = np.array([
        outer, (0.5 * (outer[0] + tip[0]) + 0.08, 0.5 * (outer[1] + tip_y)), tip,
        (0.5 * (inner[0] + tip[0]) - 0.1, 0.5 * (inner[1] + tip_y) - 0.02), inner,
    ]) * (side, 1)  # fmt: skip
    middle = np.array([0.6 * side, -0.55])
    return outline, middle + (outline - middle) * 0.62


def paint_cat_head(brush: Brush, build: Build, pose: Pose, coat: Coat) -> None:
    """Everything above a cat's neck."""
    place = pose.head.place
    wide, high = build.head_width, build.head_height
    for side, swing in zip((-1, 1), pose.ears, strict=True):
        ear, inside = pointed_ear(build, side, swing)
        brush.fur(place(ear, -0.1), coat.base, coat.marks)
        brush.fill(place(inside, -0.05), mix(coat.deep, SKIN, 0.45))
    right = np.array(
        [(0.42, -0.97), (0.82, -0.62), (1.0, -0.05), (1.02, 0.38), (0.66, 0.78), (0.25, 0.95)]
    )
    face = np.concatenate([right, right[::-1] * (-1, 1)]) * (wide, high)
    brush.fur(place(loop(face), 0.0), coat.base, coat.marks)
    for side in (-1, 1):  # the puffs that the whiskers grow from
        brush.fill(place(oval(side * 0.19, 0.38, 0.27, 0.22), build.muzzle - 0.1), coat.pale)
    brush.fill(place(oval(0, 0.58, 0.17, 0.14), build.muzzle - 0.15), coat.pale)
    for side in (-1, 1):
        _eye(brush, build, pose, coat, side)
    nose = place(loop(np.array([(-0.13, 0.14), (0.13, 0.14), (0.0, 0.3)])), build.muzzle)
    brush.fill(nose, coat.nose)
    ink = darker(coat.pale, 0.7)
    mouth = np.array([(-0.26, 0.42), (-0.12, 0.48), (0, 0.3), (0.12, 0.48), (0.26, 0.42)])
    brush.line(place(path(mouth), build.muzzle), ink, 0.045)
    bright = sum(brush.behind) < 380
    for side in (-1, 1):
        for droop in (-0.16, 0.02, 0.2):
            whisker = [(0.28, 0.38 + droop / 3), (0.8, 0.3 + droop), (1.4, 0.36 + 1.8 * droop)]
            brush.line(
                place(np.array(whisker) * (side, 1), build.muzzle - 0.15),
                WHITE if bright else BLACK,
                0.03,
            )


def _eye(brush: Brush, build: Build, pose: Pose, coat: Coat, side: int) -> None:
    """A large slanted almond with a slit for its pupil."""
    place, r, x = pose.head.place, build.eye, 0.43 * side
    opening = (1.0 - 0.8 * pose.lids) * 0.9 * r
    almond = np.array([
        (x - r * side, 0.04), (x - 0.02 * side, -0.07 - opening), (x + r * side, -0.12), (x, 0.0 + opening * 0.85),
    ])  # fmt: skip
    brush.fill(place(loop(almond + (almond - (x, -0.04)) * 0.12), 0.3), darker(coat.base, 0.8))
    brush.fill(place(loop(almond), 0.3), coat.iris)
    brush.fill(place(oval(x, -0.05, 0.3 * r, opening * 0.92, 12), 0.33), BLACK)
    brush.fill(place(oval(x - 0.07, -0.13, 0.22 * r, 0.22 * r, 8), 0.34), WHITE)
