"""What every loss is: one number that says how wrong a batch is, and its slope.

    value, cache = loss.forward(y_pred, y_true, weight=None)
    dy_pred      = loss.backward(cache)

A loss works over the last axis with any leading shape (N, ...): one label a picture, or one
label a pixel. The value is the sum over all of them, each times its weight if weights are
given, divided by their number: without weights, the mean (Keras's "sum over batch size").
"""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np

from minicnn.backends import Ops, one_stroke, ops_for
from minicnn.errors import ConfigError, DtypeError, LabelError, ShapeError
from minicnn.typing import Array, Cache


class Loss(ABC):
    """Subclasses write ``each`` (a loss for each place) and ``slope`` (its gradient).

    Both get predictions and labels of one shape (N, ..., K). ``each`` gives (N, ...), a figure a
    place; ``slope`` gives (N, ..., K), the gradient of each figure with respect to its
    predictions. Weights and the mean over the places are taken care of. A loss that can take
    logits also says which ``activation`` makes predictions of them, and looks at
    ``self.from_logits``. Its ``name`` is its class's, unless it has another.

    >>> class AbsoluteError(Loss):
    ...     def each(self, y_pred, y_true, ops):
    ...         return abs(y_pred - y_true).mean(axis=-1)
    ...     def slope(self, y_pred, y_true, ops):
    ...         return ops.xp.sign(y_pred - y_true) / y_pred.shape[-1]
    >>> value, cache = AbsoluteError().forward(np.array([[2.0], [0.0]]), [1, 3])
    >>> float(value), AbsoluteError().backward(cache).ravel()
    (2.0, array([ 0.5, -0.5]))
    """

    name: ClassVar[str]
    activation: ClassVar[str | None] = None  # which last activation it wants: see ``on_logits``
    known: ClassVar[bool] = False  # whether a backend may know it by heart, from logits
    per_place: ClassVar[bool] = True  # each place is judged by itself, as if it were a sample
    from_logits: bool = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "name" not in vars(cls):
            cls.name = cls.__name__
        if "known" not in vars(cls) and ("each" in vars(cls) or "slope" in vars(cls)):
            cls.known = False  # that was promised of other lines

    def __init__(self, from_logits: bool = False) -> None:
        if not isinstance(from_logits, bool | np.bool_):
            raise ConfigError(
                f"{type(self).__name__}: expected from_logits True or False, got {from_logits!r}"
            )
        self.from_logits = bool(from_logits)

    def forward(
        self, y_pred: Array, y_true: Any, weight: Array | None = None, of: int | None = None
    ) -> tuple[Any, Cache]:
        """The mean loss, and what ``backward`` needs.

        Of a share of a larger batch, ``of`` so many samples: its part of that batch's mean. Then
        the values of all shares add up to it, and so do the gradients.
        """
        if getattr(getattr(y_pred, "dtype", None), "kind", None) != "f" or y_pred.ndim == 0:
            raise DtypeError(
                f"{self.name}: expected predictions as an array of floats, got {_kind_of(y_pred)}; "
                f"predictions come first, labels second"
            )
        ops = ops_for(y_pred)
        y_true = self.check(y_pred, y_true, ops)
        return self.of_checked(y_pred, y_true, shares(y_pred, weight, ops, of))

    def of_checked(self, y_pred: Array, y_true: Array, share: Array) -> tuple[Any, Cache]:
        """``forward`` with labels as ``check`` gives them and each place's part of the mean."""
        ops = ops_for(y_pred)

        def lines() -> Any:
            each = self.each(y_pred, y_true, ops)  # (N, ...)
            self._must_have_shape("each", each, y_pred.shape[:-1], "a figure for each place")
            return (each * share).sum()

        name = self.activation if self.known and self.from_logits else None
        value, more = one_stroke.crossentropy(ops, name, y_pred, y_true, share, lines)
        return value, {"y_pred": y_pred, "y_true": y_true, "share": share, **more}

    def backward(self, cache: Cache) -> Array:
        """The gradient dL/dy_pred, from what ``forward`` kept."""
        if "slope" in cache:
            return cache["slope"]
        y_pred = cache["y_pred"]
        slope = self.slope(y_pred, cache["y_true"], ops_for(y_pred))
        self._must_have_shape("slope", slope, y_pred.shape, "the predictions' shape")
        share = cache["share"]
        return (slope * share.reshape(*share.shape, 1)).astype(y_pred.dtype)

    @abstractmethod
    def each(self, y_pred: Array, y_true: Array, ops: Ops) -> Array:
        """The loss at each place: the last axis is gone."""

    @abstractmethod
    def slope(self, y_pred: Array, y_true: Array, ops: Ops) -> Array:
        """The gradient of ``each`` with respect to ``y_pred``, of ``y_pred``'s shape."""

    def _must_have_shape(self, method: str, array: Any, shape: tuple[int, ...], why: str) -> None:
        if getattr(array, "shape", None) != shape:
            raise ConfigError(
                f"{type(self).__name__}.{method}: expected {why}, {shape}, got "
                f"{getattr(array, 'shape', type(array).__name__)}; check what {method} returns"
            )

    def on_logits(self) -> Self:
        """The same loss, for what goes *into* the last activation.

        log(sigmoid(z)) taken in two steps is -inf for z = -1000; taken in one it is -1000.
        So a network that ends in this loss's ``activation`` is trained on the logits.
        """
        other = copy.copy(self)
        other.from_logits = True
        return other

    def check(self, y_pred: Array, y_true: Any, ops: Ops) -> Array:
        """``y_true`` in the shape and dtype of ``y_pred``, or an error that says what is wrong."""
        y_true = _numbers(y_true, self.name)
        if y_true.shape == y_pred.shape[:-1] and y_pred.shape[-1] == 1:
            y_true = y_true[..., None]  # a plain list of labels for a single output
        if y_true.shape != y_pred.shape:
            raise ShapeError(
                f"{self.name}: expected labels of the predictions' shape {y_pred.shape}, got "
                f"{y_true.shape}; {self.remedy}"
            )
        y_true = y_true.astype(y_pred.dtype)
        self.check_values(y_true)
        return ops.asarray(y_true)

    def check_values(self, y_true: Array) -> None:  # noqa: B027 - most losses take any number
        """Raise one clear error if a label makes no sense for this loss."""

    remedy: ClassVar[str] = "the last layer needs as many units as a label has numbers"

    def __repr__(self) -> str:
        return f"{type(self).__name__}(from_logits={self.from_logits})"


