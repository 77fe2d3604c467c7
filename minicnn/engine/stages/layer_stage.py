"""Any layer at all, by its own forward and backward (floor 3)."""

from __future__ import annotations

from typing import Any

from minicnn.engine.stages.stage import Block, Stage, numbers
from minicnn.layers import Layer, contract
from minicnn.randomness import Moment
from minicnn.typing import Array


class LayerStage(Stage):
    """What has no faster stage, and every layer that a user writes."""

    def __init__(self, layer: Layer, path: str) -> None:
        self.layer = layer
        self.path = path

    def plays(self) -> bool:
        """Layers make arrays of their own."""
        return False

    def forward(self, x: Array, block: Block) -> Array:
        """The layer's own; it draws what it would draw for the whole batch."""
        y, block.cache[self.number] = contract.forward(self.layer, x, at_sample(block))
        return y

    def backward(self, dy: Array, block: Block, need_dx: bool) -> Array | None:
        """The layer's own."""
        dx, grads = contract.backward(self.layer, dy, block.cache.pop(self.number))
        for key, gradient in grads.items():
            block.add_gradient(self.path + key, gradient)
        return dx

    def infer(self, x: Array, block: Block) -> Array:
        """The layer's own."""
        return contract.output(self.layer, self.layer.infer(x), len(x))

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
