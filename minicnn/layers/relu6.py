"""ReLU6: what is negative becomes zero, what is above six becomes six.

Derivation: docs/derivations/activations.md.
"""

from __future__ import annotations

from typing import Any

from minicnn.layers.layer import Layer
from minicnn.typing import Array, Cache, Params

CEILING = 6  # MobileNet's choice: activations that fit a number of few bits


class ReLU6(Layer):
    """y = min(max(x, 0), 6); dx = dy where 0 < x < 6, else 0.

        x, y (N, ...)

    >>> import numpy as np
    >>> layer = ReLU6()
    >>> _ = layer.build((3,), np.random.default_rng(0))
    >>> y, cache = layer.forward(np.array([[-1.0, 2.0, 9.0]]))
    >>> y
    array([[0., 2., 6.]])
    >>> layer.backward(np.array([[5.0, 5.0, 5.0]]), cache)[0]
    array([[0., 5., 0.]])
    """

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        """Keep what lies between."""
        xp = self.check(x).xp
        y = xp.minimum(xp.maximum(x, 0), CEILING)
        return y, {"y": y}

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """The gradient passes where the signal passed unchanged."""
        y = cache["y"]
        self.check_dy(dy, like=y)
        return dy * ((y > 0) & (y < CEILING)), {}
