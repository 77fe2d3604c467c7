"""How often the right class is among the k likeliest."""

from __future__ import annotations

from typing import Any

from minicnn.arguments import whole
from minicnn.backends import to_numpy
from minicnn.errors import ShapeError
from minicnn.metrics.counted import Metric
from minicnn.metrics.tables import true_classes


class TopK(Metric):
    """The share of samples whose class is one of the ``k`` with the highest predictions.

    A class that ties with the k-th counts as one of them only if it comes before the others in
    order, so that k classes are counted and never more.

    >>> metric = TopK(2)
    >>> metric.update([0, 2], [[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]])
    >>> metric.result()
    0.5
    """

    def __init__(self, k: int = 5, name: str | None = None) -> None:
        self.k = whole(k, "k", "TopK")
        self.name = name or f"top_{self.k}"
        self.reset()

    def reset(self) -> None:
        self.hits = self.samples = 0

    def update(self, y_true: Any, y_pred: Any) -> None:
        y_true, y_pred = to_numpy(y_true), to_numpy(y_pred)
        if y_pred.ndim < 2 or y_pred.shape[-1] <= self.k:
            raise ShapeError(
                f"metric {self.name}: expected predictions for more than {self.k} classes, got "
                f"shape {y_pred.shape}; use a smaller k: mc.metrics.TopK(k)"
            )
        likeliest = (-y_pred).argsort(axis=-1, kind="stable")[..., : self.k].reshape(-1, self.k)
        classes = true_classes(y_true, y_pred)
        self.hits += int((likeliest == classes[:, None]).sum())
        self.samples += len(classes)

    def result(self) -> float:
        """The share so far; NaN before the first batch."""
        return self.hits / self.samples if self.samples else float("nan")

    def state(self) -> dict[str, Any]:
        return {"hits": self.hits, "samples": self.samples}

    def set_state(self, state: dict[str, Any]) -> None:
        """Count on from there."""
        self.hits, self.samples = int(state["hits"]), int(state["samples"])
