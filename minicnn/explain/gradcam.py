"""Grad-CAM: where the maps lie that speak for a class."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.errors import ConfigError
from minicnn.explain.scores import ClassIndex, layer_at, score_gradients
from minicnn.layers import Conv2D
from minicnn.model import Sequential
from minicnn.typing import Array, Shape


def gradcam(
    model: Sequential,
    x: Any,
    class_index: ClassIndex = None,
    layer: str | None = None,
    average: bool = True,
    enlarge: bool = True,
) -> Array:
    """(N, H, W), nothing below 0: max(0, Σ_c α_c A_c), with α_c the mean of d score / d A_c.

    A_c are the maps of ``layer``: its path, or None for the last convolution. Each map is
    weighted by how much the score would gain if all of it rose; what only speaks for other
    classes falls away. Enlarged to the pictures' size, or left in the layer's own pixels.

    The mean suits a network that takes the mean of its last maps. One whose Dense layer reads
    them through Flatten weighs each place by itself, and the mean may cancel all it sees;
    ``average=False`` keeps the gradient of each place: max(0, Σ_c d score / d A_c · A_c).
    """
    path = _last_maps(model) if layer is None else layer
    shape = layer_at(model, path).output_shape or ()
    if len(shape) != 3:
        raise ConfigError(
            f"gradcam: expected a layer that gives maps (height, width, channels), got {path!r}, "
            f"which gives {shape}; try layer={_last_maps(model)!r}"
        )
    found = score_gradients(model, x, class_index)
    weights = found.gradients[path]
    if average:
        weights = weights.mean(axis=(1, 2), keepdims=True)
    cam = np.maximum((weights * found.outputs[path]).sum(axis=-1), 0)
    return enlarged(cam, found.x.shape[1:3]) if enlarge else cam


def _last_maps(model: Sequential) -> str:
    """The last convolution; without one, the last layer that gives maps."""
    layers = [layer for layer in model.walk() if layer is not model]
    maps = [layer for layer in layers if len(layer.output_shape or ()) == 3]
    if not maps:
        raise ConfigError(
            "gradcam: expected a network with maps (height, width, channels), got one without; "
            "saliency and input_gradient ask for none"
        )
    return [*maps, *(layer for layer in maps if isinstance(layer, Conv2D))][-1].path


def enlarged(maps: Array, size: Shape) -> Array:
    """(N, h, w) as (N, H, W): bilinear, and constant beyond the outermost centres.

    >>> enlarged(np.array([[[0.0, 4.0]]]), (1, 4))
    array([[[0., 1., 3., 4.]]])
    """
    down, across = (_blend(small, big) for small, big in zip(maps.shape[1:], size, strict=True))
    return np.asarray(down @ maps @ across.T, maps.dtype)


def _blend(small: int, big: int) -> Array:
    """(big, small): how much of each small cell is in each big one; rows add up to 1."""
    at = np.clip((np.arange(big) + 0.5) * small / big - 0.5, 0, small - 1)
    left = np.minimum(at.astype(int), max(small - 2, 0))
    matrix = np.zeros((big, small))
    matrix[np.arange(big), left] = 1 - (at - left)
    matrix[np.arange(big), np.minimum(left + 1, small - 1)] += at - left
    return matrix
