"""Every layer with its options, as (make, input shape): what the suites run over (top floor)."""

from __future__ import annotations

from collections.abc import Callable

from minicnn.layers import (
    AvgPool2D,
    BatchNorm,
    Chain,
    Concat,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool2D,
    Layer,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Residual,
    Sigmoid,
    Softmax,
    Tanh,
    UpSample2D,
)
from minicnn.model import Sequential
from minicnn.typing import Shape

CASES: dict[str, tuple[Callable[[], Layer], Shape]] = {
    "conv": (lambda: Conv2D(4, 3), (5, 5, 3)),
    "conv-1x1": (lambda: Conv2D(3, 1), (4, 4, 2)),
    "conv-same": (lambda: Conv2D(2, 3, padding="same"), (4, 5, 2)),
    "conv-same-strided-asymmetric": (lambda: Conv2D(2, 3, strides=2, padding="same"), (4, 6, 2)),
    "conv-strided": (lambda: Conv2D(2, (3, 2), strides=(2, 3)), (7, 8, 2)),
    "conv-explicit-padding": (lambda: Conv2D(2, 2, padding=((0, 2), (1, 0))), (3, 3, 1)),
    "conv-dilated": (lambda: Conv2D(2, 3, dilation=2, padding=2), (6, 6, 2)),
    "conv-grouped": (lambda: Conv2D(6, 2, groups=3), (4, 4, 6)),
    "conv-depthwise": (lambda: Conv2D(8, 3, groups=4, padding="same"), (4, 4, 4)),
    "conv-without-bias": (lambda: Conv2D(2, 2, use_bias=False), (3, 4, 2)),
    "conv-relu": (lambda: Conv2D(3, 2, activation="relu"), (4, 4, 2)),
    "conv-4x4-at-stride-2": (lambda: Conv2D(2, 4, strides=2), (8, 8, 1)),
    "dense": (lambda: Dense(4), (4,)),
    "dense-without-bias": (lambda: Dense(3, use_bias=False), (5,)),
    "dense-tanh": (lambda: Dense(3, activation="tanh"), (4,)),
    "dense-softmax": (lambda: Dense(3, activation="softmax"), (4,)),
    "dense-per-pixel": (lambda: Dense(2), (3, 3, 4)),
    "maxpool": (lambda: MaxPool2D(2), (4, 4, 3)),
    "maxpool-overlapping": (lambda: MaxPool2D(3, strides=2), (7, 7, 2)),
    "maxpool-drops-a-border": (lambda: MaxPool2D(2), (5, 5, 2)),
    "maxpool-same": (lambda: MaxPool2D(3, strides=2, padding="same"), (6, 5, 2)),
    "avgpool": (lambda: AvgPool2D(2), (4, 4, 3)),
    "avgpool-overlapping-same": (lambda: AvgPool2D(3, strides=2, padding="same"), (6, 5, 2)),
    "avgpool-drops-a-border": (lambda: AvgPool2D(2), (5, 7, 1)),
    "global-avgpool": (GlobalAvgPool2D, (3, 3, 4)),
    "upsample": (lambda: UpSample2D(2), (3, 3, 2)),
    "upsample-oblong": (lambda: UpSample2D((1, 3)), (2, 3, 2)),
    "flatten": (Flatten, (3, 3, 2)),
    "dropout": (lambda: Dropout(0.5, name="dropout_1"), (4, 4, 2)),
    "batchnorm-maps": (BatchNorm, (3, 3, 4)),
    "batchnorm-rows": (lambda: BatchNorm(momentum=0.9, epsilon=1e-5), (6,)),
    "relu": (ReLU, (4, 4)),
    "leaky-relu": (lambda: LeakyReLU(0.1), (4, 4)),
    "sigmoid": (Sigmoid, (3, 3)),
    "tanh": (Tanh, (3, 3)),
    "softmax": (Softmax, (5,)),
    "softmax-per-pixel": (Softmax, (2, 2, 3)),
    "chain": (lambda: Chain(Conv2D(3, 2, activation="relu"), MaxPool2D(2), Flatten()), (5, 5, 2)),
    "chain-empty": (Chain, (3, 2)),
    "residual": (lambda: Residual(Conv2D(3, 3, padding="same")), (4, 4, 3)),
    "residual-shortcut": (
        lambda: Residual(
            Chain(Conv2D(4, 3, strides=2, padding="same"), BatchNorm(), ReLU()),
            shortcut=Conv2D(4, 1, strides=2),
        ),
        (4, 4, 3),
    ),
    "concat": (lambda: Concat(Conv2D(2, 1), Chain(), Conv2D(3, 3, padding="same")), (3, 3, 2)),
    "nested": (
        lambda: Chain(
            Concat(Chain(), Residual(Chain(Tanh(), Conv2D(2, 1)))),
            Residual(
                Chain(Concat(Dropout(0.3), Conv2D(2, 3, padding="same")), Conv2D(4, 1)),
            ),
            GlobalAvgPool2D(),
            Dense(3),
        ),
        (4, 4, 2),
    ),
    "sequential": (lambda: Sequential([Conv2D(2, 3), ReLU(), Flatten(), Dense(2)]), (4, 4, 1)),
}
