"""What a container holds its layers to, the user's above all.

A layer is written by hand, and training goes on happily with ``return y`` in place of
``return y, cache`` or with a dx of the wrong shape: the numbers come out wrong, far away. So
what a layer gives is looked at where it is given, and the error says what to write.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from minicnn.errors import ConformanceError
from minicnn.typing import Array, Cache, Params, Shape


class Promising(Protocol):
    """A layer, as far as it is looked at here: every ``Layer`` is one."""

    params: Params
    input_shape: Shape | None
    output_shape: Shape | None

    @property
    def where(self) -> str:
        """Its name for error messages."""

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """It makes its parameters."""

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        """The output and the cache."""

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """dx, and the gradients of ``params``."""


def begun(layer: Promising) -> None:
    """Raise unless the layer's ``__init__`` called the one of ``Layer``."""
    if not (hasattr(layer, "name") and hasattr(layer, "params")):
        raise ConformanceError(
            f"{type(layer).__name__}: expected an __init__ that begins with "
            f"super().__init__(name), got one that does not"
        )


def build(layer: Promising, input_shape: Shape, rng: np.random.Generator) -> Shape:
    """``layer.build``, and the output shape that it promises."""
    try:
        inspect.signature(layer.forward).bind(None, False)
    except TypeError:
        raise ConformanceError(
            f"{layer.where}: expected forward(self, x, training=False), got "
            f"forward{inspect.signature(layer.forward)}"
        ) from None
    shape: Any = layer.build(input_shape, rng)
    if shape is None or layer.input_shape != tuple(input_shape) or layer.output_shape != shape:
        raise ConformanceError(
            f"{layer.where}: expected build to note both shapes and to return the output's, got "
            f"{shape!r} from it; let it end in return self.built(input_shape, output_shape)"
        )
    for key, p in layer.params.items():
        if not hasattr(p, "astype"):
            raise ConformanceError(
                f"{layer.where}: expected params[{key!r}] to be an array, got a "
                f"{type(p).__name__}; make it with self.new_param(shape, initializer, rng)"
            )
    return tuple(shape)


def forward(layer: Promising, x: Array, training: Any) -> tuple[Array, Cache]:
    """``layer.forward``, a pair of which the first is as large as ``build`` said."""
    y, cache = y_and_cache(layer.forward(x, training), layer.where)
    return output(layer, y, len(x)), cache


def y_and_cache(result: Any, where: str) -> tuple[Array, Cache]:
    """What a forward gave, if it is an array and a cache."""
    if not (isinstance(result, tuple) and len(result) == 2 and hasattr(result[0], "dtype")):
        raise ConformanceError(
            f"{where}: expected forward to give an array and a cache, got {what(result)}; "
            f"write return y, cache"
        )
    return result


def output(layer: Promising, y: Any, samples: int) -> Array:
    """``y`` if it is what ``build`` said the layer gives for so many samples."""
    expected = (samples, *(layer.output_shape or ()))
    if getattr(y, "shape", None) != expected:
        raise ConformanceError(
            f"{layer.where}: expected an output of shape {expected}, as build said, got "
            f"{what(y)}; let build return the shape that forward gives"
        )
    return y


def backward(layer: Promising, dy: Array, cache: Cache) -> tuple[Array, Params]:
    """``layer.backward``: dx in the shape of x, and a gradient for each parameter."""
    dx, grads = dx_and_grads(layer.backward(dy, cache), layer.where)
    expected = (len(dy), *(layer.input_shape or ()))
    if getattr(dx, "shape", None) != expected:
        raise ConformanceError(
            f"{layer.where}: expected backward to give dx in the input's shape {expected}, got "
            f"{what(dx)}"
        )
    return dx, gradients(layer, grads)


def dx_and_grads(result: Any, where: str) -> tuple[Any, Mapping[str, Array]]:
    """What a backward gave, if it is an array and a dictionary."""
    dx, grads = result if isinstance(result, tuple) and len(result) == 2 else (None, None)
    if not (hasattr(dx, "dtype") and isinstance(grads, Mapping)):
        raise ConformanceError(
            f"{where}: expected backward to give dx and a dictionary of gradients, got "
            f"{what(result)}; write return dx, grads (an empty {{}} if there are no parameters)"
        )
    return dx, grads


def gradients(layer: Promising, grads: Any) -> Params:
    """``grads`` if there is one for each parameter, in its shape."""
    names = ", ".join(layer.params) or "nothing"
    if not isinstance(grads, Mapping):
        raise ConformanceError(
            f"{layer.where}: expected gradients of {names} as a dictionary, got {what(grads)}; "
            f"write return dx, {{{', '.join(f'{key!r}: ...' for key in layer.params)}}}"
        )
    if grads.keys() != layer.params.keys():
        raise ConformanceError(
            f"{layer.where}: expected gradients of {names}, got "
            f"{', '.join(map(str, grads)) or 'none'}; backward must give one for each parameter"
        )
    for key, p in layer.params.items():
        if getattr(grads[key], "shape", None) != p.shape:
            raise ConformanceError(
                f"{layer.where}: expected the gradient of {key} in its shape {tuple(p.shape)}, "
                f"got {what(grads[key])}; sum over all axes that {key} does not have"
            )
    return dict(grads)


def what(thing: Any) -> str:
    """A thing in a word or two, for error messages."""
    if isinstance(thing, tuple):
        return f"({', '.join(map(what, thing))})"
    if hasattr(thing, "shape") and hasattr(thing, "dtype"):
        return f"an array of {thing.dtype} and shape {tuple(thing.shape)}"
    return "None" if thing is None else f"a {type(thing).__name__}"
