"""The depthwise convolution, groups = C = F, without products.

Each filter sees one channel. As products these would be C products with a matrix of one
column, which is the slowest thing one can ask of BLAS. As arithmetic it is KH·KW shifted maps,
each times one number a channel, added up.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.engine.parts.convolution import Convolution
from minicnn.engine.plan.block import Block, param, renewed, size_of
from minicnn.layers import Conv2D
from minicnn.typing import Array


class DepthwisePart(Convolution):
    """A convolution whose every channel is a group, and its activation."""

    knows_relu = False

    def __init__(self, conv: Conv2D, path: str) -> None:
        super().__init__(conv, path, conv.after)
        self.C = conv.filters

    @staticmethod
    def suits(conv: Conv2D) -> bool:
        """One channel in, one filter out, in each group."""
        return conv.input_shape is not None and conv.groups == conv.filters == conv.input_shape[2]

    def prepare_forward(self, dtype: Any, earlier: Any) -> tuple[Array, Array | None]:
        """A filter cell's numbers for a whole row of the output, (KH·KW, OW, C), and b."""
        W = param(self.conv, "W", dtype).reshape(self.window.cells, 1, self.C)
        its_W, its_b = earlier or (None, None)
        its_W = renewed(its_W, np.repeat(W, self.window.out[1], axis=1))
        if self.conv.use_bias:
            its_b = renewed(its_b, param(self.conv, "b", dtype))
        return its_W, its_b

    prepare_backward = prepare_forward

    def convolve(self, block: Block, x: Array, keep: bool) -> Array:
        if keep:
            block.notes[self.number] = x
        (W, b), padded = block.prepared[self.number], self._padded(x, block)
        y = block.room(self, "y", (len(x), *self.window.out, self.C), x.dtype, keep)
        do = block.workspace.do
        share = block.workspace.buffers.take("share", y.shape, x.dtype)
        for k in range(self.window.cells):
            cell = padded[:, *self.window.cell(k)]
            if k == 0:
                do.multiply(cell, W[k], out=y)
            else:
                do.add(y, do.multiply(cell, W[k], out=share), out=y)
        if b is not None:
            do.add(y, b, out=y)
        return y

    def backward(self, samples: Block, dy: Array, need_dx: bool) -> tuple[Array, ...]:
        """dW[k] = Σ cell k of x · dy; and dy · W[k] goes back to cell k of dx."""
        x = samples.notes[self.number]
        dy = self.before_activation(samples, dy)
        (W, _), padded = samples.prepared[self.number], self._padded(x, samples)
        buffers, do = samples.workspace.buffers, samples.workspace.do
        dz = dy
        if not dy.flags.c_contiguous:
            dz = buffers.take("dz", dy.shape, dy.dtype)
            do.copyto(dz, dy)
        dW = buffers.take("dW", (self.window.cells, self.C), dy.dtype)
        share = buffers.take("share", dy.shape, dy.dtype)
        ones = buffers.ones(dy.size // self.C, dy.dtype)
        for k in range(self.window.cells):
            do.multiply(padded[:, *self.window.cell(k)], dz, out=share)
            do.dot(ones, share.reshape(-1, self.C), out=dW[k])
        samples.add_gradient(self.path + "W", dW.reshape(self.conv.params["W"].shape))
        if self.conv.use_bias:
            db = buffers.take("db", (self.C,), dy.dtype)
            do.dot(ones, dz.reshape(-1, self.C), out=db)
            samples.add_gradient(self.path + "b", db)
        if not need_dx:
            return ()
        dpadded = samples.room(self, "dx", padded.shape, dy.dtype)
        do.copyto(dpadded, 0)
        for k in range(self.window.cells):
            cell = dpadded[:, *self.window.cell(k)]
            do.add(cell, do.multiply(dz, W[k], out=share), out=cell)
        (top, _), (left, _) = self.window.pads
        return (dpadded[:, top : top + x.shape[1], left : left + x.shape[2]],)

    def _padded(self, x: Array, block: Block) -> Array:
        if not self.window.is_padded:
            return x
        (top, _), (left, _) = self.window.pads
        shape = (len(x), *self.window.padded, self.C)
        padded = block.workspace.buffers.bordered(("padded", self.window), shape, x.dtype)
        inside = padded[:, top : top + x.shape[1], left : left + x.shape[2]]
        block.workspace.do.copyto(inside, x)
        return padded

    def working_set(self, itemsize: int) -> int:
        """Maps in and out, and a share of the sum."""
        sizes = size_of(self.conv.input_shape) + 2 * size_of(self.conv.output_shape)
        return itemsize * sizes
