"""The head of a cat: pointed ears, a round face, slit eyes, whiskers."""

from __future__ import annotations

import numpy as np

from minicnn.data.pets.brush import BLACK, WHITE, darker, mix
from minicnn.data.pets.coat import SKIN
from minicnn.data.pets.curves import loop, mirrored, oval, path
from minicnn.data.pets.pet import Pet

FACE = mirrored(
    [(0.42, -0.97), (0.82, -0.62), (1.0, -0.05), (1.02, 0.38), (0.66, 0.78), (0.25, 0.95)]
)
MOUTH = [(-0.26, 0.42), (-0.12, 0.48), (0, 0.3), (0.12, 0.48), (0.26, 0.42)]


def paint_cat_head(pet: Pet) -> None:
    """Everything above a cat's neck."""
    coat, build = pet.coat, pet.build
    for side, swing in zip((-1, 1), pet.pose.ears, strict=True):
        _pointed_ear(pet, side, swing)
    face = loop(FACE) * (build.head_width, build.head_height)
    pet.brush.fur(pet.on_head(face, 0.0), coat.base, coat.marks)
    for side in (-1, 1):
        _slit_eye(pet, side)
    tip = build.muzzle
    for puff in (
        oval(-0.19, 0.38, 0.27, 0.22),
        oval(0.19, 0.38, 0.27, 0.22),
        oval(0, 0.58, 0.17, 0.14),
    ):
        pet.brush.fill(pet.on_head(puff, tip - 0.1), coat.pale)
    pet.brush.fill(pet.on_head(loop([(-0.13, 0.14), (0.13, 0.14), (0, 0.3)]), tip), coat.nose)
    pet.brush.line(pet.on_head(path(MOUTH), tip), darker(coat.pale, 0.7), 0.045)
    _whiskers(pet, tip - 0.15)


def _pointed_ear(pet: Pet, side: int, swing: float) -> None:
    """An ear that stands up, and what is seen of its inside."""
    width, tip_x, tip_y = pet.build.ear_width, 0.76 + swing, -0.72 - 0.78 * pet.build.ear_length
    inner_x, outer_x = 0.62 - 0.42 * width, 0.64 + 0.34 * width
    outline = np.array([
        (outer_x, -0.3), ((outer_x + tip_x) / 2 + 0.08, (tip_y - 0.3) / 2), (tip_x, tip_y),
        ((inner_x + tip_x) / 2 - 0.1, (tip_y - 0.74) / 2 - 0.02), (inner_x, -0.74),
    ])  # fmt: skip
    middle = np.array([0.6, -0.55])
    inside = middle + 0.62 * (outline - middle)
    coat = pet.coat
    pet.brush.fur(pet.on_head(outline * (side, 1), -0.1), coat.base, coat.marks)
    pet.brush.fill(pet.on_head(inside * (side, 1), -0.05), mix(coat.deep, SKIN, 0.45))


def _slit_eye(pet: Pet, side: int) -> None:
    """A large slanted almond with a slit for its pupil."""
    r, x = pet.build.eye, 0.43 * side
    opening = (1.0 - 0.8 * pet.pose.lids) * 0.9 * r
    almond = np.array([
        (x - r * side, 0.04), (x - 0.02 * side, -0.07 - opening),
        (x + r * side, -0.12), (x, 0.85 * opening),
    ])  # fmt: skip
    rim = almond + 0.12 * (almond - (x, -0.04))
    pet.brush.fill(pet.on_head(loop(rim), 0.3), darker(pet.coat.base, 0.8))
    pet.brush.fill(pet.on_head(loop(almond), 0.3), pet.coat.iris)
    pet.brush.fill(pet.on_head(oval(x, -0.05, 0.3 * r, 0.92 * opening, 12), 0.33), BLACK)
    pet.brush.fill(pet.on_head(oval(x - 0.07, -0.13, 0.22 * r, 0.22 * r, 8), 0.34), WHITE)


def _whiskers(pet: Pet, depth: float) -> None:
    """Three hairs on each side, light before a dark background and dark before a light one."""
    colour = WHITE if sum(pet.brush.behind) < 380 else BLACK
    for droop in (-0.16, 0.02, 0.2):
        hair = np.array([(0.28, 0.38 + droop / 3), (0.8, 0.3 + droop), (1.4, 0.36 + 1.8 * droop)])
        for side in (-1, 1):
            pet.brush.line(pet.on_head(hair * (side, 1), depth), colour, 0.03)
