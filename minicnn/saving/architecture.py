"""Layers as plain data, and back: class names and constructor arguments only.

A class is found by its name in a whitelist: minicnn's own layers, and those that the caller
names. Nothing is imported because a file says so.

>>> plain = describe(layers.Chain(layers.Dense(2, activation="relu"), name="head"))
>>> plain["layer"], plain["config"]["name"], plain["config"]["layers"][0]["config"]["units"]
('Chain', 'head', 2)
>>> rebuild(plain)
Chain(Dense(units=2, activation='relu'))
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from minicnn import initializers, layers
from minicnn.errors import ConfigError, SavingError
from minicnn.layers import Layer

Plain: TypeAlias = Any  # what JSON knows
Classes: TypeAlias = dict[tuple[str, str], type[Layer]]  # ("layer" or "custom_layer", name)


@dataclass(frozen=True)
class LostFunction:
    """Stands for an initializer that was a function: functions are never saved.

    A loaded layer has its weights and needs no initializer. Only who builds it anew, with
    fresh weights, must first give it one.
    """

    name: str

    def __call__(self, *_: Any) -> Any:
        """Say what is missing."""
        raise ConfigError(
            f"expected an initializer for fresh weights, got the name of a function "
            f"({self.name}), as functions are not saved; set layer.kernel_initializer before "
            f"building anew"
        )


def describe(layer: Layer) -> Plain:
    """A layer, and all layers inside it, as plain data."""
    kind = "layer" if type(layer).__module__.startswith("minicnn.") else "custom_layer"
    config = {
        argument: _describe_value(value, argument, layer)
        for argument, value in layer.config().items()
        if argument != "input_shape"  # the network as a whole has one: see ModelFile
    }
    plain = {kind: type(layer).__name__, "config": config}
    return plain if layer.trainable else plain | {"frozen": True}


def _describe_value(value: Any, argument: str, layer: Layer) -> Plain:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic) and value.dtype.kind in "fiub":
        return value.item()
    if isinstance(value, Layer):
        return describe(value)
    if isinstance(value, list | tuple):
        return [_describe_value(inner, argument, layer) for inner in value]
    if callable(value) and argument.endswith("initializer"):
        return _describe_initializer(value)
    raise SavingError(
        f"{layer.where}: expected arguments that can be saved (numbers, texts, layers and lists of "
        f"them), got {argument}={value!r}; keep what the layer needs in plain values"
    )


def _describe_initializer(function: Any) -> Plain:
    if isinstance(function, LostFunction):
        return {"function": function.name}
    name = getattr(function, "__name__", type(function).__name__)
    return name if initializers.BY_NAME.get(name) is function else {"function": name}


def rebuild(plain: Plain, classes: Classes | None = None) -> Layer:
    """The layer that ``describe`` was given, without its weights."""
    kind = "layer" if "layer" in plain else "custom_layer"
    name = plain[kind]
    known = whitelist() if classes is None else classes
    if (kind, name) not in known:
        remedy = (
            f"load_model(path, custom_layers=[{name}]) if you trust it"
            if kind == "custom_layer"
            else "it was saved by another version of minicnn"
        )
        names = ", ".join(sorted(known_name for _, known_name in known))
        raise SavingError(f"expected layers from {names}, got {name!r}; {remedy}")
    which = known[kind, name]
    parameters = inspect.signature(which).parameters
    arguments: list[Any] = []
    named: dict[str, Any] = {}
    for argument, value in plain["config"].items():
        if argument == "input_shape":
            raise SavingError(f"expected one input shape for the whole network, got one for {name}")
        value = _rebuild_value(value, known)
        if parameters[argument].kind is inspect.Parameter.VAR_POSITIONAL:
            arguments.extend(value)
        else:
            named[argument] = value
    layer = which(*arguments, **named)
    layer.trainable = not plain.get("frozen", False)
    return layer


def _rebuild_value(value: Plain, classes: Classes) -> Any:
    if isinstance(value, list):
        return tuple(_rebuild_value(inner, classes) for inner in value)
    if isinstance(value, dict):
        return LostFunction(value["function"]) if "function" in value else rebuild(value, classes)
    return value


def whitelist(
    also: Mapping[str, type[Layer]] | None = None, custom: Iterable[type[Layer]] = ()
) -> Classes:
    """minicnn's layers, those that a higher floor adds, and those that the caller names."""
    classes: Classes = {("layer", name): getattr(layers, name) for name in layers.__all__}
    classes |= {("layer", name): which for name, which in (also or {}).items()}
    for which in custom:
        if not (isinstance(which, type) and issubclass(which, Layer)):
            raise ConfigError(f"custom_layers: expected subclasses of minicnn.Layer, got {which!r}")
        classes["custom_layer", which.__name__] = which
    return classes
