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

from minicnn.engine.node import Node, Run
from minicnn.engine.stages.stage import numbers, param
from minicnn.engine.sweep import count_blocks, samples_of, sweep
from minicnn.engine.tape import Bench, Reel, reel_for
from minicnn.layers import BatchNorm
from minicnn.typing import Array, Params

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
        """Sweep one: mean and variance. Sweep two: y = x · scale + (β - mean · scale)."""
        reel = reel_for(run.frame, self, ("forward", x.shape))
        x = reel.settled(np.ascontiguousarray(x), "x", run.outside)
        mean, var = self._moments(x, reel, run)
        inv_std = 1 / np.sqrt(var + x.dtype.type(self.layer.epsilon))
        scale = param(self.layer, "gamma", x.dtype) * inv_std
        beta = param(self.layer, "beta", x.dtype)
        y = run.frame.scratch(self.number).take("y", x.shape, x.dtype)
        times = reel.copied(long(scale, self.together), "times")
        plus = reel.copied(long(beta - mean * scale, self.together), "plus")

        def compute(i: int, bench: Bench) -> None:
            its_y, do = self._rows(y, i), bench.do
            do.multiply(self._rows(x, i), times, out=its_y)
            do.add(its_y, plus, out=its_y)
            if self.relu:
                do.maximum(its_y, 0, out=its_y)

        sweep(reel, "compute", x, compute)
        batch = {"mean": mean, "var": var}
        run.cache[self.number] = {"x": x, "y": y, "inv_std": inv_std, "batch": batch}
        return y

    def _moments(self, x: Array, reel: Reel, run: Run) -> tuple[Array, Array]:
        """Of each channel, over the whole batch."""
        count, memory = count_blocks(x), run.frame.scratch(self.number)
        sums = memory.take("sums", (count, self.together * self.C), x.dtype)
        means = memory.take("means", sums.shape, x.dtype)
        spreads = memory.take("spreads", sums.shape, x.dtype)
        sizes = np.array([samples_of(x, i).size // self.C for i in range(count)], x.dtype)[:, None]

        C, together = self.C, self.together  # a tape that knew this node would keep it alive

        def spread(i: int, bench: Bench) -> None:
            rows, do = self._rows(x, i), bench.do
            away = bench.scratch.take("away", rows.shape, x.dtype)
            self._sum(rows, sums[i], bench)
            bench.call(lambda: np.copyto(means[i], long(short(sums[i], C) / sizes[i], together)))
            do.subtract(rows, means[i], out=away)
            self._sum(do.multiply(away, away, out=away), spreads[i], bench)

        sweep(reel, "moments", x, spread)
        its_means, shares = means[:, : self.C], sizes / sizes.sum()
        mean = (its_means * shares).sum(axis=0)
        within = short(spreads, self.C).sum(axis=0) / sizes.sum()
        return mean, within + (shares * (its_means - mean) ** 2).sum(axis=0)

    # ---- backward ------------------------------------------------------------------------------

    def backward(self, dy: Array, run: Run, need_dx: bool) -> Array | None:
        """Sweep one: Σ dy and Σ dy x̂. Sweep two: dx = γ/σ (dy - mean(dy) - x̂ mean(dy x̂))."""
        cache: Any = run.cache[self.number]
        x, y, inv_std, mean = cache["x"], cache["y"], cache["inv_std"], cache["batch"]["mean"]
        reel = reel_for(run.frame, self, ("backward", x.shape))
        memory = run.frame.scratch(self.number)
        x = reel.settled(x, "x", run.outside)
        dy = reel.settled(np.ascontiguousarray(dy), "dy", run.outside)
        dz = memory.take("dz", x.shape, x.dtype) if self.relu else dy
        long_mean = reel.copied(long(mean, self.together), "mean")
        sums = memory.take("two sums", (2, count_blocks(x), self.together * self.C), x.dtype)

        def add_up(i: int, bench: Bench) -> None:
            its_dz, its_x, do = self._rows(dz, i), self._rows(x, i), bench.do
            away = bench.scratch.take("away", its_x.shape, x.dtype)
            if self.relu:
                alive = bench.scratch.take("alive", its_x.shape, np.bool_)
                do.greater(self._rows(y, i), 0, out=alive)
                do.multiply(self._rows(dy, i), alive, out=its_dz)
            self._sum(its_dz, sums[0, i], bench)
            do.multiply(do.subtract(its_x, long_mean, out=away), its_dz, out=away)
            self._sum(away, sums[1, i], bench)

        sweep(reel, "add up", x, add_up)
        dbeta, dgamma = short(sums, self.C).sum(axis=1)
        dgamma = dgamma * inv_std
        run.gradients.put(self.path + "gamma", dgamma)
        run.gradients.put(self.path + "beta", dbeta)
        if not need_dx:
            return None
        # In the order of dx = dz · scale - x · slope + rest, which takes four operations.
        M = x.dtype.type(x.size // self.C)
        scale = param(self.layer, "gamma", x.dtype) * inv_std
        slope = scale * inv_std * dgamma / M
        times = reel.copied(long(scale, self.together), "scale")
        minus = reel.copied(long(slope, self.together), "slope")
        plus = reel.copied(long(mean * slope - scale * dbeta / M, self.together), "rest")
        dx = memory.take("dx", x.shape, x.dtype)

        def compute(i: int, bench: Bench) -> None:
            its_dx, its_x, do = self._rows(dx, i), self._rows(x, i), bench.do
            away = bench.scratch.take("away", its_x.shape, x.dtype)
            do.multiply(its_x, minus, out=away)
            do.multiply(self._rows(dz, i), times, out=its_dx)
            do.add(its_dx, plus, out=its_dx)
            do.subtract(its_dx, away, out=its_dx)

        sweep(reel, "compute", x, compute)
        return dx

    # ---- rows ----------------------------------------------------------------------------------

    def _rows(self, x: Array, i: int) -> Array:
        """Block i, in rows that hold all channels several times over."""
        return samples_of(x, i).reshape(-1, self.together * self.C)

    def _sum(self, rows: Array, out: Array, bench: Bench) -> None:
        """The sum of all rows, as a product with ones, which is the quickest way."""
        bench.do.dot(bench.scratch.ones(len(rows), rows.dtype), rows, out=out)

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


def long(vector: Array, together: int) -> Array:
    """One number a channel, as long as a row."""
    return np.tile(vector, together)


def short(rows: Array, C: int) -> Array:
    """What is as long as a row added up by channel."""
    return rows.reshape(*rows.shape[:-1], -1, C).sum(axis=-2)
