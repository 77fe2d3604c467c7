"""An activation behind a convolution, by its own forward and backward (floor 3)."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from minicnn.engine.scratch import Scratch
from minicnn.engine.stages.stage import Block
from minicnn.layers import Layer, ReLU
from minicnn.typing import Array


class Activation:
    """One of a stage's, which works on the stage's own output; ``number`` is the stage's."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer

    @staticmethod
    def of(after: Layer | None) -> Activation | None:
        """None for none, and for a ReLU, which stages know by themselves."""
        return None if after is None or isinstance(after, ReLU) else Activation(after)

    def forward(self, z: Array, block: Block, number: int) -> Array:
        """Keeps what the layer wants kept."""
        y = _like(z, (number, "activated"), block.kept)

        def work() -> None:
            its_y, block.passing["activation", number] = self.layer.forward(z)
            np.copyto(y, its_y)

        block.bench.call(work)
        return y

    def infer(self, z: Array, block: Block, number: int) -> Array:
        """Keeps nothing."""
        y = _like(z, (number, "activated"), block.bench.scratch)
        block.bench.call(lambda: np.copyto(y, self.layer.infer(z)))
        return y

    def backward(self, dy: Array, block: Block, number: int) -> Array:
        """The gradient before it."""
        dz = _like(dy, (number, "before"), block.bench.scratch)

        def work() -> None:
            cache = block.passing.pop(("activation", number))
            np.copyto(dz, self.layer.backward(dy, cache)[0])

        block.bench.call(work)
        return dz


def _like(z: Array, name: Hashable, memory: Scratch) -> Array:
    """An array that lies as z does, with rows and columns exchanged or not."""
    exchanged = not z.flags.c_contiguous and z.swapaxes(1, 2).flags.c_contiguous
    array = memory.take(name, z.swapaxes(1, 2).shape if exchanged else z.shape, z.dtype)
    return array.swapaxes(1, 2) if exchanged else array
