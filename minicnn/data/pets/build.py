"""Proportions of one animal: what makes it a cat or a dog, and how far each may stray."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np


@dataclass(frozen=True, slots=True)
class Build:
    """Lengths in units of the head's radius, and one angle."""

    head_width: float
    head_height: float
    ear_length: float
    ear_width: float
    eye: float
    muzzle: float  # how far it sticks out
    muzzle_width: float
    shoulder: float
    hip: float
    leg: float  # half the width of a leg
    tail: float
    tail_root: float
    tail_tip: float
    tail_up: float  # radians by which its root is lifted


CAT = Build(
    head_width=1.02,
    head_height=0.88,
    ear_length=1.0,
    ear_width=1.0,
    eye=0.27,
    muzzle=0.5,
    muzzle_width=0.24,
    shoulder=0.66,
    hip=0.98,
    leg=0.19,
    tail=3.2,
    tail_root=0.17,
    tail_tip=0.13,
    tail_up=0.25,
)
DOG = Build(
    head_width=0.84,
    head_height=0.9,
    ear_length=1.0,
    ear_width=1.0,
    eye=0.15,
    muzzle=1.05,
    muzzle_width=0.46,
    shoulder=0.78,
    hip=0.92,
    leg=0.23,
    tail=1.7,
    tail_root=0.22,
    tail_tip=0.07,
    tail_up=0.9,
)
SPREAD = 0.3  # the largest relative change of a figure at full variation


def vary(build: Build, rng: np.random.Generator, variation: float) -> Build:
    """The same animal with every figure changed by up to a third."""
    names = [field.name for field in fields(build)]
    factors = np.exp(SPREAD * variation * rng.uniform(-1, 1, len(names)))
    changes = {n: getattr(build, n) * f for n, f in zip(names, factors.tolist(), strict=True)}
    return replace(build, **changes)
