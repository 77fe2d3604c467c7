"""What can stand between the network and the optimizer.

All gradients leave the network as one mapping from a parameter's path to its array. Each of
these is a function ``(grads, params) -> grads``, and so can be one of yours:

    model.compile(..., gradients=[mc.ClipNorm(1.0), lambda grads, params: ...])
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from minicnn.arguments import positive
from minicnn.backends import ops_for
from minicnn.errors import ConfigError
from minicnn.typing import Params

GradientStep = Callable[[Params, Params], Params]


def changed(grads: Params, params: Params, steps: Sequence[GradientStep]) -> Params:
    """The gradients after all steps, one after another."""
    for step in steps:
        before = frozenset(grads)  # a step may well change the mapping that it is given
        grads = step(grads, params)
        if not isinstance(grads, Mapping):
            raise ConfigError(
                f"{step!r}: expected gradients back, a mapping from path to array, got "
                f"{type(grads).__name__}; does the function end in return grads?"
            )
        if grads.keys() != before:
            strange = sorted(grads.keys() ^ before)[0]
            raise ConfigError(
                f"{step!r}: expected a gradient for each parameter that it was given, got "
                f"{'one more' if strange in grads else 'none'} for {strange!r}; to hold a "
                f"parameter still, freeze its layer: layer.trainable = False"
            )
    return grads


@dataclass(frozen=True)
class ClipNorm:
    """If all gradients together are longer than ``limit``, shorten them to it.

    >>> import numpy as np
    >>> ClipNorm(1.0)({"a/W": np.array([3.0]), "b/W": np.array([4.0])}, {})
    {'a/W': array([0.6]), 'b/W': array([0.8])}
    """

    limit: float

    def __post_init__(self) -> None:
        positive(self.limit, "a limit", "ClipNorm")

    def __call__(self, grads: Params, params: Params) -> Params:
        """The gradients, in the same direction."""
        squares = sum((g * g).sum() for g in grads.values())
        if isinstance(squares, np.generic | int):
            length = math.sqrt(squares)
            if length <= self.limit:
                return grads
            return {path: g * (self.limit / length) for path, g in grads.items()}
        # On a GPU: the same, without asking how long they are.
        factor = self.limit / ops_for(squares).xp.maximum(squares**0.5, self.limit)
        return {path: g * factor.astype(g.dtype) for path, g in grads.items()}


@dataclass(frozen=True)
class ClipValue:
    """Every number of every gradient is kept within ±``limit``."""

    limit: float

    def __post_init__(self) -> None:
        positive(self.limit, "a limit", "ClipValue")

    def __call__(self, grads: Params, params: Params) -> Params:
        """The gradients, cut off."""
        return {p: ops_for(g).xp.clip(g, -self.limit, self.limit) for p, g in grads.items()}


@dataclass(frozen=True)
class WeightDecay:
    """Adds ``rate · W`` to the gradient of every kernel: the slope of rate/2 · Σ W².

    Biases and the scales of a normalisation are left alone.
    """

    rate: float

    def __post_init__(self) -> None:
        positive(self.rate, "a rate", "WeightDecay")

    def __call__(self, grads: Params, params: Params) -> Params:
        """The gradients, with a pull towards zero."""
        return {
            path: g + self.rate * params[path] if path.endswith("W") else g
            for path, g in grads.items()
        }
