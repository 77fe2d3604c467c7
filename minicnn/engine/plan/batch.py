"""A whole batch on its way through a plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minicnn.engine.memory.arena import Arena
from minicnn.engine.memory.recording import Owner, Workspace, recordings_for
from minicnn.engine.plan.samples import Samples, Work
from minicnn.engine.plan.steps import Plan
from minicnn.engine.plan.sweep import pieces_of, sweep
from minicnn.engine.plan.totals import ALONE, Totals
from minicnn.engine.update.gradients import Gradients
from minicnn.typing import Array, Shape


class WholeBatch(Samples):
    """Its arena, what the caller handed in, and where its gradients go."""

    def __init__(
        self, plan: Plan, arena: Arena, training: Any, *outside: Array, totals: Totals = ALONE
    ) -> None:
        super().__init__()
        self.plan, self.arena, self.training = plan, arena, training
        self.outside = list(outside)  # the caller's arrays: no recording may hold on to them
        self.totals = totals  # who answers for the whole, if this is a share of a larger batch
        self.gradients = Gradients()
        self.used_up = False  # whether it has gone back: then its arena is another batch's

    @property
    def moment(self) -> Any:
        """As the caller gave it."""
        return self.training

    def room(self, part: Owner, name: Any, shape: Shape, dtype: Any, keep: bool = False) -> Array:
        """In the arena, where everything lasts until the backward pass."""
        return self.arena.buffers(part.number).take(name, shape, dtype)

    def each(
        self, part: Owner, name: str, work: Work, into: tuple[Array, ...], *arrays: Array
    ) -> None:
        """On all threads, some samples at a time."""
        largest = max((*into, *arrays), key=lambda array: array.size)
        recordings = recordings_for(self.arena, part, ("each", largest.shape, largest.dtype))
        lasting = [
            recordings.settled(array, f"{name} {place}", self.outside)
            for place, array in enumerate(arrays)
        ]
        pieces = pieces_of(largest)

        def some(i: int, workspace: Workspace) -> None:
            work(workspace, *[array[pieces[i]] for array in (*into, *lasting)])

        sweep(recordings, name, pieces, some)

    def call(self, work: Callable[[], object]) -> None:
        """At once: nothing of a whole batch's own is recorded."""
        work()

    def fresh(self, make: Callable[[], Array], place: Callable[[], Array]) -> Array:
        """Handed on as it is."""
        return make()

    def cache_of(self, part: Owner) -> Any:
        """It stays, for ``next_state`` asks for it again."""
        return self.caches[part.number]

    def add_gradient(self, path: str, gradient: Array, recorded: bool = True) -> None:
        """To whoever wants them."""
        self.gradients.put(path, gradient)
