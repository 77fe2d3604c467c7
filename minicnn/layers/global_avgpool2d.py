"""GlobalAvgPool2D: one number for each channel, the mean of its map.

Derivation: docs/derivations/pooling.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.layers.layer import Layer
from minicnn.typing import Array, Cache, Params, Shape


class GlobalAvgPool2D(Layer):
    """y[n,c] = mean over the whole map of x[n,·,·,c].

        x (N, H, W, C)   y (N, C)

    >>> layer = GlobalAvgPool2D()
    >>> layer.build((2, 2, 1), np.random.default_rng(0))
    (1,)
    >>> layer(np.array([1.0, 2, 3, 6]).reshape(1, 2, 2, 1))
    array([[3.]])
    """

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """Only the channels are left."""
        _, _, C = self.maps(input_shape)
        return self.built(input_shape, (C,))

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        """Where something is no longer matters, only how much of it there is."""
        self.check(x)
        return x.mean(axis=(1, 2)), {}

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """Each of the H·W cells gets an equal share."""
        xp = self.check_dy(dy).xp
        assert self.input_shape is not None
        H, W, _ = self.input_shape
        share = dy[:, None, None, :] / (H * W)
        return xp.broadcast_to(share, (dy.shape[0], *self.input_shape)).copy(), {}
