"""Proof that a derivative is right. Derivation: docs/derivations/gradcheck.md.

For a layer y = f(t), with t its input or one of its parameters, draw a direction v at random
and a weight u for every output. Calculus says that the two numbers

    ⟨u, (f(t + εv) - f(t - εv)) / 2ε⟩        what nudging t does: two evaluations at any size
    ⟨v, backward(u)⟩                          what the backward pass claims

are equal. (v gets a step along the claimed gradient added, so that a factor that is nearly right
cannot hide in a direction along which little happens.) Everything is done in float64, on a copy
whose parameters are shaken a little, so that a forgotten factor of 1 or term of 0 shows.
"""

from __future__ import annotations

from typing import Any

from minicnn.arguments import positive
from minicnn.backends import to_numpy
from minicnn.gradcheck.comparison import Comparison, check_shape, direction
from minicnn.gradcheck.report import GradReport, GradRow
from minicnn.gradcheck.subject import Subject
from minicnn.losses import Loss
from minicnn.randomness import generator

__all__ = ["GradReport", "GradRow", "gradcheck"]


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

    >>> import numpy as np
    >>> from minicnn import Dense
    >>> report = gradcheck(Dense(2), np.array([[1.0, 2.0, 3.0]]))
    >>> [row.tensor for row in report.rows]
    ['x', 'W', 'b']
    """
    eps, rtol = positive(eps, "eps", "gradcheck"), positive(rtol, "rtol", "gradcheck")
    subject = Subject(layer, x, training, seed, loss, y)
    # Draws of its own name: a user's x often comes from default_rng(0) too, and with u equal to
    # x the gradient of a Dense kernel is symmetric, so that a transposed one would pass.
    rng = generator(seed, "gradcheck", "directions")
    base, gradients = subject.evaluate_with_gradients(rng)
    for name, tensor in subject.tensors.items():
        check_shape(subject, name, tensor, gradients[name])
    check = Comparison(subject, base, gradients, eps, rtol)
    rows = []
    for name, tensor in subject.tensors.items():
        gradient = to_numpy(gradients[name])
        if full:
            rows.append(check.entries(name, tensor, gradient))
        else:
            rows.append(check.direction(name, tensor, gradient, direction(gradient, rng)))
    return GradReport(subject.name, rtol, tuple(rows))
