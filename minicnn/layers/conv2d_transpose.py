"""Conv2DTranspose: a convolution's backward pass, used forward to make maps larger.

Derivation: docs/derivations/conv2d-transpose.md.
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


class Conv2DTranspose(Activated):
    """Each cell of x paints the kernel, times itself, onto y; where they overlap, they add up.

        y[n, i·s+kh·d, j·s+kw·d, f] += x[n,i,j,c] · W[kh,kw,f,c], and then + b[f]

        x (N, H, W, C)   W (KH, KW, F, C)   b (F,)   y (N, OH, OW, F)

    It is the adjoint of a Conv2D that leads from maps like y to maps like x. ``padding="same"``
    makes a map ``strides`` times as large; "valid" paints every kernel whole; a number of cells
    is cut off the rim of that. W has Keras's order: the filters before the channels.

    >>> layer = Conv2DTranspose(1, 2, strides=2)
    >>> layer.build((2, 2, 1), np.random.default_rng(0))
    (4, 4, 1)
    >>> layer.params["W"] = np.array([[1.0, 2], [3, 4]]).reshape(2, 2, 1, 1)
    >>> layer(np.array([[1.0, 0], [0, 10]]).reshape(1, 2, 2, 1))[0, :, :, 0]
    array([[ 1.,  2.,  0.,  0.],
           [ 3.,  4.,  0.,  0.],
           [ 0.,  0., 10., 20.],
           [ 0.,  0., 30., 40.]])
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | Pair,
        strides: int | Pair = 1,
        padding: Padding = "valid",
        dilation: int | Pair = 1,
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
        self.use_bias = flag(use_bias, "use_bias", self.where)
        get_initializer(kernel_initializer, self.where)  # complain now, not in build
        self.kernel_initializer = kernel_initializer

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """Find the map over which the window, moving by ``strides``, stops H times W times."""
        H, W, C = self.maps(input_shape)
        size = self._painted(0, H), self._painted(1, W)
        self.window = Window.fit(
            size, self.kernel_size, self.strides, self.padding, self.dilation, self.where
        )
        self.params = {
            "W": self.new_param((*self.kernel_size, self.filters, C), self.kernel_initializer, rng)
        }
        if self.use_bias:
            self.params["b"] = self.new_param((self.filters,), "zeros", rng)
        return self.built(input_shape, (*size, self.filters))

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        """y = col2im(x · Wᵀ) + b: what a Conv2D does to a gradient."""
        ops = self.check(x)
        cols = ops.product(x.reshape(-1, x.shape[3]), self._kernel_matrix(x).T)
        y = ops.col2im(cols.reshape(*x.shape[:3], -1), self.window)
        y, activation = self._finish(y, x)  # + b, and the activation
        return y, {"x": x, "activation": activation}

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """dx = im2col(dy) · W: what a Conv2D does to a picture; dW = im2col(dy)ᵀ · x."""
        x = cache["x"]
        ops = self.check_dy(dy, like=x)
        dy, db = self._start_backward(dy, cache)
        cols = ops.im2col(dy, self.window)  # (N, H, W, KH·KW·F)
        rows = cols.reshape(-1, cols.shape[3])
        dx = ops.product(rows, self._kernel_matrix(x)).reshape(x.shape)
        dW = ops.product(rows.T, x.reshape(-1, x.shape[3])).reshape(self.params["W"].shape)
        return dx, {"W": dW, **db}

    def multiply_adds(self) -> int:
        """Every input cell paints the whole kernel."""
        return int(np.prod(self.window.out)) * int(self.params["W"].size)

    def _kernel_matrix(self, x: Array) -> Array:
        """W as (KH·KW·F, C)."""
        return self.param("W", x).reshape(-1, x.shape[3])

    def _painted(self, axis: int, cells: int) -> int:
        """How long y is along an axis, as in Keras: no cell is left that no window begins at."""
        stride = self.strides[axis]
        if self.padding == "same":
            return cells * stride
        reach = (self.kernel_size[axis] - 1) * self.dilation[axis] + 1
        if self.padding == "valid":
            return (cells - 1) * stride + max(reach, stride)
        assert not isinstance(self.padding, str)
        rim = self.padding if isinstance(self.padding, int) else self.padding[axis]
        cut = 2 * rim if isinstance(rim, int) else sum(rim)
        length = (cells - 1) * stride + reach - cut
        if length < 1:
            raise ConfigError(
                f"{self.where}: expected padding that leaves something of the output, got {cut} "
                f"cells to cut off {length + cut}; use less padding"
            )
        return length
