"""How close is equal: every comparison of minicnn with a framework's answers.

Tolerances, and why they are what they are:

EXACT = 1e-12, relative to the largest number of an array. Both sides compute in float64,
where one rounding is 1e-16. What was seen is 4e-15 for a single layer and 1e-14 after ten
steps of training; a formula that differs in anything shows up far above 1e-12.

Training in float32 cannot be compared so tightly, whoever computes, nor by a fixed number: how far
the order of a sum leads depends on the processor. ``float32_steps.py`` measures it on the machine
at hand, and compares step by step with float64. Keras's own float32 numbers are compared with as
far as nothing was trained; what it ends with after ten steps is for ``rounding.py`` to show.

WITHIN_ROUNDING = 10, as in tests/engine/test_equality.py: a step in float32 may be off by ten
times what some units in the last place of the weights change. What was seen, under six of
OpenBLAS's kernels, is 1.4 times at most.

COUNTED = 1e-6 for metrics: Keras counts in float32, and adds 1e-7 to the denominator of F1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tests.parity import answers, cases, float32_steps, minicnn_side

EXACT = 1e-12
COUNTED = 1e-6
WITHIN_ROUNDING = 10
BEFORE_TRAINING = 1e-6  # a forward pass in float32: some 20,000 terms a sum, rounded at 6e-8


@dataclass(frozen=True)
class Check:
    """One case against the answer in one file."""

    file: str
    case: Any
    compute: Callable[[Any], dict[str, np.ndarray]]
    tolerance: float = EXACT

    def __str__(self) -> str:
        return f"{self.file}:{self.case.name}"

    def run(self, folder: Path) -> None:
        """Compute with minicnn, and fail unless it is what the framework said."""
        theirs = answers.load(folder / f"{self.file}.npz")[self.case.name]
        ours = self.compute(self.case)
        assert set(ours) == set(theirs)
        for what, expected in theirs.items():
            equal(f"{self}: {what}", ours[what], expected, self.tolerance)


class Float32Check(Check):
    """A network trained in float32: Keras's until it is trained, then within rounding."""

    def run(self, folder: Path) -> None:
        """Keras's predictions and first loss; from then on, float64's steps."""
        theirs = answers.load(folder / f"{self.file}.npz")[self.case.name]
        ours = self.compute(self.case)
        assert ours["before"].dtype == theirs["before"].dtype == np.float32
        equal(f"{self}: before", ours["before"], theirs["before"], BEFORE_TRAINING)
        equal(f"{self}: first loss", ours["first loss"], theirs["losses"][0], BEFORE_TRAINING)
        for what, (off, moved) in float32_steps.errors(self.case).items():
            assert off <= WITHIN_ROUNDING * moved, (
                f"{self}: {what}: a step in float32 is off by {off:.2g} (rms), allowed "
                f"{WITHIN_ROUNDING * moved:.2g}"
            )


def equal(what: str, ours: Any, theirs: np.ndarray, tolerance: float) -> None:
    """No entry may be off by more than ``tolerance`` times the largest (or 1)."""
    ours = np.asarray(ours)
    assert ours.shape == theirs.shape, f"{what}: shape {ours.shape}, expected {theirs.shape}"
    if theirs.size == 0:
        return
    distance = np.abs(ours - theirs)
    allowed = tolerance * max(1.0, float(np.abs(theirs).max()))
    worst = np.unravel_index(np.argmax(distance), distance.shape)
    assert distance.max() <= allowed, (
        f"{what}: off by {distance.max():.2g} at {tuple(map(int, worst))}, allowed {allowed:.2g}: "
        f"minicnn {ours[worst]!r}, framework {theirs[worst]!r}"
    )


def rms(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(np.subtract(a, b, dtype=np.float64)))))


def trained(case: cases.NetworkCase, dtype: str) -> dict[str, np.ndarray]:
    return answers.digest(minicnn_side.answer_network(case, dtype))


NETWORKS = [
    check
    for case in cases.NETWORKS
    for check in (
        Check(f"{case.name}-float64", case, partial(trained, dtype="float64")),
        Float32Check(f"{case.name}-float32", case, float32_steps.at_first),
    )
]

ALL = [
    *(Check("layers", case, minicnn_side.answer_layer) for case in cases.LAYERS),
    *(Check("losses-torch", case, minicnn_side.answer_loss) for case in cases.LOSSES_OF_LOGITS),
    *(Check("losses-keras", case, minicnn_side.answer_loss) for case in cases.LOSSES),
    *(Check("schedules", case, minicnn_side.answer_schedule) for case in cases.SCHEDULES),
    *(Check("optimizers", case, minicnn_side.answer_optimizer) for case in cases.OPTIMIZERS),
    *(Check("metrics", case, minicnn_side.answer_metric, COUNTED) for case in cases.METRICS),
    *NETWORKS,
]
