"""Mean squared error: for numbers rather than classes.

Derivation: docs/derivations/losses.md.
"""

from __future__ import annotations

from typing import ClassVar

from minicnn.backends import Ops
from minicnn.losses.loss import Loss
from minicnn.typing import Array


class MeanSquaredError(Loss):
    """L = mean over the last axis, of length K, of (ŷ - y)²; dL/dŷ = 2 (ŷ - y) / K.

    >>> import numpy as np
    >>> value, cache = MeanSquaredError().forward(np.array([[3.0, 1.0]]), np.array([[1.0, 1.0]]))
    >>> float(value), MeanSquaredError().backward(cache)[0]
    (2.0, array([2., 0.]))
    """

    name: ClassVar[str] = "mean_squared_error"

    def __init__(self) -> None:
        super().__init__()

    def each(self, y_pred: Array, y_true: Array, ops: Ops) -> Array:
        """The mean of the squares."""
        return ((y_pred - y_true) ** 2).mean(axis=-1)

    def slope(self, y_pred: Array, y_true: Array, ops: Ops) -> Array:
        return 2 * (y_pred - y_true) / y_pred.shape[-1]

    def __repr__(self) -> str:
        return "MeanSquaredError()"
