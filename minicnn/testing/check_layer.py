"""The conformance suite as one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minicnn.arguments import sizes, whole
from minicnn.errors import ConfigError
from minicnn.layers import Layer
from minicnn.testing.promises import ConformanceReport
from minicnn.testing.properties import Case, promise
from minicnn.typing import Shape


def check_layer(
    make_layer: Callable[[], Any], input_shape: Shape, batch: int = 3, seed: int = 0
) -> ConformanceReport:
    """Prove that a layer keeps the promises that every layer makes.

    ``make_layer`` gives a fresh, unbuilt layer each time it is called; ``input_shape`` leaves
    the batch out. The inputs are drawn from ``seed``.

    >>> from minicnn import Dense
    >>> print(check_layer(lambda: Dense(2), input_shape=(3,)))
    Dense keeps every promise:
      ✓ its methods take and give what every layer's do
      ✓ inputs and parameters are left as they were
      ✓ the output has the shape that build promised
      ✓ backward gives a gradient for each parameter, in its shape
      ✓ backward is the derivative of forward
      ✓ the dtype of the input is the dtype of everything
      ✓ any memory layout of the input gives the same answer
      ✓ nothing stays behind in the layer
      ✓ a batch is its samples one by one
      ✓ equal draws build equal layers
      ✓ a wrong shape is one clear error
      ✓ a wrong dtype is one clear error
    """
    if not callable(make_layer) or isinstance(make_layer, Layer):
        raise ConfigError(
            f"check_layer: expected a function that makes a fresh layer, got {make_layer!r}; "
            f"write check_layer(lambda: {type(make_layer).__name__}(...), ...)"
        )
    whole(batch, "batch", "check_layer")
    case = Case(make_layer, sizes(input_shape, "check_layer"), batch, seed)
    return promise.prove(case.kind, case)
