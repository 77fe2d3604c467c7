"""Mean absolute error: every unit of distance costs the same.

Derivation: docs/derivations/losses.md.
"""

from __future__ import annotations

from typing import ClassVar

from minicnn.backends import Ops
from minicnn.losses.loss import Loss
from minicnn.typing import Array


class MeanAbsoluteError(Loss):
    """L = mean over the last axis, of length K, of |ŷ - y|; dL/dŷ = sign(ŷ - y) / K.

    A label that is far off pulls no harder than any other.

    >>> import numpy as np
    >>> value, cache = MeanAbsoluteError().forward(np.array([[3.0, 0.0]]), np.array([[1.0, 1.0]]))
    >>> float(value), MeanAbsoluteError().backward(cache)[0]
    (1.5, array([ 0.5, -0.5]))
    """

    name: ClassVar[str] = "mean_absolute_error"

    def __init__(self) -> None:
        super().__init__()

    def each(self, y_pred: Array, y_true: Array, ops: Ops) -> Array:
        """The mean of the distances."""
        return abs(y_pred - y_true).mean(axis=-1)

    def slope(self, y_pred: Array, y_true: Array, ops: Ops) -> Array:
        """Up or down, whatever the distance; at the label itself, where there is a kink, 0."""
        return ops.xp.sign(y_pred - y_true) / y_pred.shape[-1]

    def __repr__(self) -> str:
        return "MeanAbsoluteError()"
