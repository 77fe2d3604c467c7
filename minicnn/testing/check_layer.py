"""The conformance suite as one call (floor 9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from minicnn.testing.properties import PROPERTIES, Case
from minicnn.typing import Shape


@dataclass(frozen=True)
class ConformanceReport:
    """What was proven; ``print(report)`` lists it."""

    subject: str
    proven: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(
            [f"{self.subject} keeps every promise:", *(f"  ✓ {p}" for p in self.proven)]
        )


def check_layer(
    make_layer: Callable[[], Any], input_shape: Shape, batch: int = 3, seed: int = 0
) -> ConformanceReport:
    """Prove that a layer keeps the promises that every layer makes.

    ``make_layer`` gives a fresh, unbuilt layer each time it is called; ``input_shape`` leaves
    the batch out. The inputs are drawn from ``seed``.

    >>> from minicnn import Dense
    >>> print(check_layer(lambda: Dense(2), input_shape=(3,)))
    Dense keeps every promise:
      ✓ the output has the shape that build promised
      ✓ backward gives a gradient for each parameter, in its shape
      ✓ backward is the derivative of forward
      ✓ the dtype of the input is the dtype of everything
      ✓ inputs and parameters are left as they were
      ✓ any memory layout of the input gives the same answer
      ✓ nothing stays behind in the layer
      ✓ a batch is its samples one by one
      ✓ equal draws build equal layers
      ✓ a wrong shape is one clear error
      ✓ a wrong dtype is one clear error
    """
    case = Case(make_layer, tuple(input_shape), batch, seed)
    for prove in PROPERTIES.values():
        prove(case)
    return ConformanceReport(case.kind, tuple(PROPERTIES))
