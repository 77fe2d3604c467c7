"""Occlusion: cover a patch and see how far the score falls. No gradient is needed."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.arguments import whole
from minicnn.backends import to_numpy
from minicnn.engine import Engine
from minicnn.errors import ConfigError, ShapeError
from minicnn.explain.scores import ClassIndex, chosen, samples
from minicnn.model import Sequential
from minicnn.objective import up_to_scores
from minicnn.typing import Array


def occlusion(
    model: Sequential,
    x: Any,
    class_index: ClassIndex = None,
    size: int = 15,
    stride: int = 8,
    fill: Any = None,
    batch_size: int = 32,
) -> Array:
    """(N, H, W): how far the score falls, on average, when a patch over this pixel is covered.

    Patches of ``size`` by ``size`` lie ``stride`` apart and reach every pixel. ``fill`` is what
    covers: a number, or one for each channel, in the units of ``x``; None is the picture's own
    mean colour. Where the map is below 0, the picture speaks *against* the class.
    """
    pictures = to_numpy(samples(model, x))
    if pictures.ndim != 4:
        raise ShapeError(
            f"occlusion: expected pictures (N, H, W, C), got shape {pictures.shape}; "
            f"add the batch axis: x[None]"
        )
    size, stride = whole(size, "size", "occlusion"), whole(stride, "stride", "occlusion")
    if stride > size or size > min(pictures.shape[1:3]):
        raise ConfigError(
            f"occlusion: expected stride <= size <= the picture's sides, so that patches reach "
            f"every pixel, got stride {stride}, size {size} and pictures of "
            f"{pictures.shape[1]}×{pictures.shape[2]}; try size={min(pictures.shape[1:3]) // 4 + 1}"
        )
    engine = Engine(up_to_scores(model))
    outputs = to_numpy(engine.infer(pictures))
    _, columns, signs = chosen(outputs, class_index)
    maps = []
    for picture, column, sign, uncovered in zip(pictures, columns, signs, outputs, strict=True):
        downs, acrosses = (_starts(side, size, stride) for side in picture.shape[:2])
        corners = [(i, j) for i in downs for j in acrosses]
        colour = _colour(fill, picture)
        falls = np.zeros(picture.shape[:2])
        times = np.zeros(picture.shape[:2])
        for first in range(0, len(corners), batch_size):
            some = corners[first : first + batch_size]
            scores = to_numpy(engine.infer(_covered(picture, some, size, colour)))[:, column]
            for (i, j), score in zip(some, scores, strict=True):
                falls[i : i + size, j : j + size] += sign * (uncovered[column] - score)
                times[i : i + size, j : j + size] += 1
        maps.append(falls / times)
    return np.array(maps, outputs.dtype)


def _starts(side: int, size: int, stride: int) -> list[int]:
    """Where patches begin along a side; the last one ends at the border."""
    return [*range(0, side - size, stride), side - size]


def _colour(fill: Any, picture: Array) -> Array:
    """What covers a patch, one number for each channel."""
    C = picture.shape[-1]
    if fill is None:
        colour = picture.mean(axis=(0, 1))
    else:
        colour = np.asarray(fill)
        if colour.shape not in ((), (1,), (C,)) or colour.dtype.kind not in "fiu":
            raise ConfigError(
                f"occlusion: expected fill as a number, or one for each of {C} channels, got "
                f"{fill!r}; leave it out for the picture's mean colour"
            )
    if picture.dtype == np.uint8:
        if colour.min() < 0 or colour.max() > 255:
            raise ConfigError(
                f"occlusion: expected fill from 0 to 255 for uint8 pictures, got {fill!r}; a "
                f"middle grey is 128"
            )
        colour = np.round(colour)
    return np.broadcast_to(colour, (C,)).astype(picture.dtype)


def _covered(picture: Array, corners: list[tuple[int, int]], size: int, colour: Array) -> Array:
    """A copy of the picture for each corner, with a patch there."""
    copies = np.repeat(picture[None], len(corners), axis=0)
    for covered, (i, j) in zip(copies, corners, strict=True):
        covered[i : i + size, j : j + size] = colour
    return copies
