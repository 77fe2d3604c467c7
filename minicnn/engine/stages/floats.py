"""Pictures to floats, block by block (floor 3).

A batch of uint8 pictures is four times smaller than its floats. Converted in its block, a
picture goes straight from its bytes into the core's cache.
"""

from __future__ import annotations

import numpy as np

from minicnn.engine.stages.stage import Block, Stage, numbers
from minicnn.typing import Array, DType, Shape


class FloatStage(Stage):
    """As ``Ops.floats``: uint8 becomes 0..1, every other kind of number keeps its value."""

    def __init__(self, input_shape: Shape, dtype: DType) -> None:
        self.input_shape, self.dtype = input_shape, dtype

    def forward(self, x: Array, block: Block) -> Array:
        """Kept: the first layer's backward pass reads it again."""
        return self._convert(x, block.kept.take((self.number, "y"), x.shape, self.dtype), block)

    def infer(self, x: Array, block: Block) -> Array:
        """In scratch."""
        y = block.bench.scratch.take((self.number, "y"), x.shape, self.dtype)
        return self._convert(x, y, block)

    def _convert(self, x: Array, y: Array, block: Block) -> Array:
        do = block.bench.do
        if x.dtype == np.uint8:
            do.multiply(x, np.asarray(1 / 255, self.dtype), out=y)
        else:
            do.copyto(y, x, casting="same_kind")
        return y

    def backward(self, dy: Array, block: Block, need_dx: bool) -> Array | None:
        """Nobody asks for the gradient of a picture."""
        return dy

    def working_set(self, itemsize: int) -> int:
        """What comes out."""
        return itemsize * numbers(self.input_shape)

    def gradient_size(self) -> int:
        """Nothing to learn."""
        return 0
