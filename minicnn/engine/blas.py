"""BLAS held at one thread while the library's own threads work (floor 3).

OpenBLAS's idle threads spin: after a product on two threads the second keeps its core busy for
tens of milliseconds, and the library's threads get half a machine. So BLAS is told to use one
thread for as long as the engine works, and its setting is put back afterwards. It also makes
results independent of the number of threads: a product's rounding depends on how it is cut.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import LibController

_lock = threading.Lock()
_depth = 0
_before: list[tuple[LibController, int]] = []


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS at one thread; the last of several users at once puts it back."""
    global _depth
    with _lock:
        if _depth == 0:
            _before[:] = [(library, library.num_threads) for library in _libraries()]
            for library, threads in _before:
                if threads != 1:
                    library.set_num_threads(1)
        _depth += 1
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                for library, threads in _before:
                    if threads != 1:
                        library.set_num_threads(threads)


@functools.cache
def _libraries() -> tuple[LibController, ...]:
    """The BLAS libraries in this process: looked up once, for it takes a millisecond."""
    from threadpoolctl import ThreadpoolController

    return tuple(ThreadpoolController().select(user_api="blas").lib_controllers)
