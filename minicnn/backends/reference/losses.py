"""Cross-entropies in loops, from logits: the numbers before the sigmoid or the softmax.

Both return the loss of every element or row, unreduced; the loss Keras reports is their mean.
"""

import math

import numpy as np

from minicnn.typing import Array


def binary_crossentropy(logits: Array, targets: Array) -> Array:
    """``-t·log(p) - (1-t)·log(1-p)`` with ``p = sigmoid(z)``, for every element, any shape."""
    loss = np.zeros(logits.shape)
    for i in np.ndindex(*logits.shape):
        t = float(targets[i])
        loss[i] = -t * log_sigmoid(float(logits[i])) - (1 - t) * log_sigmoid(-float(logits[i]))
    return loss.astype(logits.dtype)


def log_sigmoid(z: float) -> float:
    """``log(sigmoid(z))``, and ``log(1 - sigmoid(z))`` is ``log_sigmoid(-z)``.

    >>> log_sigmoid(1e4), log_sigmoid(-1e4)
    (-0.0, -10000.0)
    """
    if z >= 0:
        return -math.log1p(math.exp(-z))
    return z - math.log1p(math.exp(z))


def categorical_crossentropy(logits: Array, targets: Array) -> Array:
    """``-Σ t[c]·log(p[c])`` with ``p = softmax(z)`` over the last axis: (..., C) -> (...)."""
    loss = np.zeros(logits.shape[:-1])
    for i in np.ndindex(*loss.shape):
        logs = log_softmax([float(z) for z in logits[i]])
        for c in range(len(logs)):
            loss[i] -= float(targets[(*i, c)]) * logs[c]
    return loss.astype(logits.dtype)


def log_softmax(row: list[float]) -> list[float]:
    """``z[c] - log(Σ exp(z[k]))`` for every c.

    >>> log_softmax([1e4, -1e4])
    [0.0, -20000.0]
    """
    largest = row.index(max(row))
    # The largest term of the sum is exp(0) = 1; log1p keeps the others when they are tiny.
    others = sum(math.exp(z - row[largest]) for k, z in enumerate(row) if k != largest)
    return [(z - row[largest]) - math.log1p(others) for z in row]
