"""Hypothesis strategies for those who test layers: inputs, windows, whole networks.

from hypothesis import given
from minicnn.testing import check_layer, strategies as st

@given(st.map_shapes())
def test_my_layer(shape):
    check_layer(lambda: MyLayer(), shape)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from minicnn.layers import (
    GELU,
    AvgPool2D,
    BatchNorm,
    Chain,
    Concat,
    Conv2D,
    Dropout,
    Layer,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    ReLU6,
    Residual,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
    UpSample2D,
)
from minicnn.typing import Pair, Shape

Make = Callable[[], Layer]


def map_shapes(smallest: int = 1, largest: int = 8, channels: int = 4) -> st.SearchStrategy[Shape]:
    """(H, W, C) of small maps."""
    side = st.integers(smallest, largest)
    return st.tuples(side, side, st.integers(1, channels))


def row_shapes(longest: int = 8) -> st.SearchStrategy[Shape]:
    """(D,) of plain features, and (T, D) with an axis more."""
    size = st.integers(1, longest)
    return st.tuples(size) | st.tuples(st.integers(1, 3), size)


def pairs(smallest: int, largest: int) -> st.SearchStrategy[Pair]:
    """Two whole numbers, for kernels, strides and the like."""
    number = st.integers(smallest, largest)
    return st.tuples(number, number)


def paddings() -> st.SearchStrategy[Any]:
    """Every form that padding takes."""
    sides = st.tuples(st.integers(0, 2), st.integers(0, 2))
    return st.sampled_from(["valid", "same"]) | st.integers(0, 2) | st.tuples(sides, sides)


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[Make, Shape]:
    """A Conv2D with any options, and an input shape that it fits on."""
    kernel, dilation = draw(pairs(1, 3)), draw(pairs(1, 2))
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    H, W = (draw(st.integers(r, r + 4)) for r in reach)
    options: dict[str, Any] = {
        "filters": groups * draw(st.integers(1, 2)),
        "kernel_size": kernel,
        "strides": draw(pairs(1, 3)),
        "padding": draw(paddings()),
        "dilation": dilation,
        "groups": groups,
        "use_bias": draw(st.booleans()),
        "activation": draw(st.sampled_from([None, "tanh", "sigmoid", "relu"])),
    }
    return lambda: Conv2D(**options), (H, W, groups * draw(st.integers(1, 2)))


@st.composite
def pools(draw: st.DrawFn) -> tuple[Make, Shape]:
    """A pool of either kind: overlapping, dropping a border, padded "same"."""
    kind = draw(st.sampled_from([MaxPool2D, AvgPool2D]))
    size = draw(pairs(1, 3))
    strides = draw(st.none() | pairs(1, 3))
    padding = draw(st.sampled_from(["valid", "same"]))
    H, W = (draw(st.integers(s, s + 4)) for s in size)
    return lambda: kind(size, strides, padding), (H, W, draw(st.integers(1, 3)))


def pointwise() -> st.SearchStrategy[Make]:
    """Layers that keep the shape of whatever they are given."""
    return st.sampled_from(
        [
            ReLU,
            ReLU6,
            LeakyReLU,
            Softplus,
            SiLU,
            GELU,
            Sigmoid,
            Tanh,
            Softmax,
            BatchNorm,
            lambda: Dropout(0.4),
        ]
    )


@st.composite
def networks(draw: st.DrawFn, depth: int = 2) -> tuple[Make, Shape]:
    """Chains, residual sums and concatenations of small layers on maps, nested at will."""
    return _network_makers(draw, depth), draw(map_shapes(2, 6, 3))


def _network_makers(draw: st.DrawFn, depth: int) -> Make:
    makers = [
        _residual(draw, depth) if depth and draw(st.booleans()) else _any_layer(draw, depth)
        for _ in range(draw(st.integers(1, 3)))
    ]
    return lambda: Chain(*(make() for make in makers))


def _any_layer(draw: st.DrawFn, depth: int) -> Make:
    kind = draw(st.sampled_from(["conv", "point", "pool", "up", *["concat"] * (depth > 0)]))
    if kind == "conv":
        filters, size = draw(st.integers(1, 3)), draw(st.integers(1, 3))
        return lambda: Conv2D(filters, size, padding="same", activation="tanh")
    if kind == "pool":
        return lambda: MaxPool2D(2, padding="same")
    if kind == "up":
        return lambda: UpSample2D(2)
    if kind == "concat":
        parts = [_shape_keeping(draw) for _ in range(draw(st.integers(1, 3)))]
        return lambda: Concat(*(make() for make in parts))
    return draw(pointwise())


def _residual(draw: st.DrawFn, depth: int) -> Make:
    body = _shape_keeping(draw)
    return lambda: Residual(body())


def _shape_keeping(draw: st.DrawFn) -> Make:
    makers = [draw(pointwise()) for _ in range(draw(st.integers(1, 2)))]
    return lambda: Chain(*(make() for make in makers))
