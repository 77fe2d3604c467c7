"""Dense, cut into pieces for all threads (floor 3).

Its W is often the largest array of the network, and reading it from memory is what takes the
time. Forward, W is cut by columns if there are enough of them for some parts, and else by rows,
whose products are then added up. Backward, it is cut into pieces of rows that fit the core's
cache: a piece is read once for dx; its gradient is made and used up at once by the optimizer, if
nobody else asked for it, and never reaches the memory.
"""

from __future__ import annotations

import numpy as np

from minicnn.engine import threads
from minicnn.engine.gradients import Mover
from minicnn.engine.node import LayerNode, Run
from minicnn.engine.options import current_options
from minicnn.engine.scratch import a_scratch
from minicnn.engine.stages.products import SMALL, in_chunks, times
from minicnn.engine.stages.stage import param
from minicnn.engine.tape import Bench, follow, reel_for
from minicnn.engine.update import PIECE
from minicnn.layers import Dense
from minicnn.typing import Array

ROWS = 32  # at least: with fewer, the product for dx is too thin
PARTS, FEWEST = 16, 4  # of a forward product, whatever the number of threads
WIDE = 256  # columns that make a product of its own worth starting
AS_MANY = 8  # times as many rows of W as of x in a part, or adding up takes longer
HALF = 256  # columns above which two halves are quicker
LONG = 64  # rows of W that make a small product worth starting
WORTHWHILE = 1 << 17  # numbers of W below which threads cost more than they bring


