"""Residual: what goes in comes out too, with something added.

Derivation: docs/derivations/chain.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.errors import ShapeError
from minicnn.layers import contract
from minicnn.layers.chain import Chain
from minicnn.layers.container import Container
from minicnn.layers.layer import Layer
from minicnn.typing import Array, Cache, Params, Shape


class Residual(Container):
    """y = body(x) + shortcut(x); dx is the sum of what comes back along the two ways.

        x (N, ...)   body(x), shortcut(x), y (N, ...): one shape

    Without a shortcut, x itself is added: then the gradient has a way back that nothing
    weakens, and very deep networks learn.

    >>> from minicnn.layers import Dense
    >>> layer = Residual(Dense(3, kernel_initializer="zeros"))
    >>> _ = layer.build((3,), np.random.default_rng(0))
    >>> layer(np.array([[1.0, 2.0, 3.0]]))
    array([[1., 2., 3.]])
    """

    def __init__(self, body: Layer, shortcut: Layer | None = None, name: str | None = None) -> None:
        self.body = body
        self.shortcut = shortcut
        self._way = Chain(name="shortcut") if shortcut is None else shortcut
        super().__init__([body, self._way], name)

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """Both ways must end in the same shape, so that they can be added."""
        self._name_children()
        through, around = (self._build_child(layer, input_shape, rng) for layer in self.layers)
        if through != around:
            raise ShapeError(
                f"{self.where}: expected body and shortcut to end in one shape, got {through} and "
                f"{around}; give a shortcut that changes the shape as the body does, such as "
                f"Conv2D(filters, 1, strides=...)"
            )
        return self.built(input_shape, through)

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        """The sum of the two ways."""
        self.check(x)
        y, body = contract.forward(self.body, x, training)
        around, shortcut = contract.forward(self._way, x, training)
        return y + around, {"body": body, "shortcut": shortcut}

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """A sum hands its gradient to both ways; x, used twice, adds up what comes back."""
        dx, body = contract.backward(self.body, dy, cache["body"])
        around, shortcut = contract.backward(self._way, dy, cache["shortcut"])
        return dx + around, self._paths(self.body, body) | self._paths(self._way, shortcut)

    def next_state(self, cache: Cache) -> Params:
        """What the running figures of both ways become."""
        body = self.body.next_state(cache["body"])
        shortcut = self._way.next_state(cache["shortcut"])
        state = {f"{self.body.name}/{k}": s for k, s in body.items()}
        return state | {f"{self._way.name}/{k}": s for k, s in shortcut.items()}
