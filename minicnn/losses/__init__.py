"""How wrong a prediction is, one loss a file."""

from minicnn.errors import ConfigError
from minicnn.losses.binary_crossentropy import BinaryCrossentropy
from minicnn.losses.categorical_crossentropy import (
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from minicnn.losses.dice import Dice
from minicnn.losses.huber import Huber
from minicnn.losses.loss import Loss
from minicnn.losses.mean_absolute_error import MeanAbsoluteError
from minicnn.losses.mean_squared_error import MeanSquaredError

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "Dice",
    "Huber",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
    "get",
]

BY_NAME: dict[str, type[Loss]] = {
    "binary_crossentropy": BinaryCrossentropy,
    "categorical_crossentropy": CategoricalCrossentropy,
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
    "mean_squared_error": MeanSquaredError,
    "mse": MeanSquaredError,
    "mean_absolute_error": MeanAbsoluteError,
    "mae": MeanAbsoluteError,
    "huber": Huber,
    "dice": Dice,
}


def get(loss: "str | Loss") -> Loss:
    """The loss of this name, or the loss itself."""
    if isinstance(loss, Loss):
        return loss
    if not isinstance(loss, str) or loss not in BY_NAME:
        raise ConfigError(f"expected a loss from {', '.join(BY_NAME)} or a Loss, got {loss!r}")
    return BY_NAME[loss]()
