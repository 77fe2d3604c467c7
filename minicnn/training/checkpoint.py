"""A run in one file, and back (floor 5): a saved model with a ``training`` part.

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

from minicnn.backends import ops_for
from minicnn.errors import MinicnnError, SavingError
from minicnn.layers import Layer
from minicnn.optimizers import Optimizer
from minicnn.saving import ModelFile, copy_into, describe
from minicnn.training.callback import Callback
from minicnn.training.history import History
from minicnn.training.loop import Trainer
from minicnn.training.run import Mean, Run
from minicnn.typing import Params


def save_checkpoint(path: str | os.PathLike[str], model: Any) -> None:
    """Write the run that ``model`` is in the middle of."""
    replace(model.to_file(), training=snapshot(model.trainer)).write(path)


def snapshot(trainer: Trainer) -> dict[str, Any]:
    """Everything about a run but the weights."""
    run = trainer.run
    return {
        "seed": trainer.seed,
        "epoch": run.epoch,
        "step": run.step,
        "steps": run.steps,
        "settings": run.settings,
        "loss": asdict(run.loss),
        "logs": run.logs,
        "history": asdict(run.history),
        "metrics": {metric.name: metric.state() for metric in trainer.metrics},
        "optimizer": _describe_optimizer(trainer.optimizer),
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

    def restore(self, trainer: Trainer, run: Run) -> None:
        """Put network, optimizer, metrics and ``run`` where the checkpoint left them."""
        with _AsSavingError(self.path):
            saved = self.saved
            _expect("seed", saved["seed"], trainer.seed)
            _expect("steps an epoch (samples / batch_size)", saved["steps"], run.steps)
            _check_settings(saved.get("settings", {}), run.settings)
            names = [metric.name for metric in trainer.metrics]
            _expect("metrics", sorted(saved["metrics"]), sorted(names))
            _check_optimizer(trainer.optimizer, saved["optimizer"])
            copy_into(trainer.link.body, self.weights)
            _restore_optimizer(trainer.optimizer, saved["optimizer"], trainer.link.body.params)
            for metric in trainer.metrics:
                metric.set_state(saved["metrics"][metric.name])
            run.epoch, run.step = int(saved["epoch"]), int(saved["step"])
            run.loss, run.logs = Mean(**saved["loss"]), dict(saved["logs"])
            run.history = History(**saved["history"])

    def restore_callbacks(self, run: Run) -> None:
        """Give each callback what it remembered; one that is new begins with nothing."""
        with _AsSavingError(self.path):
            for key, callback in _by_key(run).items():
                if key in self.saved["callbacks"]:
                    callback.stop = bool(self.saved["callbacks"][key]["stop"])
                    callback.set_state(self.saved["callbacks"][key]["state"])


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


def _restore_optimizer(optimizer: Optimizer, saved: dict[str, Any], params: Params) -> None:
    memory = {
        path: {
            slot: ops_for(params[path]).asarray(array, array.dtype)
            for slot, array in arrays.items()
        }
        for path, arrays in saved["memory"].items()
    }
    for path, arrays in memory.items():
        for slot, array in arrays.items():
            _expect(f"shape of the optimizer's {slot} of {path}", array.shape, params[path].shape)
    optimizer.memory = memory
    optimizer.step_count = int(saved["step_count"])
    if saved["learning_rate"] is not None:
        optimizer.learning_rate = saved["learning_rate"]


# ---- what doesn't fit --------------------------------------------------------------------------


def _expect(what: str, expected: Any, got: Any) -> None:
    if expected != got:
        raise SavingError(
            f"expected the {what} of the run that was saved, {expected!r}, got {got!r}; resume "
            f"with the same model, data and settings"
        )


class _AsSavingError:
    """A ``with`` block in which whatever fails is the fault of the file, and says so."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, _: Any) -> None:
        if isinstance(error, Exception):
            reason = error if isinstance(error, MinicnnError) else repr(error)
            raise SavingError(f"{self.path}: cannot go on from here: {reason}") from error
