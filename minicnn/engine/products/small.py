"""Products of long thin matrices, cut so that BLAS need not copy them first.

Before BLAS multiplies it copies its operands into an order of its own, which a large product
pays back many times over. Windows are tens of thousands of rows and a few dozen numbers wide:
there the copy costs as much as the arithmetic. OpenBLAS has kernels without it, for AVX-512 and
for products of up to a million multiply-adds, so the rows are handed over in chunks.
"""

from __future__ import annotations

import functools

from minicnn.engine.memory.recording import Workspace
from minicnn.engine.options import current_options
from minicnn.typing import Array

SMALL = 10**6  # multiply-adds
FEW = 16  # columns with which a transposed product is quickest in chunks of ...
FEWS_SMALL = 4 * 10**5  # multiply-adds
LARGE = 1 << 14  # numbers in its result from which packing pays
WORTHWHILE = 64  # rows of a chunk: with fewer, starting a product costs more than it saves
NARROW = 32  # columns that a kernel's part has at least


@functools.cache
def cut(rows: int, K: int, F: int) -> tuple[int, int, int]:
    """A product of (rows, K) and (K, F) as chunks of rows, times parts of the other's columns.

    The chunks together may be a few rows longer. One chunk: the product is better left whole.

    >>> cut(5624, 27, 16), cut(306, 288, 64), cut(64, 1152, 128)
    ((3, 1875, 1), (3, 102, 2), (1, 64, 1))
    """
    for parts in (1, 2, 4):
        if F % parts or (parts > 1 and F // parts < NARROW):
            break
        most = SMALL // (K * F // parts)
        if most >= WORTHWHILE:
            count = -(-rows // most)
            return count, -(-rows // count), parts
    return 1, rows, 1


@functools.cache
def cut_transposed(rows: int, K: int, F: int) -> tuple[int, int]:
    """A product of (rows, K) transposed and (rows, F) as chunks of rows, to be added up.

    >>> cut_transposed(5624, 27, 16), cut_transposed(1368, 144, 32), cut_transposed(306, 288, 64)
    ((7, 804), (7, 196), (1, 306))
    """
    if K * F >= LARGE:
        return 1, rows
    most = (FEWS_SMALL if F <= FEW else SMALL) // (K * F)
    count = -(-rows // most)
    return count, -(-rows // count)


def whole(K: int, F: int) -> bool:
    """Whether ``cut`` leaves products with a kernel of this size as they are."""
    return cut(1 << 30, K, F)[0] == 1


def in_chunks(rows: Array, F: int) -> Array:
    """Rows (n, K) for a product with F columns, in equal chunks if that can be: (chunks, ., K)."""
    n, K = rows.shape
    return rows.reshape(_chunks(n, K * F) if current_options().small_products else 1, -1, K)


@functools.cache
def _chunks(n: int, size: int) -> int:
    fewest = -(-n * size // SMALL)
    return next((c for c in range(fewest, n // WORTHWHILE + 1) if n % c == 0), 1)


def times(chunks: Array, W: Array, out: Array, workspace: Workspace) -> Array:
    """Chunks of rows (n, rows, K) times W (K, F), into out (n·rows, F), which is returned."""
    if len(chunks) == 1:
        workspace.do.dot(chunks[0], W, out=out)
        return out
    assert out.flags.c_contiguous  # else reshape would copy it
    workspace.do.matmul(chunks, W, out=out.reshape(*chunks.shape[:2], -1))
    return out


def transposed_times(chunks: Array, dy: Array, out: Array, workspace: Workspace) -> Array:
    """All rows' transpose (K, n·rows) times dy (n·rows, F), into out (K, F)."""
    if len(chunks) == 1:
        workspace.do.dot(chunks[0].T, dy, out=out)
        return out
    shares = workspace.buffers.take("shares", (len(chunks), *out.shape), out.dtype)
    workspace.do.matmul(chunks.transpose(0, 2, 1), dy.reshape(*chunks.shape[:2], -1), out=shares)
    workspace.do.add.reduce(shares, axis=0, out=out)
    return out
