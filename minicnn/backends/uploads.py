"""Batches on their way to a GPU, ahead of their use.

A batch crosses the bus beside the computation only if three things hold: it lies in *pinned*
memory, which the operating system may not move, so that the GPU can fetch it by itself; it is
fetched in a stream of its own; and nobody overwrites either end too early. So there are a few
slots, each a piece of pinned memory and one of the GPU's, used in turn. Two events guard a slot:

    arrived    the copy is done: the computation waits for it before it reads the GPU's piece, and
               the CPU before it fills the pinned piece with another batch
    free       the computation has read it: the next copy into it waits for that
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn.typing import Array

ALIGNED = 256  # where an array may begin: as CUDA's own allocations


class Slot:
    """Room for one batch, here and there."""

    def __init__(self, cupy: Any, size: int) -> None:
        self.cupy = cupy
        try:
            pinned = cupy.cuda.alloc_pinned_memory(size)
        except cupy.cuda.runtime.CUDARuntimeError as error:
            raise MemoryError(f"{size} bytes of pinned memory: {error}") from error
        self.here: Array = np.frombuffer(pinned, np.uint8, size)
        self.there = cupy.empty(size, np.uint8)
        self.arrived, self.free = (cupy.cuda.Event(disable_timing=True) for _ in range(2))
        # The GPU's piece may have belonged to somebody whose work is still under way.
        self.free.record(cupy.cuda.get_current_stream())
        self.arrived.record(cupy.cuda.get_current_stream())
        self._layout: list[tuple[int, Any, tuple[int, ...]]] = []
        self.in_use = False  # from being filled until it is given back

    def send(self, arrays: Sequence[Array], stream: Any) -> None:
        """Begin to copy these arrays of the CPU's, as one piece."""
        self.in_use = True
        self.arrived.synchronize()  # of the batch before: long done, unless the GPU lags behind
        self._layout, end = [], 0
        for a in arrays:
            self._layout.append((end, a.dtype, a.shape))
            self.here[end : end + a.nbytes].view(a.dtype).reshape(a.shape)[...] = a
            end += room(a)
        stream.wait_event(self.free)
        self.there[:end].set(self.here[:end], stream=stream)
        self.arrived.record(stream)

    def take(self, stream: Any) -> list[Array]:
        """The arrays on the GPU, for what ``stream`` does from now on."""
        stream.wait_event(self.arrived)
        return [self._seen_as(*place) for place in self._layout]

    def _seen_as(self, start: int, dtype: Any, shape: tuple[int, ...]) -> Array:
        size = int(np.prod(shape)) * dtype.itemsize
        if not size:
            return self.cupy.empty(shape, dtype)
        return self.there[start : start + size].view(dtype).reshape(shape)

    def give_back(self, stream: Any) -> None:
        """Nothing that comes later in ``stream`` reads them."""
        self.in_use = False
        self.free.record(stream)

    def drop(self, stream: Any) -> None:
        """Nobody wants them. Whoever gets this memory next, in ``stream``, waits for the copy."""
        stream.wait_event(self.arrived)
        self.give_back(stream)


class Ring:
    """Slots, used in turn: with three, one batch is read while the next is on its way.

    Where more of them are in use at a time, there will be more.
    """

    def __init__(self, cupy: Any, slots: int = 3) -> None:
        self.cupy, self._wanted = cupy, slots
        self._slots: list[Slot] = []  # the one that was used longest ago comes first
        self._stream = cupy.cuda.Stream(non_blocking=True)

    def send(self, arrays: Sequence[Array]) -> Slot:
        """Begin to copy a batch; ``take`` and ``give_back`` the slot around its use."""
        size = max(ALIGNED, sum(map(room, arrays)))
        idle = [slot for slot in self._slots if not slot.in_use]
        if len(self._slots) < self._wanted or not idle:
            slot = Slot(self.cupy, size)
        else:
            slot = idle[0]
            self._slots.remove(slot)
            if slot.here.size < size:
                self._stream.synchronize()  # it may still be filled
                slot = Slot(self.cupy, size)
        self._slots.append(slot)
        slot.send(arrays, self._stream)
        return slot


def room(a: Array) -> int:
    """The bytes of an array, and up to where the next one may begin."""
    return -(-a.nbytes // ALIGNED) * ALIGNED


def address(a: Any) -> int:
    """Where an array of the GPU's begins."""
    return int(a.data.ptr)
