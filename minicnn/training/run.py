"""Where a training run stands (floor 5): all that a checkpoint has to remember of the loop.

Randomness is named by (seed, epoch, step), so these numbers are the whole random state too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from minicnn.training.callback import Callback
from minicnn.training.history import History
from minicnn.training.timekeeper import Timekeeper


@dataclass
class Mean:
    """The mean of the losses of batches of different sizes."""

    total: float = 0.0
    count: int = 0

    def add(self, value: float, count: int) -> None:
        """Count a batch of ``count`` samples whose mean is ``value``."""
        self.total += value * count
        self.count += count

    @property
    def value(self) -> float:
        """The mean so far; NaN before the first batch."""
        return self.total / self.count if self.count else float("nan")


@dataclass
class Run:
    """``epoch`` is under way, and ``step`` of its ``steps`` are done."""

    epoch: int
    steps: int
    callbacks: Sequence[Callback]
    step: int = 0
    loss: Mean = field(default_factory=Mean)
    logs: dict[str, Any] = field(default_factory=dict)
    history: History = field(default_factory=History)
    settings: dict[str, Any] = field(default_factory=dict)  # what must be as it was
    timekeeper: Timekeeper = field(default_factory=Timekeeper)
    ended_by: BaseException | None = None  # what ended it before its time: an error, or Ctrl-C

    def asked_to_stop(self) -> bool:
        """Whether a callback has."""
        return any(callback.stop for callback in self.callbacks)

    def end_epoch(self, logs: dict[str, Any]) -> None:
        """Write down the epoch's figures and stand before the next one."""
        self.history.add(self.epoch, logs)
        self.epoch, self.step = self.epoch + 1, 0
        self.loss, self.logs = Mean(), {}
