"""The networks that every opponent builds, described in no framework's words.

A network is a tuple of the small records below. Each opponent translates it once, in the
words that its own users would choose. The last ``Dense`` gives logits; the opponent adds
the sigmoid or softmax and the loss in the form that it recommends.

No strided convolution is padded. The frameworks disagree on which edge gets the odd row of
zeros, so someone would have to pad by hand and pay for it. A 2×2 kernel at stride 2 halves
an even image without any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Conv:
    filters: int
    kernel: int
    stride: int = 1
    same: bool = False  # zeros around the image so that a stride of 1 keeps its size
    relu: bool = True
    bias: bool = True


@dataclass(frozen=True)
class MaxPool:
    size: int = 2


@dataclass(frozen=True)
class BatchNorm:
    epsilon: float = 1e-3
    momentum: float = 0.99  # of the old running figure, as Keras counts


@dataclass(frozen=True)
class Relu:
    pass


@dataclass(frozen=True)
class Residual:
    body: tuple[Layer, ...]
    shortcut: tuple[Layer, ...] = ()  # empty: the input itself


@dataclass(frozen=True)
class GlobalAverage:
    pass


@dataclass(frozen=True)
class Flatten:
    pass


@dataclass(frozen=True)
class Dense:
    units: int
    relu: bool = True


Layer: TypeAlias = Conv | MaxPool | BatchNorm | Relu | Residual | GlobalAverage | Flatten | Dense


@dataclass(frozen=True)
class Workload:
    """A network, the batch it is fed, and the number of classes (1: yes or no)."""

    name: str
    input_shape: tuple[int, int, int]
    classes: int
    layers: tuple[Layer, ...]
    batch: int

    def draw_batch(self, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The same pixels (N, H, W, C) and labels (N,) in every process."""
        rng = np.random.default_rng(seed)
        x = rng.random((self.batch, *self.input_shape), dtype=np.float32)
        y = rng.integers(0, max(2, self.classes), size=self.batch)
        return x, y


def mission(batch: int | None = None, image: int | None = None) -> Workload:
    """The cat/dog network: at 150×150 it is ``mc.zoo.catdog``, 9,494,561 parameters."""
    side = image or 150
    layers: tuple[Layer, ...] = (
        *(Conv(16, 3), MaxPool()),
        *(Conv(32, 3), MaxPool()),
        *(Conv(64, 3), MaxPool()),
        *(Flatten(), Dense(512), Dense(1, relu=False)),
    )
    return Workload("mission", (side, side, 3), 1, layers, batch or 20)


def lenet(batch: int | None = None, image: int | None = None) -> Workload:
    side = image or 28
    layers: tuple[Layer, ...] = (
        *(Conv(6, 5, same=True), MaxPool()),
        *(Conv(16, 5), MaxPool()),
        *(Flatten(), Dense(120), Dense(84), Dense(10, relu=False)),
    )
    return Workload("lenet", (side, side, 1), 10, layers, batch or 128)


def vgg(batch: int | None = None, image: int | None = None) -> Workload:
    side = image or 32
    layers: tuple[Layer, ...] = (
        *(Conv(32, 3, same=True), Conv(32, 3, same=True), MaxPool()),
        *(Conv(64, 3, same=True), Conv(64, 3, same=True), MaxPool()),
        *(Conv(128, 3, same=True), Conv(128, 3, same=True), MaxPool()),
        *(Flatten(), Dense(256), Dense(10, relu=False)),
    )
    return Workload("vgg", (side, side, 3), 10, layers, batch or 64)


def _block(filters: int, halve: bool = False) -> tuple[Layer, ...]:
    first = Conv(filters, 2, stride=2, relu=False, bias=False)
    if not halve:
        first = Conv(filters, 3, same=True, relu=False, bias=False)
    second = Conv(filters, 3, same=True, relu=False, bias=False)
    body = (first, BatchNorm(), Relu(), second, BatchNorm())
    shortcut = (Conv(filters, 1, stride=2, relu=False, bias=False), BatchNorm())
    return Residual(body, shortcut if halve else ()), Relu()


def resnet(batch: int | None = None, image: int | None = None) -> Workload:
    """Two blocks a stage, three stages: the shape of the ResNets for 32×32 pictures."""
    side = image or 32
    layers: tuple[Layer, ...] = (
        *(Conv(16, 3, same=True, relu=False, bias=False), BatchNorm(), Relu()),
        *(*_block(16), *_block(16)),
        *(*_block(32, halve=True), *_block(32)),
        *(*_block(64, halve=True), *_block(64)),
        *(GlobalAverage(), Dense(10, relu=False)),
    )
    return Workload("resnet", (side, side, 3), 10, layers, batch or 64)


def mlp(batch: int | None = None, image: int | None = None) -> Workload:
    side = image or 28
    layers: tuple[Layer, ...] = (Flatten(), Dense(2048), Dense(2048), Dense(10, relu=False))
    return Workload("mlp", (side, side, 1), 10, layers, batch or 128)


WORKLOADS: dict[str, Callable[[int | None, int | None], Workload]] = {
    f.__name__: f for f in (mission, vgg, resnet, lenet, mlp)
}
