"""Buffers: memory that is used again.

A fresh large array comes from the operating system page by page, each zeroed at its first
touch, which can cost more than the arithmetic done on it. So the engine keeps its arrays.
"""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from minicnn.engine.options import current_options
from minicnn.typing import Array, Shape

MOST_ARRAYS = 256  # in one set of buffers: names and shapes for which an array is remembered
MOST_FILLED = 1 << 26  # bytes in arrays that began as zeros, or are ones: 64 MiB
CACHE_LINE = 64  # bytes


class Moves:
    """How often arrays that had been handed out before had to be put elsewhere."""

    count = 0


class Buffers:
    """Arrays by name. A name's array is valid until the name is taken again.

    Taken again in the same shape, it is at the same place, as long as ``moves`` stands still.
    """

    def __init__(self, moves: Moves | None = None) -> None:
        self.moves = moves or Moves()
        self._buffers: dict[Hashable, Array] = {}
        self._arrays: dict[tuple[Hashable, Shape, Any], Array] = {}  # on them, as last asked for
        self._filled: dict[Hashable, Array] = {}  # that began as zeros, or are ones

    def take(self, name: Hashable, shape: Shape, dtype: Any) -> Array:
        """An array of this shape, with anything in it."""
        if not current_options().reuse:
            return np.empty(shape, dtype)
        array = self._arrays.get((name, shape, dtype))
        return array if array is not None else self._made(name, shape, dtype)

    def _made(self, name: Hashable, shape: Shape, dtype: Any) -> Array:
        if len(self._arrays) >= MOST_ARRAYS:
            self._arrays.clear()
        nbytes = max(math.prod(shape) * np.dtype(dtype).itemsize, 1)
        buffer = self._buffers.get(name)
        if buffer is None or buffer.nbytes < nbytes:
            self.moves.count += buffer is not None
            buffer = self._buffers[name] = _aligned(nbytes)
            self._arrays = {key: a for key, a in self._arrays.items() if key[0] != name}
        array = self._arrays[name, shape, dtype] = np.ndarray(shape, dtype, buffer)
        return array

    def bordered(self, name: Hashable, shape: Shape, dtype: Any) -> Array:
        """An array that began as zeros: whoever writes its inside only finds a border of zeros."""
        if not current_options().reuse:
            return np.zeros(shape, dtype)
        key = (name, shape, np.dtype(dtype))
        array = self._filled.get(key)
        return self._fill(key, np.zeros(shape, dtype)) if array is None else array

    def ones(self, count: int, dtype: Any) -> Array:
        """A one ``count`` times: a product with it is a sum."""
        key = ("ones", count, np.dtype(dtype))
        array = self._filled.get(key)
        return self._fill(key, np.ones(count, dtype)) if array is None else array

    def _fill(self, key: Hashable, array: Array) -> Array:
        if sum(a.nbytes for a in self._filled.values()) + array.nbytes > MOST_FILLED:
            self._filled.clear()  # they are of networks or of batches long gone
            self.moves.count += 1
        self._filled[key] = array
        return array


def _aligned(nbytes: int) -> Array:
    """Bytes that begin at a cache line, where wide loads are quickest."""
    if nbytes > sys.maxsize - CACHE_LINE:  # NumPy would call it a dimension that is not allowed
        raise MemoryError(f"{nbytes:,} bytes")
    raw = np.empty(nbytes + CACHE_LINE, np.uint8)
    start = -raw.ctypes.data % CACHE_LINE
    return raw[start : start + nbytes]


_last = threading.local()  # .buffers is what this thread has used last
_free: list[Buffers] = []  # as many as there have ever been jobs at once


@contextmanager
def borrowed_buffers() -> Iterator[Buffers]:
    """Buffers for one job: those that this thread had before, still in its core's cache.

    If somebody uses these now, they are any others. So threads may come and go.
    """
    buffers: Buffers | None = getattr(_last, "buffers", None)
    try:
        if buffers is None:
            buffers = _free.pop()
        else:
            _free.remove(buffers)  # atomic, as pop and append are
    except (IndexError, ValueError):
        buffers = _one_of_the_free()
    _last.buffers = buffers
    try:
        yield buffers
    finally:
        _free.append(buffers)


def _one_of_the_free() -> Buffers:
    try:
        return _free.pop()
    except IndexError:
        return Buffers()
