"""What the pools share: where their window lies."""

from __future__ import annotations

import numpy as np

from minicnn.backends import Padding, Window, pair
from minicnn.backends.window import check_padding
from minicnn.errors import ConfigError
from minicnn.layers.layer import Layer
from minicnn.typing import Pair, Shape


class Pool2D(Layer):
    """A window of ``pool_size`` that moves by ``strides`` (its own size, if None) over each map.

    Windows may overlap (strides below the size); rows and columns that no window reaches are
    dropped; ``padding="same"`` adds cells that never count.
    """

    def __init__(
        self,
        pool_size: int | Pair = 2,
        strides: int | Pair | None = None,
        padding: Padding = "valid",
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.pool_size = pair(pool_size, f"{self.where}: pool_size")
        self.strides = (
            self.pool_size if strides is None else pair(strides, f"{self.where}: strides")
        )
        self.padding = check_padding(padding, self.where)

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """Lay the window on the map; the channels stay."""
        H, W, C = self.maps(input_shape)
        self.window = Window.fit(
            (H, W), self.pool_size, self.strides, self.padding, where=self.where
        )
        for size, pads in zip(self.window.kernel, self.window.pads, strict=True):
            if max(pads) >= size:
                raise ConfigError(
                    f"{self.where}: expected padding smaller than the window, got {pads} cells "
                    f"for a window of {size}: it would stand on padding alone, which has neither "
                    f"a largest cell nor a mean"
                )
        return self.built(input_shape, (*self.window.out, C))
