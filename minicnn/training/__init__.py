"""The loop, its history, and those who look on (floor 5)."""

from minicnn.training.callback import Callback
from minicnn.training.gradients import ClipNorm, ClipValue, WeightDecay
from minicnn.training.history import History
from minicnn.training.loop import Trainer, dtype_of, floats, trainable
from minicnn.training.progress import progress_for

__all__ = [
    "Callback",
    "ClipNorm",
    "ClipValue",
    "History",
    "Trainer",
    "WeightDecay",
    "dtype_of",
    "floats",
    "progress_for",
    "trainable",
]
