"""Finds the pictures of a folder and the class of each, without opening any (floor 4).

Three arrangements are understood:

- ``root/cats/1.jpg``, ``root/dogs/2.jpg``: a folder for each class, at any depth below it;
- ``root/train/cats/…`` beside ``root/validation/cats/…`` (or ``test``): parts, each of which is
  arranged in one of the two other ways;
- ``root/cat.12.jpg``, ``root/dog_3.png``: one flat folder whose names begin with the class.

Classes are the sorted names, so labels do not depend on the file system's own order.
"""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from minicnn.data.picture_error import printable
from minicnn.errors import DataError

# HEIC is here because telephones write it: where Pillow cannot read it, the report must say so.
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
PARTS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
    "testing": "test",
}
NUMBERED = (
    re.compile(r"(.+?)[\s._-]+\(?\d+\)?"),  # cat.12, american_bulldog_7, cat (3), n02085620_7
    re.compile(r"(\D+)\d+"),  # cat12
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


@dataclass(slots=True)
class Listing:
    """What a folder holds: files with labels, the classes, and the names passed over."""

    root: Path
    classes: tuple[str, ...]
    files: list[PictureFile] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def list_pictures(
    root: str | os.PathLike[str], classes: Sequence[str] | None = None, part: str | None = None
) -> Listing:
    """The pictures below ``root``; ``part`` chooses between its training and validation folders."""
    folder = part_of(existing_folder(root), part, classes)
    ignored: list[str] = []
    names = [name for name in folders_in(folder) if classes is None or name in classes]
    above = {identity(f) for f in (folder.resolve(), *folder.resolve().parents)}
    places = {name: identity(folder / name) for name in names}
    found = {}
    for name in names:
        others = {place for other, place in places.items() if other != name}
        found[name] = [*pictures_below(folder / name, folder, ignored, above | others)]
    if any(found.values()) or (classes is not None and found):
        return folder_per_class(folder, found, classes, ignored)
    return flat(folder, classes, empty_folders=sorted(found))


def existing_folder(root: str | os.PathLike[str]) -> Path:
    """``root`` as a path, or an error that tells a missing folder from a file."""
    folder = Path(root).expanduser()
    if not folder.is_dir():
        came = "a file" if folder.exists() else "nothing"
        raise DataError(
            f"expected a folder of pictures at {str(folder)!r}; {came} is there. "
            "Give the folder that holds one folder for each class."
        )
    try:
        entries_in(folder)
    except OSError as error:
        raise DataError(
            f"expected a folder of pictures at {str(folder)!r}; it cannot be listed "
            f"({error.strerror}). Ask for permission to read it."
        ) from error
    return folder


def parts_in(folder: Path) -> dict[str, Path]:
    """The training, validation and test folders, if these are all that ``folder`` holds."""
    names = folders_in(folder)
    parts = {PARTS[n.lower()]: folder / n for n in names if n.lower() in PARTS}
    return parts if len(parts) == len(names) else {}


def part_of(root: Path, part: str | None, classes: Sequence[str] | None) -> Path:
    """The folder of ``part``, ``"train"`` unless told; ``root`` itself if it has no parts."""
    parts = parts_in(root)
    if classes is not None and set(classes) <= set(folders_in(root)):
        parts = {}  # someone really has a class called "test"
    if part is None:
        return parts.get("train", root)
    if PARTS.get(part) not in parts:
        raise DataError(
            f"expected a folder for the {part!r} part in {str(root)!r}; there are "
            f"{sorted(parts) or 'no such parts'}. Leave `subset` out, or give `validation_split` "
            "to part the pictures by chance."
        )
    return parts[PARTS[part]]


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


def folder_per_class(
    root: Path,
    found: dict[str, list[PictureFile]],
    classes: Sequence[str] | None,
    ignored: list[str],
) -> Listing:
    """The listing of a root with a folder for each class."""
    names = tuple(classes) if classes is not None else tuple(sorted(found))
    for name in names:
        if not found.get(name):
            state = "holds none" if name in found else "does not exist"
            raise DataError(
                f"expected pictures of class {name!r} in {str(root / name)!r}; it {state}. "
                "Put pictures there, remove the folder, or name the classes to use: classes=[…]."
            )
    if len(names) == 1 and classes is None:
        raise DataError(
            f"expected a folder for each of two or more classes in {str(root)!r}; there is only "
            f"{names[0]!r}. Give the folder that holds the classes (one level deeper or higher?), "
            f"or say classes=[{names[0]!r}] if one class is meant."
        )
    # Pictures too: beside class folders they have no class.
    ignored += [entry.name for entry in entries_in(root) if not is_folder(entry)]
    files = [with_label(f, label) for label, name in enumerate(names) for f in found[name]]
    return Listing(root, names, files, sorted(ignored))


def class_in_name(name: str) -> str | None:
    """The class that a file name begins with.

    >>> [class_in_name(n) for n in ("cat.12.jpg", "american_bulldog_7.png", "dog (3).jpg")]
    ['cat', 'american_bulldog', 'dog']
    >>> class_in_name("2024-05-12.jpg"), class_in_name("sunset.jpg")
    (None, None)
    """
    stem = os.path.splitext(name)[0]
    for pattern in NUMBERED:
        match = pattern.fullmatch(stem)
        if match and any(letter.isalpha() for letter in match[1]):
            return match[1]
    return None


def flat(root: Path, classes: Sequence[str] | None, empty_folders: list[str]) -> Listing:
    """The listing of one folder whose names tell the classes."""
    files = [entry for entry in entries_in(root) if not is_folder(entry)]
    pictures = [
        picture_file(root / e.name, root) for e in files if suffix(e.name) in PICTURE_SUFFIXES
    ]
    if not pictures:
        came = f"empty folders {empty_folders}" if empty_folders else "no folder and no picture"
        raise DataError(
            f"expected a folder of pictures for each class in {str(root)!r}; there is {came}. "
            f"Put pictures in {str(root / 'cats')!r}, {str(root / 'dogs')!r} and so on."
        )
    told = [class_in_name(file.relative) for file in pictures]
    names = tuple(classes) if classes is not None else tuple(sorted({n for n in told if n}))
    counts = Counter(told)
    missing = [name for name in names if not counts[name]]
    if missing or len(names) < (2 if classes is None else 1):
        examples = ", ".join(repr(printable(file.relative)) for file in pictures[:3])
        raise DataError(
            f"expected names that begin with the class, such as 'cat.12.jpg', in {str(root)!r}, "
            f"which has no class folders; its {len(pictures)} pictures ({examples}, …) tell "
            f"{f'none of class {missing[0]!r}' if missing else f'the classes {list(names)}'}. "
            "Move the pictures into one folder for each class."
        )
    labelled = []
    ignored = [entry.name for entry in files if suffix(entry.name) not in PICTURE_SUFFIXES]
    for file, name in zip(pictures, told, strict=True):
        if name in names:
            labelled.append(with_label(file, names.index(name)))
        elif classes is not None:
            ignored.append(file.relative)  # of a class that was not asked for
        else:
            labelled.append(with_label(file, -1, "its name does not begin with a class"))
    return Listing(root, names, labelled, sorted(ignored))
