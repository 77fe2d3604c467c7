"""What a data set is to the training loop: batches, epoch by epoch (floor 4).

Anything with these two members can be given to ``model.fit``; nothing needs to be inherited.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol, runtime_checkable

from minicnn.typing import Array


class Batch(NamedTuple):
    """One batch: pictures (uint8 or float), their labels, and a weight for each or None."""

    x: Array
    y: Array
    weight: Array | None = None


@runtime_checkable
class Dataset(Protocol):
    """Batches that are named by their epoch, so that equal epochs are equal whenever asked for."""

    def __len__(self) -> int:
        """How many batches an epoch has."""

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """The batches of epoch number ``epoch`` (counted from 0), shuffled its own way."""
