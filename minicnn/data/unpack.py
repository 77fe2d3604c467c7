"""An archive that is not trusted, unpacked (standard library only).

Every name and size is judged before the first byte is written. The folder appears when it is
complete, or not at all.
"""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
import zlib
from pathlib import Path

from minicnn.errors import DataError

AT_MOST_BYTES = 500_000_000
AT_MOST_FILES = 20_000


def unpack(
    archive: Path,
    inside: str,
    folder: Path,
    at_most_bytes: int = AT_MOST_BYTES,
    at_most_files: int = AT_MOST_FILES,
) -> Path:
    """Make ``folder`` what the zip file ``archive`` has in its folder ``inside``."""
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(archive) as contents:
            members = contents.infolist()
            _judge(members, at_most_bytes, at_most_files)
            for member in members:
                _write(contents, member, part / member.filename)
        if not (part / inside).is_dir():
            raise _RefusedError(f"no folder {inside!r} in it")
        _move(part / inside, folder)
    except _RefusedError as error:
        raise DataError(f"expected photographs in {str(archive)!r}, got {error}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise DataError(
            f"expected a zip archive at {str(archive)!r}, got one of another kind, damaged or cut "
            f"short; delete it and download it again"
        ) from error
    except OSError as error:
        raise DataError(f"expected to unpack {str(archive)!r}, got: {error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


class _RefusedError(Exception):
    """Why an archive is not unpacked."""


def _judge(members: list[zipfile.ZipInfo], at_most_bytes: int, at_most_files: int) -> None:
    if len(members) > at_most_files:
        raise _RefusedError(f"{len(members):,} files, more than {at_most_files:,}")
    size = sum(member.file_size for member in members)
    if size > at_most_bytes:
        raise _RefusedError(f"{size:,} bytes when unpacked, more than {at_most_bytes:,}")
    for member in members:
        if not _stays_inside(member.orig_filename):
            raise _RefusedError(f"{member.orig_filename!r}, which would leave the folder")
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise _RefusedError(f"{member.filename!r}, a link or a device")
        if member.flag_bits & 1:
            raise _RefusedError(f"{member.filename!r}, which is encrypted")


def _stays_inside(name: str) -> bool:
    """Whether ``name`` is a plain path downwards, on every system.

    >>> [_stays_inside(n) for n in ("a/b.jpg", "a/", "/a", "../a", "a//b", "C:/a", "a\\\\b", "")]
    [True, True, False, False, False, False, False, False]
    """
    steps = name.removesuffix("/").split("/")
    return name.isprintable() and not set(name) & set("\\:") and not set(steps) & {"", ".", ".."}


def _write(contents: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    """Unpack one file. zipfile never gives more bytes than were judged, and checks their CRC."""
    if member.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with contents.open(member) as source, path.open("xb") as target:  # x: no name comes twice
        shutil.copyfileobj(source, target)


def _move(part: Path, folder: Path) -> None:
    try:
        os.rename(part, folder)
    except OSError:
        if not folder.is_dir():  # else another process was quicker, and has the same
            raise
