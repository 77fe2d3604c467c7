"""The conformance suite for losses."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicnn.arguments import whole
from minicnn.backends import current_ops, to_numpy
from minicnn.errors import ConfigError, KinkError, MinicnnError, UnprovableError
from minicnn.gradcheck import gradcheck
from minicnn.layers import Layer
from minicnn.losses import Loss
from minicnn.randomness import generator
from minicnn.testing.promises import ConformanceReport, Promises, close, same
from minicnn.typing import Array, Cache, Params, Shape

Draw = Callable[[np.random.Generator, Shape], Any]
LEADING: tuple[Shape, ...] = ((4,), (1,), (2, 3), (2, 1, 2))  # a label a sample, or a place


@dataclass(frozen=True)
class LossCase:
    """A loss to be checked: how to make one, and what it is given."""

    make_loss: Callable[[], Any]
    units: int
    labels: Draw
    predictions: Draw
    seed: int

    def given(
        self, leading: Shape = (4,), dtype: Any = np.float64, salt: int = 0
    ) -> tuple[Any, Any]:
        """Predictions where new arrays live, and labels that fit them."""
        rng = generator(self.seed, "testing", "loss", salt)
        shape = (*leading, self.units)
        y_pred = np.asarray(self.predictions(rng, shape), dtype)
        return current_ops().asarray(y_pred), self.labels(rng, shape)

    def slope(self, loss: Any, y_pred: Array, y_true: Any, weight: Any = None) -> Array:
        """The gradient of the mean loss."""
        return loss.backward(loss.forward(y_pred, y_true, weight)[1])


promise = Promises[LossCase]()


def check_loss(
    make_loss: Callable[[], Loss],
    units: int = 3,
    labels: Draw | None = None,
    predictions: Draw | None = None,
    seed: int = 0,
) -> ConformanceReport:
    """Prove that a loss keeps the promises that every loss makes.

    ``make_loss`` gives a fresh loss each time it is called: its class, or a ``lambda``. It is
    given ``units`` predictions at each place. ``labels`` and ``predictions`` draw what the loss
    can take, from a generator and a shape (N, ..., units); left out, a loss with an
    ``activation`` gets numbers from 0 to 1, and any other gets any numbers.

    >>> from minicnn import MeanSquaredError
    >>> print(check_loss(MeanSquaredError))
    MeanSquaredError keeps every promise:
      ✓ forward gives one number, backward an array like the predictions
      ✓ predictions and labels are left as they were
      ✓ backward is the slope of forward
      ✓ the dtype of the predictions is the dtype of everything
      ✓ any leading shape is a longer batch
      ✓ a weight counts a sample so many times
      ✓ any memory layout gives the same answer
      ✓ nothing stays behind in the loss
      ✓ logits and probabilities cost the same
      ✓ labels that do not fit are one clear error
    """
    if not callable(make_loss) or isinstance(make_loss, Loss):
        raise ConfigError(
            f"check_loss: expected a function that makes a fresh loss, got {make_loss!r}; write "
            f"check_loss(lambda: {type(make_loss).__name__}(...))"
        )
    whole(units, "units", "check_loss")
    loss = make_loss()
    if not isinstance(loss, Loss):
        raise ConfigError(
            f"check_loss: expected a Loss, got {type(loss).__name__}; derive it from mc.Loss"
        )
    of_probabilities = loss.activation is not None
    case = LossCase(
        make_loss,
        units,
        labels or (_shares if of_probabilities else _any),
        predictions or (_shares if of_probabilities and not loss.from_logits else _any),
        seed,
    )
    return promise.prove(type(loss).__name__, case)


def _any(rng: np.random.Generator, shape: Shape) -> Array:
    return rng.standard_normal(shape)


def _shares(rng: np.random.Generator, shape: Shape) -> Array:
    return rng.uniform(0.05, 0.95, shape)


# ---- the promises ------------------------------------------------------------------------------


@promise("forward gives one number, backward an array like the predictions")
def shapes(case: LossCase) -> str | None:
    """A label a sample or a label a pixel; and the loss can be printed."""
    loss = case.make_loss()
    repr(loss)
    for leading in LEADING:
        y_pred, y_true = case.given(leading)
        value, cache = loss.forward(y_pred, y_true)
        if np.shape(to_numpy(value)) != () or not np.isfinite(float(value)):
            return f"Expected forward to give one finite number for {y_pred.shape}, got {value!r}"
        slope = loss.backward(cache)
        if slope.shape != y_pred.shape:
            return f"Expected a slope of shape {y_pred.shape}, got {slope.shape}"
    return None


@promise("predictions and labels are left as they were")
def untouched(case: LossCase) -> str | None:
    """Neither pass writes into what it was given; backward can be called twice."""
    loss = case.make_loss()
    y_pred, y_true = case.given()
    before_pred, before_true = y_pred.copy(), copy.deepcopy(y_true)
    _, cache = loss.forward(y_pred, y_true)
    slope = loss.backward(cache).copy()
    if not same(y_pred, before_pred):
        return "The predictions were changed"
    if not same(y_true, before_true):
        return "The labels were changed"
    if not same(slope, loss.backward(cache)):
        return "backward changed its cache: called again with it, it gave something else"
    return None


class _Predictions(Layer):
    """A layer that hands on what it is given, so that gradcheck looks at the loss alone."""

    def forward(self, x: Array, training: Any = False) -> tuple[Array, Cache]:
        self.check(x)
        return x, None

    def backward(self, dy: Array, cache: Cache) -> tuple[Array, Params]:
        return dy, {}


@promise("backward is the slope of forward")
def gradients(case: LossCase) -> str | None:
    """A gradient check of every prediction; a point on a kink is drawn anew."""
    named_after_the_loss = type(type(case.make_loss()).__name__, (_Predictions,), {})
    for leading in LEADING:
        for attempt in range(5):
            y_pred, y_true = case.given(leading, salt=attempt)
            try:
                gradcheck(
                    named_after_the_loss(),
                    to_numpy(y_pred),
                    seed=case.seed,
                    full=True,
                    loss=case.make_loss(),
                    y=y_true,
                )
            except (KinkError, UnprovableError):
                if attempt == 4:
                    raise
            else:
                break
    return None


@promise("the dtype of the predictions is the dtype of everything")
def dtypes(case: LossCase) -> str | None:
    """float32 stays float32, float64 stays float64."""
    for dtype in (np.float32, np.float64):
        y_pred, y_true = case.given(dtype=dtype)
        loss = case.make_loss()
        value, cache = loss.forward(y_pred, y_true)
        slope = loss.backward(cache)
        for name, found in (("value", value.dtype), ("slope", slope.dtype)):
            if found != dtype:
                return f"Expected a {name} in {np.dtype(dtype)} as the predictions are, got {found}"
    return None


@promise("any leading shape is a longer batch")
def leading_shapes(case: LossCase) -> str | None:
    """A label for every pixel: the mean over all places, if each is judged by itself."""
    loss = case.make_loss()
    if not loss.per_place:
        return None
    for leading in LEADING[2:]:
        y_pred, y_true = case.given(leading)
        labels = to_numpy(y_true)
        flat = labels.reshape(-1, *labels.shape[len(leading) :])
        rows = y_pred.reshape(-1, case.units)
        if not close(loss.forward(y_pred, y_true)[0], loss.forward(rows, flat)[0]):
            return f"The loss of a batch {y_pred.shape} is not that of its places {rows.shape}"
        slopes = case.slope(loss, y_pred, y_true).reshape(-1, case.units)
        if not close(slopes, case.slope(loss, rows, flat)):
            return f"The slope of a batch {y_pred.shape} is not that of its places {rows.shape}"
    return None


@promise("a weight counts a sample so many times")
def weights(case: LossCase) -> str | None:
    """The weighted sum over the samples, divided by their number; each one's loss is its own."""
    loss = case.make_loss()
    y_pred, y_true = case.given()
    N = len(y_pred)
    weight = generator(case.seed, "testing", "weights").uniform(0, 2, N)
    weight[0] = 0
    alone = [float(loss.forward(y_pred[n : n + 1], y_true[n : n + 1])[0]) for n in range(N)]
    if not close(loss.forward(y_pred, y_true)[0], np.mean(alone)):
        return "The loss of a batch is not the mean of its samples' losses"
    if not close(loss.forward(y_pred, y_true, weight)[0], np.dot(weight, alone) / N):
        return "The weighted loss is not the samples' losses times their weights, over their number"
    weighted = to_numpy(case.slope(loss, y_pred, y_true)) * weight[:, None]
    if not close(case.slope(loss, y_pred, y_true, weight), weighted):
        return "The weighted slope is not each sample's slope times its weight"
    return None


