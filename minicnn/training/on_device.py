"""Steps on a GPU that nobody waits for (floor 5).

The loop in ``loop.py`` fetches the loss after each step. On a GPU that would cost more than many
a step, because the CPU gives orders far ahead of what the GPU has done. Here the figures stay on
the device, added up by it; ``look`` fetches all of them at once, when somebody wants to see them.

Only the device knows at once that a loss is no number. From that step on it moves no parameter
and no running figure, so that whoever looks later finds the weights from before it, and the
step's number among the figures; that step's batch is then made anew, to say where it broke.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minicnn.backends import DeviceOps, Ops, current_ops, ops_for, room_for_a_batch, to_numpy
from minicnn.backends.numpy_ops import NumpyOps
from minicnn.data.dataset import Batch, Dataset, batches
from minicnn.engine import dtype_of, floats
from minicnn.errors import LabelError, NotFiniteError, ShapeError
from minicnn.losses import Loss
from minicnn.losses.loss import shares
from minicnn.metrics import Auc, FromTable, Metric, true_classes
from minicnn.randomness import Moment
from minicnn.training.class_weight import weighted
from minicnn.training.diagnose import where_it_broke
from minicnn.training.feeding import Fed, Feeder, Labels
from minicnn.training.gradients import changed
from minicnn.training.replay import Replay
from minicnn.training.run import Mean
from minicnn.typing import Array

if TYPE_CHECKING:
    from minicnn.training.loop import Trainer

HEADER = 6  # figures before the tables: see backends/cuda/figures.cu
LOOK_EVERY = 100  # steps: a loss that is no number is found no later
_NUMPY = NumpyOps()


def ops_of(trainer: Trainer) -> Ops:
    """Where a trainer's network lives."""
    p = next(iter(trainer.link.network.params.values()), None)
    return current_ops() if p is None else ops_for(p)


def suits(trainer: Trainer) -> bool:
    """Whether everything about this training is such that the device can do it by itself.

    Layers with running figures, losses, metrics and optimizers of the user's may do as they like,
    and are looked at in every step, by the loop.
    """
    link, loss, optimizer = trainer.link, trainer.link.loss, trainer.optimizer
    params = link.network.params
    return (
        isinstance(ops_of(trainer), DeviceOps)
        and bool(params)
        and optimizer.rule is not None
        and type(loss).forward is Loss.forward
        and type(loss).of_checked is Loss.of_checked
        and all(type(metric) in (FromTable, Auc) for metric in trainer.metrics)
        and all(_is_ours(layer) or not layer.state for layer in link.network.walk())
        and len({p.dtype for p in params.values()}) == 1
        and all(p.flags.c_contiguous for p in params.values())
    )


