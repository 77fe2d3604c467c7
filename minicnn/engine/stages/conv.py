"""Conv2D, its bias and ReLU, and the MaxPool2D after it, as one stage (floor 3).

Forward: columns, one product into pool-ordered planes, the maximum over the planes, and only
then bias and ReLU, on what is left. max is monotone, and so are adding b and ReLU, so they
commute; the gradient is zero at the same places too. Backward goes the same way in reverse.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.backends import Window
from minicnn.engine.stages.columns import Columns
from minicnn.engine.stages.correlate import Correlation
from minicnn.engine.stages.products import times, transposed_times
from minicnn.engine.stages.stage import Block, Stage, numbers, param
from minicnn.engine.stages.windows import Planes
from minicnn.layers import BatchNorm, Conv2D, Layer, ReLU
from minicnn.typing import Array


class ConvStage(Stage):
    """A convolution in one group, perhaps an activation, perhaps a pool without overlaps."""

    def __init__(
        self,
        conv: Conv2D,
        path: str,
        after: Layer | None,
        pool: Window | None,
        norm: BatchNorm | None = None,
    ) -> None:
        assert conv.input_shape is not None
        self.conv, self.path, self.after = conv, path, after
        self.norm = norm  # for prediction only: it is folded into W and b
        self.relu = isinstance(after, ReLU)
        window = conv.window
        pooled = window.out if pool is None else pool.out
        self.planes = Planes(window, (1, 1) if pool is None else pool.kernel, pooled)
        self.C, self.F = conv.input_shape[2], conv.filters
        self.K = window.cells * self.C
        self.columns = Columns(self.planes, self.C, self.F)
        self._is_pointwise = (
            window.cells == 1
            and self.planes.count == 1
            and window.strides == (1, 1)
            and not window.is_padded
        )
        self.correlation = Correlation(self.planes, self.C, self.F)

    # ---- forward -------------------------------------------------------------------------------

    def prepare_forward(self, dtype: Any) -> tuple[Array, Array | None]:
        """W as a matrix, and b for a whole row of a map."""
        W = param(self.conv, "W", dtype).reshape(self.K, self.F)
        b = param(self.conv, "b", dtype) if self.conv.use_bias else None
        if self.norm is not None:
            W, b = folded(W, b, self.norm)
        return W, None if b is None else np.tile(b, self.planes.out[1])

    def forward(self, x: Array, block: Block) -> Array:
        """Keeps x, the pooled output, and which plane won where."""
        y = block.result(self.number, block.kept, "y", self._shape(len(x)), x.dtype)
        winners = None
        if self.planes.count > 1:
            shape = (self.planes.count - 1, *y.shape)
            winners = block.kept.take((self.number, "winners"), shape, np.bool_)
        self._convolve(x, y, winners, block)
        activation = None
        if self.after is not None and not self.relu:
            y, activation = self.after.forward(y)
        block.cache[self.number] = (x, y, winners, activation)
        return y

    def infer(self, x: Array, block: Block) -> Array:
        """Nobody asks which plane won."""
        y = block.result(self.number, block.scratch, "y", self._shape(len(x)), x.dtype)
        self._convolve(x, y, None, block)
        return y if self.after is None or self.relu else self.after.infer(y)

    def _convolve(self, x: Array, y: Array, winners: Array | None, block: Block) -> None:
        W, b = block.ready[self.number]
        columns = self._columns(x, block)
        if self.planes.count == 1:
            times(columns, W, y.reshape(-1, self.F))
        else:
            planes = self._planes_of(y, block)
            times(columns, W, planes.reshape(-1, self.F))
            _pool(planes, y, winners)
        rows = y.reshape(-1, y.shape[2] * self.F)  # long rows: NumPy's loops start up less often
        if b is not None:
            np.add(rows, b, out=rows)
        if self.relu:
            np.maximum(rows, 0, out=rows)

    # ---- backward ------------------------------------------------------------------------------

    def prepare_backward(self, dtype: Any) -> Array:
        """The kernel as the correlation wants it."""
        return self.correlation.kernel(param(self.conv, "W", dtype))

    def backward(self, dy: Array, block: Block, need_dx: bool) -> Array | None:
        """The gradient of each plane; then the products of the convolution's own backward."""
        x, y, winners, activation = block.cache.pop(self.number)
        if activation is not None:
            assert self.after is not None
            dy = self.after.backward(dy, activation)[0]
        if winners is None and not self.relu:
            dplanes = np.ascontiguousarray(dy)[None]
        else:
            dplanes = self._planes_of(y, block)
            if self.relu:
                alive = block.scratch.take("alive", y.shape, np.bool_)
                np.multiply(dy, np.greater(y, 0, out=alive), out=dplanes[0])
            else:
                np.copyto(dplanes[0], dy)
        if self.conv.use_bias:  # the planes' sum is what came in: no need to wait for them
            dz = dplanes[0].reshape(-1, self.F)
            block.add_gradient(self.path + "b", np.dot(_ones(len(dz), dz.dtype), dz))
        if winners is not None:
            _unpool(dplanes, winners)
        dz = dplanes.reshape(-1, self.F)
        dW = block.scratch.take("dW", (self.K, self.F), dy.dtype)
        transposed_times(self._columns(x, block), dz, dW, block.scratch)
        block.add_gradient(self.path + "W", dW.reshape(self.conv.params["W"].shape))
        if not need_dx:
            return None
        dx = block.result(self.number, block.scratch, "dx", x.shape, dy.dtype)
        self.correlation.run(dplanes, block.ready[self.number], dx, block.scratch)
        return dx

    # ---- memory --------------------------------------------------------------------------------

    def _columns(self, x: Array, block: Block) -> Array:
        """The windows as rows, plane after plane, in chunks: (chunks, rows, K)."""
        window, n = self.planes.window, len(x)
        x = np.ascontiguousarray(x)  # as it is already, unless a layer of a user's made a view
        if self._is_pointwise:  # a 1×1 window's columns are the maps themselves
            return self.columns.chunks(x.reshape(-1, self.C))
        if window.is_padded:
            (top, _), (left, _) = window.pads
            shape = (n, *window.padded, self.C)
            padded = block.scratch.bordered(("padded", window), shape, x.dtype)
            padded[:, top : top + x.shape[1], left : left + x.shape[2]] = x
            x = padded
        return self.columns.of(x, block.scratch)

    def _planes_of(self, y: Array, block: Block) -> Array:
        return block.scratch.take("planes", (self.planes.count, *y.shape), y.dtype)

    def _shape(self, n: int) -> tuple[int, ...]:
        return (n, *self.planes.out, self.F)

    def working_set(self, itemsize: int) -> int:
        """The columns, mostly."""
        return itemsize * (
            self.planes.places(1) * (self.K + self.F) + numbers(self.conv.input_shape)
        )

    def rows(self) -> int:
        """A row for each place of the window."""
        return self.planes.places(1)

    def gradient_size(self) -> int:
        """The kernel's and the bias's."""
        return self.conv.count_params()


