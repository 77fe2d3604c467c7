"""Columns for a convolution, laid out in the quicker of two ways (floor 3).

Usually each window becomes a row, (places, KH·KW·C), copied in runs of KW·C numbers. Pictures
have so few channels that a run is only a few numbers long, and starting a run costs more than
copying it. For them each chunk of rows is written the other way round, (KH·KW·C, places): all
windows' first cell, then all windows' second cell, in runs as long as a plane is wide. Its
transpose is what the products take; they read either way at the same speed.
"""

from __future__ import annotations

import numpy as np

from minicnn.engine.scratch import Scratch
from minicnn.engine.stages.products import chunk_height
from minicnn.engine.stages.windows import Planes
from minicnn.typing import Array

SHORT = 16  # numbers in a run: below it, the other way pays
WIDE = 32  # numbers in a plane's row: below it, the other way's runs are short too


class Columns:
    """The columns of one convolution, in chunks for the products: (chunks, rows, KH·KW·C)."""

    def __init__(self, planes: Planes, C: int, F: int) -> None:
        window = planes.window
        self.planes, self.C = planes, C
        self.K = window.cells * C
        self.height = chunk_height(*planes.out, self.K, F)  # rows of a plane in a chunk
        self.cell_by_cell = window.kernel[1] * C < SHORT and planes.out[1] >= WIDE

    def of(self, x: Array, scratch: Scratch) -> Array:
        """The windows of padded maps x as rows, plane after plane."""
        if self.cell_by_cell:
            return self._cell_by_cell(x, scratch)
        columns = scratch.take("columns", self.planes.columns_shape(len(x), self.C), x.dtype)
        np.copyto(columns, self.planes.windows(x))
        return self.chunks(columns.reshape(-1, self.K))

    def chunks(self, rows: Array) -> Array:
        """Rows, as they are cut for the products."""
        chunk = self.height * self.planes.out[1] or len(rows)
        return rows.reshape(-1, chunk, rows.shape[1])

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
        whole = (pool_h, pool_w, N)  # in one chunk, or each sample of each plane in several
        if self.height:
            count, height = PH // self.height, self.height
            shape = (*whole, count, KH, KW, C, height, PW)
            columns = scratch.take("columns", shape, x.dtype)
            target = columns.transpose(5, 1, 4, 6, 0, 2, 3, 7, 8)
        else:
            count, height = 1, PH
            columns = scratch.take("columns", (KH, KW, C, *whole, PH, PW), x.dtype)
            target = columns[:, :, :, :, :, :, None].transpose(1, 4, 0, 2, 3, 5, 6, 7, 8)
        down = h * sh * pool_h
        for kw in range(KW):
            for b in range(pool_w):
                along, r = divmod(b * sw + kw * dw, step)
                view = np.ndarray(
                    (KH, C, pool_h, N, count, height, PW),
                    x.dtype,
                    dealt,
                    offset=r * dealt.strides[0] + along * size,
                    strides=(h * dh, c, h * sh, n, down * height, down, size),
                )
                np.copyto(target[kw, b], view)
        if self.height:
            return columns.reshape(-1, self.K, self.height * PW).transpose(0, 2, 1)
        return columns.reshape(1, self.K, -1).transpose(0, 2, 1)
