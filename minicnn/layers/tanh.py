"""Tanh: any number into (-1, 1). Derivation: docs/derivations/activations.md."""

from __future__ import annotations

from typing import Any

from minicnn.layers.layer import Layer
from minicnn.typing import Array, Cache, Params


class Tanh(Layer):
    """y = tanh x; since y' = 1 - y², dx = dy · (1 - y²).

        x, y (N, ...)

    >>> import numpy as np
    >>> layer = Tanh()
    >>> _ = layer.build((3,), np.random.default_rng(0))
    >>> layer(np.array([[-50.0, 0.0, 50.0]]))
    array([[-1.,  0.,  1.]])
    """

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        """Squeeze the number line into (-1, 1)."""
        y = self.check(x).xp.tanh(x)
        return y, {"y": y}

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """Steepest at zero, where the slope is 1."""
        self.check_dy(dy)
        return dy * (1 - cache["y"] ** 2), {}
