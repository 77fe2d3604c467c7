"""Dice: how little two masks cover each other. Derivation: docs/derivations/losses.md."""

from __future__ import annotations

import math
from typing import ClassVar

from minicnn.arguments import positive
from minicnn.backends import Ops
from minicnn.losses.loss import Loss, check_probabilities
from minicnn.typing import Array


class Dice(Loss):
    """L = 1 - (2 Σ p y + s) / (Σ p + Σ y + s), sums over all places and channels of a sample.

        p probabilities, y labels from 0 to 1, s (``smooth``) so that two empty masks agree

    A cross-entropy asks each pixel by itself, so where little is foreground "nothing anywhere"
    is a cheap answer. Here it costs all that there is.

    >>> import numpy as np
    >>> mask = np.array([[[1.0], [1.0], [0.0], [0.0]]])      # one sample, four pixels
    >>> half = np.array([[[1.0], [0.0], [0.0], [0.0]]])
    >>> value, _ = Dice(smooth=1e-7).forward(half, mask)
    >>> round(float(value), 4)                               # 1 - 2·1 / (1 + 2)
    0.3333
    """

    name: ClassVar[str] = "dice"
    per_place: ClassVar[bool] = False  # a sample's places are judged together
    remedy: ClassVar[str] = "a mask has the height, the width and the channels of the output"

    def __init__(self, smooth: float = 1.0) -> None:
        super().__init__()
        self.smooth = positive(smooth, "smooth", "Dice")

    def each(self, y_pred: Array, y_true: Array, ops: Ops) -> Array:
        """At each place the figure of its sample: the mean over places is then the sample's."""
        overlap, size = self._sums(y_pred, y_true)
        figure = 1 - (2 * overlap + self.smooth) / (size + self.smooth)  # (N,)
        places = y_pred.shape[1:-1]
        return ops.xp.broadcast_to(figure.reshape(-1, *[1] * len(places)), (len(figure), *places))

    def slope(self, y_pred: Array, y_true: Array, ops: Ops) -> Array:
        """The quotient rule; each prediction moves the figure at every place of its sample."""
        overlap, size = self._sums(y_pred, y_true)
        axes = (-1, *[1] * (y_pred.ndim - 1))
        whole = (size + self.smooth).reshape(axes)
        share = (2 * overlap + self.smooth).reshape(axes) / whole
        return (share - 2 * y_true) / whole * math.prod(y_pred.shape[1:-1])

    def check_values(self, y_true: Array) -> None:
        """Labels from 0 to 1."""
        check_probabilities(y_true, self.name)

    def _sums(self, y_pred: Array, y_true: Array) -> tuple[Array, Array]:
        """Σ p y and Σ p + Σ y of each sample: (N,) both."""
        p, y = y_pred.reshape(len(y_pred), -1), y_true.reshape(len(y_true), -1)
        return (p * y).sum(axis=1), p.sum(axis=1) + y.sum(axis=1)

    def __repr__(self) -> str:
        return f"Dice(smooth={self.smooth})"
