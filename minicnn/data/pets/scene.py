"""What stands behind a pet and what stands in front of it.

Neither knows which class is drawn: background and occluders carry no information about it.
Positions are shares of the picture, (0, 0) at the top left and (1, 1) at the bottom right.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from minicnn.data.pets.brush import Colour, darker, lighter, mix
from minicnn.data.pets.coat import FURS, IRISES, SKIN, TONGUE, any_colour
from minicnn.data.pets.curves import limb, loop, oval
from minicnn.data.pets.textures import MARKINGS, SIDE, marking
from minicnn.data.pillow import Image, ImageDraw
from minicnn.typing import Array

Rng = np.random.Generator
PET_COLOURS = (*FURS, *IRISES, SKIN, TONGUE)
WALL, FLOOR = (176, 190, 196), (150, 138, 126)  # an empty room: what is behind without clutter


class Stage:
    """A picture painted in shares of its width and height."""

    def __init__(self, image: Image.Image) -> None:
        self.image, self.draw = image, ImageDraw.Draw(image)
        self.size = np.array(image.size, float)

    def shape(self, points: Array, colour: Colour) -> None:
        """Fill the outline (K, 2)."""
        self.draw.polygon((points * self.size).ravel().tolist(), fill=colour)

    def box(self, x: float, y: float, w: float, h: float, colour: Colour) -> None:
        """Fill a rectangle whose top left corner is (x, y)."""
        (left, top), (right, bottom) = self.size * (x, y), self.size * (x + w, y + h)
        if right - left >= 1 and bottom - top >= 1:
            self.draw.rectangle((left, top, right - 1, bottom - 1), fill=colour)


def thing_colour(rng: Rng) -> Colour:
    """Things have any colour, or one of a coat, an eye, a tongue: no colour finds a pet."""
    return PET_COLOURS[rng.integers(len(PET_COLOURS))] if rng.random() < 0.6 else any_colour(rng)


def paint_background(image: Image.Image, rng: Rng, clutter: float) -> tuple[Colour, Colour]:
    """A wall and a floor, and things in front of them; returns the colours of both."""
    stage = Stage(image)
    horizon = 0.62 + 0.22 * clutter * rng.uniform(-1, 1)
    spread = min(1.0, 1.6 * clutter)
    wall = mix(WALL, thing_colour(rng), spread * rng.random())
    floor = mix(FLOOR, thing_colour(rng), spread * rng.random())
    stage.box(0, 0, 1, horizon, wall)
    stage.box(0, horizon, 1, 1 - horizon, floor)
    if rng.random() < clutter:
        _wallpaper(stage, rng, mix(wall, thing_colour(rng), 0.2 + 0.5 * clutter), horizon)
    for _ in range(rng.poisson(9.0 * clutter)):
        thing = THINGS[rng.integers(len(THINGS))]
        thing(
            stage,
            rng,
            rng.uniform(-0.05, 1.05),
            horizon + rng.uniform(-0.5, 0.25),
            rng.uniform(0.08, 0.26),
        )
    return wall, floor


def _wallpaper(stage: Stage, rng: Rng, colour: Colour, horizon: float) -> None:
    """The markings of coats, now on a wall."""
    pattern = marking(MARKINGS[1 + rng.integers(len(MARKINGS) - 1)])
    size = (stage.image.width, max(1, round(stage.image.height * horizon)))
    left, top = rng.uniform(0, SIDE / 2, 2).tolist()
    piece = pattern.resize(
        size, Image.Resampling.NEAREST, box=(left, top, left + SIDE / 2, top + SIDE / 2)
    )
    stage.image.paste(colour, (0, 0), piece)


def _books(stage: Stage, rng: Rng, x: float, y: float, size: float) -> None:
    for _ in range(int(rng.integers(2, 6))):
        width, height = size * rng.uniform(0.15, 0.35), size * rng.uniform(0.8, 1.4)
        stage.box(x, y - height, width, height, thing_colour(rng))
        x += width


def _frame(stage: Stage, rng: Rng, x: float, y: float, size: float) -> None:
    colour = thing_colour(rng)
    stage.box(x, y - size, size, size * 1.2, darker(colour, 0.4))
    stage.box(x + 0.1 * size, y - 0.9 * size, 0.8 * size, size, lighter(colour, 0.4))


def _ball(stage: Stage, rng: Rng, x: float, y: float, size: float) -> None:
    colour, r = thing_colour(rng), 0.5 * size
    stage.shape(oval(x, y, r, r), darker(colour, 0.25))
    stage.shape(oval(x - 0.1 * r, y - 0.1 * r, 0.8 * r, 0.8 * r), colour)
    stage.shape(oval(x - 0.3 * r, y - 0.35 * r, 0.2 * r, 0.2 * r, 12), lighter(colour, 0.6))


def _plant(stage: Stage, rng: Rng, x: float, y: float, size: float) -> None:
    """Pointed leaves, as pointed as ears."""
    colour = thing_colour(rng)
    for angle in rng.uniform(-2.9, -0.25, int(rng.integers(4, 8))).tolist():
        _leaf(
            stage, x, y, angle, size * rng.uniform(0.8, 1.5), mix(colour, thing_colour(rng), 0.15)
        )
    stage.shape(
        np.array([(-0.3, 0), (0.3, 0), (0.2, 0.5), (-0.2, 0.5)]) * size + (x, y),
        darker(colour, 0.5),
    )


def _leaf(stage: Stage, x: float, y: float, angle: float, length: float, colour: Colour) -> None:
    along, across = (
        np.array([np.cos(angle), np.sin(angle)]),
        np.array([-np.sin(angle), np.cos(angle)]),
    )
    middle = 0.5 * along
    points = np.stack([0 * along, middle + 0.17 * across, along, middle - 0.17 * across])
    stage.shape(points * length + (x, y), colour)


def _cushion(stage: Stage, rng: Rng, x: float, y: float, size: float) -> None:
    """A pillow with drawn-out corners."""
    corners = np.array(
        [(-1, -0.8), (0, -0.65), (1, -0.8), (0.85, 0), (1, 0.8), (0, 0.65), (-1, 0.8), (-0.85, 0)]
    )
    colour = thing_colour(rng)
    stage.shape(loop(corners) * (0.9 * size) + (x, y), darker(colour, 0.3))
    stage.shape(loop(corners) * (0.82 * size) + (x - 0.01, y - 0.015), colour)


def _bush(stage: Stage, rng: Rng, x: float, y: float, size: float) -> None:
    colour = thing_colour(rng)
    for dx, dy, r in rng.uniform((-1, -0.6, 0.4), (1, 0.2, 0.8), (5, 3)).tolist():
        stage.shape(
            oval(x + dx * size, y + dy * size, r * size, r * size, 16), mix(colour, WALL, 0.2 * r)
        )


def _gable(stage: Stage, rng: Rng, x: float, y: float, size: float) -> None:
    """A fir or a roof: another thing with a point."""
    colour = thing_colour(rng)
    for step in range(int(rng.integers(1, 4))):
        base = y - 0.45 * step * size
        width = size * (0.7 - 0.15 * step)
        stage.shape(
            np.array([(x - width, base), (x, base - 0.9 * size), (x + width, base)]),
            darker(colour, 0.1 * step),
        )


def _rope(stage: Stage, rng: Rng, x: float, y: float, size: float) -> None:
    """A hose or a cable, bent like a tail."""
    bends = np.cumsum(rng.uniform((-0.2, -0.6), (0.7, 0.6), (5, 2)), axis=0) * size
    bends += (x, y)
    stage.shape(limb(bends, 0.1 * size, 0.07 * size), thing_colour(rng))


Thing = Callable[[Stage, Rng, float, float, float], None]
THINGS: tuple[Thing, ...] = (_books, _frame, _ball, _plant, _cushion, _bush, _gable, _rope)


def paint_foreground(image: Image.Image, rng: Rng, occlusion: float) -> None:
    """Up to two things between the camera and the pet; with a knob of 1 nearly always."""
    stage = Stage(image)
    for _ in range(2):
        appears, kind, reach = rng.random(), rng.integers(len(OCCLUDERS)), rng.uniform(0.5, 1.0)
        if appears < 0.8 * occlusion:
            OCCLUDERS[kind](stage, rng, reach * (0.4 + 0.6 * occlusion))


def _fence(stage: Stage, rng: Rng, reach: float) -> None:
    colour, width, gap = thing_colour(rng), 0.025 + 0.045 * reach, rng.uniform(0.2, 0.34)
    top = 1 - reach * rng.uniform(0.5, 1.2)
    for x in np.arange(rng.uniform(-gap, 0), 1, gap).tolist():
        stage.box(x, top, width, 1 - top, darker(colour, 0.35))
        stage.box(x, top, 0.7 * width, 1 - top, colour)
    stage.box(0, top + 0.12, 1, 0.6 * width, darker(colour, 0.2))


def _sill(stage: Stage, rng: Rng, reach: float) -> None:
    """A wall, a box or the back of a sofa that hides what is below."""
    colour, top = thing_colour(rng), 1 - 0.38 * reach
    stage.box(0, top, 1, 1 - top, darker(colour, 0.3))
    stage.box(0, top, 1, 0.04, colour)


def _curtain(stage: Stage, rng: Rng, reach: float) -> None:
    colour, width = thing_colour(rng), 0.4 * reach
    left = 0.0 if rng.random() < 0.5 else 1 - width
    folds = 5
    for fold in range(folds):
        stage.box(
            left + fold * width / folds,
            0,
            width / folds + 0.01,
            1,
            darker(colour, 0.35 * (fold % 2)),
        )


def _twig(stage: Stage, rng: Rng, reach: float) -> None:
    colour, right = thing_colour(rng), rng.random() < 0.5
    x, y = (1.02 if right else -0.02), rng.uniform(0.1, 1.0)
    for angle in rng.uniform(-1.2, 1.2, 7).tolist():
        towards = np.pi - angle if right else angle
        _leaf(
            stage,
            x,
            y,
            towards,
            reach * rng.uniform(0.35, 0.75),
            mix(colour, WALL, 0.3 * rng.random()),
        )


def _near_ball(stage: Stage, rng: Rng, reach: float) -> None:
    _ball(stage, rng, rng.uniform(0.1, 0.9), rng.uniform(0.75, 1.0), 0.55 * reach)


Occluder = Callable[[Stage, Rng, float], None]
OCCLUDERS: tuple[Occluder, ...] = (_fence, _sill, _curtain, _twig, _near_ball)
