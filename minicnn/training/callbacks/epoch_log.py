"""A log that grows by a line an epoch: what CSVLogger and JSONLogger share.

A file is opened for each line, so whoever looks sees the run as it goes, a run that is killed
loses nothing, and a file that somebody has moved away is begun anew. A run that begins anew begins
the file anew; one that goes on from epoch 5 keeps the lines of the epochs before, and drops what a
killed run wrote beyond its last checkpoint. A pipe or a device is only ever written to.
"""

from __future__ import annotations

import errno
import os
import stat
from abc import abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from minicnn.errors import SavingError
from minicnn.saving import given_path, write_whole
from minicnn.training.callback import Callback


class EpochLog(Callback):
    """Subclasses write ``line`` and ``epoch_of``; epochs count from 1, as people count."""

    headed: ClassVar[bool] = False  # whether the first line says what is in the others

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = given_path(path)
        self._stream: BinaryIO | None = None  # open while training, if it is no file
        self._heading: str | None = None  # that is there

    @abstractmethod
    def line(self, figures: dict[str, Any]) -> str:
        """An epoch's figures as one line."""

    @abstractmethod
    def epoch_of(self, line: str) -> int | None:
        """The epoch that a line belongs to; None for a heading, ValueError if it is no line."""

    def heading(self, figures: dict[str, Any]) -> str:
        """The first line, if it needs one."""
        return ""

    def on_train_begin(self, plan: dict[str, Any]) -> None:
        """Keep the lines of the epochs that are done."""
        self._heading = None
        if _is_pipe_or_device(self.path):
            self._stream = self._opened_stream()
            return
        kept = self._lines_before(plan["initial_epoch"])
        if self.headed and kept:
            self._heading = kept[0].rstrip("\r\n")
        write_whole(self.path, "".join(kept).encode())

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
        heading, line = self.heading(figures), self.line(figures)
        if self._heading is not None and heading != self._heading:
            raise SavingError(
                f"{self.path}: expected the columns that are there ({self._heading}), got "
                f"({heading}); log to another file"
            )
        try:
            if self._stream is None:
                self._append_to_file(heading, line)
            else:
                new = self.headed and self._heading is None
                self._stream.write((f"{heading}\n" * new + f"{line}\n").encode())
                self._stream.flush()
        except OSError as error:
            raise SavingError(
                f"{self.path}: expected to write a line, got: {error.strerror or error}; make "
                f"room, or log somewhere else"
            ) from error
        self._heading = heading if self.headed else None

    def _append_to_file(self, heading: str, line: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)  # it may have been removed meanwhile
        with self.path.open("ab+") as file:
            text = f"{line}\n"
            if file.seek(0, os.SEEK_END) == 0:
                text = f"{heading}\n" * self.headed + text
            else:
                file.seek(-1, os.SEEK_END)
                text = "\n" * (file.read(1) != b"\n") + text  # an editor may have left it out
            file.write(text.encode())

    def on_train_end(self) -> None:
        if self._stream is not None:
            with suppress(OSError):  # nothing is left to write
                self._stream.close()
            self._stream = None

    def _lines_before(self, first: int) -> list[str]:
        if first == 0 or not self.path.exists():
            return []
        try:
            *whole, _ = self.path.read_bytes().decode().split("\n")  # the last may be torn
            lines = [f"{line}\n" for line in whole if line.strip()]
            epochs = [self.epoch_of(line) for line in lines]
            if self.headed and lines and epochs[0] is not None:
                raise ValueError(f"a first line that names no columns: {lines[0][:60]!r}")
            return [line for line, n in zip(lines, epochs, strict=True) if (n or 0) <= first]
        except (ValueError, OSError, RecursionError) as error:
            raise SavingError(
                f"{self.path}: expected the log of the epochs before, which is to go on, got "
                f"{error}; move it away to begin a new one"
            ) from error

    def _opened_stream(self) -> BinaryIO:
        """Without waiting: a pipe that nobody reads would hold up the training for ever."""
        try:
            handle = os.open(self.path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
            if hasattr(os, "O_NONBLOCK"):
                os.set_blocking(handle, True)
            return open(handle, "wb")
        except OSError as error:
            unread = error.errno == errno.ENXIO
            remedy = "start who reads it first" if unread else "log somewhere else"
            raise SavingError(
                f"{self.path}: expected a pipe or a device that can be written to, got: "
                f"{'nobody reads it' if unread else error.strerror}; {remedy}"
            ) from error


def _is_pipe_or_device(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
