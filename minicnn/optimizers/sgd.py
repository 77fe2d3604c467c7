"""SGD: a step downhill, with a run-up if asked for.

Derivation: docs/derivations/optimizers.md.
"""

from __future__ import annotations

from typing import ClassVar

from minicnn.arguments import fraction
from minicnn.backends import Ops
from minicnn.optimizers.optimizer import Optimizer
from minicnn.optimizers.schedules import Schedule
from minicnn.typing import Array


class SGD(Optimizer):
    """p ← p - lr · g; with momentum m ← μ m - lr g, p ← p + m (Nesterov: p ← p + μ m - lr g).

    >>> import numpy as np
    >>> p = np.array([1.0])
    >>> SGD(0.1).apply({"w": p}, {"w": np.array([2.0])})
    >>> p
    array([0.8])
    """

    slots: ClassVar[tuple[str, ...]] = ("m",)
    elementwise: ClassVar[bool] = True
    rule: ClassVar[str | None] = "sgd"

    def __init__(
        self,
        learning_rate: float | Schedule = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(learning_rate)
        self.momentum = fraction(momentum, "momentum", type(self).__name__)
        self.nesterov = nesterov

    def used_slots(self) -> tuple[str, ...]:
        """Without momentum nothing is remembered."""
        return self.slots if self.momentum else ()

    def numbers(self, lr: float, step: int) -> tuple[float, ...]:
        """As ``cuda/optimizers.cu`` takes them."""
        return lr, self.momentum, self.nesterov

    def update(
        self, p: Array, g: Array, slots: tuple[Array, ...], lr: float, step: int, ops: Ops
    ) -> None:
        """One step for one array."""
        if not slots:
            p -= lr * g
            return
        (m,) = slots
        m *= self.momentum
        m -= lr * g
        p += self.momentum * m - lr * g if self.nesterov else m
