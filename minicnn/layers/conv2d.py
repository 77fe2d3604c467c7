"""Conv2D: the same small filters at every place of a picture.

Derivation: docs/derivations/conv2d.md. Fast version: engine/parts/conv2d.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.arguments import flag, whole
from minicnn.backends import Padding, Window, ops_for, pair
from minicnn.backends.window import check_padding
from minicnn.errors import ConfigError
from minicnn.initializers import Initializer
from minicnn.initializers import get as get_initializer
from minicnn.layers.activations import Activated
from minicnn.typing import Array, Cache, Pair, Params, Shape


class Conv2D(Activated):
    """y[n,i,j,f] = b[f] + Σ_{kh,kw,c} x[n, i·s+kh·d, j·s+kw·d, c] · W[kh,kw,c,f].

    s is the stride and d the dilation; x has its padding around it. All of it is one matrix
    product: ``im2col`` lays every window out as a row, the kernel is seen as a matrix with a
    column for each filter, and their product is the output map.

        x (N, H, W, C)   W (KH, KW, C/groups, F)   b (F,)   y (N, OH, OW, F)

    With ``groups`` the channels are dealt out: each group of F/groups filters sees only its
    own C/groups channels (``groups=C`` is the depthwise convolution).

    >>> layer = Conv2D(1, 3)
    >>> layer.build((4, 5, 1), np.random.default_rng(0))
    (2, 3, 1)
    >>> edge = np.array([[1.0, 0, -1]] * 3)                     # bright left, dark right
    >>> layer.params["W"] = edge.reshape(3, 3, 1, 1)
    >>> picture = np.array([[1.0, 1, 1, 0, 0]] * 4).reshape(1, 4, 5, 1)
    >>> layer(picture)[0, :, :, 0]
    array([[0., 3., 3.],
           [0., 3., 3.]])
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | Pair,
        strides: int | Pair = 1,
        padding: Padding = "valid",
        dilation: int | Pair = 1,
        groups: int = 1,
        use_bias: bool = True,
        activation: str | None = None,
        kernel_initializer: str | Initializer = "glorot_uniform",
        name: str | None = None,
    ) -> None:
        super().__init__(activation, name)
        self.filters = whole(filters, "filters", self.where)
        self.kernel_size = pair(kernel_size, f"{self.where}: kernel_size")
        self.strides = pair(strides, f"{self.where}: strides")
        self.padding = check_padding(padding, self.where)
        self.dilation = pair(dilation, f"{self.where}: dilation")
        self.groups = whole(groups, "groups", self.where)
        self.use_bias = flag(use_bias, "use_bias", self.where)
        get_initializer(kernel_initializer, self.where)  # complain now, not in build
        self.kernel_initializer = kernel_initializer
        if self.filters % self.groups:
            raise ConfigError(
                f"{self.where}: expected filters to be a multiple of groups, got {filters} "
                f"filters in {groups} groups"
            )

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """Lay the window on the map; draw W; b begins at zero."""
        H, W, C = self.maps(input_shape)
        if C % self.groups:
            raise ConfigError(
                f"{self.where}: expected the input's channels to be a multiple of groups, got "
                f"{C} channels for {self.groups} groups"
            )
        self.window = Window.fit(
            (H, W), self.kernel_size, self.strides, self.padding, self.dilation, self.where
        )
        kernel_shape = (*self.kernel_size, C // self.groups, self.filters)
        self.params = {"W": self.new_param(kernel_shape, self.kernel_initializer, rng)}
        if self.use_bias:
            self.params["b"] = self.new_param((self.filters,), "zeros", rng)
        return self.built(input_shape, (*self.window.out, self.filters))

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        """y = columns · W + b."""
        ops = self.check(x)
        y = ops.kernel_product(ops.im2col(x, self.window), self.param("W", x), self.groups)
        y, activation = self._finish(y, x)  # + b, and the activation
        return y, {"x": x, "activation": activation}

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """dW = columnsᵀ · dy, db = Σ dy, and dx = col2im(dy · Wᵀ).

        The columns are KH·KW times larger than x, so they are made anew, not kept.
        """
        ops, (dz, grads) = ops_for(dy), self._slopes(dy, cache)
        dcolumns = ops.columns_gradient(dz, self.param("W", cache["x"]), self.groups)
        return ops.col2im(dcolumns, self.window), grads

    def gradients(self, dy: Array, cache: Cache) -> Params:
        """dW and db alone: dx, the costlier half, is left out."""
        if type(self).backward is not Conv2D.backward:
            return super().gradients(dy, cache)  # a subclass has a backward of its own
        return self._slopes(dy, cache)[1]

    def _slopes(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """The gradient before the activation, and with it dW and db."""
        ops = self.check_dy(dy, like=cache["x"])
        dz, db = self._start_backward(dy, cache)
        columns, shape = ops.im2col(cache["x"], self.window), self.params["W"].shape
        return dz, {"W": ops.kernel_gradient(columns, dz, shape, self.groups), **db}

    def multiply_adds(self) -> int:
        """Every output number is a sum over one window."""
        return int(np.prod(self.window.out)) * int(self.params["W"].size)
