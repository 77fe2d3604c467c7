"""RMSprop: every weight with a step length of its own.

Derivation: docs/derivations/optimizers.md.
"""

from __future__ import annotations

from typing import ClassVar

from minicnn.arguments import fraction, positive
from minicnn.backends import Ops
from minicnn.optimizers.optimizer import Optimizer
from minicnn.optimizers.schedules import Schedule
from minicnn.typing import Array


class RMSprop(Optimizer):
    """v ← ρ v + (1 - ρ) g², p ← p - lr · g / √(v + ε), as Keras 3 has it.

    v follows the size of the gradient, so a weight whose gradients are small moves as far as
    one whose gradients are huge (down to about √ε = 3e-4; below, the steps shrink).
    ``centered`` subtracts the square of the mean gradient from v, which leaves the variance;
    ``momentum`` lets steps add up: m ← μ m + step, p ← p - m.

    >>> import numpy as np
    >>> p = np.array([1.0, 1.0])
    >>> RMSprop(0.1).apply({"w": p}, {"w": np.array([2.0, 2e6])})
    >>> p.round(4)                                    # 1 - 0.1 / √0.1 for both
    array([0.6838, 0.6838])
    """

    slots: ClassVar[tuple[str, ...]] = ("v", "mean", "m")
    elementwise: ClassVar[bool] = True
    rule: ClassVar[str | None] = "rmsprop"

    def __init__(
        self,
        learning_rate: float | Schedule = 1e-3,
        rho: float = 0.9,
        epsilon: float = 1e-7,
        momentum: float = 0.0,
        centered: bool = False,
    ) -> None:
        super().__init__(learning_rate)
        self.rho = fraction(rho, "rho", type(self).__name__)
        self.epsilon = positive(epsilon, "epsilon", type(self).__name__)
        self.momentum = fraction(momentum, "momentum", type(self).__name__)
        self.centered = centered

    def used_slots(self) -> tuple[str, ...]:
        """v always; the mean gradient and the run-up only if asked for."""
        return ("v", *["mean"] * self.centered, *["m"] * bool(self.momentum))

    def numbers(self, lr: float, step: int) -> tuple[float, ...]:
        """As ``cuda/optimizers.cu`` takes them."""
        return lr, self.rho, self.epsilon, self.momentum, self.centered

    def update(
        self, p: Array, g: Array, slots: tuple[Array, ...], lr: float, step: int, ops: Ops
    ) -> None:
        """One step for one array."""
        v, *others = slots
        v *= self.rho
        v += (1 - self.rho) * g * g
        spread = v
        if self.centered:
            mean = others.pop(0)
            mean *= self.rho
            mean += (1 - self.rho) * g
            spread = ops.xp.maximum(v - mean * mean, 0)  # a variance: rounding goes below 0
        move = lr * g / ops.xp.sqrt(spread + self.epsilon)
        if self.momentum:
            m = others.pop(0)
            m *= self.momentum
            m += move
            move = m
        p -= move
