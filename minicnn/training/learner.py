"""What is trained, and by what: all that a step has to know of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minicnn.engine import Engine
from minicnn.layers import Layer
from minicnn.metrics import Metric
from minicnn.objective import Objective
from minicnn.optimizers import Optimizer
from minicnn.training.figures import Figures, Mean
from minicnn.training.gradients import GradientStep


class Learner:
    """A network joined with its loss, its optimizer, its metrics, and the engine that runs it."""

    def __init__(
        self,
        link: Objective,
        optimizer: Optimizer,
        metrics: Sequence[Metric],
        gradients: Sequence[GradientStep] = (),
        seed: int = 0,
    ) -> None:
        self.link = link
        self.optimizer = optimizer
        self.metrics = metrics
        for metric in metrics:
            metric.suit(link.multi_label)
        self.gradients = gradients
        self.seed = seed
        self.engine = Engine(link.body)

    def follow(self, link: Objective) -> None:
        """Train what the network has become: another may be frozen, or have other arrays."""
        if not link.is_still(self.link):
            self.link = link
            self.engine.follow(link.body)

    def learning(self) -> list[str]:
        """The paths of all parameters that are not frozen."""
        return trainable(self.link.network)

    @property
    def last(self) -> Layer:
        """The layer whose outputs meet the labels."""
        return self.link.body.layers[-1] if self.link.body.layers else self.link.body

    @property
    def table_width(self) -> int:
        """How many rows and columns a confusion matrix of its answers has."""
        shape = self.link.body.output_shape or (1,)
        return 2 if self.link.multi_label else max(shape[-1], 2)

    def fresh_figures(self, loss: Mean | None = None) -> Figures:
        """To count beside an epoch that is under way, whose own metrics are left alone."""
        return Figures([metric.fresh() for metric in self.metrics], loss or Mean())


def is_ours(thing: Any) -> bool:
    """Whether it is minicnn's own, of which it is known what it does and when it changes."""
    return type(thing).__module__.startswith("minicnn.")


def trainable(layer: Layer, prefix: str = "") -> list[str]:
    """The paths of all parameters that are not frozen, by themselves or by what holds them."""
    if not layer.trainable:
        return []
    if not layer.children:
        return [prefix + key for key in layer.params]
    return [path for c in layer.children for path in trainable(c, f"{prefix}{c.name}/")]
