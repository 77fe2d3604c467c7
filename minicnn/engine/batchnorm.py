"""BatchNorm while training, and the ReLU after it, in two sweeps over blocks (floor 3).

The layer needs the whole batch twice: for the mean and variance, and for the two sums of its
backward pass. Between those moments every sample is by itself. So each direction is a sweep
that adds up, block by block on all threads, and a sweep that computes. A block's mean and
variance are exact (two passes, in the core's cache) and joined by the rule for the variance of
a union; x is kept instead of x̂, for x̂ is two steps away.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.engine import threads
from minicnn.engine.node import Node, Run
from minicnn.engine.scratch import thread_scratch
from minicnn.engine.stages.stage import numbers, param
from minicnn.layers import BatchNorm
from minicnn.typing import Array, Params

BLOCK = 1 << 18  # numbers in a block: with smaller ones, threads meet at Python's lock
ROW = 512  # numbers, about, in a row of a block: NumPy's loops start up once a row


class BatchNormNode(Node):
    """y = γ · x̂ + β with the batch's own figures; then max(y, 0), if ``relu``."""

    def __init__(self, layer: BatchNorm, path: str, relu: bool) -> None:
        self.layer, self.path, self.relu = layer, path, relu
        self.size = numbers(layer.input_shape)
        self.C = (layer.input_shape or (1,))[-1]
        places = self.size // self.C
        most = min(places, max(1, ROW // self.C))
        self.together = next(n for n in range(most, 0, -1) if places % n == 0)  # places in a row

    # ---- forward -------------------------------------------------------------------------------

    def forward(self, x: Array, run: Run) -> Array:
        """Sweep one: mean and variance. Sweep two: y."""
        x = np.ascontiguousarray(x)
        mean, var = self._moments(x)
        layer = self.layer
        inv_std = 1 / np.sqrt(var + x.dtype.type(layer.epsilon))
        scale, beta = param(layer, "gamma", x.dtype) * inv_std, param(layer, "beta", x.dtype)
        y = run.frame.scratch(self.number).take("y", x.shape, x.dtype)
        long = self._long(mean, scale, beta)

        def job(i: int) -> None:
            its_x, its_y = self._rows(x, i), self._rows(y, i)
            np.subtract(its_x, long[0], out=its_y)
            np.multiply(its_y, long[1], out=its_y)
            np.add(its_y, long[2], out=its_y)
            if self.relu:
                np.maximum(its_y, 0, out=its_y)

        threads.run(job, self._blocks(x))
        batch = {"mean": mean, "var": var}
        run.cache[self.number] = {"x": x, "y": y, "inv_std": inv_std, "batch": batch}
        return y

    def _moments(self, x: Array) -> tuple[Array, Array]:
        """Of each channel, over the whole batch."""
        count = self._blocks(x)
        means, spreads = np.empty((2, count, self.C), x.dtype)
        sizes = np.empty(count)

        def job(i: int) -> None:
            rows = self._rows(x, i)
            away = thread_scratch().take("away", rows.shape, x.dtype)
            sizes[i] = rows.size // self.C
            means[i] = self._sum(rows) / x.dtype.type(sizes[i])
            np.subtract(rows, self._long(means[i])[0], out=away)
            spreads[i] = self._sum(np.multiply(away, away, out=away))

        threads.run(job, count)
        shares = (sizes / sizes.sum())[:, None].astype(x.dtype)
        mean = (means * shares).sum(axis=0)
        within = spreads.sum(axis=0) / x.dtype.type(sizes.sum())
        return mean, within + (shares * (means - mean) ** 2).sum(axis=0)

    # ---- backward ------------------------------------------------------------------------------

    def backward(self, dy: Array, run: Run, need_dx: bool) -> Array | None:
        """Sweep one: Σ dy and Σ dy x̂. Sweep two: dx = γ/σ (dy - mean(dy) - x̂ mean(dy x̂))."""
        cache: Any = run.cache[self.number]
        x, y, inv_std, mean = cache["x"], cache["y"], cache["inv_std"], cache["batch"]["mean"]
        dy = np.ascontiguousarray(dy)
        dz = run.frame.scratch(self.number).take("dz", x.shape, x.dtype) if self.relu else dy
        long_mean = self._long(mean)[0]
        count = self._blocks(x)
        sums = np.empty((2, count, self.C), x.dtype)

        def add_up(i: int) -> None:
            its_dz, its_x = self._rows(dz, i), self._rows(x, i)
            away = thread_scratch().take("away", its_x.shape, x.dtype)
            if self.relu:
                alive = thread_scratch().take("alive", its_x.shape, np.bool_)
                np.multiply(self._rows(dy, i), np.greater(self._rows(y, i), 0, out=alive), its_dz)
            sums[0, i] = self._sum(its_dz)
            np.multiply(np.subtract(its_x, long_mean, out=away), its_dz, out=away)
            sums[1, i] = self._sum(away)

        threads.run(add_up, count)
        dbeta, dgamma = sums[0].sum(axis=0), sums[1].sum(axis=0) * inv_std
        run.gradients.put(self.path + "gamma", dgamma)
        run.gradients.put(self.path + "beta", dbeta)
        if not need_dx:
            return None
        M = x.dtype.type(x.size // self.C)
        scale = param(self.layer, "gamma", x.dtype) * inv_std
        long = self._long(scale, scale * dbeta / M, scale * inv_std * dgamma / M)
        dx = run.frame.scratch(self.number).take("dx", x.shape, x.dtype)

        def compute(i: int) -> None:
            its_dx, its_x = self._rows(dx, i), self._rows(x, i)
            away = thread_scratch().take("away", its_x.shape, x.dtype)
            np.multiply(np.subtract(its_x, long_mean, out=away), long[2], out=away)
            np.multiply(self._rows(dz, i), long[0], out=its_dx)
            np.subtract(its_dx, long[1], out=its_dx)
            np.subtract(its_dx, away, out=its_dx)

        threads.run(compute, count)
        return dx

    # ---- blocks --------------------------------------------------------------------------------

    def _blocks(self, x: Array) -> int:
        """How many blocks a batch is cut into: a function of shapes alone."""
        return min(len(x), -(-x.size // BLOCK))

    def _rows(self, x: Array, i: int) -> Array:
        """Block i, in rows that hold all channels several times over."""
        count = self._blocks(x)
        block = x[len(x) * i // count : len(x) * (i + 1) // count]
        return block.reshape(-1, self.together * self.C)

    def _long(self, *vectors: Array) -> list[Array]:
        """One number a channel, as long as a row."""
        return [np.tile(v, self.together) for v in vectors]

    def _sum(self, rows: Array) -> Array:
        """The sum of each channel, as a product with ones, which is the quickest way."""
        ones = np.ones(len(rows), rows.dtype)
        return np.dot(ones, rows).reshape(-1, self.C).sum(axis=0)

    # ---- the rest ------------------------------------------------------------------------------

    def infer(self, x: Array, run: Run) -> Array:
        """By the running figures: the layer's own way, since there is nothing to sweep for."""
        return self.layer.infer(x)

    def next_state(self, run: Run) -> Params:
        """The layer's own rule."""
        state = self.layer.next_state(run.cache[self.number])
        return {self.path + key: value for key, value in state.items()}

    def has_params(self) -> bool:
        """γ and β."""
        return True
