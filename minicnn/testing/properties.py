"""The promises that every layer makes, each as a function that proves it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicnn.backends import current_ops
from minicnn.errors import KinkError, MinicnnError, UnprovableError
from minicnn.gradcheck import gradcheck
from minicnn.layers import contract
from minicnn.randomness import Moment, generator
from minicnn.testing.promises import Promises, close, same
from minicnn.typing import Array, Shape

MODES = (False, True)  # of training


@dataclass(frozen=True)
class Case:
    """A layer to be checked: how to make one, for which inputs."""

    make_layer: Callable[[], Any]
    input_shape: Shape
    batch: int
    seed: int

    @property
    def kind(self) -> str:
        """The name of the layer's class."""
        return type(self.make_layer()).__name__

    def built(self, dtype: Any = np.float64) -> Any:
        """A fresh layer, built, its parameters in ``dtype``."""
        layer = self.make_layer()
        layer.build(self.input_shape, generator(self.seed, "testing", "build"))
        for holder in (layer.params, getattr(layer, "state", {})):
            if not hasattr(layer, "astype"):
                holder.update({k: v.astype(dtype) for k, v in holder.items()})
        return layer.astype(dtype) if hasattr(layer, "astype") else layer

    def x(self, dtype: Any = np.float64, batch: int | None = None, salt: int = 0) -> Array:
        """An input, where new arrays live."""
        rng = generator(self.seed, "testing", "x", salt)
        draws = rng.standard_normal((batch or self.batch, *self.input_shape))
        return current_ops().asarray(draws, dtype)

    def like(self, y: Array, salt: int = 1) -> Array:
        """A gradient for the output ``y``."""
        draws = generator(self.seed, "testing", "dy", salt).standard_normal(y.shape)
        return current_ops().asarray(draws, y.dtype)


promise = Promises[Case]()
PROPERTIES = promise.proofs


@promise("its methods take and give what every layer's do")
def contract_is_kept(case: Case) -> str | None:
    """``super().__init__``, ``forward(x, training)``, pairs, a gradient for each parameter."""
    layer = case.make_layer()
    if layer is case.make_layer():
        return "Expected a fresh layer each time, got one and the same"
    contract.begun(layer)
    repr(layer)  # which needs every argument of the constructor kept as an attribute
    contract.build(layer, case.input_shape, generator(case.seed, "testing", "build"))
    for training in MODES:
        y, cache = contract.forward(layer, case.x(np.float32), training)
        contract.backward(layer, case.like(y), cache)
        for key, new in layer.next_state(cache).items():
            if key not in layer.state or new.shape != layer.state[key].shape:
                return (
                    f"Expected next_state to give figures of {list(layer.state)}, each in its "
                    f"shape, got {key} of shape {tuple(new.shape)}"
                )
    return None


@promise("inputs and parameters are left as they were")
def untouched(case: Case) -> str | None:
    """Neither pass writes into x, dy, a parameter or a running figure."""
    layer = case.built()
    for training in MODES:
        x = case.x()
        held = {"x": x, **layer.params, **getattr(layer, "state", {})}
        before = {name: a.copy() for name, a in held.items()}
        y, cache = layer.forward(x, training)
        dy = case.like(y)
        held["dy"], before["dy"] = dy, dy.copy()
        dx, grads = layer.backward(dy, cache)
        for name, a in held.items():
            if not same(a, before[name]):
                return f"{name} was changed (training={training})"
        again, grads_again = layer.backward(dy, cache)
        if not same(dx, again) or any(not same(g, grads_again[k]) for k, g in grads.items()):
            return "backward changed its cache: called again with it, it gave something else"
    return None


@promise("the output has the shape that build promised")
def output_shape(case: Case) -> str | None:
    """For batches of one and of many, while training or not."""
    layer = case.make_layer()
    promised = layer.build(case.input_shape, generator(case.seed, "testing", "build"))
    for batch in (1, case.batch):
        for training in MODES:
            y, _ = layer.forward(case.x(np.float32, batch), training)
            if tuple(y.shape) != (batch, *promised):
                return f"Expected {(batch, *promised)}, got {tuple(y.shape)} (N={batch})"
    return None


