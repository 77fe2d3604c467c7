"""Softplus: a ReLU with a round corner. Derivation: docs/derivations/activations.md."""

from __future__ import annotations

from typing import Any

from minicnn.layers.layer import Layer
from minicnn.typing import Array, Cache, Params


class Softplus(Layer):
    """y = log(1 + eˣ); its slope is the sigmoid, dx = dy · σ(x).

        x, y (N, ...)

    Always positive: what a network gives as a width, a rate or a variance.

    >>> import numpy as np
    >>> layer = Softplus()
    >>> _ = layer.build((3,), np.random.default_rng(0))
    >>> layer(np.array([[-1000.0, 0.0, 1000.0]])).round(4)
    array([[0.000e+00, 6.931e-01, 1.000e+03]])
    """

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        """Nearly 0 far to the left, nearly x far to the right."""
        return self.check(x).softplus(x), {"x": x}

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """From slope 0 on the left to slope 1 on the right."""
        x = cache["x"]
        return dy * self.check_dy(dy, like=x).sigmoid(x), {}
