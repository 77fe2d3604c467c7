"""Upsampling in loops: draw every cell as a block of equal cells."""

import numpy as np

from minicnn.typing import Array, Pair


def upsample(x: Array, factors: Pair) -> Array:
    """Repeat every cell ``sh`` times down and ``sw`` across: (N,H,W,C) -> (N,H*sh,W*sw,C)."""
    (N, H, W, C), (sh, sw) = x.shape, factors
    y = np.zeros((N, H * sh, W * sw, C), x.dtype)
    for n in range(N):
        for h in range(H * sh):
            for w in range(W * sw):
                for c in range(C):
                    y[n, h, w, c] = x[n, h // sh, w // sw, c]
    return y


def upsample_backward(dy: Array, factors: Pair) -> Array:
    """Add up the block that each cell was drawn as: (N,H*sh,W*sw,C) -> (N,H,W,C)."""
    (N, tall, wide, C), (sh, sw) = dy.shape, factors
    dx = np.zeros((N, tall // sh, wide // sw, C))
    for n in range(N):
        for h in range(tall):
            for w in range(wide):
                for c in range(C):
                    dx[n, h // sh, w // sw, c] += float(dy[n, h, w, c])
    return dx.astype(dy.dtype)
