"""EarlyStopping: end when nothing gets better any more."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.arguments import whole
from minicnn.errors import ConfigError
from minicnn.training.callback import Callback
from minicnn.training.callbacks.monitor import Mode, Monitor


class EarlyStopping(Callback):
    """Stops after ``patience`` epochs without a better figure, and puts the best weights back.

    A network that goes on learning what is peculiar to its training pictures gets worse on
    others: the weights from before that are the ones to keep. They are put back whenever
    training ends, also when it ends for another reason.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        patience: int = 5,
        min_delta: float = 0.0,
        mode: Mode = "auto",
        restore_best_weights: bool = True,
    ) -> None:
        self.monitor = Monitor(monitor, mode, min_delta)
        self.patience = whole(patience, "patience", "EarlyStopping")
        self.restore_best_weights = restore_best_weights

    def on_train_begin(self, plan: dict[str, Any]) -> None:
        """Nothing is best yet."""
        self.monitor.begin(plan)
        self.waited = 0
        self.best_epoch: int | None = None
        self.best_weights: list[Any] | None = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        """Keep the weights of the best epoch; lose patience in the others."""
        if self.monitor.is_better(self.monitor.figure(logs)):
            self.waited, self.best_epoch = 0, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            return
        self.waited += 1
        if self.waited >= self.patience:
            self.stop = True

    def on_train_end(self) -> None:
        """The best weights are the ones to keep."""
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)

    def state(self) -> dict[str, Any]:
        """The best so far, and how long ago."""
        return {
            "best": self.monitor.best,
            "waited": self.waited,
            "best_epoch": self.best_epoch,
            "best_weights": self.best_weights,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Wait on from there."""
        self.monitor.remember(state["best"])
        self.waited = whole(state["waited"], "waited", "EarlyStopping", least=0)
        epoch, weights = state["best_epoch"], state["best_weights"]
        if epoch is not None:
            whole(epoch, "best_epoch", "EarlyStopping", least=0)
        if weights is not None:  # looked at now, and not when training ends
            shapes = [getattr(w, "shape", None) for w in weights if _is_finite(w)]
            if shapes != [w.shape for w in self.model.get_weights()]:
                raise ConfigError(
                    "EarlyStopping: expected best_weights as the model's arrays, got others"
                )
        self.best_epoch, self.best_weights = epoch, weights


def _is_finite(weights: Any) -> bool:
    return isinstance(weights, np.ndarray) and bool(np.isfinite(weights).all())
