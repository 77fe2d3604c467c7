"""Bytes put into a file: whole or not at all, and what goes wrong is one error.

How a file becomes whole stands in :mod:`minicnn.whole_file`.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any

from minicnn.errors import ConfigError, SavingError
from minicnn.streams import reader_has_gone
from minicnn.whole_file import WholeFile

REMEDIES = {
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ELOOP: "name the file itself",
    errno.EISDIR: "name a file in it",
    errno.EACCES: "change its permissions, or save somewhere else",
    errno.EPERM: "change its permissions, or save somewhere else",
    errno.EROFS: "save somewhere else",
    errno.ENOTDIR: "save somewhere else",
}
ELSE = "make room, or save somewhere else"


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Make ``path`` a file with this content, or leave everything as it was and raise.

    A link stays one: the file that it leads to is replaced. A pipe or a device, such as
    /dev/stdout, is no file that could be replaced, and is written to.
    """
    path = given_path(path)
    if _is_pipe_or_device(path):
        _write_through(path, content)
        return
    try:
        with WholeFile(path) as file:
            file.write(content)
            file.finish()
    except OSError as error:
        kept = "; the file from before is untouched" if _is_file(path) else ""
        remedy = REMEDIES.get(error.errno or 0, ELSE)
        raise SavingError(
            f"{shown(path)}: expected to write {len(content):,} bytes, got: "
            f"{error.strerror or error}{kept}; {remedy}"
        ) from error


def given_path(path: Any) -> Path:
    """``path`` as a :class:`~pathlib.Path`, if it names a file at all.

    >>> given_path("")
    Traceback (most recent call last):
    minicnn.errors.ConfigError: expected the path of a file, got ''; such as "model.safetensors"
    """
    text = os.fspath(path) if isinstance(path, str | os.PathLike) else None
    if isinstance(text, str) and text and "\0" not in text and _can_be_a_name(text):
        return Path(text)
    raise ConfigError(f'expected the path of a file, got {path!r}; such as "model.safetensors"')


def shown(path: Path) -> str:
    """The path; of one that is much too long, enough to know it by."""
    text = str(path)
    return text if len(text) <= 200 else f"{text[:100]}…{text[-60:]}"


def _can_be_a_name(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:  # half a surrogate, or a locale that lacks the sign
        return False
    return True


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


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
    except OSError as error:
        if reader_has_gone(error):  # not a matter of this file
            raise
        raise SavingError(
            f"{path}: expected to write {len(content):,} bytes, got: {error.strerror or error}"
        ) from error
