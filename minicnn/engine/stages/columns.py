"""Columns for a convolution, laid out in the quicker of two ways (floor 3).

Usually each window becomes a row, (places, KH·KW·C), copied in runs of KW·C numbers. Pictures
have so few channels that a run is only a few numbers long, and starting a run costs more than
copying it. For them the matrix is written the other way round, (KH·KW·C, places): all windows'
first cell, then all windows' second cell, in runs as long as a plane is wide. Its transpose is
what the products take; they read either way at the same speed.
"""

from __future__ import annotations

import numpy as np

from minicnn.engine.scratch import Scratch
from minicnn.engine.stages.windows import Planes
from minicnn.typing import Array

SHORT = 16  # numbers in a run: below it, the other way pays
WIDE = 32  # numbers in a plane's row: below it, the other way's runs are short too


class Columns:
    """The columns of one convolution."""

    def __init__(self, planes: Planes, C: int) -> None:
        window = planes.window
        self.planes, self.C = planes, C
        self.K = window.cells * C
        self.cell_by_cell = window.kernel[1] * C < SHORT and planes.out[1] >= WIDE

    def of(self, x: Array, scratch: Scratch) -> Array:
        """The windows of padded maps x as rows, plane after plane: (places, K)."""
        if self.cell_by_cell:
            return self._cell_by_cell(x, scratch)
        columns = scratch.take("columns", self.planes.columns_shape(len(x), self.C), x.dtype)
        np.copyto(columns, self.planes.windows(x))
        return columns.reshape(-1, self.K)

    def _cell_by_cell(self, x: Array, scratch: Scratch) -> Array:
        N, H, W, C = x.shape
        planes, window = self.planes, self.planes.window
        (sh, sw), (dh, dw), (KH, KW) = window.strides, window.dilation, window.kernel
        (PH, PW), (pool_h, pool_w) = planes.out, planes.pool
        # Neighbours in a plane's row lie `step` columns apart in x. Deal x's columns out by
        # their remainder, channel by channel, and neighbours lie side by side.
        step = sw * pool_w
        dealt = scratch.take("dealt", (step, C, N, H, -(-W // step)), x.dtype)
        for r in range(step):
            mine = x[:, :, r::step].transpose(3, 0, 1, 2)
            dealt[r, :, :, :, : mine.shape[-1]] = mine
        size = x.itemsize
        _, c, n, h, _ = dealt.strides
        columns = scratch.take("columns", (KH, KW, C, pool_h, pool_w, N, PH, PW), x.dtype)
        for kw in range(KW):
            for b in range(pool_w):
                along, r = divmod(b * sw + kw * dw, step)
                view = np.ndarray(
                    (KH, C, pool_h, N, PH, PW),
                    x.dtype,
                    dealt,
                    offset=r * dealt.strides[0] + along * size,
                    strides=(h * dh, c, h * sh, n, h * sh * pool_h, size),
                )
                np.copyto(columns[:, kw, :, :, b], view)
        return columns.reshape(self.K, -1).T
