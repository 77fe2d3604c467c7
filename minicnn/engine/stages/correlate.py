"""dx of a convolution, from the gradient of its planes (floor 3).

With a stride of 1, dx is dy, with a border of zeros, convolved with the kernel turned around:
strips and products again, and every number of dx is written once. (The textbook's way,
``dy · Wᵀ`` scattered by ``col2im``, adds KH·KW overlapping maps.) Other strides leave holes
between the windows; there the scatter is used.
"""

from __future__ import annotations

import numpy as np

from minicnn.engine.scratch import Scratch
from minicnn.engine.stages.slide import Slide
from minicnn.engine.stages.strips import Strips
from minicnn.typing import Array, Pair


class Correlation:
    """The adjoint of one convolution, for strips along P."""

    def __init__(self, strips: Strips, inside: Pair, before: Pair) -> None:
        self.strips = strips
        self.inside, self.before = inside, before  # x without its padding, and where it begins
        slide = strips.slide
        self.by_strips = slide.strides == (1, 1)
        self.reach = [(k - 1) * d for k, d in zip(slide.kernel, slide.dilation, strict=True)]
        if self.by_strips:
            # dy is laid out as (N, Q, P, F), with strips along Q: so dx comes out as (N, P, Q, C).
            size = tuple(i + r for i, r in zip(inside, self.reach, strict=True))
            back = Slide((size[0], size[1]), slide.kernel, (1, 1), slide.dilation, (1, 1), inside)
            self.back = Strips(back.turned(), strips.F, strips.C)

    def kernel(self, W: Array) -> Array:
        """From W (KP, KQ, C, F), what ``run`` multiplies by."""
        if not self.by_strips:
            return W.reshape(-1, W.shape[-1]).T
        return self.back.kernel(W[::-1, ::-1].transpose(1, 0, 3, 2))

    def run(self, planes: Array, kernel: Array, name: object, scratch: Scratch) -> Array:
        """dx (N, P, Q, C), in scratch under this name, from dy in planes (A, B, N, OQ, OP, F)."""
        if not self.by_strips:
            return self._scatter(planes, kernel, name, scratch)
        N, back = planes.shape[2], self.back
        dy = self._bordered(planes, scratch)
        strips = back.of(dy, scratch, (self.before[1], self.before[0]))
        array = scratch.take(name, back.room(N), dy.dtype)
        back.times(strips, kernel, array, N, scratch)
        return back.planes(array, N)[0, 0]

    def _bordered(self, planes: Array, scratch: Scratch) -> Array:
        """The planes as maps (N, Q, P, F) in a border of zeros."""
        slide = self.strips.slide
        size = [s + r for s, r in zip(slide.size, self.reach, strict=True)]
        A, B, N, OQ, OP, F = planes.shape
        dy = scratch.bordered(("dy", slide), (N, size[1], size[0], F), planes.dtype)
        p, q = self.reach
        for a, b in np.ndindex(A, B):
            dy[:, q + b : q + b + OQ * B : B, p + a : p + a + OP * A : A] = planes[a, b]
        return dy

    def _scatter(self, planes: Array, kernel: Array, name: object, scratch: Scratch) -> Array:
        strips, slide = self.strips, self.strips.slide
        (KP, KQ), (sp, sq), (dp, dq) = slide.kernel, slide.strides, slide.dilation
        (A, B), (OP, OQ), C, N = slide.pool, slide.out, strips.C, planes.shape[2]
        planes = np.ascontiguousarray(planes)
        windows = scratch.take("strips", (*planes.shape[:-1], KP, KQ, C), planes.dtype)
        np.dot(planes.reshape(-1, strips.F), kernel, out=windows.reshape(-1, strips.K))
        padded = scratch.take(name, (N, *slide.size, C), planes.dtype)
        padded.fill(0)
        for a, b, kp, kq in np.ndindex(A, B, KP, KQ):
            rows = _every(a * sp + kp * dp, sp * A, OP)
            columns = _every(b * sq + kq * dq, sq * B, OQ)
            cells = padded[:, rows, columns]
            np.add(cells, windows[a, b, :, :, :, kp, kq].transpose(0, 2, 1, 3), out=cells)
        (p, q), (P, Q) = self.before, self.inside
        return padded[:, p : p + P, q : q + Q]


def _every(start: int, step: int, count: int) -> slice:
    return slice(start, start + (count - 1) * step + 1, step)
