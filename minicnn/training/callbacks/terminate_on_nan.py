"""TerminateOnNaN: keep what was learnt when the loss is no number any more."""

from __future__ import annotations

import warnings
from typing import Any

from minicnn.errors import NotFiniteError
from minicnn.training.callback import Callback


class TerminateOnNaN(Callback):
    """``fit`` returns the history so far where it would have raised ``NotFiniteError``.

    The reason, with the epoch, the step and the layer where it began, is given as a warning
    and kept as ``callback.error``. The weights are those from before the step that failed.
    """

    def __init__(self) -> None:
        self.error: NotFiniteError | None = None

    def on_train_begin(self, plan: dict[str, Any]) -> None:
        """Nothing has gone wrong yet."""
        self.error = None

    def on_not_finite(self, error: NotFiniteError) -> bool:
        """Say why, and end."""
        self.error = error
        warnings.warn(f"training ended: {error}", RuntimeWarning, stacklevel=2)
        return True
