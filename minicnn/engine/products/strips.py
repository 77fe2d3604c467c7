"""A convolution's windows as matrices, without copying every number KH·KW times.

im2col writes each window out, KH·KW·C numbers, though neighbours share most of theirs. Here each
number is copied KW times only. A *strip* belongs to one column of the output: for each row of
the map, the KW·C numbers that the column's windows see there, row under row. The window at
the top is then the strip's first KH·KW·C numbers, the next window begins KW·C numbers later,
and so on: windows overlap in memory. BLAS does not mind how far the rows of a matrix lie
apart, as long as they don't overlap *within one matrix*. So the windows take turns: every
t-th one, far enough from the one before, makes a matrix of its own, and t matrices over the
same strips, multiplied one after another, are the whole convolution.

    strip   ─┬─ row 0 ─┬─ row 1 ─┬─ row 2 ─┬─ row 3 ─┬─ row 4 ─┬─ row 5 ─┬─ row 6 ─┬ ...
    turn 0   └────────window 0─────────────┴────────window 3─────────────┴─ ...
    turn 1             └────────window 1─────────────┴────────window 4───── ...
    turn 2                       └────────window 2─────────────┴─ ...

The strips lie one behind the other, so the windows at the end of one reach into the next.
These belong to no place of the output; their results are left lying between the others, and
in the backward pass their gradient is zero.

Strips run along one axis of the maps, here called P, and are dealt along the other one, Q.
The output has a strip's results one behind the other, so in memory it lies with P inside Q.
Where P is H, rows and columns come out exchanged. The next convolution takes them so, lets its
strips run along W, and exchanges them back.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minicnn.engine.memory.recording import Workspace
from minicnn.engine.options import current_options
from minicnn.engine.products.slide import Slide, stretch
from minicnn.engine.products.small import cut, cut_transposed, whole
from minicnn.typing import Array, Pair

MOST_EMPTY = 0.08  # windows of no place, for each place and row of the kernel: what they cost is
# of no use. Where there would be more, copying every window by itself is cheaper.


class Cut(NamedTuple):
    """How a product is cut."""

    chunks: int
    height: int  # rows of a chunk
    parts: int = 1  # of the kernel's columns


class StripSizes(NamedTuple):
    """What becomes of N samples."""

    places: int  # windows, those of no place included
    chunks: Cut  # of a turn's matrix, when it is multiplied by the kernel
    gradient: Cut  # and for the kernel's gradient
    room: int  # rows of all planes together, with what fills up the last chunks


class Strips:
    """The products of one convolution: with its kernel, and for its kernel's gradient.

    The places of the output are dealt out to the A·B cells of their pool's windows: *plane* k
    holds cell k of every window, so that the pool is a maximum over a few arrays.

    ``unit`` numbers make a row of a strip; every ``step`` rows one of its ``windows`` begins.
    ``apart`` sets of planes are written by turns of their own, ``rounds`` turns each: for 3×3 and a
    pool of 2×2, turns 0 and 2 write the places of even rows, turns 1 and 3 the others. Where it is
    quicker to copy every window by itself, a row is a window, and there is one turn.
    """

    def __init__(self, slide: Slide, C: int, F: int) -> None:
        self.slide, self.C, self.F = slide, C, F
        (KP, KQ), (A, _), stride = slide.kernel, slide.pool, slide.strides[0]
        self.K = KP * KQ * C
        self.small = current_options().small_products
        places = A * slide.out[0]
        self.rows = (places - 1) * stride + KP  # of the maps, in a strip
        windows = _up(-(-self.rows // stride), A)  # of a strip, those of no place included
        shared = (
            current_options().strips
            and slide.dilation[0] == 1
            and stride < KP
            and windows <= (1 + MOST_EMPTY * KP) * places
        )
        # Products too large for small kernels are quickest in one piece.
        self.shared = shared and not whole(self.K, F)
        if self.shared:
            self.unit, self.step, self.windows = KQ * C, stride, windows
            self.apart, self.rounds = A, -(-KP // (A * stride))
        else:
            self.unit, self.step, self.windows = self.K, 1, slide.out[0]
            self.apart, self.rounds = 1, 1
            self.rows = self.windows
        self.turns = self.rounds * self.apart
        self.parts = self._cut(1).parts
        self._found: dict[int, StripSizes] = {}

    # ---- what it makes of maps -----------------------------------------------------------------

    def of(
        self, maps: Array, workspace: Workspace, start: Pair = (0, 0), short_runs: bool = False
    ) -> Array:
        """The strips of these maps, one behind the other; the first window begins at ``start``.

        Maps lie in memory as (N, P, Q, C), or, with ``short_runs``, as (N, Q, P, C): then what
        is copied in one go is C numbers, and not KQ·C.
        """
        sizes = self._sizes(len(maps))
        used = sizes.places * self.step * self.unit
        size = sizes.room * self.step * self.unit + self.K  # the last windows reach further
        strips = workspace.buffers.take("strips", (size,), maps.dtype)
        workspace.do.copyto(strips[used:], 0)
        self._fill(strips[:used], maps, start, short_runs, workspace.do)
        return strips

    def _fill(self, strips: Array, maps: Array, start: Pair, short_runs: bool, do: Any) -> None:
        (KP, KQ), (sp, sq), (dp, dq) = self.slide.kernel, self.slide.strides, self.slide.dilation
        (A, B), OQ = self.slide.pool, self.slide.out[1]
        N, C, (n, p, q, c) = len(maps), self.C, maps.strides
        if short_runs:
            p, q = q, p
        down = p
        if self.shared:
            A, KP = 1, 1
        else:
            down *= sp * A
        run = KQ * C if (q, dq) == (C * c, 1) else C
        runs = np.dtype((np.void, run * c))  # as ``in_runs`` does
        windows = np.ndarray(
            (A, B, N, OQ, self.rows, KP, KQ * C // run),
            runs,
            stretch(maps),
            offset=start[0] * p + start[1] * q,
            strides=(p * sp, q * sq, n, q * sq * B, down, p * dp, q * dq),
        )
        length = self.windows * self.step
        strips = strips.reshape(A, B, N, OQ, length, KP, KQ * C)
        do.copyto(strips[:, :, :, :, : self.rows].view(runs), windows)
        if self.rows < length:
            do.copyto(strips[:, :, :, :, self.rows :], 0)

    # ---- products ------------------------------------------------------------------------------

    def kernel(self, W: Array) -> Array:
        """W (KP, KQ, C, F) as ``times`` takes it, once it is in one piece: parts of its columns."""
        return W.reshape(self.K, self.parts, self.F // self.parts).swapaxes(0, 1)

    def times(
        self, strips: Array, kernel: Array, into: Array, N: int, workspace: Workspace
    ) -> None:
        """The windows of N samples times the kernel, into an array of ``shape_for(N)``."""
        chunks = self._sizes(N).chunks
        out = self._by_turns(into, chunks)
        workspace.do.matmul(self._matrices(strips, chunks), kernel, out=out)

    def gradient(
        self, strips: Array, dplanes: Array, dW: Array, N: int, workspace: Workspace
    ) -> None:
        """All windows' transpose times the gradient of the planes, into dW (K, F)."""
        chunks = self._sizes(N).gradient
        shape = (self.turns * chunks.chunks, self.K, self.F)
        shares = workspace.buffers.take("shares", shape, dW.dtype)
        workspace.do.matmul(
            self._matrices(strips, chunks).swapaxes(-1, -2),
            self._by_turns(dplanes, chunks),
            out=shares.reshape(self.rounds, -1, chunks.chunks, 1, self.K, self.F),
        )
        workspace.do.add.reduce(shares, axis=0, out=dW)

    def _matrices(self, strips: Array, chunks: Cut) -> Array:
        """The windows: (rounds, A, chunks, 1, rows, K); round r, plane a is turn r·A + a."""
        count, height, _ = chunks
        one = self.step * self.unit * strips.itemsize  # from a window to the next
        return np.ndarray(
            (self.rounds, self.apart, count, 1, height, self.K),
            strips.dtype,
            strips,
            strides=(
                self.apart * one,
                one,
                height * self.turns * one,
                0,
                self.turns * one,
                strips.itemsize,
            ),
        )

    # ---- planes --------------------------------------------------------------------------------

    def shape_for(self, N: int) -> tuple[int, int, int]:
        """The shape of an array for the planes of N samples, and what lies between them."""
        return self.apart, self._sizes(N).room // self.apart, self.F

    def planes(self, array: Array, N: int) -> Array:
        """The planes in such an array: (A, B, N, OQ, OP, F)."""
        return self.with_rest(array, N)[:, :, :, :, : self.slide.out[0]]

    def with_rest(self, array: Array, N: int) -> Array:
        """The planes with what lies between their rows, each in one piece: OP and a few more."""
        (A, B), OQ = self.slide.pool, self.slide.out[1]
        used = array[:, : self._sizes(N).places // self.apart]
        return used.reshape(A, B, N, OQ, -1, self.F)

    def clear_rest(self, array: Array, N: int, do: Any) -> None:
        """Zeros for the windows of no place, in the first plane and behind the last one.

        The other planes are written by whoever shares out the first, from end to end.
        """
        do.copyto(array[:, self._sizes(N).places // self.apart :], 0)
        do.copyto(self.with_rest(array, N)[0, 0, :, :, self.slide.out[0] :], 0)

    def _by_turns(self, array: Array, chunks: Cut) -> Array:
        """Such an array as the products write it: (rounds, A, chunks, parts, rows, F / parts)."""
        count, height, parts = chunks
        plane, row, number = array.strides
        width = self.F // parts
        return np.ndarray(
            (self.rounds, self.apart, count, parts, height, width),
            array.dtype,
            array,
            strides=(
                row,
                plane,
                height * self.rounds * row,
                width * number,
                self.rounds * row,
                number,
            ),
        )

    # ---- sizes ---------------------------------------------------------------------------------

    def _sizes(self, N: int) -> StripSizes:
        sizes = self._found.get(N)
        if sizes is None:
            (A, B), OQ = self.slide.pool, self.slide.out[1]
            places = A // self.apart * B * N * OQ * self.windows
            rows = -(-places // self.turns)
            chunks, gradient = self._cut(rows), Cut(1, rows)
            if self.small:
                gradient = Cut(*cut_transposed(rows, self.K, self.F))
            most = max(c.chunks * c.height for c in (chunks, gradient))
            sizes = self._found[N] = StripSizes(places, chunks, gradient, most * self.turns)
        return sizes

    def _cut(self, rows: int) -> Cut:
        return Cut(*cut(rows, self.K, self.F)) if self.small else Cut(1, rows)

    def working_set(self) -> int:
        """Numbers that one sample's strips and planes are."""
        return self._sizes(1).places * (self.step * self.unit + self.F)


def _up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple
