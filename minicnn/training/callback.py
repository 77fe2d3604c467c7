"""What can look on while a model trains, and stop it (floor 5)."""

from __future__ import annotations

from typing import Any


class Callback:
    """Override what you need. ``self.model`` is the model; set ``self.stop`` to end training.

    ``logs`` holds the figures so far: of the epoch until now, or of the whole epoch.
    """

    model: Any = None
    stop: bool = False

    def on_train_begin(self, plan: dict[str, Any]) -> None:
        """Before the first epoch; ``plan`` has epochs, initial_epoch and steps."""

    def on_epoch_begin(self, epoch: int) -> None:
        """Before the first batch of an epoch."""

    def on_batch_end(self, step: int, logs: dict[str, Any]) -> None:
        """After each batch (``step`` counts from 0 within the epoch)."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        """After validation."""

    def on_train_end(self) -> None:
        """After the last epoch, also when training was stopped or failed."""
