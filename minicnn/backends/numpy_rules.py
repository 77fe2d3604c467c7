"""The optimizers' rules on NumPy, with no array made on the way (floor 1).

They are the lines of ``optimizers/``, operation by operation, so every bit is the same; what a
line would put into a fresh array goes into this thread's own two. Fresh arrays of this size
come from the operating system and go back to it each time, and while one thread waits for
that, so do all others.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from minicnn.typing import Array

LARGEST = 1 << 17  # numbers: above it, two arrays to keep would be too much to ask

_own = threading.local()


def move(rule: str, arrays: tuple[Array, ...], numbers: tuple[Any, ...]) -> bool:
    """Move the arrays by the rule, if it is written here for such arrays."""
    p = arrays[0]
    alike = all(a.flags.c_contiguous and a.dtype == p.dtype == np.float32 for a in arrays)
    if rule not in RULES or p.size > LARGEST or not alike:
        return False
    if not hasattr(_own, "pair"):
        _own.pair = np.empty((2, LARGEST), np.float32)
    first, second = (whole[: p.size].reshape(p.shape) for whole in _own.pair)
    return RULES[rule](arrays, numbers, first, second)


def rmsprop(arrays: tuple[Array, ...], numbers: tuple[Any, ...], a: Array, b: Array) -> bool:
    """v ← ρ v + (1 - ρ) g², p ← p - lr · g / √(v + ε)."""
    lr, rho, epsilon, momentum, centered = numbers
    if momentum or centered:
        return False
    p, g, v = arrays[:3]  # a slot that is not used has any array in its place
    np.multiply(v, rho, out=v)
    np.multiply(np.multiply(1 - rho, g, out=a), g, out=a)
    np.add(v, a, out=v)
    np.sqrt(np.add(v, epsilon, out=a), out=a)
    np.divide(np.multiply(lr, g, out=b), a, out=b)
    np.subtract(p, b, out=p)
    return True


def adam(arrays: tuple[Array, ...], numbers: tuple[Any, ...], a: Array, b: Array) -> bool:
    """m ← β₁ m + (1 - β₁) g, v ← β₂ v + (1 - β₂) g², p ← p - α m / (√v + ε).

    AdamW first takes away a share of p.
    """
    alpha, beta_1, beta_2, epsilon, decay = numbers
    p, g, m, v = arrays
    if decay:
        np.subtract(p, np.multiply(p, decay, out=a), out=p)
    np.multiply(np.subtract(g, m, out=a), 1 - beta_1, out=a)
    np.add(m, a, out=m)
    np.subtract(np.multiply(g, g, out=a), v, out=a)
    np.add(v, np.multiply(a, 1 - beta_2, out=a), out=v)
    np.add(np.sqrt(v, out=a), epsilon, out=a)
    np.divide(np.multiply(alpha, m, out=b), a, out=b)
    np.subtract(p, b, out=p)
    return True


def sgd(arrays: tuple[Array, ...], numbers: tuple[Any, ...], a: Array, b: Array) -> bool:
    """p ← p - lr g; with momentum m ← μ m - lr g, p ← p + m (Nesterov: p + μ m - lr g)."""
    lr, momentum, nesterov = numbers
    p, g, m = arrays
    np.multiply(lr, g, out=a)
    if not momentum:
        np.subtract(p, a, out=p)
        return True
    np.multiply(m, momentum, out=m)
    np.subtract(m, a, out=m)
    if nesterov:
        np.subtract(np.multiply(momentum, m, out=b), a, out=a)
    np.add(p, a if nesterov else m, out=p)
    return True


Rule = Callable[[tuple[Array, ...], tuple[Any, ...], Array, Array], bool]
RULES: dict[str, Rule] = {"rmsprop": rmsprop, "adam": adam, "sgd": sgd}
