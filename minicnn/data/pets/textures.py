"""Masks that are made once and used for every picture: markings, shading, grain.

A mask is an 8-bit picture: 255 where its colour covers all, 0 where nothing of it is seen.
The markings serve cats and dogs alike (and wallpaper): a coat must not tell the class.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from minicnn.data.pillow import Image
from minicnn.randomness import generator
from minicnn.typing import Array

SIDE = 256  # pixels of a marking
UNITS = 9.0  # how many head radii a marking covers
MARKINGS = ("plain", "stripes", "patches", "spots", "socks", "flecks")


def _clouds(name: str, waves: int, frequency: float) -> Array:
    """Smooth noise of about unit variance over a marking's square, a sum of plane waves."""
    rng = generator(0, "pets", "texture", name)
    y, x = np.mgrid[0:SIDE, 0:SIDE] * (UNITS / SIDE)
    field = np.zeros((SIDE, SIDE))
    for _ in range(waves):
        kx, ky, phase = rng.normal(0, frequency), rng.normal(0, frequency), rng.uniform(0, 6.28)
        field += np.sin(kx * x + ky * y + phase)
    return field / (waves / 2) ** 0.5


def _mask(field: Array, soft: float) -> Image.Image:
    """255 where the field is well above 0, 0 where it is well below."""
    return Image.fromarray((255 / (1 + np.exp(np.clip(-field / soft, -50, 50)))).astype(np.uint8))


@lru_cache(maxsize=len(MARKINGS))
def marking(name: str) -> Image.Image:
    """The mask of one of the ``MARKINGS``, centred on the pet's head."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] * (UNITS / SIDE) - UNITS / 2
    if name == "stripes":
        wobble = 0.9 * _clouds(name, 12, 1.2)
        return _mask(np.sin(7.5 * x + 1.5 * wobble + 0.8 * np.abs(y)) - 0.35 + 0.3 * wobble, 0.15)
    if name == "patches":
        return _mask(_clouds(name, 24, 1.5) - 0.3, 0.05)
    if name == "spots":
        return _mask(_clouds(name, 40, 6.0) - 1.0, 0.15)
    if name == "socks":  # white below, and a blaze on the face
        blaze = 0.35 - np.abs(x) + 0.1 * _clouds(name, 12, 2.0)
        return _mask(np.maximum(np.where(np.abs(y) < 0.9, blaze, -1), y - 1.3), 0.08)
    if name == "flecks":
        return _mask(_clouds(name, 40, 12.0) - 0.5, 0.5)
    return Image.new("L", (SIDE, SIDE))


@lru_cache(maxsize=16)
def shading(eighth: int) -> Image.Image:
    """The shadow side of a ball lit from one of sixteen directions."""
    angle = eighth * (2 * np.pi / 16)
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    distance = np.hypot(x + 0.45 * np.cos(angle), y + 0.45 * np.sin(angle))
    return Image.fromarray(
        (np.clip(distance - 0.45, 0, 1) ** 1.3 * 95).clip(0, 255).astype(np.uint8)
    )


@lru_cache(maxsize=1)
def grain() -> Array:
    """A square of noise of unit variance, from which each picture cuts its own piece."""
    return generator(0, "pets", "grain").standard_normal((1024, 1024)).astype(np.float32)
