"""Where branches part and meet: Residual and Concat are values that are read several times.

                  +-- body's steps ------+
    x ------------+                      +-- Add --- y        Residual
                  +-- Same, or steps ----+

There is nothing to do where they part; on the way back the walk adds up what comes to x, in the
order in which it was read (``plan/steps.py``, ``summed``). Where they meet stands one of these.
"""

from __future__ import annotations

import numpy as np

from minicnn.engine.memory.recording import Workspace
from minicnn.engine.plan.block import BlockPart, size_of
from minicnn.engine.plan.samples import Samples
from minicnn.layers import Concat, Layer
from minicnn.typing import Array


class Same(BlockPart):
    """x itself: a branch without layers.

    It also begins a branch whose first layer has branches itself, so that a branch reads x once,
    and sums are taken branch by branch.
    """

    def forward(self, samples: Samples, *xs: Array) -> Array:
        """Nothing happens, and nothing is copied."""
        return xs[0]

    infer = forward

    def backward(self, samples: Samples, dy: Array, need_dx: bool) -> tuple[Array, ...]:
        """The gradient itself. It went to the other branches too."""
        return (dy,)

    def working_set(self, itemsize: int) -> int:
        return 0


class Meeting(BlockPart):
    """What ``Add`` and ``Join`` share: several values become one, and perhaps a ReLU follows."""

    def __init__(self, container: Layer, relu: bool, by_block: bool) -> None:
        self.container, self.relu, self.by_block = container, relu, by_block

    def forward(self, samples: Samples, *xs: Array) -> Array:
        """Keeps y if ReLU's way back needs it."""
        y = self._met(samples, xs, keep=True)
        samples.notes[self.number] = y
        return y

    def infer(self, samples: Samples, *xs: Array) -> Array:
        return self._met(samples, xs, keep=False)

    def _met(self, samples: Samples, xs: tuple[Array, ...], keep: bool) -> Array:
        shape = (len(xs[0]), *(self.container.output_shape or ()))
        y = samples.result(self, shape, np.result_type(*xs), keep)
        relu = self.relu

        def meet(workspace: Workspace, y: Array, *xs: Array) -> None:
            self.meet(workspace, y, *xs)
            if relu:
                workspace.do.maximum(y, 0, out=y)

        samples.each(self, "meet", meet, (y,), *xs)
        return y

    def meet(self, workspace: Workspace, y: Array, *xs: Array) -> None:
        """Write the values' meeting into y."""
        raise NotImplementedError

    def _before_relu(self, samples: Samples, dy: Array) -> Array:
        if not self.relu:
            return dy
        y = samples.notes[self.number]
        dz = samples.room(self, "dz", y.shape, y.dtype)
        samples.each(self, "before ReLU", _where_positive, (dz,), y, dy)
        return dz

    def working_set(self, itemsize: int) -> int:
        """What comes in and goes out."""
        return itemsize * (
            size_of(self.container.input_shape) + size_of(self.container.output_shape)
        )


class Add(Meeting):
    """Residual's: the sum of its two branches."""

    def meet(self, workspace: Workspace, y: Array, *xs: Array) -> None:
        """y = body + shortcut."""
        workspace.do.add(*xs, out=y)

    def backward(self, samples: Samples, dy: Array, need_dx: bool) -> tuple[Array, ...]:
        """A sum hands its gradient to both: the same array, which neither may change."""
        dz = self._before_relu(samples, dy)
        return dz, dz


class Join(Meeting):
    """Concat's: its branches side by side along the last axis."""

    container: Concat

    def meet(self, workspace: Workspace, y: Array, *xs: Array) -> None:
        """y = [x₁, x₂, ...]."""
        for x, its in zip(xs, self.container.slices, strict=True):
            workspace.do.copyto(y[..., its], x)

    def backward(self, samples: Samples, dy: Array, need_dx: bool) -> tuple[Array, ...]:
        """Each branch gets its own slice, in one piece."""
        dz = self._before_relu(samples, dy)
        slices = self.container.slices
        parts = tuple(
            samples.room(self, ("dx", i), dz[..., its].shape, dz.dtype)
            for i, its in enumerate(slices)
        )

        def deal(workspace: Workspace, *arrays: Array) -> None:
            *parts, dz = arrays
            for part, its in zip(parts, slices, strict=True):
                workspace.do.copyto(part, dz[..., its])

        samples.each(self, "deal", deal, parts, dz)
        return parts


def _where_positive(workspace: Workspace, dz: Array, y: Array, dy: Array) -> None:
    alive = workspace.buffers.take("alive", y.shape, np.bool_)
    workspace.do.greater(y, 0, out=alive)
    workspace.do.multiply(dy, alive, out=dz)
