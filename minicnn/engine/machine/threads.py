"""The library's own threads: ``run(job, count)`` does job(0) ... job(count - 1).

NumPy lets go of Python's lock in its large copies, sums and products, so plain threads use
all cores. A job must write only where no other job does; then nothing depends on which
thread did it, or on how many there are.
"""

from __future__ import annotations

import contextvars
import os
import queue
import threading
from collections.abc import Callable

from minicnn.cores import available_cores, can_start_threads
from minicnn.engine.machine.blas import one_blas_thread_for_good
from minicnn.engine.options import current_options
from minicnn.errors import ConfigError

Job = Callable[[int], None]

_chosen: int | None = None
_inside = threading.local()  # .job is set while a thread works on a job


def set_threads(n: int | None) -> None:
    """Use ``n`` threads from now on, this one included; None: one for each core we may use.

    The environment variable MINICNN_THREADS sets the number to begin with. Results do not
    depend on it. Where Python has no threads, in a browser, this one does all the work, however
    many are asked for, and ``get_threads()`` is 1.

    >>> set_threads(2)
    >>> get_threads()
    2
    >>> set_threads(None)
    """
    global _chosen
    if n is not None and (isinstance(n, bool) or not isinstance(n, int) or n < 1):
        raise ConfigError(
            f"set_threads: expected a whole number of at least 1, or None for one thread a core, "
            f"got {n!r}"
        )
    _chosen = n


def get_threads() -> int:
    """How many threads work on one batch."""
    wanted = _wanted()
    return wanted if wanted == 1 or can_start_threads() else 1


def _wanted() -> int:
    if _chosen is not None:
        return _chosen
    wish = os.environ.get("MINICNN_THREADS", "").strip()
    if not wish:
        return available_cores()
    if not wish.isdigit() or int(wish) < 1:
        raise ConfigError(
            f"MINICNN_THREADS: expected a whole number of at least 1, got {wish!r}; unset it for "
            f"one thread a core"
        )
    return int(wish)


def inside_job() -> bool:
    """Whether this thread is working on a job right now."""
    return getattr(_inside, "job", False)


def run(job: Job, count: int) -> None:
    """Do all jobs, in any order, on this thread and the helpers; then come back.

    The first error is raised here once nobody works any more. A job that calls ``run`` itself
    does its jobs alone: the other threads are busy already.
    """
    task = _Task(job, count)
    try:
        if count > 1 and current_options().threads and not inside_job():
            _pool.offer(task, min(get_threads(), count) - 1)
        task.work()
    finally:
        task.wait()
    error, task.error = task.error, None
    if error is not None:
        try:
            raise error
        finally:
            del error  # it knows this frame, which would know it: a failed batch would stay alive


class _Task:
    """Jobs that several threads take one at a time, until none is left."""

    def __init__(self, job: Job, count: int) -> None:
        self.job, self.count = job, count
        self.error: BaseException | None = None
        self._lock = threading.Lock()
        self._next = 0
        self._helping = 0
        self._idle = threading.Event()

    def work(self) -> None:
        """Take jobs until there are none."""
        before = inside_job()
        _inside.job = True
        try:
            while (i := self._take()) is not None:
                try:
                    self.job(i)
                except BaseException as error:
                    self._fail(error)
        finally:
            _inside.job = before

    def help(self) -> None:
        """The same for a helper, whom the caller waits for.

        The caller is not counted: Ctrl-C may hit it anywhere, also between two lines of a count.
        """
        with self._lock:
            if self._next >= self.count:
                return
            self._helping += 1
        try:
            self.work()
        finally:
            with self._lock:
                self._helping -= 1
                if not self._helping:
                    self._idle.set()

    def wait(self) -> None:
        """Until no helper works on a job. Whoever comes later finds none left."""
        with self._lock:
            self._next = self.count
            if not self._helping:
                return
            self._idle.clear()
        while not self._idle.wait(timeout=1):
            pass

    def _take(self) -> int | None:
        with self._lock:
            if self._next >= self.count:
                return None
            self._next += 1
            return self._next - 1

    def _fail(self, error: BaseException) -> None:
        with self._lock:
            self.error = self.error or error
            self._next = self.count


class _Pool:
    """Helpers that sleep until there is a task. They are daemons: they never keep Python alive."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tickets: queue.SimpleQueue[tuple[_Task, contextvars.Context]] = queue.SimpleQueue()
        self._threads = 0

    def offer(self, task: _Task, helpers: int) -> None:
        """Invite this many helpers, in the caller's context (its ``np.errstate``, for one)."""
        with self._lock:
            while self._threads < helpers and self._one_more():
                self._threads += 1
            helpers = min(helpers, self._threads)
        for _ in range(helpers):
            self._tickets.put((task, contextvars.copy_context()))

    def _one_more(self) -> bool:
        name = f"minicnn-{self._threads + 1}"
        try:
            threading.Thread(target=self._help, name=name, daemon=True).start()
        except RuntimeError:  # the system allows no more: those that there are do the work
            return False
        return True

    def _help(self) -> None:
        one_blas_thread_for_good()
        while True:
            task, context = self._tickets.get()
            context.run(task.help)
            del task, context  # or a sleeping helper would keep the last batch alive


def _forget_threads() -> None:
    """A forked child has none of its parent's threads."""
    global _pool
    _pool = _Pool()


_pool = _Pool()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)
