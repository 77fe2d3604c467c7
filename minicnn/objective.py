"""The objective: how a network's last layer and its loss belong together.

A sigmoid and a binary cross-entropy, or a softmax and a categorical one, are one function
written in two pieces, and only the whole is exact for large logits. So training looks at the
network up to its last activation, gives the logits to the loss, and applies the activation
for the metrics only.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from minicnn.backends import ops_for
from minicnn.errors import ConfigError
from minicnn.layers import (
    AvgPool2D,
    Chain,
    Concat,
    Dropout,
    Flatten,
    GlobalAvgPool2D,
    Layer,
    MaxPool2D,
    Sigmoid,
    Softmax,
    UpSample2D,
)
from minicnn.layers.activations import Activated
from minicnn.losses import BinaryCrossentropy, CategoricalCrossentropy, Loss
from minicnn.typing import Array


@dataclass(frozen=True)
class Objective:
    """What to train: ``body`` gives what ``loss`` wants; ``activation`` makes predictions of it.

    The body is the network, or all of it but the last activation.
    """

    network: Chain
    body: Chain
    loss: Loss
    activation: str | None

    def is_still(self, other: Objective) -> bool:
        """Whether both look at the same layers, with the same arrays in them."""
        return self.activation == other.activation and _shared(self.body, other.body)

    @property
    def multi_label(self) -> bool:
        """Whether each output is a yes or no of its own, and not one class of several."""
        shape = self.network.output_shape or ()
        return isinstance(self.loss, BinaryCrossentropy) and shape[-1:] > (1,)

    @property
    def classes(self) -> int:
        """How many classes there are; 0 if the loss knows of none."""
        if isinstance(self.loss, CategoricalCrossentropy):
            return (self.network.output_shape or (0,))[-1]
        return 2 if isinstance(self.loss, BinaryCrossentropy) and not self.multi_label else 0

    def predictions(self, outputs: Array) -> Array:
        """The body's outputs as probabilities, for the metrics."""
        ops = ops_for(outputs)
        if self.activation == "sigmoid":
            return ops.sigmoid(outputs)
        return ops.softmax(outputs) if self.activation == "softmax" else outputs


def objective_for(network: Chain, loss: Loss) -> Objective:
    """Join a network and a loss, or say why they don't fit."""
    last = _last_layer(network)
    found = _activation_of(last)
    wanted = loss.activation
    _check_units(network, last, loss)
    if wanted is None:
        return Objective(network, network, loss, None)
    if loss.from_logits:
        if found == wanted:
            raise ConfigError(
                f"{last.where}: expected logits for {loss!r}, got the output of a {found}; leave "
                f"the activation out, or use from_logits=False"
            )
        return Objective(network, network, loss, wanted)
    if found == wanted:
        return Objective(network, _without_last_activation(network), loss.on_logits(), wanted)
    if _gives_probabilities(network, wanted):
        return Objective(network, network, loss, None)
    place = (
        f'give it activation="{wanted}"'
        if isinstance(last, Activated)
        else f"put {wanted.capitalize()}() behind it"
    )
    raise ConfigError(
        f"{last.where}: expected a last layer that gives probabilities for {loss.name}, got one "
        f"that ends in {found or 'no activation'}; {place}, or train on logits with "
        f"{type(loss).__name__}(from_logits=True)"
    )


def up_to_scores(network: Chain) -> Chain:
    """The network less a last sigmoid or softmax: its outputs are scores (logits).

    A probability near 0 or 1 hardly moves whatever happens to the picture; its score does.
    """
    ends_in = _activation_of(_last_layer(network))
    return _without_last_activation(network) if ends_in in ("sigmoid", "softmax") else network


def _last_layer(network: Layer) -> Layer:
    while isinstance(network, Chain) and network.layers:
        network = network.layers[-1]
    return network


def _activation_of(layer: Layer) -> str | None:
    if isinstance(layer, Activated):
        return layer.activation
    if isinstance(layer, Sigmoid | Softmax):
        return type(layer).__name__.lower()
    return None


# These move, pick or average what they are given: probabilities stay probabilities.
KEEPS_PROBABILITIES = (AvgPool2D, Dropout, Flatten, GlobalAvgPool2D, MaxPool2D, UpSample2D)


def _gives_probabilities(layer: Layer, wanted: str) -> bool:
    """Whether ``wanted`` stands further up, with nothing behind it that would spoil its output."""
    if isinstance(layer, Chain):
        rest = list(layer.layers)
        while rest and isinstance(rest[-1], KEEPS_PROBABILITIES):
            rest.pop()
        return bool(rest) and _gives_probabilities(rest[-1], wanted)
    if isinstance(layer, Concat) and wanted == "sigmoid":  # softmaxes side by side add up to more
        return all(_gives_probabilities(branch, wanted) for branch in layer.children)
    if not _is_ours(layer):
        return True  # a layer of the user's may well give probabilities
    return _activation_of(layer) == wanted


def _is_ours(layer: Layer) -> bool:
    return type(layer).__module__.startswith("minicnn.")


def _check_units(network: Chain, last: Layer, loss: Loss) -> None:
    units = network.output_shape[-1] if network.output_shape else 0
    if isinstance(loss, CategoricalCrossentropy) and units == 1:
        raise ConfigError(
            f"{last.where}: expected a unit for each class for {loss.name}, got 1 unit, whose "
            f'softmax is always 1; use Dense(classes, activation="softmax"), or '
            f'Dense(1, activation="sigmoid") with "{BinaryCrossentropy.name}"'
        )


def _shared(one: Any, two: Any) -> bool:
    """Whether two things are one, or layers and lists whose contents are."""
    if isinstance(one, Layer) and type(one) is type(two) and vars(one).keys() == vars(two).keys():
        return one is two or all(_shared(vars(one)[key], vars(two)[key]) for key in vars(one))
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(_shared, one, two))
    return one is two


def _without_last_activation(network: Chain) -> Chain:
    """A chain over the same layers, less the last activation (all parameters are shared)."""
    body = copy.copy(network)
    last = network.layers[-1]
    if isinstance(last, Chain):
        body.layers = [*network.layers[:-1], _without_last_activation(last)]
    elif isinstance(last, Activated):
        body.layers = [*network.layers[:-1], last.split()[0]]
    else:
        body.layers = network.layers[:-1]
    return body
