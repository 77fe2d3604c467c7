"""From seconds to statements: medians, ratios round by round, shares. Pure functions.

Samples of one entry are a list of rounds, each a list of the seconds of its steps. A ratio
is taken inside a round first, because the two turns lie a second apart and share whatever
else the machine was doing; then the median over the rounds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import median
from typing import TypeAlias

Rounds: TypeAlias = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Spread:
    """A median and the quartiles around it."""

    median: float
    low: float
    high: float


def quantile(values: Sequence[float], q: float) -> float:
    """Linear between the two nearest values, as NumPy's default.

    >>> quantile([1.0, 2.0, 4.0], 0.75)
    3.0
    """
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def spread(values: Sequence[float]) -> Spread:
    return Spread(median(values), quantile(values, 0.25), quantile(values, 0.75))


def step_seconds(rounds: Rounds) -> Spread:
    """All steps of all rounds together."""
    return spread(list(chain.from_iterable(rounds)))


def ratio(ours: Rounds, theirs: Rounds) -> Spread:
    """Ours over theirs, round by round; below 1 we are faster."""
    pairs = zip(ours, theirs, strict=True)
    return spread([median(mine) / median(other) for mine, other in pairs])


def ratio_of_medians(ours: Rounds, theirs: Rounds) -> float:
    """The same without rounds, as a check: far from ``ratio`` means a restless machine."""
    return step_seconds(ours).median / step_seconds(theirs).median


def fastest(samples: Mapping[str, Rounds]) -> str:
    """The name with the smallest median."""
    return min(samples, key=lambda name: step_seconds(samples[name]).median)


def share_of_peak(multiply_adds: int, seconds: float, peak_flops: float) -> float:
    """How much of the measured GEMM rate the work's products alone amount to."""
    return 2 * multiply_adds / seconds / peak_flops
