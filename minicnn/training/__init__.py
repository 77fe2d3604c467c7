"""The loop, its history, and those who look on."""

from minicnn.training.callback import Callback
from minicnn.training.callbacks import (
    CSVLogger,
    EarlyStopping,
    JSONLogger,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
    TerminateOnNaN,
)
from minicnn.training.checkpoint import Checkpoint
from minicnn.training.gradient_norms import GradientNorms
from minicnn.training.gradients import ClipNorm, ClipValue, WeightDecay
from minicnn.training.history import History
from minicnn.training.learner import trainable
from minicnn.training.learning_rate_finder import LearningRateFinder, LearningRates
from minicnn.training.loop import Trainer
from minicnn.training.progress import progress_for
from minicnn.training.resume import checkpoint_to_resume

__all__ = [
    "CSVLogger",
    "Callback",
    "Checkpoint",
    "ClipNorm",
    "ClipValue",
    "EarlyStopping",
    "GradientNorms",
    "History",
    "JSONLogger",
    "LearningRateFinder",
    "LearningRateScheduler",
    "LearningRates",
    "ModelCheckpoint",
    "ReduceLROnPlateau",
    "TerminateOnNaN",
    "Trainer",
    "WeightDecay",
    "checkpoint_to_resume",
    "progress_for",
    "trainable",
]
