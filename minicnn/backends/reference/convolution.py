"""Convolution in loops: lay the kernel on the picture, multiply cell by cell, add up."""

from collections.abc import Iterator

import numpy as np

from minicnn.errors import ShapeError
from minicnn.typing import Array, Pair, Shape

from .windows import Pads, out_shape, windows


def conv2d(
    x: Array, W: Array, b: Array | None, strides: Pair, pads: Pads, dilation: Pair, groups: int
) -> Array:
    """``y[n,oh,ow,f] = b[f] + Σ x[n,h,w,c] · W[kh,kw,c,f]``: (N,H,W,C) -> (N,OH,OW,F).

    The sum runs over the kernel cells ``(kh, kw)``, each on its picture cell ``(h, w)``, and
    over the channels of the group that filter f belongs to. Padding is zero and adds nothing.
    """
    size, kernel = x.shape[1:3], W.shape[:2]
    N, F = x.shape[0], W.shape[3]
    y = np.zeros((N, *out_shape(size, kernel, strides, pads, dilation), F))
    for n in range(N):
        for (oh, ow), window in windows(size, kernel, strides, pads, dilation):
            for (kh, kw), (h, w) in window:
                for c_x, c_W, f in channel_pairs(x.shape, W.shape, groups):
                    y[n, oh, ow, f] += float(x[n, h, w, c_x]) * float(W[kh, kw, c_W, f])
            if b is not None:
                for f in range(F):
                    y[n, oh, ow, f] += float(b[f])
    return y.astype(x.dtype)


def conv2d_backward(
    x: Array, W: Array, dy: Array, strides: Pair, pads: Pads, dilation: Pair, groups: int
) -> tuple[Array, Array, Array]:
    """What ``dy`` says about x, W and b: ``(dx, dW, db)``, shaped as x, W and (F,).

    The same loops as ``conv2d``. Each of its products ``y += x · W`` hands ``dy · W`` to its
    x and ``dy · x`` to its W; each ``y += b`` hands ``dy`` to its b.
    """
    size, kernel = x.shape[1:3], W.shape[:2]
    N, F = x.shape[0], W.shape[3]
    dx, dW, db = np.zeros(x.shape), np.zeros(W.shape), np.zeros(F)
    for n in range(N):
        for (oh, ow), window in windows(size, kernel, strides, pads, dilation):
            for (kh, kw), (h, w) in window:
                for c_x, c_W, f in channel_pairs(x.shape, W.shape, groups):
                    dx[n, h, w, c_x] += float(dy[n, oh, ow, f]) * float(W[kh, kw, c_W, f])
                    dW[kh, kw, c_W, f] += float(dy[n, oh, ow, f]) * float(x[n, h, w, c_x])
            for f in range(F):
                db[f] += float(dy[n, oh, ow, f])
    return dx.astype(x.dtype), dW.astype(x.dtype), db.astype(x.dtype)


def conv2d_transpose(
    x: Array,
    W: Array,
    b: Array | None,
    size: Pair,
    strides: Pair,
    pads: Pads,
    dilation: Pair,
) -> Array:
    """Every cell of x paints the kernel, times itself, onto y: (N,H,W,C) -> (N,*size,F).

    ``pads`` says how far the kernels of the outermost cells reach over the rim of y.
    """
    N, C, F = x.shape[0], x.shape[3], W.shape[2]
    y = np.zeros((N, *size, F))
    for n in range(N):
        for (h, w), window in windows(size, W.shape[:2], strides, pads, dilation):
            for (kh, kw), (oh, ow) in window:
                for c in range(C):
                    for f in range(F):
                        y[n, oh, ow, f] += float(x[n, h, w, c]) * float(W[kh, kw, f, c])
        if b is not None:
            for oh, ow in np.ndindex(*size):
                for f in range(F):
                    y[n, oh, ow, f] += float(b[f])
    return y.astype(x.dtype)


def conv2d_transpose_backward(
    x: Array, W: Array, dy: Array, strides: Pair, pads: Pads, dilation: Pair
) -> tuple[Array, Array, Array]:
    """What ``dy`` says about x, W and b, in the loops of ``conv2d_transpose``."""
    N, C, F = x.shape[0], x.shape[3], W.shape[2]
    dx, dW, db = np.zeros(x.shape), np.zeros(W.shape), np.zeros(F)
    for n in range(N):
        for (h, w), window in windows(dy.shape[1:3], W.shape[:2], strides, pads, dilation):
            for (kh, kw), (oh, ow) in window:
                for c in range(C):
                    for f in range(F):
                        dx[n, h, w, c] += float(dy[n, oh, ow, f]) * float(W[kh, kw, f, c])
                        dW[kh, kw, f, c] += float(dy[n, oh, ow, f]) * float(x[n, h, w, c])
        for oh, ow in np.ndindex(*dy.shape[1:3]):
            for f in range(F):
                db[f] += float(dy[n, oh, ow, f])
    return dx.astype(x.dtype), dW.astype(x.dtype), db.astype(x.dtype)


def channel_pairs(x_shape: Shape, W_shape: Shape, groups: int) -> Iterator[tuple[int, int, int]]:
    """Which channel of x meets which channel of W in which filter: ``(c_x, c_W, f)``.

    Channels and filters are dealt into ``groups`` equal runs, and the filters of the first
    run see the channels of the first run only.

    >>> list(channel_pairs((1, 9, 9, 4), (3, 3, 2, 2), groups=2))
    [(0, 0, 0), (1, 1, 0), (2, 0, 1), (3, 1, 1)]
    """
    C, C_in_group, F = x_shape[3], W_shape[2], W_shape[3]
    if C_in_group * groups != C or F % groups != 0:
        raise ShapeError(
            f"expected W to have C/{groups} input channels and a multiple of {groups} filters, got "
            f"{C} channels in x and W of shape {tuple(W_shape)}; change groups, or the shape of W"
        )
    F_in_group = F // groups
    for f in range(F):
        group = f // F_in_group
        for c in range(C_in_group):
            yield group * C_in_group + c, c, f
