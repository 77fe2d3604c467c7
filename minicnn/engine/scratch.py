"""Memory that is used again (floor 3).

A fresh large array comes from the operating system page by page, each zeroed at its first
touch, which can cost more than the arithmetic done on it. So the engine keeps its arrays.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Hashable
from typing import Any

import numpy as np

from minicnn.engine.options import current_options
from minicnn.typing import Array, Shape

MOST = 256  # shapes of arrays that are remembered
MOST_BYTES = 1 << 26  # in arrays with a border of zeros


class Scratch:
    """Arrays by name. A name's array is valid until the name is taken again."""

    def __init__(self) -> None:
        self._buffers: dict[Hashable, Array] = {}
        self._arrays: dict[tuple[Hashable, Shape, Any], Array] = {}  # on them, as last asked for
        self._zeros: dict[Hashable, Array] = {}

    def take(self, name: Hashable, shape: Shape, dtype: Any) -> Array:
        """An array of this shape, with anything in it."""
        if not current_options().reuse:
            return np.empty(shape, dtype)
        array = self._arrays.get((name, shape, dtype))
        return array if array is not None else self._made(name, shape, dtype)

    def _made(self, name: Hashable, shape: Shape, dtype: Any) -> Array:
        if len(self._arrays) >= MOST:
            self._arrays.clear()
        nbytes = max(math.prod(shape) * np.dtype(dtype).itemsize, 1)
        buffer = self._buffers.get(name)
        if buffer is None or buffer.nbytes < nbytes:
            buffer = self._buffers[name] = _aligned(nbytes)
            self._arrays = {key: a for key, a in self._arrays.items() if key[0] != name}
        array = self._arrays[name, shape, dtype] = np.ndarray(shape, dtype, buffer)
        return array

    def bordered(self, name: Hashable, shape: Shape, dtype: Any) -> Array:
        """An array that began as zeros: whoever writes its inside only finds a border of zeros."""
        if not current_options().reuse:
            return np.zeros(shape, dtype)
        key = (name, shape, np.dtype(dtype))
        array = self._zeros.get(key)
        if array is None:
            array = np.zeros(shape, dtype)
            if sum(a.nbytes for a in self._zeros.values()) + array.nbytes > MOST_BYTES:
                self._zeros.clear()  # they are of networks or of batches long gone
            self._zeros[key] = array
        return array


def _aligned(nbytes: int) -> Array:
    """Bytes that begin at a cache line, where wide loads are quickest."""
    raw = np.empty(nbytes + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + nbytes]


_local = threading.local()


def thread_scratch() -> Scratch:
    """This thread's own scratch: what is in it is never seen by another thread."""
    scratch = getattr(_local, "scratch", None)
    if scratch is None:
        scratch = _local.scratch = Scratch()
    return scratch


class Frame:
    """What one batch keeps from its forward pass to its backward pass, and where."""

    def __init__(self) -> None:
        self._scratches: dict[Hashable, Scratch] = {}

    def scratch(self, owner: Hashable) -> Scratch:
        """The owner's part of the frame."""
        return self._scratches.setdefault(owner, Scratch())


class Frames:
    """Frames that wait for the next batch. Each call has one to itself, so calls never mix."""

    def __init__(self) -> None:
        self._free: list[Frame] = []

    def take(self) -> Frame:
        """A frame that nobody uses."""
        try:
            return self._free.pop()  # atomic, as append is
        except IndexError:
            return Frame()

    def give(self, frame: Frame) -> None:
        """The batch is done with its frame."""
        self._free.append(frame)
