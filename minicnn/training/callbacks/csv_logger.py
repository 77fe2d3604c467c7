"""CSVLogger: the figures of each epoch as a table for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from minicnn.training.callbacks.epoch_log import EpochLog


class CSVLogger(EpochLog):
    """One row an epoch: epoch (from 1), learning_rate, loss, ...; numbers only, no tables."""

    headed: ClassVar[bool] = True

    def heading(self, figures: dict[str, Any]) -> str:
        """The names of the columns."""
        return _row(_numbers(figures))

    def line(self, figures: dict[str, Any]) -> str:
        """The row, with all digits."""
        return _row(map(repr, _numbers(figures).values()))

    def epoch_of(self, line: str) -> int | None:
        """The first column: however long the others are, they need not be understood."""
        first = line.split(",", 1)[0].strip().strip('"')
        return None if first == "epoch" else int(first)


def _numbers(figures: dict[str, Any]) -> dict[str, Any]:
    """The figures that fit into one cell, as Python's own numbers."""
    return {name: np.asarray(v).item() for name, v in figures.items() if _fits_a_cell(v)}


def _fits_a_cell(value: Any) -> bool:
    return not isinstance(value, list | tuple | dict) and not np.ndim(value)


def _row(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()
