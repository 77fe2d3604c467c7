"""SiLU, or swish: every number is its own gate. Derivation: docs/derivations/activations.md."""

from __future__ import annotations

from typing import Any

from minicnn.layers.layer import Layer
from minicnn.typing import Array, Cache, Params


class SiLU(Layer):
    """y = x σ(x); by the product rule dx = dy · (σ + x σ (1 - σ)) = dy · (σ + y (1 - σ)).

        x, y (N, ...)

    >>> import numpy as np
    >>> layer = SiLU()
    >>> _ = layer.build((3,), np.random.default_rng(0))
    >>> layer(np.array([[-1.0, 0.0, 1.0]])).round(3)
    array([[-0.269,  0.   ,  0.731]])
    """

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        """The gate is shut on the left and open on the right."""
        gate = self.check(x).sigmoid(x)
        y = x * gate
        return y, {"y": y, "gate": gate}

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """What passes the gate, and what moves it."""
        y, gate = cache["y"], cache["gate"]
        self.check_dy(dy, like=y)
        return dy * (gate + y * (1 - gate)), {}
