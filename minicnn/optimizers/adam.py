"""Adam and AdamW: RMSprop with a run-up, unbiased from the first step.

Derivation: docs/derivations/optimizers.md.
"""

from __future__ import annotations

import math
from typing import ClassVar

from minicnn.arguments import fraction, positive
from minicnn.backends import Ops
from minicnn.optimizers.optimizer import Optimizer
from minicnn.optimizers.schedules import Schedule
from minicnn.typing import Array


class Adam(Optimizer):
    """m ← β₁ m + (1 - β₁) g, v ← β₂ v + (1 - β₂) g², p ← p - α m / (√v + ε).

    m and v begin at zero and so are too small at first; α = lr · √(1 - β₂ᵗ) / (1 - β₁ᵗ) at
    step t makes up for it.

    >>> import numpy as np
    >>> p = np.array([1.0])
    >>> Adam(0.1).apply({"w": p}, {"w": np.array([5.0])})
    >>> p.round(6)                                    # the first step is lr long
    array([0.9])
    """

    slots: ClassVar[tuple[str, ...]] = ("m", "v")
    elementwise: ClassVar[bool] = True
    rule: ClassVar[str | None] = "adam"

    def __init__(
        self,
        learning_rate: float | Schedule = 1e-3,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
    ) -> None:
        super().__init__(learning_rate)
        self.beta_1 = fraction(beta_1, "beta_1", type(self).__name__)
        self.beta_2 = fraction(beta_2, "beta_2", type(self).__name__)
        self.epsilon = positive(epsilon, "epsilon", type(self).__name__)

    def _alpha(self, lr: float, step: int) -> float:
        return lr * math.sqrt(1 - self.beta_2**step) / (1 - self.beta_1**step)

    def numbers(self, lr: float, step: int) -> tuple[float, ...]:
        """As ``cuda/optimizers.cu`` takes them; the last is AdamW's share."""
        return self._alpha(lr, step), self.beta_1, self.beta_2, self.epsilon, 0.0

    def update(
        self, p: Array, g: Array, slots: tuple[Array, ...], lr: float, step: int, ops: Ops
    ) -> None:
        """One step for one array."""
        m, v = slots
        alpha = self._alpha(lr, step)
        m += (g - m) * (1 - self.beta_1)
        v += (g * g - v) * (1 - self.beta_2)
        p -= alpha * m / (ops.xp.sqrt(v) + self.epsilon)


class AdamW(Adam):
    """Adam with decoupled weight decay: p ← p - lr · λ · p first, then Adam's step.

    The same pull inside the gradient would be divided by √v, and so be weakest where the
    gradients are largest.

    >>> import numpy as np
    >>> p = np.array([1.0])
    >>> AdamW(0.1, weight_decay=0.5).apply({"w": p}, {"w": np.array([0.0])})
    >>> p                                             # 1 - 0.1 · 0.5: the decay alone
    array([0.95])
    """

    elementwise: ClassVar[bool] = True
    rule: ClassVar[str | None] = "adam"

    def __init__(
        self,
        learning_rate: float | Schedule = 1e-3,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon)
        self.weight_decay = fraction(weight_decay, "weight_decay", type(self).__name__)

    def numbers(self, lr: float, step: int) -> tuple[float, ...]:
        """Adam's, and the share that decays."""
        return (*super().numbers(lr, step)[:-1], self.weight_decay * lr)

    def update(
        self, p: Array, g: Array, slots: tuple[Array, ...], lr: float, step: int, ops: Ops
    ) -> None:
        """One step for one array."""
        p -= p * (self.weight_decay * lr)
        super().update(p, g, slots, lr, step, ops)
