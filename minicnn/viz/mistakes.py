"""The pictures that a network gets most wrong (floor 8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn.errors import DataError
from minicnn.metrics import predicted_classes, true_classes
from minicnn.typing import Array
from minicnn.viz.canvas import new_figure


def mistakes(
    x: Array, y_true: Array, y_pred: Array, classes: Sequence[str], count: int = 12
) -> Any:
    """A sheet of the pictures whose true class got the least probability, the worst first."""
    if len(x) != len(y_pred):
        raise DataError(
            f"mistakes: expected a prediction for each of {len(x)} pictures, got {len(y_pred)}"
        )
    probabilities = y_pred if y_pred.shape[-1] > 1 else np.hstack([1 - y_pred, y_pred])
    truth, taken_for = true_classes(y_true, y_pred), predicted_classes(y_pred)
    right = probabilities[np.arange(len(truth)), truth]
    worst = [i for i in np.argsort(right, kind="stable") if truth[i] != taken_for[i]][:count]
    columns = 4
    rows = max(-(-len(worst) // columns), 1)
    figure = new_figure(2.2 * columns, 2.5 * rows)
    for axes in figure.subplots(rows, columns, squeeze=False).flat:
        axes.axis("off")
    for axes, i in zip(figure.axes, worst, strict=False):
        picture = x[i] if x.shape[-1] == 3 else x[i, ..., 0]
        axes.imshow(picture, cmap="gray")
        axes.set_title(
            f"is {classes[truth[i]]}\ntaken for {classes[taken_for[i]]} ({1 - right[i]:.0%})",
            fontsize=9,
        )
    if not worst:
        figure.suptitle("no mistakes")
    return figure
