"""How much of a run's time its report may take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SHARE = 0.02  # of the time that passes


class Budget:
    """What cost c seconds may be done again when c / SHARE seconds have passed.

    >>> now = [0.0]
    >>> budget = Budget(clock=lambda: now[0])
    >>> with budget.spending():
    ...     now[0] += 2
    >>> now[0] += 99; budget.due()
    False
    >>> now[0] += 1; budget.due()
    True
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.cost = 0.0  # of the last time; set it to what the first time may cost
        self.clock = clock
        self.since = clock()

    def due(self, at_least: float = 0.0) -> bool:
        """Whether it may be done now; never before ``at_least`` seconds have passed."""
        return self.clock() - self.since >= max(at_least, self.cost / SHARE)

    @contextmanager
    def spending(self) -> Iterator[None]:
        """A ``with`` block whose time is what it costs."""
        started = self.clock()
        try:
            yield
        finally:
            self.since = self.clock()
            self.cost = self.since - started
