"""Conv2D, its bias and ReLU, and the MaxPool2D after it, as one part.

Forward: strips, products into pool-ordered planes, the maximum over the planes, and only then
bias and ReLU, on what is left. max is monotone, and so are adding b and ReLU, so they commute;
the gradient is zero at the same places too. Backward goes the same way in reverse.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from minicnn.backends import Window
from minicnn.engine.memory.recording import Workspace
from minicnn.engine.parts.convolution import Convolution
from minicnn.engine.plan.block import Block, param, renewed, size_of
from minicnn.engine.products.input_gradient import InputGradient
from minicnn.engine.products.pool import pool, share_out
from minicnn.engine.products.slide import Slide, in_memory
from minicnn.engine.products.strips import Strips
from minicnn.layers import BatchNorm, Conv2D, Layer
from minicnn.typing import Array, Shape

LONG = 16  # channels from which on copies come in runs that are long enough


class Kernels(dict[str, Array]):
    """The kernel as strips along one axis or the other need it: mostly one of the two is."""

    def __init__(self, laid: Callable[[str], Array]) -> None:
        self.laid = laid
        self._lock = threading.Lock()

    def __missing__(self, axis: str) -> Array:
        with self._lock:
            return self.setdefault(axis, renewed(None, self.laid(axis)))

    @classmethod
    def of(cls, earlier: Kernels | None, laid: Callable[[str], Array]) -> Kernels:
        """What ``laid`` gives now, in the arrays of those before."""
        kernels = cls(laid) if earlier is None else earlier
        for axis, kernel in kernels.items():
            renewed(kernel, laid(axis))
        return kernels


class ConvPart(Convolution):
    """A convolution in one group, perhaps an activation, perhaps a pool without overlaps."""

    lends = False  # whether a prediction's output may lie in the planes, to be read at once

    def __init__(
        self,
        conv: Conv2D,
        path: str,
        after: Layer | None,
        pooling: Window | None,
        norm: BatchNorm | None = None,
    ) -> None:
        super().__init__(conv, path, after, norm)
        assert conv.input_shape is not None
        self.C, self.F = conv.input_shape[2], conv.filters
        self.cells = (1, 1) if pooling is None else pooling.kernel
        self.out = self.window.out if pooling is None else pooling.out
        self.along = {axis: self._products(axis) for axis in "HW"}

    def _products(self, axis: str) -> tuple[Strips, InputGradient]:
        """The products with strips along H, or along W: forward and dW, and dx."""
        window = self.window
        slide = Slide(
            window.padded, window.kernel, window.strides, window.dilation, self.cells, self.out
        )
        inside, (h, w) = window.size, window.pads
        before = h[0], w[0]
        if axis == "W":
            slide, inside, before = slide.turned(), inside[::-1], before[::-1]
        strips = Strips(slide, self.C, self.F)
        return strips, InputGradient(strips, inside, before)

    def _axis(self, lies: str, block: Block) -> str:
        """Along which axis strips run over maps that lie in memory along W, as usual, or along H.

        Along the other axis they are copied in the longest runs, and exchange H and W. With many
        channels every run is long: then the last part makes maps that lie as usual.
        """
        if self.C >= LONG and block.target is not None and block.target[0] == self.number:
            return "W"
        return "H" if lies == "W" else "W"

    # ---- forward -------------------------------------------------------------------------------

    def prepare_forward(self, dtype: Any, earlier: Any) -> Any:
        """The kernel, by the strips' axis, and b for a row of windows."""
        kernels, its_b = earlier or (None, None)
        _, b = self.weights(dtype)
        if b is not None:
            row = max(strips.windows // strips.apart for strips, _ in self.along.values())
            its_b = renewed(its_b, np.broadcast_to(b, (row, self.F)))

        def laid(axis: str) -> Array:
            W, _ = self.weights(dtype)
            return self.along[axis][0].kernel(_laid(W, axis))

        return Kernels.of(kernels, laid), its_b

    def convolve(self, block: Block, x: Array, keep: bool) -> Array:
        """Keeps x, the pooled output, the strips' axis, and which plane won where."""
        (kernels, b), workspace = block.prepared[self.number], block.workspace
        maps, lies = self._maps(x, workspace)
        axis = self._axis(lies, block)
        strips, N, dtype = self.along[axis][0], len(maps), maps.dtype
        rows = strips.of(maps, workspace, short_runs=axis == lies)
        # The maps may lie in this array, lent by the convolution before; now it is written.
        array = workspace.buffers.take("planes", strips.shape_for(N), dtype)
        strips.times(rows, kernels[axis], array, N, workspace)
        give = functools.partial(self._winner, block) if keep else None
        best, winners = pool(_by_cell(strips.with_rest(array, N), axis), give, workspace.do)
        if b is not None:  # with what lies between: NumPy is three times as fast in one piece
            workspace.do.add(best, b[: best.shape[2]], out=best)
        if self.relu:
            workspace.do.maximum(best, 0, out=best)
        y = inside = best[:, :, : strips.slide.out[0]]
        if keep or not self.lends:
            y = self._place_for_y(N, axis, dtype, block, keep)
            workspace.do.copyto(y, inside)
        y = y if axis == "W" else y.transpose(0, 2, 1, 3)
        if keep:
            block.notes[self.number] = (x, y, axis, winners)
        return y

    def _winner(self, block: Block, k: int, shape: Shape) -> Array:
        return block.room(self, ("winner", k), shape, np.bool_, keep=True)

    # ---- backward ------------------------------------------------------------------------------

    def prepare_backward(self, dtype: Any, earlier: Any) -> Any:
        """The kernel as the correlation wants it, by how the maps lie."""

        def laid(axis: str) -> Array:
            return self.along[axis][1].kernel(_laid(param(self.conv, "W", dtype), axis))

        return Kernels.of(earlier, laid)

    def backward(self, samples: Block, dy: Array, need_dx: bool) -> tuple[Array, ...]:
        """The gradient of each plane; then the products of the convolution's own backward."""
        x, y, axis, winners = samples.notes[self.number]
        dy = self.before_activation(samples, dy)
        strips, N, workspace = self.along[axis][0], len(x), samples.workspace
        buffers, do = workspace.buffers, workspace.do
        if axis == "H":
            y, dy = y.transpose(0, 2, 1, 3), dy.transpose(0, 2, 1, 3)
        array = buffers.take("planes", strips.shape_for(N), dy.dtype)
        strips.clear_rest(array, N, do)
        dplanes = _by_cell(strips.with_rest(array, N), axis)
        first = dplanes[0, 0]
        inside = first[:, :, : y.shape[2]]
        if self.relu:
            alive = buffers.take("alive", y.shape, np.bool_)
            dz = buffers.take("dz", y.shape, y.dtype)
            dy = do.multiply(dy, do.greater(y, 0, out=alive), out=dz)
        do.copyto(inside, dy)
        if self.conv.use_bias:  # sharing out does not change the sum
            places = first.reshape(-1, self.F)
            db = buffers.take("db", (self.F,), dy.dtype)
            do.dot(buffers.ones(len(places), dy.dtype), places, out=db)
            samples.add_gradient(self.path + "b", db)
        share_out(dplanes, winners, do)
        maps, lies = self._maps(x, workspace)
        rows = strips.of(maps, workspace, short_runs=axis == lies)
        dW = buffers.take("dW", (strips.K, self.F), dy.dtype)
        strips.gradient(rows, array, dW, N, workspace)
        dW = _laid(dW.reshape(*strips.slide.kernel, self.C, self.F), axis)
        samples.add_gradient(self.path + "W", dW)
        if not need_dx:
            return ()
        planes = strips.planes(array, N)
        back = "H" if lies == "W" else "W"  # so that dx lies as x does
        if back != axis:
            planes = planes.transpose(1, 0, 2, 4, 3, 5)
        kernel = samples.prepared[self.number][back]
        dx = self.along[back][1].run(planes, kernel, (self.number, "dx"), workspace)
        return (dx if lies == "W" else dx.transpose(0, 2, 1, 3),)

    # ---- memory --------------------------------------------------------------------------------

    def _maps(self, x: Array, workspace: Workspace) -> tuple[Array, str]:
        """x with its padding, as it lies in memory, and along which axis."""
        maps, lies = in_memory(x, workspace, apart=True)
        if not self.window.is_padded:
            return maps, lies
        _, back = self.along["H" if lies == "W" else "W"]
        shape = (len(maps), *back.strips.slide.size, self.C)
        padded = workspace.buffers.bordered(("padded", self.window, lies), shape, maps.dtype)
        p, q = back.before
        workspace.do.copyto(padded[:, p : p + maps.shape[1], q : q + maps.shape[2]], maps)
        return padded, lies

    def _place_for_y(self, N: int, axis: str, dtype: Any, block: Block, keep: bool) -> Array:
        """Where y goes: strips along H give (N, OW, OH, F), strips along W (N, OH, OW, F)."""
        OH, OW = self.out
        if axis == "H":
            return block.room(self, "y", (N, OW, OH, self.F), dtype, keep)
        return self.place_for((N, OH, OW, self.F), dtype, block, keep)

    def working_set(self, itemsize: int) -> int:
        """Strips and planes, mostly."""
        return itemsize * (self.along["H"][0].working_set() + size_of(self.conv.input_shape))

    def rows(self) -> int:
        """A row for each place of the window."""
        return int(np.prod(self.out) * np.prod(self.cells))


def _laid(W: Array, axis: str) -> Array:
    """A kernel (KH, KW, C, F) for strips along this axis, and back again."""
    return W if axis == "H" else W.transpose(1, 0, 2, 3)


def _by_cell(planes: Array, axis: str) -> Array:
    """The planes (A, B, ...) by the rows and columns of the pool: (PH, PW, ...)."""
    return planes if axis == "H" else planes.swapaxes(0, 1)
