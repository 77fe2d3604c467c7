"""Dense: every output sees every input. Derivation: docs/derivations/dense.md."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.arguments import flag, whole
from minicnn.initializers import Initializer
from minicnn.initializers import get as get_initializer
from minicnn.layers.activations import Activated
from minicnn.typing import Array, Cache, Params, Shape


class Dense(Activated):
    """y = x · W + b over the last axis.

        x (N, ..., D)   W (D, U)   b (U,)   y (N, ..., U)

    >>> layer = Dense(1)
    >>> layer.build((2,), np.random.default_rng(0))
    (1,)
    >>> layer.params["W"] = np.array([[2.0], [3.0]])
    >>> y, cache = layer.forward(np.array([[10.0, 1.0]]))
    >>> y
    array([[23.]])
    >>> dx, grads = layer.backward(np.array([[1.0]]), cache)
    >>> dx, grads["W"].ravel()
    (array([[2., 3.]]), array([10.,  1.]))
    """

    def __init__(
        self,
        units: int,
        activation: str | None = None,
        use_bias: bool = True,
        kernel_initializer: str | Initializer = "glorot_uniform",
        name: str | None = None,
    ) -> None:
        super().__init__(activation, name)
        self.units = whole(units, "units", self.where)
        self.use_bias = flag(use_bias, "use_bias", self.where)
        get_initializer(kernel_initializer, self.where)  # complain now, not in build
        self.kernel_initializer = kernel_initializer

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """A weight from each input to each unit; b begins at zero."""
        D = self.features(input_shape)
        self.params = {"W": self.new_param((D, self.units), self.kernel_initializer, rng)}
        if self.use_bias:
            self.params["b"] = self.new_param((self.units,), "zeros", rng)
        return self.built(input_shape, (*input_shape[:-1], self.units))

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        """y = x · W + b."""
        y = self.check(x).product(x, self.param("W", x))
        y, activation = self._finish(y, x)  # + b, and the activation
        return y, {"x": x, "activation": activation}

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """dW = xᵀ · dy, db = Σ dy, dx = dy · Wᵀ: each factor of a product is the other's slope."""
        x = cache["x"]
        ops = self.check_dy(dy, like=x)
        dy, db = self._start_backward(dy, cache)
        rows, drows = x.reshape(-1, x.shape[-1]), dy.reshape(-1, self.units)
        grads = {"W": ops.product(rows.T, drows), **db}
        return ops.product(dy, self.param("W", x).T), grads

    def multiply_adds(self) -> int:
        """One for each weight, at each place of the leading axes."""
        assert self.output_shape is not None
        return int(np.prod(self.output_shape[:-1], dtype=int)) * int(self.params["W"].size)