class OnDevice:
    """The steps of one trainer, while ``suits`` holds."""

    def __init__(self, trainer: Trainer) -> None:
        ops = ops_of(trainer)
        assert isinstance(ops, DeviceOps)  # suits() has asked
        self.trainer, self.ops = trainer, ops
        self._feeders: dict[int, Feeder] = {}
        self._started = 0
        self.figures: Any = None
        self.metrics: Sequence[Metric] = ()
        self._tables: list[tuple[FromTable, int, int]] = []
        self.behind = False  # whether steps were done that nobody has looked at
        self.replay = Replay(self)

    @room_for_a_batch()
    def feeder(
        self, data: Dataset | None, class_weight: Mapping[int, float] | None, stay: bool
    ) -> Feeder:
        """What brings this data set's batches; the same for all epochs of a run."""
        if id(data) not in self._feeders:
            dtype = dtype_of(self.trainer.link.body)
            feeder = Feeder(
                data, self.ops, dtype, self.prepare, lambda batch: weighted(batch, class_weight)
            )
            if stay:
                feeder.stay()
            self._feeders[id(data)] = feeder
        return self._feeders[id(data)]

    def prepare(self, batch: Batch) -> Labels:
        """Labels, checked and as the device takes them."""
        link, dtype, count = self.trainer.link, dtype_of(self.trainer.link.body), len(batch.x)
        like = np.broadcast_to(np.zeros((), dtype), (count, *(link.body.output_shape or ())))
        try:
            y = link.loss.check(like, batch.y, _NUMPY)
        except (LabelError, ShapeError) as error:
            raise type(error)(f"{self.trainer.last.where}: {error}") from None
        classes = np.empty(0, np.int32)
        if any(isinstance(metric, FromTable) for metric in self.trainer.metrics):
            said, true = (a.reshape(-1) if link.multi_label else a for a in (like, batch.y))
            classes = true_classes(true, said).astype(np.int32)
        return Labels(y, shares(like, batch.weight, _NUMPY), classes)

    # ---- figures -------------------------------------------------------------------------------

    def begin(self, loss: Mean, metrics: Sequence[Metric], started: int = 0) -> None:
        """Count from here; ``started`` steps of the epoch are done."""
        self.metrics = metrics
        places = self.trainer.link.body.output_shape or (1,)
        width = 2 if self.trainer.link.multi_label else max(places[-1], 2)
        figures = [loss.total, loss.count, 0.0, -1.0, 0.0, 0.0]
        self._tables, self._started, self.behind = [], started, False
        for metric in metrics:
            if isinstance(metric, FromTable):
                self._tables.append((metric, len(figures), width))
                table = np.zeros(width * width) if metric.table is None else metric.table.ravel()
                figures += table.astype(float).tolist()
        there = self.ops.asarray(np.array(figures))
        if self.figures is not None and self.figures.shape == there.shape:
            self.figures[...] = there  # a graph knows them by their place
        else:
            self.figures = there

    def look(self, loss: Mean, data: Dataset | Batch, moment: Moment | None) -> None:
        """Fetch the figures; one error if a step went wrong since the last look."""
        self.behind = False
        figures = to_numpy(self.figures)
        if figures[3] >= 0:
            raise self._not_finite(int(figures[3]), float(figures[4]), data, moment)
        loss.total, loss.count = float(figures[0]), int(figures[1])
        for metric, place, width in self._tables:
            table = figures[place : place + width * width].reshape(width, width)
            metric.table = np.rint(table).astype(np.int64)

    def _not_finite(
        self, step: int, value: float, data: Any, moment: Moment | None
    ) -> NotFiniteError:
        step += self._started
        if isinstance(data, Batch):
            batch = data
        else:
            batch = next(iter(batches(data, 0 if moment is None else moment.epoch, start=step)))
        if moment is not None:
            when = moment if isinstance(data, Batch) else Moment(moment.seed, moment.epoch, step)
            return self.trainer.not_finite(batch, when, value)
        body = self.trainer.link.body
        reason = where_it_broke(body, floats(batch.x, body), batch, training=False)
        what = "input" if math.isfinite(value) else f"loss, got {value}"
        return NotFiniteError(f"evaluation: expected a finite {what}; {reason}")

    # ---- steps ---------------------------------------------------------------------------------

    @room_for_a_batch()
    @np.errstate(over="ignore", invalid="ignore")
    def train(self, fed: Fed, moment: Moment) -> None:
        """A step; nothing of it has happened yet when this returns."""
        self.behind = True
        with self.ops.counting_into(self.figures):
            said = self.replay.step(self._train, fed.x, fed.labels, moment)
            self._keep(said, fed)

    def _train(self, x: Array, labels: Labels, moment: Moment) -> Array | None:
        trainer, loss = self.trainer, self.trainer.link.loss
        network = trainer.link.body
        outputs, cache = trainer.engine.forward(self._looked_at(x), moment)
        value, loss_cache = loss.of_checked(outputs, labels.y, labels.share)
        said = self._count(outputs, value, loss_cache, labels, len(x))
        grads = trainer.engine.backward(loss.backward(loss_cache), cache)
        grads = {path: grads[path] for path in trainer.learning() if path in grads}
        trainer.engine.update(trainer.optimizer, changed(grads, network.params, trainer.gradients))
        network.set_state(trainer.engine.next_state(cache))
        return said

    @room_for_a_batch()
    @np.errstate(over="ignore", invalid="ignore")
    def evaluate(self, fed: Fed) -> None:
        """The figures of a batch, with nothing changed."""
        self.behind = True
        with self.ops.counting_into(self.figures):
            outputs = self.trainer.engine.infer(self._looked_at(fed.x))
            value, cache = self.trainer.link.loss.of_checked(
                outputs, fed.labels.y, fed.labels.share
            )
            self._keep(self._count(outputs, value, cache, fed.labels, len(fed.x)), fed)

    def _looked_at(self, x: Array) -> Array:
        if x.dtype != np.uint8:
            x = floats(x, self.trainer.link.body)
            self.ops.look_finite(x)
        return x

    def _count(self, outputs: Array, value: Any, cache: Any, labels: Labels, n: int) -> Any:
        self.ops.tally(value, n)
        if not self.metrics:
            return None
        link = self.trainer.link
        said = cache.get("probabilities") if link.activation else outputs
        said = link.predictions(outputs) if said is None else said
        for metric, place, _ in self._tables:
            self.ops.count_answers(said, labels.classes, place, metric.threshold)
        return said

    def _keep(self, said: Array | None, fed: Fed) -> None:
        for metric in self.metrics:
            if isinstance(metric, Auc):
                metric.update(fed.seen, said)


def _is_ours(layer: Any) -> bool:
    return type(layer).__module__.startswith("minicnn.")
