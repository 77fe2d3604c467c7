"""``class_weight``: what a class's samples count, on top of their own weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from minicnn.arguments import is_number, is_whole
from minicnn.data.dataset import Batch
from minicnn.errors import ConfigError
from minicnn.metrics import to_numpy
from minicnn.objective import Objective
from minicnn.typing import Array


def check_class_weight(class_weight: Any, link: Objective) -> None:
    """Raise one clear error unless the weights are weights, of classes that there are."""
    if class_weight is None:
        return
    if not isinstance(class_weight, Mapping) or not all(
        is_whole(c) and is_number(w) and 0 <= w < math.inf for c, w in class_weight.items()
    ):
        raise ConfigError(
            f"expected class_weight as a mapping from class numbers to weights of at least 0, such "
            f"as {{0: 1.0, 1: 2.0}}, got {class_weight!r}"
        )
    if link.multi_label:
        raise ConfigError(
            "class_weight: expected one class for each sample, got several yes-or-no outputs; use "
            "sample_weight, or weights of your own in the loss"
        )
    unknown = [c for c in class_weight if link.classes and not 0 <= c < link.classes]
    if unknown:
        raise ConfigError(
            f"class_weight: expected classes from 0 to {link.classes - 1}, got a weight for class "
            f"{unknown[0]}; count classes from 0"
        )


def weighted(batch: Batch, class_weight: Mapping[int, float] | None) -> Batch:
    """The batch with each sample weighted by its class, on top of its own weight.

    A mixture of classes, as ``Mixup`` makes them, has their weights in the same shares.
    """
    if class_weight is None:
        return batch
    y = to_numpy(batch.y)
    if y.ndim > 2:
        raise ConfigError(
            f"class_weight: expected one class for each sample, got labels of shape {y.shape}; "
            f"use sample_weight, or weights of your own in the loss"
        )
    if y.ndim == 2 and y.shape[-1] > 1:  # rows with a share for each class, mostly one-hot
        weight = y @ np.array([class_weight.get(c, 1.0) for c in range(y.shape[-1])])
    else:
        weight = _between_classes(np.nan_to_num(y.reshape(len(y)).astype(np.float64)), class_weight)
    return batch._replace(weight=weight if batch.weight is None else weight * batch.weight)


def _between_classes(y: Array, class_weight: Mapping[int, float]) -> Array:
    """The weight of each class number; that of 0.3, which a mixture has, is 0.3 of the way to 1."""
    below = np.floor(y)
    low, high = (
        np.array([class_weight.get(int(c), 1.0) for c in classes])
        for classes in (below, np.ceil(y))
    )
    weight: Array = low + (y - below) * (high - low)
    return weight
