"""How parameters move, one rule a file."""

from collections.abc import Callable

from minicnn.errors import ConfigError
from minicnn.optimizers.adam import Adam, AdamW
from minicnn.optimizers.optimizer import Optimizer
from minicnn.optimizers.rmsprop import RMSprop
from minicnn.optimizers.schedules import CosineDecay, ExponentialDecay, PiecewiseConstantDecay
from minicnn.optimizers.sgd import SGD

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "CosineDecay",
    "ExponentialDecay",
    "Optimizer",
    "PiecewiseConstantDecay",
    "RMSprop",
    "get",
]

BY_NAME: dict[str, Callable[[], Optimizer]] = {
    "sgd": SGD,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
}


def get(optimizer: "str | Optimizer") -> Optimizer:
    """The optimizer of this name with its usual settings, or the optimizer itself."""
    if isinstance(optimizer, Optimizer):
        if not hasattr(optimizer, "memory"):
            raise ConfigError(
                f"{type(optimizer).__name__}: expected an optimizer that was begun by "
                f"Optimizer.__init__, got one without; call super().__init__(learning_rate) in "
                f"__init__"
            )
        return optimizer
    if not isinstance(optimizer, str) or optimizer not in BY_NAME:
        raise ConfigError(
            f"expected an optimizer from {', '.join(BY_NAME)} or an Optimizer, got {optimizer!r}"
        )
    return BY_NAME[optimizer]()
