"""What the project set out to reach: mission network, batch 20, two cores (issue 4)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """minicnn's figure over the best of a family's; less is better."""

    what: str  # "train", "predict" (seconds) or "memory" (peak bytes of training)
    family: str
    goal: float
    moonshot: float


GOALS = (
    Goal("train", "PyTorch", 0.90, 0.70),
    Goal("train", "Keras", 1.30, 1.00),
    Goal("predict", "PyTorch", 1.00, 0.80),
    Goal("predict", "Keras", 1.80, 1.20),
    Goal("train", "DeZero", 0.10, 0.06),
    Goal("memory", "Keras", 0.50, 0.35),
)
SHARE_GOAL, SHARE_MOONSHOT = 0.30, 0.40  # of the measured GEMM rate, while training; more is better
