"""Ctrl-C while the command loads its modules (ground floor; imported first).

That takes a second, in which ``main`` cannot catch anything yet, and Python would show a traceback.
So until ``main`` begins, the command ends at once and silently. A program that imports the library
keeps Ctrl-C in its own hands.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import Any

_before: Any = None


def is_the_command() -> bool:
    """Whether this process is ``minicnn …`` or ``python -m minicnn …``."""
    name = os.path.basename(sys.argv[0]) if getattr(sys, "argv", None) else ""
    if name == "-m":  # Python is still looking for the module
        words = sys.orig_argv
        return "-m" in words and words[words.index("-m") + 1 :][:1] == ["minicnn"]
    return name.lower().removesuffix(".exe") == "minicnn"


def begin() -> None:
    """Let Ctrl-C end the command."""
    global _before
    if is_the_command() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        with suppress(ValueError, OSError):  # only the main thread may
            _before = signal.signal(signal.SIGINT, signal.SIG_DFL)


def done() -> None:
    """From here on it is a KeyboardInterrupt again, which ``main`` answers."""
    global _before
    if _before is not None:
        signal.signal(signal.SIGINT, _before)
        _before = None


begin()
