"""Softmax: scores to probabilities. Derivation: docs/derivations/softmax.md."""

from __future__ import annotations

from typing import Any

from minicnn.layers.layer import Layer
from minicnn.typing import Array, Cache, Params


class Softmax(Layer):
    """yᵢ = e^xᵢ / Σⱼ e^xⱼ over the last axis; dx = y ⊙ (dy - Σⱼ dyⱼ yⱼ).

        x, y (N, ..., K)

    One class can only gain what the others lose: that is the sum in the backward pass.

    >>> import numpy as np
    >>> layer = Softmax()
    >>> _ = layer.build((2,), np.random.default_rng(0))
    >>> layer(np.array([[0.0, np.log(3.0)]])).round(6)
    array([[0.25, 0.75]])
    """

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        """Probabilities that add up to one along the last axis."""
        y = self.check(x).softmax(x)
        return y, {"y": y}

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """Each class's own gradient, less the average that the probabilities give."""
        self.check_dy(dy)
        y = cache["y"]
        return y * (dy - (dy * y).sum(axis=-1, keepdims=True)), {}
