"""The training loop: what an epoch is, and who hears of it.

An epoch is one walk over the training data, a step for each batch, and then, if there are
validation data, an evaluation of them. What a step is stands in ``steps.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from minicnn.data.dataset import Batch, Dataset, peek
from minicnn.data.settings import lasting_text, settings_of
from minicnn.errors import DataError, MinicnnError, NotFiniteError
from minicnn.metrics import Metric
from minicnn.objective import Objective
from minicnn.optimizers import Optimizer
from minicnn.randomness import Moment
from minicnn.training.callback import Callback
from minicnn.training.checkpoint import Checkpoint
from minicnn.training.class_weight import check_class_weight
from minicnn.training.ctrl_c import CtrlC, Interrupted
from minicnn.training.device_steps import DeviceSteps, suits
from minicnn.training.figures import Figures, Latest
from minicnn.training.gradients import GradientStep
from minicnn.training.history import History
from minicnn.training.learner import Learner
from minicnn.training.one_at_a_time import OneAtATime
from minicnn.training.run import Run
from minicnn.training.steps import ClassWeight, HostSteps, OneBatch, Steps, clear_errors

LOOK_EVERY = 100  # steps on a device: a loss that is no number is found no later


@dataclass
class Material:
    """What the epochs of one ``fit`` are made of."""

    data: Dataset
    training: Steps[Any]
    class_weight: ClassWeight
    validation: Dataset | None
    validating: Steps[Any]


class Trainer(Learner):
    """Trains a network: ``fit``, ``evaluate``, ``single_step``."""

    def __init__(
        self,
        link: Objective,
        optimizer: Optimizer,
        metrics: Sequence[Metric],
        gradients: Sequence[GradientStep] = (),
        seed: int = 0,
    ) -> None:
        super().__init__(link, optimizer, metrics, gradients, seed)
        self.turn = OneAtATime()
        self.ctrl_c = CtrlC()
        self.run = Run(epoch=0, steps=0, callbacks=(), figures=Figures(self.metrics))
        self._single_steps: Steps[Any] | None = None

    def kind_of_steps(self) -> type[Steps[Any]]:
        """On a device if it can do everything about this training by itself."""
        return DeviceSteps if suits(self) else HostSteps

    def follow(self, objective: Objective) -> None:
        """What was prepared for single steps goes with the network that it was prepared for."""
        before = self.link
        super().follow(objective)
        if self.link is not before:
            self._single_steps = None

    # ---- an epoch ------------------------------------------------------------------------------

    def _epoch(self, it: Material) -> None:
        """One epoch, or what is left of it."""
        run, watch, epoch = self.run, self.run.timekeeper, self.run.epoch
        watch.begin(epoch)
        with watch.timing("callbacks"):
            tell(run.callbacks, "on_epoch_begin", epoch)
        self._train(it)
        logs = run.logs
        if it.validation is not None:
            with watch.timing("validation"):
                results = self._evaluate(it.validating, it.validation, self.ctrl_c.may_stop_here)
            logs = logs | {f"val_{name}": value for name, value in results.items()}
        run.end_epoch(logs)
        with watch.timing("callbacks"):
            tell(run.callbacks, "on_epoch_end", epoch, logs)
        self.ctrl_c.may_stop_here()

    def _train(self, it: Material) -> None:
        """The steps of an epoch, from the one on that is next."""
        run, watch, steps = self.run, self.run.timekeeper, it.training
        if run.step == 0:
            run.figures.reset()
        elif run.asked_to_stop():  # it had stopped here when it was saved
            return
        steps.begin(run.figures)
        for batch in watch.waiting(steps.batches(it.data, run.epoch, run.step, it.class_weight)):
            step = run.step
            with watch.timing("steps"), clear_errors():
                steps.train(batch, Moment(self.seed, run.epoch, step))
                run.step = step + 1
                if steps.looking_is_free or run.wants_figures(step, LOOK_EVERY):
                    run.logs = steps.look()
            watch.epochs[-1].samples += len(batch.x)
            with watch.timing("callbacks"):
                tell(run.callbacks, "on_batch_end", step, run.logs)
            self.ctrl_c.may_stop_here()
            if run.asked_to_stop():
                break
        self._catch_up(steps)
        if not run.logs:
            raise _no_batch()

    def _catch_up(self, steps: Steps[Any]) -> None:
        """Look at the steps that nobody has looked at."""
        if steps.behind:
            with clear_errors():
                self.run.logs = steps.look()

    def _evaluate(
        self, steps: Steps[Any], data: Dataset, between: Callable[[], None] = lambda: None
    ) -> dict[str, Any]:
        """The figures of a data set; ``between`` is called after each batch."""
        with clear_errors():
            steps.begin(self.fresh_figures())
            for batch in steps.batches(data):
                steps.evaluate(batch)
                between()
            results = steps.look()
        if not steps.figures.loss.count:
            raise _no_batch()
        return results

    # ---- a run ---------------------------------------------------------------------------------

    def fit(
        self,
        data: Dataset,
        epochs: int,
        validation: Dataset | None = None,
        callbacks: Sequence[Callback] = (),
        class_weight: ClassWeight = None,
        initial_epoch: int = 0,
        resume: Checkpoint | None = None,
    ) -> History:
        """Train until ``epochs`` are done or a callback says stop."""
        with self.turn.run("fit"):
            self.optimizer.bind(self.link.network)
            check_class_weight(class_weight, self.link)
            self.run = Run(
                epoch=initial_epoch,
                steps=len(data),
                callbacks=sorted(callbacks, key=lambda callback: callback.turn),
                figures=Figures(self.metrics),
                settings=self._settings(data, class_weight),
            )
            if resume is not None:
                resume.restore(self, self.run)
            kind = self.kind_of_steps()
            material = Material(data, kind(self, True), class_weight, validation, kind(self, True))
            return self._run(material, epochs, resume)

    def _run(self, it: Material, epochs: int, resume: Checkpoint | None) -> History:
        """Epoch after epoch; however it ends, the callbacks hear of it."""
        run = self.run
        started: list[Callback] = []
        try:
            self._begin(it, epochs, started)
            if resume is not None:
                resume.restore_callbacks(run)
            self._epochs(it, epochs)
        except NotFiniteError as error:
            run.ended_by = error
            answers = tell(started, "on_not_finite", error)
            if not any(answers):
                raise
            if (
                self.ctrl_c.asked or self.ctrl_c.granted
            ):  # the end of this run is not all that was asked for
                raise KeyboardInterrupt(f"training had ended: {error}") from None
        except Interrupted as stop:
            run.ended_by = stop
            answers, failures = told(started, "on_interrupt")
            advice = _how_to_go_on(run, [path for path in answers if path])
            if failures:
                failures[0].add_note(advice)
            raise_first(failures)
            raise KeyboardInterrupt(advice) from None
        except BaseException as error:
            run.ended_by = error
            raise
        finally:
            tell(reversed(started), "on_train_end")
            run.ended_by = None  # its traceback would keep the last batch alive
        return run.history

    def _epochs(self, it: Material, epochs: int) -> None:
        """Up to the last one, to where a callback says stop, or to Ctrl-C."""
        run = self.run
        try:
            with self.ctrl_c:
                if it.validation is not None:
                    self._try(it.validation)
                while run.epoch < epochs and (run.step or not run.asked_to_stop()):
                    self._epoch(it)
        except Interrupted:
            self._catch_up(it.training)  # which may find that the loss is no number any more
            raise

    def _begin(self, it: Material, epochs: int, started: list[Callback]) -> None:
        """Tell the callbacks what is planned; ``started`` become those that agree."""
        run, names = self.run, self.run.figures.names
        plan = {
            "epochs": epochs,
            "initial_epoch": run.epoch,
            "steps": run.steps,
            "figures": names + [f"val_{name}" for name in names if it.validation is not None],
            "data": it.data,
            "validation_data": it.validation,
        }
        for callback in run.callbacks:
            callback.stop = False
            callback.on_train_begin(plan)
            started.append(callback)

    def _settings(self, data: Dataset, class_weight: ClassWeight) -> dict[str, dict[str, Any]]:
        """What makes the steps what they are, beside what a checkpoint compares by itself."""
        steps = {
            "loss": lasting_text(self.link.loss),
            "gradients": lasting_text(list(self.gradients)),
            "class_weight": repr(None if class_weight is None else sorted(class_weight.items())),
        }
        return {"training": steps, "data": settings_of(data)}

    def _try(self, validation: Dataset) -> None:
        """A look: what does not fit should not come out after an epoch of training."""
        with clear_errors():
            batch = peek(validation)
            if batch is None:
                return
            try:
                HostSteps(self).loss(batch, self.engine.infer(batch.x))
            except MinicnnError as error:
                raise type(error)(f"validation data: {error}") from None

    # ---- without a run -------------------------------------------------------------------------

    def evaluate(self, data: Dataset) -> dict[str, Any]:
        """Loss and metrics over a data set, with nothing changed."""
        return self._evaluate(self.kind_of_steps()(self), data)

    def single_step(self, batch: Batch, moment: Moment) -> dict[str, Any]:
        """One step by itself, and its figures, which are those before the update."""
        with self.turn.step("train_on_batch"), clear_errors():
            self.optimizer.bind(self.link.network)
            kind, steps = self.kind_of_steps(), self._single_steps
            if type(steps) is not kind or not steps.fit():
                steps = self._single_steps = kind(self)
            steps.begin(self.fresh_figures(Latest()))
            for one in steps.batches(OneBatch(batch)):
                steps.train(one, moment)
            return steps.look()

    def loss_of_step(self, batch: Batch, moment: Moment) -> float:
        """One step by itself, of which only the loss is asked for."""
        with clear_errors():
            self.optimizer.bind(self.link.network)
            steps = HostSteps(self)
            steps.begin(Figures(loss=Latest()))
            steps.train(batch, moment)
            return steps.figures.loss.value


def tell(callbacks: Iterable[Callback], event: str, *what: Any) -> list[Any]:
    """All callbacks hear of it, also when one fails; the first failure is raised after that.

    Who saves comes last: what a log cannot write must not cost the checkpoint of the epoch.
    """
    answers, failures = told(callbacks, event, *what)
    raise_first(failures)
    return answers


def told(
    callbacks: Iterable[Callback], event: str, *what: Any
) -> tuple[list[Any], list[Exception]]:
    """What the callbacks answered, and how those that gave no answer failed."""
    answers: list[Any] = []
    failures: list[Exception] = []
    for callback in callbacks:
        try:
            answers.append(getattr(callback, event)(*what))
        except Exception as error:
            failures.append(error)
    return answers, failures


def raise_first(failures: list[Exception]) -> None:
    """Raise the first one, with the others as notes."""
    try:
        if failures:
            for another in failures[1:]:
                failures[0].add_note(f"and after it: {another!r}")
            raise failures[0]
    finally:
        failures.clear()  # their tracebacks would keep the last batch alive


def _how_to_go_on(run: Run, saved: Sequence[str]) -> str:
    where = f"training stopped in epoch {run.epoch + 1}, after step {run.step} of {run.steps}"
    if saved:
        return f"{where}; the run is saved, go on with model.fit(..., resume={saved[0]!r})"
    return f"{where}; the run was not saved: a callback mc.ModelCheckpoint(path) would have done it"


def _no_batch() -> DataError:
    return DataError("expected a data set with at least one batch, got none")
