"""The optimizer's step for some rows of one parameter, whose gradient is used up by it."""

from __future__ import annotations

from typing import Any

from minicnn.backends import numpy_rules, ops_for
from minicnn.engine.memory.recording import Workspace
from minicnn.optimizers import Optimizer
from minicnn.optimizers.optimizer import SWEEP, clear_subnormals
from minicnn.typing import Array


class RowUpdate:
    """By the rule as NumPy's backend has it, if it can be ``recorded``; else by the optimizer."""

    def __init__(
        self, optimizer: Optimizer, arrays: tuple[Array, ...], rows: int, rate: float, step: int
    ) -> None:
        self.optimizer, self.rate, self.step = optimizer, rate, step
        self.arrays = arrays  # the parameter, and what the optimizer remembers of it
        rule = optimizer.rule or ""
        numbers = list(optimizer.numbers(rate, step)) if rule else [rate]
        self.recorded = numpy_rules.suits(rule, tuple(a[:rows] for a in arrays), tuple(numbers))
        self.scale = 1.0  # what the gradient is to be multiplied by
        self.rates: list[float] = []  # what follows the learning rate: other in each step
        if self.recorded:
            self.rule = numpy_rules.OVERWRITING[rule]
            self.scale = self.rule.scale(tuple(numbers))
            numbers[0] /= self.scale
            # A recording knows all numbers by heart, but of the rates only whether they are 0, in
            # which case a rule may leave out a line.
            self.rates = [numbers[i] for i in self.rule.rates]
            for i in self.rule.rates:
                numbers[i] = bool(numbers[i])
        self.numbers = numbers
        self.case = rule, *numbers  # what a recording knows by heart

    def move(self, rows: slice, gradient: Array, rates: Array, workspace: Workspace) -> None:
        """Move some rows. The rates are read from an array, so a recording finds its step's."""
        p, *slots = (a[rows] for a in self.arrays)
        if not self.recorded:
            self.optimizer.move(p, gradient, tuple(slots), self.rate, self.step, ops_for(p))
            return
        numbers: list[Any] = list(self.numbers)
        for place, i in enumerate(self.rule.rates):
            numbers[i] = rates[place, ...] if numbers[i] else 0
        arrays = self.optimizer.arrays_of_rule(p, gradient, tuple(slots))
        room = workspace.buffers.take("room", p.shape, p.dtype)
        self.rule.move(arrays, tuple(numbers), room, workspace.do)

    def finish(self, rows: slice) -> None:
        """What is left to do for them, never recorded: as ``Optimizer.move`` after the rule."""
        if self.recorded and self.step % SWEEP == 0:
            clear_subnormals(tuple(a[rows] for a in self.arrays[1:]), ops_for(self.arrays[0]))
