"""Any layer at all, by its own forward and backward (floor 3)."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.engine.scratch import Scratch
from minicnn.engine.stages.stage import Block, Stage, numbers
from minicnn.engine.tape import Bench
from minicnn.layers import Layer, contract
from minicnn.randomness import Moment
from minicnn.typing import Array


class LayerStage(Stage):
    """What has no faster stage, and every layer that a user writes."""

    def __init__(self, layer: Layer, path: str) -> None:
        self.layer = layer
        self.path = path

    def forward(self, x: Array, block: Block) -> Array:
        """The layer's own; it draws what it would draw for the whole batch."""
        y = self._room(x, block, block.kept)

        def work() -> None:
            its_y, block.passing[self.number] = contract.forward(self.layer, x, at_sample(block))
            np.copyto(y, its_y)

        block.bench.call(work)
        return y

    def backward(self, dy: Array, block: Block, need_dx: bool) -> Array | None:
        """The layer's own."""
        shape = (len(dy), *(self.layer.input_shape or ()))
        dx = block.bench.scratch.take((self.number, "dx"), shape, dy.dtype) if need_dx else None

        def work() -> None:
            its_dx, grads = contract.backward(self.layer, dy, block.passing.pop(self.number))
            for key, gradient in grads.items():
                # Not through the block's bench: a tape does all of this anew, sum and all.
                block.add_gradient(self.path + key, gradient, Bench())
            if dx is not None:
                np.copyto(dx, its_dx)

        block.bench.call(work)
        return dx

    def infer(self, x: Array, block: Block) -> Array:
        """The layer's own."""
        y = self._room(x, block, block.bench.scratch)

        def work() -> None:
            np.copyto(y, contract.output(self.layer, self.layer.infer(x), len(x)))

        block.bench.call(work)
        return y

    def _room(self, x: Array, block: Block, memory: Scratch) -> Array:
        """Where its output is copied, in the dtype of x: tapes know arrays by their place."""
        shape = (len(x), *(self.layer.output_shape or ()))
        return block.result(self.number, memory, "y", shape, x.dtype)

    def working_set(self, itemsize: int) -> int:
        """Its input and output, and what it may compute on the way."""
        sizes = numbers(self.layer.input_shape) + numbers(self.layer.output_shape)
        return 2 * itemsize * sizes

    def gradient_size(self) -> int:
        """As the layer says."""
        return self.layer.count_params()


def at_sample(block: Block) -> Any:
    """``training`` for this block: a moment that knows the place in the batch."""
    if not block.training:
        return block.training
    return Moment.of(block.training).at_sample(block.rows.start)
