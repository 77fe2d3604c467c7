"""Any layer at all, by its own forward and backward."""

from __future__ import annotations

from minicnn.engine.plan.block import BlockPart, size_of
from minicnn.engine.plan.samples import Samples
from minicnn.layers import Layer, contract
from minicnn.typing import Array, Params


class LayerPart(BlockPart):
    """What has no faster part, and every layer that a user writes.

    It gets a block, or the whole batch if it says ``per_sample = False`` or has running figures.
    """

    def __init__(self, layer: Layer, path: str, by_block: bool) -> None:
        self.layer, self.path, self.by_block = layer, path, by_block
        self.takes_shares = by_block or (layer.per_sample and not layer.state)

    def forward(self, samples: Samples, *xs: Array) -> Array:
        """It draws what it would draw for the whole batch."""
        (x,) = xs

        def make() -> Array:
            y, samples.caches[self.number] = contract.forward(self.layer, x, samples.moment)
            return y

        return samples.fresh(make, lambda: self._place(samples, x, keep=True))

    def backward(self, samples: Samples, dy: Array, need_dx: bool) -> tuple[Array, ...]:
        """Its gradients are not recorded: a call makes all of this anew, their sums and all."""

        def make() -> Array:
            dx, grads = contract.backward(self.layer, dy, samples.cache_of(self))
            for key, gradient in grads.items():
                samples.add_gradient(self.path + key, gradient, recorded=False)
            return dx

        if not need_dx:
            samples.call(make)
            return ()
        shape = (len(dy), *(self.layer.input_shape or ()))
        return (samples.fresh(make, lambda: samples.room(self, "dx", shape, dy.dtype)),)

    def infer(self, samples: Samples, *xs: Array) -> Array:
        (x,) = xs

        def make() -> Array:
            return contract.output(self.layer, self.layer.infer(x), len(x))

        return samples.fresh(make, lambda: self._place(samples, x, keep=False))

    def _place(self, samples: Samples, x: Array, keep: bool) -> Array:
        """Where its output is copied, in the dtype of x."""
        shape = (len(x), *(self.layer.output_shape or ()))
        return samples.result(self, shape, x.dtype, keep)

    def next_state(self, samples: Samples) -> Params:
        """The layer's own rule."""
        if self.by_block:
            return {}
        state = self.layer.next_state(samples.caches[self.number])
        return {self.path + key: value for key, value in state.items()}

    def size(self) -> int:
        """As the layer says."""
        return self.layer.count_params()

    def working_set(self, itemsize: int) -> int:
        """Its input and output, and what it may compute on the way."""
        sizes = size_of(self.layer.input_shape) + size_of(self.layer.output_shape)
        return 2 * itemsize * sizes
