"""How far numbers are from their labels, batch by batch: metrics for regression."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.backends import to_numpy
from minicnn.errors import ShapeError
from minicnn.metrics.counted import Metric
from minicnn.typing import Array


class Distance(Metric):
    """A figure made of a few sums over all numbers so far."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.reset()

    def reset(self) -> None:
        """Begin with no numbers."""
        self.sums = dict.fromkeys(("numbers", "mean", "spread", "off", "off_squared"), 0.0)

    def update(self, y_true: Any, y_pred: Any) -> None:
        """Add the batch's sums, in float64."""
        y, p = (to_numpy(a).astype(np.float64).reshape(-1) for a in (y_true, y_pred))
        if y.size != p.size or not y.size:
            raise ShapeError(
                f"metric {self.name}: expected a label for each number, got {y.size} labels and "
                f"{p.size} predictions; an output of one unit takes one number a sample"
            )
        off = p - y
        self.sums["off"] += float(abs(off).sum())
        self.sums["off_squared"] += float((off * off).sum())
        self._spread_out(y)

    def _spread_out(self, y: Array) -> None:
        """Count the labels; their mean and their squared distances to it, joined as Chan does.

        Σ y² - (Σ y)² / N would lose its digits where labels are far from zero.
        """
        before, now = self.sums["numbers"], self.sums["numbers"] + y.size
        apart = float(y.mean()) - self.sums["mean"]
        self.sums["numbers"] = now
        self.sums["mean"] += apart * y.size / now
        self.sums["spread"] += float(((y - y.mean()) ** 2).sum())
        self.sums["spread"] += apart * apart * before * y.size / now

    def result(self) -> float:
        """The figure; NaN before the first batch."""
        return FIGURES[self.name](**self.sums) if self.sums["numbers"] else float("nan")

    def state(self) -> dict[str, Any]:
        return dict(self.sums)

    def set_state(self, state: dict[str, Any]) -> None:
        """Add on to these sums."""
        self.sums = {key: float(state[key]) for key in self.sums}


def mean_absolute_error(numbers: float, off: float, **_: float) -> float:
    """The mean distance."""
    return off / numbers


def mean_squared_error(numbers: float, off_squared: float, **_: float) -> float:
    """The mean of the squared distances."""
    return off_squared / numbers


def r2(spread: float, off_squared: float, **_: float) -> float:
    """1 - Σ (y - ŷ)² / Σ (y - ȳ)²: 1 for no error, 0 for always saying the mean.

    If all labels are equal there is nothing to explain: 1 without error, else 0, as in
    scikit-learn.
    """
    if spread == 0:
        return 1.0 if off_squared == 0 else 0.0
    return 1 - off_squared / spread


FIGURES: dict[str, Any] = {
    "mae": mean_absolute_error,
    "mean_absolute_error": mean_absolute_error,
    "mse": mean_squared_error,
    "mean_squared_error": mean_squared_error,
    "r2": r2,
}
