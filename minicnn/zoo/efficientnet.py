"""EfficientNet-Lite0: a small network that classifies well, made of inverted bottlenecks.

Tan & Le, *EfficientNet* (2019), in the form for phones: ReLU6, and no gates over channels.
"""

from __future__ import annotations

from typing import NamedTuple

from minicnn.arguments import flag, whole
from minicnn.errors import ConfigError
from minicnn.layers import (
    BatchNorm,
    Chain,
    Conv2D,
    Dense,
    Dropout,
    GlobalAvgPool2D,
    Layer,
    ReLU6,
    Residual,
)
from minicnn.model import Sequential


class Stage(NamedTuple):
    """Blocks in a row: the first one changes the size of the maps, the others keep it."""

    blocks: int
    kernel: int
    strides: int
    expansion: int  # how many times wider a block is inside than at its ends
    filters: int


LITE0 = (
    Stage(blocks=1, kernel=3, strides=1, expansion=1, filters=16),
    Stage(blocks=2, kernel=3, strides=2, expansion=6, filters=24),
    Stage(blocks=2, kernel=5, strides=2, expansion=6, filters=40),
    Stage(blocks=3, kernel=3, strides=2, expansion=6, filters=80),
    Stage(blocks=3, kernel=5, strides=1, expansion=6, filters=112),
    Stage(blocks=4, kernel=5, strides=2, expansion=6, filters=192),
    Stage(blocks=1, kernel=3, strides=1, expansion=6, filters=320),
)
STEM, HEAD = 32, 1280  # filters of the first and of the last convolution


def efficientnet_lite0(
    weights: None = None,
    top: bool = True,
    classes: int = 1000,
    image_size: int = 224,
    seed: int = 0,
) -> Sequential:
    """Seven stages of inverted bottlenecks between two convolutions, then a dense layer.

    ``top=False`` leaves out the pool and the dense layer: the network then ends in maps of
    1280 channels, a 32nd as large as the picture, for a head of your own. Padding, epsilon
    and the order of the weights are those of the TensorFlow original.

    >>> net = efficientnet_lite0()
    >>> sum(p.size for p in net.params.values()), sum(s.size for s in net.state.values())
    (4652008, 42016)
    """
    if weights is not None:
        raise ConfigError(
            f"efficientnet_lite0: expected weights=None, got {weights!r}; this version brings no "
            f"pretrained weights: train it, or set your own with model.set_weights(...)"
        )
    whole(classes, "classes", "efficientnet_lite0", least=2)
    whole(image_size, "image_size", "efficientnet_lite0", least=32)  # halved five times
    channels = STEM
    layers: list[Layer] = list(_conv(STEM, 3, strides=2))
    for number, stage in enumerate(LITE0, 1):
        for repeat in range(stage.blocks):
            block = _bottleneck(channels, stage, stage.strides if repeat == 0 else 1)
            block.name = f"stage{number}_block{repeat + 1}"
            layers.append(block)
            channels = stage.filters
    layers += _conv(HEAD, 1)
    if flag(top, "top", "efficientnet_lite0"):
        layers += [GlobalAvgPool2D(), Dropout(0.2), Dense(classes, activation="softmax")]
    return Sequential(
        layers, input_shape=(image_size, image_size, 3), seed=seed, name="efficientnet_lite0"
    )


def _bottleneck(channels: int, stage: Stage, strides: int) -> Layer:
    """Widen with 1×1, look around with a depthwise convolution, narrow again with 1×1.

    What comes out is not bent by an activation: few channels have nothing to spare.
    """
    inside = channels * stage.expansion
    widen = _conv(inside, 1) if stage.expansion > 1 else ()
    body = Chain(
        *widen,
        *_conv(inside, stage.kernel, strides, groups=inside),
        Conv2D(stage.filters, 1, use_bias=False, kernel_initializer="he_normal"),
        BatchNorm(),
    )
    return Residual(body) if strides == 1 and channels == stage.filters else body


def _conv(filters: int, kernel: int, strides: int = 1, groups: int = 1) -> tuple[Layer, ...]:
    """A convolution, normalised, and cut off at 0 and at 6."""
    return (
        Conv2D(
            filters,
            kernel,
            strides,
            padding="same",
            groups=groups,
            use_bias=False,
            kernel_initializer="he_normal",
        ),
        BatchNorm(),
        ReLU6(),
    )
