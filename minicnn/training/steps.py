"""What a training step and an evaluation step are, and how they are done on a host.

There are two kinds. *On the host*, the CPU knows the figures of a step before the next one begins.
*On a device* (``device_steps.py``), figures add up there, because to fetch them would cost more
than many a step. A step is the same for both and is told once, in ``Steps``.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np

from minicnn.backends import room_for_a_batch
from minicnn.data.dataset import Batch, Dataset, batches
from minicnn.errors import LabelError, NotFiniteError, ShapeError
from minicnn.randomness import Moment
from minicnn.training.class_weight import weighted
from minicnn.training.diagnose import is_finite, not_finite, sum_of
from minicnn.training.figures import Figures
from minicnn.training.gradients import changed
from minicnn.training.learner import Learner
from minicnn.typing import Array, Cache

ClassWeight = Mapping[int, float] | None


class AnyBatch(Protocol):
    """A batch, as a kind of steps takes it."""

    @property
    def x(self) -> Array:
        """The batch's samples, as its data set gave them."""


B = TypeVar("B", bound=AnyBatch)


class Steps(ABC, Generic[B]):
    """One kind of steps: ``begin``, then ``train`` for each of ``batches``, and ``look`` at times.

    What a step is stands here. A kind says how batches come (``batches``), how outputs are compared
    with labels (``judge``) and counted (``count``), and what there is to do before one may
    ``look``. What is done around a step, or with it, goes into ``counting`` and ``perform``.
    """

    looking_is_free: ClassVar[bool]  # whether figures are known after each step anyway

    def __init__(self, learner: Learner, comes_again: bool = False) -> None:
        """``comes_again``: the data set does, epoch after epoch, and may stay on a device."""
        self.learner, self.comes_again = learner, comes_again
        self.figures = Figures()
        self.behind = False  # whether steps were done that ``look`` has not seen

    # ---- what a step is ------------------------------------------------------------------------

    def train(self, batch: B, moment: Moment) -> None:
        """A training step, counted."""
        self.behind = True
        with self.counting():
            self.count(batch, self.perform(batch, moment))

    def step(self, batch: B, moment: Moment) -> Array | None:
        """Forward, loss, backward, update. Gives the predictions, which are those before it."""
        engine, loss = self.learner.engine, self.learner.link.loss
        outputs, cache = engine.forward(self.samples(batch), moment)
        loss_cache, predictions = self.judge(batch, outputs, moment)
        with _nothing_moved(moment):
            self.learn(loss.backward(loss_cache), cache)
        return predictions

    def evaluate(self, batch: B) -> None:
        """An evaluation step, counted: nothing changes but the figures."""
        self.behind = True
        with self.counting():
            outputs = self.learner.engine.infer(self.samples(batch))
            _, predictions = self.judge(batch, outputs, moment=None)
            self.count(batch, predictions)

    def learn(self, dy: Array, cache: Cache) -> None:
        """Back through the network; parameters and running figures move."""
        learner, engine, network = self.learner, self.learner.engine, self.learner.link.body
        learns = learner.learning()
        if learner.gradients:
            grads = engine.backward(dy, cache)
            grads = {path: grads[path] for path in learns if path in grads}
            engine.update(learner.optimizer, changed(grads, network.params, learner.gradients))
        else:  # nobody wants to see the gradients: each is used up where it is made
            engine.descend(dy, cache, learner.optimizer, learns)
        network.set_state(engine.next_state(cache))

    # ---- what differs --------------------------------------------------------------------------

    def begin(self, figures: Figures) -> None:
        """Count into these from here on."""
        self.figures, self.behind = figures, False

    @abstractmethod
    def batches(
        self, data: Dataset, epoch: int = 0, start: int = 0, class_weight: ClassWeight = None
    ) -> Iterator[B]:
        """The batches of an epoch from number ``start`` on, as ``train`` takes them."""

    def fit(self) -> bool:
        """Whether what was prepared is for the network as it is now."""
        return True

    def counting(self) -> AbstractContextManager[None]:
        """What is there while a step is done and counted."""
        return nullcontext()

    def perform(self, batch: B, moment: Moment) -> Array | None:
        """Do the step, or whatever comes to the same."""
        return self.step(batch, moment)

    def samples(self, batch: B) -> Array:
        """What the network is given."""
        return batch.x

    @abstractmethod
    def judge(self, batch: B, outputs: Array, moment: Moment | None) -> tuple[Cache, Array | None]:
        """The loss, counted: its cache, and the predictions if there are metrics.

        A loss that is no number must move nothing. ``moment`` is None in an evaluation.
        """

    @abstractmethod
    def count(self, batch: B, predictions: Array | None) -> None:
        """What the metrics want of a step that is done."""

    def look(self) -> dict[str, Any]:
        """The figures so far, by their names."""
        self.behind = False
        return self.figures.results()


class HostSteps(Steps[Batch]):
    """Steps whose figures the CPU knows at once, wherever the arrays live."""

    looking_is_free: ClassVar[bool] = True

    def batches(
        self, data: Dataset, epoch: int = 0, start: int = 0, class_weight: ClassWeight = None
    ) -> Iterator[Batch]:
        """As the data set gives them, with the weights of their classes."""
        coming = batches(data, epoch, start)
        return coming if class_weight is None else (weighted(b, class_weight) for b in coming)

    def step(self, batch: Batch, moment: Moment) -> Array | None:
        """A step that fails is not counted either."""
        loss = self.figures.loss
        before = loss.total, loss.count
        try:
            return super().step(batch, moment)
        except Exception:
            loss.total, loss.count = before
            raise

    def judge(
        self, batch: Batch, outputs: Array, moment: Moment | None
    ) -> tuple[Cache, Array | None]:
        """Look at the loss before anything moves."""
        loss, cache = self.loss(batch, outputs)
        value = float(loss)
        # tanh(inf) is 1: in training, an infinite input may show in the gradients only.
        fine = moment is None or math.isfinite(sum_of(batch.x)) or is_finite(batch.x)
        if not (math.isfinite(value) and fine):
            raise not_finite(self.learner.link.body, batch, value, moment)
        self.figures.loss.add(value, len(batch.x))
        return cache, self.learner.link.predictions(outputs)

    def count(self, batch: Batch, predictions: Array | None) -> None:
        """All metrics count here."""
        self.figures.update(batch.y, predictions)

    def loss(self, batch: Batch, outputs: Array) -> tuple[Any, Cache]:
        """The loss of a batch; labels that don't fit name the layer that they don't fit."""
        try:
            return self.learner.link.loss.forward(outputs, batch.y, batch.weight)
        except (LabelError, ShapeError) as error:
            raise type(error)(f"{self.learner.last.where}: {error}") from None


@contextmanager
def clear_errors() -> Iterator[None]:
    """Around a step: a full memory and numbers that overflow are one clear error, no warnings."""
    with room_for_a_batch(), np.errstate(over="ignore", invalid="ignore"):
        yield


@contextmanager
def _nothing_moved(moment: Moment) -> Iterator[None]:
    """Around backward and update: gradients that are not finite say in which step, too."""
    try:
        yield
    except NotFiniteError as error:
        raise type(error)(
            f"epoch {moment.epoch + 1}, step {moment.step + 1}: {error}; the weights are "
            f"those from before this step"
        ) from None


class OneBatch:
    """A data set for a step by itself."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    def __len__(self) -> int:
        """How many batches an epoch has: this one."""
        return 1

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """The one batch, whichever epoch it is."""
        yield self.batch
