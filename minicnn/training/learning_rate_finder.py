"""LearningRateFinder: try every learning rate once, look, and choose."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from minicnn.arguments import positive, whole
from minicnn.data.arrays import ArrayDataset
from minicnn.data.dataset import Batch, Dataset
from minicnn.errors import ConfigError, DataError, NotFiniteError
from minicnn.randomness import Moment
from minicnn.training.loop import Trainer

SMOOTHING = 0.9  # each loss is a mean that gives the last batch a tenth of the weight
DIVERGED = 4.0  # times the best loss so far: from there on it only gets worse


@dataclass
class LearningRates:
    """What came of a search: the smoothed loss at each rate. ``mc.viz.learning_rates`` draws it."""

    rates: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)

    @property
    def suggestion(self) -> float:
        """A tenth of the rate at which the loss was lowest: a good way below the explosion.

        >>> LearningRates([0.001, 0.01, 0.1, 1.0], [0.7, 0.6, 0.3, 0.9]).suggestion
        0.01
        """
        if not self.rates:
            raise ConfigError(
                "expected at least one learning rate with a finite loss, got none: the loss broke "
                "down at once; begin with a lower rate"
            )
        return self.rates[self.losses.index(min(self.losses))] / 10


class LearningRateFinder:
    """Trains for ``steps`` steps while the rate climbs from ``lowest`` to ``highest``.

    Where the rate is too low nothing happens, where it is too high the loss explodes; the best
    rate lies between. The search ends early when the loss explodes. The model, its optimizer
    and its running figures are then put back as they were.

        rates = mc.LearningRateFinder().search(model, x, y, batch_size=20)
        rates.suggestion, mc.viz.learning_rates(rates)
    """

    def __init__(self, lowest: float = 1e-6, highest: float = 1.0, steps: int = 100) -> None:
        lowest = positive(lowest, "lowest", "LearningRateFinder")
        highest = positive(highest, "highest", "LearningRateFinder")
        if not lowest < highest:
            raise ConfigError(
                f"LearningRateFinder: expected 0 < lowest < highest, got {lowest!r} and {highest!r}"
            )
        self.lowest, self.highest = lowest, highest
        self.steps = whole(steps, "steps", "LearningRateFinder", least=2)

    def search(self, model: Any, x: Any, y: Any = None, batch_size: int = 32) -> LearningRates:
        """Try the rates on arrays or on a data set."""
        trainer: Trainer = model.trainer
        if y is None and (not isinstance(x, Dataset) or len(x) == 0):
            raise ConfigError(
                f"LearningRateFinder: expected arrays x and y, or a data set with at least one "
                f"batch, got {type(x).__name__} alone"
            )
        data = x if y is None else ArrayDataset(x, y, batch_size, seed=model.seed)
        optimizer = trainer.optimizer
        with trainer.turn.step("LearningRateFinder"):
            weights = model.get_weights()
            kept = (optimizer.learning_rate, optimizer.step_count, optimizer.memory)
            optimizer.memory = copy.deepcopy(optimizer.memory)
            try:
                return self._climb(trainer, data)
            finally:
                model.set_weights(weights)
                optimizer.learning_rate, optimizer.step_count, optimizer.memory = kept

    def _climb(self, trainer: Trainer, data: Dataset) -> LearningRates:
        found = LearningRates()
        mean = 0.0
        factor = (self.highest / self.lowest) ** (1 / (self.steps - 1))
        for step, (moment, batch) in zip(range(self.steps), _endless(trainer, data), strict=False):
            rate = self.lowest * factor**step
            trainer.optimizer.learning_rate = rate
            try:
                loss = trainer.loss_of_step(batch, moment)
            except NotFiniteError:
                break
            mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
            smooth = mean / (1 - SMOOTHING ** (step + 1))  # without the pull of the first zero
            if not math.isfinite(smooth) or smooth > DIVERGED * min([*found.losses, smooth]):
                break
            found.rates.append(rate)
            found.losses.append(smooth)
        return found


def _endless(trainer: Trainer, data: Dataset) -> Iterator[tuple[Moment, Batch]]:
    for epoch in count():
        step = -1
        for step, batch in enumerate(data.epoch(epoch)):
            yield Moment(trainer.seed, epoch, step), batch
        if step < 0:
            raise DataError(
                f"LearningRateFinder: expected a data set with at least one batch, got none in "
                f"epoch {epoch + 1}; look at what its epoch({epoch}) yields"
            )
