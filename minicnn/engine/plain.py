"""The plain loop over the layers: the definition of what the engine computes.

Everything else in this room only finds a faster order for the same arithmetic, and a property
test holds it to this loop. ``engine_options(plain=True)`` comes back here.
"""

from __future__ import annotations

from typing import Any

from minicnn.layers import Chain
from minicnn.typing import Array, Cache, Params


class PlainEngine:
    """Forward, backward and prediction of one chain, layer by layer, the whole batch at once."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain

    def forward(self, x: Array, training: Any) -> tuple[Array, Cache]:
        """The output of a training step, and the caches for ``backward``."""
        return self.chain.forward(x, training)

    def backward(self, dy: Array, cache: Cache) -> Params:
        """The gradients of all parameters (nobody needs the one of the input)."""
        return self.chain.gradients(dy, cache)

    def infer(self, x: Array) -> Array:
        """The output alone."""
        return self.chain.infer(x)
