"""The promises that every layer makes, each as a function that proves it (floor 9)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicnn.backends import current_ops, ops_for
from minicnn.errors import ConformanceError, KinkError, MinicnnError, UnprovableError
from minicnn.gradcheck import gradcheck
from minicnn.layers import contract
from minicnn.randomness import Moment, generator
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

    def broken(self, promise: str, what: str) -> ConformanceError:
        """The error that says which promise is broken, and how."""
        return ConformanceError(f"{self.kind} breaks a promise: {promise}. {what}")


Property = Callable[[Case], None]
PROPERTIES: dict[str, Property] = {}


def promise(text: str) -> Callable[[Callable[[Case, str], None]], Property]:
    """Enter a property under the sentence that states it; it gets that sentence for errors."""

    def enter(prove: Callable[[Case, str], None]) -> Property:
        def with_text(case: Case) -> None:
            prove(case, text)

        PROPERTIES[text] = with_text
        return with_text

    return enter


@promise("its methods take and give what every layer's do")
def contract_is_kept(case: Case, text: str) -> None:
    """``super().__init__``, ``forward(x, training)``, pairs, a gradient for each parameter."""
    layer = case.make_layer()
    if layer is case.make_layer():
        raise case.broken(text, "Expected a fresh layer each time, got one and the same")
    contract.begun(layer)
    repr(layer)  # which needs every argument of the constructor kept as an attribute
    contract.build(layer, case.input_shape, generator(case.seed, "testing", "build"))
    for training in MODES:
        y, cache = contract.forward(layer, case.x(np.float32), training)
        contract.backward(layer, case.like(y), cache)
        for key, new in layer.next_state(cache).items():
            if key not in layer.state or new.shape != layer.state[key].shape:
                raise case.broken(
                    text,
                    f"Expected next_state to give figures of {list(layer.state)}, each in its "
                    f"shape, got {key} of shape {tuple(new.shape)}",
                )


@promise("inputs and parameters are left as they were")
def untouched(case: Case, text: str) -> None:
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
            if not _equal(a, before[name]):
                raise case.broken(text, f"{name} was changed (training={training})")
        again, grads_again = layer.backward(dy, cache)
        if not _equal(dx, again) or any(not _equal(g, grads_again[k]) for k, g in grads.items()):
            raise case.broken(
                text, "backward changed its cache: called again with it, it gave something else"
            )


@promise("the output has the shape that build promised")
def output_shape(case: Case, text: str) -> None:
    """For batches of one and of many, while training or not."""
    layer = case.make_layer()
    promised = layer.build(case.input_shape, generator(case.seed, "testing", "build"))
    for batch in (1, case.batch):
        for training in MODES:
            y, _ = layer.forward(case.x(np.float32, batch), training)
            if tuple(y.shape) != (batch, *promised):
                raise case.broken(
                    text, f"Expected {(batch, *promised)}, got {tuple(y.shape)} (N={batch})"
                )


@promise("backward gives a gradient for each parameter, in its shape")
def gradient_keys(case: Case, text: str) -> None:
    """``grads`` has the keys and shapes of ``params``, dx the shape of x."""
    layer = case.built()
    for training in MODES:
        x = case.x()
        y, cache = layer.forward(x, training)
        dx, grads = layer.backward(case.like(y), cache)
        if set(grads) != set(layer.params):
            raise case.broken(
                text, f"Expected gradients of {sorted(layer.params)}, got {sorted(grads)}"
            )
        alone = grads
        if hasattr(layer, "gradients"):
            alone = layer.gradients(case.like(y), layer.forward(case.x(), training)[1])
        if any(not _equal(grads[key], alone[key]) for key in grads):
            raise case.broken(text, "The method gradients gives others than backward does")
        for name, of, gradient in (
            ("x", x, dx),
            *((key, p, grads[key]) for key, p in layer.params.items()),
        ):
            if gradient.shape != of.shape:
                raise case.broken(
                    text, f"Expected the gradient of {name} as {of.shape}, got {gradient.shape}"
                )


@promise("backward is the derivative of forward")
def gradients(case: Case, text: str) -> None:
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


@promise("the dtype of the input is the dtype of everything")
def dtypes(case: Case, text: str) -> None:
    """float32 stays float32 and float64 stays float64, whatever the parameters are kept in."""
    for params_dtype in (np.float32, np.float64):
        layer = case.built(params_dtype)
        for dtype in (np.float32, np.float64):
            for training in MODES:
                y, cache = layer.forward(case.x(dtype), training)
                dx, grads = layer.backward(case.like(y), cache)
                for name, a in {"y": y, "dx": dx, **grads}.items():
                    if a.dtype != dtype:
                        raise case.broken(
                            text,
                            f"Expected {name} in {np.dtype(dtype)} as x is, got {a.dtype} "
                            f"(parameters in {np.dtype(params_dtype)}, training={training})",
                        )


@promise("any memory layout of the input gives the same answer")
def layouts(case: Case, text: str) -> None:
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
            if not _close(expected, results[1][key]):
                raise case.broken(text, f"{key} differs for {name} of the same numbers")


@promise("nothing stays behind in the layer")
def re_entrant(case: Case, text: str) -> None:
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
        same = _equal(y, y_again) and _equal(alone, dx)
        if not same or any(not _equal(alone_grads[k], g) for k, g in grads.items()):
            raise case.broken(
                text, "A second call between forward and backward changed the first one's result"
            )
        if not _same_attributes(attributes, vars(layer)):
            raise case.broken(text, "A call changed the layer's attributes; use the cache instead")


@promise("a batch is its samples one by one")
def per_sample(case: Case, text: str) -> None:
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
                if not _close(whole[n : n + 1], part):
                    raise case.broken(
                        text,
                        f"{name} of sample {n} depends on the other samples "
                        f"(training={bool(training)}); if it must, say per_sample = False",
                    )
            sums = {key: sums[key] + g for key, g in grads_n.items()}
        for key, g in grads.items():
            if not _close(g, sums[key]):
                raise case.broken(text, f"The gradient of {key} is not the samples' sum")


@promise("equal draws build equal layers")
def build_is_deterministic(case: Case, text: str) -> None:
    """Parameters come from the generator that build is given, and from nowhere else."""
    one, two = case.built(), case.built()
    for key, p in one.params.items():
        if not _equal(p, two.params[key]):
            raise case.broken(
                text, f"Two layers built from equal generators differ in {key}: use build's rng"
            )


@promise("a wrong shape is one clear error")
def wrong_shape(case: Case, text: str) -> None:
    """One axis too many, one too few, one cell more."""
    layer = case.built()
    x = case.x()
    wrong = [x[..., None], x[0], x.repeat(2, axis=-1)]
    for bad in wrong:
        _expect_error(case, text, layer, bad, f"an input of shape {bad.shape}")


@promise("a wrong dtype is one clear error")
def wrong_dtype(case: Case, text: str) -> None:
    """Whole numbers, and complex ones."""
    layer = case.built()
    for dtype in (np.int64, np.complex128):
        _expect_error(case, text, layer, case.x().astype(dtype), f"an input of {np.dtype(dtype)}")


def _expect_error(case: Case, text: str, layer: Any, x: Array, what: str) -> None:
    try:
        layer.forward(x)
    except MinicnnError as error:
        if case.kind not in str(error):
            raise case.broken(
                text, f"The error for {what} does not name the layer: {error}"
            ) from error
    except (ValueError, TypeError, IndexError, AttributeError, KeyError) as error:
        raise case.broken(
            text,
            f"Expected a MinicnnError for {what}, got {type(error).__name__}: {error}; begin "
            f"forward with self.check(x)",
        ) from error
    else:
        raise case.broken(
            text, f"Expected an error for {what}, got an answer; begin forward with self.check(x)"
        )


def _equal(a: Array, b: Array) -> bool:
    to_numpy = ops_for(a).to_numpy
    return bool(np.array_equal(to_numpy(a), to_numpy(b)))


def _close(a: Array, b: Array) -> bool:
    to_numpy = ops_for(a).to_numpy
    return bool(np.allclose(to_numpy(a), to_numpy(b), rtol=1e-9, atol=1e-10))


def _same_attributes(before: Any, after: Any) -> bool:
    if hasattr(before, "shape") and hasattr(after, "shape"):
        return before.shape == after.shape and _equal(before, after)
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
