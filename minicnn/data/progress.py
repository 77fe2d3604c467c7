"""The bar shown while a data set is read for the first time (floor 4; rich, loaded late)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(total: int, text: str, show: bool | None = None) -> Iterator[Callable[[], None]]:
    """A bar on the terminal; yields the function to call after each step.

    ``show=None`` shows it only where a person looks: when the error output is a terminal.
    """
    if show is None:
        show = sys.stderr.isatty()
    if not show or total == 0:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    # Forced: this function has decided already, and rich knows less about the error output.
    console = Console(stderr=True, force_terminal=True)
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(text, total=total)
        yield lambda: progress.advance(task)
