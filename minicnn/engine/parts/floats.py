"""Pictures to floats, block by block.

A batch of uint8 pictures is four times smaller than its floats. Converted in its block, a
picture goes straight from its bytes into the core's cache.
"""

from __future__ import annotations

import numpy as np

from minicnn.engine.plan.block import Block, BlockPart, size_of
from minicnn.typing import Array, DType, Shape


class FloatPart(BlockPart):
    """As ``Ops.floats``: uint8 becomes 0..1, every other kind of number keeps its value."""

    title = "to floats"

    def __init__(self, input_shape: Shape, dtype: DType) -> None:
        self.input_shape, self.dtype = input_shape, dtype

    def forward(self, samples: Block, *xs: Array) -> Array:
        """Kept: the first layer's backward pass reads it again."""
        return self._convert(xs[0], samples, keep=True)

    def infer(self, samples: Block, *xs: Array) -> Array:
        return self._convert(xs[0], samples, keep=False)

    def _convert(self, x: Array, samples: Block, keep: bool) -> Array:
        y, do = samples.room(self, "y", x.shape, self.dtype, keep), samples.workspace.do
        if x.dtype == np.uint8:
            do.multiply(x, np.asarray(1 / 255, self.dtype), out=y)
        else:
            do.copyto(y, x, casting="same_kind")
        return y

    def backward(self, samples: Block, dy: Array, need_dx: bool) -> tuple[Array, ...]:
        """Nobody asks for the gradient of a picture."""
        return (dy,)

    def working_set(self, itemsize: int) -> int:
        return itemsize * size_of(self.input_shape)
