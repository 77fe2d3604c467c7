"""What is told on the way, where perhaps nobody listens.

A service has no terminal, and `>&-` no output at all: Python then says that ``sys.stdout`` is None.
A terminal can be shut and a reader go away while a network is trained. What is only told on the way
must not end the work, so it goes through here: it is written if it can be.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from typing import Any

# What stands in for signs that a code page lacks, as Windows' cp1252 and cp932 do.
PLAIN = str.maketrans({"─": "-", "·": "-", "×": "x", "…": "...", "✓": "+", "–": "-"})
GONE = (OSError, ValueError)  # a pipe without reader, a terminal that was shut; a closed stream
# What a pipe without reader is called besides: by Windows, now and then (CPython's issue 79935).
AN_INVALID_ARGUMENT: set[int] = {errno.EINVAL} if os.name == "nt" else set()


def is_terminal(stream: Any) -> bool:
    """Whether a person may be looking at the stream; None and closed ones are no terminal.

    >>> is_terminal(None)
    False
    """
    try:
        return stream is not None and bool(stream.isatty())
    except (*GONE, AttributeError):  # something else may have been put in its place
        return False


def reader_has_gone(error: OSError) -> bool:
    """Whether it says of a pipe that nobody reads it any more, as after ``| head``.

    >>> reader_has_gone(BrokenPipeError())
    True
    """
    if isinstance(error, BrokenPipeError):
        return True
    return error.errno in AN_INVALID_ARGUMENT and error.filename is None  # else it is its name


def for_console(text: str) -> str:
    """``text`` as it is, or in plainer signs if ``sys.stdout`` lacks one of those in it.

    Python writes to a pipe or a file in the system's code page, and stops with an error at the
    first sign that is not in it. A table is worth more than its rules, so reports go through here.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding, "surrogateescape")
    except UnicodeEncodeError:
        return _plainer(text, encoding)
    return text


def _plainer(text: str, encoding: str) -> str:
    return text.translate(PLAIN).encode(encoding, "backslashreplace").decode(encoding)


def tell(text: str, to: Any = "stdout") -> None:
    """Print a line, if there is an output that takes it; ``to`` is a stream, or None for nowhere.

    >>> tell("Epoch 1/15")
    Epoch 1/15
    """
    to = sys.stdout if to == "stdout" else to
    if to is not None:
        stream = Forgiving(to)
        stream.write(text + "\n")
        stream.flush()


class Forgiving:
    """A stream to write to that never fails; for the rest it is the one that it stands for.

    A sign that the stream's encoding lacks is written plainer, or as its number.
    """

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write, as far as it can be."""
        with suppress(*GONE):
            try:
                self.stream.write(text)
            except UnicodeEncodeError:
                self.stream.write(_plainer(text, self.stream.encoding))
        return len(text)

    def flush(self) -> None:
        """Send on what was written, if anybody is there."""
        with suppress(*GONE):
            self.stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)
