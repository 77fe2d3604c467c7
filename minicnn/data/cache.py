"""Decoded pictures kept in one file, to be mapped into memory (needs NumPy only).

The file, all of it or nothing:

    4096 bytes   a magic line, the shape of the rows, the length and the digest of the index
    n rows       height × width × 3 bytes each: the pixels
    index        JSON: which picture each row is (path, size, times) and a digest of its pixels

A cache is believed only if its length, the digest of its index and the digest of every row are
right. It is a :mod:`~minicnn.whole_file`: a process that is killed leaves the old cache or none,
two that write at once each put a whole one there, and a reader keeps the file that it has mapped.
(Windows replaces no file that somebody has mapped: there the new cache is given up, and the
pictures stay in memory.) Nobody else may read it: the photographs may be for the user alone.

Rows are written with ``write`` and never through the mapping: on a full disk the first is an
error that can be answered, the second kills the process.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from minicnn.cores import available_cores
from minicnn.data.prefetch import in_order
from minicnn.typing import Array, Pair
from minicnn.whole_file import WholeFile, remove_leftovers, renames_open_files

MAGIC = b"minicnn pictures 1\n"
HEADER = 4096
ENDING = ".pictures"

Key = tuple[str, int, int, int]  # path below the root, size, and the two times of change


def user_cache_folder() -> Path:
    """Where this system wants programs to keep what they can make again.

    ``MINICNN_CACHE`` in the environment names another place.
    """
    chosen = os.environ.get("MINICNN_CACHE")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "minicnn" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "minicnn"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "minicnn"


def cache_path(folder: Path, name: str, settings: Sequence[object]) -> Path:
    """The file for pictures read with ``settings``; ``name`` is there for people to read."""
    digest = hashlib.blake2b(repr(settings).encode("utf-8", "backslashreplace"), digest_size=12)
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in name)[:40]
    return folder / f"{plain}-{digest.hexdigest()}{ENDING}"


def remove_unfinished_caches(folder: Path) -> None:
    """Delete what killed processes have left of any cache: it can be as large as all pictures."""
    remove_leftovers(folder, lambda name: name.endswith(ENDING))


def digest(row: Array) -> str:
    """Sixteen bytes that stand for a picture's pixels, in hexadecimal."""
    return hashlib.blake2b(np.ascontiguousarray(row).data, digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class CachedPictures:
    """A cache that was found to be whole: its rows, and which picture each is."""

    pixels: Array  # (n, height, width, 3) uint8, mapped from the file
    keys: list[Key]
    digests: list[str]


def load_cache(path: Path, image_size: Pair) -> CachedPictures | None:
    """The cache at ``path``, or None if there is none, or none that can be believed."""
    try:
        with path.open("rb") as file:
            header = read_header(file.read(HEADER))
            if header is None or header["shape"][1:] != [*image_size, 3]:
                return None
            rows_end = HEADER + int(np.prod(header["shape"]))
            if os.fstat(file.fileno()).st_size != rows_end + header["index"]:
                return None
            file.seek(rows_end)
            index = file.read()
            if text_digest(index) != header["digest"]:
                return None
            entries = json.loads(index)
            pixels = map_rows(file, tuple(header["shape"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    digests = [entry[-1] for entry in entries]
    if len(entries) != len(pixels) or not rows_are_whole(pixels, digests):
        return None
    return CachedPictures(pixels, [tuple(entry[:4]) for entry in entries], digests)


def read_header(header: bytes) -> dict[str, Any] | None:
    """The facts in the first page of a cache."""
    if len(header) < HEADER or not header.startswith(MAGIC):
        return None
    facts: dict[str, Any] = json.loads(header[len(MAGIC) :].rstrip(b"\0"))
    return facts if header == header_of(facts) else None  # JSON that we did not write so


def header_of(facts: dict[str, Any]) -> bytes:
    """The first page of a cache with these facts."""
    return (MAGIC + json.dumps(facts).encode()).ljust(HEADER, b"\0")


def text_digest(text: bytes) -> str:
    """The digest of an index."""
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def map_rows(file: BinaryIO, shape: tuple[int, ...]) -> Array:
    """The rows of an open cache as an array that the system reads when they are touched."""
    if shape[0] == 0:
        return np.empty(shape, np.uint8)
    return np.asarray(np.memmap(file, np.uint8, "r", HEADER, shape))


def rows_are_whole(pixels: Array, digests: list[str], block: int = 64) -> bool:
    """Whether every row has its digest (this also brings the file into memory, read in order)."""

    def whole(start: int) -> bool:
        rows = pixels[start : start + block]
        return all(
            digest(r) == d for r, d in zip(rows, digests[start : start + block], strict=True)
        )

    threads = available_cores()
    return all(in_order(whole, range(0, len(pixels), block), threads, 4 * threads))


class CacheWriter:
    """Writes a cache row by row: ``with CacheWriter(path, …) as w: w.append(…); w.finish()``.

    Any ``OSError`` means that there is no cache, and nothing is left behind; so does leaving
    the block without ``finish``.
    """

    def __init__(self, path: Path, image_size: Pair, at_most: int) -> None:
        self.shape = [0, *image_size, 3]
        self.entries: list[tuple[str | int, ...]] = []
        self._file = WholeFile(path, private=True)
        try:
            if hasattr(os, "posix_fallocate"):  # a disk too full should say so at the start
                size = HEADER + at_most * int(np.prod(self.shape[1:]))
                os.posix_fallocate(self._file.handle, 0, size)
            os.lseek(self._file.handle, HEADER, os.SEEK_SET)
        except BaseException:
            self._file.drop()
            raise

    def __enter__(self) -> CacheWriter:
        return self

    def append(self, key: Key, row: Array, row_digest: str) -> None:
        """The next picture."""
        self._file.write(np.ascontiguousarray(row).data)
        self.entries.append((*key, row_digest))
        self.shape[0] += 1

    def finish(self) -> CachedPictures:
        """Make the file whole, and put it in its place."""
        index = json.dumps(self.entries).encode()
        self._file.write(index)
        os.ftruncate(self._file.handle, HEADER + int(np.prod(self.shape)) + len(index))
        header = header_of({"shape": self.shape, "index": len(index), "digest": text_digest(index)})
        os.lseek(self._file.handle, 0, os.SEEK_SET)
        self._file.write(header)
        pixels = self._put_in_its_place(header)
        keys: list[Any] = [entry[:4] for entry in self.entries]
        return CachedPictures(pixels, keys, [str(entry[4]) for entry in self.entries])

    def _put_in_its_place(self, header: bytes) -> Array:
        """Finish the file; its rows, mapped before, as afterwards another may have the name."""
        shape = tuple(self.shape)
        if renames_open_files():
            with self._file.part.open("rb") as file:
                pixels = map_rows(file, shape)
            self._file.finish()
            return pixels
        self._file.finish()
        with self._file.path.open("rb") as file:
            if file.read(HEADER) != header:
                raise OSError("another process has put pictures of its own there meanwhile")
            return map_rows(file, shape)

    def __exit__(self, *exception: object) -> None:
        self._file.drop()
