"""ModelCheckpoint: the run in a file, so that nothing can take it away."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from minicnn.arguments import is_whole
from minicnn.errors import ConfigError
from minicnn.metrics import Metric
from minicnn.saving import given_path
from minicnn.training.callback import Callback
from minicnn.training.callbacks.monitor import Mode, Monitor
from minicnn.training.checkpoint import save_checkpoint


class ModelCheckpoint(Callback):
    """Saves model and run to ``path``: to use with ``mc.load_model``, or to go on with.

    - ``save="last"``: every ``every_epochs`` epochs, and within an epoch every ``every_steps``
      steps; and when Ctrl-C is pressed. ``model.fit(..., resume=path)`` goes on from there and
      ends with the same bits as a run that was never stopped.
    - ``save="best"``: after each epoch whose ``monitor`` figure is the best so far.

    ``{epoch}`` in the path becomes the number of epochs that are done, so each file is kept. A file
    that an earlier run left at the path is kept too, ``run.ckpt`` as ``run.previous.ckpt``.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        save: Literal["last", "best"] = "last",
        every_epochs: int = 1,
        every_steps: int | None = None,
        monitor: str = "val_loss",
        mode: Mode = "auto",
    ) -> None:
        given_path(path)  # raises unless it is one
        self.path = os.fspath(path)
        if save not in ("last", "best"):
            raise ConfigError(f'ModelCheckpoint: expected save="last" or "best", got {save!r}')
        for name, every in (("every_epochs", every_epochs), ("every_steps", every_steps)):
            if every is not None and not (is_whole(every) and every >= 1):
                raise ConfigError(f"ModelCheckpoint: expected {name} of at least 1, got {every!r}")
        if save == "best" and (every_steps is not None or every_epochs != 1):
            raise ConfigError(
                'ModelCheckpoint: expected save="best" alone, which looks at each epoch once, got '
                'every_epochs or every_steps too; use a second ModelCheckpoint with save="last"'
            )
        self.save = save
        # It saves what the other callbacks remember, so they go first: also the best, because
        # from the last an epoch is not done again.
        self.turn = 1 if save == "best" else 2
        self.every_epochs, self.every_steps = every_epochs, every_steps
        self.monitor = Monitor(monitor, mode) if save == "best" else None

    def on_train_begin(self, plan: dict[str, Any]) -> None:
        """Complain now about what could not be saved later."""
        run = self.model.trainer.run
        self.begins_anew = run.epoch == 0 and run.step == 0
        if self.monitor is not None:
            self.monitor.begin(plan)
        for metric in self.model.trainer.metrics:
            if type(metric).state is Metric.state:
                raise metric.not_resumable()

    def wants_figures(self, step: int) -> bool:
        """They are saved too."""
        return self.every_steps is not None and (step + 1) % self.every_steps == 0

    def on_batch_end(self, step: int, logs: dict[str, Any]) -> None:
        """Save within the epoch, if asked to."""
        if self.wants_figures(step):
            self._write()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        """Save the best epoch, or every one that is due."""
        if self.monitor is None:
            due = (epoch + 1) % self.every_epochs == 0
        else:
            due = self.monitor.is_better(self.monitor.figure(logs))
        if due:
            self._write()

    def on_interrupt(self) -> str | None:
        """Save the run where Ctrl-C stopped it; the best epoch is left as it is."""
        return self._write() if self.save == "last" else None

    def _write(self) -> str:
        epochs_done = self.model.trainer.run.epoch
        path = self.path.replace("{epoch}", f"{epochs_done:03d}")
        if self.begins_anew and path == self.path:
            keep_previous(Path(path))
        save_checkpoint(path, self.model)
        self.begins_anew = False
        return path

    def state(self) -> dict[str, Any]:
        """The best figure so far."""
        return {"best": None if self.monitor is None else self.monitor.best}

    def set_state(self, state: dict[str, Any]) -> None:
        """A best file from before is only overwritten by a better one."""
        if self.monitor is not None:
            self.monitor.remember(state["best"])


def previous(path: Path) -> Path:
    """Where the file of an earlier run is kept."""
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def keep_previous(path: Path) -> None:
    """Give an earlier run's file a second name, so that the new run's may take its first."""
    if not path.is_file() or path.is_symlink():
        return
    second = path.with_name(f"{path.name}.{os.getpid()}.keep")
    try:
        os.link(path, second)
    except (OSError, AttributeError):  # a file system without links, or a browser's Python
        os.replace(path, previous(path))
        return
    os.replace(second, previous(path))
