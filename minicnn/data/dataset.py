"""What a data set is to the training loop: batches, epoch by epoch.

Anything with these two members can be given to ``model.fit``; nothing needs to be inherited.
A data set whose ``epoch`` has a parameter ``start`` is asked to begin at that batch when a run is
resumed in the middle of an epoch; of any other, the batches before it are made and dropped. What a
method ``settings()`` gives, a dictionary of texts and numbers, must be the same after a resume.
What ``peek()`` gives, a batch of some samples, is looked at before an epoch begins; of a data set
that has no such method it is the first batch of epoch 0.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple, Protocol, runtime_checkable

from minicnn.typing import Array, Pair


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


class Draws(NamedTuple):
    """An augmentation of some pictures, ready to be done elsewhere: ``data.augment`` defines it."""

    matrices: Array  # (n, 6) float64: where each new pixel comes from
    factors: Array  # (n, changes of light) float64
    lights: tuple[bool, ...]  # whether each of those is one of contrast
    beyond: tuple[int, int]  # what lies beyond the border
    size: Pair  # height and width of the new pictures


@runtime_checkable
class Whole(Dataset, Protocol):
    """A data set that can be had whole, so that it may stay on a GPU: ours, unless changed."""

    batch_size: int

    def bytes(self) -> int | None:
        """The size of all samples; None if the batches are not just pieces of them."""

    def whole(self) -> Batch:
        """All samples as one batch."""

    def draws(self, epoch: int, places: Array) -> Draws | None:
        """How the samples at these places are varied in that epoch; None if they are not."""

    def order(self, epoch: int) -> Array:
        """Which of them, in turn, the batches of an epoch are cut from."""


def peek(data: Dataset) -> Batch | None:
    """Samples that tell what the others are like; None if there are none."""
    look = getattr(data, "peek", None)
    if callable(look):
        batch: Batch | None = look()
        return batch
    coming = iter(data.epoch(0))
    try:
        return next(coming, None)
    finally:
        if (close := getattr(coming, "close", None)) is not None:
            close()  # of a generator that may have threads at work


def batches(data: Dataset, epoch: int, start: int = 0) -> Iterator[Batch]:
    """The batches of an epoch from number ``start`` on, skipped cheaply where that is possible."""
    if start and "start" in inspect.signature(data.epoch).parameters:
        return data.epoch(epoch, start=start)  # type: ignore[call-arg]
    return islice(data.epoch(epoch), start, None) if start else data.epoch(epoch)