def _kind_of(a: Any) -> str:
    return f"{a.dtype} of shape {a.shape}" if hasattr(a, "dtype") else type(a).__name__


def shares(y_pred: Array, weight: Array | None, ops: Ops, of: int | None = None) -> Array:
    """What part of the mean each place has: 1 / their number, times the sample's weight.

    Their number is that of a whole batch: of ``of`` samples, if these are only a share of it.
    """
    places = y_pred.shape[:-1]
    samples = places[:1] if of is None else (of,)
    share = ops.xp.full(places, 1 / math.prod((*samples, *places[1:])), y_pred.dtype)
    if weight is None:
        return share
    weight = weight if hasattr(weight, "__cuda_array_interface__") else np.asarray(weight)
    if bool((weight < 0).any()):
        raise ConfigError(
            f"expected sample weights of at least 0, got {float(weight.min()):g}; a weight below 0 "
            f"would train away from the label"
        )
    weight = ops.asarray(weight, y_pred.dtype)
    if weight.shape != places[:1]:
        raise ShapeError(
            f"expected one weight for each of the {places[0]} samples, got weights of shape "
            f"{weight.shape}"
        )
    return share * weight.reshape(-1, *[1] * (len(places) - 1))


def _numbers(y_true: Any, name: str) -> Array:
    """Labels as an array where they are: looked at there, they keep no GPU waiting."""
    y = y_true if hasattr(y_true, "__cuda_array_interface__") else np.asarray(y_true)
    if y.dtype.kind not in "fiub":
        raise LabelError(
            f"{name}: expected labels that are numbers, got {y.dtype}; map class names to numbers: "
            f"[classes.index(name) for name in labels]"
        )
    return y


def check_probabilities(y_true: Array, name: str) -> None:
    """Labels of a cross-entropy are probabilities; anything else would train towards nonsense."""
    if not bool(((y_true >= 0) & (y_true <= 1)).all()):
        worst = float(y_true.min()) if float(y_true.min()) < 0 else float(y_true.max())
        raise LabelError(
            f"{name}: expected labels from 0 to 1, got {worst:g}; binary labels are 0 and 1, "
            f'and class numbers belong to "sparse_categorical_crossentropy"'
        )


NEAREST = 1e-7  # how near a probability may come to 0 or 1: Keras's epsilon


def clip(p: Array, ops: Ops) -> Array:
    """Probabilities kept 1e-7 away from 0 and 1, as Keras does, so that their logs are finite."""
    return ops.xp.clip(p, *_limits(p))


def inside(p: Array) -> Array:
    """Where :func:`clip` changes nothing: outside, the loss is flat."""
    lowest, highest = _limits(p)
    return (p >= lowest) & (p <= highest)


def _limits(p: Array) -> tuple[Any, Any]:
    """In the dtype of ``p``: the float32 nearest to 1 - 1e-7 is already 1.2e-7 away from 1."""
    return p.dtype.type(NEAREST), p.dtype.type(1 - NEAREST)
