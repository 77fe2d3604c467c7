"""The corner of ``cupy.cuda`` that minicnn uses."""

from types import SimpleNamespace


class CUDARuntimeError(RuntimeError):
    """An error of CUDA's runtime."""


class OutOfMemoryError(MemoryError):
    """The device's memory is full."""


class Device:
    """One GPU, make-believe."""

    def __init__(self, id=0):
        self.id = id

    def synchronize(self):
        """Everything here is done at once."""


class Stream:
    """An order in which things are done."""

    def synchronize(self):
        """Everything here is done at once."""


def get_current_stream():
    """The stream that launches go to."""
    return Stream()


runtime = SimpleNamespace(CUDARuntimeError=CUDARuntimeError, getDeviceCount=lambda: 1)
memory = SimpleNamespace(OutOfMemoryError=OutOfMemoryError)
