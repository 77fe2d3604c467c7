"""How far the answer moves when a picture changes and what it shows does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from minicnn.backends import to_numpy
from minicnn.data.augment.warp import Fill
from minicnn.engine import Engine
from minicnn.errors import ConfigError, DataError
from minicnn.explain.nuisances import NUISANCES, changed
from minicnn.explain.scores import chosen, samples
from minicnn.model import Sequential
from minicnn.objective import up_to_scores
from minicnn.typing import Array


class Movement(NamedTuple):
    """What becomes of each picture's answer under each amount of one nuisance."""

    unit: str  # of the amounts
    amounts: Array  # (A,)
    none: float  # the amount that changes nothing
    classes: Array  # (N,) what the picture was taken for, unchanged
    leads: Array  # (A, N) by how much the score of that class leads over the best other
    fill: Fill | None = None  # what was seen beyond the border

    @property
    def kept(self) -> Array:
        """(A, N): whether the answer is still the same: no other class has a higher score."""
        return self.leads >= 0


def invariance(
    model: Sequential,
    x: Any,
    amounts: Mapping[str, Sequence[float]] | None = None,
    fill: Fill | None = None,
    batch_size: int = 32,
) -> dict[str, Movement]:
    """A ``Movement`` for each of shift, scale, rotation, light and occlusion.

    ``x`` are pictures (N, H, W, 3) or (N, H, W, 1) as uint8; no labels are needed, since each
    picture is compared with itself. ``amounts={"rotation": [0, 45]}`` asks for one nuisance, in
    amounts of one's own. ``fill`` says what is seen beyond a picture's border: its "nearest" pixel,
    its mirror image ("reflect"), a colour (r, g, b), or by default its own mean colour.
    """
    pictures = to_numpy(samples(model, x))
    if pictures.ndim != 4 or pictures.shape[-1] not in (1, 3) or pictures.dtype != np.uint8:
        raise DataError(
            f"invariance: expected pictures (N, H, W, 3) or (N, H, W, 1) as uint8, got "
            f"{pictures.dtype} of shape {pictures.shape}; values from 0 to 1 become "
            f"(255 * x).round().astype('uint8')"
        )
    wanted = {name: n.amounts for name, n in NUISANCES.items()} if amounts is None else amounts
    _check(wanted)
    if fill not in (None, "nearest", "reflect") and not (
        isinstance(fill, tuple) and len(fill) == 3
    ):
        raise ConfigError(
            f"invariance: expected fill as 'nearest', 'reflect' or (r, g, b), got {fill!r}; leave "
            f"it out for each picture's mean colour"
        )
    engine = Engine(up_to_scores(model))

    def outputs(changed: Array) -> Array:
        starts = range(0, len(changed), batch_size)
        return np.concatenate([to_numpy(engine.infer(changed[i : i + batch_size])) for i in starts])

    classes, _, _ = chosen(outputs(pictures), None)
    found = {}
    for name, some in wanted.items():
        nuisance = NUISANCES[name]
        leads = [lead(outputs(changed(name, pictures, amount, fill)), classes) for amount in some]
        found[name] = Movement(
            nuisance.unit, np.array(some, float), nuisance.none, classes, np.array(leads), fill
        )
    return found


def lead(outputs: Array, classes: Array) -> Array:
    """By how much the score of each sample's class leads over the best other; (N,).

    >>> lead(np.array([[3.0, 1, 2], [3, 1, 2]]), np.array([0, 2]))
    array([ 1., -1.])
    >>> lead(np.array([[4.0], [4.0]]), np.array([1, 0]))         # one output: for class 1
    array([ 4., -4.])
    """
    if outputs.shape[1] == 1:
        outputs = np.hstack([np.zeros_like(outputs), outputs])
    rows = np.arange(len(classes))
    others = outputs.copy()
    others[rows, classes] = -np.inf
    return np.asarray(outputs[rows, classes] - others.max(axis=1))


def _check(amounts: Mapping[str, Sequence[float]]) -> None:
    """Nuisances that there are, in amounts that make sense."""
    for name, some in amounts.items():
        if name not in NUISANCES:
            raise ConfigError(
                f"invariance: expected nuisances from {', '.join(NUISANCES)}, got {name!r}; "
                f"leave amounts out for all of them"
            )
        values = np.asarray(some)
        lowest, highest = NUISANCES[name].limits
        if (
            values.ndim != 1
            or values.size == 0
            or values.dtype.kind not in "iuf"
            or not ((values >= lowest) & (values <= highest)).all()
        ):
            raise ConfigError(
                f"invariance: expected amounts of {name} from {lowest} to {highest} "
                f"({NUISANCES[name].unit}), got {some!r}; try {list(NUISANCES[name].amounts)}"
            )
