"""Saliency: which pixels would move the score if they moved a little."""

from __future__ import annotations

from typing import Any

from minicnn.errors import ShapeError
from minicnn.explain.scores import ClassIndex, score_gradients
from minicnn.model import Sequential
from minicnn.typing import Array


def input_gradient(model: Sequential, x: Any, class_index: ClassIndex = None) -> Array:
    """d score / d x, of the shape of ``x``; of uint8 pictures, for pixels from 0 to 1."""
    return score_gradients(model, x, class_index).x


def saliency(model: Sequential, x: Any, class_index: ClassIndex = None) -> Array:
    """(N, H, W): for each pixel, the largest |d score / d x| of its channels.

    >>> import numpy as np
    >>> from minicnn import Dense, Flatten, Sequential
    >>> model = Sequential([Flatten(), Dense(1)], input_shape=(2, 2, 1))
    >>> model.set_weights([np.array([[3.0], [-4.0], [0.0], [1.0]]), np.zeros(1)])
    >>> saliency(model, np.ones((1, 2, 2, 1)))
    array([[[3., 4.],
            [0., 1.]]], dtype=float32)
    """
    gradient = input_gradient(model, x, class_index)
    if gradient.ndim != 4:
        raise ShapeError(
            f"saliency: expected a network for pictures (N, H, W, C), got one for inputs of shape "
            f"{gradient.shape}; input_gradient gives the gradient of any input"
        )
    return abs(gradient).max(axis=-1)
