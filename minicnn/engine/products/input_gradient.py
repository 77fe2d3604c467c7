"""dx of a convolution, from the gradient of its planes.

With a stride of 1, dx is dy, with a border of zeros, convolved with the kernel turned around, by
lines or by strips. (The textbook's way, ``dy · Wᵀ`` scattered by ``col2im``, adds up KH·KW maps
that overlap.) Other strides leave holes between the windows; there the scatter is used.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any

import numpy as np

from minicnn.engine.memory.recording import Workspace
from minicnn.engine.options import current_options
from minicnn.engine.products.lines import Lines
from minicnn.engine.products.slide import Slide, in_runs
from minicnn.engine.products.strips import Strips
from minicnn.typing import Array, Pair

MOST_BORDER = 0.15  # places in the border for each inside: what they cost is of no use


class InputGradient:
    """The adjoint of one convolution, whose strips run along P."""

    def __init__(self, strips: Strips, inside: Pair, before: Pair) -> None:
        self.strips = strips
        self.inside, self.before = inside, before  # x without its padding, and where it begins
        slide = strips.slide
        self.reach = (
            (slide.kernel[0] - 1) * slide.dilation[0],
            (slide.kernel[1] - 1) * slide.dilation[1],
        )
        self.lines: Lines | None = None
        self.back: Strips | None = None
        if slide.strides != (1, 1):
            return
        size = inside[0] + self.reach[0], inside[1] + self.reach[1]
        if self._lines_suit(size):
            self.lines = Lines(size, slide.kernel, slide.dilation[0], strips.F, strips.C)
        else:
            # dy is laid out as (N, Q, P, F), with strips along Q: so dx comes out as (N, P, Q, C).
            back = Slide(size, slide.kernel, (1, 1), slide.dilation, (1, 1), inside)
            self.back = Strips(back.turned(), strips.F, strips.C)

    def _lines_suit(self, size: Pair) -> bool:
        strips, slide = self.strips, self.strips.slide
        ends = zip(slide.size, self.inside, self.before, self.reach, strict=True)
        return (
            current_options().strips
            and slide.dilation[1] == 1
            and strips.C <= strips.F
            and all(max(b, s - i - b) <= r for s, i, b, r in ends)  # no padding wider than that
            and math.prod(size) <= (1 + MOST_BORDER) * math.prod(self.inside)
        )

    def kernel(self, W: Array) -> Array:
        """From W (KP, KQ, C, F), what ``run`` multiplies by, once it is in one piece."""
        around = W[::-1, ::-1].transpose(0, 1, 3, 2)
        if self.lines is not None:
            return self.lines.kernel(around)
        if self.back is not None:
            return self.back.kernel(around.swapaxes(0, 1))
        return W.reshape(-1, W.shape[-1]).T

    def run(self, planes: Array, kernel: Array, name: Hashable, workspace: Workspace) -> Array:
        """dx (N, P, Q, C), under this name in the workspace, of planes (A, B, N, OQ, OP, F)."""
        if self.lines is not None:
            N, lines, (P, Q) = planes.shape[2], self.lines, self.inside
            start = self.reach[0] - self.before[0], self.reach[1] - self.before[1]
            border = "dy", lines.size, start, planes.shape  # all that says which cells are written
            array = workspace.buffers.bordered(border, (lines.numbers_for(N),), planes.dtype)
            self._lay_out(planes, lines.maps(array, N), start, workspace.do)
            return lines.times(array, kernel, N, name, workspace)[:, :P, :Q]
        if self.back is not None:
            return self._by_strips(self.back, planes, kernel, name, workspace)
        return self._scatter(planes, kernel, name, workspace)

    def _lay_out(self, planes: Array, dy: Array, start: Pair, do: Any) -> None:
        """The planes as maps (N, P, Q, F), inside a border of zeros."""
        A, B, _, OQ, OP, _ = planes.shape
        p, q = start
        for a, b in np.ndindex(A, B):
            cells = dy[:, p + a : p + a + OP * A : A, q + b : q + b + OQ * B : B]
            do.copyto(in_runs(cells), in_runs(planes[a, b].swapaxes(1, 2)))

    def _by_strips(
        self, back: Strips, planes: Array, kernel: Array, name: Hashable, workspace: Workspace
    ) -> Array:
        N, F, slide = planes.shape[2], self.strips.F, self.strips.slide
        size = slide.size[1] + self.reach[1], slide.size[0] + self.reach[0]
        dy = workspace.buffers.bordered(("dy", slide), (N, *size, F), planes.dtype)
        self._lay_out(planes, dy.swapaxes(1, 2), self.reach, workspace.do)
        strips = back.of(dy, workspace, (self.before[1], self.before[0]))
        array = workspace.buffers.take(name, back.shape_for(N), dy.dtype)
        back.times(strips, kernel, array, N, workspace)
        return back.planes(array, N)[0, 0]

    def _scatter(self, planes: Array, kernel: Array, name: Hashable, workspace: Workspace) -> Array:
        strips, slide, do = self.strips, self.strips.slide, workspace.do
        (KP, KQ), (sp, sq), (dp, dq) = slide.kernel, slide.strides, slide.dilation
        (A, B), (OP, OQ), C, N = slide.pool, slide.out, strips.C, planes.shape[2]
        rows = workspace.buffers.take("rows", planes.shape, planes.dtype)
        do.copyto(rows, planes)
        windows = workspace.buffers.take("strips", (*planes.shape[:-1], KP, KQ, C), planes.dtype)
        do.dot(rows.reshape(-1, strips.F), kernel, out=windows.reshape(-1, strips.K))
        padded = workspace.buffers.take(name, (N, *slide.size, C), planes.dtype)
        do.copyto(padded, 0)
        for a, b, kp, kq in np.ndindex(A, B, KP, KQ):
            down = _every(a * sp + kp * dp, sp * A, OP)
            across = _every(b * sq + kq * dq, sq * B, OQ)
            cells = padded[:, down, across]
            do.add(cells, windows[a, b, :, :, :, kp, kq].transpose(0, 2, 1, 3), out=cells)
        (p, q), (P, Q) = self.before, self.inside
        return padded[:, p : p + P, q : q + Q]


def _every(start: int, step: int, count: int) -> slice:
    return slice(start, start + (count - 1) * step + 1, step)
