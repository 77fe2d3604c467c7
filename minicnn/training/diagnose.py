"""Where NaN or infinity first appeared: asked only when something went wrong."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minicnn.backends import ops_for, to_numpy
from minicnn.data.dataset import Batch
from minicnn.errors import NotFiniteError
from minicnn.layers import Chain
from minicnn.layers.inputs import floats
from minicnn.randomness import Moment
from minicnn.typing import Array


def is_finite(a: Array) -> bool:
    """Whether every number is finite."""
    return bool(ops_for(a).xp.isfinite(a).all())


def sum_of(x: Any) -> Any:
    """The sum of a batch, finite only if all of it is; 0 for pictures, whose pixels always are.

    One look at each number, without an array of answers. A sum of finite numbers may overflow:
    then :func:`is_finite` has the last word.
    """
    return x.sum() if getattr(x, "dtype", np.dtype("u1")).kind == "f" else 0.0


def not_finite(network: Chain, batch: Batch, value: float, moment: Moment | None) -> NotFiniteError:
    """The error that says in which step, or that in an evaluation, and where NaN began."""
    x = floats(batch.x, network)
    reason = where_it_broke(network, x, batch, training=False if moment is None else moment)
    what, got = ("input", "NaN or infinity") if math.isfinite(value) else ("loss", value)
    if moment is None:
        return NotFiniteError(f"evaluation: expected a finite {what}, got {got}; {reason}")
    return NotFiniteError(
        f"epoch {moment.epoch + 1}, step {moment.step + 1}: expected a finite {what}, got "
        f"{got}; {reason}; the weights are those from before this step"
    )


def where_it_broke(network: Chain, x: Array, batch: Batch | None, training: Any) -> str:
    """A sentence that names the first thing that isn't finite, and the likely remedy."""
    if not is_finite(x):
        return (
            "the input has NaN or infinity in it: look for broken pictures or a division by "
            "zero in the preparation of the data"
        )
    for layer in network.layers:
        for key, p in layer.params.items():
            if not is_finite(p):
                return (
                    f"{layer.where}: its parameter {key} is no longer finite: an earlier step "
                    f"was too long; lower the learning rate"
                )
        x = layer.forward(x, training)[0]
        if not is_finite(x):
            return (
                f"{layer.where}: its output overflowed although its input and parameters are "
                f"finite; lower the learning rate, or scale the inputs to about -1..1"
            )
    if batch is not None:
        for what, numbers in (("labels", batch.y), ("sample weights", batch.weight)):
            if numbers is not None and not np.isfinite(to_numpy(numbers)).all():
                return f"the {what} have NaN or infinity in them"
    last = network.layers[-1] if network.layers else network
    return (
        f"{last.where}: its outputs, up to {float(abs(x).max()):.1g}, or the labels are too large "
        f"for the loss; lower the learning rate, or scale the labels"
    )
