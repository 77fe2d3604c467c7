"""``ImageFolder``: a folder of photographs as the batches of a training run."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from minicnn.arguments import whole
from minicnn.cores import available_cores
from minicnn.data.augment import augmentation
from minicnn.data.counted import counted
from minicnn.data.limits import MAX_PIXELS, MAX_SIDE
from minicnn.data.listing import PARTS, existing_folder, list_pictures, parts_in
from minicnn.data.pictures import Augment, Pictures
from minicnn.data.reading import CacheChoice, Reader
from minicnn.data.report import PictureReport
from minicnn.errors import ConfigError, DataError
from minicnn.typing import Array, Pair

log = logging.getLogger("minicnn.data")


class ImageFolder(Pictures):
    """The pictures of ``root``, decoded once, with a class for each.

    ``root`` holds a folder for each class, or ``train`` and ``validation`` folders that do (say
    which with ``subset``; ``"train"`` unless told), or pictures named like ``cat.12.jpg``.
    ``classes`` lists the names in the order of their labels: sorted, or as given.

    Pictures are turned upright, made RGB, resized to ``image_size`` (height, width) and kept as
    uint8 in a cache file in ``cache`` (a folder; None: the user's cache folder; False: nowhere
    but in memory). One that cannot be read, or that has more than ``max_pixels`` or a side longer
    than ``max_side``, is skipped and listed in ``report``, or, with ``on_error="raise"``, is an
    error. ``validation_split`` with ``subset`` parts the pictures by
    chance, each class alike.

    A ``Dataset``: ``len(d)`` batches, ``d.epoch(e)`` yields them. Also ``d.arrays()``,
    ``d.split(0.2)``, ``d.paths``, ``d.labels``, ``d.samples``.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        image_size: Pair | int = (150, 150),
        batch_size: int = 20,
        shuffle: bool = True,
        seed: int = 0,
        augment: Augment | str | None = None,
        classes: Sequence[str] | None = None,
        on_error: Literal["skip", "raise"] = "skip",
        cache: CacheChoice = None,
        validation_split: float | None = None,
        subset: str | None = None,
        progress: bool | None = None,
        threads: int | None = None,
        max_pixels: int = MAX_PIXELS,
        max_side: int = MAX_SIDE,
    ) -> None:
        self.image_size = as_pair(image_size)
        if on_error not in ("skip", "raise"):
            raise ConfigError(f"ImageFolder: expected on_error 'skip' or 'raise', got {on_error!r}")
        augment = augmentation(augment)  # a misspelt name should not have to wait for pictures
        part = folder_part(root, subset, validation_split)
        listing = list_pictures(root, checked_classes(classes), part)
        read = Reader(
            image_size=self.image_size,
            max_pixels=whole(max_pixels, "max_pixels"),
            max_side=whole(max_side, "max_side"),
            cache=cache,
            threads=available_cores() if threads is None else max(1, threads),
            progress=progress,
            stop_at_error=on_error == "raise",
        ).read(listing)

        files = [listing.files[number] for number in read.numbers]
        labels = np.array([file.label for file in files], np.int64)
        super().__init__(
            read.pixels, labels, batch_size, shuffle, seed, augment, threads, read.rows
        )
        self.root, self.classes = listing.root, listing.classes
        self.paths: list[Path] = [Path(file.path) for file in files]
        self._numbers, self._digests = read.numbers, read.digests
        counts = np.bincount(labels.astype(np.intp), minlength=len(self.classes)).tolist()
        self.report = PictureReport(
            root=str(self.root),
            counts=dict(zip(self.classes, counts, strict=True)),
            skipped=read.skipped,
            ignored=listing.ignored,
            cache=read.cache,
        )
        refuse_empty_class(self.report)
        if read.skipped:
            skipped = counted(len(read.skipped), "picture")
            log.warning("%s skipped; print(dataset.report) says why", skipped)
        if validation_split is not None:
            held = self._held_back(validation_split, seed)
            self._keep(np.flatnonzero(held if PARTS[str(subset)] == "validation" else ~held))

    @property
    def samples(self) -> list[tuple[Path, int]]:
        """Each picture's path and label."""
        return list(zip(self.paths, self.labels.tolist(), strict=True))

    def __repr__(self) -> str:
        return (
            f"<ImageFolder {str(self.root)!r}: {counted(len(self.labels), 'picture')} of "
            f"{' × '.join(map(str, self.image_size))}, classes {list(self.classes)}>"
        )

    @classmethod
    def pair(
        cls, root: str | os.PathLike[str], validation_split: float = 0.2, **options: Any
    ) -> tuple[Self, Self]:
        """The data sets to train and to validate with, however ``root`` is arranged.

        Its ``train`` and ``validation`` folders if it has them, else ``split(validation_split)``.
        ``options`` are those of ``ImageFolder``; the second is neither augmented nor shuffled.
        """
        if "validation" not in parts_in(existing_folder(root)):
            return cls(root, **options).split(validation_split, options.get("seed", 0))
        training = cls(root, subset="train", **options)
        plain = {**options, "augment": None, "shuffle": False, "classes": training.classes}
        return training, cls(root, subset="validation", **plain)

    def _keep(self, places: Array) -> None:
        super()._keep(places)
        self.paths = [self.paths[place] for place in places]


def as_pair(image_size: Pair | int) -> Pair:
    """``image_size`` as (height, width)."""
    pair = (image_size, image_size) if isinstance(image_size, int) else tuple(image_size)
    if len(pair) != 2 or not all(isinstance(n, (int, np.integer)) and n > 0 for n in pair):
        raise ConfigError(
            f"ImageFolder: expected image_size as (height, width) in pixels, got {image_size!r}"
        )
    return int(pair[0]), int(pair[1])


def checked_classes(classes: Sequence[str] | None) -> tuple[str, ...] | None:
    """The names given, if they can be names of classes."""
    if classes is None:
        return None
    if isinstance(classes, str) or not classes or len(set(classes)) < len(classes):
        raise ConfigError(
            f"ImageFolder: expected classes as a list of different names, got {classes!r}"
        )
    return tuple(classes)


def folder_part(
    root: str | os.PathLike[str], subset: str | None, validation_split: float | None
) -> str | None:
    """The part of ``root`` to list: none in particular if the parts are drawn by chance."""
    if subset is not None and subset not in PARTS:
        raise ConfigError(f"ImageFolder: expected subset 'train' or 'validation', got {subset!r}")
    if validation_split is None:
        return subset
    if subset is None or PARTS[subset] == "test":
        raise ConfigError(
            f"ImageFolder: expected subset='train' or 'validation' beside validation_split, got "
            f"{subset!r}; for both parts at once use ImageFolder.pair(root) or .split(fraction)"
        )
    if parts_in(existing_folder(root)):
        raise ConfigError(
            f"ImageFolder: expected no validation_split for {str(root)!r}, which has its parts in "
            f"separate folders {sorted(parts_in(Path(root)))}, got {validation_split!r}; leave it "
            "out"
        )
    return None


def refuse_empty_class(report: PictureReport) -> None:
    """An error if nothing, or nothing of some class, could be read."""
    empty = [name for name, count in report.counts.items() if count == 0]
    if not empty:
        return
    errors = report.skipped[:3]
    reasons = "; ".join(str(error) for error in errors)
    raise DataError(
        f"expected readable pictures of {'any class' if not report.used else repr(empty[0])} in "
        f"{report.root!r}, got none: not one of its files could be read ({reasons}, …); replace "
        "these files, or name the classes to use: classes=[…]"
    ) from (errors[0] if errors else None)
