"""Where the gradients of a backward pass go: to whoever asked for them, or into an update."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from minicnn.backends import numpy_rules, ops_for
from minicnn.engine.machine import threads
from minicnn.engine.options import current_options
from minicnn.engine.update.rows import RowUpdate
from minicnn.optimizers import Optimizer
from minicnn.typing import Array, Params

PIECE = numpy_rules.LARGEST  # numbers; enough that threads seldom meet at Python's lock


class Gradients:
    """Collects them: what the caller of ``Engine.backward`` gets."""

    def __init__(self) -> None:
        self.found: Params = {}

    def put(self, path: str, gradient: Array) -> None:
        """The gradient of one parameter, over the whole batch."""
        self.found[path] = gradient

    def update_of(self, path: str, rows: int) -> RowUpdate | None:
        """If this parameter's gradient may be used up, so many rows at a time: who does it."""
        return None


class Update(Gradients):
    """Gradients that are used up: one step of the optimizer, counted when it is done.

    A rule such as RMSprop's goes over its numbers eight or nine times; over all of a large array
    each time, that is as many trips to the memory, over a piece of it only one. A rule that works
    element by element, and says so (``elementwise``), gets the same numbers from pieces.
    """

    def __init__(self, optimizer: Optimizer, params: Params, wanted: Iterable[str]) -> None:
        super().__init__()
        self.optimizer, self.params, self.wanted = optimizer, params, frozenset(wanted)
        self.rate, self.step = optimizer.current_learning_rate(), optimizer.step_count + 1
        self.begun: list[str] = []  # the parameters that may have moved already

    def put(self, path: str, gradient: Array) -> None:
        """Held until ``finish``; nobody wants the gradients of frozen parameters."""
        if path in self.wanted:
            self.found[path] = gradient

    def update_of(self, path: str, rows: int) -> RowUpdate | None:
        """Somebody for every parameter that is wanted and lies in one piece."""
        p = self.params[path]
        may_be_used_up = current_options().fused_update and path in self.wanted
        if not may_be_used_up or not p.flags.c_contiguous:
            return None
        arrays = (p, *self.optimizer.slots_of(path, p))
        self.begun.append(path)
        return RowUpdate(self.optimizer, arrays, rows, self.rate, self.step)

    def finish(self) -> None:
        """Move all parameters whose gradients were put, and count the step."""
        pieces = [piece for path, g in self.found.items() for piece in self._pieces(path, g)]
        self.begun += self.found
        if sum(gradient.size for gradient in self.found.values()) < PIECE:
            for piece in pieces:
                self._move(*piece)
        else:
            threads.run(lambda i: self._move(*pieces[i]), len(pieces))
        self.found, self.optimizer.step_count = {}, self.step

    @contextmanager
    def told_if_torn(self) -> Iterator[None]:
        """An error that leaves a step half done says so, for the weights cannot be moved back.

        A large Dense W moves on the way back, before its gradient leaves the cache: layers in
        front of it, whose turn comes later, may yet fail.
        """
        try:
            yield
        except BaseException as error:
            if self.begun:
                error.add_note(
                    f"This step was left half done: {', '.join(self.begun)} may have moved already "
                    f"and the other weights have not; load the model, or its weights, before you "
                    f"train on"
                )
            raise

    def _pieces(self, path: str, gradient: Array) -> list[Any]:
        p = self.params[path]
        self.optimizer.check(path, p, gradient)
        slots = self.optimizer.slots_of(path, p)
        if not all(a.flags.c_contiguous for a in (p, gradient, *slots)):
            return [(p, gradient, slots)]
        rows = [a.reshape(-1) for a in (p, gradient, *slots)]
        cuts = [slice(i, i + PIECE) for i in range(0, p.size, PIECE)]
        return [(rows[0][c], rows[1][c], tuple(r[c] for r in rows[2:])) for c in cuts]

    def _move(self, p: Array, g: Array, slots: tuple[Array, ...]) -> None:
        self.optimizer.move(p, g, slots, self.rate, self.step, ops_for(p))


def in_pieces(optimizer: Optimizer) -> bool:
    """Whether an optimizer moves parameters as all do, and element by element."""
    return current_options().split_update and optimizer.elementwise and optimizer.moves_as_all_do()
