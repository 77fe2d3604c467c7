"""A 1×1 convolution, its bias and ReLU: one product of the maps as they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.engine.parts.convolution import Convolution
from minicnn.engine.plan.block import Block, param, renewed, size_of
from minicnn.engine.products.slide import in_memory
from minicnn.engine.products.small import in_chunks, times, transposed_times
from minicnn.layers import Conv2D
from minicnn.typing import Array


class PointwisePart(Convolution):
    """A window of one cell that visits every place: nothing to gather."""

    @staticmethod
    def suits(conv: Conv2D) -> bool:
        """One cell, no steps, no border."""
        window = conv.window
        return window.cells == 1 and window.strides == (1, 1) and not window.is_padded

    def prepare_forward(self, dtype: Any, earlier: Any) -> tuple[Array, Array | None]:
        """W as a matrix, and b."""
        W, b = self.weights(dtype)
        its_W, its_b = earlier or (None, None)
        its_W = renewed(its_W, W.reshape(-1, self.conv.filters))
        return its_W, None if b is None else renewed(its_b, b)

    def convolve(self, block: Block, x: Array, keep: bool) -> Array:
        """y lies in memory as x does. Keeps both."""
        W, b = block.prepared[self.number]
        maps, lies = in_memory(x, block.workspace)
        shape = (*maps.shape[:3], self.conv.filters)
        if lies == "W":
            y = self.place_for(shape, x.dtype, block, keep)
        else:
            y = block.room(self, "y", shape, x.dtype, keep)
        times(in_chunks(_rows(maps), shape[3]), W, _rows(y), block.workspace)
        if b is not None:
            block.workspace.do.add(y, b, out=y)
        if self.relu:
            block.workspace.do.maximum(y, 0, out=y)
        y = y if lies == "W" else y.transpose(0, 2, 1, 3)
        if keep:
            block.notes[self.number] = (x, y)
        return y

    def prepare_backward(self, dtype: Any, earlier: Any) -> Array:
        return renewed(earlier, param(self.conv, "W", dtype).reshape(-1, self.conv.filters).T)

    def backward(self, samples: Block, dy: Array, need_dx: bool) -> tuple[Array, ...]:
        """dW = xᵀ · dz, dx = dz · Wᵀ."""
        x, y = samples.notes[self.number]
        dy = self.before_activation(samples, dy)
        workspace = samples.workspace
        maps, lies = in_memory(x, workspace)
        if lies == "H":
            y, dy = y.transpose(0, 2, 1, 3), dy.transpose(0, 2, 1, 3)
        C, F = maps.shape[3], dy.shape[3]
        buffers, do, dz = workspace.buffers, workspace.do, dy
        if self.relu:
            alive = buffers.take("alive", y.shape, np.bool_)
            dz = buffers.take("planes", y.shape, y.dtype)
            do.multiply(dy, do.greater(y, 0, out=alive), out=dz)
        elif not dy.flags.c_contiguous:
            dz = buffers.take("planes", y.shape, y.dtype)
            do.copyto(dz, dy)
        dW = buffers.take("dW", (C, F), dz.dtype)
        transposed_times(in_chunks(_rows(maps), F), _rows(dz), dW, workspace)
        samples.add_gradient(self.path + "W", dW.reshape(1, 1, C, F))
        if self.conv.use_bias:
            db = buffers.take("db", (F,), dz.dtype)
            do.dot(buffers.ones(len(_rows(dz)), dz.dtype), _rows(dz), out=db)
            samples.add_gradient(self.path + "b", db)
        if not need_dx:
            return ()
        dx = samples.room(self, "dx", maps.shape, dz.dtype)
        times(in_chunks(_rows(dz), C), samples.prepared[self.number], _rows(dx), workspace)
        return (dx if lies == "W" else dx.transpose(0, 2, 1, 3),)

    def working_set(self, itemsize: int) -> int:
        """Maps in and out, and their gradients."""
        sizes = size_of(self.conv.input_shape) + size_of(self.conv.output_shape)
        return 2 * itemsize * sizes

    def rows(self) -> int:
        """A row for each place."""
        return int(np.prod(self.conv.window.out))


def _rows(maps: Array) -> Array:
    """(N, H, W, C) as (N·H·W, C): a view."""
    return maps.reshape(-1, maps.shape[-1])
