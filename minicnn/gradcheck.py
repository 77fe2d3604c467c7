"""Proof that a derivative is right (floor 4). Derivation: docs/derivations/gradcheck.md.

For a layer y = f(t), with t its input or one of its parameters, draw a direction v at random
and a weight u for every output. Calculus says that the two numbers

    ⟨u, (f(t + εv) - f(t - εv)) / 2ε⟩        what nudging t does: two evaluations at any size
    ⟨v, backward(u)⟩                          what the backward pass claims

are equal. (v gets a step along the claimed gradient added, so that a factor that is nearly right
cannot hide in a direction along which little happens.) Everything is done in float64, on a copy
whose parameters are shaken a little, so that a forgotten factor of 1 or term of 0 shows.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicnn import handwritten
from minicnn.arguments import positive
from minicnn.backends import Ops, current_ops, ops_for, to_numpy
from minicnn.engine import link
from minicnn.errors import (
    ConfigError,
    GradientError,
    KinkError,
    MinicnnError,
    NotFiniteError,
    UnprovableError,
)
from minicnn.layers import Chain
from minicnn.losses import Loss
from minicnn.losses import get as get_loss
from minicnn.randomness import generator
from minicnn.slopes import ROUNDING, CoarseError, DrownedError, KinkedError, Line, Verdict
from minicnn.typing import Array

ENTRIES_SEARCHED = 2000  # at most, for the worst entry of a gradient that is wrong


@dataclass(frozen=True)
class GradRow:
    """What was found for one tensor."""

    tensor: str
    shape: tuple[int, ...]
    checked: str
    analytic: float
    numeric: float
    error: float  # relative
    allowed: float  # rtol, and more where float64 itself rounds more than that


@dataclass(frozen=True)
class GradReport:
    """A row for each tensor; ``print(report)`` shows the table."""

    subject: str
    rtol: float
    rows: tuple[GradRow, ...]

    @property
    def worst(self) -> GradRow:
        """The row with the largest error."""
        return max(self.rows, key=lambda row: row.error)

    def __str__(self) -> str:
        head = ("tensor", "shape", "checked", "backward", "numerical", "relative error", "allowed")
        table = [
            (
                row.tensor,
                str(row.shape),
                row.checked,
                f"{row.analytic:+.6e}",
                f"{row.numeric:+.6e}",
                f"{row.error:.1e}",
                f"{row.allowed:.1e}",
            )
            for row in self.rows
        ]
        widths = [max(len(line[i]) for line in [head, *table]) for i in range(len(head))]
        head_line, *lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in [head, *table]
        ]
        rule = "─" * max(map(len, (head_line, *lines)))
        title = f"Gradients of {self.subject}: right"
        return "\n".join([title, rule, head_line, rule, *lines])


def gradcheck(
    layer: Any,
    x: Any,
    training: Any = False,
    eps: float = 1e-6,
    rtol: float = 1e-6,
    seed: int = 0,
    full: bool = False,
    loss: str | Loss | None = None,
    y: Any = None,
) -> GradReport:
    """Check every gradient of a layer, or of a network with a loss, against finite differences.

    ``layer`` is anything with params, forward and backward (and build, if it isn't built yet).
    Each tensor is nudged by ``eps`` along one direction, drawn from ``seed``, and the two slopes
    must agree within ``rtol`` of their size, give or take what rounding can do. With ``full``
    every entry is nudged on its own: slow, and exact about where. With ``loss`` and labels ``y``
    the loss of the whole network is differentiated, as training does it.

    A wrong gradient raises :class:`GradientError`; a point with no derivative (a ReLU at 0, a
    tie in a pool) raises :class:`KinkError`, for nothing can be proven there; so does a gradient
    that drowns in rounding, as an :class:`UnprovableError`.

    >>> from minicnn import Dense
    >>> report = gradcheck(Dense(2), np.array([[1.0, 2.0, 3.0]]))
    >>> [row.tensor for row in report.rows]
    ['x', 'W', 'b']
    """
    eps, rtol = positive(eps, "eps", "gradcheck"), positive(rtol, "rtol", "gradcheck")
    subject = _Subject(layer, x, training, seed, loss, y)
    # Draws of its own name: a user's x often comes from default_rng(0) too, and with u equal to
    # x the gradient of a Dense kernel is symmetric, so that a transposed one would pass.
    rng = generator(seed, "gradcheck", "directions")
    base, gradients = subject.evaluate_with_gradients(rng)
    for name, tensor in subject.tensors.items():
        _check_shape(subject, name, tensor, gradients[name])
    check = _Check(subject, base, gradients, eps, rtol)
    rows = []
    for name, tensor in subject.tensors.items():
        gradient = to_numpy(gradients[name])
        if full:
            rows.append(check.entries(name, tensor, gradient))
        else:
            rows.append(check.direction(name, tensor, gradient, _direction(gradient, rng)))
    return GradReport(subject.name, rtol, tuple(rows))


class _Subject:
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
            joined = link(self.layer, get_loss(loss)) if isinstance(self.layer, Chain) else None
            self.layer, self.loss = (
                (joined.body, joined.loss) if joined else (self.layer, get_loss(loss))
            )
        self.tensors = self._with_x(self.x, self.layer.params)

    def _with_x(self, x: Array, others: Mapping[str, Array]) -> dict[str, Array]:
        """All under one name each; a parameter may be called x, as the input is."""
        return {"x": x, **{'params["x"]' if k == "x" else k: p for k, p in others.items()}}

    def evaluate(self) -> Array:
        """The layer's output, or the loss as an array of one."""
        y = handwritten.forward(self.layer, self.x.copy(), self.training)[0]
        if self.loss is None:
            return np.array(to_numpy(y))  # a copy: some layers hand out a view of x
        return np.array([float(self.loss.forward(y, self.y)[0])])

    def evaluate_with_gradients(self, rng: np.random.Generator) -> tuple[_Base, dict[str, Array]]:
        """The output here, the weights u, and what backward makes of them."""
        y, cache = handwritten.forward(self.layer, self.x.copy(), self.training)
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
                f"{self.name}: expected one answer for one x, but forward gives two; let it draw "
                f"from the moment that comes as training, as Dropout does: mc.Moment.of(training)"
            )
        weights = dy.copy()
        dx, grads = handwritten.backward(self.layer, dy, cache)
        params = set(self.layer.params)
        if set(grads) != params:
            raise GradientError(
                f"{self.name}: expected a gradient for each of {sorted(params)}, got "
                f"{sorted(grads)}; backward returns (dx, grads) with the keys of params"
            )

        def thrice(name: str) -> Array:
            _, cache = self.layer.forward(self.x.copy(), self.training)
            return to_numpy(self._with_x(*self.layer.backward(3 * weights, cache))[name])

        return _Base(out, u, thrice), self._with_x(dx, grads)


