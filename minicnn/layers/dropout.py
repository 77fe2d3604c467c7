"""Dropout: leave units out at random, so that none relies on another.

Derivation: docs/derivations/dropout.md.
"""

from __future__ import annotations

from typing import Any

from minicnn.arguments import fraction
from minicnn.layers.layer import Layer
from minicnn.randomness import Moment
from minicnn.typing import Array, Cache, Params


class Dropout(Layer):
    """While training y = x ⊙ mask / (1 - rate), mask = 0 with probability ``rate``; else y = x.

        x, y, mask (N, ...)

    Dividing by 1 - rate keeps the expected value of y at x, so that the next layer meets
    numbers of the same size when training is over. The mask is a function of the moment
    (seed, epoch, step), the layer's path and the sample's place in the batch;
    ``training=True`` stands for the first moment, and draws the same mask every time.

    >>> import numpy as np
    >>> layer = Dropout(0.5, name="dropout_1")
    >>> _ = layer.build((8,), np.random.default_rng(0))
    >>> layer.forward(np.ones((1, 8)), training=True)[0]
    array([[2., 0., 2., 2., 0., 0., 2., 0.]])
    >>> layer.forward(np.ones((1, 8)))[0]
    array([[1., 1., 1., 1., 1., 1., 1., 1.]])
    """

    def __init__(self, rate: float, name: str | None = None) -> None:
        super().__init__(name)
        self.rate = fraction(rate, "rate", self.where)

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        """Silence some units, let the others speak louder."""
        ops = self.check(x)
        if not training or self.rate == 0:
            return x, {"scale": None}
        moment = Moment.of(training)
        key = moment.key(self.path or self.name or "")
        keep = ops.keep_mask(key, moment.sample, x.shape, self.rate)
        scale = keep * x.dtype.type(1 / (1 - self.rate))
        return x * scale, {"scale": scale}

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """The gradient goes where the signal went, as loud."""
        self.check_dy(dy)
        return (dy if cache["scale"] is None else dy * cache["scale"]), {}
