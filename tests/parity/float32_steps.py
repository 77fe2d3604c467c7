"""How well float32 trains: each step against the same step in float64, from the same numbers.

Ten steps in float32 cannot be compared as a whole, whoever computes. The last bit of a sum
depends on the order of its terms, so on the processor, and now and then it decides which cell of
a pool wins or whether a ReLU passes. Then a gradient differs visibly, and later steps carry that
on: the mission's network ends anywhere within 1e-3 (``rounding.py``), on one and the same
machine. A single step has no such past. From the numbers where float32 stands the step is done
in float64 too, whose rule is held to Keras at 1e-12 by the check next door.

What rounding may do to such a step is measured, on the machine at hand and not by us in advance:
the step is done again, in float32, from weights that differ by some units in the last place.
"""

from collections.abc import Iterator

import numpy as np

import minicnn as mc
from tests.parity import minicnn_side
from tests.parity.cases import NetworkCase

STEPS = 3  # the first: RMSprop has little to divide by yet, so they are the most sensitive
SHAKEN = 3
# A sum of some 400 products ends about √400 half units off (of 2^-24 each), in whatever order.
SHAKE = 20 * 2.0**-24

Numbers = dict[str, np.ndarray]


def at_first(case: NetworkCase) -> Numbers:
    """What comes before any training: predictions, and the loss of the first batch."""
    model = minicnn_side.network(case, "float32")
    before = model.predict(case.pictures(case.steps, "float32")[0])
    return {"before": before, "first loss": _step(model, case, 0)["loss"]}


def steps(case: NetworkCase) -> Iterator[tuple[Numbers, Numbers, list[Numbers]]]:
    """The loss, and each weight's move, of some steps: in float32, float64, shaken float32."""
    rng = np.random.default_rng(0)
    single, again = (minicnn_side.network(case, "float32") for _ in range(2))
    double = minicnn_side.network(case, "float64")
    for step in range(STEPS):
        start = single.get_weights()
        memory = single.optimizer.memory
        exact = _step_from(double, start, memory, case, step)
        shaken = [
            _step_from(again, [_shaken(w, rng) for w in start], memory, case, step)
            for _ in range(SHAKEN)
        ]
        yield _step(single, case, step), exact, shaken


def _step_from(model: mc.Sequential, weights: list, memory: dict, case, step: int) -> Numbers:
    """One step from these weights and this memory of the optimizer, in the model's own dtype."""
    dtype = _dtype(model)
    model.set_weights([w.astype(dtype, copy=False) for w in weights])
    model.optimizer.memory = {
        path: {slot: a.astype(dtype) for slot, a in slots.items()} for path, slots in memory.items()
    }
    model.optimizer.step_count = step
    return _step(model, case, step)


def _step(model: mc.Sequential, case: NetworkCase, step: int) -> Numbers:
    before = model.get_weights()
    loss = model.train_on_batch(*case.pictures(step, _dtype(model)))["loss"]
    moves = enumerate(after - w for w, after in zip(before, model.get_weights(), strict=True))
    return {"loss": np.array(loss), **{f"weight{i}": move for i, move in moves}}


def _dtype(model: mc.Sequential) -> np.dtype:
    return next(iter(model.params.values())).dtype


def _shaken(w: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return w * (1 + SHAKE * rng.standard_normal(w.shape, np.float32)).astype(w.dtype)


def errors(case: NetworkCase) -> dict[str, tuple[float, float]]:
    """For the loss and each weight's move: how far float32 is off, and how far a shake leads.

    Both as the root of the mean square over all entries and steps; of several shakes, the worst.
    """
    off: dict[str, list[float]] = {}
    moved: dict[str, list[list[float]]] = {}
    for ours, exact, shaken in steps(case):
        for what, a in ours.items():
            off.setdefault(what, []).append(_mean_square(a, exact[what]))
            moved.setdefault(what, []).append([_mean_square(a, other[what]) for other in shaken])
    return {
        what: (np.mean(off[what]) ** 0.5, np.mean(moved[what], axis=0).max() ** 0.5) for what in off
    }


def _mean_square(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.mean(np.square(np.subtract(a, b, dtype=np.float64))))
