"""The filters of a convolution."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.backends import to_numpy
from minicnn.errors import ConfigError
from minicnn.layers import Conv2D, Layer
from minicnn.typing import Array
from minicnn.viz.canvas import new_figure
from minicnn.viz.lettering import literal
from minicnn.viz.mosaic import mosaic


def filters(layer: Layer, count: int = 16) -> Any:
    """The first ``count`` filters: middle grey is 0, brighter adds, darker takes away.

    A layer that sees colours is shown in colour, with its red, green and blue in grey below;
    any other as a table: a row for each filter, a column for each map that it reads.
    """
    if not isinstance(layer, Conv2D) or "W" not in layer.params:
        raise ConfigError(
            f"filters: expected a built Conv2D, got {layer!r}; give model['conv2d_1'], say"
        )
    kernels = to_numpy(layer.params["W"]).transpose(3, 0, 1, 2)[:count]  # (F, KH, KW, C)
    largest = np.abs(kernels).max(axis=(1, 2, 3), keepdims=True)
    shown = 0.5 + 0.5 * kernels / np.where(largest > 0, largest, 1)
    return _in_colour(layer, shown) if kernels.shape[-1] == 3 else _as_table(layer, shown)


def _in_colour(layer: Layer, kernels: Array) -> Any:
    count, KH, KW, _ = kernels.shape
    grey = [np.repeat(kernels[..., c : c + 1], 3, axis=-1) for c in range(3)]
    figure = new_figure(0.6 + 0.55 * count, 0.9 + 0.55 * 4 * KH / KW)
    axes = figure.subplots()
    axes.imshow(mosaic(np.concatenate([kernels, *grey]), count), interpolation="nearest")
    axes.set_xticks((KW + 1) * np.arange(count) + (KW - 1) / 2, range(count))
    axes.set_yticks((KH + 1) * np.arange(4) + (KH - 1) / 2, ["in colour", "red", "green", "blue"])
    return _finished(figure, axes, layer)


def _as_table(layer: Layer, kernels: Array) -> Any:
    count, KH, KW, C = kernels.shape
    table = mosaic(kernels.transpose(0, 3, 1, 2).reshape(-1, KH, KW), C)
    figure = new_figure(1.2 + 0.32 * C, 1.2 + 0.32 * count * KH / KW)
    axes = figure.subplots()
    axes.imshow(table, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks((KW + 1) * np.arange(C) + (KW - 1) / 2, range(C))
    axes.set_yticks((KH + 1) * np.arange(count) + (KH - 1) / 2, range(count))
    axes.set(xlabel="the map it reads", ylabel="filter")
    return _finished(figure, axes, layer)


def _finished(figure: Any, axes: Any, layer: Layer) -> Any:
    axes.tick_params(length=0, labelsize=8)
    axes.spines[:].set_visible(False)
    axes.set_title(f"filters of {literal(layer.path or layer.name)}; middle grey is 0", fontsize=9)
    return figure
