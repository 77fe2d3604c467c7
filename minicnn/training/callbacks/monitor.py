"""One figure, watched from epoch to epoch: is it the best so far?

>>> monitor = Monitor("val_accuracy")
>>> [monitor.is_better(value) for value in (0.5, 0.7, 0.7, 0.6, float("nan"), 0.8)]
[True, True, False, False, False, True]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from minicnn.arguments import is_number
from minicnn.errors import ConfigError

Mode = Literal["auto", "min", "max"]
HIGHER_IS_BETTER = ("accuracy", "precision", "recall", "f1", "auc")
LOWER_IS_BETTER = ("loss", "error")


class Monitor:
    """Remembers the best figure; a new one must beat it by more than ``min_delta``."""

    def __init__(self, name: str, mode: Mode = "auto", min_delta: float = 0.0) -> None:
        self.name = name
        self.mode = direction(name) if mode == "auto" else mode
        if self.mode not in ("min", "max"):
            raise ConfigError(f'monitor {name}: expected mode "auto", "min" or "max", got {mode!r}')
        if not is_number(min_delta) or not min_delta >= 0:
            raise ConfigError(
                f"monitor {name}: expected min_delta of at least 0, got {min_delta!r}"
            )
        self.min_delta = min_delta
        self.best: float | None = None

    def begin(self, plan: Mapping[str, Any]) -> None:
        """Forget the best figure, and make sure now that there will be one in each epoch."""
        self.best = None
        if self.name not in plan["figures"]:
            raise self._missing(plan["figures"])

    def remember(self, best: Any) -> None:
        """Take back the best figure of a run that goes on."""
        if best is not None and not is_number(best):
            raise ConfigError(f"expected the best {self.name} as a number or None, got {best!r}")
        self.best = None if best is None else float(best)

    def figure(self, logs: Mapping[str, Any]) -> float:
        """The figure in this epoch's logs."""
        if self.name not in logs:
            raise self._missing(list(logs))
        value = logs[self.name]
        if not is_number(value) and (np.ndim(value) or not hasattr(value, "dtype")):
            raise ConfigError(
                f"expected a number to monitor, got {self.name}, which is a "
                f"{'table' if np.ndim(value) else type(value).__name__}; monitor another"
            )
        return float(value)

    def is_better(self, figure: float) -> bool:
        """Whether this is the best so far (NaN never is); if so, it is remembered."""
        if self.best is None:
            better = figure == figure
        elif self.mode == "min":
            better = figure < self.best - self.min_delta
        else:
            better = figure > self.best + self.min_delta
        if better:
            self.best = figure
        return better

    def _missing(self, there_is: Sequence[str]) -> ConfigError:
        hint = "give fit validation_data, or monitor one of these"
        return ConfigError(
            f"expected a figure called {self.name!r} to monitor, got only {', '.join(there_is)}; "
            f"{hint if self.name.startswith('val_') else 'monitor one of these'}"
        )


def direction(name: str) -> Mode:
    """Whether a figure of this name should fall or rise."""
    figure = name.removeprefix("val_")
    if figure.endswith(LOWER_IS_BETTER):
        return "min"
    if figure.endswith(HIGHER_IS_BETTER):
        return "max"
    raise ConfigError(
        f"expected a figure that is known to rise or fall when training goes well, got {name!r}; "
        f'say which with mode="max" or mode="min"'
    )
