"""What every layer is: a pair of pure functions over its parameters.

    y,  cache = layer.forward(x, training=False)
    dx, grads = layer.backward(dy, cache)            # grads has the keys of layer.params

A layer holds parameters (``params``) and running figures (``state``), never activations:
what the backward pass needs is in the cache that the forward pass hands out. So calls are
re-entrant, and a student can print a cache.
"""

from __future__ import annotations

import inspect
import math
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Self

import numpy as np

from minicnn.arguments import sizes
from minicnn.backends import Ops, current_ops, ops_for
from minicnn.errors import ConfigError, ConformanceError, DtypeError, NotBuiltError, ShapeError
from minicnn.initializers import Initializer, Unfilled
from minicnn.initializers import get as get_initializer
from minicnn.layers import contract
from minicnn.typing import Array, Cache, Params, Shape

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
BUILD_DTYPE = np.float32
MOST_NUMBERS = min(1 << 40, sys.maxsize >> 3)  # of a sample: more has no memory, and no index


class Layer(ABC):
    """Subclass it, write ``forward`` and ``backward``, and ``build`` if there are parameters.

    Rules that :func:`minicnn.testing.check_layer` proves of every layer: shapes leave the
    batch out, the output has the input's dtype, inputs are never changed, and nothing that
    a call computed stays behind in the layer. Every constructor argument is kept as an
    attribute of the same name, which is how a layer is printed, saved and rebuilt.
    """

    per_sample = True  # each sample is treated by itself: a batch may be cut into blocks
    trainable = True  # set to False to freeze: the optimizer then leaves the layer alone
    path = ""  # "residual_1/conv2d_2", and
    position = ""  # "layer 2 of 3": both are set by the network that holds the layer

    def __init__(self, name: str | None = None) -> None:
        self.name = name
        self.params: Params = {}
        self.state: Params = {}
        self.input_shape: Shape | None = None
        self.output_shape: Shape | None = None
        self._param_shapes: dict[str, Shape] = {}

    # ---- what a layer writes itself ------------------------------------------------------

    def build(self, input_shape: Shape, rng: np.random.Generator) -> Shape:
        """Make the parameters for this input shape; return the output shape (both without N)."""
        return self.built(input_shape, input_shape)

    @abstractmethod
    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        """The output, and whatever ``backward`` needs. ``training``: False, True or a Moment."""

    @abstractmethod
    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        """dL/dx and dL/dparams, from dL/dy and what ``forward`` handed out."""

    def next_state(self, cache: Cache) -> Params:
        """The running figures after a training step with this cache (none, for most layers).

        The forward pass changes nothing; whoever trains hands these to :meth:`set_state`.
        """
        return {}

    def multiply_adds(self) -> int:
        """Multiply-adds of one sample's forward pass."""
        return 0

    def gradients(self, dy: Array, cache: Cache) -> Params:
        """dL/dparams alone, for a network's first layer: nobody asks for the gradient of pixels.

        Worth writing where dx is costly to make.
        """
        return self.backward(dy, cache)[1]

    # ---- what every layer can do -----------------------------------------------------------

    def infer(self, x: Array) -> Array:
        """The output alone, when no gradient is wanted."""
        return self.forward(x)[0]

    def __call__(self, x: Array) -> Array:
        """``layer(x)`` is ``layer.infer(x)``."""
        return self.infer(x)

    @property
    def children(self) -> tuple[Layer, ...]:
        """The layers inside this one."""
        return ()

    def walk(self) -> Iterator[Layer]:
        """This layer and all layers inside it, from the input to the output."""
        yield self
        for child in self.children:
            yield from child.walk()

    def astype(self, dtype: Any) -> Self:
        """Turn the parameters and running figures into ``dtype``; returns the layer itself."""
        if dtype not in FLOATS:
            raise DtypeError(f"{self.where}: expected float32 or float64, got {dtype!r}")
        for arrays in (self.params, self.state):
            for key in arrays:
                arrays[key] = arrays[key].astype(dtype)
        return self

    def set_state(self, state: Params) -> None:
        """Replace running figures by new ones of the same names."""
        self.state.update(state)

    def count_params(self) -> int:
        """How many numbers training can change."""
        return sum(int(p.size) for p in self.params.values())

    def config(self) -> dict[str, Any]:
        """The constructor's arguments, to print or rebuild the layer."""
        names = list(inspect.signature(type(self).__init__).parameters)[1:]
        if lost := [name for name in names if not hasattr(self, name)]:
            raise ConformanceError(
                f"{self.where}: expected every argument of __init__ as an attribute of its name, "
                f"got none called {lost[0]}; write self.{lost[0]} = {lost[0]}"
            )
        return {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        signature = inspect.signature(type(self).__init__).parameters
        shown = [
            f"{name}={value!r}"
            for name, value in self.config().items()
            if name != "name" and value != signature[name].default
        ]
        return f"{type(self).__name__}({', '.join(shown)})"

    # ---- words that layers share -------------------------------------------------------------

    @property
    def where(self) -> str:
        """The layer's name for error messages: ``conv2d_2 (Conv2D, layer 3 of 9)``."""
        kind, name = type(self).__name__, self.path or self.name
        notes = f"{kind}, {self.position}" if self.position else kind
        return f"{name} ({notes})" if name else notes

    @property
    def entrance(self) -> str:
        """The name of whoever meets the input first: the layer itself, or one inside it."""
        return self.where

    def built(self, input_shape: Shape, output_shape: Shape) -> Shape:
        """Note both shapes and return the output's: the last line of every ``build``."""
        input_shape = sizes(input_shape, self.where)
        output_shape = sizes(output_shape, self.where, "output_shape")
        if (count := math.prod(output_shape)) > MOST_NUMBERS:
            raise ConfigError(
                f"{self.where}: expected an output of at most {MOST_NUMBERS:,} numbers a sample, "
                f"got one of about 10^{math.log10(count):.0f}; use smaller sizes"
            )
        self.input_shape, self.output_shape = input_shape, output_shape
        self._param_shapes = {key: getattr(p, "shape", ()) for key, p in self.params.items()}
        return self.output_shape

    def new_param(self, shape: Shape, how: str | Initializer, rng: np.random.Generator) -> Array:
        """A parameter in float32, made where new arrays live."""
        if not isinstance(rng, np.random.Generator):
            raise ConfigError(
                f"{self.where}: expected a generator to draw from, such as "
                f"np.random.default_rng(0), got {rng!r}"
            )
        if isinstance(rng, Unfilled):
            return current_ops().xp.empty(shape, BUILD_DTYPE)
        values = np.asarray(get_initializer(how, self.where)(shape, rng))
        if values.shape != tuple(shape):
            raise ShapeError(
                f"{self.where}: expected an initializer to give shape {tuple(shape)}, got "
                f"{values.shape}"
            )
        return current_ops().asarray(values, BUILD_DTYPE)

    def maps(self, input_shape: Shape) -> tuple[int, int, int]:
        """``input_shape`` as (H, W, C), or an error that says what a map is."""
        if len(sizes(input_shape, self.where)) != 3:
            raise ShapeError(
                f"{self.where}: expected maps of shape (height, width, channels), got an input "
                f"of shape {input_shape}; pictures in grey need a last axis of 1: x[..., None]"
            )
        H, W, C = input_shape
        return H, W, C

    def features(self, input_shape: Shape) -> int:
        """The length of the last axis, or an error if there is no axis at all."""
        if not sizes(input_shape, self.where):
            raise ShapeError(
                f"{self.where}: expected at least one axis besides the batch, got inputs that are "
                f"single numbers; make them rows of one: x[:, None]"
            )
        return input_shape[-1]

    def check(self, x: Array) -> Ops:
        """Raise one clear error unless ``x`` is what the layer was built for; give its ops."""
        ops = ops_for(x, where=self.entrance)
        if self.input_shape is None:
            raise NotBuiltError(
                f"{self.entrance}: expected a layer that knows its input shape, got one that was "
                f"never built; call layer.build({tuple(x.shape[1:])}, rng) first"
            )
        if tuple(x.shape[1:]) != self.input_shape:
            expected = ", ".join(map(str, ("N", *self.input_shape)))
            raise ShapeError(
                f"{self.entrance}: expected an input of shape ({expected}), got {tuple(x.shape)}; "
                f"{_remedy(self.input_shape, tuple(x.shape))}"
            )
        if x.shape[0] == 0:
            raise ShapeError(f"{self.entrance}: expected at least one sample, got a batch of none")
        if x.dtype not in FLOATS:
            raise DtypeError(
                f"{self.entrance}: expected float32 or float64, got {x.dtype}; convert the input "
                f"with x.astype('float32')"
            )
        return ops

    def check_dy(self, dy: Array, like: Array | None = None) -> Ops:
        """Raise one clear error unless ``dy`` has the shape of the output; give its ops.

        ``like`` is an array of the cache that has as many samples.
        """
        ops = ops_for(dy, where=self.where)
        if like is not None and dy.shape[:1] != like.shape[:1]:
            raise ShapeError(
                f"{self.where}: expected a gradient of {len(like)} samples, as forward was given, "
                f"got shape {tuple(dy.shape)}"
            )
        if tuple(dy.shape[1:]) != self.output_shape:
            raise ShapeError(
                f"{self.where}: expected a gradient of the output's shape "
                f"(N, {', '.join(map(str, self.output_shape or ()))}), got {tuple(dy.shape)}"
            )
        return ops

    def check_grads(self, grads: Params) -> Params:
        """Raise one clear error unless there is a gradient for each parameter; give them."""
        return contract.gradients(self, grads)

    def param(self, key: str, like: Array) -> Array:
        """A parameter in the dtype of the input, which decides the dtype of everything."""
        p = self.whole_param(key)
        ops_for(p, like, where=self.where)
        return p if p.dtype == like.dtype else p.astype(like.dtype)

    def whole_param(self, key: str) -> Array:
        """A parameter as it is kept, unless it was put there by hand in another shape."""
        p = self.params[key]
        if p.shape != self._param_shapes.get(key, p.shape):
            raise ShapeError(
                f"{self.where}: expected params[{key!r}] of shape {self._param_shapes[key]}, as it "
                f"was built, got {p.shape}"
            )
        return p


def _remedy(expected: Shape, got: Shape) -> str:
    """What probably happened to an input that should have had the shape (N, *expected)."""
    if got == expected:
        return "add the batch axis: x[None]"
    if (*got[1:], 1) == expected:
        return "add the axis of the channels: x[..., None]"
    if len(expected) == 3 and got[1:] == (expected[2], *expected[:2]):
        return "put the channels last: x.transpose(0, 2, 3, 1)"
    return "reshape the input, or build the layer for this shape"
