"""Who trains a model now: two at once would undo each other's steps."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from minicnn.errors import BusyError


class OneAtATime:
    """Lets one run train at a time, and refuses any other at once: nobody waits, nothing hangs.

    Single steps of the thread that runs ``fit``, which a callback may take, are no second run.

    >>> turn = OneAtATime()
    >>> with turn.run("fit"), turn.step("train_on_batch"):
    ...     print("a callback takes a step")
    a callback takes a step
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._running = ""

    def __reduce__(self) -> tuple[type[OneAtATime], tuple[()]]:
        """A copy of a model that is being trained is not being trained."""
        return OneAtATime, ()

    @contextmanager
    def run(self, what: str) -> Iterator[None]:
        """A ``with`` block for a whole run."""
        with self.step(what):
            if self._running:
                raise self._refused(what, "by the run that calls it")
            self._running = what
            try:
                yield
            finally:
                self._running = ""

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """A ``with`` block for steps by themselves."""
        if not self._lock.acquire(blocking=False):
            raise self._refused(what, "in another thread")
        try:
            yield
        finally:
            self._lock.release()

    def must_rest(self, what: str) -> None:
        """Raise if a run is under way: for what would pull the model away under it."""
        if self._running:
            raise self._refused(what, "now")

    def _refused(self, what: str, where: str) -> BusyError:
        return BusyError(
            f"{what}: expected a model that is not being trained, got one that is being trained "
            f"{where}; wait until {self._running or 'that step'} has returned, or use a copy of "
            f"the model"
        )
