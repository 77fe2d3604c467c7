"""BLAS held at one thread while the library's own threads work.

OpenBLAS's idle threads spin: after a product on two threads the second keeps its core busy for
tens of milliseconds, and the library's threads get half a machine. So BLAS is told to use one
thread for as long as the engine works, and its setting is put back afterwards. It also makes
results independent of the number of threads: a product's rounding depends on how it is cut.

Most BLAS libraries have one number of threads for the whole process. An OpenBLAS that was built
on OpenMP has one for each thread that calls it, so there every thread that works says it itself.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import LibController


class _Users:
    """Who holds the libraries that have one number for the process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.count = 0
        self.before: list[tuple[LibController, int]] = []


_users = _Users()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS at one thread, from any thread; the last of several users puts it back."""
    users, (shared, own) = _users, _libraries()
    with users.lock:
        if users.count == 0:
            users.before = _hold(shared)
        users.count += 1
    before = _hold(own)
    try:
        yield
    finally:
        _put_back(before)
        with users.lock:
            users.count -= 1
            if users.count == 0:
                _put_back(users.before)


def one_blas_thread_for_good() -> None:
    """Where each thread has a number of its own: 1 for this one, which does our work alone."""
    _, own = _libraries()
    _hold(own)


def _hold(libraries: Sequence[LibController]) -> list[tuple[LibController, int]]:
    """These libraries at one thread from now on; each with the number that it had."""
    before = [(library, library.num_threads) for library in libraries]
    for library, _ in before:
        _set(library, 1)
    return before


def _put_back(before: Sequence[tuple[LibController, int]]) -> None:
    for library, threads in before:
        _set(library, threads)
        _leave_control(library)


def _set(library: LibController, threads: int) -> None:
    """Set a library's number of threads, whichever thread asks.

    Since 3.8 threadpoolctl lets one thread alone change OpenBLAS's, the first that asked, and
    ignores the others without a word. So control is taken from that one, and kept while BLAS is
    held: then nobody else can raise the number meanwhile. A few tries, as control may be lost
    between the two calls.
    """
    for _ in range(10):
        if library.num_threads == threads:
            return
        _leave_control(library)
        library.set_num_threads(threads)


def _leave_control(library: LibController) -> None:
    """Whichever thread asks next controls this library."""
    leave = getattr(library, "clear_controlling_thread", None)
    if leave is not None:
        leave(force=True)


@functools.cache
def _libraries() -> tuple[tuple[LibController, ...], tuple[LibController, ...]]:
    """The BLAS libraries of this process with one number for it, and those with one a thread.

    They are looked up once, for it takes a millisecond. In a browser threadpoolctl need not be
    there, for NumPy comes without a BLAS that has threads.
    """
    try:
        from threadpoolctl import ThreadpoolController
    except ModuleNotFoundError:
        return (), ()
    found = ThreadpoolController().select(user_api="blas").lib_controllers
    own = [lib.internal_api == "openblas" and lib.threading_layer == "openmp" for lib in found]
    return (
        tuple(lib for lib, its_own in zip(found, own, strict=True) if not its_own),
        tuple(lib for lib, its_own in zip(found, own, strict=True) if its_own),
    )


def _forget_users() -> None:
    """A forked child has none of its parent's threads, which would have put BLAS back.

    The lock may have been theirs, too. A block that the child itself is in ends as it would have.
    """
    global _users
    before, _users.lock = _users, threading.Lock()
    _users = _Users()
    if before.count:
        _put_back(before.before)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_users)
