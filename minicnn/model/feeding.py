"""What fit, evaluate and predict are given, as data sets."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from minicnn.arguments import fraction, whole
from minicnn.data.arrays import ArrayDataset, as_samples
from minicnn.data.dataset import Dataset, peek
from minicnn.errors import ConfigError, DataError
from minicnn.typing import Array, Shape

NO_BATCH = "expected a data set with at least one batch, got none; is the folder empty?"


def as_dataset(data: Any, batch_size: int) -> Dataset:
    """A data set as it is, or a pair of arrays as one, in their order."""
    if isinstance(data, Dataset):
        return data
    if isinstance(data, tuple | list) and len(data) in (2, 3):
        x, y, *weight = data
        return ArrayDataset(x, y, batch_size, shuffle=False, weight=weight[0] if weight else None)
    raise ConfigError(
        f"expected arrays x and y, a pair (x, y), or a data set with epoch(n) and len(), got "
        f"{_named(data)}; labels missing?"
    )


def _named(data: Any) -> str:
    length = f" of {len(data)}" if isinstance(data, tuple | list) else ""
    return type(data).__name__ + length


def only_a_dataset(data: Any, y: Any, **arrays_only: Any) -> Dataset:
    """``data`` if it is a data set that was given without what belongs to arrays."""
    if not isinstance(data, Dataset):
        raise ConfigError(
            f"expected arrays x and y, or a data set with epoch(n) and len(), got "
            f"{type(data).__name__} alone; labels missing?"
        )
    if y is not None:
        raise ConfigError("expected x and y as arrays, or a data set alone, got a data set and y")
    for argument, (given, remedy) in arrays_only.items():
        if given:
            raise ConfigError(f"expected arrays for {argument}, got a data set; {remedy}")
    return data


def training_data(
    x: Any, y: Any, batch_size: int, split: float, weight: Any, shuffle: bool, seed: int
) -> tuple[Dataset, Dataset | None]:
    """What to train on, and what ``validation_split`` holds back: the last share, as in Keras."""
    if y is None or isinstance(x, Dataset):
        data = only_a_dataset(
            x,
            y,
            validation_split=(split, "split it yourself and give validation_data=..."),
            sample_weight=(weight is not None, "its batches bring theirs: Batch(x, y, weight)"),
        )
        return data, None
    everything = ArrayDataset(x, y, batch_size, shuffle, seed, weight)
    if not fraction(split, "validation_split"):
        return everything, None
    count = everything.samples
    keep = math.floor(count * (1 - split))
    if not 0 < keep < count:
        raise ConfigError(
            f"expected validation_split to leave at least one sample on either side, got {split} "
            f"of {count} samples"
        )
    return everything.part(0, keep), everything.part(keep, count, shuffle=False)


def require_batches(data: Dataset) -> None:
    """A clear error before anything begins."""
    if len(data) == 0:
        raise DataError(NO_BATCH)


def sample_shape(data: Dataset) -> Shape:
    """The shape of one sample."""
    batch = peek(data)
    if batch is None:
        raise DataError(NO_BATCH)
    return tuple(batch.x.shape[1:])


def inputs(x: Any, batch_size: int) -> Iterator[Array]:
    """The samples to predict, batch by batch."""
    if isinstance(x, Dataset):
        for batch in x.epoch(0):
            yield batch.x
        return
    x, batch_size = as_samples(x, "x"), whole(batch_size, "batch_size")
    for start in range(0, len(x), batch_size):
        yield x[start : start + batch_size]
