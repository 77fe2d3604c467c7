"""Files that are being written, and those whose writer is dead (floor 4; needs nobody).

A process that is killed cannot tidy up, and what it leaves can be as large as all pictures. A
writer holds a lock on its file, which the system lets go when the process ends, however it ends.
So whoever gets the lock knows that nobody writes any more.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# None on Windows, where a file that is open cannot be removed anyway.
fcntl: Any = import_module("fcntl") if find_spec("fcntl") else None

ENDING = ".tmp"
ABANDONED_AFTER = 600.0  # seconds since the last writing, where there are no locks


def open_unfinished(path: Path) -> tuple[int, str]:
    """A new file beside ``path``, open and locked, and its name."""
    while True:
        file, name = tempfile.mkstemp(ENDING, path.name + ".", path.parent)
        if fcntl is None:
            return file, name
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file).st_nlink > 0:
            return file, name
        os.close(file)  # taken for abandoned, and removed, before it could be locked


def remove_abandoned(folder: Path, kind: str) -> None:
    """Remove unfinished files whose names hold ``kind``, but not those that someone writes."""
    for left in folder.glob(f"*{kind}.*{ENDING}"):
        with contextlib.suppress(OSError):
            _remove_if_abandoned(left)


def _remove_if_abandoned(left: Path) -> None:
    if fcntl is None:
        if _is_old(left.stat()):
            left.unlink()
        return
    file = os.open(left, os.O_RDWR)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            abandoned = True
        except BlockingIOError:
            abandoned = False
        except OSError:  # a file system without locks
            abandoned = _is_old(os.fstat(file))
        if abandoned:
            left.unlink()  # still locked: a writer that waits for the lock sees that it is gone
    finally:
        os.close(file)


def _is_old(status: os.stat_result) -> bool:
    return time.time() - status.st_mtime > ABANDONED_AFTER
