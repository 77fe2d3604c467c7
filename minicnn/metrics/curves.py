"""What becomes of a classifier when its threshold moves, and whether its numbers can be believed.

For two classes and one output, the probability of class 1. ``viz`` draws these.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minicnn.arguments import whole
from minicnn.backends import to_numpy
from minicnn.errors import LabelError, NotFiniteError, ShapeError
from minicnn.typing import Array


class Roc(NamedTuple):
    """``roc_curve``: at each threshold, the share of negatives and of positives called positive."""

    false_positive_rate: Array
    true_positive_rate: Array
    thresholds: Array


class PrecisionRecall(NamedTuple):
    """``precision_recall_curve``: how right and how complete, at each threshold."""

    precision: Array
    recall: Array
    thresholds: Array


class Calibration(NamedTuple):
    """``calibration``: in each bin, the mean probability, the share of class 1, and how many."""

    predicted: Array
    observed: Array
    counts: Array


def roc_curve(y_true: Any, y_pred: Any) -> Roc:
    """False against true positives, from a threshold that nothing reaches to one that all do.

    A score that reaches the threshold is called positive; every score is one threshold. The
    area under this curve is :func:`auc`.

    >>> roc_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).true_positive_rate
    array([0. , 0.5, 0.5, 1. , 1. ])
    """
    hits, alarms, thresholds = _counts(y_true, y_pred, "roc_curve")
    return Roc(
        np.append(0, alarms) / alarms[-1],
        np.append(0, hits) / hits[-1],
        np.append(np.inf, thresholds),
    )


def precision_recall_curve(y_true: Any, y_pred: Any) -> PrecisionRecall:
    """Precision and recall at every threshold, the highest first.

    >>> precision_recall_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    PrecisionRecall(precision=array([1. , 0.5 , 0.66666667, 0.5 ]),
        recall=array([0.5, 0.5, 1. , 1. ]), thresholds=array([0.8 , 0.4 , 0.35, 0.1 ]))
    """
    hits, alarms, thresholds = _counts(y_true, y_pred, "precision_recall_curve")
    return PrecisionRecall(hits / (hits + alarms), hits / hits[-1], thresholds)


def calibration(y_true: Any, y_pred: Any, bins: int = 10) -> Calibration:
    """Of the pictures called a dog with 80 %, are 80 % dogs? Bins of equal width; empty ones go.

    >>> calibration([0, 1, 1, 1], [0.1, 0.2, 0.9, 0.8], bins=2).observed
    array([0.5, 1. ])
    """
    positive, scores = _labels_and_scores(y_true, y_pred, "calibration")
    if scores.min() < 0 or scores.max() > 1:
        raise LabelError(
            f"calibration: expected probabilities from 0 to 1, got {scores.min():.3g} to "
            f"{scores.max():.3g}; take the sigmoid of logits first"
        )
    bins = whole(bins, "bins", "calibration")
    place = np.minimum((scores * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    there = counts > 0
    counts = counts[there]
    predicted = np.bincount(place, scores, bins)[there] / counts
    return Calibration(predicted, np.bincount(place, positive, bins)[there] / counts, counts)


def _counts(y_true: Any, y_pred: Any, who: str) -> tuple[Array, Array, Array]:
    """How many positives and negatives reach each threshold; thresholds fall, equal scores join."""
    positive, scores = _labels_and_scores(y_true, y_pred, who)
    if positive.all() or not positive.any():
        raise LabelError(
            f"{who}: expected samples of both classes, got {len(positive)} of class "
            f"{int(positive[0])} alone; give samples of the other class too"
        )
    thresholds, place = np.unique(-scores, return_inverse=True)
    hits = np.cumsum(np.bincount(place, positive))
    alarms = np.cumsum(np.bincount(place, ~positive))
    return hits, alarms, -thresholds


def _labels_and_scores(y_true: Any, y_pred: Any, who: str) -> tuple[Array, Array]:
    labels, scores = to_numpy(y_true).reshape(-1), to_numpy(y_pred).reshape(-1)
    if labels.shape != scores.shape or not scores.size:
        raise ShapeError(
            f"{who}: expected one score for each label (two classes, one output), got "
            f"{labels.size} labels and {scores.size} scores; of several outputs give one: "
            f"y_true == k and y_pred[:, k]"
        )
    if not np.isin(labels, (0, 1)).all():
        raise LabelError(f"{who}: expected labels 0 and 1, got others; give y_true == k")
    scores = scores.astype(np.float64)
    if not np.isfinite(scores).all():
        raise NotFiniteError(f"{who}: expected finite scores, got NaN or infinity; look at predict")
    return labels.astype(bool), scores
