"""Training steps as CUDA graphs, where nothing speaks against it (floor 5).

The first step with batches of a shape is done plainly, the second is rehearsed, the third captured
and launched, as is every later one. Whatever can't be captured is done plainly, which is said once
at debug level ("minicnn.graphs"). A graph remembers places in memory, so it is thrown away when a
parameter, a slot of the optimizer or a running figure has moved.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from minicnn.backends.graph import Capture, CaptureError, wanted
from minicnn.backends.uploads import address
from minicnn.randomness import Moment
from minicnn.training.feeding import Labels
from minicnn.training.gradients import ClipNorm, ClipValue, WeightDecay
from minicnn.typing import Array

if TYPE_CHECKING:
    from minicnn.training.on_device import OnDevice

log = logging.getLogger("minicnn.graphs")
Step = Callable[[Array, Labels, Moment], Any]


@dataclass
class Known:
    """How far it has come with batches of one shape."""

    seen: int = 0
    capture: Capture | None = None
    said: Any = None  # the predictions, which every repetition fills anew
    places: tuple[Any, ...] = ()


class Replay:
    """Does steps, by graphs as soon as it can."""

    def __init__(self, steps: OnDevice) -> None:
        self.steps, self.trainer, self.ops = steps, steps.trainer, steps.ops
        self.known: dict[Any, Known | None] = {}  # None: done plainly for good
        self.off = not wanted() or not self._only_ours()

    def step(self, plainly: Step, x: Array, labels: Labels, moment: Moment) -> Any:
        """One step: the predictions, if there are metrics."""
        if self.off:
            return plainly(x, labels, moment)
        shape = tuple((a.shape, a.dtype) for a in (x, *labels))
        known = self.known.setdefault(shape, Known())
        if known is not None and known.capture is not None and known.places != self._places():
            known = self.known[shape] = Known(seen=1)
        if known is None or known.seen == 0:
            if known is not None:
                known.seen = 1
            return plainly(x, labels, moment)
        optimizer = self.trainer.optimizer
        if known.capture is not None and known.capture.graph is not None:
            return self._by_graph(known, plainly, x, labels, moment)
        counted, figures = optimizer.step_count, self.steps.figures.copy()
        try:
            return self._by_graph(known, plainly, x, labels, moment)
        except (CaptureError, NotImplementedError, RuntimeError, MemoryError) as error:
            log.debug("steps like %s are done plainly: %s", shape, error)
        # Out here, nothing holds the memory of what was tried any more.
        self.known[shape] = known.capture = None
        optimizer.step_count = counted
        self.steps.figures[...] = figures
        return plainly(x, labels, moment)

    def _by_graph(self, known: Known, plainly: Step, x: Array, labels: Labels, when: Moment) -> Any:
        inputs = (x, *labels)

        def work(a: Any) -> Any:
            return plainly(a[0], Labels(*a[1:]), when)

        if known.capture is None:
            names = (layer.path or layer.name or "" for layer in self.trainer.link.network.walk())
            known.capture = Capture(self.ops, inputs, {when.key(name): name for name in names})
            said = known.capture.rehearse(inputs, work)
            known.places = self._places()
            return _copied(said)
        optimizer = self.trainer.optimizer
        if known.capture.graph is None:
            old = known.capture.words.names
            known.capture.words.names = {when.key(name): name for name in old.values()}
            count = optimizer.step_count
            known.said = known.capture.capture(work)
            optimizer.step_count = count  # it was written down, not done
        lr, step = optimizer.begin_step()
        known.capture.repeat(inputs, optimizer.numbers(lr, step), when.key)
        return _copied(known.said)

    def _places(self) -> tuple[Any, ...]:
        """Everything that a graph expects where it was."""
        network, optimizer = self.trainer.link.network, self.trainer.optimizer
        slots = (a for slots in optimizer.memory.values() for a in slots.values())
        arrays = (*network.params.values(), *network.state.values(), *slots)
        return (
            *(address(a) for a in arrays),
            address(self.steps.figures),
            tuple(self.trainer.learning()),
            id(self.trainer.link),
        )

    def _only_ours(self) -> bool:
        """A layer of the user's may look at the step's number; a graph would not notice."""
        trainer = self.trainer
        things = (*trainer.link.network.walk(), trainer.link.loss, trainer.optimizer)
        return all(type(thing).__module__.startswith("minicnn.") for thing in things) and all(
            type(step) in (ClipNorm, ClipValue, WeightDecay) for step in trainer.gradients
        )


def _copied(said: Array | None) -> Array | None:
    return None if said is None else said.copy()
