"""Flatten: the same numbers in another shape."""

from __future__ import annotations

from minicnn.engine.plan.block import Block, BlockPart, size_of
from minicnn.layers import Flatten
from minicnn.typing import Array


class FlattenPart(BlockPart):
    """Nothing to do, if the maps lie in their usual order."""

    def __init__(self, layer: Flatten) -> None:
        assert layer.input_shape is not None
        self.shape = layer.input_shape

    def forward(self, samples: Block, *xs: Array) -> Array:
        """A view, if that can be."""
        (x,) = xs
        if not x.flags.c_contiguous:
            y = samples.result(self, (len(x), size_of(self.shape)), x.dtype, keep=True)
            samples.workspace.do.copyto(y.reshape(x.shape), x)
            return y
        return x.reshape(len(x), -1)

    infer = forward

    def backward(self, samples: Block, dy: Array, need_dx: bool) -> tuple[Array, ...]:
        return (dy.reshape(len(dy), *self.shape),)

    def working_set(self, itemsize: int) -> int:
        return itemsize * size_of(self.shape)
