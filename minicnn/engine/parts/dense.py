"""Dense, cut into pieces for all threads.

Its W is often the largest array of the network, and reading it from memory is what takes the
time. Forward, W is cut by columns if there are enough of them for some parts, and else by rows,
whose products are then added up. Backward, it is cut into pieces of rows that fit the core's
cache: a piece is read once for dx; its gradient is made and used up at once by the optimizer, if
nobody else asked for it, and never reaches the memory.
"""

from __future__ import annotations

import numpy as np

from minicnn.engine.machine import threads
from minicnn.engine.memory.buffers import borrowed_buffers
from minicnn.engine.memory.recording import Workspace, follow, recordings_for
from minicnn.engine.options import current_options
from minicnn.engine.plan.batch import WholeBatch
from minicnn.engine.plan.block import param
from minicnn.engine.plan.steps import Part
from minicnn.engine.products.small import SMALL, in_chunks, times
from minicnn.engine.update.gradients import PIECE
from minicnn.engine.update.rows import RowUpdate
from minicnn.layers import Dense
from minicnn.typing import Array

LEAST_ROWS = 32  # of W in a piece: with fewer, the product for dx is too thin
MOST_PARTS, LEAST_PARTS = 16, 4  # of a forward product, whatever the number of threads
WIDE = 256  # columns that make a product of its own worth starting
TALLER = 8  # times as many rows of W as of x in a part, or adding up takes longer
HALVED = 256  # columns above which two halves are quicker
LONG = 64  # rows of W that make a small product worth starting
WORTHWHILE = 1 << 17  # numbers of W below which threads cost more than they bring


