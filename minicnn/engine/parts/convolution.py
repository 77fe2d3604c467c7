"""What the parts for a Conv2D share: its parameters, and the activation behind it.

There are three: ``conv2d.py`` for most, ``pointwise.py`` for kernels of 1×1, ``depthwise.py`` for
one filter a channel. A ReLU they mostly do themselves, as an operation or two on their result. Any
other activation works by the layer's own forward and backward.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable
from typing import Any

import numpy as np

from minicnn.engine.plan.block import Block, BlockPart, param
from minicnn.layers import BatchNorm, Conv2D, Layer, ReLU
from minicnn.typing import Array, Shape


class Convolution(BlockPart):
    """y = activation(convolve(x)). ``norm`` is for prediction only: it is folded into W and b."""

    knows_relu = True  # whether ``convolve`` does it

    def __init__(
        self, conv: Conv2D, path: str, after: Layer | None, norm: BatchNorm | None = None
    ) -> None:
        self.conv, self.path, self.window, self.norm = conv, path, conv.window, norm
        self.relu = self.knows_relu and isinstance(after, ReLU)
        self.activation = None if self.relu else after

    def weights(self, dtype: Any) -> tuple[Array, Array | None]:
        """W and b, or those of a convolution that normalises too.

        Both are linear, and so is one after the other: ((x·W + b) - mean) · s + beta
        = x·(W s) + ((b - mean) s + beta), with s = gamma / √(var + ε).
        """
        W, norm = param(self.conv, "W", dtype), self.norm
        b = param(self.conv, "b", dtype) if self.conv.use_bias else None
        if norm is None:
            return W, b
        state = {key: value.astype(dtype) for key, value in norm.state.items()}
        s = param(norm, "gamma", dtype) / np.sqrt(state["var"] + W.dtype.type(norm.epsilon))
        shifted = -state["mean"] if b is None else b - state["mean"]
        return W * s, shifted * s + param(norm, "beta", dtype)

    @abstractmethod
    def convolve(self, block: Block, x: Array, keep: bool) -> Array:
        """All but the activation; with ``keep``, what ``backward`` needs is noted."""

    def forward(self, samples: Block, *xs: Array) -> Array:
        """Keeps what the activation wants kept, too."""
        z, after = self.convolve(samples, xs[0], keep=True), self.activation
        if after is None:
            return z

        def make() -> Array:
            y, cache = after.forward(z)
            samples.caches[self.number] = cache
            return y

        return samples.fresh(make, lambda: self._place_for_activated(z, samples, keep=True))

    def infer(self, samples: Block, *xs: Array) -> Array:
        z, after = self.convolve(samples, xs[0], keep=False), self.activation
        if after is None:
            return z
        return samples.fresh(
            lambda: after.infer(z), lambda: self._place_for_activated(z, samples, keep=False)
        )

    def before_activation(self, samples: Block, dy: Array) -> Array:
        """The gradient before it: the first line of each ``backward``."""
        after = self.activation
        if after is None:
            return dy
        return samples.fresh(
            lambda: after.backward(dy, samples.cache_of(self))[0],
            lambda: self._like(dy, "before activation", samples),
        )

    def place_for(self, shape: Shape, dtype: Any, block: Block, keep: bool) -> Array:
        """Where ``convolve`` writes maps that lie as usual.

        What an activation reads it may want kept, so that does not lie where the result belongs.
        """
        if self.activation is None:
            return block.result(self, shape, dtype, keep)
        return block.room(self, "y", shape, dtype, keep)

    def _place_for_activated(self, z: Array, block: Block, keep: bool) -> Array:
        if block.target is not None and block.target[0] == self.number:
            return block.target[1]
        return self._like(z, "activated", block, keep)

    def _like(self, z: Array, name: Hashable, samples: Block, keep: bool = False) -> Array:
        """An array that lies as z does, with rows and columns exchanged or not."""
        exchanged = not z.flags.c_contiguous and z.swapaxes(1, 2).flags.c_contiguous
        shape = z.swapaxes(1, 2).shape if exchanged else z.shape
        array = samples.room(self, name, shape, z.dtype, keep)
        return array.swapaxes(1, 2) if exchanged else array

    def size(self) -> int:
        """The kernel and the bias."""
        return self.conv.count_params()
