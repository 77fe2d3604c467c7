"""What can stand between the network and the optimizer.

All gradients leave the network as one mapping from a parameter's path to its array. Each of
these is a function ``(grads, params) -> grads``, and so can be one of yours:

    model.compile(..., gradients=[mc.ClipNorm(1.0), lambda grads, params: ...])
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicnn.arguments import positive
from minicnn.backends import are_numpys, ops_for
from minicnn.errors import ConfigError, NotFiniteError
from minicnn.typing import Array, Params

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

    Gradients that are not finite have no length: a ``NotFiniteError``, before anything has moved.
    On a GPU nobody waits for the length, and such gradients go on as they are.

    >>> import numpy as np
    >>> ClipNorm(1.0)({"a/W": np.array([3.0]), "b/W": np.array([4.0])}, {})
    {'a/W': array([0.6]), 'b/W': array([0.8])}
    """

    limit: float

    def __post_init__(self) -> None:
        positive(self.limit, "a limit", "ClipNorm")

    def __call__(self, grads: Params, params: Params) -> Params:
        """The gradients, in the same direction."""
        if not are_numpys(*grads.values()):
            return self._on_a_device(grads)
        with np.errstate(over="ignore", invalid="ignore"):
            squares = sum((g * g).sum() for g in grads.values())
        if not _is_exact(squares):
            return self._of_extremes(grads)
        length = math.sqrt(squares)
        if length <= self.limit:
            return grads
        return {path: g * (self.limit / length) for path, g in grads.items()}

    def _of_extremes(self, grads: Params) -> Params:
        """Where squares overflow or vanish: the same, of gradients whose largest number is 1."""
        largest = max((_largest(path, g) for path, g in grads.items()), default=0.0)
        if largest == 0:
            return grads
        scaled = {path: g / g.dtype.type(largest) for path, g in grads.items()}
        length = math.sqrt(
            sum(float(np.square(g, dtype=np.float64).sum()) for g in scaled.values())
        )
        if length <= self.limit / largest:
            return grads
        return {path: g * (self.limit / length) for path, g in scaled.items()}

    def _on_a_device(self, grads: Params) -> Params:
        """Without asking how long they are. The square of a float32 fits into a float64."""
        xp = ops_for(*grads.values()).xp
        squares = sum((g.astype(np.float64) ** 2).sum() for g in grads.values())
        factor = self.limit / xp.maximum(squares**0.5, self.limit)
        return {path: g * factor.astype(g.dtype) for path, g in grads.items()}


def _is_exact(squares: Any) -> bool:
    """Whether a sum of squares neither overflowed nor lost its digits; 0 may have."""
    return bool(np.finfo(getattr(squares, "dtype", float)).tiny <= squares < math.inf)


def _largest(path: str, g: Array) -> float:
    largest = float(abs(g).max(initial=0))
    if not math.isfinite(largest):
        raise NotFiniteError(
            f"ClipNorm: expected finite gradients, got NaN or infinity in that of {path!r}; lower "
            f"the learning rate, or scale the inputs to about -1..1"
        )
    return largest


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
