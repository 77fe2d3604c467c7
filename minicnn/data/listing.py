"""Finds the pictures of a folder and the class of each, without opening any.

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
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from minicnn.data.counted import counted
from minicnn.data.picture_error import printable
from minicnn.data.walk import (
    PICTURE_SUFFIXES,
    PictureFile,
    entries_in,
    folders_in,
    identity,
    is_folder,
    picture_file,
    pictures_below,
    suffix,
    with_label,
)
from minicnn.errors import DataError

PARTS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
    "testing": "test",
    "test1": "test",  # so named in the archive of the best-known cats and dogs
}
NUMBERED = (
    re.compile(r"(.+?)[\s._-]+\(?\d+\)?"),  # cat.12, american_bulldog_7, cat (3), n02085620_7
    re.compile(r"(\D+)\d+"),  # cat12
)


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
    names = [
        name
        for name in folders_in(folder)
        if (name in classes if classes is not None else suffix(name) not in PICTURE_SUFFIXES)
    ]
    if classes is not None:  # not asked for, which whoever measures should hear of
        ignored += [f"{name}/" for name in folders_in(folder) if name not in names]
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
        got = "a file" if folder.exists() else "nothing of this name"
        raise DataError(
            f"expected a folder of pictures at {str(folder)!r}, got {got}; give the folder that "
            "holds one folder for each class"
        )
    try:
        entries_in(folder)
    except OSError as error:
        raise DataError(
            f"expected a folder of pictures at {str(folder)!r}, got one that cannot be listed "
            f"({error.strerror}); ask for permission to read it"
        ) from error
    return folder


def parts_in(folder: Path) -> dict[str, Path]:
    """The training, validation and test folders in ``folder``, if that is how it is arranged.

    It is if it has a training folder beside another part, or no folder but parts; one folder
    called "test" among others is a class.
    """
    names = folders_in(folder)
    parts = {PARTS[n.lower()]: folder / n for n in names if n.lower() in PARTS}
    return parts if len(parts) == len(names) or ("train" in parts and len(parts) > 1) else {}


def part_of(root: Path, part: str | None, classes: Sequence[str] | None) -> Path:
    """The folder of ``part``, ``"train"`` unless told; ``root`` itself if it has no parts."""
    parts = parts_in(root)
    if classes is not None and set(classes) <= set(folders_in(root)):
        parts = {}  # someone really has a class called "test"
    if part is None:
        return parts.get("train", root)
    if PARTS.get(part) not in parts:
        raise DataError(
            f"expected a folder for the {part!r} part in {str(root)!r}, got "
            f"{sorted(parts) or 'no such parts'}; leave `subset` out, or give `validation_split` "
            "to part the pictures by chance"
        )
    return parts[PARTS[part]]


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
            got = "none" if name in found else "no such folder"
            raise DataError(
                f"expected pictures of class {name!r} in {str(root / name)!r}, got {got}; put "
                "pictures there, remove the folder, or name the classes to use: classes=[…]"
            )
    if len(names) == 1 and classes is None:
        raise DataError(
            f"expected a folder for each of two or more classes in {str(root)!r}, got only "
            f"{names[0]!r}; give the folder that holds the classes (one level deeper or higher?), "
            f"or say classes=[{names[0]!r}] if one class is meant"
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
        got = f"empty folders {empty_folders}" if empty_folders else "no folder and no picture"
        if classes is not None and (others := folders_in(root)):
            got = f"no folder of the classes {list(classes)}, only {others}"
        first, second = [*(classes or ()), "cats", "dogs"][:2]
        raise DataError(
            f"expected a folder of pictures for each class in {str(root)!r}, got {got}; put "
            f"pictures in {str(root / first)!r}, {str(root / second)!r} and so on"
        )
    told = [class_in_name(file.relative) for file in pictures]
    names = tuple(classes) if classes is not None else tuple(sorted({n for n in told if n}))
    counts = Counter(told)
    missing = [name for name in names if not counts[name]]
    if missing or len(names) < (2 if classes is None else 1):
        raise DataError(not_told(root, pictures, sorted({n for n in told if n}), classes))
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


def not_told(
    root: Path, pictures: list[PictureFile], told: list[str], classes: Sequence[str] | None
) -> str:
    """What is wrong with pictures whose names do not tell the classes; they tell ``told``."""
    examples = [repr(printable(file.relative)) for file in pictures[:3]]
    shown = ", ".join([*examples, "…"] if len(pictures) > 3 else examples)
    theirs = f"{counted(len(pictures), 'picture')} ({shown})"
    if classes is None or not told:
        return (
            f"expected names that begin with the class, such as 'cat.12.jpg', in {str(root)!r}, "
            f"which has no class folders, got {theirs} that tell "
            f"{f'the classes {told}' if told else 'no class'}; move the pictures into one folder "
            "for each class"
        )
    return (
        f"expected pictures of the classes {list(classes)} in {str(root)!r}, which has no class "
        f"folders, got {theirs} that by their names are of {told}; {remedy(root, told, classes)}"
    )


def remedy(root: Path, told: list[str], classes: Sequence[str]) -> str:
    """What to do about pictures whose names tell other classes than those that are wanted."""
    above = root.parent if root.name else root.absolute().parent
    if root.absolute().name in classes and set(classes) <= set(folders_in(above)):
        return f"give the folder that holds the classes: {str(above)!r}"
    missing = [name for name in classes if name not in told]
    if len(missing) < len(classes):
        return f"add pictures of {', '.join(map(repr, missing))}"
    return f"move them into folders called {', '.join(map(repr, classes))}, or name them so"
