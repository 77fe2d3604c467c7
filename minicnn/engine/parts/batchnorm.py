"""BatchNorm while training, and the ReLU after it, in two sweeps over pieces of the batch.

The layer needs the whole batch twice: for the mean and variance, and for the two sums of its
backward pass. Between those moments every sample is by itself. So each direction is a sweep
that adds up, piece by piece on all threads, and a sweep that computes. A piece's mean and
variance are exact (two passes, in the core's cache) and joined by the rule for the variance of
a union; x is kept instead of x̂, for x̂ is two steps away.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.engine.memory.recording import Recordings, Workspace, recordings_for
from minicnn.engine.plan.batch import WholeBatch
from minicnn.engine.plan.block import param, size_of
from minicnn.engine.plan.steps import Part
from minicnn.engine.plan.sweep import pieces_of, sweep
from minicnn.layers import BatchNorm
from minicnn.typing import Array, Params

ROW = 512  # numbers, about, in a row of a piece: NumPy's loops start up once a row


class BatchNormPart(Part[WholeBatch]):
    """y = γ · x̂ + β with the batch's own figures; then max(y, 0), if ``relu``."""

    def __init__(self, layer: BatchNorm, path: str, relu: bool) -> None:
        self.layer, self.path, self.relu = layer, path, relu
        size = size_of(layer.input_shape)
        self.C = (layer.input_shape or (1,))[-1]
        places = size // self.C
        most = min(places, max(1, ROW // self.C))
        self.together = next(n for n in range(most, 0, -1) if places % n == 0)  # places in a row

    # ---- forward -------------------------------------------------------------------------------

    def forward(self, samples: WholeBatch, *xs: Array) -> Array:
        """Sweep one: mean and variance. Sweep two: y = x · scale + (β - mean · scale)."""
        x = np.ascontiguousarray(xs[0])
        recordings = recordings_for(samples.arena, self, ("forward", x.shape))
        x = recordings.settled(x, "x", samples.outside)
        mean, var = self._moments(x, recordings, samples)
        mean, var = samples.totals.moments(x.size // self.C, mean, var)
        inv_std = 1 / np.sqrt(var + x.dtype.type(self.layer.epsilon))
        scale = param(self.layer, "gamma", x.dtype) * inv_std
        beta = param(self.layer, "beta", x.dtype)
        y = samples.room(self, "y", x.shape, x.dtype)
        times = recordings.copied(self._long(scale), "times")
        plus = recordings.copied(self._long(beta - mean * scale), "plus")
        its_x, its_y = self._rows(x), self._rows(y)

        def compute(i: int, workspace: Workspace) -> None:
            do = workspace.do
            do.multiply(its_x[i], times, out=its_y[i])
            do.add(its_y[i], plus, out=its_y[i])
            if self.relu:
                do.maximum(its_y[i], 0, out=its_y[i])

        sweep(recordings, "compute", pieces_of(x), compute)
        batch = {"mean": mean, "var": var}
        samples.notes[self.number] = {"x": x, "y": y, "inv_std": inv_std, "batch": batch}
        return y

    def _moments(
        self, x: Array, recordings: Recordings, samples: WholeBatch
    ) -> tuple[Array, Array]:
        """Mean and variance of each channel."""
        its_x = self._rows(x)
        shape = (len(its_x), self.together * self.C)
        sums = samples.room(self, "sums", shape, x.dtype)
        means = samples.room(self, "means", shape, x.dtype)
        spreads = samples.room(self, "spreads", shape, x.dtype)
        sizes = np.array([rows.size // self.C for rows in its_x], x.dtype)[:, None]
        C, together = self.C, self.together  # a recording that knew this part would keep it alive

        def spread(i: int, workspace: Workspace) -> None:
            rows, do = its_x[i], workspace.do
            away = workspace.buffers.take("away", rows.shape, x.dtype)
            _sum(rows, sums[i], workspace)
            workspace.call(
                lambda: np.copyto(means[i], np.tile(_short(sums[i], C) / sizes[i], together))
            )
            do.subtract(rows, means[i], out=away)
            _sum(do.multiply(away, away, out=away), spreads[i], workspace)

        sweep(recordings, "moments", pieces_of(x), spread)
        its_means, shares = means[:, :C], sizes / sizes.sum()
        mean = (its_means * shares).sum(axis=0)
        within = _short(spreads, C).sum(axis=0) / sizes.sum()
        return mean, within + (shares * (its_means - mean) ** 2).sum(axis=0)

    # ---- backward ------------------------------------------------------------------------------

    def backward(self, samples: WholeBatch, dy: Array, need_dx: bool) -> tuple[Array, ...]:
        """Sweep one: Σ dy and Σ dy x̂. Sweep two: dx = γ/σ (dy - mean(dy) - x̂ mean(dy x̂))."""
        notes: Any = samples.notes[self.number]
        x, y, inv_std, mean = notes["x"], notes["y"], notes["inv_std"], notes["batch"]["mean"]
        recordings = recordings_for(samples.arena, self, ("backward", x.shape))
        x = recordings.settled(x, "x", samples.outside)
        dy = recordings.settled(np.ascontiguousarray(dy), "dy", samples.outside)
        dz = samples.room(self, "dz", x.shape, x.dtype) if self.relu else dy
        its_x, its_y, its_dy, its_dz = map(self._rows, (x, y, dy, dz))
        long_mean = recordings.copied(self._long(mean), "mean")
        shape = (2, len(its_x), self.together * self.C)
        sums = samples.room(self, "two sums", shape, x.dtype)

        def add_up(i: int, workspace: Workspace) -> None:
            do, shape = workspace.do, its_x[i].shape
            away = workspace.buffers.take("away", shape, x.dtype)
            if self.relu:
                alive = workspace.buffers.take("alive", shape, np.bool_)
                do.greater(its_y[i], 0, out=alive)
                do.multiply(its_dy[i], alive, out=its_dz[i])
            _sum(its_dz[i], sums[0, i], workspace)
            do.multiply(do.subtract(its_x[i], long_mean, out=away), its_dz[i], out=away)
            _sum(away, sums[1, i], workspace)

        sweep(recordings, "add up", pieces_of(x), add_up)
        two_sums = _short(sums, self.C).sum(axis=1)
        samples.add_gradient(self.path + "gamma", two_sums[1] * inv_std)
        samples.add_gradient(self.path + "beta", two_sums[0])
        if not need_dx:
            return ()
        count, (dbeta, dgamma) = samples.totals.sums(x.size // self.C, two_sums)
        dgamma = dgamma * inv_std
        # In the order of dx = dz · scale - x · slope + rest, which takes four operations.
        M = x.dtype.type(count)
        scale = param(self.layer, "gamma", x.dtype) * inv_std
        slope = scale * inv_std * dgamma / M
        times = recordings.copied(self._long(scale), "scale")
        minus = recordings.copied(self._long(slope), "slope")
        plus = recordings.copied(self._long(mean * slope - scale * dbeta / M), "rest")
        dx = samples.room(self, "dx", x.shape, x.dtype)
        its_dx = self._rows(dx)

        def compute(i: int, workspace: Workspace) -> None:
            do = workspace.do
            away = workspace.buffers.take("away", its_x[i].shape, x.dtype)
            do.multiply(its_x[i], minus, out=away)
            do.multiply(its_dz[i], times, out=its_dx[i])
            do.add(its_dx[i], plus, out=its_dx[i])
            do.subtract(its_dx[i], away, out=its_dx[i])

        sweep(recordings, "compute", pieces_of(x), compute)
        return (dx,)

    # ---- the rest ------------------------------------------------------------------------------

    def infer(self, samples: WholeBatch, *xs: Array) -> Array:
        """By the running figures: the layer's own way, since there is nothing to sweep for."""
        y = self.layer.infer(xs[0])
        return np.maximum(y, 0) if self.relu else y

    def next_state(self, samples: WholeBatch) -> Params:
        """The layer's own rule."""
        state = self.layer.next_state(samples.notes[self.number])
        return {self.path + key: value for key, value in state.items()}

    def size(self) -> int:
        return self.layer.count_params()

    def _rows(self, x: Array) -> list[Array]:
        """The pieces of a batch, each in rows that hold all channels several times over."""
        return [x[rows].reshape(-1, self.together * self.C) for rows in pieces_of(x)]

    def _long(self, vector: Array) -> Array:
        """One number a channel, as long as a row."""
        return np.tile(vector, self.together)


def _short(rows: Array, C: int) -> Array:
    """What is as long as a row added up by channel."""
    return rows.reshape(*rows.shape[:-1], -1, C).sum(axis=-2)


def _sum(rows: Array, out: Array, workspace: Workspace) -> None:
    """The sum of all rows, as a product with ones, which is the quickest way."""
    workspace.do.dot(workspace.buffers.ones(len(rows), rows.dtype), rows, out=out)
