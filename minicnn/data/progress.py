"""The bar shown while a data set is read or fetched for the first time (rich, late)."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from minicnn.data.live import can_draw_live
from minicnn.streams import Forgiving, is_terminal

BETWEEN_UPDATES = 0.25  # seconds


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
    if not can_draw_live():
        yield from _plain_line(total, text, " bytes" if in_bytes else "")
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


def _plain_line(total: int | None, text: str, unit: str) -> Iterator[Callable[[int], None]]:
    """``reading pictures: 120 of 2,000``, written over itself and wiped away at the end."""
    whole = "" if total is None else f" of {total:,}"
    done, shown_at, width = 0, -math.inf, 0
    screen = Forgiving(sys.stderr)

    def advance(steps: int) -> None:
        nonlocal done, shown_at, width
        done += steps
        if time.monotonic() - shown_at < BETWEEN_UPDATES:
            return
        line = f"{text}: {done:,}{whole}{unit}"
        shown_at, width = time.monotonic(), max(width, len(line))
        screen.write("\r" + line)
        screen.flush()

    try:
        yield advance
    finally:
        screen.write("\r" + " " * width + "\r")
        screen.flush()
