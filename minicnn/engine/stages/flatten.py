"""Flatten: the same numbers in another shape (floor 3)."""

from __future__ import annotations

from minicnn.engine.stages.stage import Block, Stage, numbers
from minicnn.layers import Flatten
from minicnn.typing import Array


class FlattenStage(Stage):
    """Nothing to do, if the maps lie in their usual order."""

    def __init__(self, layer: Flatten) -> None:
        assert layer.input_shape is not None
        self.shape = layer.input_shape

    def forward(self, x: Array, block: Block) -> Array:
        """A view, if that can be."""
        return self._flat(x, block)

    def infer(self, x: Array, block: Block) -> Array:
        """The same."""
        return self._flat(x, block)

    def _flat(self, x: Array, block: Block) -> Array:
        if not x.flags.c_contiguous:
            y = block.result(self.number, block.kept, "y", (len(x), numbers(self.shape)), x.dtype)
            block.bench.do.copyto(y.reshape(x.shape), x)
            return y
        return x.reshape(len(x), -1)

    def backward(self, dy: Array, block: Block, need_dx: bool) -> Array | None:
        """A view."""
        return dy.reshape(len(dy), *self.shape)

    def working_set(self, itemsize: int) -> int:
        """Its input."""
        return itemsize * numbers(self.shape)

    def gradient_size(self) -> int:
        """Nothing to learn."""
        return 0
