"""LearningRateScheduler: a learning rate for each epoch, by any function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minicnn.arguments import takes, whole
from minicnn.errors import ConfigError
from minicnn.training.callback import Callback


class LearningRateScheduler(Callback):
    """Before each epoch, ``schedule(epoch, rate)`` says which rate follows the present one.

    Epochs count from 0. For rates that change from step to step, give the optimizer a schedule
    instead: ``RMSprop(mc.CosineDecay(...))``.
    """

    def __init__(self, schedule: Callable[[int, float], float]) -> None:
        if not callable(schedule) or not takes(schedule, 2):
            raise ConfigError(
                f"LearningRateScheduler: expected a function of (epoch, rate), got {schedule!r}"
            )
        self.schedule = schedule

    def on_train_begin(self, plan: dict[str, Any]) -> None:
        """No epoch has its rate yet."""
        rate = self.model.optimizer.learning_rate
        if callable(rate):
            raise ConfigError(
                f"LearningRateScheduler: expected a learning rate that is a number, got the "
                f"schedule {rate!r}, which decides alone; use one of the two"
            )
        self.scheduled = -1

    def on_epoch_begin(self, epoch: int) -> None:
        """Set the rate, once an epoch: one that is resumed has its rate already."""
        if epoch > self.scheduled:
            optimizer = self.model.optimizer
            optimizer.learning_rate = float(self.schedule(epoch, optimizer.learning_rate))
            self.scheduled = epoch

    def state(self) -> dict[str, Any]:
        """The last epoch that was given a rate."""
        return {"scheduled": self.scheduled}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on after it."""
        self.scheduled = whole(state["scheduled"], "scheduled", "LearningRateScheduler", least=-1)
