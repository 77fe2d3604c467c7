"""Loss and metrics of the batches so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from minicnn.metrics import Metric, to_numpy


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


class Latest(Mean):
    """The loss of the last batch alone, to the last bit: value · count / count may be another."""

    def add(self, value: float, count: int) -> None:
        """Forget the batch before."""
        self.total, self.count = value, 1


@dataclass
class Figures:
    """What is counted: over an epoch, over an evaluation, or for one step."""

    metrics: Sequence[Metric] = ()
    loss: Mean = field(default_factory=Mean)

    def reset(self) -> None:
        """Forget all batches."""
        self.loss = Mean()
        for metric in self.metrics:
            metric.reset()

    def update(self, labels: Any, predictions: Any) -> None:
        """Let the metrics count a batch."""
        labels, predictions = to_numpy(labels), to_numpy(predictions)  # fetched once for all
        for metric in self.metrics:
            metric.update(labels, predictions)

    def results(self) -> dict[str, Any]:
        """The figures by their names."""
        return {"loss": self.loss.value, **{m.name: m.result() for m in self.metrics}}

    @property
    def names(self) -> list[str]:
        """The names of the figures in ``results``, in its order."""
        return ["loss", *(metric.name for metric in self.metrics)]
