"""The gate before the stopwatch: from equal weights, do all compute the same?

Predictions and the first loss must agree to float32's precision. The second loss has been
through backward pass and optimizer. Keras, minicnn and DeZero divide by ``sqrt(v + eps)``
and must agree on it; PyTorch divides by ``sqrt(v) + eps``, which takes small gradients
further, so of it only the rough size of the second loss can be asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.arena.opponents import Entry

STEPS = 2
PREDICTION_TOLERANCE = 1e-4  # absolute: these are probabilities
FIRST_LOSS_TOLERANCE = 1e-4  # relative, as the two below
SECOND_LOSS_TOLERANCE = 2e-3
OWN_RMSPROP_TOLERANCE = 0.5


def differences(answers: Sequence[tuple[Entry, dict[str, Any]]]) -> list[str]:
    """What sets each later answer apart from the first one; an empty list opens the gate."""
    (reference, expected), *others = answers
    complaints = []
    for entry, got in others:
        who = f"{entry.name} against {reference.name}"
        gap = np.abs(np.subtract(got["predictions"], expected["predictions"])).max()
        if not gap <= PREDICTION_TOLERANCE:
            complaints.append(f"{who}: predictions differ by {gap:.3g}")
        own = entry.own_rmsprop or reference.own_rmsprop
        bounds = (FIRST_LOSS_TOLERANCE, OWN_RMSPROP_TOLERANCE if own else SECOND_LOSS_TOLERANCE)
        pairs = zip(got["losses"], expected["losses"], bounds, strict=True)
        for step, (loss, target, bound) in enumerate(pairs, start=1):
            if not abs(loss - target) <= bound * abs(target):  # a NaN must not pass
                complaints.append(f"{who}: loss {step} is {loss:.6g}, expected {target:.6g}")
    return complaints
