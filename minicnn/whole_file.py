"""A file that is whole or not there, whatever happens while it is written.

The bytes go to a second file in the same folder, the *part*, which is flushed to the disk and only
then takes the name of the first one; the folder is flushed too, so that the new name survives a
power cut. A full disk, a Ctrl-C or an exception leaves the old file and nothing else.

A part has a name that nobody can foresee, and is opened only if nothing of that name is there. So
no link can lead the bytes elsewhere, and any number of threads and processes can write one file at
once: who is last has the name, and nobody ever sees half a file.

A process that is killed cannot tidy up: the next one that writes the same file does it. A part that
is being written is locked, and the system unlocks it when its process ends; so a part without a
lock was left behind. Where nothing can be locked, one that nobody has changed for long was.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | NO_LINKS
NEW |= getattr(os, "O_BINARY", 0)  # Windows would write \r\n for \n
LEGIBLE = 40  # last signs of the file's name in that of its part, which must not become too long
PART = re.compile(r"\.(?P<name>.*)\.[0-9a-f]{16}\.part", re.DOTALL)
ABANDONED_AFTER = 600.0  # seconds without a change, where nothing can be locked
# Windows refuses a rename for the moments in which somebody has either file open.
RENAME_AGAIN_AFTER = (0.01, 0.03, 0.1, 0.3, 1.0) if os.name == "nt" else ()


class WholeFile:
    """The file at ``path`` in the making: ``write``, then ``finish``, or nothing has happened.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "new")
    ...     with WholeFile(path) as file:
    ...         file.write(b"some bytes")
    ...         early = path.exists()
    ...         file.finish()
    ...     early, path.read_bytes()
    (False, b'some bytes')

    A link stays one: the file that it leads to is replaced. A file that was there hands on who may
    read and write it, and one that may not be written is left alone; a new one is for whom the user
    lets read new files, or if ``private`` for the user alone. Folders that are missing are made.
    Whatever goes wrong is an ``OSError``.

    ``handle`` and ``part`` are there for whoever does not write from the first byte to the last.
    """

    def __init__(self, path: str | os.PathLike[str], private: bool = False) -> None:
        self.path = _end_of_links(Path(path))
        before = _what_is_there(self.path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        name = _legible(self.path)
        remove_leftovers(self.path.parent, lambda left: left == name)
        self.handle, self.part = _new_part(self.path, private or before is not None)
        self._open = True
        try:
            if before is not None:
                _hand_on(before, self.handle)
        except BaseException:
            self.drop()
            raise

    def write(self, content: bytes | bytearray | memoryview) -> None:
        """Write every byte; a nearly full disk takes some of them before it says no."""
        rest = memoryview(content).cast("B")
        while rest:
            rest = rest[os.write(self.handle, rest) :]

    def finish(self) -> None:
        """Make sure that the bytes lie on the disk, and give them their name."""
        if hasattr(os, "fsync"):
            os.fsync(self.handle)
        if not renames_open_files():
            self._close()
        _rename(self.part, self.path)
        self._close()
        _flush_folder(self.path.parent)

    def drop(self) -> None:
        """Remove the part, unless it has taken the name already."""
        self._close()
        with suppress(OSError):
            self.part.unlink()

    def _close(self) -> None:
        if self._open:
            self._open = False
            os.close(self.handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()


def renames_open_files() -> bool:
    """Whether a file can be renamed while it is open or mapped: on Windows it cannot."""
    return fcntl is not None


def remove_leftovers(folder: Path, belongs: Callable[[str], bool]) -> None:
    """Delete the parts that killed processes have left in ``folder``, but none that grows.

    ``belongs`` is asked for each, with the name of the file that it was to become: the last 40
    signs of it.
    """
    names: list[str] = []
    with suppress(OSError):  # there are folders that may be written to and not read
        names = os.listdir(folder)
    for name in names:
        part = PART.fullmatch(name)
        if part and belongs(part["name"]):
            with suppress(OSError):
                _remove_if_left(folder / name)


def _end_of_links(path: Path) -> Path:
    if not path.is_symlink():
        return path
    with suppress(FileNotFoundError):  # a link may lead to what is yet to come, but not in a ring
        path.stat()
    return Path(os.path.realpath(path))


def _what_is_there(path: Path) -> os.stat_result | None:
    try:
        before = path.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(before.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    effective = os.access in os.supports_effective_ids
    if not os.access(path, os.W_OK, effective_ids=effective):  # the rename would not ask
        raise PermissionError(errno.EACCES, "it may not be written to", str(path))
    return before


def _legible(path: Path) -> str:
    """As much of the name as its part's name holds: the end, which says what kind of file it is."""
    return path.name[-LEGIBLE:]


def _new_part(path: Path, private: bool) -> tuple[int, Path]:
    """A new file beside ``path``, open and locked."""
    while True:
        part = path.with_name(f".{_legible(path)}.{os.urandom(8).hex()}.part")
        handle = os.open(part, NEW, 0o600 if private else 0o666)
        try:
            _lock(handle, wait=True)
            if fcntl is None or os.fstat(handle).st_nlink:
                return handle, part
        except BaseException:
            os.close(handle)
            part.unlink(missing_ok=True)
            raise
        os.close(handle)  # another writer took it for a leftover, before it was locked


def _lock(handle: int, wait: bool) -> bool | None:
    """Whether the file is ours now, and nobody else's; None where files cannot be locked."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:  # some network drives
        return None
    return True


def _remove_if_left(part: Path) -> None:
    if fcntl is None:
        if _is_old(part):
            part.unlink()
        return
    handle = os.open(part, os.O_RDWR | os.O_NONBLOCK | NO_LINKS)
    try:
        free = _lock(handle, wait=False)
        if free or (free is None and _is_old(part)):
            part.unlink()
    finally:
        os.close(handle)


def _is_old(part: Path) -> bool:
    return time.time() - part.stat().st_mtime > ABANDONED_AFTER


def _hand_on(before: os.stat_result, handle: int) -> None:
    """Let the same people read and write the new file, and never more of them."""
    if not hasattr(os, "fchmod"):  # Windows: a file is in the hands of its folder
        return
    mode, now = stat.S_IMODE(before.st_mode) & 0o777, os.fstat(handle)
    if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid) and hasattr(os, "fchown"):
        for owner in (before.st_uid, -1):
            with suppress(OSError):
                os.fchown(handle, owner, before.st_gid)
                break
        else:  # what the old group might do is not for another group
            mode = mode & 0o707 | (mode & 0o007) << 3
    with suppress(OSError):  # some drives know no permissions
        os.fchmod(handle, mode)


def _rename(part: Path, path: Path) -> None:
    for seconds in RENAME_AGAIN_AFTER:
        try:
            os.replace(part, path)
            return
        except PermissionError:
            time.sleep(seconds)
    os.replace(part, path)


def _flush_folder(folder: Path) -> None:
    """Make the name last through a power cut; the file is whole with or without it."""
    with suppress(OSError, AttributeError):  # Windows has no handle for a folder, a browser no disk
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
