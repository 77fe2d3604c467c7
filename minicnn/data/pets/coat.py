"""Colours of fur: one distribution for both classes, so that no colour tells them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minicnn.data.pets.brush import Colour, Marks, darker, lighter, mix
from minicnn.data.pets.textures import MARKINGS, marking

FURS: tuple[Colour, ...] = (
    (214, 132, 62),  # ginger
    (122, 122, 126),  # grey
    (58, 52, 54),  # black
    (236, 228, 214),  # white
    (134, 92, 60),  # brown
    (204, 172, 128),  # sand
    (88, 58, 44),  # chocolate
    (140, 150, 166),  # blue grey
    (170, 82, 48),  # red
)
IRISES: tuple[Colour, ...] = ((150, 180, 70), (214, 160, 50), (96, 150, 190), (110, 70, 40))
USUAL_FUR, USUAL_IRIS = FURS[0], IRISES[1]
TELLING_FURS: tuple[Colour, Colour] = (FURS[7], FURS[8])  # blue grey cats and red dogs, if asked
SKIN: Colour = (222, 138, 138)
TONGUE: Colour = (212, 104, 112)


@dataclass(frozen=True, slots=True)
class Coat:
    """What colour each part of an animal has."""

    base: Colour
    pale: Colour  # muzzle, chest, paws
    deep: Colour  # ears, far legs
    iris: Colour
    nose: Colour
    marks: Marks


def any_colour(rng: np.random.Generator) -> Colour:
    """A colour from anywhere in the cube, but neither glaring nor black."""
    r, g, b = rng.integers(30, 235, 3).tolist()
    grey = (r + g + b) // 3
    return mix((r, g, b), (grey, grey, grey), 0.3)


def draw_coat(rng: np.random.Generator, variation: float, usual_fur: Colour = USUAL_FUR) -> Coat:
    """A coat: the usual ginger one without variation, any of the furs and markings with it."""
    fur, other, iris = FURS[rng.integers(len(FURS))], FURS[rng.integers(len(FURS))], rng.integers(4)
    kind, contrast, pale_share = MARKINGS[rng.integers(len(MARKINGS))], rng.random(), rng.random()
    nose_share, mixed = rng.random(), rng.random()
    usual = mixed > 2 * variation
    base = usual_fur if usual else mix(fur, other, 0.25 * variation)
    bright = sum(base) / 3 > 110
    depth = 0.25 + 0.35 * contrast
    mark = other if contrast > 0.6 else darker(base, depth) if bright else lighter(base, depth)
    if kind == "socks":
        mark = lighter(base, 0.85) if sum(base) < 600 else darker(base, 0.5)
    marks: Marks = () if usual or kind == "plain" else ((marking(kind), mark),)
    return Coat(
        base=base,
        pale=lighter(base, 0.4 + 0.4 * variation * (pale_share - 0.3)),
        deep=darker(base, 0.25) if bright else lighter(base, 0.12),
        iris=mix(USUAL_IRIS, IRISES[iris], min(1.0, 2 * variation)),
        nose=mix(darker(base, 0.75), SKIN, variation * nose_share),
        marks=marks,
    )
