"""Chain: one layer after another. Derivation: docs/derivations/chain.md."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.arguments import sizes
from minicnn.layers import contract
from minicnn.layers.container import Container
from minicnn.layers.layer import Layer
from minicnn.typing import Array, Params, Shape


class Chain(Container):
    """y = fₙ(... f₂(f₁(x))); by the chain rule dx = f₁'(f₂'(... fₙ'(dy))), each fᵢ' a backward.

        x (N, ...)   y: the last layer's output

    An empty chain passes its input through.

    >>> from minicnn.layers import Dense
    >>> net = Chain(Dense(4, activation="relu"), Dense(1))
    >>> net.build((3,), np.random.default_rng(0))
    (1,)
    >>> sorted(net.params)
    ['dense_1/W', 'dense_1/b', 'dense_2/W', 'dense_2/b']
    """

    def __init__(self, *layers: Layer, name: str | None = None) -> None:
        super().__init__(layers, name)

    @property
    def entrance(self) -> str:
        """The first layer inside is the one to meet the input."""
        return f"{self.where}, {self.layers[0].entrance}" if self.layers else self.where

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """Each layer is built for what the one before it gives."""
        self._name_children()
        shape = sizes(input_shape, self.where)
        for layer in self.layers:
            shape = self._build_child(layer, shape, rng)
        return self.built(input_shape, shape)

    def forward(self, x: Array, training: Any = False) -> tuple[Array, list[Any]]:
        """Through the layers in order, keeping each one's cache."""
        self.check(x)
        caches = []
        for layer in self.layers:
            x, cache = contract.forward(layer, x, training)
            caches.append(cache)
        return x, caches

    def backward(self, dy: Array, cache: list[Any]) -> tuple[Array, Params]:
        """Through the layers in reverse: each one's dx is the dy of the one before it."""
        self.check_dy(dy)
        grads: Params = {}
        for layer, its_cache in zip(reversed(self.layers), reversed(cache), strict=True):
            dy, its_grads = contract.backward(layer, dy, its_cache)
            grads |= self._paths(layer, its_grads)
        return dy, {path: grads[path] for path in self.params}

    def gradients(self, dy: Array, cache: list[Any]) -> Params:
        """Back to the first layer that has parameters, and no further."""
        if type(self).backward is not Chain.backward:
            return super().gradients(dy, cache)  # a subclass has a backward of its own
        self.check_dy(dy)
        grads: Params = {}
        learning = [place for place, layer in enumerate(self.layers) if layer.params]
        for place in range(len(self.layers) - 1, min(learning, default=len(self.layers)), -1):
            dy, its_grads = contract.backward(self.layers[place], dy, cache[place])
            grads |= self._paths(self.layers[place], its_grads)
        for place in learning[:1]:
            layer = self.layers[place]
            its_grads = contract.gradients(layer, layer.gradients(dy, cache[place]))
            grads |= self._paths(layer, its_grads)
        return {path: grads[path] for path in self.params}

    def infer(self, x: Array) -> Array:
        """The output alone: every cache is dropped as soon as its layer is done."""
        self.check(x)
        for layer in self.layers:
            x = contract.output(layer, layer.infer(x), len(x))
        return x

    def next_state(self, cache: list[Any]) -> Params:
        """What each layer's running figures become."""
        return {
            f"{layer.name}/{key}": value
            for layer, its_cache in zip(self.layers, cache, strict=True)
            for key, value in layer.next_state(its_cache).items()
        }

    def config(self) -> dict[str, Any]:
        return {"layers": self.layers, "name": self.name}

    def __repr__(self) -> str:
        return f"Chain({', '.join(map(repr, self.layers))})"
