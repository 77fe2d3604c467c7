"""GlobalMaxPool2D: one number for each channel, the largest of its map.

Derivation: docs/derivations/pooling.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.layers.layer import Layer
from minicnn.typing import Array, Cache, Params, Shape


class GlobalMaxPool2D(Layer):
    """y[n,c] = max over the whole map of x[n,·,·,c]: a MaxPool2D as large as the map.

        x (N, H, W, C)   y (N, C)

    >>> layer = GlobalMaxPool2D()
    >>> layer.build((2, 2, 1), np.random.default_rng(0))
    (1,)
    >>> layer(np.array([1.0, 2, 3, 6]).reshape(1, 2, 2, 1))
    array([[6.]])
    """

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """Only the channels are left."""
        _, _, C = self.maps(input_shape)
        return self.built(input_shape, (C,))

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        """Whether something is there, wherever it is."""
        self.check(x)
        cells = x.reshape(x.shape[0], -1, x.shape[3])  # (N, H·W, C)
        return cells.max(axis=1), {"winner": cells.argmax(axis=1)}  # of equals, the first

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """The winner takes it all: a nudge to any other cell changes nothing."""
        xp = self.check_dy(dy, like=cache["winner"]).xp
        assert self.input_shape is not None
        H, W, _ = self.input_shape
        won = cache["winner"][:, None, :] == xp.arange(H * W)[:, None]  # (N, H·W, C)
        return xp.where(won, dy[:, None, :], 0).reshape(dy.shape[0], *self.input_shape), {}
