"""Conv2D, its bias and ReLU, and the MaxPool2D after it, as one stage (floor 3).

Forward: strips, products into pool-ordered planes, the maximum over the planes, and only then
bias and ReLU, on what is left. max is monotone, and so are adding b and ReLU, so they commute;
the gradient is zero at the same places too. Backward goes the same way in reverse.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.backends import Window
from minicnn.engine.scratch import Scratch
from minicnn.engine.stages.correlate import Correlation
from minicnn.engine.stages.stage import Block, Stage, numbers, param
from minicnn.engine.stages.strips import Slide, Strips, in_memory
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
        self.window = conv.window
        self.C, self.F = conv.input_shape[2], conv.filters
        self.cells = (1, 1) if pool is None else pool.kernel
        self.out = self.window.out if pool is None else pool.out
        self.ways = {turned: self._way(turned) for turned in (False, True)}

    def _way(self, turned: bool) -> tuple[Strips, Correlation]:
        """How to go about maps that lie in memory as they are, or with H and W exchanged."""
        window = self.window
        slide = Slide(
            window.padded, window.kernel, window.strides, window.dilation, self.cells, self.out
        )
        inside, (h, w) = window.size, window.pads
        before = h[0], w[0]
        if turned:
            slide, inside, before = slide.turned(), inside[::-1], before[::-1]
        strips = Strips(slide, self.C, self.F)
        return strips, Correlation(strips, inside, before)

    # ---- forward -------------------------------------------------------------------------------

    def prepare_forward(self, dtype: Any) -> Any:
        """The kernel by how the maps lie, and b for a whole row of a map."""
        W, b = folded(self.conv, self.norm, dtype)
        if b is not None:
            b = np.tile(b, max(self.out)).reshape(-1, self.F)
        return {turned: way[0].kernel(_laid(W, turned)) for turned, way in self.ways.items()}, b

    def forward(self, x: Array, block: Block) -> Array:
        """Keeps x, the pooled output, and which plane won where."""
        maps, turned = in_memory(x)
        y, winners = self._convolve(maps, turned, block, block.kept)
        activation = None
        if self.after is not None and not self.relu:
            y, activation = self.after.forward(y)
        block.cache[self.number] = (x, y, winners, activation)
        return y

    def infer(self, x: Array, block: Block) -> Array:
        """Nobody asks which plane won."""
        maps, turned = in_memory(x)
        y, _ = self._convolve(maps, turned, block, None)
        return y if self.after is None or self.relu else self.after.infer(y)

    def _convolve(
        self, maps: Array, turned: bool, block: Block, kept: Scratch | None
    ) -> tuple[Array, list[Array]]:
        """y, and which plane won where if anything is to be kept."""
        kernels, b = block.ready[self.number]
        strips, N, dtype = self.ways[turned][0], len(maps), maps.dtype
        array = block.scratch.take("planes", strips.room(N), dtype)
        columns = strips.of(self._padded(maps, turned, block), block.scratch)
        strips.times(columns, kernels[turned], array, N, block.scratch)
        best, *others = _cells(strips.with_rest(array, N), turned)
        winners = []
        for k, plane in enumerate(others):
            if kept is not None:
                won = kept.take((self.number, "winner", k), plane.shape, np.bool_)
                winners.append(np.greater(plane, best, out=won))
            np.maximum(best, plane, out=best)
        y = (kept or block.scratch).take((self.number, "y"), self._shape(N, turned), dtype)
        best = best[:, :, : y.shape[2]]
        if b is not None:
            best = np.add(best, b[: y.shape[2]], out=y)
        if self.relu:
            best = np.maximum(best, 0, out=y)
        if best is not y:
            np.copyto(y, best)
        return (y if turned else y.transpose(0, 2, 1, 3)), winners

    # ---- backward ------------------------------------------------------------------------------

    def prepare_backward(self, dtype: Any) -> Any:
        """The kernel as the correlation wants it, by how the maps lie."""
        W = param(self.conv, "W", dtype)
        return {turned: way[1].kernel(_laid(W, turned)) for turned, way in self.ways.items()}

    def backward(self, dy: Array, block: Block, need_dx: bool) -> Array | None:
        """The gradient of each plane; then the products of the convolution's own backward."""
        x, y, winners, activation = block.cache.pop(self.number)
        if activation is not None:
            assert self.after is not None
            dy = self.after.backward(dy, activation)[0]
        maps, turned = in_memory(x)
        strips, correlation = self.ways[turned]
        N, scratch = len(x), block.scratch
        if not turned:
            y, dy = y.transpose(0, 2, 1, 3), dy.transpose(0, 2, 1, 3)
        array = scratch.take("planes", strips.room(N), dy.dtype)
        strips.clear_rest(array, N)
        first, *others = _cells(strips.with_rest(array, N), turned)
        inside = first[:, :, : y.shape[2]]
        if self.relu:
            alive = scratch.take("alive", y.shape, np.bool_)
            np.multiply(dy, np.greater(y, 0, out=alive), out=inside)
        else:
            np.copyto(inside, dy)
        if self.conv.use_bias:  # the planes' sum is what came in: no need to wait for them
            dz = first.reshape(-1, self.F)
            block.add_gradient(self.path + "b", np.dot(np.ones(len(dz), dz.dtype), dz))
        for plane, won in zip(reversed(others), reversed(winners), strict=True):
            np.multiply(first, won, out=plane)  # the last plane that won takes it, and so on down
            np.subtract(first, plane, out=first)
        columns = strips.of(self._padded(maps, turned, block), scratch)
        dW = scratch.take("dW", (strips.K, self.F), dy.dtype)
        strips.gradient(columns, array, dW, N, scratch)
        dW = _laid(dW.reshape(*strips.slide.kernel, self.C, self.F), turned)
        block.add_gradient(self.path + "W", dW)
        if not need_dx:
            return None
        dx = correlation.run(
            array, block.ready[self.number][turned], N, (self.number, "dx"), scratch
        )
        return dx.transpose(0, 2, 1, 3) if turned else dx

    # ---- memory --------------------------------------------------------------------------------

    def _padded(self, maps: Array, turned: bool, block: Block) -> Array:
        if not self.window.is_padded:
            return maps
        strips, correlation = self.ways[turned]
        shape = (len(maps), *strips.slide.size, self.C)
        padded = block.scratch.bordered(("padded", self.window, turned), shape, maps.dtype)
        p, q = correlation.before
        padded[:, p : p + maps.shape[1], q : q + maps.shape[2]] = maps
        return padded

    def _shape(self, N: int, turned: bool) -> tuple[int, ...]:
        """The output's, as it lies in memory: the other way than the input."""
        OH, OW = self.out
        return (N, OH, OW, self.F) if turned else (N, OW, OH, self.F)

    def working_set(self, itemsize: int) -> int:
        """Strips and planes, mostly."""
        return itemsize * (self.ways[False][0].working_set() + numbers(self.conv.input_shape))

    def rows(self) -> int:
        """A row for each place of the window."""
        return int(np.prod(self.out) * np.prod(self.cells))

    def gradient_size(self) -> int:
        """The kernel's and the bias's."""
        return self.conv.count_params()


