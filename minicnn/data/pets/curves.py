"""Smooth lines through a few points: what every outline of a pet is made of.

A curve is a fixed linear map of its control points (Catmull and Rom's cubic), so the matrix
of that map is kept for each number of points and a curve costs one small product.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from minicnn.typing import Array

Points: TypeAlias = Array | Sequence[tuple[float, float]]
SAMPLES = 6  # points drawn between two control points


@lru_cache(maxsize=64)
def _basis(points: int, closed: bool) -> Array:
    """The matrix that takes ``points`` control points to the points of the curve."""
    spans = points if closed else points - 1
    t = np.arange(spans * SAMPLES + (0 if closed else 1)) / SAMPLES
    first = np.minimum(t.astype(int), spans - 1)
    f = t - first
    weights = np.stack(
        [
            -0.5 * f + f**2 - 0.5 * f**3,
            1 - 2.5 * f**2 + 1.5 * f**3,
            0.5 * f + 2 * f**2 - 1.5 * f**3,
            -0.5 * f**2 + 0.5 * f**3,
        ]
    )
    matrix = np.zeros((len(t), points))
    rows = np.arange(len(t))
    for offset, weight in zip((-1, 0, 1, 2), weights, strict=True):
        column = first + offset
        column = column % points if closed else np.clip(column, 0, points - 1)
        np.add.at(matrix, (rows, column), weight)
    return matrix


def loop(points: Points) -> Array:
    """A closed smooth curve through ``points`` (K, 2)."""
    return np.asarray(_basis(len(points), True) @ np.asarray(points))


def mirrored(right: Points) -> Array:
    """Both sides of an outline of which only the right one is given, from top to bottom."""
    side = np.asarray(right)
    return np.concatenate([side, side[::-1] * (-1, 1)])


def turned(points: Array, pivot: tuple[float, float], angle: float) -> Array:
    """The points, turned clockwise around a pivot."""
    c, s = np.cos(angle), np.sin(angle)
    return np.asarray((points - pivot) @ np.array([[c, s], [-s, c]]) + pivot)


def path(points: Points) -> Array:
    """An open smooth curve through ``points`` (K, 2)."""
    return np.asarray(_basis(len(points), False) @ np.asarray(points))


@lru_cache(maxsize=8)
def _circle(corners: int) -> Array:
    angle = np.arange(corners) * (2 * np.pi / corners)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def oval(x: float, y: float, rx: float, ry: float, corners: int = 24) -> Array:
    """An ellipse with its middle at (x, y)."""
    return _circle(corners) * (rx, ry) + (x, y)


def limb(points: Points, start: float, end: float) -> Array:
    """The outline of a limb or tail: a smooth path whose half width goes from start to end."""
    middle = path(points)
    along = np.gradient(middle, axis=0)
    along /= np.hypot(along[:, :1], along[:, 1:]) + 1e-9
    across = along[:, ::-1] * (-1, 1)
    width = np.linspace(start, end, len(middle))[:, None]
    ends = []
    for end_point, direction, radius in (
        (middle[-1], along[-1], end),
        (middle[0], -along[0], start),
    ):
        round_it = np.arctan2(direction[1], direction[0]) + np.linspace(1.2, -1.2, 5)
        ends.append(end_point + radius * np.stack([np.cos(round_it), np.sin(round_it)], axis=1))
    return np.concatenate(
        [middle + across * width, ends[0], (middle - across * width)[::-1], ends[1]]
    )


def capsule(a: Array, ra: float, b: Array, rb: float) -> Array:
    """The outline of two discs and all that lies between them: a snout seen from any side."""
    dx, dy = b - a
    distance = np.hypot(dx, dy)
    if distance <= abs(ra - rb):  # one disc hides the other: seen from the front
        x, y = a if ra > rb else b
        return oval(x, y, max(ra, rb), max(ra, rb))
    towards, spread = np.arctan2(dy, dx), np.arccos((ra - rb) / distance)
    far = towards + np.linspace(-spread, spread, 12)
    near = towards + np.linspace(spread, 2 * np.pi - spread, 12)
    return np.concatenate(
        [
            b + rb * np.stack([np.cos(far), np.sin(far)], axis=1),
            a + ra * np.stack([np.cos(near), np.sin(near)], axis=1),
        ]
    )
