"""What happened during training, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class History:
    """``history.history["val_accuracy"]`` is a list with one figure for each epoch."""

    epochs: list[int] = field(default_factory=list)
    history: dict[str, list[Any]] = field(default_factory=dict)

    def add(self, epoch: int, logs: dict[str, Any]) -> None:
        """Write down the figures of an epoch."""
        self.epochs.append(epoch)
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)
