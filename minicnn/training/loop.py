"""The training loop (floor 5): epochs of steps, with everyone who looks on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minicnn.backends import room_for_a_batch
from minicnn.data.dataset import Batch, Dataset, batches, peek
from minicnn.data.settings import lasting_text, settings_of
from minicnn.engine import Engine, Link, floats
from minicnn.errors import (
    DataError,
    LabelError,
    MinicnnError,
    NotFiniteError,
    ShapeError,
)
from minicnn.layers import Layer
from minicnn.metrics import Metric, to_numpy
from minicnn.optimizers import Optimizer
from minicnn.randomness import Moment
from minicnn.training.callback import Callback
from minicnn.training.class_weight import check_class_weight, weighted
from minicnn.training.ctrl_c import CtrlC, Interrupted
from minicnn.training.diagnose import is_finite, sum_of, where_it_broke
from minicnn.training.gradients import GradientStep, changed
from minicnn.training.history import History
from minicnn.training.on_device import LOOK_EVERY, OnDevice, suits
from minicnn.training.one_at_a_time import OneAtATime
from minicnn.training.run import Mean, Run
from minicnn.typing import Array, Cache

if TYPE_CHECKING:
    from minicnn.training.checkpoint import Checkpoint


class Trainer:
    """One network, its loss, its optimizer: a step, an epoch, an evaluation."""

    def __init__(
        self,
        link: Link,
        optimizer: Optimizer,
        metrics: Sequence[Metric],
        gradients: Sequence[GradientStep] = (),
        seed: int = 0,
    ) -> None:
        self.link = link
        self.optimizer = optimizer
        self.metrics = metrics
        for metric in metrics:
            metric.suit(link.multi_label)
        self.gradients = gradients
        self.seed = seed
        self.engine = Engine(link.body)
        self.turn = OneAtATime()
        self.ctrl_c = CtrlC()
        self.run = Run(epoch=0, steps=0, callbacks=())
        self._on_device: OnDevice | None = None  # while a run is under way on a GPU
        self._single: OnDevice | None = None  # for steps by themselves

    def follow(self, link: Link) -> None:
        """Train what the network has become: another may be frozen, or have other arrays."""
        if not link.is_still(self.link):
            self.link = link
            self.engine.follow(link.body)

    # ---- one step ----------------------------------------------------------------------------

    @room_for_a_batch()
    @np.errstate(over="ignore", invalid="ignore")  # one clear error comes instead of warnings
    def step(self, batch: Batch, moment: Moment) -> tuple[float, Array]:
        """Forward, loss, backward, update. Gives the loss and the predictions before it."""
        network, loss = self.link.body, self.link.loss
        self.optimizer.bind(self.link.network)
        total = sum_of(batch.x)
        outputs, cache = self.engine.forward(batch.x, moment)
        value, loss_cache = self._loss(outputs, batch)
        value = float(value)
        # tanh(inf) is 1: an infinite input may show in the gradients only. Read after the loss,
        # the sum keeps no GPU waiting.
        if not math.isfinite(value) or not (math.isfinite(total) or is_finite(batch.x)):
            raise self.not_finite(batch, moment, value)

        dy, learns = loss.backward(loss_cache), self.learning()
        if self.gradients:
            grads = self.engine.backward(dy, cache)
            grads = {path: grads[path] for path in learns if path in grads}
            self.engine.update(self.optimizer, changed(grads, network.params, self.gradients))
        else:
            self.engine.descend(dy, cache, self.optimizer, learns)
        network.set_state(self.engine.next_state(cache))
        return value, self.link.predictions(outputs)

    def _loss(self, outputs: Array, batch: Batch) -> tuple[Any, Cache]:
        """The loss of a batch; labels that don't fit name the layer that they don't fit."""
        try:
            return self.link.loss.forward(outputs, batch.y, batch.weight)
        except (LabelError, ShapeError) as error:
            raise type(error)(f"{self.last.where}: {error}") from None

    @property
    def last(self) -> Layer:
        """The layer whose outputs meet the labels."""
        return self.link.body.layers[-1] if self.link.body.layers else self.link.body

    def learning(self) -> list[str]:
        """The paths of all parameters that are not frozen."""
        return trainable(self.link.network)

    def not_finite(self, batch: Batch, moment: Moment, value: float) -> NotFiniteError:
        """The error that says in which step and where NaN or infinity began."""
        network = self.link.body
        reason = where_it_broke(network, floats(batch.x, network), batch, moment)
        what = "input" if math.isfinite(value) else f"loss, got {value}"
        return NotFiniteError(
            f"epoch {moment.epoch + 1}, step {moment.step + 1}: expected a finite {what}; "
            f"{reason}. The weights are those from before this step"
        )

    # ---- many steps ----------------------------------------------------------------------------

    def fit(
        self,
        data: Dataset,
        epochs: int,
        validation: Dataset | None = None,
        callbacks: Sequence[Callback] = (),
        class_weight: Mapping[int, float] | None = None,
        initial_epoch: int = 0,
        resume: Checkpoint | None = None,
    ) -> History:
        """Train until ``epochs`` are done or a callback says stop."""
        with self.turn.run("fit"):
            return self._fit(
                data, epochs, validation, callbacks, class_weight, initial_epoch, resume
            )

    def _fit(
        self,
        data: Dataset,
        epochs: int,
        validation: Dataset | None,
        callbacks: Sequence[Callback],
        class_weight: Mapping[int, float] | None,
        initial_epoch: int,
        resume: Checkpoint | None,
    ) -> History:
        self.optimizer.bind(self.link.network)
        callbacks = sorted(callbacks, key=lambda callback: callback.turn)
        run = self.run = Run(initial_epoch, len(data), callbacks)
        check_class_weight(class_weight, self.link)
        run.settings = self._settings(data, class_weight)
        if resume is not None:
            resume.restore(self, run)
        plan = {
            "epochs": epochs,
            "initial_epoch": run.epoch,
            "steps": run.steps,
            "figures": self._figures(validation),
            "data": data,
            "validation_data": validation,
        }
        started: list[Callback] = []
        self._on_device = OnDevice(self) if suits(self) else None
        try:
            for callback in callbacks:
                callback.stop = False
                callback.on_train_begin(plan)
                started.append(callback)
            if resume is not None:
                resume.restore_callbacks(run)
            with self.ctrl_c:
                if validation is not None:
                    self._try(validation)
                while run.epoch < epochs and (run.step or not run.asked_to_stop()):
                    self._epoch(data, validation, class_weight)
        except NotFiniteError as error:
            run.ended_by = error
            answers = [callback.on_not_finite(error) for callback in callbacks]  # ask every one
            if not any(answers):
                raise
        except Interrupted as stop:
            run.ended_by = stop
            self._look(data)
            saved = [path for callback in callbacks if (path := callback.on_interrupt())]
            raise KeyboardInterrupt(_how_to_go_on(run, saved)) from None
        except BaseException as error:
            run.ended_by = error
            raise
        finally:
            self._on_device = None
            tell(reversed(started), "on_train_end")
            run.ended_by = None  # its traceback would keep the last batch alive
        return run.history

    def _settings(
        self, data: Dataset, class_weight: Mapping[int, float] | None
    ) -> dict[str, dict[str, Any]]:
        """What makes the steps what they are, beside what a checkpoint compares by itself."""
        steps = {
            "loss": lasting_text(self.link.loss),
            "gradients": lasting_text(list(self.gradients)),
            "class_weight": repr(None if class_weight is None else sorted(class_weight.items())),
        }
        return {"training": steps, "data": settings_of(data)}

    @room_for_a_batch()
    @np.errstate(over="ignore", invalid="ignore")
    def _try(self, validation: Dataset) -> None:
        """A look: what does not fit should not come out after an epoch of training."""
        batch = peek(validation)
        if batch is None:
            return
        try:
            self._loss(self.engine.infer(batch.x), batch)
        except MinicnnError as error:
            raise type(error)(f"validation data: {error}") from None

    def _epoch(
        self, data: Dataset, validation: Dataset | None, class_weight: Mapping[int, float] | None
    ) -> None:
        """One epoch, or what is left of it."""
        run = self.run
        epoch = run.epoch
        run.timekeeper.begin(epoch)
        with run.timekeeper.timing("callbacks"):
            tell(run.callbacks, "on_epoch_begin", epoch)
        self._steps(data, class_weight)
        logs = run.logs
        if validation is not None:
            with run.timekeeper.timing("validation"):
                results = self.evaluate(validation, self._on_device)
            logs = logs | {f"val_{name}": value for name, value in results.items()}
        run.end_epoch(logs)
        with run.timekeeper.timing("callbacks"):
            tell(run.callbacks, "on_epoch_end", epoch, logs)
        self.ctrl_c.may_stop_here()

    def _steps(self, data: Dataset, class_weight: Mapping[int, float] | None) -> None:
        run, watch = self.run, self.run.timekeeper
        if run.step == 0:
            self._reset_metrics()
        elif run.asked_to_stop():  # it had stopped here when it was saved
            return
        there = self._on_device
        if there is not None:
            there.begin(run.loss, self.metrics, run.step)
            feeder = there.feeder(data, class_weight, stay=True)
            coming: Iterator[Any] = feeder.epoch(run.epoch, run.step)
        else:
            coming = batches(data, run.epoch, start=run.step)
        for batch in watch.waiting(coming):
            step, moment = run.step, Moment(self.seed, run.epoch, run.step)
            with watch.timing("steps"):
                if there is not None:
                    self._step_there(there, batch, moment, data)
                else:
                    self._step_here(weighted(batch, class_weight), moment)
            watch.epochs[-1].samples += len(batch.x)
            with watch.timing("callbacks"):
                tell(run.callbacks, "on_batch_end", step, run.logs)
            self.ctrl_c.may_stop_here()
            if run.asked_to_stop():
                break
        self._look(data)
        if not run.logs:
            raise DataError("expected a data set with at least one batch, got none")

    def _step_here(self, batch: Batch, moment: Moment) -> None:
        """A step after which the figures are known."""
        run = self.run
        value, y_pred = self.step(batch, moment)
        run.loss.add(value, len(batch.x))
        _update(self.metrics, batch.y, y_pred)
        run.step, run.logs = run.step + 1, {"loss": run.loss.value, **_results(self.metrics)}

    def _step_there(self, there: OnDevice, batch: Any, moment: Moment, data: Dataset) -> None:
        """A step whose figures are fetched if somebody wants them, and now and then anyway."""
        run, step = self.run, self.run.step
        there.train(batch, moment)
        run.step = step + 1
        if run.step % LOOK_EVERY == 0 or any(c.wants_figures(step) for c in run.callbacks):
            self._look(data)

    @room_for_a_batch()
    def _look(self, data: Dataset) -> None:
        """Fetch the figures, if they lie on a device and steps were done since the last look."""
        run, there = self.run, self._on_device
        if there is not None and there.behind:
            there.look(run.loss, data, Moment(self.seed, run.epoch, run.step))
            run.logs = {"loss": run.loss.value, **_results(self.metrics)}

    def _figures(self, validation: Dataset | None) -> list[str]:
        names = ["loss", *(metric.name for metric in self.metrics)]
        return names + [f"val_{name}" for name in names if validation is not None]

    @room_for_a_batch()
    @np.errstate(over="ignore", invalid="ignore")
    def evaluate(self, data: Dataset, run_on: OnDevice | None = None) -> dict[str, Any]:
        """Loss and metrics over a data set, with nothing changed.

        ``run_on`` is what a run on a GPU keeps there; its steps must have been looked at.
        """
        mean, metrics = Mean(), [metric.fresh() for metric in self.metrics]
        there = run_on or (OnDevice(self) if suits(self) else None)
        if there is not None:
            there.begin(mean, metrics)
            for fed in there.feeder(data, None, stay=run_on is not None).epoch(0):
                there.evaluate(fed)
                self.ctrl_c.may_stop_here()
            there.look(mean, data, None)
            return {"loss": mean.value, **_results(metrics)}
        for batch in data.epoch(0):
            outputs = self.engine.infer(batch.x)
            value = float(self._loss(outputs, batch)[0])
            if not math.isfinite(value):
                x = floats(batch.x, self.link.body)
                reason = where_it_broke(self.link.body, x, batch, training=False)
                raise NotFiniteError(f"evaluation: expected a finite loss, got {value}; {reason}")
            mean.add(value, len(batch.x))
            _update(metrics, batch.y, self.link.predictions(outputs))
            self.ctrl_c.may_stop_here()
        if not mean.count:
            raise DataError("expected a data set with at least one batch, got none")
        return {"loss": mean.value, **_results(metrics)}

    def _reset_metrics(self) -> None:
        for metric in self.metrics:
            metric.reset()

    @room_for_a_batch()
    @np.errstate(over="ignore", invalid="ignore")
    def single_step(self, batch: Batch, moment: Moment) -> dict[str, Any]:
        """One step by itself, and its figures, which are those before the update."""
        with self.turn.step("train_on_batch"):
            return self._single_step(batch, moment)

    def _single_step(self, batch: Batch, moment: Moment) -> dict[str, Any]:
        metrics = [metric.fresh() for metric in self.metrics]
        if suits(self):
            self.optimizer.bind(self.link.network)
            there, mean = self._single or OnDevice(self), Mean()
            self._single = there
            there.begin(mean, metrics)
            for fed in there.feeder(None, None, stay=False).send(batch):
                there.train(fed, moment)
            there.look(mean, batch, moment)
            return {"loss": mean.value, **_results(metrics)}
        value, y_pred = self.step(batch, moment)
        _update(metrics, batch.y, y_pred)
        return {"loss": value, **_results(metrics)}


def tell(callbacks: Iterable[Callback], event: str, *what: Any) -> None:
    """All callbacks hear of it, also when one fails; the first failure is raised after that.

    Who saves comes last: what a log cannot write must not cost the checkpoint of the epoch.
    """
    failures: list[Exception] = []
    for callback in callbacks:
        try:
            getattr(callback, event)(*what)
        except Exception as error:
            failures.append(error)
    try:
        if failures:
            for another in failures[1:]:
                failures[0].add_note(f"and after it: {another!r}")
            raise failures[0]
    finally:
        failures.clear()  # their tracebacks would keep the last batch alive


def _update(metrics: Sequence[Metric], y_true: Any, y_pred: Array) -> None:
    y_true, y_pred = to_numpy(y_true), to_numpy(y_pred)  # fetched once for all
    for metric in metrics:
        metric.update(y_true, y_pred)


def _results(metrics: Sequence[Metric]) -> dict[str, Any]:
    return {metric.name: metric.result() for metric in metrics}


def _how_to_go_on(run: Run, saved: Sequence[str]) -> str:
    where = f"training stopped in epoch {run.epoch + 1}, after step {run.step} of {run.steps}"
    if saved:
        return f"{where}; the run is saved, go on with model.fit(..., resume={saved[0]!r})"
    return f"{where}; the run was not saved: a callback mc.ModelCheckpoint(path) would have done it"


def trainable(layer: Layer, prefix: str = "") -> list[str]:
    """The paths of all parameters that are not frozen, by themselves or by what holds them."""
    if not layer.trainable:
        return []
    if not layer.children:
        return [prefix + key for key in layer.params]
    return [path for c in layer.children for path in trainable(c, f"{prefix}{c.name}/")]
