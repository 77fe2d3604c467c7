"""An activation behind a convolution, by its own forward and backward."""

from __future__ import annotations

from collections.abc import Hashable

from minicnn.engine.plan.block import Block
from minicnn.engine.plan.samples import Numbered
from minicnn.layers import Layer, ReLU
from minicnn.typing import Array


class Activation:
    """One that works on the output of the part that it belongs to, and in that part's name."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer

    @staticmethod
    def of(after: Layer | None) -> Activation | None:
        """None for none, and for a ReLU, which parts know by themselves."""
        return None if after is None or isinstance(after, ReLU) else Activation(after)

    def forward(self, z: Array, block: Block, part: Numbered) -> Array:
        """Keeps what the layer wants kept."""

        def make() -> Array:
            y, block.caches["activation", part.number] = self.layer.forward(z)
            return y

        return block.fresh(make, lambda: _like(z, "activated", block, part, keep=True))

    def infer(self, z: Array, block: Block, part: Numbered) -> Array:
        """Keeps nothing."""
        return block.fresh(lambda: self.layer.infer(z), lambda: _like(z, "activated", block, part))

    def backward(self, dy: Array, block: Block, part: Numbered) -> Array:
        """The gradient before it."""

        def make() -> Array:
            cache = block.caches.pop(("activation", part.number))
            return self.layer.backward(dy, cache)[0]

        return block.fresh(make, lambda: _like(dy, "before activation", block, part))


def _like(z: Array, name: Hashable, block: Block, part: Numbered, keep: bool = False) -> Array:
    """An array that lies as z does, with rows and columns exchanged or not."""
    exchanged = not z.flags.c_contiguous and z.swapaxes(1, 2).flags.c_contiguous
    shape = z.swapaxes(1, 2).shape if exchanged else z.shape
    array = block.room(part, name, shape, z.dtype, keep)
    return array.swapaxes(1, 2) if exchanged else array