@dataclass(frozen=True)
class _Base:
    out: Array  # f(t)
    u: Array  # the weight of each output
    thrice: Callable[[str], Array]  # the gradient of a tensor, from three times u


class _Check:
    """Compares one tensor's gradient with what nudging the tensor does."""

    def __init__(
        self,
        subject: _Subject,
        base: _Base,
        gradients: Mapping[str, Array],
        eps: float,
        rtol: float,
    ) -> None:
        self.subject, self.base, self.eps, self.rtol = subject, base, eps, rtol
        # What rounding the numbers inside the layer may do is told by x and all parameters.
        self.digits_of_places = ROUNDING * sum(
            float(np.linalg.norm(to_numpy(gradients[name]) * to_numpy(tensor)))
            for name, tensor in subject.tensors.items()
        )

    def direction(self, name: str, tensor: Array, gradient: Array, v: Array) -> GradRow:
        """One random direction; if it fails, the entries are searched for the worst."""
        scale = float(np.linalg.norm(gradient))
        return self._compare(name, tensor, gradient, v, scale, "1 direction")

    def entries(self, name: str, tensor: Array, gradient: Array) -> GradRow:
        """Every entry on its own; the row shows the worst."""
        scale = float(np.sqrt((gradient**2).mean()))
        rows = []
        for index in np.ndindex(tensor.shape):
            v = np.zeros(tensor.shape)
            v[index] = 1
            rows.append(self._compare(name, tensor, gradient, v, scale, f"{tensor.size} entries"))
        return max(rows, key=lambda row: row.error)

    def _compare(
        self, name: str, tensor: Array, gradient: Array, v: Array, scale: float, checked: str
    ) -> GradRow:
        """The row of one direction, or the error that says what is wrong."""
        subject = self.subject.name
        analytic = float((gradient * v).sum())
        place = to_numpy(tensor)
        # Steps in proportion to the numbers: 1 and 1 + 1e-6 differ, 1e12 and 1e12 + 1e-6 hardly.
        step = self.eps * max(1.0, float(np.sqrt((place**2).mean())))
        line = Line(
            lambda h: self._far(tensor, v, h) if abs(h) > step else self._nudged(tensor, v, h),
            self.base.u,
            self.base.out,
            self.digits_of_places,
        )

        def is_zero() -> bool:
            """A sum that cancels leaves other crumbs when all its terms are taken three times."""
            crumbs = np.abs(gradient - self.base.thrice(name) / 3)
            return bool(np.abs(gradient).max() <= 64 * crumbs.max())  # squares may underflow

        try:
            found = line.judge(analytic, scale, step, self.rtol, is_zero)
        except KinkedError as kinked:
            raise self._kink(name, kinked.bends) from None
        except CoarseError as coarse:
            raise GradientError(
                f"{subject}: expected float64 from end to end, got an output along {name} with "
                f"only about {coarse.grain:.0e} to be trusted; something in forward casts to a "
                f"smaller dtype, or adds a large number and takes it away again"
            ) from None
        except DrownedError:
            raise UnprovableError(
                f"{subject}: expected a gradient of {name} that float64 can measure, got one of "
                f"about {scale:.1e} beside outputs of about {line.size:.1e}: it drowns in "
                f"rounding, and nothing can be proven here. Scale or centre x, to about ±1"
            ) from None
        if not found.right:
            self._blame(name, tensor, gradient, analytic, found)
        return GradRow(
            name, tensor.shape, checked, analytic, found.slope, found.error, found.allowed
        )

    def _nudged(self, tensor: Array, v: Array, eps: float) -> Array:
        before = tensor.copy()
        tensor += self.subject.ops.asarray(eps * v)
        try:
            with np.errstate(all="ignore"):  # a long step may overflow: then it tells nothing
                return self.subject.evaluate()
        finally:
            tensor[...] = before

    def _far(self, tensor: Array, v: Array, eps: float) -> Array:
        """The same for a step so long that it may leave where the layer is defined."""
        try:
            return self._nudged(tensor, v, eps)
        except (MinicnnError, ArithmeticError, ValueError):
            return np.full_like(self.base.out, np.nan)

    def _kink(self, name: str, bend: Array) -> KinkError:
        where = ""
        if self.subject.loss is None:
            index = np.unravel_index(np.abs(bend).argmax(), bend.shape)
            where = f" (output {_show(index)} bends most)"
        return KinkError(
            f"{self.subject.name}: expected a point where the layer has a derivative, got a kink "
            f"along {name}{where}: a ReLU at 0, a tie in a pool, or the like. Nothing can be "
            f"proven there; move x a little, for instance x + 0.01 * rng.standard_normal(x.shape)"
        )

    def _blame(
        self, name: str, tensor: Array, gradient: Array, analytic: float, found: Verdict
    ) -> None:
        """Raise the GradientError, with the worst entry."""
        places = np.arange(tensor.size)
        if tensor.size > ENTRIES_SEARCHED:
            drawn = generator(0, "gradcheck", "blame").choice(
                places, ENTRIES_SEARCHED - 1, replace=False
            )
            places = np.unique([int(np.abs(gradient).argmax()), *drawn])
        claimed, measured = [], []
        indices = [np.unravel_index(int(i), tensor.shape) for i in places]
        for index in indices:
            v = np.zeros(tensor.shape)
            v[index] = 1
            forth, back = self._nudged(tensor, v, found.step), self._nudged(tensor, v, -found.step)
            measured.append(float((self.base.u * (forth - back)).sum() / (2 * found.step)))
            claimed.append(float(gradient[index]))
        a, n = np.array(claimed), np.array(measured)
        worst = int(np.abs(a - n).argmax())
        error = abs(a[worst] - n[worst]) / max(abs(a[worst]), abs(n[worst]), 1e-300)
        raise GradientError(
            f"{self.subject.name}: the gradient of {name} is wrong, worst at "
            f"{name}{_show(indices[worst])}: expected {n[worst]:+.8g} (numerical), got "
            f"{a[worst]:+.8g} (backward), relative error {error:.1e}; along the direction checked "
            f"{found.slope:+.8g} against {analytic:+.8g}{_hint(a, n)}"
        )


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


