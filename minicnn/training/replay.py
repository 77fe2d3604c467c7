"""Training steps as CUDA graphs, where nothing speaks against it.

The first step with batches of a shape is done plainly, the second is rehearsed, the third captured
and launched, as is every later one. Whatever can't be captured is done plainly, which is told once
at debug level ("minicnn.graphs"). A graph remembers places in memory, so it is thrown away when a
parameter, a slot of the optimizer or a running figure has moved, or a setting is another.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicnn.backends import Ops
from minicnn.backends.graph import Capture, CaptureError, wanted
from minicnn.backends.uploads import address
from minicnn.randomness import Moment
from minicnn.training.feeding import DeviceBatch, Labels
from minicnn.training.gradients import ClipNorm, ClipValue, WeightDecay
from minicnn.training.learner import Learner, is_ours
from minicnn.typing import Array

log = logging.getLogger("minicnn.graphs")
PLAIN = (int, float, str, tuple, np.generic, type(None))
RENEWED = ("step_count", "_learning_rate")  # a graph is told before each launch
Step = Callable[[DeviceBatch, Moment], Array | None]  # gives the predictions, if there are metrics


@dataclass
class Progress:
    """How far it has come with batches of one shape."""

    seen: int = 0
    capture: Capture | None = None
    predictions: Array | None = None  # which every repetition fills anew
    places: tuple[Any, ...] = ()  # where and what everything was
    moved: bool = False  # whether the step under way may have moved a parameter


class Replay:
    """Does steps, by graphs as soon as it can."""

    def __init__(self, learner: Learner, ops: Ops) -> None:
        self.learner, self.ops = learner, ops
        self.shapes: dict[Any, Progress | None] = {}  # None: done plainly for good
        self.off = not wanted()

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
        if progress.seen == 0 or (progress.capture is None and not self._only_ours()):
            progress.seen = 1
            return plain(batch, moment)
        if progress.capture is not None and progress.capture.graph is not None:
            return self._by_graph(progress, plain, batch, moment, table)
        optimizer = self.learner.optimizer
        count, figures = optimizer.step_count, table.copy()
        progress.moved = False
        try:
            return self._by_graph(progress, plain, batch, moment, table)
        except (CaptureError, NotImplementedError, RuntimeError, MemoryError) as error:
            if progress.moved:
                raise
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
            predictions = self._rehearsed(progress, inputs, work)
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
        progress.moved = True
        return _copied(progress.predictions)

    def _rehearsed(self, progress: Progress, inputs: Any, work: Any) -> Array | None:
        """Done for real: what fails once the update has begun cannot be done again.

        Except a ``CaptureError``: it is raised in place of the first launch of the update.
        """
        assert progress.capture is not None
        count = self.learner.optimizer.step_count
        try:
            return progress.capture.rehearse(inputs, work)
        except Exception as error:
            begun = self.learner.optimizer.step_count != count
            progress.moved = begun and not isinstance(error, CaptureError)
            raise

    def _places(self, table: Array) -> tuple[Any, ...]:
        """Everything that a graph expects where it was, and the settings that it expects."""
        network, optimizer = self.learner.link.network, self.learner.optimizer
        slots = (a for slots in optimizer.memory.values() for a in slots.values())
        arrays = (*network.params.values(), *network.state.values(), *slots)
        return (
            *(address(a) for a in arrays),
            address(table),
            tuple(self.learner.learning()),
            id(self.learner.link),
            *(_settings(thing) for thing in self._things()),
        )

    def _only_ours(self) -> bool:
        """A layer of the user's may look at the step's number; a graph would not notice."""
        return all(map(is_ours, self._things())) and all(
            type(step) in (ClipNorm, ClipValue, WeightDecay) for step in self.learner.gradients
        )

    def _things(self) -> Iterator[Any]:
        """All that a step consists of."""
        it = self.learner
        yield from it.link.network.walk()
        yield from (it.link.loss, it.optimizer, *it.gradients, *it.metrics)


def _settings(thing: Any) -> tuple[Any, ...]:
    """Its plain values, such as a rate, which a callback may change between two steps."""
    values = vars(thing).items()
    return (
        type(thing),
        *(pair for pair in values if isinstance(pair[1], PLAIN) and pair[0] not in RENEWED),
    )


def _copied(predictions: Array | None) -> Array | None:
    return None if predictions is None else predictions.copy()
