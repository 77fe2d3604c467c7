"""What a gradient check is about: a layer as a function of its tensors.

It is a copy, in float64, and its parameters are shaken a little, so that a forgotten factor of 1
or term of 0 shows.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicnn.backends import Ops, current_ops, ops_for, to_numpy
from minicnn.errors import ConfigError, GradientError, NotFiniteError
from minicnn.gradcheck import handwritten
from minicnn.layers import Chain, contract
from minicnn.losses import Loss
from minicnn.losses import get as get_loss
from minicnn.objective import objective_for
from minicnn.randomness import generator
from minicnn.typing import Array, Cache


@dataclass(frozen=True)
class Base:
    """The point at which the gradient is taken."""

    out: Array  # f(t)
    u: Array  # the weight of each output
    thrice: Callable[[str], Array]  # the gradient of a tensor, from three times u


class Subject:
    """A float64 copy of the layer as a function of its tensors: x and the parameters."""

    def __init__(
        self, layer: Any, x: Any, training: Any, seed: int, loss: str | Loss | None, y: Any
    ) -> None:
        rng = generator(seed, "gradcheck", "parameters")
        self.layer = copy.deepcopy(handwritten.a_layer(layer, "gradcheck"))
        self.name = handwritten.named(layer)
        self.training = training
        x = _point(x)
        if getattr(self.layer, "input_shape", None) is None and hasattr(self.layer, "build"):
            self.layer.build(x.shape[1:], rng)
        handwritten.with_arrays(self.layer)
        params = tuple(self.layer.params.values())
        self.ops = ops_for(*params) if params else current_ops()  # where it is computed
        self.x = self.ops.asarray(x)
        _to_float64(self.layer)
        _shake(self.layer, rng, self.ops)
        self.loss: Loss | None = None
        self.y = y
        if loss is not None:
            if y is None:
                raise ConfigError("gradcheck: expected labels y along with the loss, got none")
            self.loss = get_loss(loss)
            if isinstance(self.layer, Chain):
                objective = objective_for(self.layer, self.loss)
                self.layer, self.loss = objective.body, objective.loss
        self.tensors = self._with_x(self.x, self.layer.params)

    def _with_x(self, x: Array, others: Mapping[str, Array]) -> dict[str, Array]:
        """All under one name each; a parameter may be called x, as the input is."""
        return {"x": x, **{'params["x"]' if k == "x" else k: p for k, p in others.items()}}

    def evaluate(self) -> Array:
        """The layer's output, or the loss as an array of one."""
        y = self._forward()[0]
        if self.loss is None:
            return np.array(to_numpy(y))  # a copy: some layers hand out a view of x
        return np.array([float(self.loss.forward(y, self.y)[0])])

    def _forward(self) -> tuple[Array, Cache]:
        return contract.y_and_cache(self.layer.forward(self.x.copy(), self.training), self.name)

    def evaluate_with_gradients(self, rng: np.random.Generator) -> tuple[Base, dict[str, Array]]:
        """The output here, the weights u, and what backward makes of them."""
        y, cache = self._forward()
        if self.loss is None:
            out = np.array(to_numpy(y))
            u = rng.standard_normal(out.shape)
            dy = self.ops.asarray(u.copy())
        else:
            value, loss_cache = self.loss.forward(y, self.y)
            dy, out, u = self.loss.backward(loss_cache), np.array([float(value)]), np.ones(1)
        if not np.isfinite(out).all():
            raise NotFiniteError(
                f"{self.name}: expected finite numbers to differentiate, got NaN or infinity in "
                f"the output; check x"
            )
        if not np.array_equal(self.evaluate(), out):
            raise GradientError(
                f"{self.name}: expected one answer for one x, got two from forward; let it draw "
                f"from the moment that comes as training, as Dropout does: mc.Moment.of(training)"
            )
        weights = dy.copy()
        dx, grads = contract.dx_and_grads(self.layer.backward(dy, cache), self.name)
        params = set(self.layer.params)
        if set(grads) != params:
            raise GradientError(
                f"{self.name}: expected a gradient for each of {sorted(params)}, got "
                f"{sorted(grads)}; backward returns (dx, grads) with the keys of params"
            )

        def thrice(name: str) -> Array:
            _, cache = self.layer.forward(self.x.copy(), self.training)
            return to_numpy(self._with_x(*self.layer.backward(3 * weights, cache))[name])

        return Base(out, u, thrice), self._with_x(dx, grads)


def _point(x: Any) -> Array:
    """x in float64, if it is a batch of real numbers."""
    try:
        x = np.asarray(to_numpy(x))
    except (ValueError, TypeError, AttributeError):
        x = np.asarray(None)
    if x.dtype.kind not in "fiub" or x.ndim == 0 or x.size == 0:
        raise ConfigError(
            f"gradcheck: expected x as an array of real numbers with at least one sample, got "
            f"{x.dtype} of shape {x.shape}"
        )
    return np.array(x, np.float64)


def _to_float64(layer: Any) -> None:
    if hasattr(layer, "astype"):
        layer.astype(np.float64)
        return
    for holder in (layer.params, getattr(layer, "state", {})):
        for key in holder:
            holder[key] = holder[key].astype(np.float64)


def _shake(layer: Any, rng: np.random.Generator, ops: Ops) -> None:
    """Move every parameter a little; running figures too, kept positive where they were."""
    for p in layer.params.values():
        usual = math.sqrt(float((p**2).mean())) or 1.0
        p += ops.asarray(0.1 * usual * rng.standard_normal(p.shape))
    for s in getattr(layer, "state", {}).values():
        s += ops.asarray(0.1 * np.abs(rng.standard_normal(s.shape)))
