"""Several steps in one stroke, where a backend can: the one place where it is asked.

A backend answers False or None if nothing has happened (the end of ``ops.py``). Then the lines of
the layer or of the loss do the work, and they are the definition.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minicnn.backends.ops import Ops
from minicnn.typing import Array, Cache

Lines = Callable[[], Any]


def bias_and_activation(
    ops: Ops, activation: str | None, y: Array, b: Array, lines: Lines
) -> tuple[Array, Cache]:
    """The activation of y + b, which may overwrite y, and its cache."""
    if activation is not None and ops.add_bias_and(activation, y, b):
        return y, {"y": y}
    return lines()


def slope_and_sums(
    ops: Ops, activation: str | None, dy: Array, cache: Cache, lines: Lines
) -> tuple[Array, Array]:
    """Back through both: dz, the gradient before the activation, and Σ dz."""
    found = None
    if activation is not None and "y" in (cache or ()):
        found = ops.slope_and_sums(activation, dy, cache["y"])
    return lines() if found is None else found


def crossentropy(
    ops: Ops, activation: str | None, z: Array, y: Array, share: Array, lines: Lines
) -> tuple[Any, Cache]:
    """The loss, and what its cache has more than labels: the slope and the probabilities."""
    found = None if activation is None else ops.crossentropy(activation, z, y, share)
    if found is None:
        return lines(), {}
    value, slope, probabilities = found
    return value, {"slope": slope, "probabilities": probabilities}
