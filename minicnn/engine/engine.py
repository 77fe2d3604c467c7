"""Runs a chain of layers over a batch (floor 3): the plain loop, which is the definition."""

from __future__ import annotations

from typing import Any

from minicnn.layers import Chain
from minicnn.typing import Array, Cache, Params


class Engine:
    """Forward, backward and prediction of one chain."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain

    def forward(self, x: Array, training: Any) -> tuple[Array, Cache]:
        """The output of a training step, and the caches for ``backward``."""
        return self.chain.forward(x, training)

    def backward(self, dy: Array, cache: Cache) -> Params:
        """The gradients of all parameters (nobody needs the one of the input)."""
        return self.chain.backward(dy, cache)[1]

    def infer(self, x: Array) -> Array:
        """The output alone."""
        return self.chain.infer(x)