def folded(W: Array, b: Array | None, norm: BatchNorm) -> tuple[Array, Array]:
    """W and b of a convolution that normalises too: both are linear, and so is one after the other.

    ((x·W + b) - mean) · s + beta = x·(W s) + ((b - mean) s + beta), with s = gamma / √(var + ε).
    """
    state = {key: value.astype(W.dtype) for key, value in norm.state.items()}
    s = param(norm, "gamma", W.dtype) / np.sqrt(state["var"] + W.dtype.type(norm.epsilon))
    shifted = -state["mean"] if b is None else b - state["mean"]
    return W * s, shifted * s + param(norm, "beta", W.dtype)


def _pool(planes: Array, y: Array, winners: Array | None) -> None:
    """The largest of the planes; winners[k - 1] says where plane k beat all before it."""
    best = planes[0]
    for k in range(1, len(planes)):
        if winners is not None:
            np.greater(planes[k], best, out=winners[k - 1])
        best = np.maximum(best, planes[k], out=y)


def _unpool(dplanes: Array, winners: Array) -> None:
    """Share out the gradient in dplanes[0]: the last plane that won takes it, and so on down."""
    for k in range(len(dplanes) - 1, 0, -1):
        np.multiply(dplanes[0], winners[k - 1], out=dplanes[k])
        np.subtract(dplanes[0], dplanes[k], out=dplanes[0])


def _ones(n: int, dtype: Any) -> Array:
    return np.ones(n, dtype)
