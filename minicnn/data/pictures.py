"""Pictures in an array as the batches of a training run.

The array may be mapped from a file larger than the memory. Batches are cut, and augmented if
asked, on threads beside the training step. What an epoch brings is a function of the seed, the
epoch and the picture, so it is the same after a resume and for any number of threads.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Self

import numpy as np

from minicnn.arguments import is_number, whole
from minicnn.cores import available_cores
from minicnn.data.augment import Augmentation, augmentation
from minicnn.data.cache import digest
from minicnn.data.dataset import Batch, Draws
from minicnn.data.prefetch import in_order
from minicnn.data.settings import digest_of, lasting_text
from minicnn.errors import ConfigError, DataError
from minicnn.randomness import generator
from minicnn.typing import Array

Augment = Callable[[Array, np.random.Generator], Array]
BATCHES_AHEAD = 4


class Pictures:
    """``uint8`` pictures (N, H, W, 3) with labels, as a ``Dataset``.

    ``rows``, if given, says which of ``x`` are meant, in which order: one for each label.

    >>> x, y = np.zeros((5, 8, 8, 3), np.uint8), np.array([0, 1, 0, 1, 0])
    >>> pictures = Pictures(x, y, batch_size=2, augment="classic")
    >>> len(pictures), [batch.x.shape for batch in pictures.epoch(0)]
    (3, [(2, 8, 8, 3), (2, 8, 8, 3), (1, 8, 8, 3)])
    """

    def __init__(
        self,
        x: Array,
        y: Array,
        batch_size: int = 20,
        shuffle: bool = True,
        seed: int = 0,
        augment: Augment | str | None = None,
        threads: int | None = None,
        rows: Array | None = None,
    ) -> None:
        x, y = np.asarray(x), np.asarray(y)
        rows = np.arange(len(x)) if rows is None else rows
        if x.ndim != 4 or x.shape[-1] != 3 or x.dtype != np.uint8:
            raise DataError(
                f"Pictures: expected uint8 pictures of shape (N, H, W, 3), got {x.dtype} "
                f"{x.shape}; scale them to 0..255 and convert them with .astype('uint8')"
            )
        if len(rows) != len(y):
            raise DataError(
                f"Pictures: expected a label for each of {len(rows)} pictures, got {len(y)} "
                "labels; give x and y of one length"
            )
        self.batch_size = whole(batch_size, "batch_size")
        self.shuffle, self.seed = shuffle, seed
        self.augment: Augment | None = augmentation(augment)
        self.threads = min(4, available_cores()) if threads is None else threads
        self.labels: Array = y
        self._pixels = x
        self._rows = rows  # where in _pixels each picture is
        self._numbers: Array = np.arange(len(rows))  # its name when its augmentation is drawn
        self._digests: list[str] | None = None

    def __len__(self) -> int:
        """How many batches an epoch has; the last may be smaller than the others."""
        return -(-len(self.labels) // self.batch_size)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """The batches of epoch number ``epoch``, prepared ahead; ``x`` is uint8.

        A run that is resumed in the middle of an epoch begins at batch number ``start``.
        """
        count = len(self.labels)
        order = self.order(epoch)
        firsts = range(start * self.batch_size, count, self.batch_size)
        places = [order[at : at + self.batch_size] for at in firsts]
        return in_order(partial(self._batch, epoch), places, self.threads, BATCHES_AHEAD)

    def order(self, epoch: int) -> Array:
        """The places that the batches of an epoch are cut from."""
        count = len(self.labels)
        if not self.shuffle:
            return np.arange(count)
        return generator(self.seed, "shuffle", epoch).permutation(count)

    def settings(self) -> dict[str, Any]:
        """What a run that is resumed has to find as it was."""
        return {
            "samples": len(self.labels),
            "labels and pictures (their digest)": digest_of(self.labels, self._digests or ()),
            "batch_size": self.batch_size,
            "shuffle": bool(self.shuffle),
            "seed of the order": self.seed,
            "augment": lasting_text(self.augment),
        }

    def peek(self) -> Batch | None:
        """One picture, of the last class, as it is in epoch 0: no thread is started for it."""
        if len(self.labels) == 0:
            return None
        return self._batch(0, np.array([np.argmax(self.labels)]))

    def bytes(self) -> int | None:
        """The size of all pictures; None if they are varied in ways that only we know."""
        ours = type(self).epoch is Pictures.epoch and type(self)._batch is Pictures._batch
        known = isinstance(self.augment, Augmentation) and self.augment.lights is not None
        if not ours or not (known or self.augment is None):
            return None
        return len(self.labels) * int(np.prod(self._pixels.shape[1:]))

    def draws(self, epoch: int, places: Array) -> Draws | None:
        """What ``_batch`` would draw for the pictures at these places."""
        augment = self.augment
        if not isinstance(augment, Augmentation):
            return None
        size = self._pixels.shape[1:3]
        names = self._numbers[places]
        drawn = [augment.draw(generator(self.seed, "augment", epoch, int(n)), *size) for n in names]
        return Draws(
            np.array([matrix.ravel() for matrix, _ in drawn]),
            np.array([factors for _, factors in drawn], np.float64).reshape(len(drawn), -1),
            augment.lights or (),
            augment.beyond,
            augment.size or (size[0], size[1]),
        )

    def whole(self) -> Batch:
        """All pictures, in order."""
        return Batch(*self.arrays())

    def _batch(self, epoch: int, places: Array) -> Batch:
        x = self._pixels[self._rows[places]]
        if self.augment is not None:
            numbers = self._numbers[places].tolist()
            rngs = (generator(self.seed, "augment", epoch, number) for number in numbers)
            x = stacked([self.augment(p, rng) for p, rng in zip(x, rngs, strict=True)])
        return Batch(x, self.labels[places])

    def arrays(self) -> tuple[Array, Array]:
        """All pictures (N, H, W, 3) as uint8 and their labels, in order, in memory."""
        return self._pixels[self._rows], self.labels.copy()

    def some(self, count: int) -> tuple[Array, Array, Array]:
        """At most ``count`` pictures, spread evenly over all and as they are, their labels, and
        their places: where in ``labels`` (and a folder's ``paths``) each of them stands.
        """
        places = np.linspace(0, len(self.labels) - 1, min(count, len(self.labels))).astype(int)
        return self._pixels[self._rows[places]], self.labels[places], places

    def split(self, fraction: float = 0.2, seed: int = 0) -> tuple[Self, Self]:
        """Two data sets: this one without, and only, ``fraction`` of each class.

        The second is for validation: it is neither augmented nor shuffled. No picture is in
        both, nor is one in the first whose pixels are the same as one's in the second.
        """
        if not is_number(fraction) or not 0 < fraction < 1:
            raise ConfigError(f"split: expected a fraction between 0 and 1, got {fraction!r}")
        held = self._held_back(fraction, seed)
        second = self._subset(np.flatnonzero(held))
        second.augment, second.shuffle = None, False
        return self._subset(np.flatnonzero(~held)), second

    def _held_back(self, fraction: float, seed: int) -> Array:
        """Which pictures go to the second part; those with equal pixels go together."""
        if self._digests is None:
            self._digests = [digest(self._pixels[row]) for row in self._rows]
        alike: dict[str, list[int]] = {}
        for place, its_digest in enumerate(self._digests):
            alike.setdefault(its_digest, []).append(place)
        by_label: dict[int, list[list[int]]] = {}
        for places in alike.values():
            by_label.setdefault(int(self.labels[places[0]]), []).append(places)
        held = np.zeros(len(self.labels), bool)
        for label, groups in sorted(by_label.items()):
            if len(groups) < 2:
                raise DataError(
                    f"expected two or more different pictures of each class to split, got "
                    f"{len(groups)} of {self._class_called(label)}; add pictures, or leave the "
                    f"class out"
                )
            wanted = round(fraction * len(groups))
            chosen = generator(seed, "split", label).permutation(len(groups))
            for group in chosen[: min(max(wanted, 1), len(groups) - 1)]:
                held[groups[group]] = True
        return held

    def _class_called(self, label: int) -> str:
        """A class as a person knows it."""
        names = getattr(self, "classes", None)
        return f"class {label}" if names is None else f"class {names[label]!r}"

    def _subset(self, places: Array) -> Self:
        """Another data set with the pictures at ``places`` only; the pixels are shared."""
        part = copy.copy(self)
        part._keep(places)
        return part

    def _keep(self, places: Array) -> None:
        """Give up all pictures but those at ``places``."""
        self.labels = self.labels[places]
        self._rows, self._numbers = self._rows[places], self._numbers[places]
        if self._digests is not None:
            self._digests = [self._digests[place] for place in places]


def stacked(pictures: list[Array]) -> Array:
    """Augmented pictures as one uint8 array."""
    sizes = {picture.shape for picture in pictures}
    if len(sizes) > 1:
        raise DataError(
            f"expected augmented pictures of one size, got {sorted(sizes)}; let the augmentation "
            "bring every picture to one size"
        )
    x = np.empty((len(pictures), *sizes.pop()), np.uint8)
    for place, picture in zip(x, pictures, strict=True):
        place[...] = picture
    return x