class DensePart(Part[WholeBatch]):
    """``Dense`` on two-dimensional input, when its W is large."""

    def __init__(self, layer: Dense, path: str) -> None:
        self.layer, self.path = layer, path

    @staticmethod
    def suits(layer: Dense) -> bool:
        """Rows in, rows out, and enough of them to share."""
        size = int(layer.params["W"].size)
        return len(layer.output_shape or ()) == 1 and size >= WORTHWHILE

    def forward(self, samples: WholeBatch, *xs: Array) -> Array:
        """y = x · W + b."""
        (x,) = xs
        y, activation = self.layer.activate(self._product(x, samples))
        samples.notes[self.number] = {"x": x, "activation": activation}
        return y

    def infer(self, samples: WholeBatch, *xs: Array) -> Array:
        return self.layer.activate(self._product(xs[0], samples))[0]

    def _product(self, x: Array, samples: WholeBatch) -> Array:
        W = _weights(self.layer, x)
        N, (D, U) = len(x), W.shape
        if U >= WIDE * LEAST_PARTS:
            y = np.empty((N, U), x.dtype)
            parts = min(MOST_PARTS, U // WIDE)

            def job(i: int) -> None:  # one long operation: a recording would spare nothing
                mine = slice(U * i // parts, U * (i + 1) // parts)
                np.matmul(x, W[:, mine], out=y[:, mine])

            threads.run(job, parts)
        else:
            # Each part sums over its own inputs; the parts' sums are then added in order.
            parts = max(LEAST_PARTS, min(MOST_PARTS, D // (TALLER * N)))
            sums = samples.room(self, "sums", (parts, N, U), x.dtype)
            follow(samples.arena, self, W)
            recordings = recordings_for(samples.arena, self, ("forward", x.shape))
            x = recordings.settled(x, "x", samples.outside)

            def job(i: int) -> None:
                mine = slice(D * i // parts, D * (i + 1) // parts)
                recordings.work(i, lambda work: _small_products(x[:, mine], W[mine], sums[i], work))

            threads.run(job, parts)
            y = sums.sum(axis=0)
        if self.layer.use_bias:
            y += param(self.layer, "b", x.dtype)
        return y

    def backward(self, samples: WholeBatch, dy: Array, need_dx: bool) -> tuple[Array, ...]:
        """dx, dW and perhaps W's update, some rows of W at a time."""
        notes, layer = samples.notes[self.number], self.layer
        dz = np.ascontiguousarray(layer.before_activation(dy, notes))
        W, x = _weights(layer, dz), notes["x"]
        dx = samples.room(self, "dx", x.shape, x.dtype) if need_dx else None
        height = min(len(W), max(LEAST_ROWS, PIECE // W.shape[1]))
        update = samples.gradients.update_of(self.path + "W", height)
        if update is None or update.arrays[0] is not W:  # a network of two dtypes
            samples.add_gradient(self.path + "W", self._gradient(x, dz, dx, height))
        else:
            self._use_up(x, dz, dx, height, update, samples)
        if layer.use_bias:
            samples.add_gradient(self.path + "b", dz.sum(axis=0))
        return () if dx is None else (dx,)

    def _gradient(self, x: Array, dz: Array, dx: Array | None, height: int) -> Array:
        """dW for whoever asked for it, and on the way dx."""
        W, dzT = _weights(self.layer, dz), np.ascontiguousarray(dz.T)
        dW = np.empty_like(W)

        def job(i: int) -> None:  # not recorded: dW is another array each time
            rows = slice(i * height, (i + 1) * height)
            with borrowed_buffers() as buffers:
                workspace = Workspace(buffers)
                if dx is not None:
                    _input_gradient(W[rows], dz, dzT, dx[:, rows], workspace)
                _kernel_gradient(x[:, rows], dz, dW[rows], workspace)

        threads.run(job, -(-len(W) // height))
        return dW

    def _use_up(
        self,
        x: Array,
        dz: Array,
        dx: Array | None,
        height: int,
        update: RowUpdate,
        samples: WholeBatch,
    ) -> None:
        """Each piece of dW goes to the optimizer at once, and then its place to the next piece."""
        W = update.arrays[0]
        case = "use up", x.shape, dx is None, update.case
        follow(samples.arena, self, *update.arrays)
        recordings = recordings_for(samples.arena, self, case, update.recorded)
        x = recordings.settled(x, "x", samples.outside)
        dz, dzT = recordings.copied(dz, "dz"), recordings.copied(dz.T, "dzT")
        scaled = recordings.copied(update.scale * dz, "scaled")
        rates = recordings.copied(np.array(update.rates, dz.dtype), "rates")

        def job(i: int) -> None:
            rows = slice(i * height, (i + 1) * height)
            recordings.work(i, lambda workspace: piece(rows, workspace))
            update.finish(rows)

        def piece(rows: slice, workspace: Workspace) -> None:
            if dx is not None:
                _input_gradient(W[rows], dz, dzT, dx[:, rows], workspace)
            dW = workspace.buffers.take("dW", W[rows].shape, W.dtype)
            _kernel_gradient(x[:, rows], scaled, dW, workspace)
            update.move(rows, dW, rates, workspace)

        threads.run(job, -(-len(W) // height))

    def size(self) -> int:
        return self.layer.count_params()


def _weights(layer: Dense, like: Array) -> Array:
    """W in the dtype of ``like``, row after row in memory, as products and recordings want it."""
    return np.ascontiguousarray(param(layer, "W", like.dtype))


def _small_products(x: Array, W: Array, y: Array, workspace: Workspace) -> None:
    """x · W for a few rows x, into y: a stack of small products, added up, so that W is read once.

    BLAS would put W into another order first, which is as much work as the product.
    """
    (N, D), U = x.shape, W.shape[1]
    halves = 2 if U > HALVED and U % 2 == 0 else 1
    count = -(-D // max(SMALL * halves // (N * U), 1))
    height = D // count
    if height < LONG or not current_options().small_products:
        workspace.do.dot(x, W, out=y)
        return
    many = count * height
    shares = workspace.buffers.take("shares", (count, halves, N, U // halves), x.dtype)
    workspace.do.matmul(
        x[:, :many].reshape(N, count, 1, height).transpose(1, 2, 0, 3),
        W[:many].reshape(count, height, halves, -1).swapaxes(1, 2),
        out=shares,
    )
    workspace.do.add.reduce(shares, axis=0, out=y.reshape(N, halves, -1).swapaxes(0, 1))
    if many < D:
        rest = workspace.buffers.take("rest", y.shape, y.dtype)
        workspace.do.add(y, workspace.do.dot(x[:, many:], W[many:], out=rest), out=y)


def _input_gradient(W: Array, dz: Array, dzT: Array, dx: Array, workspace: Workspace) -> None:
    """dz · Wᵀ for some rows of W: written W · dzᵀ, which reads W in the order that it lies in.

    BLAS turns a transposed operand around before it multiplies. Of the two, the smaller should be
    turned: dz is a few rows of a batch, W the network's largest array.
    """
    (rows, U), N = W.shape, len(dz)
    if N > U:
        share = workspace.buffers.take("dx", (N, rows), W.dtype)
        workspace.do.copyto(dx, workspace.do.dot(dz, W.T, out=share))
    else:
        share = workspace.buffers.take("dx", (rows, N), W.dtype)
        workspace.do.copyto(dx, times(in_chunks(W, N), dzT, share, workspace).T)


def _kernel_gradient(x: Array, dz: Array, dW: Array, workspace: Workspace) -> None:
    """xᵀ · dz for some columns of x, into dW."""
    N, rows = x.shape
    if N == 1:  # an outer product
        workspace.do.dot(x.T, dz, out=dW)
    else:
        turned = workspace.buffers.take("x", (rows, N), x.dtype)
        workspace.do.copyto(turned, x.T)
        times(in_chunks(turned, dz.shape[1]), dz, dW, workspace)
