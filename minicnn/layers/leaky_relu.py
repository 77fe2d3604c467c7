"""LeakyReLU: what is negative fades. Derivation: docs/derivations/activations.md."""

from __future__ import annotations

from typing import Any

from minicnn.arguments import fraction
from minicnn.layers.layer import Layer
from minicnn.typing import Array, Cache, Params


class LeakyReLU(Layer):
    """y = x where x > 0, else slope · x; dx = dy · (1 or slope).

        x, y (N, ...)

    A unit whose input is always negative still learns; behind a ReLU it would not.

    >>> import numpy as np
    >>> layer = LeakyReLU(0.1)
    >>> _ = layer.build((2,), np.random.default_rng(0))
    >>> layer(np.array([[-1.0, 2.0]]))
    array([[-0.1,  2. ]])
    """

    def __init__(self, negative_slope: float = 0.3, name: str | None = None) -> None:
        super().__init__(name)
        self.negative_slope = fraction(negative_slope, "negative_slope", self.where)

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        """Keep what is positive, shrink what is negative."""
        self.check(x)
        slope = self._slope(x > 0, x)
        return x * slope, {"slope": slope}

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """The gradient is shrunk where the signal was."""
        self.check_dy(dy)
        return dy * cache["slope"], {}

    def _slope(self, positive: Array, x: Array) -> Array:
        slope = positive.astype(x.dtype)
        slope += ~positive * slope.dtype.type(self.negative_slope)
        return slope
