"""Small pictures side by side in one array, and numbers as shades."""

from __future__ import annotations

import numpy as np

from minicnn.typing import Array


def mosaic(tiles: Array, columns: int, gap: int = 1) -> Array:
    """(T, h, w, ...) tiles in rows of ``columns``, with white between; floats from 0 to 1.

    >>> mosaic(np.zeros((3, 2, 2)), columns=2, gap=1).shape
    (5, 5)
    """
    T, h, w = tiles.shape[:3]
    rows = -(-T // columns)
    shape = (rows * (h + gap) - gap, columns * (w + gap) - gap, *tiles.shape[3:])
    whole = np.ones(shape)
    for t, tile in enumerate(tiles):
        top, left = t // columns * (h + gap), t % columns * (w + gap)
        whole[top : top + h, left : left + w] = tile
    return whole


def shades(tiles: Array) -> Array:
    """Each tile from 0 to 1: its 0 is black, or middle grey if it has negative numbers too.

    >>> shades(np.array([[0.0, 4.0], [-1.0, 2.0]]))
    array([[0.  , 1.  ],
           [0.25, 1.  ]])
    """
    axes = tuple(range(1, tiles.ndim))
    largest = np.abs(tiles).max(axis=axes, keepdims=True)
    scaled = tiles / np.where(largest > 0, largest, 1)
    return np.where(tiles.min(axis=axes, keepdims=True) < 0, (scaled + 1) / 2, scaled)
