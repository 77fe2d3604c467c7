"""Binary cross-entropy: the surprise at a yes or no.

Derivation: docs/derivations/losses.md.
"""

from __future__ import annotations

from typing import ClassVar

from minicnn.backends import Ops
from minicnn.losses.loss import Loss, check_probabilities, clip, inside
from minicnn.typing import Array


class BinaryCrossentropy(Loss):
    """L = -(y log p + (1 - y) log(1 - p)), the mean over the last axis.

    From logits z, with p = sigmoid(z): L = softplus(z) - y z, and dL/dz = p - y: exact and
    finite however large z is.

    >>> import numpy as np
    >>> loss = BinaryCrossentropy(from_logits=True)
    >>> value, cache = loss.forward(np.array([[-1e4], [0.0]]), np.array([1, 1]))
    >>> round(float(value), 4)                # (10000 + log 2) / 2
    5000.3466
    >>> loss.backward(cache).ravel()
    array([-0.5 , -0.25])
    """

    name: ClassVar[str] = "binary_crossentropy"
    activation: ClassVar[str | None] = "sigmoid"
    known: ClassVar[bool] = True
    remedy: ClassVar[str] = (
        "a single output takes one label 0 or 1 for each sample (of one-hot rows, y[:, 1]); "
        "several outputs take a row of yes-or-no labels; one of several classes belongs to "
        '"categorical_crossentropy"'
    )

    def each(self, y_pred: Array, y_true: Array, ops: Ops) -> Array:
        """The mean surprise over the last axis."""
        if self.from_logits:
            terms = ops.softplus(y_pred) - y_true * y_pred
        else:
            xp, p = ops.xp, clip(y_pred, ops)
            terms = -(y_true * xp.log(p) + (1 - y_true) * xp.log1p(-p))
        return terms.mean(axis=-1)

    def slope(self, y_pred: Array, y_true: Array, ops: Ops) -> Array:
        """p - y from logits; (p - y) / (p (1 - p)) from probabilities."""
        if self.from_logits:
            return (ops.sigmoid(y_pred) - y_true) / y_pred.shape[-1]
        p = clip(y_pred, ops)
        return inside(y_pred) * (p - y_true) / (p * (1 - p) * y_pred.shape[-1])

    def check_values(self, y_true: Array) -> None:
        """Labels from 0 to 1."""
        check_probabilities(y_true, self.name)
