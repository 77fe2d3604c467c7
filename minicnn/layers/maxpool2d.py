"""MaxPool2D: of each window only the strongest answer.

Derivation: docs/derivations/pooling.md.
"""

from __future__ import annotations

from typing import Any

from minicnn.layers.pool2d import Pool2D
from minicnn.typing import Array, Cache, Params


class MaxPool2D(Pool2D):
    """y[n,i,j,c] = max over the window at (i, j) of x[n,·,·,c].

        x (N, H, W, C)   y (N, OH, OW, C)   code (N, OH, OW, C): which cell won

    >>> import numpy as np
    >>> layer = MaxPool2D(2)
    >>> layer.build((4, 4, 1), np.random.default_rng(0))
    (2, 2, 1)
    >>> picture = np.array([[1.0, 3, 2, 1], [2, 9, 1, 1], [1, 3, 2, 3], [5, 6, 1, 2]])
    >>> y, cache = layer.forward(picture.reshape(1, 4, 4, 1))
    >>> y[0, :, :, 0]
    array([[9., 2.],
           [6., 3.]])
    >>> dx, _ = layer.backward(np.ones((1, 2, 2, 1)), cache)
    >>> dx[0, :, :, 0]
    array([[0., 0., 1., 0.],
           [0., 1., 0., 0.],
           [0., 0., 0., 1.],
           [0., 1., 0., 0.]])
    """

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        """Keep the winner of each window, and note which cell it was."""
        y, code = self.check(x).maxpool(x, self.window)
        return y, {"code": code}

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """The winner gets the whole gradient: a nudge to any other cell changes nothing."""
        return self.check_dy(dy).maxpool_backward(dy, cache["code"], self.window), {}
