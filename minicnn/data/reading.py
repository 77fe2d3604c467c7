"""Every picture of a listing to pixels, each decoded once (needs Pillow through decode).

What the cache holds of pictures that have not changed since is taken from there; the rest is
decoded on every core. If anything new could be decoded, a new cache takes the old one's place.
Pictures that could not be read are tried again each time: the reason may be gone.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import numpy as np

from minicnn.data import pillow
from minicnn.data.cache import (
    CachedPictures,
    CacheWriter,
    Key,
    cache_path,
    digest,
    load_cache,
    remove_unfinished_caches,
    user_cache_folder,
)
from minicnn.data.decode import quiet_pillow, read_picture, readable_formats
from minicnn.data.listing import Listing
from minicnn.data.picture_error import PictureError
from minicnn.data.prefetch import in_order
from minicnn.data.progress import progress_bar
from minicnn.data.walk import PictureFile
from minicnn.typing import Array, Pair

log = logging.getLogger("minicnn.data")

CacheChoice = str | os.PathLike[str] | bool | None
DECODING = 2  # raise it whenever the same file would give other pixels than before


class Rows(Protocol):
    """Where decoded pictures are put: ``CacheWriter``, or ``RowsInMemory``."""

    def append(self, key: Key, row: Array, row_digest: str) -> None:
        """Take the next picture's pixels, with its digest."""

    def finish(self) -> CachedPictures:
        """All pictures that were taken, in order."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...


class RowsInMemory:
    """The same face as ``CacheWriter`` without a file."""

    def __init__(self, image_size: Pair, at_most: int) -> None:
        self._pixels = np.empty((at_most, *image_size, 3), np.uint8)
        self._keys: list[Key] = []
        self._digests: list[str] = []

    def append(self, key: Key, row: Array, row_digest: str) -> None:
        """Keep the next picture's pixels."""
        self._pixels[len(self._keys)] = row
        self._keys.append(key)
        self._digests.append(row_digest)

    def finish(self) -> CachedPictures:
        """All rows, as one array."""
        return CachedPictures(self._pixels[: len(self._keys)], self._keys, self._digests)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass


@dataclass(slots=True)
class PicturesRead:
    """The pixels of a listing: its picture ``numbers[i]`` is ``pixels[rows[i]]``."""

    pixels: Array
    rows: Array
    numbers: Array
    digests: list[str]
    skipped: list[PictureError]
    cache: str


@dataclass(frozen=True, slots=True)
class Reader:
    """How pictures are read; ``read`` is told which."""

    image_size: Pair
    max_pixels: int
    max_side: int
    cache: CacheChoice
    threads: int
    progress: bool | None
    stop_at_error: bool

    def read(self, listing: Listing) -> PicturesRead:
        """All pictures of ``listing``, through the cache if there can be one."""
        readable_formats()  # let Pillow load its formats before there are threads
        with quiet_pillow():
            if self.cache is False:
                return self._read(listing, _nothing, self._in_memory(listing), "off")
            try:
                path = self._path(listing)
                remove_unfinished_caches(path.parent)
                size, files = self.image_size, listing.files
                return self._read(
                    listing,
                    lambda: load_cache(path, size),
                    lambda: CacheWriter(path, size, len(files)),
                    str(path),
                )
            except (OSError, RuntimeError) as error:  # RuntimeError: this user has no home folder
                # Decoding starts again, which is rare (a full disk mostly shows before the first
                # picture) and needs no care about what the broken file may hold.
                log.warning("no picture cache, the pictures stay in memory: %s", error)
                state = f"none, pictures in memory ({error})"
                return self._read(listing, _nothing, self._in_memory(listing), state)

    def _in_memory(self, listing: Listing) -> Callable[[], Rows]:
        return lambda: RowsInMemory(self.image_size, len(listing.files))

    def _path(self, listing: Listing) -> Path:
        chosen = self.cache
        folder = user_cache_folder() if chosen is None or isinstance(chosen, bool) else Path(chosen)
        root = str(listing.root.resolve())
        how = (DECODING, pillow.version, self.image_size, self.max_pixels, self.max_side)
        return cache_path(folder.expanduser(), listing.root.name, (root, listing.classes, how))

    def _read(
        self,
        listing: Listing,
        load_old: Callable[[], CachedPictures | None],
        open_rows: Callable[[], Rows],
        cache: str,
    ) -> PicturesRead:
        old = load_old() or CachedPictures(np.empty((0, *self.image_size, 3), np.uint8), [], [])
        row_of = {key: row for row, key in enumerate(old.keys)}
        unknown = [file for file in listing.files if key_of(file) not in row_of]
        errors: dict[str, PictureError] = {}
        with ExitStack() as stack:
            new: Rows | None = None
            # Closed by name: in the frames of an exception a generator, with its threads, lives on.
            for file, outcome in stack.enter_context(closing(self._decoded(unknown))):
                if isinstance(outcome, PictureError):
                    errors[file.relative] = outcome
                    continue
                if new is None:  # not before something is there to be written
                    new = stack.enter_context(open_rows())
                new.append(key_of(file), *outcome)
            if new is not None:
                for key in [key for key in map(key_of, listing.files) if key in row_of]:
                    new.append(key, old.pixels[row_of[key]], old.digests[row_of[key]])
                del old  # nobody else has it: Windows replaces no file that is mapped
                old = new.finish()
        return found_in(old, listing, list(errors.values()), cache)

    def _decoded(
        self, files: list[PictureFile]
    ) -> Generator[tuple[PictureFile, tuple[Array, str] | PictureError]]:
        """Each file with its pixels and their digest, or with what is wrong with it."""

        def decode(file: PictureFile) -> tuple[Array, str] | PictureError:
            try:
                if file.problem is not None:
                    raise PictureError(file.path, file.problem)
                row = read_picture(file.path, self.image_size, self.max_pixels, self.max_side)
            except PictureError as error:
                return error
            return row, digest(row)

        ahead = 4 * self.threads
        bar = progress_bar(len(files), "reading pictures", self.progress)
        with bar as step, closing(in_order(decode, files, self.threads, ahead)) as outcomes:
            for file, outcome in zip(files, outcomes, strict=True):
                if self.stop_at_error and isinstance(outcome, PictureError):
                    raise outcome
                step(1)
                yield file, outcome


def _nothing() -> None:
    """What is known of pictures where there is no cache."""


def key_of(file: PictureFile) -> Key:
    """What a cached picture is known by; a file without a stamp is never in a cache."""
    return (file.relative, *(file.stamp or (-1, -1, -1)))


def found_in(
    pictures: CachedPictures, listing: Listing, skipped: list[PictureError], cache: str
) -> PicturesRead:
    """The rows of ``listing`` in its own order."""
    row_of = {key: row for row, key in enumerate(pictures.keys)}
    numbers = [n for n, file in enumerate(listing.files) if key_of(file) in row_of]
    rows = [row_of[key_of(listing.files[n])] for n in numbers]
    return PicturesRead(
        pixels=pictures.pixels,
        rows=np.array(rows, np.int64),
        numbers=np.array(numbers, np.int64),
        digests=[pictures.digests[row] for row in rows],
        skipped=skipped,
        cache=cache,
    )