def folded(conv: Conv2D, norm: BatchNorm | None, dtype: Any) -> tuple[Array, Array | None]:
    """W and b of a convolution, perhaps of one that normalises too.

    Both are linear, and so is one after the other: ((x·W + b) - mean) · s + beta
    = x·(W s) + ((b - mean) s + beta), with s = gamma / √(var + ε).
    """
    W = param(conv, "W", dtype)
    b = param(conv, "b", dtype) if conv.use_bias else None
    if norm is None:
        return W, b
    state = {key: value.astype(dtype) for key, value in norm.state.items()}
    s = param(norm, "gamma", dtype) / np.sqrt(state["var"] + W.dtype.type(norm.epsilon))
    shifted = -state["mean"] if b is None else b - state["mean"]
    return W * s, shifted * s + param(norm, "beta", dtype)


def _laid(W: Array, turned: bool) -> Array:
    """A kernel (KH, KW, C, F) for maps as they lie in memory; the other way round, the same."""
    return W.transpose(1, 0, 2, 3) if turned else W


def _cells(planes: Array, turned: bool) -> list[Array]:
    """The planes (A, B, ...) by the cells of the pool, row after row of it."""
    if turned:
        planes = planes.swapaxes(0, 1)
    return [planes[cell] for cell in np.ndindex(planes.shape[:2])]
