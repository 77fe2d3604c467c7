"""What a gradient check asks of a layer that may be no ``Layer``, before it calls it.

The check meets layers before any network does, and anything else with params, forward and
backward. What these give is looked at by ``layers/contract.py``, as it is in a container.
"""

from __future__ import annotations

import inspect
from typing import Any

from minicnn.arguments import takes
from minicnn.errors import ConfigError, ConformanceError
from minicnn.layers import contract


def named(layer: Any) -> str:
    """The layer's name for error messages."""
    return (hasattr(layer, "name") and getattr(layer, "where", None)) or type(layer).__name__


def a_layer(layer: Any, where: str) -> Any:
    """``layer`` if it is one that can be called, and not the class of one."""
    if inspect.isclass(layer):
        kind = layer.__name__
        raise ConfigError(f"{where}: expected a layer, got the class {kind}; write {kind}(...)")
    if not (callable(getattr(layer, "forward", None)) and hasattr(layer, "backward")):
        raise ConfigError(f"{where}: expected a layer with forward and backward, got {layer!r}")
    if not hasattr(layer, "params"):
        raise ConformanceError(
            f"{type(layer).__name__}: expected the attribute params, got a layer without; begin "
            f"__init__ with super().__init__(name)"
        )
    if not takes(layer.forward, 2):
        raise ConformanceError(
            f"{named(layer)}: expected forward(self, x, training=False), got "
            f"forward{inspect.signature(layer.forward)}"
        )
    return layer


def with_arrays(layer: Any) -> None:
    """Raise unless every parameter and running figure is an array of floats."""
    for holder in ("params", "state"):
        for key, array in getattr(layer, holder, {}).items():
            if getattr(getattr(array, "dtype", None), "kind", None) != "f":
                raise ConformanceError(
                    f"{named(layer)}: expected {holder}[{key!r}] to be an array of floats, got "
                    f"{contract.what(array)}; make it with self.new_param(shape, initializer, rng)"
                )