@promise("any memory layout gives the same answer")
def layouts(case: LossCase) -> str | None:
    """Every second row of a larger array, and an array in Fortran's order."""
    loss, xp = case.make_loss(), current_ops().xp
    y_pred, y_true = case.given()
    for name, other in (
        ("a strided view", xp.repeat(y_pred, 2, axis=0)[::2]),
        ("a Fortran-ordered array", xp.asfortranarray(y_pred)),
    ):
        if not close(loss.forward(other, y_true)[0], loss.forward(y_pred, y_true)[0]):
            return f"The loss differs for {name} of the same numbers"
        if not close(case.slope(loss, other, y_true), case.slope(loss, y_pred, y_true)):
            return f"The slope differs for {name} of the same numbers"
    return None


@promise("nothing stays behind in the loss")
def re_entrant(case: LossCase) -> str | None:
    """A second batch between forward and backward changes nothing, attributes neither."""
    loss = case.make_loss()
    y_pred, y_true = case.given()
    before = dict(vars(loss))
    alone = case.slope(loss, y_pred, y_true)
    _, cache = loss.forward(y_pred, y_true)
    case.slope(loss, *case.given(salt=1))
    if not same(alone, loss.backward(cache)):
        return "A second call between forward and backward changed the first one's slope"
    if vars(loss).keys() != before.keys() or any(vars(loss)[k] is not v for k, v in before.items()):
        return "A call changed the loss's attributes; use what each and slope are given instead"
    return None


