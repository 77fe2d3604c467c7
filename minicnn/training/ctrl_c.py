"""Ctrl-C while training: the step that is under way is finished first.

The first Ctrl-C is a request, which the loop grants between two steps, where there is
something whole to save. The second one doesn't wait.
"""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import suppress
from typing import Any, Self

from minicnn.streams import tell


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, granted between two steps."""


class CtrlC:
    """A ``with`` block in which Ctrl-C waits for :meth:`may_stop_here`, or for the block's end.

    It steps aside where Python delivers no signals (threads), and where the program has
    already said what Ctrl-C shall do.
    """

    def __init__(self) -> None:
        self.asked = self.granted = False
        self._in_charge = False

    def __enter__(self) -> Self:
        self.asked = self.granted = False
        self._in_charge = (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        )
        if self._in_charge:
            signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        if self._in_charge:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self._in_charge = False
        if kind is None:
            self.may_stop_here()

    def may_stop_here(self) -> None:
        """Raise :class:`Interrupted` if Ctrl-C was pressed."""
        if self.asked:
            self.asked, self.granted = False, True
            raise Interrupted

    def _ask(self, *_: Any) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with suppress(RuntimeError):  # it may have come in the middle of another print
            tell("\nstopping after this step; Ctrl-C again stops at once", to=sys.stderr)
