"""What can look on while a model trains, and stop it."""

from __future__ import annotations

from typing import Any

from minicnn.errors import NotFiniteError


class Callback:
    """Override what you need. ``self.model`` is the model; set ``self.stop`` to end training.

    ``logs`` holds the figures so far: of the epoch until now, or of the whole epoch. A callback
    that remembers something from epoch to epoch hands it out in ``state`` and takes it back in
    ``set_state``, so that a run that is resumed goes on as if nothing had happened.

    A callback that fails ends the run, but not before all others have heard of the same event: a
    log that cannot be written does not cost the checkpoint of that epoch. Only the beginning is
    different: after one that refuses in ``on_train_begin`` no other begins, so that no log of an
    earlier run is begun anew for a run that never was.

    ``self.model.trainer.run`` knows more: the history, where the time went (``timekeeper``), and,
    in ``on_train_end``, what ended training before its time (``ended_by``).
    """

    model: Any = None
    stop: bool = False
    turn = 0  # callbacks of a later turn are called after the others, wherever they stand

    def on_train_begin(self, plan: dict[str, Any]) -> None:
        """Before the first epoch: epochs, initial_epoch, steps an epoch, names of the figures.

        Also ``data`` and ``validation_data`` (or None), the data sets that fit was given.
        """

    def on_epoch_begin(self, epoch: int) -> None:
        """Before the first batch of an epoch, and before the rest of one that is resumed."""

    def wants_figures(self, step: int) -> bool:
        """Whether ``on_batch_end`` will look at ``logs`` after this step.

        On a GPU that makes the CPU wait, so figures are fetched only if somebody says yes (and
        every 100 steps); else ``logs`` are those of the last look. On a CPU they are always new.
        """
        return type(self).on_batch_end is not Callback.on_batch_end

    def on_batch_end(self, step: int, logs: dict[str, Any]) -> None:
        """After each batch (``step`` counts from 0 within the epoch)."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        """After each epoch and its validation, with all figures of the epoch."""

    def on_interrupt(self) -> str | None:
        """After Ctrl-C, between two steps: save the run, and give the path if you did."""
        return None

    def on_not_finite(self, error: NotFiniteError) -> bool:
        """When the loss is no number: True ends training quietly, False raises the error."""
        return False

    def on_train_end(self) -> None:
        """After the last epoch, also when training was stopped or failed."""

    def state(self) -> dict[str, Any]:
        """What to remember in a checkpoint: numbers, texts, arrays, lists and dictionaries."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take back what ``state`` gave, after ``on_train_begin`` of a run that is resumed."""
