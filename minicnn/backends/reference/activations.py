"""Sigmoid, softmax and their like in loops, right for logits of any size."""

import math
from collections.abc import Callable

import numpy as np

from minicnn.typing import Array


def sigmoid(x: Array) -> Array:
    """``1 / (1 + exp(-x))`` for every element, any shape."""
    return each(x, sigmoid_of)


def sigmoid_of(x: float) -> float:
    """One sigmoid. Only exponentials of negative numbers: those can't overflow.

    >>> sigmoid_of(0.0), sigmoid_of(1e4), sigmoid_of(-1e4)
    (0.5, 1.0, 0.0)
    """
    if x >= 0:
        return 1 / (1 + math.exp(-x))
    return math.exp(x) / (1 + math.exp(x))


def softmax(x: Array) -> Array:
    """``exp(x[c]) / Σ exp(x[k])`` over the last axis, with any leading shape."""
    y = np.zeros(x.shape)
    for i in np.ndindex(*x.shape[:-1]):
        row = [float(value) for value in x[i]]
        # Taking the largest away changes no quotient and keeps every exponential at or below 1.
        exponentials = [math.exp(value - max(row)) for value in row]
        for c in range(len(row)):
            y[(*i, c)] = exponentials[c] / sum(exponentials)
    return y.astype(x.dtype)


def relu6(x: Array) -> Array:
    """``x``, but never below 0 or above 6."""
    return each(x, lambda value: min(max(value, 0.0), 6.0))


def softplus(x: Array) -> Array:
    """``log(1 + exp(x))``: beyond 40, the 1 is lost in rounding."""
    return each(x, lambda value: value if value > 40 else math.log1p(math.exp(value)))


def silu(x: Array) -> Array:
    """``x · sigmoid(x)``."""
    return each(x, lambda value: value * sigmoid_of(value))


def gelu(x: Array) -> Array:
    """``x`` times the chance that a normal draw lies below it."""
    return each(x, lambda value: value * math.erfc(-value / math.sqrt(2)) / 2)


def each(x: Array, function: Callable[[float], float]) -> Array:
    """The function of every element, any shape."""
    y = np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        y[i] = function(float(x[i]))
    return y.astype(x.dtype)
