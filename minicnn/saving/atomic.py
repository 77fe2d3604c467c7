"""A file that is whole or not there (floor 4): whatever happens while it is written.

The bytes go to a second file in the same folder, which is flushed to the disk and only then
takes the name of the first one; the folder is flushed too, so that the new name survives a
power cut. A full disk, a Ctrl-C or an exception leaves the old file and nothing else. A process
that is killed cannot tidy up: the next one that writes the same file does it.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from minicnn.errors import SavingError


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Make ``path`` a file with this content, or leave everything as it was and raise.

    A link stays one: the file that it leads to is replaced. A pipe or a device, such as
    /dev/stdout, is no file that could be replaced, and is written to.
    """
    path = Path(path)
    if _is_pipe_or_device(path):
        _write_through(path, content)
        return
    if path.is_symlink():
        path = Path(os.path.realpath(path))
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path)
        try:
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        _flush_folder(path.parent)
    except OSError as error:
        kept = "; the file from before is untouched" if path.is_file() else ""
        raise SavingError(
            f"{path}: expected to write {len(content):,} bytes, but: {error.strerror or error}"
            f"{kept}; make room, or save somewhere else"
        ) from error


def _is_pipe_or_device(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _write_through(path: Path, content: bytes) -> None:
    try:
        with path.open("wb") as file:
            file.write(content)
    except BrokenPipeError:  # who reads has gone: not a matter of this file
        raise
    except OSError as error:
        raise SavingError(
            f"{path}: expected to write {len(content):,} bytes, but: {error.strerror or error}"
        ) from error


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows has no handle for a folder, and orders its renames itself
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_leftovers(path: Path) -> None:
    """Delete what killed processes left of this file; a process that lives keeps its part."""
    if os.name == "nt":  # where asking whether a process lives would end it
        return
    ours, ending = f".{path.name}.", ".part"
    for name in os.listdir(path.parent):
        pid = name.removeprefix(ours).removesuffix(ending)
        if name == f"{ours}{pid}{ending}" and pid.isdecimal() and not _is_alive(int(pid)):
            with suppress(OSError):
                path.with_name(name).unlink()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
