"""The slope of a function along a line, and how far the number is to be trusted.

The gradient check asks one question: does a claimed slope agree with what the function does? This
room answers it for a function of one number h, the length of the step. It knows nothing of layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from minicnn.typing import Array

EPS = float(np.finfo(np.float64).eps)
ROUNDING = 16 * EPS  # what float64 may lose in one evaluation, of the output's size
MOST_DOUBT = 1e-4  # of the slope: more, and nothing is proven
ZERO = 1e-10  # of the output's size: no slope that is smaller is told from none
GRAIN = 1e-3  # of the output's size: what even half precision keeps to
FIT = 1e-6  # of the output's size: how much the shortest steps may bend it
LADDER = 13  # steps, each four times the last


class UnsettledError(Exception):
    """No step length settles it; each subclass says why."""


class KinkedError(UnsettledError):
    """The slope jumps exactly here."""

    def __init__(self, bends: Array) -> None:
        self.bends = bends


class CoarseError(UnsettledError):
    """The function answers in fewer digits than float64 has."""

    def __init__(self, grain: float) -> None:
        self.grain = grain


class DrownedError(UnsettledError):
    """Rounding is as large as the slope itself."""


@dataclass(frozen=True)
class Reading:
    """What two evaluations, a step forth and a step back, tell."""

    step: float
    slope: float
    bends: Array  # of every output: f(+h) - 2 f(0) + f(-h)
    size: float  # of the outputs at the three places

    @cached_property
    def bend(self) -> float:
        """How far f is from straight within the step."""
        return float(np.linalg.norm(self.bends))


@dataclass(frozen=True)
class Verdict:
    """Whether a claimed slope is right, and by how much it may have been off unseen."""

    right: bool
    slope: float
    error: float  # relative
    allowed: float
    step: float


class Line:
    """``along(h)`` gives the outputs a step h away; u weighs them, and they are added up.

    ``digits_of_place`` is what a rounding of the place itself does to the sum.
    """

    def __init__(
        self, along: Callable[[float], Array], u: Array, here: Array, digits_of_place: float = 0.0
    ) -> None:
        self.along, self.u, self.here = along, u, here
        self.size = float(np.linalg.norm(u * here))
        self.digits_of_place = digits_of_place
        self._read: dict[float, Reading] = {}

    def at(self, step: float) -> Reading:
        """The reading for one step length."""
        if step not in self._read:
            forth, back = self.along(step), self.along(-step)
            with np.errstate(all="ignore"):  # a long step may lead to where f overflows
                slope = float((self.u * (forth - back)).sum() / (2 * step))
                bends = self.u * (forth - 2 * self.here + back)
                ends = (float(np.linalg.norm(self.u * end)) for end in (forth, back))
                size = max(self.size, *ends)
            self._read[step] = Reading(step, slope, bends, size)
        return self._read[step]

    def rounding(self, *readings: Reading) -> float:
        """What the outputs of these readings may be off by, for all that is known beforehand."""
        return ROUNDING * max(reading.size for reading in readings) + self.digits_of_place

    def judge(
        self,
        claimed: float,
        scale: float,
        step: float,
        rtol: float,
        is_zero: Callable[[], bool],
    ) -> Verdict:
        """Whether the slope is ``claimed``, to ``rtol`` of the larger of the two and of ``scale``.

        First short steps and two points. What they leave open is settled by the best estimate
        that longer steps give, whatever was claimed; it must be known to MOST_DOUBT of its size.
        ``is_zero`` tells whether the claim is zero but for its own rounding.
        """
        for factor in (1, 1 / 4, 1 / 16):  # shorter: a kink nearby falls out of reach
            reading = self.at(step * factor)
            doubt = self.rounding(reading) / reading.step
            verdict = _verdict(claimed, scale, rtol, reading, doubt)
            size = _size(claimed, scale, reading.slope)
            straight = reading.bend <= (10 * rtol * size + verdict.allowed * size) * reading.step
            if straight and verdict.right and verdict.allowed <= rtol + MOST_DOUBT:
                return verdict
        first, close = self.at(step), self.at(step / 16)
        # A curve's bend would fall to 1/256, a kink's to 1/16: this one is of the numbers' making.
        lasts = close.bend > first.bend / 4
        if lasts and ZERO * first.size + self.rounding(first) < close.bend < GRAIN * first.size:
            raise CoarseError(close.bend)
        # Digits lost on the way show only here: nothing else bends within so short a step.
        lost = 4 * max(self.at(step / 64).bend, self.at(step / 256).bend)
        best: Verdict | None = None
        # If even these bend it, they are as long as the whole curve, and longer ones tell less.
        fit = lost <= FIT * max(first.size, abs(claimed) * step)
        for estimate in self._estimates(step, rtol, lost, claimed, scale) if fit else ():
            settled = best is not None and best.allowed <= rtol + MOST_DOUBT
            found = _verdict(claimed, scale, rtol, *estimate) if estimate else None
            if best is not None and settled and (not found or found.allowed > best.allowed):
                break  # steps get as long as the curve: a still longer one might agree by chance
            if found and (best is None or found.allowed < best.allowed):
                best = found
            if best is not None and best.allowed <= 2 * rtol:
                break
        if best is not None and best.allowed <= rtol + MOST_DOUBT:
            return best
        size = _size(claimed, scale, first.slope)
        bent = first.bend > 10 * rtol * size * step + lost + self.rounding(first)
        if bent and 16 * close.bend > 0.5 * first.bend:
            raise KinkedError(close.bends)
        if abs(claimed) <= ZERO * first.size and self._is_flat(step, lost) and is_zero():
            return Verdict(True, first.slope, 0.0, rtol, step)
        raise DrownedError

    def _estimates(
        self, step: float, rtol: float, lost: float, claimed: float, scale: float
    ) -> Iterator[tuple[Reading, float] | None]:
        """Slopes of fourth order from two step lengths each, and the doubt that remains.

        None for a step length that tells nothing.

        With D(h) from two points, (16 D(h) - D(4h)) / 15 is off by a multiple of h⁴ only. The
        same from 4h is off by 256 times as much: their difference shows how much that is.
        """
        for k in range(-2, LADDER - 2):
            h = step * 4.0**k
            near, far, farthest = self.at(h), self.at(4 * h), self.at(16 * h)
            fine = (16 * near.slope - far.slope) / 15
            coarse = (16 * far.slope - farthest.slope) / 15
            rounded = lost + self.rounding(near, far)
            doubt = 2 * rounded / h + abs(fine - coarse) / 8
            if not np.isfinite(doubt):
                return
            size = _size(claimed, scale, fine)
            # Output by output: a curve's bend falls to 1/256, a kink's to 1/16. Many kinks nearby
            # make a sum that falls as a curve's does.
            uneven = np.abs(near.bends) - np.abs(farthest.bends) / 64
            smooth = np.linalg.norm(np.maximum(uneven, 0)) <= 10 * rtol * size * h + rounded
            settles = abs(fine - coarse) <= 0.1 * abs(fine) + rounded / h
            if settles and smooth:
                yield Reading(h, fine, near.bends, near.size), doubt
            else:
                yield None

    def _is_flat(self, step: float, lost: float) -> bool:
        """Whether f stays where it is, far enough out to tell that from a slope of ZERO."""
        for k in range(LADDER):
            reading, further = self.at(step * 4.0**k), self.at(step * 4.0 ** (k + 2))
            rounded = lost + self.rounding(reading)
            even = reading.bend <= max(rounded, further.bend / 64)  # straight, or a smooth curve's
            if not (even and abs(reading.slope) * reading.step <= rounded):
                return False
            if rounded <= ZERO * reading.size * reading.step:
                return True
        return False


def _size(claimed: float, scale: float, measured: float) -> float:
    return max(abs(claimed), scale, abs(measured), float(np.finfo(np.float64).tiny))


def _verdict(claimed: float, scale: float, rtol: float, reading: Reading, doubt: float) -> Verdict:
    size = _size(claimed, scale, reading.slope)
    error, allowed = abs(claimed - reading.slope) / size, rtol + doubt / size
    return Verdict(error <= allowed, reading.slope, error, allowed, reading.step)
