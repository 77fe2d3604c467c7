"""Concat: several looks at the same input, side by side.

Derivation: docs/derivations/chain.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.errors import ConfigError, ShapeError
from minicnn.layers import contract
from minicnn.layers.container import Container
from minicnn.layers.layer import Layer
from minicnn.typing import Array, Params, Shape


class Concat(Container):
    """y = [f₁(x), f₂(x), ...] along the last axis; dx is the sum of what the branches give back.

        x (N, ...)   fᵢ(x) (N, ..., Cᵢ)   y (N, ..., C₁ + C₂ + ...)

    >>> from minicnn.layers import Chain, Dense
    >>> layer = Concat(Chain(), Dense(2))           # an empty chain passes x through
    >>> layer.build((3,), np.random.default_rng(0))
    (5,)
    """

    def __init__(self, *branches: Layer, name: str | None = None) -> None:
        super().__init__(branches, name)
        if not branches:
            raise ConfigError(f"{self.where}: expected at least one branch, got none")

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """The branches must agree in all axes but the last."""
        self._name_children()
        shapes = [self._build_child(branch, input_shape, rng) for branch in self.layers]
        if len({shape[:-1] for shape in shapes}) > 1:
            raise ShapeError(
                f"{self.where}: expected branches that agree in all axes but the last, got "
                f"{', '.join(map(str, shapes))}; give them the same strides and padding"
            )
        ends = np.cumsum([shape[-1] for shape in shapes])
        self.slices = [slice(int(e) - s[-1], int(e)) for e, s in zip(ends, shapes, strict=True)]
        return self.built(input_shape, (*shapes[0][:-1], int(ends[-1])))

    def forward(self, x: Array, training: Any = False) -> tuple[Array, list[Any]]:
        """Every branch sees the same x."""
        xp = self.check(x).xp
        results = [contract.forward(branch, x, training) for branch in self.layers]
        return xp.concatenate([y for y, _ in results], axis=-1), [cache for _, cache in results]

    def backward(self, dy: Array, cache: list[Any]) -> tuple[Array, Params]:
        """Each branch gets its own slice of dy; x, used by all, adds up what comes back."""
        ops = self.check_dy(dy)
        dx: Any = 0
        grads: Params = {}
        for branch, its_cache, its_slice in zip(self.layers, cache, self.slices, strict=True):
            its_dy = ops.xp.ascontiguousarray(dy[..., its_slice])
            its_dx, its_grads = contract.backward(branch, its_dy, its_cache)
            dx = dx + its_dx
            grads |= self._paths(branch, its_grads)
        return dx, grads

    def next_state(self, cache: list[Any]) -> Params:
        """What each branch's running figures become."""
        return {
            f"{branch.name}/{key}": value
            for branch, its_cache in zip(self.layers, cache, strict=True)
            for key, value in branch.next_state(its_cache).items()
        }

    def config(self) -> dict[str, Any]:
        return {"branches": self.layers, "name": self.name}

    def __repr__(self) -> str:
        return f"Concat({', '.join(map(repr, self.layers))})"
