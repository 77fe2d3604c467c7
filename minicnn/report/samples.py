"""Some samples of a data set to look at."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from minicnn.backends import to_numpy
from minicnn.data.arrays import ArrayDataset
from minicnn.data.dataset import Dataset
from minicnn.data.pictures import Pictures
from minicnn.typing import Array

MOST = 10_000  # samples
ROOM = 150_000_000  # bytes that they may take


@dataclass(frozen=True)
class Samples:
    """Samples, their labels, and what the page calls them."""

    x: Array
    y: Array
    names: tuple[str, ...]  # "picture 17", or its file
    source: str  # where they are from: "validation", "training", "given"
    all_of_it: bool  # or only some of it

    @property
    def are_pictures(self) -> bool:
        """Whether they can be looked at."""
        return self.x.ndim == 4 and self.x.shape[-1] in (1, 3)

    @property
    def kind(self) -> str:
        """What one of them is called."""
        return "picture" if self.are_pictures else "sample"


def take(data: Dataset, source: str, most: int = MOST) -> Samples:
    """At most ``most`` samples, spread over the whole data set where that is possible.

    A folder lists one class after another, so the first samples would be of one class.
    """
    names: list[str] | None = None
    if isinstance(data, Pictures):
        x, y, places = data.some(_fitting(most, math.prod(data.some(1)[0].shape)))
        total = len(data.labels)
        if paths := getattr(data, "paths", None):
            names = [f"{paths[i].parent.name}/{paths[i].name}" for i in places]
    elif isinstance(data, ArrayDataset):
        total = data.samples
        count = min(_fitting(most, data.x[:1].nbytes), total)
        places = np.linspace(0, total - 1, count).astype(int)
        x, y = to_numpy(data.x)[places], to_numpy(data.y)[places]
    else:
        x, y, total = _first(data, most)
        places = np.arange(len(x))
    kind = "picture" if x.ndim == 4 else "sample"
    names = names or [f"{kind} {i}" for i in places]
    return Samples(x, y, tuple(names), source, len(x) == total)


def _fitting(most: int, size: int) -> int:
    """How many samples of this many bytes there is room for."""
    return max(min(most, ROOM // max(size, 1)), 1)


def _first(data: Dataset, most: int) -> tuple[Array, Array, int]:
    """The first samples of a data set that can only be walked through."""
    xs, ys, there, count = [], [], 0, most
    for batch in data.epoch(0):
        xs.append(to_numpy(batch.x))
        ys.append(to_numpy(batch.y))
        there += len(batch.x)
        count = _fitting(most, xs[0][:1].nbytes)
        if there > count:
            break
    return np.concatenate(xs)[:count], np.concatenate(ys)[:count], there
