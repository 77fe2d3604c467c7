"""minicnn: a convolutional-network library to read like a textbook and run like a framework.

The map of the house, from the ground up: ``errors``, ``typing`` and their like; ``backends``
(arrays); ``layers``, ``losses``, ``optimizers``, ``metrics``, ``initializers`` (the mathematics);
``engine`` (what makes it fast); ``objective`` (a network joined with its loss); ``data``,
``saving``, ``gradcheck``; ``training``; ``model``; ``zoo``, ``explain``; ``viz``; ``report``;
``testing``, which checks layers of your own; ``cli``. docs/house.md says what each is for.
"""

from minicnn import starting  # noqa: F401 - first: Ctrl-C may come while the others load

# isort: split
from importlib import import_module
from typing import TYPE_CHECKING, Any

from minicnn.backends import register_backend, use_backend
from minicnn.engine import engine_options, get_threads, set_threads, stopwatch
from minicnn.errors import (
    BackendError,
    BusyError,
    ConfigError,
    ConformanceError,
    DataError,
    DtypeError,
    GradientError,
    KinkError,
    LabelError,
    MinicnnError,
    MissingPackageError,
    NoSuchLayerError,
    NotBuiltError,
    NotCompiledError,
    NotFiniteError,
    SavingError,
    ShapeError,
    UnprovableError,
)
from minicnn.gradcheck import GradReport, gradcheck
from minicnn.layers import (
    GELU,
    AvgPool2D,
    BatchNorm,
    Chain,
    Concat,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool2D,
    GlobalMaxPool2D,
    Layer,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    ReLU6,
    Reshape,
    Residual,
    SeparableConv2D,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
    UpSample2D,
)
from minicnn.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Dice,
    Huber,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)
from minicnn.metrics import Metric
from minicnn.model import Sequential, load_model
from minicnn.optimizers import (
    SGD,
    Adam,
    AdamW,
    CosineDecay,
    ExponentialDecay,
    Optimizer,
    PiecewiseConstantDecay,
    RMSprop,
)
from minicnn.randomness import Moment
from minicnn.training import (
    Callback,
    ClipNorm,
    ClipValue,
    CSVLogger,
    EarlyStopping,
    GradientNorms,
    History,
    JSONLogger,
    LearningRateFinder,
    LearningRates,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
    TerminateOnNaN,
    WeightDecay,
)
from minicnn.version import __version__

if TYPE_CHECKING:
    from minicnn import data, explain, testing, viz, zoo
    from minicnn.report import Report

_ROOMS = (
    "data",
    "explain",
    "testing",
    "viz",
    "zoo",
)  # loaded when first asked for: mc.zoo.catdog()


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"minicnn.{name}")
    if name == "Report":  # it draws, and brings all that it takes
        return import_module("minicnn.report").Report
    raise AttributeError(f"module 'minicnn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_ROOMS, "Report"})


__all__ = [
    "GELU",
    "SGD",
    "Adam",
    "AdamW",
    "AvgPool2D",
    "BackendError",
    "BatchNorm",
    "BinaryCrossentropy",
    "BusyError",
    "CSVLogger",
    "Callback",
    "CategoricalCrossentropy",
    "Chain",
    "ClipNorm",
    "ClipValue",
    "Concat",
    "ConfigError",
    "ConformanceError",
    "Conv2D",
    "Conv2DTranspose",
    "CosineDecay",
    "DataError",
    "Dense",
    "Dice",
    "Dropout",
    "DtypeError",
    "EarlyStopping",
    "ExponentialDecay",
    "Flatten",
    "GlobalAvgPool2D",
    "GlobalMaxPool2D",
    "GradReport",
    "GradientError",
    "GradientNorms",
    "History",
    "Huber",
    "JSONLogger",
    "KinkError",
    "LabelError",
    "Layer",
    "LeakyReLU",
    "LearningRateFinder",
    "LearningRateScheduler",
    "LearningRates",
    "Loss",
    "MaxPool2D",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Metric",
    "MinicnnError",
    "MissingPackageError",
    "ModelCheckpoint",
    "Moment",
    "NoSuchLayerError",
    "NotBuiltError",
    "NotCompiledError",
    "NotFiniteError",
    "Optimizer",
    "PiecewiseConstantDecay",
    "RMSprop",
    "ReLU",
    "ReLU6",
    "ReduceLROnPlateau",
    "Report",
    "Reshape",
    "Residual",
    "SavingError",
    "SeparableConv2D",
    "Sequential",
    "ShapeError",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "SparseCategoricalCrossentropy",
    "Tanh",
    "TerminateOnNaN",
    "UnprovableError",
    "UpSample2D",
    "WeightDecay",
    "__version__",
    "data",
    "engine_options",
    "explain",
    "get_threads",
    "gradcheck",
    "load_model",
    "register_backend",
    "set_threads",
    "stopwatch",
    "testing",
    "use_backend",
    "viz",
    "zoo",
]
