"""The head of a dog: hanging or folded ears, a long snout, round eyes, a tongue."""

from __future__ import annotations

import numpy as np

from minicnn.data.pets.brush import BLACK, WHITE, darker
from minicnn.data.pets.coat import SKIN, TONGUE
from minicnn.data.pets.curves import capsule, loop, mirrored, oval, path, turned
from minicnn.data.pets.pet import Pet

SKULL = mirrored([(0.4, -0.98), (0.8, -0.72), (1.0, -0.15), (0.9, 0.4), (0.62, 0.85), (0.2, 1.0)])
NOSE = [(-0.24, 0.12), (0, 0.06), (0.24, 0.12), (0.17, 0.3), (0, 0.38), (-0.17, 0.3)]


def paint_dog_head(pet: Pet, folded_ears: bool) -> None:
    """Everything above a dog's neck."""
    skull = loop(SKULL) * (pet.build.head_width, pet.build.head_height)
    pet.brush.fur(pet.on_head(skull, 0.0), pet.coat.base, pet.coat.marks)
    for side, swing in zip((-1, 1), pet.pose.ears, strict=True):
        (_folded_ear if folded_ears else _hanging_ear)(pet, side, swing)
    for side in (-1, 1):
        _round_eye(pet, side)
    if pet.pose.tongue:
        _tongue(pet)
    _snout(pet)


def _hanging_ear(pet: Pet, side: int, swing: float) -> None:
    """A long flap beside the face."""
    x, w, h = pet.build.head_width, pet.build.ear_width, pet.build.ear_length
    flap = [
        (0.45 * x, -0.86), (0.92 * x, -0.8), (x + 0.32 * w, -0.35), (x + 0.38 * w, 0.3 * h),
        (x + 0.15 * w, 0.85 * h), (x - 0.08, 0.5 * h), (0.86 * x, -0.2),
    ]  # fmt: skip
    flap_now = turned(loop(flap), (0.7 * x, -0.8), -swing) * (side, 1)
    pet.brush.fur(pet.on_head(flap_now, 0.05), pet.coat.deep, pet.coat.marks)


def _folded_ear(pet: Pet, side: int, swing: float) -> None:
    """An ear that stands at its root and whose tip falls over."""
    x, w, h = pet.build.head_width, pet.build.ear_width, pet.build.ear_length
    root = [(0.35 * x, -0.8), (0.75 * x, -0.7 - 0.5 * h), (1.12 * x, -1.0), (0.98 * x, -0.4)]
    flap = [
        (0.62 * x, -0.7 - 0.48 * h), (1.05 * x, -0.7 - 0.4 * h), (1.35 * x * w, -0.75),
        (1.2 * x, -0.28 * h), (0.85 * x, -0.7),
    ]  # fmt: skip
    pivot, coat = (0.7 * x, -0.8), pet.coat
    root_now = turned(np.array(root), pivot, swing / 2) * (side, 1)
    flap_now = turned(loop(flap), pivot, swing / 2) * (side, 1)
    pet.brush.flat_fur(pet.on_head(root_now, -0.1), coat.base, coat.marks)
    pet.brush.fur(pet.on_head(flap_now, 0.0), coat.deep, coat.marks)


def _round_eye(pet: Pet, side: int) -> None:
    """A small round eye, nearly all pupil, under a brow."""
    r, x = pet.build.eye, 0.36 * side
    opening = r * (1.0 - 0.8 * pet.pose.lids)
    rim = oval(x, -0.2, 1.25 * r, opening + 0.25 * r, 16)
    pet.brush.fill(pet.on_head(rim, 0.3), darker(pet.coat.base, 0.7))
    pet.brush.fill(pet.on_head(oval(x, -0.2, r, opening, 14), 0.3), pet.coat.iris)
    pet.brush.fill(pet.on_head(oval(x, -0.2, 0.78 * r, 0.78 * opening, 12), 0.3), BLACK)
    pet.brush.fill(pet.on_head(oval(x - 0.05, -0.25, 0.3 * r, 0.3 * r, 8), 0.31), WHITE)
    brow = path([(x - 0.14, -0.46), (x, -0.52), (x + 0.14, -0.46)])
    pet.brush.line(pet.on_head(brow, 0.3), pet.coat.pale, 0.08)


def _tongue(pet: Pet) -> None:
    """It hangs from the lower jaw, the further the wider the mouth is open."""
    reach, tip = pet.build.muzzle, 0.85 + 0.45 * pet.pose.mouth
    jaw = oval(0, 0.78, 0.62 * pet.build.muzzle_width, 0.22)
    pet.brush.flat_fur(pet.on_head(jaw, 0.7 * reach), darker(pet.coat.pale, 0.35))
    tongue = loop([(-0.17, 0.6), (0.17, 0.6), (0.19, tip), (0, tip + 0.18), (-0.19, tip)])
    pet.brush.fill(pet.on_head(tongue, 0.85 * reach), TONGUE)
    crease = np.array([(0, 0.7), (0, tip - 0.05)])
    pet.brush.line(pet.on_head(crease, 0.87 * reach), darker(TONGUE, 0.3), 0.05)


def _snout(pet: Pet) -> None:
    """From between the eyes to the nose; where it points shows how the head is turned."""
    reach, wide, pale = pet.build.muzzle, pet.build.muzzle_width, pet.coat.pale
    root = pet.on_head([(0, 0.18)], 0.3)[0]
    tip = pet.on_head([(0, 0.42)], 0.85 * reach)[0]
    pet.brush.fur(capsule(root, 1.05 * wide, tip, 0.95 * wide), pale)
    ink = darker(pale, 0.75)
    jowls = np.array([(-0.85, 0.55), (-0.45, 0.74), (0, 0.55), (0.45, 0.74), (0.85, 0.55)])
    pet.brush.line(pet.on_head(path(jowls * (wide, 1)), reach), ink, 0.06)
    pet.brush.line(pet.on_head([(0, 0.3), (0, 0.56)], reach), ink, 0.06)
    pet.brush.fill(pet.on_head(loop(NOSE), reach), darker(pet.coat.nose, 0.5))
    pet.brush.fill(pet.on_head(oval(-0.07, 0.15, 0.07, 0.04, 8), reach), SKIN)
