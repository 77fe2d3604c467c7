"""Arrays in memory as a data set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minicnn.arguments import whole
from minicnn.backends import ops_for, to_numpy
from minicnn.data.dataset import Batch
from minicnn.data.settings import digest_of
from minicnn.errors import DtypeError, ShapeError
from minicnn.randomness import generator
from minicnn.typing import Array


class ArrayDataset:
    """Batches of ``x`` and ``y``; shuffled anew each epoch, by a draw named after the epoch.

    >>> data = ArrayDataset(np.arange(5.0)[:, None], np.arange(5), batch_size=2, shuffle=False)
    >>> [batch.y.tolist() for batch in data.epoch(0)]
    [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int = 0,
        weight: Any = None,
    ) -> None:
        self.x, self.y = as_samples(x, "x"), as_samples(y, "y")
        self.weight = None if weight is None else as_samples(weight, "weights")
        for other, name in ((self.y, "labels"), (self.weight, "weights")):
            if other is not None and len(other) != len(self.x):
                alone = len(other) == 1 and name == "labels"
                raise ShapeError(
                    f"expected as many {name} as samples, got {len(other)} {name} for "
                    f"{len(self.x)} samples{'; is x one sample? Give it as x[None]' * alone}"
                )
        self.batch_size = whole(batch_size, "batch_size")
        self.shuffle, self.seed = shuffle, seed

    def part(self, start: int, stop: int, shuffle: bool | None = None) -> ArrayDataset:
        """The samples from ``start`` to ``stop`` as a data set, in batches of the same size."""
        return ArrayDataset(
            self.x[start:stop],
            self.y[start:stop],
            self.batch_size,
            self.shuffle if shuffle is None else shuffle,
            self.seed,
            None if self.weight is None else self.weight[start:stop],
        )

    @property
    def samples(self) -> int:
        """How many samples there are."""
        return len(self.x)

    def __len__(self) -> int:
        """How many batches an epoch has; the last may be smaller."""
        return -(-self.samples // self.batch_size)

    def settings(self) -> dict[str, Any]:
        """What a run that is resumed has to find as it was."""
        return {
            "samples": self.samples,
            "labels (their digest)": digest_of(to_numpy(self.y)),
            "batch_size": self.batch_size,
            "shuffle": bool(self.shuffle),
            "seed of the order": self.seed,
        }

    def peek(self) -> Batch | None:
        """The first batch of epoch 0."""
        return next(self.epoch(0), None)

    def bytes(self) -> int | None:
        """The size of ``x``; None if a class derived from this one makes its own batches."""
        return int(self.x.nbytes) if type(self).epoch is ArrayDataset.epoch else None

    def whole(self) -> Batch:
        """All samples, as they were given."""
        return Batch(self.x, self.y, self.weight)

    def draws(self, epoch: int, places: Array) -> None:
        """Arrays are taken as they are."""

    def order(self, epoch: int) -> Array:
        """The places that the batches of an epoch are cut from."""
        if not self.shuffle:
            return np.arange(self.samples)
        return generator(self.seed, "shuffle", epoch).permutation(self.samples)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """The batches of epoch number ``epoch``, from batch number ``start`` on."""
        order = self.order(epoch) if self.shuffle else None
        for first in range(start * self.batch_size, self.samples, self.batch_size):
            places: Any = slice(first, first + self.batch_size)
            if order is not None:
                places = order[places]
            weight = None if self.weight is None else _taken(self.weight, places)
            yield Batch(_taken(self.x, places), _taken(self.y, places), weight)


def _taken(a: Array, places: Any) -> Array:
    """Some samples of an array, taken where it lives."""
    return a[places if isinstance(places, slice) else ops_for(a).asarray(places)]


def as_samples(a: Any, name: str) -> Array:
    """``a`` as an array with at least one sample along its first axis."""
    try:
        array = a if hasattr(a, "__cuda_array_interface__") else np.asarray(a)
    except ValueError as error:  # NumPy's word for rows of different lengths
        raise ShapeError(
            f"expected {name} to be one array, got samples of different shapes ({error}); resize "
            f"or pad them to the same shape"
        ) from None
    if array.dtype.kind not in "fiub":
        remedy = (
            "turn names into numbers: [classes.index(name) for name in labels]"
            if array.dtype.kind in "US"
            else "give whole numbers or floats"
        )
        raise DtypeError(
            f"expected {name} to be one array of numbers, got an array of {array.dtype}; {remedy}"
        )
    if array.ndim == 0 or len(array) == 0:
        raise ShapeError(
            f"expected {name} with at least one sample along the first axis, got shape "
            f"{tuple(array.shape)}"
        )
    return array
