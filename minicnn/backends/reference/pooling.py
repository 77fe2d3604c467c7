"""Pooling in loops: one number for every window, its largest or its mean."""

import math

import numpy as np

from minicnn.errors import ConfigError
from minicnn.typing import Array, Pair, Shape

from .windows import Pads, Window, out_shape, windows

NEXT_TO_EACH_OTHER = (1, 1)  # pooling windows have no gaps
NO_PADS = ((0, 0), (0, 0))


def maxpool(x: Array, kernel: Pair, strides: Pair, pads: Pads) -> tuple[Array, Array]:
    """The largest cell of each window, and which it was: ``(y, code)``, both (N,OH,OW,C).

    ``code = kh*KW + kw`` of the first largest cell in reading order. Padding never wins,
    not even over minus infinity. NaN counts as larger than any number, so that a NaN in the
    picture is not lost.
    """
    size, (KH, KW) = x.shape[1:3], kernel
    N, C = x.shape[0], x.shape[3]
    OH, OW = out_shape(size, kernel, strides, pads, NEXT_TO_EACH_OTHER)
    y = np.zeros((N, OH, OW, C), x.dtype)
    code = np.zeros((N, OH, OW, C), np.uint8 if KH * KW <= 256 else np.intp)
    for n in range(N):
        for (oh, ow), window in windows(size, kernel, strides, pads, NEXT_TO_EACH_OTHER):
            must_see_the_picture(window)
            for c in range(C):
                (kh, kw), (h, w) = window[0]
                for cell, (i, j) in window[1:]:
                    if is_larger(float(x[n, i, j, c]), float(x[n, h, w, c])):
                        (kh, kw), (h, w) = cell, (i, j)
                y[n, oh, ow, c] = x[n, h, w, c]
                code[n, oh, ow, c] = kh * KW + kw
    return y, code


def maxpool_backward(
    dy: Array, code: Array, x_shape: Shape, kernel: Pair, strides: Pair, pads: Pads
) -> Array:
    """Hand each ``dy`` to the one cell that won its window: (N,OH,OW,C) -> (N,H,W,C)."""
    N, H, W, C = x_shape
    dx = np.zeros((N, H, W, C))
    for n in range(N):
        for (oh, ow), window in windows((H, W), kernel, strides, pads, NEXT_TO_EACH_OTHER):
            for (kh, kw), (h, w) in window:
                for c in range(C):
                    if int(code[n, oh, ow, c]) == kh * kernel[1] + kw:
                        dx[n, h, w, c] += float(dy[n, oh, ow, c])
    return dx.astype(dy.dtype)


def avgpool(x: Array, kernel: Pair, strides: Pair, pads: Pads) -> Array:
    """The mean of the real cells of each window, padding not counted: -> (N,OH,OW,C)."""
    size, N, C = x.shape[1:3], x.shape[0], x.shape[3]
    y = np.zeros((N, *out_shape(size, kernel, strides, pads, NEXT_TO_EACH_OTHER), C))
    for n in range(N):
        for (oh, ow), window in windows(size, kernel, strides, pads, NEXT_TO_EACH_OTHER):
            must_see_the_picture(window)
            for c in range(C):
                total = 0.0
                for _, (h, w) in window:
                    total += float(x[n, h, w, c])
                y[n, oh, ow, c] = total / len(window)
    return y.astype(x.dtype)


def avgpool_backward(dy: Array, x_shape: Shape, kernel: Pair, strides: Pair, pads: Pads) -> Array:
    """Share each ``dy`` out equally among the real cells of its window: -> (N,H,W,C)."""
    N, H, W, C = x_shape
    dx = np.zeros((N, H, W, C))
    for n in range(N):
        for (oh, ow), window in windows((H, W), kernel, strides, pads, NEXT_TO_EACH_OTHER):
            must_see_the_picture(window)
            for _, (h, w) in window:
                for c in range(C):
                    dx[n, h, w, c] += float(dy[n, oh, ow, c]) / len(window)
    return dx.astype(dy.dtype)


def global_avgpool(x: Array) -> Array:
    """The mean of each channel over the whole picture: (N,H,W,C) -> (N,C)."""
    N, H, W, C = x.shape
    y = np.zeros((N, C))
    for n in range(N):
        for c in range(C):
            total = 0.0
            for h in range(H):
                for w in range(W):
                    total += float(x[n, h, w, c])
            y[n, c] = total / (H * W)
    return y.astype(x.dtype)


def global_avgpool_backward(dy: Array, x_shape: Shape) -> Array:
    """Share each ``dy`` out equally over its whole picture: (N,C) -> (N,H,W,C)."""
    N, H, W, C = x_shape
    dx = np.zeros((N, H, W, C))
    for n in range(N):
        for h in range(H):
            for w in range(W):
                for c in range(C):
                    dx[n, h, w, c] = float(dy[n, c]) / (H * W)
    return dx.astype(dy.dtype)


def global_maxpool(x: Array) -> Array:
    """The largest number of each channel over the whole picture: (N,H,W,C) -> (N,C)."""
    y, _ = maxpool(x, x.shape[1:3], NEXT_TO_EACH_OTHER, NO_PADS)
    return y[:, 0, 0, :]


def global_maxpool_backward(dy: Array, x: Array) -> Array:
    """Hand each ``dy`` to the first of the largest numbers: (N,C) -> (N,H,W,C)."""
    _, code = maxpool(x, x.shape[1:3], NEXT_TO_EACH_OTHER, NO_PADS)
    spread = dy[:, None, None, :]
    return maxpool_backward(spread, code, x.shape, x.shape[1:3], NEXT_TO_EACH_OTHER, NO_PADS)


def is_larger(new: float, old: float) -> bool:
    """Whether ``new`` takes the lead from ``old``, which was there first."""
    return new > old or (math.isnan(new) and not math.isnan(old))


def must_see_the_picture(window: Window) -> None:
    """A window that lies on padding alone has neither a largest cell nor a mean."""
    if not window:
        raise ConfigError(
            "expected every pooling window to lie on at least one cell of the picture, got one on "
            "padding only; pad by less than the kernel"
        )
