"""A training run to which something happens at its n-th dealing with a file.

    python -m benchmarks.campaigns.mischief FOLDER [killed N | full N | limit N BYTES]

The run is that of ``tests/training/resumable_run.py``: everything that has to be remembered is in
it. Files are opened, written to, flushed, renamed, linked and deleted; these are counted.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.training import resumable_run

CALLS = ("write", "fsync", "replace", "rename", "link")
WRITING = os.O_WRONLY | os.O_RDWR


def when_the_time_comes(folder: Path, number: int, happens: Callable[[], None]) -> None:
    """Call ``happens`` before the ``number``-th dealing with a file, and before each later one.

    Not where a file is deleted, unless the process is to be killed: a full disk allows that.
    """
    dealt = 0

    def deal() -> None:
        nonlocal dealt
        dealt += 1
        if dealt >= number:
            happens()

    def before(call: Any) -> Any:
        def counted(*arguments: Any, **options: Any) -> Any:
            deal()
            return call(*arguments, **options)

        return counted

    for name in (*CALLS, *(("unlink",) if happens is killed else ())):
        setattr(os, name, before(getattr(os, name)))
    ours = os.fspath(folder) + os.sep

    def opened(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" or not isinstance(arguments[0], str | os.PathLike):
            return
        path, _, flags = os.fspath(arguments[0]), *arguments[1:]
        if path.startswith(ours) and flags & WRITING and not path.endswith("history.json"):
            deal()  # history.json is written by the run's own script

    sys.addaudithook(opened)


def killed() -> None:
    """As a power cut, or an administrator, ends a process."""
    if hasattr(os, "kill") and os.name != "nt":
        os.kill(os.getpid(), 9)
    os._exit(9)


def full() -> None:
    """As a disk without room answers."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def limited_to(size: int) -> Callable[[], None]:
    """From now on no file grows beyond ``size`` bytes: the system itself says so, in a write."""

    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    return limit


def main(place: str, kind: str = "", number: str = "1", size: str = "0") -> None:
    folder = Path(place)
    happens = {"killed": killed, "full": full, "limit": limited_to(int(size))}
    if kind:
        when_the_time_comes(folder, int(number), happens[kind])
    resumable_run.main(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
