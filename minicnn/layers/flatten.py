"""Flatten: maps to one long row, so that Dense can read them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minicnn.arguments import sizes
from minicnn.layers.layer import Layer
from minicnn.typing import Array, Cache, Params, Shape


class Flatten(Layer):
    """y = x with all axes but the batch laid end to end: no number changes.

        x (N, A, B, ...)   y (N, A·B·...)

    >>> layer = Flatten()
    >>> layer.build((17, 17, 64), np.random.default_rng(0))
    (18496,)
    """

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """One axis is left."""
        return self.built(input_shape, (math.prod(sizes(input_shape, self.where)),))

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        """The same numbers in another shape."""
        self.check(x)
        return x.reshape(x.shape[0], *self._shape_out()), {}

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """The gradient, back in the shape of the maps."""
        self.check_dy(dy)
        assert self.input_shape is not None
        return dy.reshape(dy.shape[0], *self.input_shape), {}

    def _shape_out(self) -> Shape:
        assert self.output_shape is not None
        return self.output_shape
