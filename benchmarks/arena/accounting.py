"""How large a workload is: its shapes, its weights, its multiply-adds. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.arena.workloads import (
    BatchNorm,
    Conv,
    Dense,
    Flatten,
    GlobalAverage,
    Layer,
    MaxPool,
    Residual,
    Workload,
)

Shape: TypeAlias = tuple[int, ...]


def shape_after(layer: Layer, shape: Shape) -> Shape:
    """One layer's output shape; like every shape here it leaves the batch out."""
    match layer:
        case Conv():
            h, w, _ = shape
            if not layer.same:
                h, w = h - layer.kernel + 1, w - layer.kernel + 1
            return -(-h // layer.stride), -(-w // layer.stride), layer.filters
        case MaxPool():
            h, w, c = shape
            return h // layer.size, w // layer.size, c
        case Residual():
            return shape_after_all(layer.body, shape)
        case GlobalAverage():
            return (shape[-1],)
        case Flatten():
            return (prod(shape),)
        case Dense():
            return (layer.units,)
    return shape


def shape_after_all(layers: Sequence[Layer], shape: Shape) -> Shape:
    for layer in layers:
        shape = shape_after(layer, shape)
    return shape


def walk(layers: Sequence[Layer], shape: Shape) -> Iterator[tuple[Layer, Shape]]:
    """Every plain layer with its input shape; of a residual the body first, then the shortcut."""
    for layer in layers:
        if isinstance(layer, Residual):
            yield from walk(layer.body, shape)
            yield from walk(layer.shortcut, shape)
        else:
            yield layer, shape
        shape = shape_after(layer, shape)


def weight_shapes(workload: Workload) -> list[Shape]:
    """In Keras's order: kernel, bias; gamma, beta, moving mean, moving variance."""
    shapes: list[Shape] = []
    for layer, shape in walk(workload.layers, workload.input_shape):
        match layer:
            case Conv():
                shapes.append((layer.kernel, layer.kernel, shape[-1], layer.filters))
                shapes.extend([(layer.filters,)] * layer.bias)
            case Dense():
                shapes.extend([(shape[0], layer.units), (layer.units,)])
            case BatchNorm():
                shapes.extend([(shape[-1],)] * 4)
    return shapes


def draw_weights(workload: Workload, seed: int = 0) -> list[NDArray[np.float32]]:
    """He's scale for kernels; small random vectors, so that a swapped pair would be noticed."""
    rng = np.random.default_rng(seed)
    weights = []
    for shape in weight_shapes(workload):
        w = rng.standard_normal(shape, dtype=np.float32)
        scale = np.sqrt(2 / prod(shape[:-1])) if len(shape) > 1 else 0.05
        weights.append((w * scale).astype(np.float32))
    at = 0
    for layer, _ in walk(workload.layers, workload.input_shape):
        if isinstance(layer, BatchNorm):
            weights[at] += 1  # gamma
            weights[at + 3] = 1 + np.abs(weights[at + 3])  # a variance is positive
            at += 4
        elif isinstance(layer, Conv):
            at += 1 + layer.bias
        elif isinstance(layer, Dense):
            at += 2
    return weights


def multiply_adds(workload: Workload, task: str) -> int:
    """Multiply-adds of one whole batch: of its products only, all else is a few per cent.

    Training needs three products a layer (forward, dW, dX) and the first layer two: nobody
    asks for the gradient of the pixels.
    """
    total = 0
    passes = 2 if task == "train" else 1
    for layer, shape in walk(workload.layers, workload.input_shape):
        if isinstance(layer, Conv | Dense):
            positions = prod(shape_after(layer, shape))  # one dot product each
            length = layer.kernel**2 * shape[-1] if isinstance(layer, Conv) else shape[0]
            total += passes * positions * length
            passes = 3 if task == "train" else 1
    return total * workload.batch