@promise("logits and probabilities cost the same")
def logits(case: LossCase) -> str | None:
    """For a loss with an activation: joined to it, it is the same loss, finite at any logit."""
    loss = case.make_loss()
    if loss.activation is None:
        return None
    ops, joined = current_ops(), loss.on_logits()
    rng = generator(case.seed, "testing", "logits")
    z = ops.asarray(rng.standard_normal((4, case.units)))
    y_true = case.given()[1]
    p = getattr(ops, loss.activation)(z)
    given_as_it_is = copy.copy(loss)
    given_as_it_is.from_logits = False
    there = float(joined.forward(z, y_true)[0])
    here = float(given_as_it_is.forward(p, y_true)[0])
    if not close(there, here, 1e-6):
        return f"Expected {here:.6g} from logits as from probabilities, got {there:.6g}"
    value, cache = joined.forward(1000 * z, y_true)
    if not np.isfinite(float(value)) or not np.isfinite(to_numpy(joined.backward(cache))).all():
        return "Expected finite numbers for logits of about ±1000, got NaN or infinity"
    return None


@promise("labels that do not fit are one clear error")
def wrong_labels(case: LossCase) -> str | None:
    """Another number of samples, and words."""
    loss = case.make_loss()
    y_pred, y_true = case.given()
    labels = to_numpy(y_true)
    for what, bad in (
        ("of two samples fewer", labels[:-2]),
        ("that are words", np.full(labels.shape, "cat")),
    ):
        try:
            loss.forward(y_pred, bad)
        except MinicnnError as error:
            if loss.name not in str(error):
                return f"The error for labels {what} does not name the loss: {error}"
        except (ValueError, TypeError, IndexError) as error:
            return f"Expected a MinicnnError for labels {what}, got {type(error).__name__}: {error}"
        else:
            return f"Expected an error for labels {what}, got a loss"
    return None
