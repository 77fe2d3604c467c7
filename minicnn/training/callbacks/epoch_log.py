"""A file that grows by a line an epoch (floor 5): what CSVLogger and JSONLogger share.

Each line is written at once, so whoever looks sees the run as it goes, and a run that is killed
loses nothing. A run that begins anew begins the file anew; one that goes on from epoch 5 keeps
the lines of the epochs before, and drops what a killed run wrote beyond its last checkpoint.
"""

from __future__ import annotations

import os
from abc import abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from minicnn.errors import SavingError
from minicnn.saving import write_whole
from minicnn.training.callback import Callback


class EpochLog(Callback):
    """Subclasses write ``line`` and ``epoch_of``; epochs count from 1, as people count."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._file: TextIO | None = None

    @abstractmethod
    def line(self, figures: dict[str, Any]) -> str:
        """An epoch's figures as one line."""

    @abstractmethod
    def epoch_of(self, line: str) -> int | None:
        """The epoch that a line belongs to; None for a heading, ValueError if it is no line."""

    def heading(self, figures: dict[str, Any]) -> str | None:
        """The first line of the file, if it needs one."""
        return None

    def on_train_begin(self, plan: dict[str, Any]) -> None:
        """Keep the lines of the epochs that are done."""
        kept = self._lines_before(plan["initial_epoch"])
        write_whole(self.path, "".join(kept).encode())
        self._file = self.path.open("a", encoding="utf-8", newline="")

    def on_epoch_begin(self, epoch: int) -> None:
        """The rate, in case no step of the epoch is left to do."""
        self._rate = self.model.optimizer.current_learning_rate()

    def wants_figures(self, step: int) -> bool:
        """Not before the epoch's end."""
        return False

    def on_batch_end(self, step: int, logs: dict[str, Any]) -> None:
        """Note the rate now: at the epoch's end, another callback may already have lowered it."""
        self._rate = self.model.optimizer.current_learning_rate()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        """Write the epoch's line, and make sure that it leaves this process."""
        figures = {"epoch": epoch + 1, "learning_rate": self._rate, **logs}
        heading = self.heading(figures)
        assert self._file is not None
        try:
            if heading is not None and self._file.tell() == 0:
                self._file.write(heading + "\n")
            self._file.write(self.line(figures) + "\n")
            self._file.flush()
        except OSError as error:
            with suppress(OSError):  # closing tries to write once more
                self._file.close()
            raise SavingError(f"{self.path}: expected to write a line, but: {error}") from error

    def on_train_end(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _lines_before(self, first: int) -> list[str]:
        if first == 0 or not self.path.exists():
            return []
        try:
            lines = self.path.read_bytes().decode().splitlines(keepends=True)
            whole = [line for line in lines if line.endswith("\n")]  # the last may be torn
            return [line for line in whole if (self.epoch_of(line) or 0) <= first]
        except (ValueError, OSError) as error:
            raise SavingError(
                f"{self.path}: expected the log of the epochs before, which is to go on, but "
                f"{error}; move it away to begin a new one"
            ) from error
