"""What colour alone can tell: logistic regression on three average RGB values (floor 4).

The notes warn of pictures whose classes a classifier on average RGB values already tells apart.
A network that does no better than this baseline has not learned to see.
"""

from __future__ import annotations

import numpy as np

from minicnn.errors import DataError
from minicnn.typing import Array

STEPS = 50  # of Newton's method: far more than three figures need
RIDGE = 1e-3  # a little pull to zero, so that classes parted perfectly end in finite weights


def mean_colour(x: Array) -> Array:
    """The average of each channel, (N, C), of pictures (N, H, W, C)."""
    if x.ndim != 4 or len(x) == 0:
        raise DataError(
            f"rgb_baseline: pictures must be an array (N, H, W, C) with N of at least 1, "
            f"but the shape is {x.shape}: give one picture as x[None]."
        )
    return np.stack([picture.mean(axis=(0, 1), dtype=np.float64) for picture in x])


def rgb_baseline(x_train: Array, y_train: Array, x_test: Array, y_test: Array) -> float:
    """The share of test pictures that a classifier on average RGB values gets right.

    Labels are 0 and 1. Near one half means: the colours do not give the classes away.

    >>> light, dark = np.full((5, 2, 2, 3), 200), np.full((5, 2, 2, 3), 90)
    >>> x, y = np.concatenate([light, dark]), np.repeat([0, 1], 5)
    >>> rgb_baseline(x, y, x, y)
    1.0
    """
    train, test = mean_colour(x_train), mean_colour(x_test)
    return logistic_accuracy(train, y_train, test, y_test)


def logistic_accuracy(train: Array, y_train: Array, test: Array, y_test: Array) -> float:
    """Fit p = sigmoid(a·w + b) to features (N, D) by Newton's method; the accuracy on a test.

    The gradient of the mean cross-entropy is Aᵀ(p - y)/N and its curvature Aᵀ diag(p(1-p)) A/N.
    """
    y_train, y_test = np.asarray(y_train).reshape(-1), np.asarray(y_test).reshape(-1)
    for features, labels in ((train, y_train), (test, y_test)):
        if len(features) != len(labels) or not np.isin(labels, (0, 1)).all():
            raise DataError(
                f"rgb_baseline: labels must be 0 or 1, one for each of the {len(features)} "
                f"pictures, but {len(labels)} came with the values {np.unique(labels)[:5]}: "
                "give two classes, numbered 0 and 1."
            )
    mean, spread = train.mean(axis=0), train.std(axis=0) + 1e-9
    a, b = (np.column_stack([(f - mean) / spread, np.ones(len(f))]) for f in (train, test))
    w = np.zeros(a.shape[1])
    for _ in range(STEPS):
        p = _sigmoid(a @ w)
        gradient = a.T @ (p - y_train) / len(a) + RIDGE * w
        curvature = (a * (p * (1 - p))[:, None]).T @ a / len(a) + RIDGE * np.eye(len(w))
        w -= np.linalg.solve(curvature, gradient)
    return float(((b @ w > 0) == (y_test == 1)).mean())


def _sigmoid(z: Array) -> Array:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * z)))