def _direction(gradient: Array, rng: np.random.Generator) -> Array:
    """A random direction, with a step along the gradient added on the side where it lies."""
    v = rng.standard_normal(gradient.shape)
    length = float(np.linalg.norm(gradient))
    if 0 < length < np.inf:
        v += np.copysign(1 / length, (v * gradient).sum()) * gradient
    return v


def _check_shape(subject: _Subject, name: str, tensor: Array, gradient: Array) -> None:
    if not hasattr(gradient, "shape") or gradient.shape != tensor.shape:
        raise GradientError(
            f"{subject.name}: expected the gradient of {name} to have its shape {tensor.shape}, "
            f"got {getattr(gradient, 'shape', type(gradient).__name__)}"
        )
    if gradient.dtype != np.float64:
        raise GradientError(
            f"{subject.name}: expected the gradient of {name} in float64 like x, got "
            f"{gradient.dtype}; something in backward casts"
        )


def _hint(claimed: Array, measured: Array) -> str:
    """What the pattern of the error suggests."""
    scale = max(float(np.abs(measured).max()), 1e-300)
    if np.allclose(claimed, -measured, rtol=1e-3, atol=1e-6 * scale):
        return ". It is the negative throughout: a wrong sign?"
    if np.allclose(claimed, 0, atol=1e-6 * scale):
        return ". It is zero throughout: a forgotten term?"
    real = np.abs(measured) > 1e-3 * scale
    ratio = claimed[real] / measured[real]
    if len(ratio) and np.allclose(ratio, ratio[0], rtol=1e-3):
        return f". It is {ratio[0]:.4g} times too large throughout: a missing factor?"
    if np.allclose(np.sort(claimed), np.sort(measured), rtol=1e-3, atol=1e-6 * scale):
        return ". The right numbers stand in the wrong places: a transposed axis?"
    return ""


def _show(index: Any) -> str:
    return f"[{', '.join(str(int(i)) for i in index)}]"


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
