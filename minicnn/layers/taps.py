"""A network that can be listened to: what goes through each layer, by path.

Layers keep nothing of what they compute. So whoever wants to see it gets a copy of the network
whose layers write down their outputs, and the gradients that come back to them. The copy shares
all parameters; the network itself is not touched, and others may use it meanwhile.
"""

from __future__ import annotations

import copy
from typing import Any, TypeVar

from minicnn.layers.layer import Layer
from minicnn.typing import Array, Cache, Params

AnyLayer = TypeVar("AnyLayer", bound=Layer)


class Tapped:
    """What was heard: ``outputs`` after a forward pass, ``gradients`` of them after a backward."""

    def __init__(self) -> None:
        self.outputs: dict[str, Array] = {}
        self.gradients: dict[str, Array] = {}

    def listen(self, layer: Layer) -> None:
        """Write down what goes through ``layer``, which must be a copy."""
        forward, backward, path = layer.forward, layer.backward, layer.path

        def heard_forward(x: Array, training: Any = False) -> tuple[Array, Cache]:
            y, cache = forward(x, training)
            self.outputs[path] = y
            return y, cache

        def heard_backward(dy: Array, cache: Cache) -> tuple[Array, Params]:
            self.gradients[path] = dy
            return backward(dy, cache)

        vars(layer).update(forward=heard_forward, backward=heard_backward)


def tap(network: AnyLayer) -> tuple[AnyLayer, Tapped]:
    """A copy of a built network, and what is heard in all layers inside it.

    >>> import numpy as np
    >>> from minicnn.layers import Chain, Dense, Residual
    >>> net = Chain(Residual(Dense(2)), Dense(1))
    >>> _ = net.build((2,), np.random.default_rng(0))
    >>> copied, heard = tap(net)
    >>> _ = copied.forward(np.ones((1, 2)))
    >>> sorted(heard.outputs)
    ['dense_1', 'residual_1', 'residual_1/dense_1', 'residual_1/shortcut']
    """
    heard = Tapped()
    return _copied(network, heard), heard


def _copied(layer: AnyLayer, heard: Tapped) -> AnyLayer:
    """A copy of a layer over copies of the layers inside, under whatever names it holds them."""
    copied = copy.copy(layer)
    inside = {id(child): _copied(child, heard) for child in layer.children}
    for child in inside.values():
        heard.listen(child)
    for name, value in vars(layer).items():
        vars(copied)[name] = _exchanged(value, inside)
    return copied


def _exchanged(value: Any, inside: dict[int, Any]) -> Any:
    """An attribute with the layers in it, alone or in a list, tuple or dictionary, exchanged."""
    if type(value) in (list, tuple):
        return type(value)(inside.get(id(item), item) for item in value)
    if type(value) is dict:
        return {key: inside.get(id(item), item) for key, item in value.items()}
    return inside.get(id(value), value)
