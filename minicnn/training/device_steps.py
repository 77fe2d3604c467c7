"""Steps on a GPU that nobody waits for.

To fetch the loss after each step would cost more than many a step, because the CPU gives orders
far ahead of what the GPU has done. So the figures stay on the device, which adds them up in one
array; ``look`` fetches it, when somebody wants to see them.

Only the device knows at once that a loss is no number. From that step on it moves no parameter
and no running figure, so that whoever looks later finds the weights from before it, and the
step's number among the figures; that step's batch is then made anew, to say where it broke.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from minicnn.backends import DeviceOps, Ops, current_ops, ops_for, room_for_a_batch, to_numpy
from minicnn.backends.numpy_ops import NumpyOps
from minicnn.data.dataset import Batch, Dataset, batches
from minicnn.errors import LabelError, NotFiniteError, ShapeError
from minicnn.layers.inputs import dtype_of, floats
from minicnn.losses import Loss
from minicnn.losses.loss import shares
from minicnn.metrics import Auc, FromTable, true_classes
from minicnn.randomness import Moment
from minicnn.training.class_weight import weighted
from minicnn.training.diagnose import not_finite
from minicnn.training.feeding import DeviceBatch, Feeder, Labels
from minicnn.training.figures import Figures
from minicnn.training.learner import Learner, is_ours
from minicnn.training.replay import Replay
from minicnn.training.steps import ClassWeight, Steps
from minicnn.typing import Array, Cache

# Where figures lie in the array on the device; confusion matrices follow (cuda/figures.cu).
LOSS, SAMPLES, BROKEN_STEP, BROKEN_LOSS, HEADER = 0, 1, 3, 4, 6
_NUMPY = NumpyOps()


def suits(learner: Learner) -> bool:
    """Whether everything about a training is such that the device can do it by itself.

    Layers with running figures, losses, metrics and optimizers of the user's may do as they like:
    they get steps whose figures are looked at each time.
    """
    link, loss, optimizer = learner.link, learner.link.loss, learner.optimizer
    params = link.network.params
    return (
        isinstance(_home_of(learner), DeviceOps)
        and bool(params)
        and optimizer.rule is not None
        and optimizer.moves_as_all_do()
        and type(loss).forward is Loss.forward
        and type(loss).of_checked is Loss.of_checked
        and all(type(metric) in (FromTable, Auc) for metric in learner.metrics)
        and all(is_ours(layer) or not layer.state for layer in link.network.walk())
        and len({p.dtype for p in params.values()}) == 1
        and all(p.flags.c_contiguous for p in params.values())
    )


def _home_of(learner: Learner) -> Ops:
    p = next(iter(learner.link.network.params.values()), None)
    return current_ops() if p is None else ops_for(p)


class DeviceSteps(Steps[DeviceBatch]):
    """Steps whose figures add up on the device, while ``suits`` holds."""

    looking_is_free: ClassVar[bool] = False

    @room_for_a_batch()
    def __init__(self, learner: Learner, comes_again: bool = False) -> None:
        super().__init__(learner, comes_again)
        ops = _home_of(learner)
        assert isinstance(ops, DeviceOps)  # suits() has asked
        self.ops = ops
        self.table: Any = None  # the figures on the device
        self.tables: list[tuple[FromTable, int]] = []  # confusion matrices, and where they begin
        self.replay = Replay(learner, ops)
        self.ring, self.dtype = ops.ring(), dtype_of(learner.link.body)
        self._feeder: Feeder | None = None  # of one data set, with these weights
        self._class_weight: ClassWeight = None
        self._source: tuple[Any, int, int] = (None, 0, 0)  # data set, epoch, first batch
        self._first_moment: Moment | None = None  # since ``begin``; None in an evaluation

    # ---- steps ---------------------------------------------------------------------------------

    def fit(self) -> bool:
        """Its parameters may have come to another place, or be of another precision."""
        learner = self.learner
        return _home_of(learner) is self.ops and dtype_of(learner.link.body) == self.dtype

    def counting(self) -> AbstractContextManager[None]:
        """The device adds up in the table."""
        return self.ops.counting_into(self.table)

    def perform(self, batch: DeviceBatch, moment: Moment) -> Array | None:
        """A step, perhaps by a graph; nothing of it has happened yet when this returns."""
        self._first_moment = self._first_moment or moment
        return self.replay.step(self.step, batch, moment, self.table)

    def samples(self, batch: DeviceBatch) -> Array:
        """Bytes are finite; of floats the device notes whether they are."""
        x = batch.x
        if x.dtype != np.uint8:
            x = floats(x, self.learner.link.body)
            self.ops.look_finite(x)
        return x

    def judge(
        self, batch: DeviceBatch, outputs: Array, moment: Moment | None
    ) -> tuple[Cache, Array | None]:
        """The device adds them up, or notes that this step went wrong."""
        link, labels = self.learner.link, batch.labels
        value, cache = link.loss.of_checked(outputs, labels.y, labels.share)
        self.ops.tally(value, len(batch.x))
        if not self.figures.metrics:
            return cache, None
        predictions = cache.get("probabilities") if link.activation else outputs
        if predictions is None:
            predictions = link.predictions(outputs)
        for metric, place in self.tables:
            self.ops.count_answers(predictions, labels.classes, place, metric.threshold)
        return cache, predictions

    def count(self, batch: DeviceBatch, predictions: Array | None) -> None:
        """Confusion matrices were counted by the device; an AUC keeps all scores."""
        for metric in self.figures.metrics:
            if isinstance(metric, Auc):
                metric.update(batch.seen, predictions)

    # ---- figures -------------------------------------------------------------------------------

    def begin(self, figures: Figures) -> None:
        """Take up what was counted so far, and go on from there on the device."""
        super().begin(figures)
        self._first_moment = None
        width = self.learner.table_width
        header = np.zeros(HEADER)
        header[[LOSS, SAMPLES, BROKEN_STEP]] = figures.loss.total, figures.loss.count, -1
        numbers, self.tables = [header], []
        for metric in figures.metrics:
            if isinstance(metric, FromTable):
                self.tables.append((metric, HEADER + len(self.tables) * width**2))
                table = metric.table
                numbers.append(np.zeros(width**2) if table is None else table.ravel())
        counted = self.ops.asarray(np.concatenate(numbers))
        if self.table is not None and self.table.shape == counted.shape:
            self.table[...] = counted  # a graph knows it by its place
        else:
            self.table = counted

    def look(self) -> dict[str, Any]:
        """Fetch the figures; one error if a step went wrong since the last look."""
        numbers, width = to_numpy(self.table), self.learner.table_width
        if numbers[BROKEN_STEP] >= 0:
            raise self._not_finite(int(numbers[BROKEN_STEP]), float(numbers[BROKEN_LOSS]))
        loss = self.figures.loss
        loss.total, loss.count = float(numbers[LOSS]), int(numbers[SAMPLES])
        for metric, place in self.tables:
            table = numbers[place : place + width**2].reshape(width, width)
            metric.table = np.rint(table).astype(np.int64)
        return super().look()

    # ---- batches -------------------------------------------------------------------------------

    @room_for_a_batch()
    def batches(
        self, data: Dataset, epoch: int = 0, start: int = 0, class_weight: ClassWeight = None
    ) -> Iterator[DeviceBatch]:
        """Sent ahead of their use, with labels that were looked at on the CPU."""
        self._source = data, epoch, start
        feeder = self._feeder
        if feeder is None or feeder.data is not data or self._class_weight != class_weight:
            own = self._class_weight = None if class_weight is None else dict(class_weight)
            self._feeder = feeder = Feeder(
                data, self.ring, self.ops, self.dtype, self._prepare,
                lambda batch: weighted(batch, own),
            )  # fmt: skip
            if self.comes_again:
                feeder.stay()
        return feeder.epoch(epoch, start)

    def _prepare(self, batch: Batch) -> Labels:
        """Labels, checked and as the device takes them."""
        link, dtype, count = self.learner.link, self.dtype, len(batch.x)
        like = np.broadcast_to(np.zeros((), dtype), (count, *(link.body.output_shape or ())))
        try:
            y = link.loss.check(like, batch.y, _NUMPY)
        except (LabelError, ShapeError) as error:
            raise type(error)(f"{self.learner.last.where}: {error}") from None
        classes = np.empty(0, np.int32)
        if any(isinstance(metric, FromTable) for metric in self.learner.metrics):
            answers, true = (a.reshape(-1) if link.multi_label else a for a in (like, batch.y))
            classes = true_classes(true, answers).astype(np.int32)
        return Labels(y, shares(like, batch.weight, _NUMPY), classes)

    def _not_finite(self, step: int, value: float) -> NotFiniteError:
        """The batch of the step that went wrong is made again, to say where it broke."""
        data, epoch, start = self._source
        batch = next(iter(batches(data, epoch, start=start + step)))
        moment = self._first_moment
        if moment is not None:
            moment = replace(moment, step=moment.step + step)
        return not_finite(self.learner.link.body, batch, value, moment)
