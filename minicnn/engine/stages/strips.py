"""A convolution's windows as matrices, without copying every number KH·KW times (floor 3).

im2col writes each window out, KH·KW·C numbers, though neighbours share most of theirs. Here
only KW of those copies are made. A *strip* belongs to one column of the output: for each row
of the map, the KW·C numbers that the column's windows see there, row under row. The window at
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

An axis of the output is a strip, and the strips are the other one: what comes out lies in
memory with rows and columns exchanged. The next convolution exchanges them back. Everything
here says P for the slower axis of the maps in memory and Q for the faster one, whichever of H
and W they are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minicnn.engine.options import current_options
from minicnn.engine.scratch import Scratch
from minicnn.engine.stages.products import cut, whole
from minicnn.engine.stages.slide import Slide
from minicnn.typing import Array, Pair

# Windows that belong to no place cost products. With more of them than this share of the places,
# for each row of the kernel, copying every window by itself is cheaper.
WASTE = 0.08
THIN = 48  # filters up to which one large product is slow


class Sizes(NamedTuple):
    """What becomes of N samples."""

    places: int  # windows, those of no consequence included
    chunks: int  # of a turn's matrix
    rows: int  # of a chunk
    parts: int  # of the kernel
    room: int  # rows of all planes together, with what fills up the last chunks


class Strips:
    """The products of one convolution: with its kernel, and for its kernel's gradient.

    The places of the output are dealt out to the A·B cells of their pool's windows: *plane* k
    holds cell k of every window, so that the pool is a maximum over a few arrays.
    """

    def __init__(self, slide: Slide, C: int, F: int) -> None:
        self.slide, self.C, self.F = slide, C, F
        self._found: dict[int, Sizes] = {}
        (KP, KQ), (stride, _) = slide.kernel, slide.strides
        A, OP = slide.pool[0], slide.out[0]
        self.K = KP * KQ * C
        places = A * OP
        # In rows of the map: how far a window reaches, and where the next begins.
        reach, self.step, self.unit = KP, stride, KQ * C
        self.windows = _up(-(-((places - 1) * stride + KP) // stride), A)  # of one strip
        self.shared = (
            current_options().strips
            and (slide.dilation[0] == 1 or KP == 1)
            and self.windows <= (1 + WASTE * KP) * places
        )
        # With a large kernel a product for each of its rows, added up, is quicker than one; and
        # one for all places is quicker than one a turn.
        self.by_rows = (
            self.shared
            and A == self.step == 1
            and F <= THIN
            and whole(self.K, F)
            and not whole(self.unit, F)
        )
        if whole(self.K, F) and not self.by_rows:
            self.shared = False
        if not self.shared:  # every window by itself, KH times as many copies
            reach, self.step, self.unit, self.windows = 1, 1, self.K, OP
        self.planes_apart = A if self.shared else 1  # else they lie one behind the other
        self.rounds = -(-reach // (self.planes_apart * self.step))  # turns, for each of them
        self.turns = self.rounds * self.planes_apart

    # ---- what it makes of maps -----------------------------------------------------------------

    def of(
        self, maps: Array, scratch: Scratch, start: Pair = (0, 0), across: bool = False
    ) -> Array:
        """The strips of these maps, one behind the other; the first window begins at ``start``.

        ``across``: the maps lie in memory as (N, Q, P, C), so the copies are runs of C numbers.
        """
        sizes = self._sizes(len(maps))
        used = sizes.places * self.step * self.unit
        size = sizes.room * self.step * self.unit + self.K  # the last windows reach further
        strips = scratch.take("strips", (size,), maps.dtype)
        strips[used:] = 0
        self._fill(strips[:used], maps, start, across)
        return strips

    def _fill(self, strips: Array, maps: Array, start: Pair, across: bool) -> None:
        (P, _), (KP, KQ), (sp, sq), (dp, dq) = (
            self.slide.size,
            self.slide.kernel,
            self.slide.strides,
            self.slide.dilation,
        )
        (A, B), OQ = self.slide.pool, self.slide.out[1]
        N, C, (n, p, q, c) = len(maps), self.C, maps.strides
        if across:
            p, q = q, p
        length = self.windows * self.step
        if self.shared:
            A, rows, KP, down = 1, min(P, length), 1, p
        else:
            rows, down = length, p * sp * A
        windows = np.ndarray(
            (A, B, N, OQ, rows, KP, KQ, C),
            maps.dtype,
            maps,
            offset=start[0] * p + start[1] * q,
            strides=(p * sp, q * sq, n, q * sq * B, down, p * dp, q * dq, c),
        )
        strips = strips.reshape(A, B, N, OQ, length, KP, KQ, C)
        np.copyto(strips[:, :, :, :, :rows], windows)
        if rows < length:
            strips[:, :, :, :, rows:] = 0

    # ---- products ------------------------------------------------------------------------------

    def kernel(self, W: Array) -> Array:
        """W (KP, KQ, C, F) as ``times`` takes it: in parts of its columns, each in one piece."""
        height = self.unit if self.by_rows else self.K
        _, _, parts = cut(1, height, self.F)
        pieces = W.reshape(-1, height, parts, self.F // parts).swapaxes(1, 2)
        return np.ascontiguousarray(pieces)

    def times(self, strips: Array, kernel: Array, into: Array, N: int, scratch: Scratch) -> None:
        """The windows of N samples times the kernel, into an array of ``room``."""
        if self.by_rows:
            self._times_by_rows(strips, kernel, into[0], N, scratch)
        else:
            np.matmul(self._windows(strips, N), kernel[0], out=self._by_turns(into, N))

    def _times_by_rows(
        self, strips: Array, kernel: Array, into: Array, N: int, scratch: Scratch
    ) -> None:
        unit = self.unit
        count, rows, parts = cut(self._sizes(N).places, unit, self.F)
        into = into[: count * rows]
        share = scratch.take("share", into.shape, into.dtype)
        for kp, its_kernel in enumerate(kernel):
            seen = strips[kp * unit :][: count * rows * unit].reshape(count, 1, rows, unit)
            target = share if kp else into
            pieces = target.reshape(count, rows, parts, -1).transpose(0, 2, 1, 3)
            np.matmul(seen, its_kernel, out=pieces)
            if kp:
                np.add(into, share, out=into)

    def gradient(self, strips: Array, dplanes: Array, dW: Array, N: int, scratch: Scratch) -> Array:
        """All windows' transpose times the gradient in an array of ``room``, into dW (K, F)."""
        _, count, _, parts, _ = self._sizes(N)
        width = self.F // parts
        shares = scratch.take("shares", (self.turns * count, parts, self.K, width), dW.dtype)
        np.matmul(
            self._windows(strips, N).swapaxes(-1, -2),
            self._by_turns(dplanes, N),
            out=shares.reshape(self.rounds, -1, count, parts, self.K, width),
        )
        if parts == 1:
            np.sum(shares[:, 0], axis=0, out=dW)
        else:
            dW.reshape(self.K, parts, width)[...] = shares.sum(axis=0).transpose(1, 0, 2)
        return dW

    def _windows(self, strips: Array, N: int) -> Array:
        """The strips as matrices: (rounds, A, chunks, 1, rows, K)."""
        _, count, rows, _, _ = self._sizes(N)
        A, one = self.planes_apart, self.step * self.unit * strips.itemsize
        turn = self.turns * one
        return np.ndarray(
            (self.rounds, A, count, 1, rows, self.K),
            strips.dtype,
            strips,
            strides=(A * one, one, rows * turn, 0, turn, strips.itemsize),
        )

    # ---- planes --------------------------------------------------------------------------------

    def room(self, N: int) -> tuple[int, int, int]:
        """The shape of an array for the planes of N samples, and what lies between them."""
        return self.planes_apart, self._sizes(N).room // self.planes_apart, self.F

    def planes(self, array: Array, N: int) -> Array:
        """The planes in such an array: (A, B, N, OQ, OP, F)."""
        return self.with_rest(array, N)[:, :, :, :, : self.slide.out[0]]

    def with_rest(self, array: Array, N: int) -> Array:
        """The planes with what lies between their rows, each in one piece: OP and a few more."""
        (A, B), OQ = self.slide.pool, self.slide.out[1]
        used = array[:, : self._sizes(N).places // self.planes_apart]
        return used.reshape(A, B, N, OQ, -1, self.F)

    def clear_rest(self, array: Array, N: int) -> None:
        """Zeros for all in the first plane, and behind the last, that is no place of the output."""
        array[:, self._sizes(N).places // self.planes_apart :] = 0
        self.with_rest(array, N)[0, 0, :, :, self.slide.out[0] :] = 0

    def _by_turns(self, array: Array, N: int) -> Array:
        """Such an array in the order in which the matrices come: the rows of turn r·A + a."""
        _, count, rows, parts, _ = self._sizes(N)
        plane, row, number = array.strides
        return np.ndarray(
            (self.rounds, len(array), count, parts, rows, self.F // parts),
            array.dtype,
            array,
            strides=(
                row,
                plane,
                rows * self.rounds * row,
                self.F // parts * number,
                self.rounds * row,
                number,
            ),
        )

    # ---- sizes ---------------------------------------------------------------------------------

    def _sizes(self, N: int) -> Sizes:
        sizes = self._found.get(N)
        if sizes is None:
            (A, B), OQ = self.slide.pool, self.slide.out[1]
            places = A // self.planes_apart * B * N * OQ * self.windows
            chunks, rows, parts = cut(-(-places // self.turns), self.K, self.F)
            room = chunks * rows * self.turns
            if self.by_rows:
                its_chunks, its_rows, _ = cut(places, self.unit, self.F)
                room = max(room, its_chunks * its_rows)
            sizes = self._found[N] = Sizes(places, chunks, rows, parts, room)
        return sizes

    def working_set(self) -> int:
        """Numbers that one sample's strips and planes are."""
        return self._sizes(1).places * (self.step * self.unit + self.F)


def _up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple
