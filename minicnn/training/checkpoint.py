"""A run in one file, and back: a saved model with a ``training`` part.

What is in it: the weights and running figures, the optimizer with its memory and learning
rate, epoch and step, the figures of the epoch so far, the history, what the callbacks
remember, the seed, and the settings that must be as they were. A run that is resumed therefore
ends with the very same bits.
"""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from itertools import zip_longest
from typing import Any

from minicnn.arguments import flag, is_number, is_whole, positive
from minicnn.backends import ops_for
from minicnn.errors import MinicnnError, SavingError
from minicnn.layers import Layer
from minicnn.metrics import Auc, FromTable, Metric
from minicnn.optimizers import Optimizer
from minicnn.saving import ModelFile, copy_into, describe
from minicnn.training.callback import Callback
from minicnn.training.figures import Mean
from minicnn.training.history import History
from minicnn.training.learner import Learner
from minicnn.training.run import Run
from minicnn.training.saved import MOST, Saved
from minicnn.typing import Params


def save_checkpoint(path: str | os.PathLike[str], model: Any) -> None:
    """Write the run that ``model`` is in the middle of."""
    replace(model.to_file(), training=snapshot(model.trainer, model.trainer.run)).write(path)


def snapshot(learner: Learner, run: Run) -> dict[str, Any]:
    """Everything about a run but the weights."""
    return {
        "seed": learner.seed,
        "epoch": run.epoch,
        "step": run.step,
        "steps": run.steps,
        "settings": run.settings,
        "loss": asdict(run.figures.loss),
        "logs": run.logs,
        "history": asdict(run.history),
        "metrics": {metric.name: metric.state() for metric in learner.metrics},
        "optimizer": _describe_optimizer(learner.optimizer),
        "callbacks": {
            key: {"stop": callback.stop, "state": callback.state()}
            for key, callback in _by_key(run).items()
        },
    }


