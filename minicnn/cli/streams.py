"""Input, output and errors, as a command finds them: closed, full, or left by a reader.

A command whose output is closed (`>&-`, a service, cron) does its work all the same; it is told to
nobody. What was to be told and got lost, on a full disk for one, is an error.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

NAMES = ("stdin", "stdout", "stderr")


@contextmanager
def three_streams() -> Iterator[None]:
    """Something to read from, to write to and to complain to, whatever there is."""
    for number in range(len(NAMES)):
        _occupy(number)
    missing = [name for name in NAMES if _is_missing(getattr(sys, name))]
    before = {name: getattr(sys, name) for name in missing}
    with open(os.devnull, "r+", encoding="utf-8") as nothing:
        for name in missing:
            setattr(sys, name, nothing)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks a sign gets its number
                stream.reconfigure(errors="backslashreplace")
        try:
            yield
        finally:
            for name, stream in before.items():
                setattr(sys, name, stream)


def _occupy(number: int) -> None:
    """Or the next file to be opened, a model perhaps, would be taken for the output."""
    try:
        os.fstat(number)
    except OSError:
        with suppress(OSError):
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)


def _is_missing(stream: Any) -> bool:
    return stream is None or getattr(stream, "closed", False)


def forget_what_nobody_takes() -> None:
    """Or Python, when it ends, would complain of what it cannot write, and change the exit code."""
    nothing: int | None = None
    ours: Any = (sys.stdout, sys.__stdout__), (sys.stderr, sys.__stderr__)
    for stream, original in ours:
        try:
            stream.flush()
        except (OSError, ValueError):
            if stream is original:  # else it belongs to who called us, and is theirs to mend
                nothing = os.open(os.devnull, os.O_WRONLY) if nothing is None else nothing
                os.dup2(nothing, stream.fileno())
    if nothing is not None:
        os.close(nothing)
