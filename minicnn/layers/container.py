"""A network is a layer made of layers: what the containers share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Self

import numpy as np

from minicnn.arguments import is_whole
from minicnn.backends import Ops
from minicnn.errors import ConfigError, NoSuchLayerError, NotBuiltError, ShapeError
from minicnn.initializers import Unfilled
from minicnn.layers import contract
from minicnn.layers.layer import Layer
from minicnn.layers.paths import Paths
from minicnn.typing import Array, Params, Shape


class Container(Layer):
    """Layers inside a layer; their parameters appear under paths such as ``conv2d_1/W``."""

    def __init__(self, layers: Sequence[Layer], name: str | None = None) -> None:
        self.name = name
        self.input_shape = self.output_shape = None
        self._param_shapes = {}
        thing: Any
        for thing in layers:
            if not isinstance(thing, Layer):
                remedy = f"; make one: {thing.__name__}(...)" if isinstance(thing, type) else ""
                raise ConfigError(
                    f"{self.where}: expected layers (subclasses of minicnn.Layer), got "
                    f"{thing!r}{remedy}"
                )
            contract.begun(thing)
        inside = [id(layer) for outer in layers for layer in outer.walk()]
        if len(set(inside)) < len(inside):
            raise ConfigError(
                f"{self.where}: expected every layer once, got the same one twice; make a second "
                f"layer with the same arguments"
            )
        self.layers = list(layers)

    @property
    def children(self) -> tuple[Layer, ...]:
        """The layers inside this one."""
        return tuple(self.layers)

    @property
    def params(self) -> Params:  # type: ignore[override]
        """The parameters of all layers inside, by path: a view, what is put in goes to them."""
        return Paths({str(c.name): c.params for c in self.layers})

    @property
    def state(self) -> Params:  # type: ignore[override]
        """The running figures of all layers inside, by path."""
        return Paths({str(c.name): c.state for c in self.layers})

    @property
    def per_sample(self) -> bool:  # type: ignore[override]
        """A container treats samples one by one if all its layers do."""
        return all(layer.per_sample for layer in self.layers)

    def check(self, x: Array) -> Ops:
        """As for any layer; and whatever stands inside must have been built."""
        for layer in self.layers:
            if self.input_shape is not None and layer.input_shape is None:
                raise NotBuiltError(
                    f"{self.where}: expected layers that are built, got {layer!r}, which was put "
                    f"among them later; write model.add(layer), or make a new model"
                )
        return super().check(x)

    def set_state(self, state: Params) -> None:
        """Hand each running figure to the layer that its path names."""
        for path, value in state.items():
            name, _, rest = path.partition("/")
            self[name].set_state({rest: value})

    def astype(self, dtype: Any) -> Self:
        """Turn everything inside into ``dtype``."""
        for layer in self.layers:
            layer.astype(dtype)
        return self

    def multiply_adds(self) -> int:
        """The sum over the layers inside."""
        return sum(layer.multiply_adds() for layer in self.layers)

    def _build_child(self, layer: Layer, shape: Shape, rng: np.random.Generator) -> Shape:
        """Build a layer inside. What it has learnt elsewhere it keeps; built twice, it does not.

        That is: a container built for the first time takes over layers that are built already,
        and one that is built again, by its own ``build``, draws everything afresh.
        """
        if self.input_shape is not None or layer.input_shape is None:
            return contract.build(layer, shape, rng)
        learnt = [
            (inner, inner.params, inner.state)
            for inner in layer.walk()
            if not isinstance(inner, Container)
        ]
        old_shape = layer.input_shape
        output_shape = contract.build(layer, shape, Unfilled())
        fits = all(
            _shapes(params) == _shapes(inner.params) and _shapes(state) == _shapes(inner.state)
            for inner, params, state in learnt
        )
        if not fits:
            contract.build(layer, old_shape, Unfilled())
        for inner, params, state in learnt:
            inner.params, inner.state = params, state
        if not fits:
            raise ShapeError(
                f"{layer.where}: expected inputs of shape {old_shape}, for which it is built "
                f"already, got {shape}, for which its weights have the wrong shapes; give it such "
                f"inputs, or make a new layer (layer.build(shape, rng) drops what it has learnt)"
            )
        return output_shape

    def _paths(self, layer: Layer, grads: Params) -> Params:
        """The gradients of a layer inside, under their paths."""
        return {f"{layer.name}/{key}": g for key, g in grads.items()}

    def __getitem__(self, which: Any) -> Layer:
        """A layer by its place or its name: ``chain[0]``, ``chain[-1]``, ``chain["conv2d_1"]``."""
        for place, layer in enumerate(self.layers):
            if which == layer.name or (is_whole(which) and which in (place, place - len(self))):
                return layer
        names = ", ".join(str(layer.name) for layer in self.layers)
        remedy = "; for several write .layers[...]" if isinstance(which, slice) else ""
        raise NoSuchLayerError(
            f"{self.where}: expected the name of a layer ({names}) or its place, counted from 0, "
            f"got {which!r}{remedy}"
        )

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def _name_children(self) -> None:
        """Give each nameless layer a name (conv2d_1, conv2d_2, ...), and all their place."""
        taken = Counter(layer.name for layer in self.layers if layer.name)
        for name, times in taken.items():
            if times > 1 or not isinstance(name, str) or "/" in name:
                raise ConfigError(
                    f"{self.where}: expected each layer to have a name of its own, text without "
                    f"a slash, got {name!r}{' twice' if times > 1 else ''}"
                )
        for place, layer in enumerate(self.layers, 1):
            number = 1
            while not layer.name:
                name = f"{type(layer).__name__.lower()}_{number}"
                if name not in taken:
                    layer.name = name
                    taken[name] = 1
                number += 1
            layer.path = f"{self.path}/{layer.name}" if self.path else layer.name
            layer.position = f"layer {place} of {len(self.layers)}"


def _shapes(arrays: Params) -> dict[str, Shape]:
    return {key: tuple(a.shape) for key, a in arrays.items()}
