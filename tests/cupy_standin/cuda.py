"""The corner of ``cupy.cuda`` that minicnn uses."""

from types import SimpleNamespace

import numpy as np

from tests.cupy_standin.machine import (
    CUDARuntimeError,
    Event,
    MemoryPool,
    Stream,
    get_current_stream,
    using_allocator,
)

__all__ = ["Event", "MemoryPool", "Stream", "get_current_stream", "using_allocator"]


class OutOfMemoryError(MemoryError):
    """The device's memory is full."""


class Device:
    """One GPU, make-believe."""

    def __init__(self, id=0):
        self.id = id

    def synchronize(self):
        """Wait for everything."""
        get_current_stream().synchronize()


PINNED = set()  # where pinned memory begins


def alloc_pinned_memory(size):
    """Memory of the CPU's that the device may read by itself; larger than asked for, as CuPy's."""
    memory = bytearray(b"\xaa") * (-(-max(size, 1) // 512) * 512)
    PINNED.add(np.frombuffer(memory, np.uint8).ctypes.data)
    return memory


runtime = SimpleNamespace(
    CUDARuntimeError=CUDARuntimeError,
    getDeviceCount=lambda: 1,
    memGetInfo=lambda: (1 << 30, 1 << 31),
)
memory = SimpleNamespace(OutOfMemoryError=OutOfMemoryError)
