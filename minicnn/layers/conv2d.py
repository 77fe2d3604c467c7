"""Conv2D: the same small filters at every place of a picture (floor 2).

Derivation: docs/derivations/conv2d.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.arguments import flag, whole
from minicnn.backends import Padding, Window, pair
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
        """y = columns · W + b: one product for each group."""
        ops = self.check(x)
        y = self._join(ops.matmul(self._columns(x), self._kernel_matrix(x)))  # (N, OH, OW, F)
        y, activation = self._finish(y, x)  # + b, and the activation
        return y, {"x": x, "activation": activation}

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """dW = columnsᵀ · dy, db = Σ dy, and dx = col2im(dy · Wᵀ).

        The columns are KH·KW times larger than x, so they are made anew, not kept.
        """
        x = cache["x"]
        ops = self.check_dy(dy, like=x)
        dy = self._before_activation(dy, cache)
        grads = self._slopes(x, dy)
        dcols = ops.matmul(self._split(dy), self._kernel_matrix(x).transpose(0, 2, 1))
        return ops.col2im(self._ungrouped(dcols), self.window), grads

    def gradients(self, dy: Array, cache: Cache) -> Params:
        """dW and db alone: dx, the costlier half, is left out."""
        if type(self).backward is not Conv2D.backward:
            return super().gradients(dy, cache)  # a subclass has a backward of its own
        self.check_dy(dy, like=cache["x"])
        return self._slopes(cache["x"], self._before_activation(dy, cache))

    def _slopes(self, x: Array, dy: Array) -> Params:
        """The parameters' gradients, from the gradient before the activation."""
        ops = self.check_dy(dy)
        dW = ops.matmul(self._columns(x).transpose(0, 2, 1), self._split(dy))
        grads = {"W": dW.transpose(1, 0, 2).reshape(self.params["W"].shape)}
        if self.use_bias:
            grads["b"] = ops.channel_sums(dy)
        return grads

    def _columns(self, x: Array) -> Array:
        """The windows as rows, for each group its own channels: (G, N·OH·OW, KH·KW·C/G)."""
        cols = self.check(x).im2col(x, self.window)
        cols = cols.reshape(-1, self.window.cells, self.groups, x.shape[3] // self.groups)
        return cols.transpose(2, 0, 1, 3).reshape(self.groups, cols.shape[0], -1)

    def _ungrouped(self, cols: Array) -> Array:
        """The groups' columns joined, as im2col lays them: (N, OH, OW, KH·KW·C)."""
        G, _, length = cols.shape
        cells = self.window.cells
        cols = cols.reshape(G, -1, cells, length // cells).transpose(1, 2, 0, 3)
        return cols.reshape(-1, *self.window.out, G * length)

    def _kernel_matrix(self, x: Array) -> Array:
        """W as a matrix for each group: (G, KH·KW·C/G, F/G)."""
        W = self.param("W", x)
        return W.reshape(-1, self.groups, self.filters // self.groups).transpose(1, 0, 2)

    def _split(self, y: Array) -> Array:
        """(N, OH, OW, F) as (G, N·OH·OW, F/G)."""
        return y.reshape(-1, self.groups, self.filters // self.groups).transpose(1, 0, 2)

    def _join(self, y: Array) -> Array:
        """The inverse of :meth:`_split`."""
        return y.transpose(1, 0, 2).reshape(-1, *self.window.out, self.filters)

    def multiply_adds(self) -> int:
        """Every output number is a sum over one window."""
        return int(np.prod(self.window.out)) * int(self.params["W"].size)