@promise("backward gives a gradient for each parameter, in its shape")
def gradient_keys(case: Case) -> str | None:
    """``grads`` has the keys and shapes of ``params``, dx the shape of x."""
    layer = case.built()
    for training in MODES:
        x = case.x()
        y, cache = layer.forward(x, training)
        dx, grads = layer.backward(case.like(y), cache)
        if set(grads) != set(layer.params):
            return f"Expected gradients of {sorted(layer.params)}, got {sorted(grads)}"
        alone = grads
        if hasattr(layer, "gradients"):
            alone = layer.gradients(case.like(y), layer.forward(case.x(), training)[1])
        if any(not same(grads[key], alone[key]) for key in grads):
            return "The method gradients gives others than backward does"
        for name, of, gradient in (
            ("x", x, dx),
            *((key, p, grads[key]) for key, p in layer.params.items()),
        ):
            if gradient.shape != of.shape:
                return f"Expected the gradient of {name} as {of.shape}, got {gradient.shape}"
    return None


@promise("backward is the derivative of forward")
def gradients(case: Case) -> str | None:
    """A gradient check in both modes; a point on a kink is drawn anew."""
    for training in MODES:
        for attempt in range(5):
            try:
                layer = case.make_layer()
                to_numpy = current_ops().to_numpy
                gradcheck(layer, to_numpy(case.x(salt=attempt)), training, seed=case.seed)
            except (KinkError, UnprovableError):
                if attempt == 4:
                    raise
            else:
                break
    return None


@promise("the dtype of the input is the dtype of everything")
def dtypes(case: Case) -> str | None:
    """float32 stays float32 and float64 stays float64, whatever the parameters are kept in."""
    for params_dtype in (np.float32, np.float64):
        layer = case.built(params_dtype)
        for dtype in (np.float32, np.float64):
            for training in MODES:
                y, cache = layer.forward(case.x(dtype), training)
                dx, grads = layer.backward(case.like(y), cache)
                for name, a in {"y": y, "dx": dx, **grads}.items():
                    if a.dtype != dtype:
                        return (
                            f"Expected {name} in {np.dtype(dtype)} as x is, got {a.dtype} "
                            f"(parameters in {np.dtype(params_dtype)}, training={training})"
                        )
    return None


@promise("any memory layout of the input gives the same answer")
def layouts(case: Case) -> str | None:
    """Every second sample of a larger array, and an array in Fortran's order."""
    layer = case.built()
    xp = current_ops().xp
    plain = case.x()
    strided = xp.repeat(plain, 2, axis=0)[::2]
    fortran = xp.asfortranarray(plain)
    for name, other in (("a strided view", strided), ("a Fortran-ordered array", fortran)):
        results = []
        for x in (plain, other):
            y, cache = layer.forward(x)
            dy = case.like(y)
            dy = dy if x is plain else xp.asfortranarray(dy)
            dx, grads = layer.backward(dy, cache)
            results.append({"y": y, "dx": dx, **grads})
        for key, expected in results[0].items():
            if not close(expected, results[1][key]):
                return f"{key} differs for {name} of the same numbers"
    return None


@promise("nothing stays behind in the layer")
def re_entrant(case: Case) -> str | None:
    """Calls don't know each other: an interleaved one changes nothing, attributes neither."""
    layer = case.built()
    for training in MODES:
        x, other = case.x(), case.x(salt=2)
        attributes = copy.deepcopy(vars(layer))
        y, cache = layer.forward(x, training)
        dy = case.like(y)
        alone, alone_grads = layer.backward(dy, cache)

        y_again, cache = layer.forward(x, training)
        _, other_cache = layer.forward(other, training)
        layer.backward(case.like(y, salt=2), other_cache)
        dx, grads = layer.backward(dy, cache)
        unchanged = same(y, y_again) and same(alone, dx)
        if not unchanged or any(not same(alone_grads[k], g) for k, g in grads.items()):
            return "A second call between forward and backward changed the first one's result"
        if not _same_attributes(attributes, vars(layer)):
            return "A call changed the layer's attributes; use the cache instead"
    return None


