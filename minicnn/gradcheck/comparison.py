"""One tensor's gradient against what nudging the tensor does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from minicnn.backends import to_numpy
from minicnn.errors import GradientError, KinkError, MinicnnError, UnprovableError
from minicnn.gradcheck.blame import blame, show
from minicnn.gradcheck.report import GradRow
from minicnn.gradcheck.slopes import ROUNDING, CoarseError, DrownedError, KinkedError, Line
from minicnn.gradcheck.subject import Base, Subject
from minicnn.typing import Array


class Comparison:
    """Compares one tensor's gradient with what nudging the tensor does."""

    def __init__(
        self,
        subject: Subject,
        base: Base,
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
                f"about {scale:.1e} beside outputs of about {line.size:.1e}, which drowns in "
                f"rounding, and nothing can be proven here; scale or centre x, to about ±1"
            ) from None
        if not found.right:
            blame(
                subject, name, gradient, analytic, found,
                lambda index: self._slope_of_entry(tensor, index, found.step),
            )  # fmt: skip
        return GradRow(
            name, tensor.shape, checked, analytic, found.slope, found.error, found.allowed
        )

    def _slope_of_entry(self, tensor: Array, index: Any, step: float) -> float:
        """How the weighted output moves with one entry."""
        v = np.zeros(tensor.shape)
        v[index] = 1
        forth, back = self._nudged(tensor, v, step), self._nudged(tensor, v, -step)
        return float((self.base.u * (forth - back)).sum() / (2 * step))

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
            where = f" (output {show(index)} bends most)"
        return KinkError(
            f"{self.subject.name}: expected a point where the layer has a derivative, got a kink "
            f"along {name}{where}: a ReLU at 0, a tie in a pool, or the like, where nothing can "
            f"be proven; move x a little, for instance x + 0.01 * rng.standard_normal(x.shape)"
        )


def direction(gradient: Array, rng: np.random.Generator) -> Array:
    """A random direction, with a step along the gradient added on the side where it lies."""
    v = rng.standard_normal(gradient.shape)
    length = float(np.linalg.norm(gradient))
    if 0 < length < np.inf:
        v += np.copysign(1 / length, (v * gradient).sum()) * gradient
    return v


def check_shape(subject: Subject, name: str, tensor: Array, gradient: Array) -> None:
    """Raise unless a gradient has its tensor's shape, and is float64 as x is."""
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
