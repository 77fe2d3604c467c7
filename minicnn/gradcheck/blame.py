"""The error for a wrong gradient: where it is worst, and what the pattern suggests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from minicnn.errors import GradientError
from minicnn.gradcheck.slopes import Verdict
from minicnn.randomness import generator
from minicnn.typing import Array

ENTRIES_SEARCHED = 2000  # at most, for the worst entry of a gradient that is wrong


def blame(
    subject: str,
    name: str,
    gradient: Array,
    analytic: float,
    found: Verdict,
    slope_of: Callable[[Any], float],
) -> NoReturn:
    """Raise the GradientError of a tensor; ``slope_of`` measures one of its entries."""
    places = np.arange(gradient.size)
    if gradient.size > ENTRIES_SEARCHED:
        drawn = generator(0, "gradcheck", "blame").choice(
            places, ENTRIES_SEARCHED - 1, replace=False
        )
        places = np.unique([int(np.abs(gradient).argmax()), *drawn])
    indices = [np.unravel_index(int(i), gradient.shape) for i in places]
    claimed = np.array([float(gradient[index]) for index in indices])
    measured = np.array([slope_of(index) for index in indices])
    worst = int(np.abs(claimed - measured).argmax())
    a, n = claimed[worst], measured[worst]
    error = abs(a - n) / max(abs(a), abs(n), 1e-300)
    raise GradientError(
        f"{subject}: the gradient of {name} is wrong, worst at {name}{show(indices[worst])}: "
        f"expected {n:+.8g} (numerical), got {a:+.8g} (backward), relative error {error:.1e}; "
        f"along the direction checked {found.slope:+.8g} against "
        f"{analytic:+.8g}{_hint(claimed, measured)}"
    )


def _hint(claimed: Array, measured: Array) -> str:
    """What the pattern of the error suggests."""
    scale = max(float(np.abs(measured).max()), 1e-300)
    if np.allclose(claimed, -measured, rtol=1e-3, atol=1e-6 * scale):
        return ". It is the negative throughout: a wrong sign?"
    if np.allclose(claimed, 0, atol=1e-6 * scale):
        return ". It is zero throughout: a forgotten term?"
    real = np.abs(measured) > 1e-3 * scale
    ratio = claimed[real] / measured[real]
    if len(ratio) and np.allclose(ratio, ratio[0], rtol=1e-3):
        return f". It is {ratio[0]:.4g} times too large throughout: a missing factor?"
    if np.allclose(np.sort(claimed), np.sort(measured), rtol=1e-3, atol=1e-6 * scale):
        return ". The right numbers stand in the wrong places: a transposed axis?"
    return ""


def show(index: Any) -> str:
    """An index as one writes it."""
    return f"[{', '.join(str(int(i)) for i in index)}]"
