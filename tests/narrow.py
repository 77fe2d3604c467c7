"""A machine with less than ours: no threads, or indices of 32 bits, as a browser's Python has."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from minicnn.cores import can_start_threads
from tests.left_out import needs

needs_threads = needs(can_start_threads(), "of threads", "a browser's Python has none")


@contextmanager
def no_more_threads(but: int = 0) -> Iterator[None]:
    """No thread can be started, or only so many more."""
    start, left = threading.Thread.start, but

    def refusing(thread: threading.Thread) -> None:
        nonlocal left
        if left < 1:
            raise RuntimeError("can't start new thread")
        left -= 1
        start(thread)

    can_start_threads.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading.Thread, "start", refusing)
        try:
            yield
        finally:
            can_start_threads.cache_clear()


@contextmanager
def indices_of_32_bits() -> Iterator[None]:
    """``np.intp`` is ``np.int32``, and what counts by indices takes no wider ones."""
    bincount = np.bincount

    def strict(x: Any, *args: Any, **options: Any) -> Any:
        if not np.can_cast(np.asarray(x).dtype, np.int32):
            raise TypeError(f"Cannot cast array data from {np.asarray(x).dtype} to dtype('int32')")
        return bincount(x, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(np, "intp", np.int32)
        patch.setattr(np, "bincount", strict)
        yield
