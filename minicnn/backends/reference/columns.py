"""Columns in loops: write each window out as one row of numbers, and put it back again."""

import numpy as np

from minicnn.typing import Array, Pair, Shape

from .windows import Pads, out_shape, windows


def im2col(x: Array, kernel: Pair, strides: Pair, pads: Pads, dilation: Pair) -> Array:
    """Copy the window of every output cell into a row: (N,H,W,C) -> (N,OH,OW,KH*KW*C).

    A row holds the window in reading order, all channels of a cell side by side. Padding
    is zero.
    """
    size, (KH, KW) = x.shape[1:3], kernel
    N, C = x.shape[0], x.shape[3]
    OH, OW = out_shape(size, kernel, strides, pads, dilation)
    cols = np.zeros((N, OH, OW, KH * KW * C), x.dtype)
    for n in range(N):
        for (oh, ow), window in windows(size, kernel, strides, pads, dilation):
            for (kh, kw), (h, w) in window:
                for c in range(C):
                    cols[n, oh, ow, (kh * KW + kw) * C + c] = x[n, h, w, c]
    return cols


def col2im(
    cols: Array, x_shape: Shape, kernel: Pair, strides: Pair, pads: Pads, dilation: Pair
) -> Array:
    """Add every number of every row onto the picture cell ``im2col`` took it from.

    (N,OH,OW,KH*KW*C) -> (N,H,W,C). A cell under several windows gets the sum: this is the
    adjoint of ``im2col``, not its inverse.
    """
    N, H, W, C = x_shape
    x = np.zeros((N, H, W, C))
    for n in range(N):
        for (oh, ow), window in windows((H, W), kernel, strides, pads, dilation):
            for (kh, kw), (h, w) in window:
                for c in range(C):
                    x[n, h, w, c] += float(cols[n, oh, ow, (kh * kernel[1] + kw) * C + c])
    return x.astype(cols.dtype)