class DenseNode(LayerNode):
    """``Dense`` on two-dimensional input, when its W is large."""

    layer: Dense

    @staticmethod
    def suits(layer: Dense) -> bool:
        """Rows in, rows out, and enough of them to share."""
        size = int(layer.params["W"].size)
        return len(layer.output_shape or ()) == 1 and size >= WORTHWHILE

    def forward(self, x: Array, run: Run) -> Array:
        """y = x · W + b."""
        y, activation = self.layer._activate(self._product(x, run))
        run.cache[self.number] = {"x": x, "activation": activation}
        return y

    def infer(self, x: Array, run: Run) -> Array:
        """The output alone."""
        return self.layer._activate(self._product(x, run))[0]

    def _product(self, x: Array, run: Run) -> Array:
        W = param(self.layer, "W", x.dtype)
        N, (D, U) = len(x), W.shape
        if U >= WIDE * FEWEST:
            y = np.empty((N, U), x.dtype)
            parts = min(PARTS, U // WIDE)  # of one long operation: a tape would spare nothing

            def job(i: int) -> None:
                mine = slice(U * i // parts, U * (i + 1) // parts)
                np.matmul(x, W[:, mine], out=y[:, mine])

            threads.run(job, parts)
        else:
            # Each part sums over its own inputs; the parts' sums are then added in order.
            parts = max(FEWEST, min(PARTS, D // (AS_MANY * N)))
            sums = run.frame.scratch(self.number).take("sums", (parts, N, U), x.dtype)
            follow(run.frame, self, W)
            reel = reel_for(run.frame, self, ("forward", x.shape))
            x = reel.settled(x, "x", run.outside)

            def job(i: int) -> None:
                mine = slice(D * i // parts, D * (i + 1) // parts)
                reel.work(i, lambda bench: _small_products(x[:, mine], W[mine], sums[i], bench))

            threads.run(job, parts)
            y = sums.sum(axis=0)
        if self.layer.use_bias:
            y += param(self.layer, "b", x.dtype)
        return y

    def backward(self, dy: Array, run: Run, need_dx: bool) -> Array | None:
        """dx, dW and perhaps W's update, some rows of W at a time."""
        cache, layer = run.cache[self.number], self.layer
        dz = np.ascontiguousarray(layer._before_activation(dy, cache))
        W, x = param(layer, "W", dz.dtype), cache["x"]
        dx = run.frame.scratch(self.number).take("dx", x.shape, x.dtype) if need_dx else None
        height = min(len(W), max(ROWS, PIECE // W.shape[1]))
        mover = None
        if current_options().fused_update:
            mover = run.gradients.mover(self.path + "W", height)
        if mover is None or mover.arrays[0] is not W:  # a network of two dtypes
            run.gradients.put(self.path + "W", self._gradient(x, dz, dx, height))
        else:
            self._use_up(x, dz, dx, height, mover, run)
        if layer.use_bias:
            run.gradients.put(self.path + "b", dz.sum(axis=0))
        return dx

    def _gradient(self, x: Array, dz: Array, dx: Array | None, height: int) -> Array:
        """dW for whoever asked for it, and on the way dx."""
        W, dzT = param(self.layer, "W", dz.dtype), np.ascontiguousarray(dz.T)
        dW = np.empty_like(W)

        def job(i: int) -> None:  # on no tape: dW is another array each time
            rows = slice(i * height, (i + 1) * height)
            with a_scratch() as scratch:
                bench = Bench(scratch)
                if dx is not None:
                    _input_gradient(W[rows], dz, dzT, dx[:, rows], bench)
                _kernel_gradient(x[:, rows], dz, dW[rows], bench)

        threads.run(job, -(-len(W) // height))
        return dW

    def _use_up(
        self, x: Array, dz: Array, dx: Array | None, height: int, mover: Mover, run: Run
    ) -> None:
        """Each piece of dW goes to the optimizer at once, and then its place to the next piece."""
        W = mover.arrays[0]
        case = "use up", x.shape, dx is None, mover.case
        follow(run.frame, self, *mover.arrays)
        reel = reel_for(run.frame, self, case, mover.plays)
        x = reel.settled(x, "x", run.outside)
        dz, dzT = reel.copied(dz, "dz"), reel.copied(dz.T, "dzT")
        scaled = reel.copied(mover.scale * dz, "scaled")
        rates = reel.copied(np.array(mover.rates, dz.dtype), "rates")

        def job(i: int) -> None:
            rows = slice(i * height, (i + 1) * height)
            reel.work(i, lambda bench: piece(rows, bench))
            mover.finish(rows)

        def piece(rows: slice, bench: Bench) -> None:
            if dx is not None:
                _input_gradient(W[rows], dz, dzT, dx[:, rows], bench)
            dW = bench.scratch.take("dW", W[rows].shape, W.dtype)
            _kernel_gradient(x[:, rows], scaled, dW, bench)
            mover.move(rows, dW, rates, bench)

        threads.run(job, -(-len(W) // height))


def _small_products(x: Array, W: Array, y: Array, bench: Bench) -> None:
    """x · W for a few rows x, into y: a stack of small products, added up, so that W is read once.

    BLAS would put W into another order first, which is as much work as the product.
    """
    (N, D), U = x.shape, W.shape[1]
    halves = 2 if U > HALF and U % 2 == 0 else 1
    count = -(-D // max(SMALL * halves // (N * U), 1))
    height = D // count
    if height < LONG or not current_options().small_products:
        bench.do.dot(x, W, out=y)
        return
    many = count * height
    shares = bench.scratch.take("shares", (count, halves, N, U // halves), x.dtype)
    bench.do.matmul(
        x[:, :many].reshape(N, count, 1, height).transpose(1, 2, 0, 3),
        W[:many].reshape(count, height, halves, -1).swapaxes(1, 2),
        out=shares,
    )
    bench.do.add.reduce(shares, axis=0, out=y.reshape(N, halves, -1).swapaxes(0, 1))
    if many < D:
        rest = bench.scratch.take("rest", y.shape, y.dtype)
        bench.do.add(y, bench.do.dot(x[:, many:], W[many:], out=rest), out=y)


def _input_gradient(W: Array, dz: Array, dzT: Array, dx: Array, bench: Bench) -> None:
    """dz · Wᵀ for some rows of W: written W · dzᵀ, which reads W in the order that it lies in.

    BLAS turns a transposed operand around before it multiplies. Of the two, the smaller should be
    turned: dz is a few rows of a batch, W the network's largest array.
    """
    (rows, U), N = W.shape, len(dz)
    if N > U:
        share = bench.scratch.take("dx", (N, rows), W.dtype)
        bench.do.copyto(dx, bench.do.dot(dz, W.T, out=share))
    else:
        share = bench.scratch.take("dx", (rows, N), W.dtype)
        bench.do.copyto(dx, times(in_chunks(W, N), dzT, share, bench).T)


def _kernel_gradient(x: Array, dz: Array, dW: Array, bench: Bench) -> None:
    """xᵀ · dz for some columns of x, into dW."""
    N, rows = x.shape
    if N == 1:  # an outer product
        bench.do.dot(x.T, dz, out=dW)
    else:
        turned = bench.scratch.take("x", (rows, N), x.dtype)
        bench.do.copyto(turned, x.T)
        times(in_chunks(turned, dz.shape[1]), dz, dW, bench)
