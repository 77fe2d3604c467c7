"""dx of a convolution, from the gradient of its pool-ordered planes (floor 3).

With a stride of 1, dx is dy correlated with the kernel turned around: again windows, columns
and a product, and every number of dx is written once. (The textbook's way, ``dy · Wᵀ``
scattered by ``col2im``, adds KH·KW overlapping maps, with short runs.) Other strides leave
holes between the windows; there the scatter is used.
"""

from __future__ import annotations

import numpy as np

from minicnn.engine.scratch import Scratch
from minicnn.engine.stages.products import chunk_height
from minicnn.engine.stages.windows import Planes
from minicnn.typing import Array

WORTHWHILE = 256  # places of a map that make a product of its own worth starting


class Correlation:
    """The adjoint of one convolution."""

    def __init__(self, planes: Planes, C: int, F: int) -> None:
        self.planes, self.C, self.F = planes, C, F
        self.dense = planes.window.strides == (1, 1)

    def kernel(self, W: Array) -> Array:
        """W turned around, (KH, KW·F, C); or as (F, KH·KW·C) for the scatter."""
        if not self.dense:
            return W.reshape(-1, self.F).T
        turned = W[::-1, ::-1].transpose(0, 1, 3, 2)
        return np.ascontiguousarray(turned).reshape(len(W), -1, self.C)

    def run(self, dplanes: Array, kernel: Array, dx: Array, scratch: Scratch) -> None:
        """Write dx."""
        if self.planes.window.cells == 1 and self._is_whole(dx):
            np.dot(dplanes.reshape(-1, self.F), kernel.reshape(self.F, self.C), out=_rows(dx))
        elif self.dense:
            self._correlate(dplanes, kernel, dx, scratch)
        else:
            self._scatter(dplanes, kernel, dx, scratch)

    def _is_whole(self, dx: Array) -> bool:
        """Whether the only plane is as large as x: then a 1×1 window's dx is one product."""
        return self.planes.count == 1 and self.planes.out == dx.shape[1:3] and self.dense

    def _correlate(self, dplanes: Array, kernel: Array, dx: Array, scratch: Scratch) -> None:
        dy = self._bordered(dplanes, dx.shape[0], scratch)
        (top, _), (left, _) = self.planes.window.pads
        dh, dw = self.planes.window.dilation
        KH, KW = self.planes.window.kernel
        n, h, w, f = dy.strides
        N, H, W, _ = dx.shape
        first = dy[:, top:, left:]
        height = chunk_height(H, W, KW * self.F, self.C)
        if height or H * W >= WORTHWHILE:
            # Windows of one row each, KW·F wide, serve all KH rows of the kernel: the product
            # for row kh reads them from kh rows further down. A third of the columns to copy.
            rows, chunk = H + (KH - 1) * dh, (height or H) * W
            view = np.lib.stride_tricks.as_strided(
                first, (N, rows, W, KW, self.F), (n, h, w, w * dw, f)
            )
            strips = scratch.take("columns", view.shape, dy.dtype)
            np.copyto(strips, view)
            share = scratch.take("planes", (N, H * W // chunk, chunk, self.C), dy.dtype)
            target = dx.reshape(share.shape)
            for kh in range(KH):
                strip = strips[:, kh * dh : kh * dh + H].reshape(*share.shape[:3], -1)
                if kh == 0:
                    np.matmul(strip, kernel[kh], out=target)
                else:
                    np.add(target, np.matmul(strip, kernel[kh], out=share), out=target)
            return
        view = np.lib.stride_tricks.as_strided(
            first, (N, H, W, KH, KW, self.F), (n, h, w, h * dh, w * dw, f)
        )
        columns = scratch.take("columns", view.shape, dy.dtype)
        np.copyto(columns, view)
        np.dot(columns.reshape(N * H * W, -1), kernel.reshape(-1, self.C), out=_rows(dx))

    def _bordered(self, dplanes: Array, N: int, scratch: Scratch) -> Array:
        """The planes as maps again, with a border of zeros as wide as the window reaches."""
        planes, window = self.planes, self.planes.window
        reach = [(k - 1) * d for k, d in zip(window.kernel, window.dilation, strict=True)]
        size = [p + r for p, r in zip(window.padded, reach, strict=True)]
        dy = scratch.bordered(("dy", planes), (N, *size, self.F), dplanes.dtype)
        a_count, b_count = planes.pool
        for k, plane in enumerate(dplanes):
            a, b = divmod(k, b_count)
            rows = slice(reach[0] + a, reach[0] + a + planes.out[0] * a_count, a_count)
            columns = slice(reach[1] + b, reach[1] + b + planes.out[1] * b_count, b_count)
            dy[:, rows, columns] = plane
        return dy

    def _scatter(self, dplanes: Array, kernel: Array, dx: Array, scratch: Scratch) -> None:
        planes, window = self.planes, self.planes.window
        N = dx.shape[0]
        shape = planes.columns_shape(N, self.C)
        dcolumns = scratch.take("columns", shape, dx.dtype)
        np.dot(dplanes.reshape(-1, self.F), kernel, out=dcolumns.reshape(-1, kernel.shape[1]))
        padded = scratch.take("padded dx", (N, *window.padded, self.C), dx.dtype)
        padded.fill(0)
        for a, b in np.ndindex(planes.pool):
            for kh, kw in np.ndindex(window.kernel):
                cells = planes.cells(padded, a, b, kh, kw)
                np.add(cells, dcolumns[a, b, :, :, :, kh, kw], out=cells)
        (top, _), (left, _) = window.pads
        np.copyto(dx, padded[:, top : top + dx.shape[1], left : left + dx.shape[2]])


def _rows(maps: Array) -> Array:
    """(N, H, W, C) as (N·H·W, C): a view, for the products' ``out``."""
    return maps.reshape(-1, maps.shape[-1])
