"""Training steps as CUDA graphs, where nothing speaks against it.

The first step with batches of a shape is done plainly, the second is rehearsed, the third captured
and launched, as is every later one. Whatever can't be captured is done plainly, which is told once
at debug level ("minicnn.graphs"). A graph remembers places in memory, so it is thrown away when a
parameter, a slot of the optimizer or a running figure has moved.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from minicnn.backends import Ops
from minicnn.backends.graph import Capture, CaptureError, wanted
from minicnn.backends.uploads import address
from minicnn.randomness import Moment
from minicnn.training.feeding import DeviceBatch, Labels
from minicnn.training.gradients import ClipNorm, ClipValue, WeightDecay
from minicnn.training.learner import Learner
from minicnn.typing import Array

log = logging.getLogger("minicnn.graphs")
Step = Callable[[DeviceBatch, Moment], Array | None]  # gives the predictions, if there are metrics


@dataclass
class Progress:
    """How far it has come with batches of one shape."""

    seen: int = 0
    capture: Capture | None = None
    predictions: Array | None = None  # which every repetition fills anew
    places: tuple[Any, ...] = ()  # where everything was


class Replay:
    """Does steps, by graphs as soon as it can."""

    def __init__(self, learner: Learner, ops: Ops) -> None:
        self.learner, self.ops = learner, ops
        self.shapes: dict[Any, Progress | None] = {}  # None: done plainly for good
        self.off = not wanted() or not self._only_ours()

    def step(self, plain: Step, batch: DeviceBatch, moment: Moment, table: Array) -> Array | None:
        """One step; ``table`` is where it is counted."""
        if self.off:
            return plain(batch, moment)
        shape = tuple((a.shape, a.dtype) for a in (batch.x, *batch.labels))
        progress = self.shapes.setdefault(shape, Progress())
        if progress is None:
            return plain(batch, moment)
        if progress.capture is not None and progress.places != self._places(table):
            progress = self.shapes[shape] = Progress(seen=1)
        if progress.seen == 0:
            progress.seen = 1
            return plain(batch, moment)
        if progress.capture is not None and progress.capture.graph is not None:
            return self._by_graph(progress, plain, batch, moment, table)
        optimizer = self.learner.optimizer
        count, figures = optimizer.step_count, table.copy()
        try:
            return self._by_graph(progress, plain, batch, moment, table)
        except (CaptureError, NotImplementedError, RuntimeError, MemoryError) as error:
            log.debug("steps like %s are done plainly: %s", shape, error)
        # Out here, nothing holds the memory of what was tried any more.
        self.shapes[shape] = progress.capture = None
        optimizer.step_count = count
        table[...] = figures
        return plain(batch, moment)

    def _by_graph(
        self, progress: Progress, plain: Step, batch: DeviceBatch, moment: Moment, table: Array
    ) -> Array | None:
        inputs = (batch.x, *batch.labels)

        def work(a: Any) -> Array | None:
            return plain(DeviceBatch(a[0], Labels(*a[1:]), batch.seen), moment)

        if progress.capture is None:
            layers = self.learner.link.network.walk()
            names = {moment.key(name): name for name in (a.path or a.name or "" for a in layers)}
            progress.capture = Capture(self.ops, inputs, names)
            predictions = progress.capture.rehearse(inputs, work)
            progress.places = self._places(table)
            return _copied(predictions)
        optimizer = self.learner.optimizer
        if progress.capture.graph is None:
            old = progress.capture.words.names
            progress.capture.words.names = {moment.key(name): name for name in old.values()}
            count = optimizer.step_count
            progress.predictions = progress.capture.capture(work)
            optimizer.step_count = count  # it was written down, not done
        lr, step = optimizer.begin_step()
        progress.capture.repeat(inputs, optimizer.numbers(lr, step), moment.key)
        return _copied(progress.predictions)

    def _places(self, table: Array) -> tuple[Any, ...]:
        """Everything that a graph expects where it was."""
        network, optimizer = self.learner.link.network, self.learner.optimizer
        slots = (a for slots in optimizer.memory.values() for a in slots.values())
        arrays = (*network.params.values(), *network.state.values(), *slots)
        return (
            *(address(a) for a in arrays),
            address(table),
            tuple(self.learner.learning()),
            id(self.learner.link),
        )

    def _only_ours(self) -> bool:
        """A layer of the user's may look at the step's number; a graph would not notice."""
        it = self.learner
        things = (*it.link.network.walk(), it.link.loss, it.optimizer)
        return all(type(thing).__module__.startswith("minicnn.") for thing in things) and all(
            type(step) in (ClipNorm, ClipValue, WeightDecay) for step in it.gradients
        )


def _copied(predictions: Array | None) -> Array | None:
    return None if predictions is None else predictions.copy()
