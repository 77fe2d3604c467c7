"""Pieces of a batch: all samples, in order, by the shape alone."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minicnn.engine.memory.arena import Arena
from minicnn.engine.memory.recording import Recordings
from minicnn.engine.plan.sweep import PIECE, pieces_of, sweep


@given(st.integers(1, 40), st.integers(1, 200))
def test_pieces_are_the_batch_in_order(n, thousands):
    array = np.broadcast_to(np.float32(0), (n, 1000 * thousands))
    pieces = pieces_of(array)
    assert [i for piece in pieces for i in range(n)[piece]] == list(range(n))
    assert all(piece.stop > piece.start for piece in pieces)
    assert len(pieces) == n or all(array[piece].size <= 2 * PIECE for piece in pieces)


class Owner:
    number = 0


def test_every_piece_is_worked_on_once():
    recordings, seen = Recordings(Arena(), Owner(), active=True), []
    for _ in range(3):
        sweep(
            recordings,
            "look",
            [slice(0, 2), slice(2, 5)],
            lambda i, work: work.call(lambda: seen.append(i)),
        )
    assert sorted(seen) == [0, 0, 0, 1, 1, 1]
