"""Conv2D, its bias and ReLU, and the MaxPool2D after it, as one stage (floor 3).

Forward: strips, products into pool-ordered planes, the maximum over the planes, and only then
bias and ReLU, on what is left. max is monotone, and so are adding b and ReLU, so they commute;
the gradient is zero at the same places too. Backward goes the same way in reverse.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from minicnn.backends import Window
from minicnn.engine.scratch import Scratch
from minicnn.engine.stages.activation import Activation
from minicnn.engine.stages.correlate import Correlation
from minicnn.engine.stages.pool import pool, share_out
from minicnn.engine.stages.slide import Slide, in_memory
from minicnn.engine.stages.stage import Block, Stage, numbers, param, renewed
from minicnn.engine.stages.strips import Strips
from minicnn.engine.tape import Bench
from minicnn.layers import BatchNorm, Conv2D, Layer, ReLU
from minicnn.typing import Array, Shape

LONG = 16  # channels whose copies are long enough runs


class Kernels(dict[str, Array]):
    """The kernel as it is needed in one direction or the other: mostly one of the two is."""

    def __init__(self, laid: Callable[[str], Array]) -> None:
        self.laid = laid
        self._lock = threading.Lock()

    def __missing__(self, along: str) -> Array:
        with self._lock:
            return self.setdefault(along, renewed(None, self.laid(along)))

    @classmethod
    def of(cls, earlier: Kernels | None, laid: Callable[[str], Array]) -> Kernels:
        """What ``laid`` gives now, in the arrays of those before."""
        kernels = cls(laid) if earlier is None else earlier
        for along, kernel in kernels.items():
            renewed(kernel, laid(along))
        return kernels


class ConvStage(Stage):
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
        assert conv.input_shape is not None
        self.conv, self.path = conv, path
        self.norm = norm  # for prediction only: it is folded into W and b
        self.relu, self.activation = isinstance(after, ReLU), Activation.of(after)
        self.window = conv.window
        self.C, self.F = conv.input_shape[2], conv.filters
        self.cells = (1, 1) if pooling is None else pooling.kernel
        self.out = self.window.out if pooling is None else pooling.out
        self.ways = {along: self._way(along) for along in "HW"}

    def _way(self, along: str) -> tuple[Strips, Correlation]:
        """How to go about it with strips along H, or along W."""
        window = self.window
        slide = Slide(
            window.padded, window.kernel, window.strides, window.dilation, self.cells, self.out
        )
        inside, (h, w) = window.size, window.pads
        before = h[0], w[0]
        if along == "W":
            slide, inside, before = slide.turned(), inside[::-1], before[::-1]
        strips = Strips(slide, self.C, self.F)
        return strips, Correlation(strips, inside, before)

    def _along(self, lies: str, block: Block) -> str:
        """Which way the strips run over maps that lie in memory along W, as usual, or along H.

        Along the other axis they are copied in the longest runs, and exchange H and W. With many
        channels every run is long: then the last stage makes maps that lie as usual.
        """
        if self.C >= LONG and block.target is not None and block.target[0] == self.number:
            return "W"
        return "H" if lies == "W" else "W"

    # ---- forward -------------------------------------------------------------------------------

    def prepare_forward(self, dtype: Any, earlier: Any) -> Any:
        """The kernel, by the strips' direction, and b for a row of windows."""
        kernels, its_b = earlier or (None, None)
        _, b = folded(self.conv, self.norm, dtype)
        if b is not None:
            row = max(strips.windows // strips.apart for strips, _ in self.ways.values())
            its_b = renewed(its_b, np.broadcast_to(b, (row, self.F)))

        def laid(along: str) -> Array:
            W, _ = folded(self.conv, self.norm, dtype)
            return self.ways[along][0].kernel(_laid(W, along))

        return Kernels.of(kernels, laid), its_b

    def forward(self, x: Array, block: Block) -> Array:
        """Keeps x, the pooled output, the strips' direction, and which plane won where."""
        y, along, winners = self._convolve(x, block, block.kept)
        block.cache[self.number] = (x, y, along, winners)
        return y if self.activation is None else self.activation.forward(y, block, self.number)

    def infer(self, x: Array, block: Block) -> Array:
        """Nobody asks which plane won."""
        y, _, _ = self._convolve(x, block, None)
        return y if self.activation is None else self.activation.infer(y, block, self.number)

    def _convolve(
        self, x: Array, block: Block, kept: Scratch | None
    ) -> tuple[Array, str, list[Array]]:
        """y, the strips' direction and, if anything is kept, which plane won where."""
        (kernels, b), bench = block.ready[self.number], block.bench
        maps, lies = self._maps(x, bench)
        along = self._along(lies, block)
        strips, N, dtype = self.ways[along][0], len(maps), maps.dtype
        rows = strips.of(maps, bench, short_runs=along == lies)
        # The maps may lie in this array, lent by the convolution before; now it is written.
        array = bench.scratch.take("planes", strips.shape_for(N), dtype)
        strips.times(rows, kernels[along], array, N, bench)
        give = None if kept is None else functools.partial(self._winner, kept)
        best, winners = pool(_by_cell(strips.with_rest(array, N), along), give, bench.do)
        if b is not None:  # with what lies between: NumPy is three times as fast in one piece
            bench.do.add(best, b[: best.shape[2]], out=best)
        if self.relu:
            bench.do.maximum(best, 0, out=best)
        inside = best[:, :, : strips.slide.out[0]]
        if kept is None and self.lends:
            y = inside
        else:
            y = self._room_for(N, along, dtype, block, kept)
            bench.do.copyto(y, inside)
        return (y if along == "W" else y.transpose(0, 2, 1, 3)), along, winners

    def _winner(self, kept: Scratch, k: int, shape: Shape) -> Array:
        return kept.take((self.number, "winner", k), shape, np.bool_)

    # ---- backward ------------------------------------------------------------------------------

    def prepare_backward(self, dtype: Any, earlier: Any) -> Any:
        """The kernel as the correlation wants it, by how the maps lie."""

        def laid(along: str) -> Array:
            return self.ways[along][1].kernel(_laid(param(self.conv, "W", dtype), along))

        return Kernels.of(earlier, laid)

    def backward(self, dy: Array, block: Block, need_dx: bool) -> Array | None:
        """The gradient of each plane; then the products of the convolution's own backward."""
        x, y, along, winners = block.cache[self.number]
        if self.activation is not None:
            dy = self.activation.backward(dy, block, self.number)
        strips, N, bench = self.ways[along][0], len(x), block.bench
        scratch, do = bench.scratch, bench.do
        if along == "H":
            y, dy = y.transpose(0, 2, 1, 3), dy.transpose(0, 2, 1, 3)
        array = scratch.take("planes", strips.shape_for(N), dy.dtype)
        strips.clear_rest(array, N, do)
        dplanes = _by_cell(strips.with_rest(array, N), along)
        first = dplanes[0, 0]
        inside = first[:, :, : y.shape[2]]
        if self.relu:
            alive = scratch.take("alive", y.shape, np.bool_)
            dz = scratch.take("dz", y.shape, y.dtype)
            dy = do.multiply(dy, do.greater(y, 0, out=alive), out=dz)
        do.copyto(inside, dy)
        if self.conv.use_bias:  # sharing out does not change the sum
            places = first.reshape(-1, self.F)
            db = scratch.take("db", (self.F,), dy.dtype)
            do.dot(scratch.ones(len(places), dy.dtype), places, out=db)
            block.add_gradient(self.path + "b", db)
        share_out(dplanes, winners, do)
        maps, lies = self._maps(x, bench)
        rows = strips.of(maps, bench, short_runs=along == lies)
        dW = scratch.take("dW", (strips.K, self.F), dy.dtype)
        strips.gradient(rows, array, dW, N, bench)
        dW = _laid(dW.reshape(*strips.slide.kernel, self.C, self.F), along)
        block.add_gradient(self.path + "W", dW)
        if not need_dx:
            return None
        planes = strips.planes(array, N)
        back = "H" if lies == "W" else "W"  # so that dx lies as x does
        if back != along:
            planes = planes.transpose(1, 0, 2, 4, 3, 5)
        kernel = block.ready[self.number][back]
        dx = self.ways[back][1].run(planes, kernel, (self.number, "dx"), bench)
        return dx if lies == "W" else dx.transpose(0, 2, 1, 3)

    # ---- memory --------------------------------------------------------------------------------

    def _maps(self, x: Array, bench: Bench) -> tuple[Array, str]:
        """x with its padding, as it lies in memory, and along which axis."""
        maps, lies = in_memory(x, bench, apart=True)
        if not self.window.is_padded:
            return maps, lies
        _, back = self.ways["H" if lies == "W" else "W"]
        shape = (len(maps), *back.strips.slide.size, self.C)
        padded = bench.scratch.bordered(("padded", self.window, lies), shape, maps.dtype)
        p, q = back.before
        bench.do.copyto(padded[:, p : p + maps.shape[1], q : q + maps.shape[2]], maps)
        return padded, lies

    def _room_for(
        self, N: int, along: str, dtype: Any, block: Block, kept: Scratch | None
    ) -> Array:
        """Where y goes: strips along H give (N, OW, OH, F), strips along W (N, OH, OW, F)."""
        OH, OW = self.out
        if along == "H":
            return (kept or block.bench.scratch).take(
                (self.number, "y"), (N, OW, OH, self.F), dtype
            )
        return block.result(
            self.number, kept or block.bench.scratch, "y", (N, OH, OW, self.F), dtype
        )

    def working_set(self, itemsize: int) -> int:
        """Strips and planes, mostly."""
        return itemsize * (self.ways["H"][0].working_set() + numbers(self.conv.input_shape))

    def rows(self) -> int:
        """A row for each place of the window."""
        return int(np.prod(self.out) * np.prod(self.cells))

    def gradient_size(self) -> int:
        """The kernel's and the bias's."""
        return self.conv.count_params()


def let_lend(stages: list[Stage]) -> None:
    """Predicting, the first of two convolutions leaves its output in its planes.

    The second has read all of it, into its strips, before it writes planes of its own there.
    """
    for stage, following in pairwise(stages):
        if isinstance(stage, ConvStage) and isinstance(following, ConvStage):
            stage.lends = True


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


def _laid(W: Array, along: str) -> Array:
    """A kernel (KH, KW, C, F) for strips in this direction; the other way round, the same."""
    return W if along == "H" else W.transpose(1, 0, 2, 3)


def _by_cell(planes: Array, along: str) -> Array:
    """The planes (A, B, ...) by the rows and columns of the pool: (PH, PW, ...)."""
    return planes if along == "H" else planes.swapaxes(0, 1)
