"""Two pictures laid over each other, and their labels with them.

A network that must say "0.7 dog" of a picture that is 0.7 dog and 0.3 cat cannot learn single
photographs by heart: no two epochs show it the same blend. (Zhang and others, 2017, "mixup".)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minicnn.arguments import positive, whole
from minicnn.data.dataset import Batch, Dataset, batches, peek
from minicnn.data.settings import settings_of
from minicnn.errors import ConfigError, LabelError
from minicnn.randomness import generator
from minicnn.typing import Array


class Mixup:
    """The batches of ``data`` with each picture laid over another of its batch.

    A picture keeps a share drawn from Beta(``alpha``, ``alpha``): with an ``alpha`` below 1,
    mostly nearly all or nearly nothing. Its label is mixed in the same share, so labels become
    floats. Those of a yes-or-no output are mixed as they are; the numbers of ``one_hot`` classes
    become rows first, with a share for each class. What is drawn is a function of ``seed``, the
    epoch and the batch.

    >>> from minicnn.data import Pictures
    >>> x, y = np.full((4, 8, 8, 3), 200, np.uint8), np.array([0, 1, 0, 1])
    >>> for batch in Mixup(Pictures(x, y, batch_size=4), alpha=0.3).epoch(0):
    ...     print(batch.x.shape, batch.x.dtype, bool(((0 <= batch.y) & (batch.y <= 1)).all()))
    (4, 8, 8, 3) uint8 True
    """

    def __init__(
        self, data: Dataset, alpha: float = 0.2, one_hot: int | None = None, seed: int = 0
    ) -> None:
        if not isinstance(data, Dataset):
            raise ConfigError(
                f"Mixup: expected a data set, such as mc.data.Pictures(x, y) or an ImageFolder, "
                f"got {type(data).__name__}"
            )
        self.data, self.seed = data, seed
        self.alpha = positive(alpha, "alpha", "Mixup")
        self.one_hot = one_hot if one_hot is None else whole(one_hot, "one_hot", "Mixup", least=2)

        if hasattr(data, "classes"):
            self.classes = data.classes  # fit gives the model the names of its classes

    def settings(self) -> dict[str, Any]:
        """What a run that is resumed has to find as it was."""
        ours = {"alpha": self.alpha, "one_hot": self.one_hot, "seed of the mixtures": self.seed}
        return settings_of(self.data) | {"mixup": repr(ours)}

    def peek(self) -> Batch | None:
        """What ``data`` shows, with labels as they are here."""
        batch = peek(self.data)
        return None if batch is None else batch._replace(y=self.targets(batch.y))

    def __len__(self) -> int:
        """How many batches an epoch has."""
        return len(self.data)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """The batches of epoch number ``epoch``, from batch number ``start`` on, mixed."""
        for number, batch in enumerate(batches(self.data, epoch, start), start):
            if batch.weight is not None:
                raise ConfigError("Mixup: expected batches without weights, got some with them")
            rng = generator(self.seed, "mixup", epoch, number)
            share = rng.beta(self.alpha, self.alpha, len(batch.x)).astype(np.float32)
            other = rng.permutation(len(batch.x))
            yield Batch(blend(batch.x, other, share), blend(self.targets(batch.y), other, share))

    def targets(self, y: Array) -> Array:
        """Labels as floats that can be mixed."""
        if self.one_hot is None or y.ndim > 1:
            return y.astype(np.float32)
        classes = np.asarray(y).astype(np.int64)
        wrong = y[(classes != y) | (classes < 0) | (classes >= self.one_hot)]
        if len(wrong):
            raise LabelError(
                f"Mixup: expected class numbers from 0 to {self.one_hot - 1}, got {wrong[0]}; "
                f"one_hot is the number of classes, which are counted from 0"
            )
        return np.eye(self.one_hot, dtype=np.float32)[classes]


def blend(a: Array, other: Array, share: Array) -> Array:
    """``share`` of each row of ``a`` with the rest of its ``other`` row, in ``a``'s own dtype."""
    share = share.reshape(-1, *[1] * (a.ndim - 1))
    whole_numbers = a.dtype.kind in "iu"
    mixed = a[other].astype(np.float32 if whole_numbers else a.dtype)
    mixed += share * (a - mixed)
    return np.rint(mixed).astype(a.dtype) if whole_numbers else mixed
