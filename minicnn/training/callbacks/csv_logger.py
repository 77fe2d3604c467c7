"""CSVLogger: the figures of each epoch as a table for spreadsheets (floor 5)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

import numpy as np

from minicnn.errors import SavingError
from minicnn.training.callbacks.epoch_log import EpochLog


class CSVLogger(EpochLog):
    """One row an epoch: epoch (from 1), learning_rate, loss, ...; numbers only, no tables."""

    def heading(self, figures: dict[str, Any]) -> str:
        """The names of the columns."""
        return _row(_numbers(figures))

    def line(self, figures: dict[str, Any]) -> str:
        """The row, with all digits."""
        return _row(map(repr, _numbers(figures).values()))

    def epoch_of(self, line: str) -> int | None:
        """The first column."""
        first = next(csv.reader([line]))[0]
        return None if first == "epoch" else int(first)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        """A row under the columns that are there."""
        if columns := self._columns():
            figures = list(_numbers({"epoch": 0, "learning_rate": 0.0, **logs}))
            if columns != figures:
                raise SavingError(
                    f"{self.path}: expected the columns that are there ({', '.join(columns)}), got "
                    f"{', '.join(figures)}; log to another file"
                )
        super().on_epoch_end(epoch, logs)

    def _columns(self) -> list[str]:
        with self.path.open(encoding="utf-8", newline="") as file:
            return next(csv.reader(file), [])


def _numbers(figures: dict[str, Any]) -> dict[str, Any]:
    """The figures that fit into one cell, as Python's own numbers."""
    return {name: np.asarray(v).item() for name, v in figures.items() if not np.ndim(v)}


def _row(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()
