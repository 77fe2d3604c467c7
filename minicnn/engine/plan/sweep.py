"""A batch gone over on all threads, some samples at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from minicnn.engine.machine import threads
from minicnn.engine.memory.recording import Recordings, Workspace
from minicnn.typing import Array

PIECE = 1 << 18  # numbers of an array in a job: with fewer, threads meet at Python's lock


def pieces_of(array: Array) -> list[slice]:
    """How a batch is cut, as rows: by its shape alone."""
    N = len(array)
    count = min(N, -(-array.size // PIECE))
    return [slice(*cut) for cut in pairwise(N * i // count for i in range(count + 1))]


def sweep(
    recordings: Recordings,
    name: str,
    pieces: Sequence[slice],
    work: Callable[[int, Workspace], object],
) -> None:
    """``work`` for the number of each piece, recorded under this name."""

    def job(i: int) -> None:
        recordings.work((name, i), lambda workspace: work(i, workspace))

    threads.run(job, len(pieces))
