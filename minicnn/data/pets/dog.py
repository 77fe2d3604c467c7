"""The head of a dog: hanging ears, a long snout, round eyes, a tongue (floor 4)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from minicnn.data.pets.brush import BLACK, WHITE, Brush, darker
from minicnn.data.pets.build import Build
from minicnn.data.pets.coat import SKIN, Coat
from minicnn.data.pets.curves import capsule, loop, oval, path
from minicnn.data.pets.pose import Pose
from minicnn.typing import Array

TAIL_UP = 0.9  # radians by which a dog lifts the root of its tail
Ears = Literal["hanging", "folded"]


def _turned(points: Array, pivot: tuple[float, float], angle: float) -> Array:
    c, s = np.cos(angle), np.sin(angle)
    return (points - pivot) @ np.array([[c, s], [-s, c]]) + pivot


def paint_dog_head(brush: Brush, build: Build, pose: Pose, coat: Coat, ears: Ears) -> None:
    """Everything above a dog's neck."""
    place = pose.head.place
    right = np.array(
        [(0.4, -0.98), (0.8, -0.72), (1.0, -0.15), (0.9, 0.4), (0.62, 0.85), (0.2, 1.0)]
    )
    skull = np.concatenate([right, right[::-1] * (-1, 1)]) * (build.head_width, build.head_height)
    brush.fur(place(loop(skull), 0.0), coat.base, coat.marks)
    for side, swing in zip((-1, 1), pose.ears, strict=True):
        _ear(brush, build, pose, coat, ears, side, swing)
    for side in (-1, 1):
        _eye(brush, build, pose, coat, side)
    _snout(brush, build, pose, coat)


def _ear(
    brush: Brush, build: Build, pose: Pose, coat: Coat, ears: Ears, side: int, swing: float
) -> None:
    place, w, h, x = pose.head.place, build.ear_width, build.ear_length, build.head_width
    if ears == "folded":
        stand = np.array(
            [(x * 0.35, -0.8), (x * 0.75, -1.22 * h), (x * 1.12, -1.0), (x * 0.98, -0.4)]
        )
        flap = np.array([
            (x * 0.62, -1.2 * h), (x * 1.05, -1.12 * h), (x * 1.35 * w, -0.75), (x * 1.2, -0.28 * h), (x * 0.85, -0.7),
        ])  # fmt: skip
        pivot = (x * 0.7, -0.8)
        brush.fur(
            place(_turned(stand, pivot, swing / 2) * (side, 1), -0.1),
            coat.base,
            coat.marks,
            rounded=False,
        )
        brush.fur(
            place(loop(_turned(flap, pivot, swing / 2)) * (side, 1), 0.0), coat.deep, coat.marks
        )
        return
    hang = np.array([
        (x * 0.45, -0.86), (x * 0.92, -0.8), (x + 0.32 * w, -0.35), (x + 0.38 * w, 0.3 * h),
        (x + 0.15 * w, 0.85 * h), (x - 0.08, 0.5 * h), (x * 0.86, -0.2),
    ])  # fmt: skip
    hang = _turned(hang, (x * 0.7, -0.8), -swing)
    brush.fur(place(loop(hang) * (side, 1), 0.05), coat.deep, coat.marks)


def _eye(brush: Brush, build: Build, pose: Pose, coat: Coat, side: int) -> None:
    """A small round eye, nearly all pupil, under a brow."""
    place, r, x = pose.head.place, build.eye, 0.36 * side
    opening = r * (1.0 - 0.8 * pose.lids)
    brush.fill(place(oval(x, -0.2, 1.25 * r, opening + 0.25 * r, 16), 0.3), darker(coat.base, 0.7))
    brush.fill(place(oval(x, -0.2, r, opening, 14), 0.3), coat.iris)
    brush.fill(place(oval(x, -0.2, 0.72 * r, 0.72 * opening, 12), 0.3), BLACK)
    brush.fill(place(oval(x - 0.05, -0.25, 0.3 * r, 0.3 * r, 8), 0.31), WHITE)
    brow = np.array([(x - 0.14, -0.46), (x, -0.52), (x + 0.14, -0.46)])
    brush.line(place(path(brow), 0.3), coat.pale, 0.08)


def _snout(brush: Brush, build: Build, pose: Pose, coat: Coat) -> None:
    """From between the eyes to the nose; where it points shows how the head is turned."""
    place, reach, wide = pose.head.place, build.muzzle, build.muzzle_width

    def spot(x: float, y: float, depth: float) -> tuple[float, float]:
        px, py = place(np.array([(x, y)]), depth)[0].tolist()
        return px, py

    if pose.tongue:
        long = 0.75 + 0.45 * pose.mouth
        lick = [
            (-0.17, 0.6),
            (0.17, 0.6),
            (0.19, long + 0.1),
            (0.0, long + 0.28),
            (-0.19, long + 0.1),
        ]
        jaw = oval(0, 0.78, wide * 0.62, 0.22)
        brush.fur(place(jaw, reach * 0.7), darker(coat.pale, 0.35), rounded=False)
        brush.fill(place(loop(np.array(lick)), reach * 0.85), (208, 92, 104))
        brush.line(place(np.array([(0, 0.7), (0, long + 0.05)]), reach * 0.87), (160, 60, 76), 0.05)
    snout = capsule(spot(0, 0.18, 0.3), wide * 1.05, spot(0, 0.42, reach * 0.85), wide * 0.95)
    brush.fur(snout, coat.pale)
    ink = darker(coat.pale, 0.75)
    jowl = np.array(
        [
            (-wide * 0.85, 0.55),
            (-wide * 0.45, 0.74),
            (0, 0.55),
            (wide * 0.45, 0.74),
            (wide * 0.85, 0.55),
        ]
    )
    brush.line(place(path(jowl), reach), ink, 0.06)
    brush.line(place(np.array([(0, 0.3), (0, 0.56)]), reach), ink, 0.06)
    nose = [(-0.24, 0.12), (0, 0.06), (0.24, 0.12), (0.17, 0.3), (0, 0.38), (-0.17, 0.3)]
    brush.fill(place(loop(np.array(nose)), reach), darker(coat.nose, 0.5))
    brush.fill(place(oval(-0.07, 0.15, 0.07, 0.04, 8), reach), SKIN)
