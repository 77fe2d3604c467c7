"""Products of long thin matrices, cut so that BLAS need not copy them first (floor 3).

Before BLAS multiplies it copies its operands into an order of its own, which a large product
pays back many times over. Columns are tens of thousands of rows long and a few dozen numbers
wide: there the copy costs as much as the arithmetic. OpenBLAS has kernels without it, for AVX-512
and for products of up to a million multiply-adds, so the rows are handed over in chunks.
"""

from __future__ import annotations

import functools

import numpy as np

from minicnn.engine.options import current_options
from minicnn.engine.scratch import Scratch
from minicnn.typing import Array

SMALL = 10**6  # multiply-adds
WORTHWHILE = 64  # rows of a chunk: with fewer, starting a product costs more than it saves


def chunk_height(height: int, width: int, K: int, F: int) -> int:
    """How many of a map's rows make one chunk; 0: do not cut.

    >>> chunk_height(74, 74, 27, 16), chunk_height(34, 34, 288, 64)
    (2, 0)
    """
    return _chunk_height(height, width, K, F) if current_options().small_products else 0


@functools.cache
def _chunk_height(height: int, width: int, K: int, F: int) -> int:
    most = SMALL // (K * F)
    fitting = [h for h in range(1, height + 1) if height % h == 0 and h * width <= most]
    best = max(fitting, default=0)
    return best if best * width >= WORTHWHILE else 0


def in_chunks(rows: Array, height: int, width: int, F: int) -> Array:
    """Rows of maps of height·width places, (places, K), for a product with F columns."""
    K = rows.shape[1]
    chunk = chunk_height(height, width, K, F) * width or len(rows)
    return rows.reshape(-1, chunk, K)


def times(chunks: Array, W: Array, out: Array) -> Array:
    """Chunks of rows (n, rows, K) times W (K, F), into out (n·rows, F), which is returned."""
    if len(chunks) == 1:
        return np.dot(chunks[0], W, out=out)
    np.matmul(chunks, W, out=out.reshape(*chunks.shape[:2], -1))
    return out


def transposed_times(chunks: Array, dy: Array, out: Array, scratch: Scratch) -> Array:
    """All rows' transpose (K, n·rows) times dy (n·rows, F), into out (K, F)."""
    if len(chunks) == 1:
        return np.dot(chunks[0].T, dy, out=out)
    shares = scratch.take("shares", (len(chunks), *out.shape), out.dtype)
    np.matmul(chunks.transpose(0, 2, 1), dy.reshape(*chunks.shape[:2], -1), out=shares)
    return np.sum(shares, axis=0, out=out)
