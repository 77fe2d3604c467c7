"""The optimizer's rule in pieces that fit a core's cache, on all threads (floor 3).

A rule such as RMSprop's goes over its numbers some ten times; over all of a large array each
time, that is ten trips to the memory, over a piece of it only one. A rule that works element by
element, and says so (``elementwise``), gets the same numbers from pieces.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minicnn.backends import ops_for
from minicnn.engine import threads
from minicnn.engine.gradients import Gradients, MoveRows
from minicnn.engine.options import current_options
from minicnn.optimizers import Optimizer
from minicnn.typing import Array, Params

PIECE = 1 << 17  # numbers: enough that threads seldom meet at the door of Python's lock


class Descent(Gradients):
    """Gradients that are used up: one step of the optimizer, begun when this is made."""

    def __init__(self, optimizer: Optimizer, params: Params, wanted: Iterable[str]) -> None:
        super().__init__()
        self.optimizer, self.params, self.wanted = optimizer, params, frozenset(wanted)
        self.rate, self.step = optimizer.begin_step()

    def put(self, path: str, gradient: Array) -> None:
        """Held until ``finish``; nobody wants the gradients of frozen parameters."""
        if path in self.wanted:
            self.found[path] = gradient

    def mover(self, path: str) -> MoveRows | None:
        """Moves rows of one parameter as soon as their gradient is known."""
        p = self.params[path]
        if path not in self.wanted or not p.flags.c_contiguous:
            return None
        slots = self.optimizer.slots_of(path, p)

        def move(start: int, end: int, gradient: Array) -> None:
            rows = slice(start, end)
            self._update(p[rows], gradient, tuple(slot[rows] for slot in slots))

        return move

    def finish(self) -> None:
        """Move all parameters whose gradients were put."""
        pieces = [piece for path, g in self.found.items() for piece in self._pieces(path, g)]
        threads.run(lambda i: self._update(*pieces[i]), len(pieces))
        self.found = {}

    def _pieces(self, path: str, gradient: Array) -> list[Any]:
        p = self.params[path]
        self.optimizer.check(path, p, gradient)
        slots = self.optimizer.slots_of(path, p)
        if not all(a.flags.c_contiguous for a in (p, gradient, *slots)):
            return [(p, gradient, slots)]
        rows = [a.reshape(-1) for a in (p, gradient, *slots)]
        cuts = [slice(i, i + PIECE) for i in range(0, p.size, PIECE)]
        return [(rows[0][c], rows[1][c], tuple(r[c] for r in rows[2:])) for c in cuts]

    def _update(self, p: Array, g: Array, slots: tuple[Array, ...]) -> None:
        self.optimizer.move(p, g, slots, self.rate, self.step, ops_for(p))


def in_pieces(optimizer: Optimizer) -> bool:
    """Whether an optimizer moves parameters as all do, and element by element."""
    return (
        current_options().split_update
        and optimizer.elementwise
        and type(optimizer).apply is Optimizer.apply
    )
