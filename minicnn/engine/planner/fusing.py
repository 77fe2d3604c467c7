"""Which layers go together, and which part does their work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minicnn.backends import Window
from minicnn.engine.options import current_options
from minicnn.engine.parts.batchnorm import BatchNormPart
from minicnn.engine.parts.conv2d import ConvPart
from minicnn.engine.parts.dense import DensePart
from minicnn.engine.parts.depthwise import DepthwisePart
from minicnn.engine.parts.flatten import FlattenPart
from minicnn.engine.parts.layer import LayerPart
from minicnn.engine.parts.pointwise import PointwisePart
from minicnn.engine.plan.steps import Part
from minicnn.engine.planner.purpose import COMPUTES, Purpose, computes_anew
from minicnn.layers import BatchNorm, Conv2D, Dense, Flatten, Layer, MaxPool2D, ReLU

Named = tuple[Layer, str]  # a layer, and the path of what it holds: "residual_1/conv2d_2/"


def part_for(places: Sequence[Named], purpose: Purpose) -> tuple[int, Part[Any]]:
    """How many of these layers are taken together, and what does their work."""
    layer, path = places[0]
    options = current_options()
    if isinstance(layer, Dense) and same(layer, Dense):
        if DensePart.suits(layer) and options.split_dense:
            return 1, DensePart(layer, path)
        return 1, LayerPart(layer, path, by_block=False)
    if isinstance(layer, BatchNorm) and same(layer, BatchNorm) and purpose.training:
        if options.fast_norm:
            relu = len(places) > 1 and same(places[1][0], ReLU)
            return 1 + relu, BatchNormPart(layer, path, relu)
        return 1, LayerPart(layer, path, by_block=False)
    if needs_batch(layer):
        return 1, LayerPart(layer, path, by_block=False)
    if isinstance(layer, Conv2D) and _is_fast(layer):
        if DepthwisePart.suits(layer) and layer.groups > 1:
            return 1, DepthwisePart(layer, path)
        return _convolution(layer, path, [following for following, _ in places[1:4]], purpose)
    if isinstance(layer, Flatten) and same(layer, Flatten):
        return 1, FlattenPart(layer)
    return 1, LayerPart(layer, path, by_block=True)


def _convolution(
    conv: Conv2D, path: str, following: list[Layer], purpose: Purpose
) -> tuple[int, Part[Any]]:
    """A convolution with the BatchNorm, the ReLU and the pool after it, if there are any."""
    after, count = conv.after, len(following)
    norm: BatchNorm | None = None
    pool: Window | None = None
    first = following[0] if following else None
    folds = not purpose.backward and after is None and current_options().fast_norm
    if folds and isinstance(first, BatchNorm) and same(first, BatchNorm):
        norm = first
        del following[0]
    if after is None and following and same(following[0], ReLU):
        after = following.pop(0)
    first = following[0] if following else None
    commutes = (after is None or isinstance(after, ReLU)) and current_options().pool_first
    if commutes and isinstance(first, MaxPool2D) and _tiles(first):
        pool = first.window
        del following[0]
    taken = 1 + count - len(following)
    if pool is None and PointwisePart.suits(conv):
        return taken, PointwisePart(conv, path, after, norm)
    return taken, ConvPart(conv, path, after, pool, norm)


def _is_fast(conv: Conv2D) -> bool:
    by_itself = conv.groups == 1 or DepthwisePart.suits(conv)
    return same(conv, Conv2D) and by_itself and current_options().fast_conv


def _tiles(pool: MaxPool2D) -> bool:
    """Whether the pool's windows lie side by side, neither overlapping nor reaching outside."""
    window = pool.window
    return same(pool, MaxPool2D) and window.strides == window.kernel and not window.is_padded


def needs_batch(layer: Layer) -> bool:
    """Whether a layer must see all samples at once."""
    if same(layer, BatchNorm):
        return False  # with running figures it treats samples one by one
    return not layer.per_sample or bool(layer.state)


def same(layer: Layer, kind: type[Layer]) -> bool:
    """Whether a layer computes what ``kind`` computes: not so if a subclass does it anew."""
    return (
        isinstance(layer, kind)
        and not computes_anew(layer)
        and all(getattr(type(layer), name) is getattr(kind, name) for name in COMPUTES)
    )
