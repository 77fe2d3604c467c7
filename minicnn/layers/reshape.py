"""Reshape: the same numbers along other axes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from minicnn.arguments import is_whole, sizes
from minicnn.errors import ConfigError, ShapeError
from minicnn.layers.layer import Layer
from minicnn.typing import Array, Cache, Params, Shape


class Reshape(Layer):
    """y = x with the axes of ``target_shape`` behind the batch: no number changes.

        x (N, ...)   y (N, *target_shape)

    One axis may be -1: as long as what is left over.

    >>> layer = Reshape((4, 4, -1))
    >>> layer.build((48,), np.random.default_rng(0))
    (4, 4, 3)
    """

    def __init__(self, target_shape: Iterable[int], name: str | None = None) -> None:
        super().__init__(name)
        axes = tuple(target_shape) if isinstance(target_shape, Iterable) else (target_shape,)
        fits = all(is_whole(axis) and (axis >= 1 or axis == -1) for axis in axes)
        if not fits or sum(axis == -1 for axis in axes) > 1:
            raise ConfigError(
                f"{self.where}: expected target_shape as positive whole numbers, of which one may "
                f"be -1, got {target_shape!r}; leave the batch out: Reshape((4, 4, 3))"
            )
        self.target_shape: Shape = tuple(int(axis) for axis in axes)

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """An axis of -1 gets what the others leave."""
        numbers = math.prod(sizes(input_shape, self.where))
        given = math.prod(axis for axis in self.target_shape if axis != -1)
        output_shape = tuple(numbers // given if a == -1 else a for a in self.target_shape)
        if math.prod(output_shape) != numbers:
            raise ShapeError(
                f"{self.where}: expected an input of as many numbers as {self.target_shape} has, "
                f"got {numbers} numbers of shape {tuple(input_shape)}; change target_shape"
            )
        return self.built(input_shape, output_shape)

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        """The same numbers in another shape."""
        self.check(x)
        return x.reshape(x.shape[0], *(self.output_shape or ())), {}

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """The gradient, back in the shape of the input."""
        self.check_dy(dy)
        return dy.reshape(dy.shape[0], *(self.input_shape or ())), {}
