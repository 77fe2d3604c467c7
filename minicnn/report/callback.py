"""``Report``: a page about the run, written anew while it goes on."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from minicnn.arguments import whole
from minicnn.errors import ConfigError
from minicnn.model.feeding import as_dataset
from minicnn.report.budget import Budget
from minicnn.report.drawing import chosen_samples, draw
from minicnn.report.environment import environment
from minicnn.report.markup import tag
from minicnn.report.page import page
from minicnn.report.settings import settings
from minicnn.report.story import Kind, Pictures, Story
from minicnn.report.words import counted, duration
from minicnn.saving import given_path, write_whole
from minicnn.training import Callback
from minicnn.training.progress import EpochLines

SOON = 5.0  # seconds between two pages within an epoch, at least
GUESS, TIMES = 5.0, 10  # what pictures may take before they were ever drawn: seconds, validations


class Report(Callback):
    """One self-contained page of HTML at ``path``: curves, mistakes, settings, timings.

    It is written at the beginning, after each epoch and within long ones, and takes less than a
    fiftieth of the time; pictures are drawn anew when a fiftieth of the time since allows it,
    and at the end. They show ``pictures`` (``(x, y)``, or a data set); left out, the validation
    data, or the training data if there is none. ``class_names`` are the model's, unless given.
    A browser that has it open loads it anew every ``refresh`` seconds (0: never) until the run
    ends.

    What goes wrong with the page never harms the training: a picture that cannot be drawn is
    named on it, and if the file cannot be written a warning says so, once.
    """

    turn = -1  # begins before and leaves after all others: the best weights are back by then

    def __init__(
        self,
        path: str | os.PathLike[str],
        pictures: Any = None,
        class_names: Sequence[str] | None = None,
        title: str | None = None,
        refresh: int = 30,
    ) -> None:
        self.path = given_path(path)
        self.pictures = None if pictures is None else as_dataset(pictures, 32)
        if isinstance(class_names, str) or not all(isinstance(n, str) for n in class_names or ()):
            raise ConfigError(
                f"Report: expected class_names as a list of texts, got {class_names!r}"
            )
        self.class_names = class_names
        self.title = title
        self.refresh = whole(refresh, "refresh", "Report", least=0)
        self.story: Story | None = None

    # ---- what the loop says --------------------------------------------------------------------

    def on_train_begin(self, plan: dict[str, Any]) -> None:
        """The first page: nothing but the settings."""
        self._started = time.monotonic()
        self._before = self._before_here = 0.0
        self._spent, self._warned, self._rate, self._is_over = 0.0, False, 0.0, False
        self._page, self._drawing, self._has_drawn = Budget(), Budget(), False
        self._plan, self._step = plan, 0
        self.story = None
        self._safely(self._begin)
        self._write("running", "about to begin")

    def on_epoch_begin(self, epoch: int) -> None:
        """The rate, in case no step of the epoch is left to do."""
        self._note_rate()

    def wants_figures(self, step: int) -> bool:
        """Not within an epoch."""
        return False

    def on_batch_end(self, step: int, logs: dict[str, Any]) -> None:
        """In a long epoch, how far it is."""
        self._note_rate()
        self._step = step + 1
        if self._page.due(at_least=SOON):
            self._write("running", self._where())

    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        """The figures of the epoch; pictures too, if there was time for them."""
        self._step = 0
        if self.story is not None:
            self.story.rates[epoch] = self._rate
        times = self.model.trainer.run.timekeeper.epochs[-1]
        if not self._has_drawn:
            self._drawing.cost = max(GUESS, TIMES * (times.validation or times.steps))
        if self._drawing.due():
            self._draw()
        if self._page.due():
            self._write("running", self._where())

    def on_train_end(self) -> None:
        """How it ended; the last pictures, if it came to its end."""
        kind, words = self._ending()
        self._write(kind, words)
        if kind in ("finished", "stopped"):  # nobody waits for pictures after Ctrl-C
            self._is_over = True
            self._draw()
            self._write(kind, words)
        if self.story is not None:
            self.story.model = None
        del self._plan

    def _note_rate(self) -> None:
        """Now: at the epoch's end, another callback may already have lowered it."""
        with suppress(Exception):  # a schedule may know nothing of the step after the last
            self._rate = self.model.optimizer.current_learning_rate()

    # ---- what becomes of it --------------------------------------------------------------------

    def _begin(self) -> None:
        model, plan, run = self.model, self._plan, self.model.trainer.run
        unseen = (Report, EpochLines)  # the progress line changes nothing
        watchers = [watcher for watcher in run.callbacks if not isinstance(watcher, unseen)]
        self.story = Story(
            title=self.title or model.name or "sequential",
            kind="running",
            words="",
            epochs=plan["epochs"],
            history=run.history,
            settings=settings(model, plan, watchers),
            environment=environment(model),
            model=model,
            samples_are="pictures" if len(model.input_shape) == 3 else "samples",
            refresh=self.refresh,
        )
        if plan["initial_epoch"] or run.step:
            self.story.remember(self.path)
        self._before, self._before_here = self.story.seconds, self.story.spent_here

    def _draw(self) -> None:
        """Pictures of the network as it is now."""
        if self.story is None:
            return
        data, held_back = self._plan["data"], self._plan["validation_data"]
        names = self.class_names or self.model.class_names
        after = self.model.trainer.run.epoch
        with self._drawing.spending():
            try:
                samples = chosen_samples(self.pictures, held_back, data)
                self.story.pictures = draw(self.model, data, samples, names, after)
            except Exception as error:  # the page says so, and training goes on
                why = tag("p", f"No pictures after epoch {after}: {error!r}", class_="missing")
                self.story.pictures = Pictures(after, {"missing": why})
        self._spent, self._has_drawn = self._spent + self._drawing.cost, True

    def _write(self, kind: Kind, words: str) -> None:
        """The page as it is now."""
        with self._page.spending():
            self._safely(lambda: self._write_now(kind, words))
        self._spent += self._page.cost

    def _write_now(self, kind: Kind, words: str) -> None:
        story, run = self.story, self.model.trainer.run
        if story is None:
            return
        story.kind, story.words = kind, words
        story.history = run.history
        story.times |= {times.epoch: times for times in run.timekeeper.epochs}
        if self._is_over:
            story.spent_after = self._drawing.cost
        else:
            story.seconds = self._before + time.monotonic() - self._started
            story.spent_here = self._before_here + self._spent
        story.written = datetime.now()
        write_whole(self.path, page(story).encode())

    def _safely(self, do: Any) -> None:
        """Training is worth more than its report: whatever fails here is a warning, once."""
        try:
            do()
        except Exception as error:
            if not self._warned:
                self._warned = True
                warnings.warn(
                    f"Report: {self.path}: the page is not up to date, and training goes on "
                    f"without it: {error}",
                    RuntimeWarning,
                    stacklevel=2,
                )

    # ---- in words ------------------------------------------------------------------------------

    def _where(self) -> str:
        run, epochs = self.model.trainer.run, self._plan["epochs"]
        if self._step == 0:
            return f"{run.epoch} of {counted(epochs, 'epoch')} done"
        return f"epoch {run.epoch + 1} of {epochs}, step {self._step:,} of {run.steps:,}"

    def _ending(self) -> tuple[Kind, str]:
        run, error = self.model.trainer.run, self.model.trainer.run.ended_by
        where = f"in epoch {run.epoch + 1}, after step {run.step:,} of {run.steps:,}"
        if isinstance(error, KeyboardInterrupt):
            return "interrupted", f"Ctrl-C {where}"
        if error is not None:
            return "failed", f"{where}: {type(error).__name__}: {error}"
        epochs = self._plan["epochs"]
        took = duration(self._before + time.monotonic() - self._started)
        stoppers = [type(c).__name__ for c in run.callbacks if c.stop]
        if run.epoch < epochs and stoppers:
            by = " and ".join(stoppers)
            return "stopped", f"by {by} after {run.epoch} of {counted(epochs, 'epoch')}, {took}"
        return "finished", f"{counted(run.epoch, 'epoch')} in {took}"
