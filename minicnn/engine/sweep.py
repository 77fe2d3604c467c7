"""A batch gone over on all threads, some samples at a time (floor 3)."""

from __future__ import annotations

from collections.abc import Callable

from minicnn.engine import threads
from minicnn.engine.tape import Bench, Reel
from minicnn.typing import Array

BLOCK = 1 << 18  # numbers in a block: with smaller ones, threads meet at Python's lock


def count_blocks(array: Array) -> int:
    """How many blocks a batch is cut into: a function of shapes alone."""
    return min(len(array), -(-array.size // BLOCK))


def samples_of(array: Array, i: int) -> Array:
    """The samples of block i."""
    N, count = len(array), count_blocks(array)
    return array[N * i // count : N * (i + 1) // count]


def sweep(reel: Reel, name: str, array: Array, work: Callable[[int, Bench], object]) -> None:
    """``work`` for each block of the array, written on the reel under this name."""

    def job(i: int) -> None:
        reel.work((name, i), lambda bench: work(i, bench))

    threads.run(job, count_blocks(array))