@promise("a batch is its samples one by one")
def per_sample(case: Case) -> str | None:
    """Unless the layer says ``per_sample = False``, which holds while training only."""
    layer = case.built()
    modes = MODES if getattr(layer, "per_sample", True) else (False,)
    for training in modes:
        x = case.x()
        moment = Moment(seed=5, step=3) if training else None
        y, cache = layer.forward(x, moment or False)
        dy = case.like(y)
        dx, grads = layer.backward(dy, cache)
        sums: dict[str, Any] = dict.fromkeys(grads, 0)
        for n in range(case.batch):
            place = moment.at_sample(n) if moment else False
            y_n, cache_n = layer.forward(x[n : n + 1], place)
            dx_n, grads_n = layer.backward(dy[n : n + 1], cache_n)
            for name, whole, part in (("y", y, y_n), ("dx", dx, dx_n)):
                if not close(whole[n : n + 1], part):
                    return (
                        f"{name} of sample {n} depends on the other samples "
                        f"(training={bool(training)}); if it must, say per_sample = False"
                    )
            sums = {key: sums[key] + g for key, g in grads_n.items()}
        for key, g in grads.items():
            if not close(g, sums[key]):
                return f"The gradient of {key} is not the samples' sum"
    return None


@promise("equal draws build equal layers")
def build_is_deterministic(case: Case) -> str | None:
    """Parameters come from the generator that build is given, and from nowhere else."""
    one, two = case.built(), case.built()
    for key, p in one.params.items():
        if not same(p, two.params[key]):
            return f"Two layers built from equal generators differ in {key}: use build's rng"
    return None


@promise("a wrong shape is one clear error")
def wrong_shape(case: Case) -> str | None:
    """One axis too many, one too few, one cell more."""
    layer = case.built()
    x = case.x()
    for bad in (x[..., None], x[0], x.repeat(2, axis=-1)):
        if fault := _error_fault(case, layer, bad, f"an input of shape {bad.shape}"):
            return fault
    return None


@promise("a wrong dtype is one clear error")
def wrong_dtype(case: Case) -> str | None:
    """Whole numbers, and complex ones."""
    layer = case.built()
    for dtype in (np.int64, np.complex128):
        x = case.x().astype(dtype)
        if fault := _error_fault(case, layer, x, f"an input of {np.dtype(dtype)}"):
            return fault
    return None


def _error_fault(case: Case, layer: Any, x: Array, what: str) -> str | None:
    """What is wrong with the layer's answer to an input that it must refuse."""
    try:
        layer.forward(x)
    except MinicnnError as error:
        if case.kind in str(error):
            return None
        return f"The error for {what} does not name the layer: {error}"
    except (ValueError, TypeError, IndexError, AttributeError, KeyError) as error:
        return (
            f"Expected a MinicnnError for {what}, got {type(error).__name__}: {error}; begin "
            f"forward with self.check(x)"
        )
    return f"Expected an error for {what}, got an answer; begin forward with self.check(x)"


def _same_attributes(before: Any, after: Any) -> bool:
    if hasattr(before, "shape") and hasattr(after, "shape"):
        return before.shape == after.shape and same(before, after)
    if isinstance(before, Mapping):
        return before.keys() == after.keys() and all(
            _same_attributes(before[key], after[key]) for key in before
        )
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(_same_attributes, before, after))
    if hasattr(before, "forward"):
        return _same_attributes(vars(before), vars(after))
    if isinstance(before, int | float | str | bool | None | type):
        return bool(before == after)
    return type(before) is type(after)
