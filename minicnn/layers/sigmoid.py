"""Sigmoid: any number to a probability. Derivation: docs/derivations/activations.md."""

from __future__ import annotations

from typing import Any

from minicnn.layers.layer import Layer
from minicnn.typing import Array, Cache, Params


class Sigmoid(Layer):
    """y = 1 / (1 + e⁻ˣ); since y' = y (1 - y), dx = dy · y (1 - y).

        x, y (N, ...)

    >>> import numpy as np
    >>> layer = Sigmoid()
    >>> _ = layer.build((3,), np.random.default_rng(0))
    >>> layer(np.array([[-1e4, 0.0, 1e4]]))
    array([[0. , 0.5, 1. ]])
    """

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        """Squeeze the number line into (0, 1)."""
        y = self.check(x).sigmoid(x)
        return y, {"y": y}

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """Steep in the middle, flat at both ends."""
        self.check_dy(dy)
        y = cache["y"]
        return dy * y * (1 - y), {}
