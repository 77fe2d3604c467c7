"""Walks a folder for files that should hold pictures, and opens none of them.

Hidden files, and what systems leave behind, are passed over without a word; files that are no
pictures by their names are passed over and noted.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# More than formats/ reads: a HEIC of a telephone, or a PSD, must stand in the report.
# fmt: off
PICTURE_SUFFIXES = frozenset([
    ".apng", ".avif", ".bmp", ".dib", ".gif", ".heic", ".heif", ".ico", ".j2k", ".jfif", ".jp2",
    ".jpe", ".jpeg", ".jpg", ".jpx", ".mpo", ".pbm", ".pcx", ".pgm", ".png", ".pnm",
    ".ppm", ".psd", ".qoi", ".sgi", ".tga", ".tif", ".tiff", ".webp",
])
# fmt: on
# What systems leave in folders beside the hidden files, which begin with a full stop.
CLUTTER = frozenset(
    ["thumbs.db", "desktop.ini", "__macosx", "@eadir", "lost+found", "$recycle.bin", "icon\r"]
)

Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class PictureFile:
    """One file that should hold a picture."""

    path: str
    relative: str
    label: int
    stamp: Stamp | None = None  # size, time of change of the content and of the entry
    problem: str | None = None  # why it need not even be opened


def is_clutter(name: str) -> bool:
    """Hidden files, and what systems leave behind."""
    return name.startswith(".") or name.lower() in CLUTTER


def entries_in(folder: Path) -> list[os.DirEntry[str]]:
    """What ``folder`` holds, sorted by name, without the clutter."""
    with os.scandir(folder) as entries:
        return sorted((e for e in entries if not is_clutter(e.name)), key=lambda e: e.name)


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether ``entry`` is a folder or a link to one; a link to itself is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def folders_in(folder: Path) -> list[str]:
    """The names of the folders in ``folder``, sorted."""
    return [entry.name for entry in entries_in(folder) if is_folder(entry)]


def identity(folder: Path) -> tuple[int, int]:
    """What stays the same by whatever link a folder is reached."""
    status = folder.stat()
    return status.st_dev, status.st_ino


def pictures_below(
    folder: Path, root: Path, ignored: list[str], seen: set[tuple[int, int]]
) -> Iterator[PictureFile]:
    """The pictures in ``folder`` and below, each folder once.

    ``seen`` starts with the folders above and the other classes: a link back to those is not
    followed, or it would bring every picture into this class.
    """
    try:
        if identity(folder) in seen:
            return
        seen.add(identity(folder))
        entries = entries_in(folder)
    except OSError as error:
        problem = f"folder cannot be listed ({error.strerror})"
        yield PictureFile(str(folder), relative_to(root, folder), -1, None, problem)
        return
    for entry in entries:
        if is_folder(entry):
            yield from pictures_below(folder / entry.name, root, ignored, seen)
        elif suffix(entry.name) in PICTURE_SUFFIXES:
            yield picture_file(folder / entry.name, root)
        else:
            ignored.append(relative_to(root, folder / entry.name))


def picture_file(path: Path, root: Path) -> PictureFile:
    """``path`` with its stamp, or with its problem: a pipe, a broken link."""
    relative = relative_to(root, path)
    try:
        status = path.stat()
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
        return PictureFile(str(path), relative, -1, None, problem)
    if not stat.S_ISREG(status.st_mode):
        return PictureFile(str(path), relative, -1, None, "not a regular file")
    stamp = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return PictureFile(str(path), relative, -1, stamp)


def suffix(name: str) -> str:
    """The ending of a file name in small letters."""
    return os.path.splitext(name)[1].lower()


def relative_to(root: Path, path: Path) -> str:
    """``path`` as seen from ``root``, with / on every system."""
    return path.relative_to(root).as_posix()


def with_label(file: PictureFile, label: int, problem: str | None = None) -> PictureFile:
    """The same file with its label."""
    return PictureFile(file.path, file.relative, label, file.stamp, problem or file.problem)
