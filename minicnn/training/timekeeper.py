"""Where the time of a run goes, epoch by epoch.

It is no part of a checkpoint: equal runs leave equal files, however long they took.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from minicnn.data.dataset import Batch

Part = Literal["waiting", "steps", "validation", "callbacks"]


@dataclass
class EpochTimes:
    """The seconds of one epoch, or of what was left of it when the run was resumed."""

    epoch: int
    waiting: float = 0.0  # for batches
    steps: float = 0.0  # forward, backward, update, metrics
    validation: float = 0.0
    callbacks: float = 0.0
    samples: int = 0  # that were trained on

    @property
    def total(self) -> float:
        """Seconds of waiting, steps, validation and callbacks together."""
        return self.waiting + self.steps + self.validation + self.callbacks

    @property
    def speed(self) -> float:
        """Samples a second while training: waiting counts, validation and callbacks don't."""
        spent = self.waiting + self.steps
        return self.samples / spent if spent > 0 else 0.0


class Timekeeper:
    """Adds up seconds under the name of what they were spent on.

    >>> ticks = iter([1.0, 3.5])
    >>> keeper = Timekeeper(lambda: next(ticks))
    >>> keeper.begin(epoch=0)
    >>> with keeper.timing("validation"):
    ...     pass
    >>> keeper.epochs
    [EpochTimes(epoch=0, waiting=0.0, steps=0.0, validation=2.5, callbacks=0.0, samples=0)]
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self.epochs: list[EpochTimes] = []

    def begin(self, epoch: int) -> None:
        """From now on, seconds belong to this epoch."""
        self.epochs.append(EpochTimes(epoch))

    @contextmanager
    def timing(self, part: Part) -> Iterator[None]:
        """A ``with`` block whose seconds are counted, also if it fails."""
        times, started = self.epochs[-1], self.clock()
        try:
            yield
        finally:
            setattr(times, part, getattr(times, part) + self.clock() - started)

    def waiting(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The batches; what passes until each is there is waiting."""
        iterator = iter(batches)
        while True:
            with self.timing("waiting"):
                batch = next(iterator, None)
            if batch is None:
                return
            yield batch
