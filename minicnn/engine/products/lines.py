"""A convolution of maps as they lie in memory, with nothing copied.

Along one axis neighbouring windows overlap in the maps themselves: what a window sees of one line,
KQ·C numbers, lies in one piece, and the next window's begins C numbers later. So each line of the
kernel is a product by itself, over all of the maps in turns (see strips.py), and the KP products
are added up, shifted by a line each:

    y[p, q] = Σ_kp  x[p + kp, q ... q + KQ - 1] · W[kp]

What is added up has F channels, what need not be copied has C: it pays where F is not larger,
as on the way back through a layer that makes more channels. Windows that reach from the end of one
line into the next belong to no place; what they give is left where it is.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import NamedTuple

from numpy import ndarray

from minicnn.engine.memory.recording import Workspace
from minicnn.engine.options import current_options
from minicnn.engine.products.small import cut
from minicnn.typing import Array, Pair


class LineSizes(NamedTuple):
    """What becomes of N samples."""

    chunks: int  # of a turn's matrix
    height: int  # rows of a chunk
    parts: int  # of the kernel
    rows: int  # of a product, those of no place included
    room: int  # rows of all places, and of what lies between and behind them


class Lines:
    """The products of one convolution with strides of 1, over maps (N, P, Q, C)."""

    def __init__(self, size: Pair, kernel: Pair, apart: int, C: int, F: int) -> None:
        self.size, self.taps = size, kernel
        self.apart = apart  # lines from one of the kernel's to the next: its dilation along P
        self.C, self.F = C, F
        self.K = kernel[1] * C
        self.small = current_options().small_products
        _, _, self.parts = self._cut(1)
        self._found: dict[int, LineSizes] = {}

    def numbers_for(self, N: int) -> int:
        """Numbers that the maps take, with what windows at the end may see behind them."""
        (P, Q), (KP, KQ) = self.size, self.taps
        return max(N * P * Q, (KP - 1) * self.apart * Q + self._sizes(N).rows + KQ) * self.C

    def maps(self, array: Array, N: int) -> Array:
        """The maps in an array with such room."""
        return array[: N * math.prod(self.size) * self.C].reshape(N, *self.size, self.C)

    def kernel(self, W: Array) -> Array:
        """W (KP, KQ, C, F) as ``times`` takes it, once it is in one piece."""
        pieces = W.reshape(self.taps[0], 1, 1, self.K, self.parts, self.F // self.parts)
        return pieces.swapaxes(3, 4)

    def times(
        self, array: Array, kernel: Array, N: int, name: Hashable, workspace: Workspace
    ) -> Array:
        """All places (N, P, Q, F), under this name in the workspace; the last lines are none."""
        (P, Q), (KP, KQ) = self.size, self.taps
        count, height, parts, rows, room = self._sizes(N)
        width, number = self.F // parts, array.itemsize
        shares = workspace.buffers.take(name, (KP, room, self.F), array.dtype)
        one, its = self.C * number, self.F * number  # from a window to the next, and its result's
        workspace.do.matmul(
            ndarray(
                (KP, KQ, count, 1, height, self.K),
                array.dtype,
                array,
                strides=(self.apart * Q * one, one, height * KQ * one, 0, KQ * one, number),
            ),
            kernel,
            out=ndarray(
                (KP, KQ, count, parts, height, width),
                array.dtype,
                shares,
                strides=(room * its, its, height * KQ * its, width * number, KQ * its, number),
            ),
        )
        total = shares[0, :rows]
        for share in shares[1:, :rows]:
            workspace.do.add(total, share, out=total)
        return shares[0, : N * P * Q].reshape(N, P, Q, self.F)

    def _sizes(self, N: int) -> LineSizes:
        sizes = self._found.get(N)
        if sizes is None:
            (P, Q), (KP, KQ) = self.size, self.taps
            places = (N * P - (KP - 1) * self.apart) * Q
            count, height, parts = self._cut(-(-places // KQ))
            rows = count * height * KQ
            sizes = self._found[N] = LineSizes(count, height, parts, rows, max(rows, N * P * Q))
        return sizes

    def _cut(self, rows: int) -> tuple[int, int, int]:
        return cut(rows, self.K, self.F) if self.small else (1, rows, 1)
