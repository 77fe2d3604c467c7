"""ReLU: what is negative becomes zero. Derivation: docs/derivations/activations.md."""

from __future__ import annotations

from typing import Any

from minicnn.layers.layer import Layer
from minicnn.typing import Array, Cache, Params


class ReLU(Layer):
    """y = max(x, 0), element by element; dx = dy where x > 0, else 0.

        x, y (N, ...)

    At x = 0 there is a kink and no derivative; 0 is taken there, as everyone does.

    >>> import numpy as np
    >>> layer = ReLU()
    >>> _ = layer.build((3,), np.random.default_rng(0))
    >>> y, cache = layer.forward(np.array([[-1.0, 0.0, 2.0]]))
    >>> y
    array([[0., 0., 2.]])
    >>> layer.backward(np.array([[5.0, 5.0, 5.0]]), cache)[0]
    array([[0., 0., 5.]])
    """

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        """Keep what is positive."""
        xp = self.check(x).xp
        y = xp.maximum(x, 0)
        return y, {"y": y}

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """The gradient passes where the signal passed."""
        ops = self.check_dy(dy, like=cache["y"])
        return ops.where_positive(dy, cache["y"]), {}
