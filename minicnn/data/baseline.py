"""What colour alone can tell: logistic regression on three average RGB values.

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
            f"rgb_baseline: expected pictures as an array (N, H, W, C) with N of at least 1, "
            f"got shape {x.shape}; give one picture as x[None]"
        )
    return np.stack([picture.mean(axis=(0, 1), dtype=np.float64) for picture in x])


def colour_shift(x: Array, y: Array, before: Array, after: Array) -> Array:
    """How far average colours move from one picture to each of several others: (N,).

    The unit is the distance between the mean colours of the two classes in ``x``, ``y``: after
    a shift of 1 a picture may look to ``rgb_baseline`` like one of the other class.

    >>> x = np.array([100, 110]).reshape(2, 1, 1, 1)
    >>> colour_shift(x, np.array([0, 1]), x[0], x + 5)
    array([0.5, 1.5])
    """
    means, y = mean_colour(x), _checked(y, x)
    apart = 0.0
    if y.min() < y.max():
        apart = float(np.linalg.norm(means[y == 1].mean(axis=0) - means[y == 0].mean(axis=0)))
    if apart == 0:
        raise DataError(
            "colour_shift: expected pictures of two classes of different mean colour, got a "
            "distance of 0; give x and y of a data set in which colour tells something"
        )
    moved = np.linalg.norm(mean_colour(after) - mean_colour(before[None]), axis=1)
    return np.asarray(moved / apart)


def rgb_baseline(x_train: Array, y_train: Array, x_test: Array, y_test: Array) -> float:
    """The share of test pictures that a classifier on average RGB values gets right.

    Labels are 0 and 1. Near one half means: the colours do not give the classes away.

    >>> light, dark = np.full((5, 2, 2, 3), 200), np.full((5, 2, 2, 3), 90)
    >>> x, y = np.concatenate([light, dark]), np.repeat([0, 1], 5)
    >>> rgb_baseline(x, y, x, y)
    1.0
    """
    return logistic_accuracy(mean_colour(x_train), y_train, mean_colour(x_test), y_test)


class RGBClassifier:
    """The same classifier to be asked like a model: ``predict`` gives the probability of class 1.

    >>> x, y = np.array([200, 90]).reshape(2, 1, 1, 1), np.array([0, 1])
    >>> (RGBClassifier(x, y).predict(x) > 0.5).tolist()
    [[False], [True]]
    """

    def __init__(self, x: Array, y: Array) -> None:
        self.logistic = Logistic(mean_colour(x), y)

    def predict(self, x: Array) -> Array:
        """(N, 1), as a network with one output gives it."""
        return self.logistic.probabilities(mean_colour(x))[:, None]


def logistic_accuracy(train: Array, y_train: Array, test: Array, y_test: Array) -> float:
    """Logistic regression fitted to features (N, D); its accuracy on a test."""
    answers = Logistic(train, y_train).probabilities(test) > 0.5
    return float((answers == _checked(y_test, test)).mean())


class Logistic:
    """p = sigmoid(a·w + b), fitted to features (N, D) by Newton's method.

    The gradient of the mean cross-entropy is Aᵀ(p - y)/N and its curvature Aᵀ diag(p(1-p)) A/N.
    """

    def __init__(self, features: Array, labels: Array) -> None:
        y = _checked(labels, features)
        self.mean, self.spread = features.mean(axis=0), features.std(axis=0) + 1e-9
        a = self._scaled(features)
        self.w = np.zeros(a.shape[1])
        for _ in range(STEPS):
            p = _sigmoid(a @ self.w)
            gradient = a.T @ (p - y) / len(a) + RIDGE * self.w
            curvature = (a * (p * (1 - p))[:, None]).T @ a / len(a) + RIDGE * np.eye(len(self.w))
            self.w -= np.linalg.solve(curvature, gradient)

    def probabilities(self, features: Array) -> Array:
        """Of class 1: (N,)."""
        return _sigmoid(self._scaled(features) @ self.w)

    def _scaled(self, features: Array) -> Array:
        """Features of mean 0 and deviation 1 where it was fitted, and a column of ones for b."""
        return np.column_stack([(features - self.mean) / self.spread, np.ones(len(features))])


def _checked(labels: Array, features: Array) -> Array:
    """The labels in a row, if they are 0 or 1, one for each picture."""
    y = np.asarray(labels).reshape(-1)
    if len(features) != len(y) or not np.isin(y, (0, 1)).all():
        raise DataError(
            f"rgb_baseline: expected labels of 0 or 1, one for each of the {len(features)} "
            f"pictures, got {len(y)} with the values {np.unique(y)[:5]}; give two classes, "
            "numbered 0 and 1"
        )
    return y


def _sigmoid(z: Array) -> Array:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * z)))
