"""Which operations of NumPy a step consists of, and how long each of them takes.

    python -m benchmarks.operations [--network catdog] [--batch 20] [--rounds 20] [--cpu]

The engine records the operations of a batch and repeats them for the next one of its size. Here
they are repeated with a clock, on one thread: each is timed by itself, and filed under the layers
it works for, what it is for, and its kind. What is left of a step is no recorded operation: Python,
the loss, small Dense layers, the update of all that is not a large Dense. On a machine that others
use too, ``--cpu`` takes processor time. Reading the clock is in the figures: a tenth of a
microsecond an operation, a whole one with ``--cpu``.
"""

from __future__ import annotations

import argparse
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np

import minicnn as mc
from benchmarks.engine_parts import NETWORKS, minicnn_side
from minicnn.engine.memory import recording
from minicnn.engine.parts import dense
from minicnn.engine.plan.steps import Part
from minicnn.engine.products.input_gradient import InputGradient
from minicnn.engine.products.strips import Strips
from minicnn.engine.update.rows import RowUpdate

KINDS = ("products", "copies", "sums", "element-wise", "update", "calls")
DIRECTIONS = ("forward", "backward", "infer")
# What is done inside a part's backward pass, by the functions that do it.
PURPOSES: tuple[tuple[Any, str, str], ...] = (
    (Strips, "gradient", "dW"),
    (InputGradient, "run", "dx"),
    (dense, "_kernel_gradient", "dW"),
    (dense, "_input_gradient", "dx"),
    (RowUpdate, "move", "update"),
)


class Place(NamedTuple):
    """Whom an operation works for."""

    layers: str  # "conv2d_1 + maxpool2d_1"
    purpose: str  # forward, backward, infer, or a PURPOSE


@dataclass
class Spent:
    """On operations of one kind at one place, all rounds together."""

    seconds: float = 0.0
    count: int = 0
    multiply_adds: int = 0  # of products; those of windows of no place included


@dataclass
class Ledger:
    """Filled by :func:`timed_operations`."""

    clock: Callable[[], float] = time.perf_counter
    spent: dict[tuple[Place, str], Spent] = field(default_factory=lambda: defaultdict(Spent))
    current: list[Place] = field(default_factory=lambda: [Place("", "")])  # innermost last

    def add(
        self, place: Place, operation: Any, arrays: tuple[Any, ...], out: Any, seconds: float
    ) -> None:
        """One operation, done."""
        kind = "update" if place.purpose == "update" else kind_of(operation, arrays)
        spent = self.spent[place, kind]
        spent.seconds += seconds
        spent.count += 1
        if kind == "products":
            spent.multiply_adds += math.prod(out.shape) * arrays[0].shape[-1]

    def clear(self) -> None:
        """Forget what was spent so far."""
        self.spent.clear()

    @property
    def seconds(self) -> float:
        """On all recorded operations."""
        return sum(spent.seconds for spent in self.spent.values())


def kind_of(operation: Any, arrays: tuple[Any, ...]) -> str:
    """What an operation is; calls are those of a layer's own code."""
    name = getattr(operation, "__name__", "")
    if name == "reduce" or (name == "dot" and arrays[0].ndim == 1):  # a product with ones
        return "sums"
    if name in ("matmul", "dot"):
        return "products"
    if name == "copyto":
        return "copies"
    return "element-wise" if isinstance(operation, np.ufunc) else "calls"


# ---- recording and repeating ---------------------------------------------------------------------


@contextmanager
def timed_operations(clock: Callable[[], float] = time.perf_counter) -> Iterator[Ledger]:
    """Inside the ``with`` block, recordings know their places, and are repeated with a clock.

    Only what is recorded inside is timed: give it a model that has not run yet. One thread.
    """
    ledger = Ledger(clock)

    class Places(list[Any]):
        """Operations, each with the place that it was recorded at."""

        def append(self, operation: Any) -> None:
            super().append((ledger.current[-1], operation))

    class TimedRecording(recording.Recording):
        """A recording that is repeated with a clock."""

        def __init__(self, buffers: Any) -> None:
            super().__init__(buffers)
            self.operations = Places()

        def repeat(self) -> None:
            clock, add = ledger.clock, ledger.add
            for place, (operation, arrays, options) in self.operations:
                start = clock()
                out = operation(*arrays, **options)
                add(place, operation, arrays, out, clock() - start)

    with ExitStack() as stack:
        stack.enter_context(patch.object(recording, "Recording", TimedRecording))
        for kind in _kinds_of_part(Part):
            for direction in DIRECTIONS:
                if direction in vars(kind):
                    _mark(stack, ledger, kind, direction, _of_part(ledger, direction))
        for owner, name, purpose in PURPOSES:
            _mark(stack, ledger, owner, name, _inside(ledger, purpose))
        yield ledger


