"""The progress line of ``fit`` (floor 5). rich is loaded only when a line is really drawn."""

from __future__ import annotations

import sys
import time
from typing import Any

from minicnn.errors import ConfigError
from minicnn.training.callback import Callback


def progress_for(verbose: int) -> Callback | None:
    """verbose=1: a live line on a terminal or in a notebook, else silence; 2: a line an epoch."""
    if verbose not in (0, 1, 2):
        raise ConfigError(f"expected verbose 0, 1 or 2, got {verbose!r}")
    if verbose == 1 and _someone_is_watching():
        return ProgressBar()
    return EpochLines() if verbose == 2 else None


def _someone_is_watching() -> bool:
    return sys.stdout.isatty() or "ipykernel" in sys.modules


def figures(logs: dict[str, Any]) -> str:
    """``loss 0.6931 · accuracy 0.5000``; tables and the like are left out."""
    shown = [(name, value) for name, value in logs.items() if isinstance(value, float)]
    return " · ".join(f"{name} {value:.4f}" for name, value in shown)


class EpochLines(Callback):
    """One plain line an epoch, for logs."""

    def on_train_begin(self, plan: dict[str, Any]) -> None:
        """Remember how many epochs there will be."""
        self.epochs = plan["epochs"]

    def on_epoch_begin(self, epoch: int) -> None:
        """Start the clock."""
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        """Write the line."""
        seconds = time.perf_counter() - self.started
        print(f"Epoch {epoch + 1}/{self.epochs} · {seconds:.1f} s · {figures(logs)}", flush=True)


class ProgressBar(Callback):
    """A live bar for each epoch, with its figures and the time that is left."""

    def on_train_begin(self, plan: dict[str, Any]) -> None:
        """Open the display."""
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self.epochs, self.steps = plan["epochs"], plan["steps"]
        self.display = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[figures]}"),
        )
        self.display.start()

    def on_epoch_begin(self, epoch: int) -> None:
        """A new bar."""
        self.task = self.display.add_task(
            f"Epoch {epoch + 1}/{self.epochs}", total=self.steps, figures=""
        )

    def on_batch_end(self, step: int, logs: dict[str, Any]) -> None:
        """One step further."""
        self.display.update(self.task, completed=step + 1, figures=figures(logs))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        """The bar stays, with the epoch's figures."""
        self.display.update(self.task, completed=self.steps, figures=figures(logs))

    def on_train_end(self) -> None:
        """Close the display, so that the terminal is left as it was."""
        self.display.stop()
