"""ReduceLROnPlateau: shorter steps when nothing gets better."""

from __future__ import annotations

from typing import Any

from minicnn.arguments import is_number, number, whole
from minicnn.errors import ConfigError
from minicnn.training.callback import Callback
from minicnn.training.callbacks.monitor import Mode, Monitor


class ReduceLROnPlateau(Callback):
    """Multiplies the learning rate by ``factor`` after ``patience`` epochs without progress.

    Steps that jump from one side of a valley to the other cannot reach its ground. After a
    reduction, ``cooldown`` epochs pass before patience counts again; the rate never falls
    below ``min_lr``.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        min_delta: float = 1e-4,
        mode: Mode = "auto",
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        if not is_number(factor) or not 0 < factor < 1:
            raise ConfigError(f"ReduceLROnPlateau: expected factor between 0 and 1, got {factor!r}")
        name = "ReduceLROnPlateau"
        self.monitor = Monitor(monitor, mode, min_delta)
        self.factor, self.patience = factor, whole(patience, "patience", name)
        self.cooldown = whole(cooldown, "cooldown", name, least=0)
        self.min_lr = number(min_lr, "min_lr", name)

    def on_train_begin(self, plan: dict[str, Any]) -> None:
        """Nothing is best yet."""
        rate = self.model.optimizer.learning_rate
        if callable(rate):
            raise ConfigError(
                f"ReduceLROnPlateau: expected a learning rate that is a number, got the schedule "
                f"{rate!r}, which decides alone; use one of the two"
            )
        self.monitor.begin(plan)
        self.waited = self.cooling = 0

    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        """Count the epochs without progress."""
        better = self.monitor.is_better(self.monitor.figure(logs))
        if self.cooling:
            self.cooling -= 1
            self.waited = 0
        if better:
            self.waited = 0
        elif not self.cooling:
            self.waited += 1
            if self.waited >= self.patience:
                self._reduce()

    def _reduce(self) -> None:
        optimizer = self.model.optimizer
        if optimizer.learning_rate > self.min_lr:
            optimizer.learning_rate = max(optimizer.learning_rate * self.factor, self.min_lr)
            self.cooling, self.waited = self.cooldown, 0

    def state(self) -> dict[str, Any]:
        """The best so far, and how long ago; the rate itself is the optimizer's."""
        return {"best": self.monitor.best, "waited": self.waited, "cooling": self.cooling}

    def set_state(self, state: dict[str, Any]) -> None:
        """Wait on from there."""
        self.monitor.remember(state["best"])
        self.waited = whole(state["waited"], "waited", "ReduceLROnPlateau", least=0)
        self.cooling = whole(state["cooling"], "cooling", "ReduceLROnPlateau", least=0)
