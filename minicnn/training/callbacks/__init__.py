"""Those who look on while a model trains, one idea a file."""

from minicnn.training.callbacks.csv_logger import CSVLogger
from minicnn.training.callbacks.early_stopping import EarlyStopping
from minicnn.training.callbacks.json_logger import JSONLogger
from minicnn.training.callbacks.learning_rate_scheduler import LearningRateScheduler
from minicnn.training.callbacks.model_checkpoint import ModelCheckpoint
from minicnn.training.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau
from minicnn.training.callbacks.terminate_on_nan import TerminateOnNaN

__all__ = [
    "CSVLogger",
    "EarlyStopping",
    "JSONLogger",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ReduceLROnPlateau",
    "TerminateOnNaN",
]
