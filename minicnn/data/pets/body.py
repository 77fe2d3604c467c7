"""Bodies, legs and tails: one anatomy for both classes, with each one's proportions (floor 4).

The head's middle is the origin and the ground lies about 3 units below it.
"""

from __future__ import annotations

import numpy as np

from minicnn.data.pets.brush import Brush, Colour, darker
from minicnn.data.pets.build import Build
from minicnn.data.pets.coat import Coat
from minicnn.data.pets.curves import limb, loop, oval
from minicnn.data.pets.pose import Pose
from minicnn.typing import Array


def paint_body(brush: Brush, build: Build, pose: Pose, coat: Coat, tail_up: float) -> None:
    """All of the animal but its head, in its posture."""
    paint = {"sit": _sitting, "stand": _standing, "lie": _lying}[pose.posture]
    paint(brush, build, pose, coat, tail_up)


def _tail(root: tuple[float, float], heading: float, curl: float, length: float) -> Array:
    """Points of a tail that leaves its root with a heading and turns by ``curl`` in each of 5 steps."""
    angles = heading + curl * np.arange(5)
    steps = np.stack([np.cos(angles), np.sin(angles)], axis=1) * (length / 5)
    return np.concatenate([[root], np.asarray(root) + np.cumsum(steps, axis=0)])


def _paint_tail(
    brush: Brush, build: Build, pose: Pose, coat: Coat, root: tuple[float, float], heading: float
) -> None:
    curl = -0.42 - 0.35 * pose.curl
    points = _tail(root, heading + pose.tail, curl, build.tail)
    brush.fur(limb(points, build.tail_root, build.tail_tip), coat.deep, coat.marks, rounded=False)


def _leg(
    brush: Brush, build: Build, coat: Coat, colour: Colour, points: list[tuple[float, float]]
) -> None:
    """A leg along ``points`` and the paw at its end."""
    brush.fur(
        limb(np.array(points), build.leg * 1.15, build.leg * 0.9), colour, coat.marks, rounded=False
    )
    x, y = points[-1]
    brush.fur(
        oval(x - 0.06, y + 0.03, build.leg * 1.35, build.leg * 0.8, 16), coat.pale, rounded=False
    )


def _shadow(brush: Brush, x: float, y: float, rx: float) -> None:
    """Where the animal darkens the ground: painted before it, so that it stands on something."""
    brush.fill(oval(x, y, rx, 0.2), brush.ground)


def _sitting(brush: Brush, build: Build, pose: Pose, coat: Coat, tail_up: float) -> None:
    shoulder, hip, tall = build.shoulder, build.hip, 0.2 * pose.stretch
    _shadow(brush, 0.1, 3.1 + tall, 1.6)
    _paint_tail(brush, build, pose, coat, (0.65, 2.75 + tall), 0.1 - tail_up)
    right = np.array(
        [(0.55, 0.35), (shoulder, 0.9), (shoulder * 1.1, 1.5), (hip * 1.1, 2.2 + tall)]
    )
    right = np.concatenate([right, [(hip, 2.95 + tall), (0.4, 3.08 + tall)]])
    brush.fur(loop(np.concatenate([right, right[::-1] * (-1, 1)])), coat.base, coat.marks)
    for side in (-1, 1):
        brush.fur(oval(side * hip * 0.95, 2.97 + tall, 0.34, 0.19, 16), coat.pale, rounded=False)
    brush.fill(
        loop(np.array([(0, 0.7), (0.3, 1.1), (0.22, 1.8), (0, 2.1), (-0.22, 1.8), (-0.3, 1.1)])),
        coat.pale,
    )
    for side in (-1, 1):
        x = side * (0.33 + 0.08 * pose.stride)
        _leg(brush, build, coat, coat.base, [(x, 1.6), (x * 1.15, 2.3), (x, 2.95 + tall)])


def _standing(brush: Brush, build: Build, pose: Pose, coat: Coat, tail_up: float) -> None:
    thick, long = build.shoulder, 0.4 * pose.stretch
    back = 2.4 + long
    _shadow(brush, 1.2, 3.1, 2.0)
    swing = 0.45 * pose.stride
    far = darker(coat.base, 0.35)
    _leg(brush, build, coat, far, [(0.45, 1.4), (0.5 - swing / 2, 2.2), (0.55 - swing, 2.95)])
    _leg(
        brush,
        build,
        coat,
        far,
        [(back, 1.4), (back + 0.2 + swing / 2, 2.2), (back + 0.05 + swing, 2.95)],
    )
    _paint_tail(brush, build, pose, coat, (back + 0.25, 0.75), -0.1 - tail_up)
    outline = [
        (-0.2, 0.5), (0.6, 0.42), (1.5, 0.5), (back - 0.1, 0.45), (back + 0.45, 0.85),
        (back + 0.3, 0.6 + 1.3 * thick), (1.3, 0.55 + 1.2 * thick), (0.3, 0.6 + 1.6 * thick), (-0.35, 1.2),
    ]  # fmt: skip
    brush.fur(loop(np.array(outline)), coat.base, coat.marks)
    _leg(brush, build, coat, coat.base, [(0.05, 1.3), (0.1 + swing / 2, 2.2), (0.05 + swing, 3.0)])
    _leg(
        brush,
        build,
        coat,
        coat.base,
        [(back, 1.3), (back + 0.15 - swing / 2, 2.2), (back - swing, 3.0)],
    )


def _lying(brush: Brush, build: Build, pose: Pose, coat: Coat, tail_up: float) -> None:
    hip, long = build.hip, 0.4 * pose.stretch
    end = 2.3 + long
    _shadow(brush, 0.9, 2.0, 2.2)
    _paint_tail(brush, build, pose, coat, (end, 1.7), 0.15 - 0.5 * tail_up)
    outline = [
        (-0.55, 0.6), (0.4, 0.45), (1.4, 0.65), (end - 0.2, 0.95 - 0.35 * hip), (end + 0.35, 1.3),
        (end + 0.1, 1.95), (1.2, 2.02), (-0.2, 2.02), (-0.75, 1.5),
    ]  # fmt: skip
    brush.fur(loop(np.array(outline)), coat.base, coat.marks)
    brush.fur(oval(end - 0.3, 1.55, 0.62 * hip, 0.46), coat.base, coat.marks)
    brush.fur(oval(end - 0.65, 1.96, 0.4, 0.17, 16), coat.pale, rounded=False)
    reach = 0.35 * pose.stride
    _leg(
        brush,
        build,
        coat,
        darker(coat.base, 0.15),
        [(0.35, 1.5), (0.1, 1.8), (-0.45 - reach, 1.95)],
    )
    _leg(brush, build, coat, coat.base, [(-0.2, 1.5), (-0.45, 1.85), (-0.95 + reach, 2.02)])
