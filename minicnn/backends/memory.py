"""Out of memory, said in the words of whoever chose the batch size."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from minicnn.errors import BackendError


@contextmanager
def room_for_a_batch() -> Iterator[None]:
    """Turns a full memory, the computer's or a GPU's, into one clear line.

    >>> with room_for_a_batch():
    ...     raise MemoryError("Out of memory allocating 10 bytes")
    Traceback (most recent call last):
    minicnn.errors.BackendError: expected room for a batch, got a full memory (Out of memory
    allocating 10 bytes); give fit, evaluate or predict a smaller batch_size
    """
    try:
        yield
    except MemoryError as error:
        full = BackendError(
            f"expected room for a batch, got a full memory ({error}); give fit, evaluate or "
            f"predict a smaller batch_size"
        )
        for note in getattr(error, "__notes__", ()):
            full.add_note(note)
        raise full from error
