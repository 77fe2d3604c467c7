"""Metrics that are counted batch by batch, as training brings the batches."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Self, TypeVar

import numpy as np

from minicnn.backends import ops_for, to_numpy
from minicnn.errors import ConfigError
from minicnn.metrics.tables import (
    accuracy,
    auc,
    confusion_matrix,
    f1,
    iou,
    mean_iou,
    precision,
    recall,
    whole_table,
)
from minicnn.typing import Array

M = TypeVar("M", bound="Metric")


class Metric(ABC):
    """``update`` with each batch, ``result`` at any time, ``reset`` before the next epoch."""

    name: str

    def suit(self, multi_label: bool) -> None:  # noqa: B027 - most need not know
        """Told before training: whether each output answers a yes-or-no question of its own."""

    @abstractmethod
    def reset(self) -> None:
        """Forget all batches."""

    @abstractmethod
    def update(self, y_true: Any, y_pred: Any) -> None:
        """Count one batch."""

    @abstractmethod
    def result(self) -> Any:
        """The figure over all batches since ``reset``."""

    def fresh(self) -> Self:
        """Another one that has counted nothing, for an evaluation in the middle of an epoch."""
        try:
            other = copy.deepcopy(self)
        except Exception as error:
            raise ConfigError(
                f"metric {self.name}: expected a metric that can be copied, because an evaluation "
                f"counts for itself, got {error!r}; write fresh(self), which returns a new one"
            ) from error
        return _emptied(other)

    def state(self) -> dict[str, Any]:
        """What was counted since ``reset``, for a checkpoint in the middle of an epoch."""
        raise self.not_resumable()

    def set_state(self, state: dict[str, Any]) -> None:
        """Take back what ``state`` gave."""
        raise self.not_resumable()

    def not_resumable(self) -> ConfigError:
        """What to raise for a metric that has neither of the two."""
        return ConfigError(
            f"metric {self.name}: expected state() and set_state(state), which a checkpoint in "
            f"the middle of an epoch needs, got a metric without them; write both, or train "
            f"without checkpoints"
        )


class FromTable(Metric):
    """A figure that is read off the confusion matrix of all batches.

    With several yes-or-no questions a sample (multi-label), every answer counts by itself, in one
    table for all questions.
    """

    multi_label = False

    def __init__(self, name: str, figure: Callable[[Array], Any], threshold: float = 0.5) -> None:
        self.name, self.figure, self.threshold = name, figure, threshold
        self.reset()

    def suit(self, multi_label: bool) -> None:
        """Every output by itself, or the largest of a row."""
        if multi_label and self.figure is whole_table:
            raise ConfigError(
                f"metric {self.name}: expected one class for each sample, got several yes-or-no "
                f"outputs, which have a table each; call mc.metrics.confusion_matrix(y[:, k], "
                f"model.predict(x)[:, k]) for output k"
            )
        self.multi_label = multi_label

    def fresh(self) -> Self:
        """Another one; a table is never changed in place."""
        return _emptied(copy.copy(self))

    def reset(self) -> None:
        self.table: Array | None = None

    def update(self, y_true: Any, y_pred: Any) -> None:
        """Add the batch's table."""
        y_true, y_pred = to_numpy(y_true), to_numpy(y_pred)
        if self.multi_label:
            y_true, y_pred = y_true.reshape(-1), y_pred.reshape(-1)
        table = confusion_matrix(y_true, y_pred, self.threshold)
        self.table = table if self.table is None else self.table + table

    def result(self) -> Any:
        """The figure; NaN before the first batch."""
        return float("nan") if self.table is None else self.figure(self.table)

    def state(self) -> dict[str, Any]:
        return {"table": self.table}

    def set_state(self, state: dict[str, Any]) -> None:
        """Count on from this table."""
        table = state["table"]
        if table is not None:
            square = _are(table, "iu") and table.ndim == 2 and len(set(table.shape)) == 1
            if not square or not table.size or table.min() < 0:
                raise ConfigError(f"metric {self.name}: expected a table of counts, got another")
        self.table = table


class Auc(Metric):
    """The area under the ROC curve: it has to keep all scores, because ranks need them.

    A label between 0 and 1, as ``Mixup`` makes them, counts as the nearer one, as it does for the
    other metrics; of a row with a share for each class, the largest is the one.
    """

    multi_label = False

    def __init__(self) -> None:
        self.name = "auc"
        self.reset()

    def suit(self, multi_label: bool) -> None:
        """Every output by itself, or one class for each row."""
        self.multi_label = multi_label

    def fresh(self) -> Self:
        """Another one, without a copy of all scores first."""
        return _emptied(copy.copy(self))

    def reset(self) -> None:
        self.labels: list[Array] = []
        self.scores: list[Array] = []

    def update(self, y_true: Any, y_pred: Any) -> None:
        """Keep the batch's scores."""
        labels = to_numpy(y_true)
        scores = y_pred if hasattr(y_pred, "reshape") else np.asarray(y_pred)
        if labels.dtype.kind == "f" and ((labels >= 0) & (labels <= 1)).all():
            rows = not self.multi_label and labels.ndim > 1 and labels.shape[-1] > 1
            largest = labels.argmax(axis=-1)[..., None] if rows else None
            labels = labels.round() if largest is None else largest == np.arange(labels.shape[-1])
        self.labels.append(labels.reshape(-1))
        self.scores.append(scores.reshape(-1))  # where they are: nobody waits for them here

    def _fetch(self) -> None:
        """Bring scores that are still on a GPU here, in one piece."""
        there = [s for s in self.scores if not isinstance(s, np.ndarray)]
        if there:
            joined = to_numpy(ops_for(*there).xp.concatenate(there))
            ends = np.cumsum([s.size for s in there])[:-1]
            pieces = iter(np.split(joined, ends))
            self.scores = [s if isinstance(s, np.ndarray) else next(pieces) for s in self.scores]

    def result(self) -> float:
        """The area over all batches."""
        if not self.scores:
            return float("nan")
        self._fetch()
        return auc(np.concatenate(self.labels), np.concatenate(self.scores))

    def state(self) -> dict[str, Any]:
        """All labels and scores."""
        self._fetch()
        return {"labels": list(self.labels), "scores": list(self.scores)}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from these labels and scores."""
        labels, scores = list(state["labels"]), list(state["scores"])
        if not all(_are(a, "fiub") and a.ndim == 1 for a in labels):
            raise ConfigError("metric auc: expected lists of labels, got something else")
        if not all(_are(a, "f") for a in scores) or [a.shape for a in labels] != [
            a.shape for a in scores
        ]:
            raise ConfigError("metric auc: expected a score for each label, got something else")
        self.labels, self.scores = labels, scores


def _are(numbers: Any, kinds: str) -> bool:
    return isinstance(numbers, np.ndarray) and numbers.dtype.kind in kinds


def _emptied(metric: M) -> M:
    metric.reset()
    return metric


FIGURES: dict[str, Callable[[Array], Any]] = {
    "accuracy": accuracy,
    "precision": precision,
    "recall": recall,
    "f1": f1,
    "iou": iou,
    "mean_iou": mean_iou,
    "confusion_matrix": whole_table,
}
