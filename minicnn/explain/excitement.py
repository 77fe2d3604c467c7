"""Which pictures excite a filter most, and where in them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minicnn.arguments import is_whole, whole
from minicnn.backends import to_numpy
from minicnn.engine import Engine
from minicnn.errors import ConfigError
from minicnn.explain.scores import layer_at, samples
from minicnn.layers import (
    GELU,
    AvgPool2D,
    BatchNorm,
    Chain,
    Conv2D,
    Dropout,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softplus,
    Tanh,
)
from minicnn.layers.inputs import floats
from minicnn.model import Sequential
from minicnn.typing import Array

CELL_BY_CELL = (
    *(BatchNorm, Dropout, GELU, LeakyReLU),
    *(ReLU, ReLU6, Sigmoid, SiLU, Softplus, Tanh),
)


class Excitement(NamedTuple):
    """The pictures that excite a filter most, the first one most of all."""

    pictures: Array  # (count,) their places in x
    strengths: Array  # (count,) the largest number of the filter's map
    boxes: Array  # (count, 4) the pixels it has seen there: top, left, bottom, right (past the end)


def most_exciting(
    model: Sequential, x: Any, layer: str, filter: int, count: int = 8, batch_size: int = 32
) -> Excitement:
    """Among the pictures ``x``, those where ``layer``'s map number ``filter`` is largest.

    ``layer`` names one of the model's own layers (not one inside a container), which gives maps.
    """
    x, count = samples(model, x), whole(count, "count", "most_exciting")
    found = layer_at(model, layer)
    if len(found.output_shape or ()) != 3 or found not in model.layers:
        raise ConfigError(
            f"most_exciting: expected one of the model's own layers that gives maps, got "
            f"{layer!r}; try one of {', '.join(_with_maps(model))}"
        )
    _, W, F = found.output_shape or (0, 0, 0)
    if not is_whole(filter) or not 0 <= filter < F:
        raise ConfigError(
            f"most_exciting: expected a filter from 0 to {F - 1}, got {filter!r}; {layer} gives "
            f"{F} maps"
        )
    upto = _first_layers(model, model.layers.index(found) + 1)
    engine = Engine(upto)
    maps = [
        to_numpy(engine.infer(floats(x[first : first + batch_size], model)))[..., filter]
        for first in range(0, len(x), batch_size)
    ]
    flat = np.concatenate(maps).reshape(len(x), -1)
    best = np.argsort(-flat.max(axis=1), kind="stable")[:count]
    cells = flat[best].argmax(axis=1)
    boxes = [_box(upto, int(cell) // W, int(cell) % W) for cell in cells]
    return Excitement(best, flat[best].max(axis=1), np.array(boxes))


def _with_maps(model: Sequential) -> list[str]:
    return [layer.path for layer in model.layers if len(layer.output_shape or ()) == 3]


def _first_layers(model: Sequential, count: int) -> Chain:
    """The model up to a layer, as a chain over the same layers."""
    chain = Chain(*model.layers[:count])
    chain.input_shape = model.input_shape
    chain.output_shape = model.layers[count - 1].output_shape
    return chain


def _box(chain: Chain, row: int, column: int) -> tuple[int, int, int, int]:
    """The pixels that a cell of the last map depends on, cut off at the picture's border.

    A layer about which nothing is known (a container, a layer of the user's) may see all.
    """
    H, W, _ = chain.input_shape or (0, 0, 0)
    top, left, bottom, right = row, column, row + 1, column + 1
    for layer in reversed(chain.layers):
        if isinstance(layer, CELL_BY_CELL):
            continue
        if not isinstance(layer, Conv2D | MaxPool2D | AvgPool2D):
            return 0, 0, H, W
        window = layer.window
        reach = [(k - 1) * d + 1 for k, d in zip(window.kernel, window.dilation, strict=True)]
        (above, _), (before, _) = window.pads
        (down, across) = window.strides
        top, bottom = top * down - above, (bottom - 1) * down - above + reach[0]
        left, right = left * across - before, (right - 1) * across - before + reach[1]
    return max(top, 0), max(left, 0), min(bottom, H), min(right, W)
