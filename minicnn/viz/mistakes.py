"""The pictures that a network gets most wrong, and those it is least sure of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn.errors import DataError
from minicnn.metrics import predicted_classes, true_classes
from minicnn.typing import Array
from minicnn.viz.lettering import percent
from minicnn.viz.sheet import sheet


def mistakes(
    x: Array, y_true: Array, y_pred: Array, classes: Sequence[str], count: int = 12
) -> Any:
    """A sheet of the pictures whose true class got the least probability, the worst first.

    In brackets stands what the class got for which it was taken.
    """
    probabilities = _of_all_classes("mistakes", x, y_pred, classes)
    truth, taken_for = true_classes(y_true, y_pred), predicted_classes(y_pred)
    worst = most_mistaken(y_true, y_pred)[:count]
    titles = [
        f"is {classes[truth[i]]}\n"
        f"taken for {classes[taken_for[i]]} ({percent(probabilities[i, taken_for[i]])})"
        for i in worst
    ]
    figure = sheet(x[worst], titles)
    if not worst:
        figure.suptitle("no mistakes")
    return figure


def least_sure(
    x: Array, y_true: Array, y_pred: Array, classes: Sequence[str], count: int = 12
) -> Any:
    """A sheet of the pictures whose two likeliest classes lie closest together."""
    probabilities = _of_all_classes("least_sure", x, y_pred, classes)
    truth, taken_for = true_classes(y_true, y_pred), predicted_classes(y_pred)
    ranked = np.sort(probabilities, axis=1)
    closest = most_doubtful(y_pred)[:count]
    titles = [
        f"is {classes[truth[i]]}\n{percent(ranked[i, -1])} {classes[taken_for[i]]}: "
        f"{'right' if truth[i] == taken_for[i] else 'wrong'}"
        for i in closest
    ]
    return sheet(x[closest], titles)


def most_mistaken(y_true: Array, y_pred: Array) -> list[int]:
    """The places of all mistakes, the one whose true class got the least probability first."""
    truth, taken_for = true_classes(y_true, y_pred), predicted_classes(y_pred)
    right = for_each_class(y_pred)[np.arange(len(truth)), truth]
    return [int(i) for i in np.argsort(right, kind="stable") if truth[i] != taken_for[i]]


def most_doubtful(y_pred: Array) -> list[int]:
    """All places, the one whose two likeliest classes lie closest together first."""
    ranked = np.sort(for_each_class(y_pred), axis=1)
    return [int(i) for i in np.argsort(ranked[:, -1] - ranked[:, -2], kind="stable")]


def for_each_class(y_pred: Array) -> Array:
    """The probabilities, a column for each class, also where there is one output."""
    columns = y_pred if y_pred.ndim > 1 else y_pred[:, None]
    return columns if columns.shape[-1] > 1 else np.hstack([1 - columns, columns])


def _of_all_classes(who: str, x: Array, y_pred: Array, classes: Sequence[str]) -> Array:
    """The probabilities, of as many samples as there are pictures and classes as have names."""
    if len(x) != len(y_pred):
        raise DataError(
            f"{who}: expected a prediction for each of {len(x)} pictures, got {len(y_pred)}; "
            f"give y_pred = model.predict(x)"
        )
    probabilities = for_each_class(y_pred)
    if len(classes) != probabilities.shape[-1]:
        raise DataError(
            f"{who}: expected a name for each of {probabilities.shape[-1]} classes, got "
            f"{len(classes)}; one output tells two classes apart"
        )
    return probabilities
