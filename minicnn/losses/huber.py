"""Huber's loss: a square near the label, a straight line far from it.

Derivation: docs/derivations/losses.md.
"""

from __future__ import annotations

from typing import ClassVar

from minicnn.arguments import positive
from minicnn.backends import Ops
from minicnn.losses.loss import Loss
from minicnn.typing import Array


class Huber(Loss):
    """L = mean over the last axis, of length K, of h(ŷ - y); dL/dŷ = clip(ŷ - y, -δ, δ) / K.

        h(e) = e² / 2 where |e| ≤ δ, else δ (|e| - δ/2)

    >>> import numpy as np
    >>> value, cache = Huber().forward(np.array([[3.0, 0.5]]), np.array([[0.0, 0.0]]))
    >>> float(value), Huber().backward(cache)[0]
    (1.3125, array([0.5 , 0.25]))
    """

    name: ClassVar[str] = "huber"

    def __init__(self, delta: float = 1.0) -> None:
        super().__init__()
        self.delta = positive(delta, "delta", "Huber")

    def each(self, y_pred: Array, y_true: Array, ops: Ops) -> Array:
        """The mean over the outputs."""
        distance = abs(y_pred - y_true)
        near = ops.xp.minimum(distance, self.delta)  # e² / 2 + δ (|e| - δ) beyond δ
        return (near * near / 2 + self.delta * (distance - near)).mean(axis=-1)

    def slope(self, y_pred: Array, y_true: Array, ops: Ops) -> Array:
        """The distance, but never more than δ."""
        return ops.xp.clip(y_pred - y_true, -self.delta, self.delta) / y_pred.shape[-1]

    def __repr__(self) -> str:
        return f"Huber(delta={self.delta})"
