"""The bar shown while a data set is read or fetched for the first time (floor 4; rich, late)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from minicnn.streams import Forgiving, is_terminal


@contextmanager
def progress_bar(
    total: int | None, text: str, show: bool | None = None, in_bytes: bool = False
) -> Iterator[Callable[[int], None]]:
    """A bar on the terminal; yields the function to call with the number of steps done.

    ``show=None`` shows it only where a person looks: when the error output is a terminal. A
    ``total`` of None is not known yet. With ``in_bytes`` the steps are bytes.
    """
    if show is None:
        show = is_terminal(sys.stderr)
    if not show or total == 0 or sys.stderr is None:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TimeRemainingColumn,
    )

    # Forced: this function has decided already, and rich knows less about the error output.
    forgiving: Any = Forgiving(sys.stderr)  # a terminal may be shut before the end
    console = Console(file=forgiving, force_terminal=True)
    count = DownloadColumn() if in_bytes else MofNCompleteColumn()
    columns = ("{task.description}", BarColumn(), count, TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(text, total=total)
        yield lambda steps: progress.advance(task, steps)
