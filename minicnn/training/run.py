"""Where a training run stands: all that a checkpoint has to remember of the loop.

Randomness is named by (seed, epoch, step), so these numbers are the whole random state too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from minicnn.training.callback import Callback
from minicnn.training.figures import Figures, Mean
from minicnn.training.history import History
from minicnn.training.timekeeper import Timekeeper


@dataclass
class Run:
    """``epoch`` is under way, and ``step`` of its ``steps`` are done."""

    epoch: int
    steps: int
    callbacks: Sequence[Callback]
    figures: Figures  # of the epoch so far
    step: int = 0
    logs: dict[str, Any] = field(default_factory=dict)  # the figures when last looked at
    history: History = field(default_factory=History)
    settings: dict[str, Any] = field(default_factory=dict)  # what must be as it was
    timekeeper: Timekeeper = field(default_factory=Timekeeper)
    ended_by: BaseException | None = None  # what ended it before its time: an error, or Ctrl-C

    def asked_to_stop(self) -> bool:
        """Whether a callback has."""
        return any(callback.stop for callback in self.callbacks)

    def wants_figures(self, step: int, at_least_every: int) -> bool:
        """Whether somebody wants to see them after this step, where it costs something."""
        due = (step + 1) % at_least_every == 0
        return due or any(callback.wants_figures(step) for callback in self.callbacks)

    def end_epoch(self, logs: dict[str, Any]) -> None:
        """Write down the epoch's figures and stand before the next one."""
        self.history.add(self.epoch, logs)
        self.epoch, self.step = self.epoch + 1, 0
        self.figures.loss, self.logs = Mean(), {}