def _kinds_of_part(kind: type[Any]) -> Iterator[type[Any]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from _kinds_of_part(subclass)


def _of_part(ledger: Ledger, direction: str) -> Callable[[Any], Place]:
    return lambda part: Place(part.title or ledger.current[-1].layers, direction)


def _inside(ledger: Ledger, purpose: str) -> Callable[[Any], Place]:
    return lambda _: Place(ledger.current[-1].layers, purpose)


def _mark(
    stack: ExitStack, ledger: Ledger, owner: Any, name: str, place: Callable[[Any], Place]
) -> None:
    """Let a function say where its operations belong."""
    original = vars(owner)[name]

    def marked(*args: Any, **options: Any) -> Any:
        ledger.current.append(place(args[0]))
        try:
            return original(*args, **options)
        finally:
            ledger.current.pop()

    stack.enter_context(patch.object(owner, name, marked))


# ---- the report ----------------------------------------------------------------------------------


def table(ledger: Ledger, rounds: int, seconds: float) -> str:
    """Milliseconds of one round, of which ``seconds`` all took: by kind, then by place."""
    lines = ["| kind | ms | share | operations |", "|---|---|---|---|"]
    for kind in KINDS:
        rows = [spent for (_, its), spent in ledger.spent.items() if its == kind]
        if rows:
            its_seconds = sum(spent.seconds for spent in rows)
            count = sum(spent.count for spent in rows) // rounds
            lines.append(_line(kind, its_seconds, rounds, seconds, count))
    left = seconds - ledger.seconds
    lines += [_line("not recorded", left, rounds, seconds, ""), ""]
    lines += ["| layers | for | kind | ms | operations | GFLOP/s |", "|---|---|---|---|---|---|"]
    for (place, kind), spent in _in_order(ledger):
        rate = f"{2e-9 * spent.multiply_adds / spent.seconds:.0f}" if spent.multiply_adds else ""
        lines.append(
            f"| {place.layers} | {place.purpose} | {kind} | {1e3 * spent.seconds / rounds:.2f} "
            f"| {spent.count // rounds} | {rate} |"
        )
    return "\n".join(lines)


def _line(name: str, its: float, rounds: int, seconds: float, count: int | str) -> str:
    return f"| {name} | {1e3 * its / rounds:.2f} | {its / seconds:.1%} | {count} |"


def _in_order(ledger: Ledger) -> Iterable[tuple[tuple[Place, str], Spent]]:
    """Layers as they were first met, the dearest operations of each first."""
    layers = list(dict.fromkeys(place.layers for place, _ in ledger.spent))
    return sorted(
        ledger.spent.items(),
        key=lambda item: (layers.index(item[0][0].layers), -item[1].seconds),
    )


def measure(work: Callable[[], object], ledger: Ledger, rounds: int) -> float:
    """Seconds for so many rounds, all recorded before."""
    for _ in range(3):  # buffers grow in the first, and what moved is recorded anew
        work()
    ledger.clear()
    start = ledger.clock()
    for _ in range(rounds):
        work()
    return ledger.clock() - start


def main() -> None:
    """Measure a training step and a prediction."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", choices=sorted(NETWORKS), default="catdog")
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--cpu", action="store_true", help="processor time")
    chosen = parser.parse_args()
    mc.set_threads(1)
    clock = time.thread_time if chosen.cpu else time.perf_counter
    step, predict = minicnn_side(chosen.network, chosen.batch)
    for title, work in (("training step", step), ("prediction", predict)):
        with timed_operations(clock) as ledger:
            seconds = measure(work, ledger, chosen.rounds)
        print(f"\n{chosen.network}, batch {chosen.batch}, {title}, one thread: ", end="")
        print(f"{1e3 * seconds / chosen.rounds:.1f} ms, of which recorded operations ", end="")
        print(f"{1e3 * ledger.seconds / chosen.rounds:.1f}\n")
        print(table(ledger, chosen.rounds, seconds))


if __name__ == "__main__":
    main()
