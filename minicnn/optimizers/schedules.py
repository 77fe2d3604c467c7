"""Learning rates that change from step to step: plain functions of the step.

>>> rate = ExponentialDecay(0.1, decay_steps=100, decay_rate=0.5)
>>> rate(0), rate(100), rate(200)
(0.1, 0.05, 0.025)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from minicnn.arguments import number, positive, whole
from minicnn.errors import ConfigError

Schedule = Callable[[int], float]


@dataclass(frozen=True)
class ExponentialDecay:
    """``initial · rate^(step / decay_steps)``; by whole periods if ``staircase``."""

    initial_learning_rate: float
    decay_steps: int
    decay_rate: float
    staircase: bool = False

    def __post_init__(self) -> None:
        number(self.initial_learning_rate, "initial_learning_rate", "ExponentialDecay")
        whole(self.decay_steps, "decay_steps", "ExponentialDecay")
        positive(self.decay_rate, "a decay_rate", "ExponentialDecay")

    def __call__(self, step: int) -> float:
        """The learning rate at ``step``."""
        periods = step / self.decay_steps
        if self.staircase:
            periods = math.floor(periods)
        return float(self.initial_learning_rate * self.decay_rate**periods)


@dataclass(frozen=True)
class CosineDecay:
    """Down along half a cosine to ``alpha · initial``, after a straight climb if asked for.

    With ``warmup_target`` the rate climbs from ``initial`` to the target in ``warmup_steps``,
    and falls from there.
    """

    initial_learning_rate: float
    decay_steps: int
    alpha: float = 0.0
    warmup_target: float | None = None
    warmup_steps: int = 0

    def __post_init__(self) -> None:
        number(self.initial_learning_rate, "initial_learning_rate", "CosineDecay")
        whole(self.decay_steps, "decay_steps", "CosineDecay")
        number(self.alpha, "alpha", "CosineDecay")
        if self.warmup_target is not None:
            number(self.warmup_target, "warmup_target", "CosineDecay")
        whole(self.warmup_steps, "warmup_steps", "CosineDecay", least=0)

    def __call__(self, step: int) -> float:
        """The learning rate at ``step``."""
        top = self.initial_learning_rate
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                share = step / self.warmup_steps
                return top + share * (self.warmup_target - top)
            top = self.warmup_target
            step -= self.warmup_steps
        share = min(step / self.decay_steps, 1.0)
        cosine = 0.5 * (1 + math.cos(math.pi * share))
        return top * ((1 - self.alpha) * cosine + self.alpha)


@dataclass(frozen=True)
class PiecewiseConstantDecay:
    """``values[0]`` up to and including step ``boundaries[0]``, then ``values[1]``, ..."""

    boundaries: Sequence[int]
    values: Sequence[float]

    def __post_init__(self) -> None:
        for value in self.values:
            number(value, "values", "PiecewiseConstantDecay")
        if any(a >= b for a, b in pairwise(self.boundaries)):
            raise ConfigError(
                f"PiecewiseConstantDecay: expected boundaries that rise, got {self.boundaries!r}"
            )
        if len(self.values) != len(self.boundaries) + 1:
            raise ConfigError(
                f"PiecewiseConstantDecay: expected one value more than boundaries, got "
                f"{len(self.values)} values and {len(self.boundaries)} boundaries"
            )

    def __call__(self, step: int) -> float:
        """The learning rate at ``step``."""
        return float(self.values[sum(step > boundary for boundary in self.boundaries)])
