"""Where a window lies on the picture: the geometry behind convolution and pooling."""

from collections.abc import Iterator
from typing import TypeAlias

from minicnn.errors import ConfigError
from minicnn.typing import Pair

Pads: TypeAlias = tuple[Pair, Pair]
Window: TypeAlias = list[tuple[Pair, Pair]]


def span(kernel: int, dilation: int) -> int:
    """How many cells a window covers from its first to its last: gaps included.

    >>> span(3, 1), span(3, 2)      # ###   and   #.#.#
    (3, 5)
    """
    return (kernel - 1) * dilation + 1


def same_pads(size: int, kernel: int, stride: int, dilation: int) -> Pair:
    """Padding (before, after) that gives ceil(size / stride) outputs, as Keras pads "same".

    When the padding is odd, the odd cell goes to the end.

    >>> same_pads(5, 3, 1, 1), same_pads(6, 3, 2, 1)
    ((1, 1), (0, 1))
    """
    out = (size + stride - 1) // stride
    missing = max((out - 1) * stride + span(kernel, dilation) - size, 0)
    before = missing // 2
    return before, missing - before


def out_size(size: int, kernel: int, stride: int, dilation: int, before: int, after: int) -> int:
    """How many places the window can stand at, along one side of the padded picture.

    >>> out_size(150, 3, 1, 1, 0, 0)
    148
    """
    room = size + before + after - span(kernel, dilation)
    if room < 0:
        raise ConfigError(
            f"expected at least {span(kernel, dilation)} cells for a window of that many, got a "
            f"padded picture of {size + before + after}; use a smaller kernel, a larger picture or "
            "padding='same'"
        )
    return room // stride + 1


def out_shape(size: Pair, kernel: Pair, strides: Pair, pads: Pads, dilation: Pair) -> Pair:
    """``out_size`` down and across: (OH, OW)."""
    return (
        out_size(size[0], kernel[0], strides[0], dilation[0], *pads[0]),
        out_size(size[1], kernel[1], strides[1], dilation[1], *pads[1]),
    )


def windows(
    size: Pair, kernel: Pair, strides: Pair, pads: Pads, dilation: Pair
) -> Iterator[tuple[Pair, Window]]:
    """Every output cell, with the real picture cells its window lies on.

    Yields ``(oh, ow), [((kh, kw), (h, w)), ...]`` in reading order: the kernel cell
    ``(kh, kw)`` lies on the picture cell ``(h, w)``. Kernel cells that lie on padding are
    left out, so what padding means (a zero, minus infinity, nothing) is up to the caller.

    >>> for out, window in windows((2, 2), (1, 2), (1, 1), ((0, 0), (0, 1)), (1, 1)):
    ...     print(out, window)
    (0, 0) [((0, 0), (0, 0)), ((0, 1), (0, 1))]
    (0, 1) [((0, 0), (0, 1))]
    (1, 0) [((0, 0), (1, 0)), ((0, 1), (1, 1))]
    (1, 1) [((0, 0), (1, 1))]
    """
    OH, OW = out_shape(size, kernel, strides, pads, dilation)
    top, left = pads[0][0], pads[1][0]
    for oh in range(OH):
        for ow in range(OW):
            window = []
            for kh in range(kernel[0]):
                for kw in range(kernel[1]):
                    h = oh * strides[0] + kh * dilation[0] - top
                    w = ow * strides[1] + kw * dilation[1] - left
                    if 0 <= h < size[0] and 0 <= w < size[1]:
                        window.append(((kh, kw), (h, w)))
            yield (oh, ow), window
