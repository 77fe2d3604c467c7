"""The optimizer's rule in pieces that fit a core's cache, on all threads (floor 3).

A rule such as RMSprop's goes over its numbers eight or nine times; over all of a large array each
time, that is as many trips to the memory, over a piece of it only one. A rule that works element by
element, and says so (``elementwise``), gets the same numbers from pieces.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minicnn.backends import numpy_rules, ops_for
from minicnn.engine import threads
from minicnn.engine.gradients import Gradients, Mover
from minicnn.engine.options import current_options
from minicnn.engine.tape import Bench
from minicnn.optimizers import Optimizer
from minicnn.optimizers.optimizer import SWEEP, clear_subnormals
from minicnn.typing import Array, Params

PIECE = numpy_rules.LARGEST  # enough that threads seldom meet at the door of Python's lock


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

    def mover(self, path: str, rows: int) -> Mover | None:
        """Somebody for every parameter that is wanted and lies in one piece."""
        p = self.params[path]
        if path not in self.wanted or not p.flags.c_contiguous:
            return None
        arrays = (p, *self.optimizer.slots_of(path, p))
        return RuleMover(self.optimizer, arrays, rows, self.rate, self.step)

    def finish(self) -> None:
        """Move all parameters whose gradients were put."""
        pieces = [piece for path, g in self.found.items() for piece in self._pieces(path, g)]
        if sum(gradient.size for gradient in self.found.values()) < PIECE:
            for piece in pieces:
                self._update(*piece)
        else:
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


class RuleMover(Mover):
    """By the rule as NumPy's backend has it (``plays``), or else by the optimizer, on no tape."""

    def __init__(
        self, optimizer: Optimizer, arrays: tuple[Array, ...], rows: int, rate: float, step: int
    ) -> None:
        self.optimizer, self.arrays, self.rate, self.step = optimizer, arrays, rate, step
        rule = optimizer.rule or ""
        numbers = list(optimizer.numbers(rate, step)) if rule else [rate]
        self.plays = numpy_rules.suits(rule, tuple(a[:rows] for a in arrays), tuple(numbers))
        if self.plays:
            self.spender = numpy_rules.SPENDERS[rule]
            self.scale = self.spender.scale(tuple(numbers))
            numbers[0] /= self.scale
            # A tape knows all numbers by heart, but of the rates only whether they are 0, in which
            # case a rule may leave out a line.
            self.rates = [numbers[i] for i in self.spender.rates]
            for i in self.spender.rates:
                numbers[i] = bool(numbers[i])
        self.numbers = numbers
        self.case = rule, *numbers

    def move(self, rows: slice, gradient: Array, rates: Array, bench: Bench) -> None:
        """The rates are read from an array, so that a tape finds those of its step."""
        p, *slots = (a[rows] for a in self.arrays)
        if not self.plays:
            self.optimizer.move(p, gradient, tuple(slots), self.rate, self.step, ops_for(p))
            return
        numbers: list[Any] = list(self.numbers)
        for place, i in enumerate(self.spender.rates):
            numbers[i] = rates[place, ...] if numbers[i] else 0
        arrays = self.optimizer.arrays_of_rule(p, gradient, tuple(slots))
        room = bench.scratch.take("room", p.shape, p.dtype)
        self.spender.move(arrays, tuple(numbers), room, bench.do)

    def finish(self, rows: slice) -> None:
        """As ``Optimizer.move`` does after the rule."""
        if self.plays and self.step % SWEEP == 0:
            clear_subnormals(tuple(a[rows] for a in self.arrays[1:]), ops_for(self.arrays[0]))


def in_pieces(optimizer: Optimizer) -> bool:
    """Whether an optimizer moves parameters as all do, and element by element."""
    return (
        current_options().split_update
        and optimizer.elementwise
        and type(optimizer).apply is Optimizer.apply
    )
