"""The optimizers' rules on NumPy, with no array made on the way.

``RULES`` are the lines of ``optimizers/``, operation by operation, so every bit is the same; what
a line would put into a fresh array goes into this thread's own two. Fresh arrays of this size
come from the operating system and go back to it each time, and while one thread waits for that, so
do all others. ``OVERWRITING`` are for gradients that nobody needs afterwards: they write over
the gradient, and RMSprop's takes it in another size, so its last bits may differ.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicnn.typing import Array, Shape

LARGEST = 1 << 17  # numbers: above it, two arrays to keep would be too much to ask

_own = threading.local()


def move(rule: str, arrays: tuple[Array, ...], numbers: tuple[Any, ...]) -> bool:
    """Move the arrays by the rule, if it is written here for such arrays."""
    if arrays[0].size > LARGEST or not suits(rule, arrays, numbers):
        return False
    first, second = _room(arrays[0].shape)
    RULES[rule](arrays, numbers, first, second, np)
    return True


def suits(rule: str | None, arrays: tuple[Array, ...], numbers: tuple[Any, ...]) -> bool:
    """Whether the rule is written here for such arrays."""
    p = arrays[0]
    return (
        rule in RULES
        and all(a.flags.c_contiguous and a.dtype == p.dtype == np.float32 for a in arrays)
        and not (rule == "rmsprop" and any(numbers[3:]))  # with momentum, or centered
    )


def _room(shape: Shape) -> list[Array]:
    """Two arrays of this thread's own."""
    if not hasattr(_own, "pair"):
        _own.pair = np.empty((2, LARGEST), np.float32)
    return [whole[: math.prod(shape)].reshape(shape) for whole in _own.pair]


def rmsprop(
    arrays: tuple[Array, ...], numbers: tuple[Any, ...], a: Array, b: Array, do: Any
) -> None:
    """v ← ρ v + (1 - ρ) g², p ← p - lr · g / √(v + ε).  b may be g."""
    lr, rho, epsilon, *_ = numbers
    p, g, v = arrays[:3]  # a slot that is not used has any array in its place
    do.multiply(v, rho, out=v)
    do.multiply(do.multiply(1 - rho, g, out=a), g, out=a)
    do.add(v, a, out=v)
    do.sqrt(do.add(v, epsilon, out=a), out=a)
    do.divide(do.multiply(lr, g, out=b), a, out=b)
    do.subtract(p, b, out=p)


def rmsprop_scaled(
    arrays: tuple[Array, ...], numbers: tuple[Any, ...], a: Array, b: Array, do: Any
) -> None:
    """With g times √(1 - ρ), v ← ρ v + g²: one trip through the cache less."""
    lr, rho, epsilon, *_ = numbers
    p, g, v = arrays[:3]
    do.multiply(v, rho, out=v)
    do.add(v, do.multiply(g, g, out=a), out=v)
    do.sqrt(do.add(v, epsilon, out=a), out=a)
    do.divide(do.multiply(lr, g, out=b), a, out=b)
    do.subtract(p, b, out=p)


def adam(arrays: tuple[Array, ...], numbers: tuple[Any, ...], a: Array, b: Array, do: Any) -> None:
    """m ← β₁ m + (1 - β₁) g, v ← β₂ v + (1 - β₂) g², p ← p - α m / (√v + ε).  b may be g.

    AdamW first takes away a share of p.
    """
    alpha, beta_1, beta_2, epsilon, decay = numbers
    p, g, m, v = arrays
    if decay:
        do.subtract(p, do.multiply(p, decay, out=a), out=p)
    do.multiply(do.subtract(g, m, out=a), 1 - beta_1, out=a)
    do.add(m, a, out=m)
    do.subtract(do.multiply(g, g, out=a), v, out=a)
    do.add(v, do.multiply(a, 1 - beta_2, out=a), out=v)
    do.add(do.sqrt(v, out=a), epsilon, out=a)
    do.divide(do.multiply(alpha, m, out=b), a, out=b)
    do.subtract(p, b, out=p)


def sgd(arrays: tuple[Array, ...], numbers: tuple[Any, ...], a: Array, b: Array, do: Any) -> None:
    """p ← p - lr g; with momentum m ← μ m - lr g, p ← p + m (Nesterov: p + μ m - lr g)."""
    lr, momentum, nesterov = numbers
    p, g, m = arrays
    do.multiply(lr, g, out=a)
    if not momentum:
        do.subtract(p, a, out=p)
        return
    do.multiply(m, momentum, out=m)
    do.subtract(m, a, out=m)
    if nesterov:
        do.subtract(do.multiply(momentum, m, out=b), a, out=a)
    do.add(p, a if nesterov else m, out=p)


Rule = Callable[[tuple[Array, ...], tuple[Any, ...], Array, Array, Any], None]
RULES: dict[str, Rule] = {"rmsprop": rmsprop, "adam": adam, "sgd": sgd}


@dataclass(frozen=True)
class OverwritingRule:
    """A rule for gradients that nobody needs any more: they may be overwritten.

    ``scale`` gives what the gradient is to be multiplied by where it is made, which costs next to
    nothing there; ``numbers[0]``, the learning rate, is to be divided by it.
    """

    rule: Rule
    rates: tuple[int, ...]  # which of the numbers follow the learning rate
    scale: Callable[[tuple[Any, ...]], float] = lambda numbers: 1.0

    def move(
        self, arrays: tuple[Array, ...], numbers: tuple[Any, ...], room: Array, do: Any
    ) -> None:
        """Move the arrays, with ``room`` to write into, through NumPy or what looks like it."""
        self.rule(arrays, numbers, room, arrays[1], do)


OVERWRITING = {
    "rmsprop": OverwritingRule(rmsprop_scaled, (0,), lambda numbers: math.sqrt(1 - numbers[1])),
    "adam": OverwritingRule(adam, (0, 4)),
    "sgd": OverwritingRule(sgd, (0,)),
}
