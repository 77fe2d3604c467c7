"""AvgPool2D: the mean of each window. Derivation: docs/derivations/pooling.md."""

from __future__ import annotations

from typing import Any

from minicnn.layers.pool2d import Pool2D
from minicnn.typing import Array, Cache, Params


class AvgPool2D(Pool2D):
    """y[n,i,j,c] = mean over the window at (i, j) of x[n,·,·,c]; padding does not count.

        x (N, H, W, C)   y (N, OH, OW, C)

    >>> import numpy as np
    >>> layer = AvgPool2D(2)
    >>> layer.build((2, 4, 1), np.random.default_rng(0))
    (1, 2, 1)
    >>> layer(np.array([[1.0, 3, 2, 2], [5, 7, 2, 2]]).reshape(1, 2, 4, 1)).ravel()
    array([4., 2.])
    """

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        """Every real cell of a window counts the same."""
        return self.check(x).avgpool(x, self.window), {}

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """So every real cell gets the same share of the gradient."""
        return self.check_dy(dy).avgpool_backward(dy, self.window), {}
