"""The loop, its history, and those who look on (floor 5)."""

from minicnn.training.callback import Callback
from minicnn.training.gradients import ClipNorm, ClipValue, WeightDecay
from minicnn.training.history import History
from minicnn.training.loop import Trainer, trainable
from minicnn.training.progress import progress_for

__all__ = [
    "Callback",
    "ClipNorm",
    "ClipValue",
    "History",
    "Trainer",
    "WeightDecay",
    "progress_for",
    "trainable",
]
