"""Bodies, legs and tails: one anatomy for both classes, with each one's proportions.

The head's middle is the origin and the ground lies about 3 units below it.
"""

from __future__ import annotations

import numpy as np

from minicnn.data.pets.brush import Colour, darker
from minicnn.data.pets.curves import limb, loop, mirrored, oval
from minicnn.data.pets.pet import Pet

Point = tuple[float, float]


def paint_body(pet: Pet) -> None:
    """All of the animal but its head, in its posture."""
    {"sit": _sitting, "stand": _standing, "lie": _lying}[pet.pose.posture](pet)


def _tail(pet: Pet, root: Point, lift: float) -> None:
    """A tail that leaves its root lifted by some radians and bends a little at each of 5 steps."""
    angles = pet.pose.tail - lift - (0.42 + 0.35 * pet.pose.curl) * np.arange(5)
    steps = np.stack([np.cos(angles), np.sin(angles)], axis=1) * (pet.build.tail / 5)
    points = np.cumsum(np.concatenate([[root], steps]), axis=0)
    outline = limb(points, pet.build.tail_root, pet.build.tail_tip)
    pet.brush.flat_fur(outline, pet.coat.deep, pet.coat.marks)


def _leg(pet: Pet, colour: Colour, hip: Point, knee: Point, foot: Point) -> None:
    """A leg and the paw at its end."""
    thick = pet.build.leg
    outline = limb([hip, knee, foot], 1.15 * thick, 0.9 * thick)
    pet.brush.flat_fur(outline, colour, pet.coat.marks)
    _paw(pet, foot[0] - 0.06, foot[1] + 0.03, 1.35 * thick, 0.8 * thick)


def _paw(pet: Pet, x: float, y: float, rx: float, ry: float) -> None:
    pet.brush.flat_fur(oval(x, y, rx, ry, 16), pet.coat.pale)


def _shadow(pet: Pet, x: float, y: float, rx: float) -> None:
    """Where the animal darkens the ground: it stands on something."""
    pet.brush.fill(oval(x, y, rx, 0.2), pet.brush.ground)


def _sitting(pet: Pet) -> None:
    shoulder, hip, coat = pet.build.shoulder, pet.build.hip, pet.coat
    ground = 2.95 + 0.2 * pet.pose.stretch
    _shadow(pet, 0.1, ground + 0.15, 1.6)
    _tail(pet, (0.65, ground - 0.2), pet.build.tail_up - 0.1)
    right_side = [
        (0.55, 0.35), (shoulder, 0.9), (1.1 * shoulder, 1.5),
        (1.1 * hip, ground - 0.75), (hip, ground), (0.4, ground + 0.13),
    ]  # fmt: skip
    pet.brush.fur(loop(mirrored(right_side)), coat.base, coat.marks)
    for side in (-1, 1):
        _paw(pet, side * 0.95 * hip, ground + 0.02, 0.34, 0.19)
    chest = [(0, 0.7), (0.3, 1.1), (0.22, 1.8), (0, 2.1), (-0.22, 1.8), (-0.3, 1.1)]
    pet.brush.fill(loop(chest), coat.pale)
    for side in (-1, 1):
        x = side * (0.33 + 0.08 * pet.pose.stride)
        _leg(pet, coat.base, (x, 1.6), (1.15 * x, 2.3), (x, ground))


def _standing(pet: Pet) -> None:
    thick, coat, swing = pet.build.shoulder, pet.coat, 0.45 * pet.pose.stride
    back = 2.4 + 0.4 * pet.pose.stretch
    far = darker(coat.base, 0.35)
    _shadow(pet, 1.2, 3.1, 2.0)
    _leg(pet, far, (0.45, 1.4), (0.5 - swing / 2, 2.2), (0.55 - swing, 2.95))
    _leg(pet, far, (back, 1.4), (back + 0.2 + swing / 2, 2.2), (back + 0.05 + swing, 2.95))
    _tail(pet, (back + 0.25, 0.75), pet.build.tail_up + 0.1)
    outline = [
        (-0.2, 0.5), (0.6, 0.42), (1.5, 0.5), (back - 0.1, 0.45), (back + 0.45, 0.85),
        (back + 0.3, 0.6 + 1.3 * thick), (1.3, 0.55 + 1.2 * thick), (0.3, 0.6 + 1.6 * thick),
        (-0.35, 1.2),
    ]  # fmt: skip
    pet.brush.fur(loop(outline), coat.base, coat.marks)
    _leg(pet, coat.base, (0.05, 1.3), (0.1 + swing / 2, 2.2), (0.05 + swing, 3.0))
    _leg(pet, coat.base, (back, 1.3), (back + 0.15 - swing / 2, 2.2), (back - swing, 3.0))


def _lying(pet: Pet) -> None:
    hip, coat, reach = pet.build.hip, pet.coat, 0.35 * pet.pose.stride
    end = 2.3 + 0.4 * pet.pose.stretch
    _shadow(pet, 0.9, 2.0, 2.2)
    _tail(pet, (end, 1.7), 0.5 * pet.build.tail_up - 0.15)
    outline = [
        (-0.55, 0.6), (0.4, 0.45), (1.4, 0.65), (end - 0.2, 0.95 - 0.35 * hip), (end + 0.35, 1.3),
        (end + 0.1, 1.95), (1.2, 2.02), (-0.2, 2.02), (-0.75, 1.5),
    ]  # fmt: skip
    pet.brush.fur(loop(outline), coat.base, coat.marks)
    pet.brush.fur(oval(end - 0.3, 1.55, 0.62 * hip, 0.46), coat.base, coat.marks)
    _paw(pet, end - 0.65, 1.96, 0.4, 0.17)
    _leg(pet, darker(coat.base, 0.15), (0.35, 1.5), (0.1, 1.8), (-0.45 - reach, 1.95))
    _leg(pet, coat.base, (-0.2, 1.5), (-0.45, 1.85), (-0.95 + reach, 2.02))
