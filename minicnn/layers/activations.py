"""``activation="relu"``: the activation layers by name."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial

import numpy as np

from minicnn.backends import one_stroke, ops_for
from minicnn.errors import ConfigError
from minicnn.layers.gelu import GELU
from minicnn.layers.layer import Layer
from minicnn.layers.leaky_relu import LeakyReLU
from minicnn.layers.relu import ReLU
from minicnn.layers.relu6 import ReLU6
from minicnn.layers.sigmoid import Sigmoid
from minicnn.layers.silu import SiLU
from minicnn.layers.softmax import Softmax
from minicnn.layers.softplus import Softplus
from minicnn.layers.tanh import Tanh
from minicnn.typing import Array, Cache, Params, Shape

BY_NAME: dict[str, Callable[[], Layer]] = {
    "relu": ReLU,
    "relu6": ReLU6,
    "leaky_relu": partial(LeakyReLU, 0.2),  # as in Keras, whose layer has 0.3
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "softplus": Softplus,
    "silu": SiLU,
    "gelu": GELU,
    "softmax": Softmax,
}


def get(name: str | None, where: str) -> Layer | None:
    """The activation layer of this name, or None for "linear"."""
    if name is None or name == "linear":
        return None
    if not isinstance(name, str) or name not in BY_NAME:
        raise ConfigError(
            f"{where}: expected an activation from linear, {', '.join(BY_NAME)}, got {name!r}; "
            f"any other can stand as a layer of its own"
        )
    return BY_NAME[name]()


class Activated(Layer):
    """A layer that can end in an activation, ``activation="relu"``: what Conv2D and Dense share."""

    use_bias: bool

    def __init__(self, activation: str | None = None, name: str | None = None) -> None:
        super().__init__(name)
        self.activation = activation
        self.after = get(activation, self.where)

    def built(self, input_shape: Shape, output_shape: Shape) -> Shape:
        """The activation works on the output's shape."""
        if self.after is not None:
            self.after.build(output_shape, np.random.default_rng(0))  # it draws nothing
        return super().built(input_shape, output_shape)

    def _finish(self, y: Array, x: Array) -> tuple[Array, Cache]:
        """The last lines of a forward pass: y + b, which may overwrite y, and the activation."""
        if not self.use_bias:
            return self.activate(y)
        ops, b = ops_for(y), self.param("b", x)

        def lines() -> tuple[Array, Cache]:
            z = y
            z += b
            return self.activate(z)

        return one_stroke.bias_and_activation(ops, self.activation, y, b, lines)

    def _start_backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """The first lines of a backward pass: dy before the activation, and db = Σ of it."""
        if not self.use_bias:
            return self.before_activation(dy, cache), {}
        ops = ops_for(dy)

        def lines() -> tuple[Array, Array]:
            dz = self.before_activation(dy, cache)
            return dz, ops.channel_sums(dz)

        dz, db = one_stroke.slope_and_sums(ops, self.activation, dy, cache["activation"], lines)
        return dz, {"b": db}

    def activate(self, y: Array) -> tuple[Array, Cache]:
        """The activation of y, and its cache."""
        return (y, None) if self.after is None else self.after.forward(y)

    def before_activation(self, dy: Array, cache: Cache) -> Array:
        """The gradient before it."""
        return dy if self.after is None else self.after.backward(dy, cache["activation"])[0]

    def split(self) -> tuple[Layer, Layer | None]:
        """The layer without its activation (the parameters are shared), and the activation."""
        bare = copy.copy(self)
        bare.activation, bare.after = None, None
        return bare, self.after
