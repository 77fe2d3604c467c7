"""UpSample2D: every cell becomes a block of equals.

Derivation: docs/derivations/pooling.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.backends import pair
from minicnn.layers.layer import Layer
from minicnn.typing import Array, Cache, Pair, Params, Shape


class UpSample2D(Layer):
    """y[n,i,j,c] = x[n, i // SH, j // SW, c]: the nearest neighbour.

        x (N, H, W, C)   y (N, H·SH, W·SW, C)

    >>> layer = UpSample2D(2)
    >>> layer.build((1, 2, 1), np.random.default_rng(0))
    (2, 4, 1)
    >>> layer(np.array([1.0, 2.0]).reshape(1, 1, 2, 1))[0, :, :, 0]
    array([[1., 1., 2., 2.],
           [1., 1., 2., 2.]])
    """

    def __init__(self, size: int | Pair = 2, name: str | None = None) -> None:
        super().__init__(name)
        self.size = pair(size, f"{self.where}: size")

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """Height and width grow; channels stay."""
        H, W, C = self.maps(input_shape)
        return self.built(input_shape, (H * self.size[0], W * self.size[1], C))

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        return self.check(x).upsample(x, self.size), {}

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """A cell that was copied gathers the gradients of its copies."""
        return self.check_dy(dy).upsample_backward(dy, self.size), {}
