"""What ``compile`` was told, checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from minicnn.arguments import takes
from minicnn.errors import ConfigError
from minicnn.losses import Loss
from minicnn.losses import get as get_loss
from minicnn.metrics import Metric
from minicnn.metrics import get as get_metric
from minicnn.optimizers import Optimizer
from minicnn.optimizers import get as get_optimizer
from minicnn.training.gradients import GradientStep


@dataclass(frozen=True)
class Settings:
    """How to train: what to minimise, how to move, what to watch."""

    optimizer: Optimizer
    loss: Loss
    metrics: list[Metric]
    gradients: list[GradientStep]

    @classmethod
    def of(
        cls,
        optimizer: str | Optimizer,
        loss: str | Loss,
        metrics: Sequence[str | Metric] | None,
        gradients: Sequence[GradientStep],
    ) -> Settings:
        """Names turned into what they name; an error for what makes no sense."""
        settings = cls(
            get_optimizer(optimizer),
            get_loss(loss),
            [get_metric(metric) for metric in as_list(metrics, "metrics")],
            as_list(gradients, "gradients"),
        )
        names = ["loss", *(metric.name for metric in settings.metrics)]
        for name in names:
            if names.count(name) > 1:
                raise ConfigError(
                    f"expected metrics of different names, because the history files them by name, "
                    f"got {name!r} twice; leave one out, or set its name"
                )
        for step in settings.gradients:
            if not callable(step) or not takes(step, 2):
                raise ConfigError(
                    f"expected gradients to be functions (grads, params) -> grads, got {step!r}"
                )
        return settings


def as_list(things: Any, what: str) -> list[Any]:
    """A list argument as a list of its own; None is an empty one."""
    if things is None:
        return []
    if isinstance(things, str) or not isinstance(things, Iterable):
        raise ConfigError(f"expected a list of {what}, got {things!r}; write {what}=[...]")
    return list(things)
