"""SeparableConv2D: where in a first step, which channels in a second.

Derivation: docs/derivations/conv2d.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.arguments import whole
from minicnn.backends import Padding
from minicnn.initializers import Initializer
from minicnn.layers.chain import Chain
from minicnn.layers.conv2d import Conv2D
from minicnn.layers.layer import Layer
from minicnn.typing import Pair, Shape


class SeparableConv2D(Chain):
    """A chain of two convolutions: one over places for each channel, one over channels.

        x (N, H, W, C)   depthwise/W (KH, KW, 1, C·M)   pointwise/W (1, 1, C·M, F)
        y (N, OH, OW, F)                                pointwise/b (F,)

    M is the ``depth_multiplier``. A Conv2D multiplies KH·KW·C·F times at each place, this
    KH·KW·C·M + C·M·F times: with 3×3 kernels and many channels a ninth of it.

    >>> layer = SeparableConv2D(64, 3, padding="same")
    >>> layer.build((8, 8, 32), np.random.default_rng(0))
    (8, 8, 64)
    >>> layer.count_params()                    # a Conv2D has 18,496
    2400
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | Pair,
        strides: int | Pair = 1,
        padding: Padding = "valid",
        dilation: int | Pair = 1,
        depth_multiplier: int = 1,
        use_bias: bool = True,
        activation: str | None = None,
        kernel_initializer: str | Initializer = "glorot_uniform",
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.filters, self.kernel_size, self.strides = filters, kernel_size, strides
        self.padding, self.dilation = padding, dilation
        self.depth_multiplier = whole(depth_multiplier, "depth_multiplier", self.where)
        self.use_bias, self.activation = use_bias, activation
        self.kernel_initializer = kernel_initializer
        self.layers = self._steps(channels=1)  # complains now about what makes no sense

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """Only now it is known how many channels the first step keeps apart."""
        _, _, C = self.maps(input_shape)
        if self.layers[0].config()["groups"] != C:
            self.layers = self._steps(C)
        return super().build(input_shape, rng)

    def _steps(self, channels: int) -> list[Layer]:
        depthwise = Conv2D(
            channels * self.depth_multiplier,
            self.kernel_size,
            self.strides,
            self.padding,
            self.dilation,
            groups=channels,
            use_bias=False,
            kernel_initializer=self.kernel_initializer,
            name="depthwise",
        )
        pointwise = Conv2D(
            self.filters,
            1,
            use_bias=self.use_bias,
            activation=self.activation,
            kernel_initializer=self.kernel_initializer,
            name="pointwise",
        )
        return [depthwise, pointwise]

    def config(self) -> dict[str, Any]:
        """The arguments; the two layers follow from them."""
        return Layer.config(self)

    def __repr__(self) -> str:
        return Layer.__repr__(self)
