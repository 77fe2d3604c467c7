"""The progress line of ``fit``. rich is loaded only when a line is really drawn."""

from __future__ import annotations

import math
import sys
import time
from importlib.util import find_spec
from typing import Any

import numpy as np

from minicnn.arguments import is_number
from minicnn.data.live import can_draw_live
from minicnn.errors import ConfigError
from minicnn.streams import Forgiving, is_terminal, tell
from minicnn.training.callback import Callback

BETWEEN_UPDATES = 0.25  # seconds


def progress_for(verbose: int) -> Callback | None:
    """verbose=1: a live line on a terminal or in a notebook, else silence; 2: a line an epoch."""
    if verbose not in (0, 1, 2):
        raise ConfigError(f"expected verbose 0, 1 or 2, got {verbose!r}")
    if verbose == 1 and _in_notebook():
        # rich draws in a notebook through ipywidgets; without it, lines are what can be shown.
        return ProgressBar() if find_spec("ipywidgets") and can_draw_live() else EpochLines()
    if verbose == 1 and is_terminal(sys.stdout):
        return ProgressBar() if can_draw_live() else EpochLines()
    return EpochLines() if verbose == 2 else None


def _in_notebook() -> bool:
    return "ipykernel" in sys.modules


def figures(logs: dict[str, Any]) -> str:
    """``loss 0.6931 · accuracy 0.5000``; tables and the like are left out."""
    shown = [(name, value) for name, value in logs.items() if _is_figure(value)]
    return " · ".join(f"{name} {value:.4f}" for name, value in shown)


def _is_figure(value: Any) -> bool:
    """One number, Python's or NumPy's."""
    return is_number(value) or (isinstance(value, np.ndarray) and value.shape == ())


class EpochLines(Callback):
    """One plain line an epoch, for logs."""

    def on_train_begin(self, plan: dict[str, Any]) -> None:
        """Remember how many epochs there will be."""
        self.epochs, self.steps = plan["epochs"], plan["steps"]

    def on_epoch_begin(self, epoch: int) -> None:
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        tell(self.line(epoch, logs))

    def line(self, epoch: int, logs: dict[str, Any]) -> str:
        """The epoch in one line: its number, its time, its figures."""
        seconds = time.perf_counter() - self.started
        return f"Epoch {epoch + 1}/{self.epochs} · {seconds:.1f} s · {figures(logs)}"


class ProgressBar(EpochLines):
    """A live bar for the epoch that runs; those that are done stay above it, a line each."""

    def on_train_begin(self, plan: dict[str, Any]) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        super().on_train_begin(plan)
        forgiving: Any = Forgiving(sys.stdout)  # a terminal may be shut before the end
        self.display = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=16),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[figures]}"),
            console=None if _in_notebook() else Console(file=forgiving),
        )
        self.task = self.display.add_task("", total=self.steps, figures="")
        self.display.start()
        self.updated = -math.inf

    def on_epoch_begin(self, epoch: int) -> None:
        """The bar begins anew."""
        super().on_epoch_begin(epoch)
        title = f"Epoch {epoch + 1}/{self.epochs}"
        self.display.reset(self.task, total=self.steps, description=title, figures="")

    def wants_figures(self, step: int) -> bool:
        """A few times a second: more nobody can read, and a GPU would have to be waited for."""
        now = time.perf_counter()
        if now - self.updated < BETWEEN_UPDATES and step + 1 < self.steps:
            return False
        self.updated = now
        return True

    def on_batch_end(self, step: int, logs: dict[str, Any]) -> None:
        self.display.update(self.task, completed=step + 1, figures=figures(logs))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        """The epoch's line, above the bar."""
        self.display.console.print(self.line(epoch, logs), highlight=False)

    def on_train_end(self) -> None:
        """Take the bar away, so that the terminal is left as it was."""
        self.display.update(self.task, visible=False)
        self.display.stop()
