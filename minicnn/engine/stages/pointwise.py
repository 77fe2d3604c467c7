"""A 1×1 convolution, its bias and ReLU: one product of the maps as they are (floor 3)."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.engine.scratch import Scratch
from minicnn.engine.stages.activation import Activation
from minicnn.engine.stages.conv import folded
from minicnn.engine.stages.products import in_chunks, times, transposed_times
from minicnn.engine.stages.slide import in_memory
from minicnn.engine.stages.stage import Block, Stage, numbers, param, renewed
from minicnn.layers import BatchNorm, Conv2D, Layer, ReLU
from minicnn.typing import Array


class PointwiseStage(Stage):
    """A window of one cell that visits every place: nothing to gather."""

    def __init__(
        self, conv: Conv2D, path: str, after: Layer | None, norm: BatchNorm | None = None
    ) -> None:
        self.conv, self.path, self.norm = conv, path, norm
        self.relu, self.activation = isinstance(after, ReLU), Activation.of(after)

    @staticmethod
    def suits(conv: Conv2D) -> bool:
        """One cell, no steps, no border."""
        window = conv.window
        return window.cells == 1 and window.strides == (1, 1) and not window.is_padded

    def prepare_forward(self, dtype: Any, earlier: Any) -> tuple[Array, Array | None]:
        """W as a matrix, and b."""
        W, b = folded(self.conv, self.norm, dtype)
        its_W, its_b = earlier or (None, None)
        its_W = renewed(its_W, W.reshape(-1, self.conv.filters))
        return its_W, None if b is None else renewed(its_b, b)

    def forward(self, x: Array, block: Block) -> Array:
        """Keeps x and y."""
        y = self._product(x, block, block.kept)
        block.cache[self.number] = (x, y)
        return y if self.activation is None else self.activation.forward(y, block, self.number)

    def infer(self, x: Array, block: Block) -> Array:
        """Keeps nothing."""
        y = self._product(x, block, block.bench.scratch)
        return y if self.activation is None else self.activation.infer(y, block, self.number)

    def _product(self, x: Array, block: Block, memory: Scratch) -> Array:
        """y, which lies in memory as x does."""
        W, b = block.ready[self.number]
        maps, lies = in_memory(x, block.bench)
        shape = (*maps.shape[:3], self.conv.filters)
        if lies == "W":
            y = block.result(self.number, memory, "y", shape, x.dtype)
        else:
            y = memory.take((self.number, "y"), shape, x.dtype)
        times(in_chunks(_rows(maps), shape[3]), W, _rows(y), block.bench)
        if b is not None:
            block.bench.do.add(y, b, out=y)
        if self.relu:
            block.bench.do.maximum(y, 0, out=y)
        return y if lies == "W" else y.transpose(0, 2, 1, 3)

    def prepare_backward(self, dtype: Any, earlier: Any) -> Array:
        """W turned around."""
        return renewed(earlier, param(self.conv, "W", dtype).reshape(-1, self.conv.filters).T)

    def backward(self, dy: Array, block: Block, need_dx: bool) -> Array | None:
        """dW = xᵀ · dz, dx = dz · Wᵀ."""
        x, y = block.cache[self.number]
        if self.activation is not None:
            dy = self.activation.backward(dy, block, self.number)
        maps, lies = in_memory(x, block.bench)
        if lies == "H":
            y, dy = y.transpose(0, 2, 1, 3), dy.transpose(0, 2, 1, 3)
        bench, (C, F) = block.bench, (maps.shape[3], dy.shape[3])
        scratch, do, dz = bench.scratch, bench.do, dy
        if self.relu:
            alive = scratch.take("alive", y.shape, np.bool_)
            dz = scratch.take("planes", y.shape, y.dtype)
            do.multiply(dy, do.greater(y, 0, out=alive), out=dz)
        elif not dy.flags.c_contiguous:
            dz = scratch.take("planes", y.shape, y.dtype)
            do.copyto(dz, dy)
        dW = scratch.take("dW", (C, F), dz.dtype)
        transposed_times(in_chunks(_rows(maps), F), _rows(dz), dW, bench)
        block.add_gradient(self.path + "W", dW.reshape(1, 1, C, F))
        if self.conv.use_bias:
            db = scratch.take("db", (F,), dz.dtype)
            do.dot(scratch.ones(len(_rows(dz)), dz.dtype), _rows(dz), out=db)
            block.add_gradient(self.path + "b", db)
        if not need_dx:
            return None
        dx = scratch.take((self.number, "dx"), maps.shape, dz.dtype)
        times(in_chunks(_rows(dz), C), block.ready[self.number], _rows(dx), bench)
        return dx if lies == "W" else dx.transpose(0, 2, 1, 3)

    def working_set(self, itemsize: int) -> int:
        """Maps in and out, and their gradients."""
        sizes = numbers(self.conv.input_shape) + numbers(self.conv.output_shape)
        return 2 * itemsize * sizes

    def rows(self) -> int:
        """A row for each place."""
        return int(np.prod(self.conv.window.out))

    def gradient_size(self) -> int:
        """The kernel's and the bias's."""
        return self.conv.count_params()


def _rows(maps: Array) -> Array:
    """(N, H, W, C) as (N·H·W, C): a view."""
    return maps.reshape(-1, maps.shape[-1])