class Checkpoint:
    """A file that a run can go on from."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        file = ModelFile.read(path)
        if file.training is None:
            raise SavingError(
                f"{self.path}: expected a checkpoint, got a model without its training run; load "
                f"it with mc.load_model, and begin a new run from there"
            )
        self.weights, self.saved = file.weights, file.training
        self.architecture = file.architecture

    def check_network(self, network: Layer) -> None:
        """Raise unless the run that was saved had the same layers."""
        with _AsSavingError(self.path):
            saved, ours = self.architecture["config"], describe(network)["config"]
            for place, (theirs, its) in enumerate(zip_longest(saved["layers"], ours["layers"]), 1):
                _expect(f"layer {place}", theirs, its)

    def restore(self, learner: Learner, run: Run) -> None:
        """Put network, optimizer, metrics and ``run`` where the checkpoint left them.

        Nothing is changed before everything was looked at.
        """
        with _AsSavingError(self.path):
            saved = Saved(self.saved, "run")
            _expect("seed", saved["seed"], learner.seed)
            _expect("steps an epoch (samples / batch_size)", saved["steps"], run.steps)
            _check_settings(saved.values.get("settings", {}), run.settings)
            _check_optimizer(learner.optimizer, saved["optimizer"])
            epoch, step = saved.whole("epoch"), saved.whole("step", most=run.steps)
            loss, metrics = saved.part("loss"), saved.part("metrics")
            mean = Mean(loss.number("total"), loss.whole("count"))
            figures = _Figures(learner)
            logs = figures.logs(saved.part("logs"), begun=step > 0)
            history = figures.history(saved.part("history"))
            names = sorted(metric.name for metric in learner.metrics)
            _expect("metrics", sorted(metrics.values), names)
            params = learner.link.body.params
            optimizer = _Remembered(saved.part("optimizer"), learner.optimizer, params)
            for metric in learner.metrics:
                tried = metric.fresh()
                tried.set_state(metrics[metric.name])
                figures.check_table(tried)
            copy_into(learner.link.body, self.weights)  # looks at all of them first
            for metric in learner.metrics:
                metric.set_state(metrics[metric.name])
            optimizer.put_into(learner.optimizer)
            run.epoch, run.step, run.figures.loss = epoch, step, mean
            run.logs, run.history = logs, history

    def restore_callbacks(self, run: Run) -> None:
        """Give each callback what it remembered; one that is new begins with nothing."""
        with _AsSavingError(self.path):
            saved = Saved(self.saved, "run").part("callbacks")
            for key, callback in _by_key(run).items():
                if key in saved.values:
                    its = saved.part(key)
                    callback.stop = flag(its["stop"], "stop", key)
                    callback.set_state(dict(its.part("state").values))


def _check_settings(saved: dict[str, Any], ours: dict[str, Any]) -> None:
    """Compare what both name: a data set of another class may know less about itself."""
    for whose, settings in ours.items():
        theirs = saved.get(whose, {})
        for name, value in settings.items():
            if name in theirs:
                _expect(f"{name} (of the {whose})", theirs[name], value)


def _by_key(run: Run) -> dict[str, Callback]:
    """Each callback under its class and its place among those of its class."""
    keyed: dict[str, Callback] = {}
    for callback in run.callbacks:
        name = type(callback).__name__
        number = 1 + sum(type(other).__name__ == name for other in keyed.values())
        keyed[f"{name}_{number}"] = callback
    return keyed


# ---- the optimizer ---------------------------------------------------------------------------


def _describe_optimizer(optimizer: Optimizer) -> dict[str, Any]:
    rate = optimizer.learning_rate
    return {
        "settings": _settings(optimizer),
        "learning_rate": None if callable(rate) else float(rate),
        "step_count": optimizer.step_count,
        "memory": optimizer.memory,
    }


def _settings(optimizer: Optimizer) -> dict[str, str]:
    """The class and its arguments as texts, to compare; a learning rate may have moved since."""
    texts = {name: repr(value) for name, value in optimizer.config().items()}
    rate = optimizer.learning_rate
    texts["learning_rate"] = "a number"
    if callable(rate):  # the repr of a function holds its address, which no other process has
        texts["learning_rate"] = getattr(rate, "__qualname__", repr(rate))
    return {"class": type(optimizer).__name__, **texts}


def _check_optimizer(optimizer: Optimizer, saved: dict[str, Any]) -> None:
    settings = _settings(optimizer)  # the class stands first, and is the first to be compared
    for name in settings:
        _expect(f"optimizer's {name}", saved["settings"].get(name), settings.get(name))


class _Remembered:
    """What the optimizer remembered, looked at before any of it is taken."""

    def __init__(self, saved: Saved, optimizer: Optimizer, params: Params) -> None:
        self.step_count = saved.whole("step_count")
        self.rate = saved["learning_rate"]
        if (self.rate is None) != callable(optimizer.learning_rate):
            raise saved.other("learning_rate", f"a rate for {optimizer!r}")
        if self.rate is not None:
            positive(self.rate, "a learning_rate")
        memory, slots = saved.part("memory"), optimizer.used_slots()
        self.memory: dict[str, Params] = {}
        for path in memory.values:
            if path not in params:
                raise SavingError(f"expected memory of parameters that there are, got {path!r}")
            its, p = memory.part(path), params[path]
            _expect(f"optimizer's memory of {path}", sorted(its.values), sorted(slots))
            arrays = {slot: its.floats(slot, tuple(p.shape)) for slot in slots}
            self.memory[path] = {s: ops_for(p).asarray(a, p.dtype) for s, a in arrays.items()}

    def put_into(self, optimizer: Optimizer) -> None:
        """Give an optimizer its memory, its count of steps and its learning rate again."""
        optimizer.memory, optimizer.step_count = self.memory, self.step_count
        if self.rate is not None:
            optimizer.learning_rate = self.rate


# ---- figures ---------------------------------------------------------------------------------


class _Figures:
    """What is known of the figures of a run: metrics of the user's may be anything."""

    def __init__(self, learner: Learner) -> None:
        ours = [m.name for m in learner.metrics if type(m) in (FromTable, Auc)]
        self.numbers = {f"{where}{name}" for where in ("", "val_") for name in ("loss", *ours)}
        self.classes = learner.table_width

    def logs(self, saved: Saved, begun: bool) -> dict[str, Any]:
        """The figures of the epoch so far."""
        if begun:
            saved.number("loss")
        for name in saved.values:
            self._check(saved, name, saved[name])
        return dict(saved.values)

    def history(self, saved: Saved) -> History:
        """Those of the epochs before."""
        epochs, figures = saved.list("epochs"), saved.part("history")
        if not all(is_whole(epoch) and 0 <= epoch <= MOST for epoch in epochs):
            raise saved.other("epochs", "whole numbers for epochs")
        lists = {name: figures.list(name) for name in figures.values}
        for name, values in lists.items():
            if len(values) > len(epochs):
                raise figures.other(name, f"{len(epochs)} figures for {name}")
            for value in values:
                self._check(figures, name, value)
        return History(epochs, lists)

    def _check(self, saved: Saved, name: str, value: Any) -> None:
        is_table = getattr(getattr(value, "dtype", None), "kind", "") in ("f", "i", "u")
        if name in self.numbers and not (is_number(value) or is_table):
            raise saved.other(name, f"numbers for {name}")

    def check_table(self, metric: Metric) -> None:
        """A table of other classes could not be added to."""
        if type(metric) is FromTable and metric.table is not None:
            shape = (self.classes, self.classes)
            _expect(f"shape of the table of {metric.name}", metric.table.shape, shape)


# ---- what doesn't fit --------------------------------------------------------------------------


def _expect(what: str, expected: Any, got: Any) -> None:
    if expected != got:
        theirs, ours = _cut(repr(expected), 400), _cut(repr(got), 400)
        raise SavingError(
            f"expected the {what} of the run that was saved, {theirs}, got {ours}; "
            f"resume with the same model, data and settings"
        )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}..."


class _AsSavingError:
    """A ``with`` block in which whatever fails is the fault of the file, and says so."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, _: Any) -> None:
        if isinstance(error, Exception):
            reason = _cut(str(error), 1000)
            if not isinstance(error, MinicnnError):
                other = _cut(repr(error), 400)
                reason = f"expected what a checkpoint holds, got something else ({other})"
            raise SavingError(f"{self.path}: cannot go on from here: {reason}") from error
