"""GELU: every number weighed by its rank among normal draws.

Derivation: docs/derivations/activations.md.
"""

from __future__ import annotations

from typing import Any

from minicnn.layers.layer import Layer
from minicnn.typing import Array, Cache, Params


class GELU(Layer):
    """y = x Φ(x), with Φ(x) the chance that a normal draw is below x; dx = dy · (Φ + x φ).

        x, y (N, ...)        φ(x) = e^(-x²/2) / √(2π), the slope of Φ

    This is the exact one, as in Keras and PyTorch, and not its approximation by a tanh.

    >>> import numpy as np
    >>> layer = GELU()
    >>> _ = layer.build((3,), np.random.default_rng(0))
    >>> layer(np.array([[-1.0, 0.0, 1.0]])).round(4)
    array([[-0.1587,  0.    ,  0.8413]])
    """

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        """Of a number that is lower than most, little is kept."""
        below = self.check(x).normal_cdf(x)
        return x * below, {"x": x, "below": below}

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """The product rule: Φ' = φ."""
        x = cache["x"]
        density = self.check_dy(dy, like=x).normal_density(x)
        return dy * (cache["below"] + x * density), {}
