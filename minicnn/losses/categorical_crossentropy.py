"""Categorical cross-entropy: the surprise at one of several classes.

Derivation: docs/derivations/losses.md.
"""

from __future__ import annotations

from typing import Any, ClassVar

from minicnn.backends import Ops
from minicnn.errors import LabelError, ShapeError
from minicnn.losses.loss import Loss, _numbers, check_probabilities, clip, inside
from minicnn.typing import Array


class CategoricalCrossentropy(Loss):
    """L = -Σⱼ yⱼ log pⱼ, with one-hot (or soft) labels y over the last axis.

    From logits z, with p = softmax(z): dL/dz = p Σⱼ yⱼ - y. Probabilities that do not add up
    to one are divided by their sum first, as Keras does.

    >>> import numpy as np
    >>> loss = CategoricalCrossentropy(from_logits=True)
    >>> value, cache = loss.forward(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    >>> round(float(value), 6), loss.backward(cache)[0]
    (0.693147, array([-0.5,  0.5]))
    """

    name: ClassVar[str] = "categorical_crossentropy"
    activation: ClassVar[str | None] = "softmax"
    known: ClassVar[bool] = True
    remedy: ClassVar[str] = (
        "one-hot labels need a unit for each class in the last layer; class numbers belong to "
        '"sparse_categorical_crossentropy"'
    )

    def each(self, y_pred: Array, y_true: Array, ops: Ops) -> Array:
        """The surprise at the true class."""
        if self.from_logits:
            return -(y_true * ops.log_softmax(y_pred)).sum(axis=-1)
        p = y_pred / y_pred.sum(axis=-1, keepdims=True)
        return -(y_true * ops.xp.log(clip(p, ops))).sum(axis=-1)

    def slope(self, y_pred: Array, y_true: Array, ops: Ops) -> Array:
        """p Σy - y from logits; from probabilities, back through the division by their sum."""
        if self.from_logits:
            return ops.softmax(y_pred) * y_true.sum(axis=-1, keepdims=True) - y_true
        total = y_pred.sum(axis=-1, keepdims=True)
        p = y_pred / total
        dp = -y_true * inside(p) / clip(p, ops)
        return (dp - (dp * p).sum(axis=-1, keepdims=True)) / total

    def check_values(self, y_true: Array) -> None:
        """A row of probabilities for each place."""
        check_probabilities(y_true, self.name)
        hits = y_true.sum(axis=-1)
        hard = ((y_true == 0) | (y_true == 1)).all(axis=-1)  # soft labels may add up to anything
        if bool((hard & (hits != 1)).any()):
            raise LabelError(
                f"{self.name}: expected one-hot rows with a single 1, got one with "
                f"{int(hits[hard & (hits != 1)][0])}; several classes at once need "
                f'activation="sigmoid" and "binary_crossentropy"'
            )


class SparseCategoricalCrossentropy(CategoricalCrossentropy):
    """The same surprise, with class numbers 0 ... K-1 as labels.

    >>> import numpy as np
    >>> loss = SparseCategoricalCrossentropy(from_logits=True)
    >>> value, _ = loss.forward(np.array([[0.0, 0.0]]), np.array([1]))
    >>> round(float(value), 6)
    0.693147
    """

    name: ClassVar[str] = "sparse_categorical_crossentropy"

    def check(self, y_pred: Array, y_true: Any, ops: Ops) -> Array:
        """Class numbers, turned into one-hot rows."""
        y_true, K = _numbers(y_true, self.name), y_pred.shape[-1]
        if y_true.shape == (*y_pred.shape[:-1], 1):
            y_true = y_true[..., 0]
        if y_true.shape != y_pred.shape[:-1]:
            raise ShapeError(
                f"{self.name}: expected one class number for each prediction, shape "
                f"{y_pred.shape[:-1]}, got labels of shape {y_true.shape}; one-hot rows belong to "
                f'"categorical_crossentropy"'
            )
        fits = (y_true >= 0) & (y_true < K) & (y_true == y_true.round())  # NaN never does
        if not bool(fits.all()):
            raise LabelError(
                f"{self.name}: expected class numbers from 0 to {K - 1} (the last layer has {K} "
                f"units), got {y_true[~fits][0]}; give the last layer a unit for each class, and "
                f"count classes from 0"
            )
        y_true = ops.asarray(y_true)
        return (y_true[..., None] == ops.xp.arange(K)).astype(y_pred.dtype)
