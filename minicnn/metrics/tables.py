"""How good predictions are, read off one table.

Nearly everything is read off one table, the confusion matrix: row = true class, column =
predicted class. A single output is a probability of class 1; several are one a class, of
which the largest wins.

>>> table = confusion_matrix([0, 0, 1, 1, 1], [0.2, 0.9, 0.8, 0.7, 0.4])
>>> table
array([[1, 1],
       [1, 2]])
>>> accuracy(table), precision(table), recall(table), f1(table)
(0.6, 0.6666666666666666, 0.6666666666666666, 0.6666666666666666)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.backends import to_numpy
from minicnn.errors import LabelError, ShapeError
from minicnn.typing import Array

# ---- from numbers to classes ---------------------------------------------------------------


def predicted_classes(y_pred: Array, threshold: float = 0.5) -> Array:
    """The class that each prediction names: (N, 1) by threshold, (N, K) by the largest."""
    if y_pred.ndim == 1 or y_pred.shape[-1] == 1:
        return (y_pred.reshape(-1) > threshold).astype(np.int64)
    return y_pred.argmax(axis=-1).reshape(-1)


def true_classes(y_true: Array, y_pred: Array) -> Array:
    """The class that each label names: 0/1, class numbers, or one-hot rows."""
    K = 1 if y_pred.ndim == 1 else y_pred.shape[-1]
    if y_true.dtype.kind not in "fiub":
        raise LabelError(
            f"metrics: expected labels that are numbers, got {y_true.dtype}; map class names to "
            f"numbers: [classes.index(name) for name in labels]"
        )
    if K > 1 and y_true.shape == y_pred.shape:
        return y_true.argmax(axis=-1).reshape(-1)
    if y_true.size * K != y_pred.size:
        raise ShapeError(
            f"metrics: expected a label for each prediction, got labels of shape {y_true.shape} "
            f"and predictions of shape {y_pred.shape}"
        )
    _all_numbers(y_true, "labels")
    classes = y_true.reshape(-1).round().astype(np.int64)
    highest = max(K - 1, 1)
    if classes.size and not 0 <= classes.min() <= classes.max() <= highest:
        raise LabelError(
            f"metrics: expected class numbers from 0 to {highest}, got {classes.min()} to "
            f"{classes.max()}; the last layer needs a unit for each class"
        )
    return classes


def _all_numbers(a: Array, what: str) -> None:
    if a.dtype.kind not in "fiub" or np.isnan(a).any():
        raise LabelError(
            f"metrics: expected {what} that are numbers, got "
            f"{'NaN' if a.dtype.kind == 'f' else a.dtype}; NaN belongs to no class"
        )


def confusion_matrix(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Array:
    """How often each true class (row) was taken for each class (column)."""
    y_true, y_pred = to_numpy(y_true), to_numpy(y_pred)
    if y_pred.ndim == 0:
        raise ShapeError(
            "metrics: expected predictions as an array, one for each sample, got a single number"
        )
    _all_numbers(y_pred, "predictions")
    K = 2 if y_pred.ndim == 1 else max(y_pred.shape[-1], 2)
    rows, columns = true_classes(y_true, y_pred), predicted_classes(y_pred, threshold)
    cells = (rows * K + columns).astype(np.intp, copy=False)  # 32 bits in a browser
    return np.bincount(cells, minlength=K * K).reshape(K, K).astype(np.int64, copy=False)


# ---- figures of a confusion matrix -----------------------------------------------------------
# With two classes they are of class 1, the positive one; with more, the mean over the classes.


def _square(table: Any) -> Array:
    """The table, unless it is something else: labels or predictions, most likely."""
    array = np.asarray(table)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or len(array) < 2:
        raise ShapeError(
            f"metrics: expected a confusion matrix, one row and one column for each class, got "
            f"shape {array.shape}; write accuracy(confusion_matrix(y_true, y_pred))"
        )
    return array


def _of_classes(each: Array) -> float:
    return float(each[1] if len(each) == 2 else each.mean())


def _ratio(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def accuracy(table: Array) -> float:
    """The share of right answers."""
    table = _square(table)
    return float(np.trace(table) / max(table.sum(), 1))


def precision(table: Array) -> float:
    """Of those called positive, how many are."""
    table = _square(table)
    return _of_classes(_ratio(np.diag(table), table.sum(axis=0)))


def recall(table: Array) -> float:
    """Of those that are positive, how many were found."""
    table = _square(table)
    return _of_classes(_ratio(np.diag(table), table.sum(axis=1)))


def f1(table: Array) -> float:
    """The harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN)."""
    table = _square(table)
    return _of_classes(_ratio(2 * np.diag(table), table.sum(axis=0) + table.sum(axis=1)))


def iou(table: Array) -> float:
    """Intersection over union: of all that is or was called positive, how much is both."""
    return _of_classes(_unions(_square(table))[0])


def mean_iou(table: Array) -> float:
    """The mean of each class's intersection over union, over the classes that occur at all.

    >>> iou([[4, 1], [1, 2]]), mean_iou([[4, 1], [1, 2]])
    (0.5, 0.5833333333333333)
    """
    each, occurs = _unions(_square(table))
    return float(each[occurs].mean()) if occurs.any() else 0.0


def _unions(table: Array) -> tuple[Array, Array]:
    union = table.sum(axis=0) + table.sum(axis=1) - np.diag(table)
    return _ratio(np.diag(table), union), union > 0


def whole_table(table: Array) -> Array:
    """The confusion matrix itself."""
    return table


def auc(y_true: Any, y_pred: Any) -> float:
    """The area under the ROC curve, exactly: how often a positive outranks a negative.

    Ties count half. Without both classes there is nothing to rank, and it is NaN.

    >>> auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    y_true, y_pred = to_numpy(y_true).reshape(-1), to_numpy(y_pred).reshape(-1)
    if y_true.shape != y_pred.shape:
        raise ShapeError(
            f"auc: expected one score for each label (two classes, one output), got "
            f"{y_true.size} labels and {y_pred.size} scores"
        )
    _all_numbers(y_pred, "scores")
    if not np.isin(y_true, (0, 1)).all():
        raise LabelError(
            f"auc: expected labels 0 and 1, got {np.unique(y_true)[:4].tolist()}; of two classes, "
            f"y == positive_class gives them"
        )
    positive = y_true > 0.5
    P, N = int(positive.sum()), int((~positive).sum())
    if P == 0 or N == 0:
        return float("nan")
    _, place, count = np.unique(y_pred, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]  # ties share their mean rank
    return float((rank[positive].sum() - P * (P + 1) / 2) / (P * N))
