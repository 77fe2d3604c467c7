"""The three products of a convolution: windows with the kernel, and its two adjoints.

``im2col`` gives windows as rows (..., KH·KW·C); a kernel W is (KH, KW, C/groups, F). With one group
their product is that of two matrices. With more, each group of F/groups filters sees only its own
C/groups channels: it is a stack of products, one a group.

        columns (..., KH·KW·C)   W (KH, KW, C/groups, F)   y, dy (..., F)
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

from minicnn.typing import Array, Shape


class KernelProducts(ABC):
    """What a backend can do that multiplies stacks of matrices."""

    @abstractmethod
    def matmul(self, a: Array, b: Array) -> Array:
        """``a @ b`` for stacks of matrices: (G, M, K) and (G, K, F) give (G, M, F)."""

    def kernel_product(self, columns: Array, W: Array, groups: int = 1) -> Array:
        """y = columns · W."""
        y = self.matmul(_rows(columns, W.shape, groups), _matrices(W, groups))
        return y.transpose(1, 0, 2).reshape(*columns.shape[:-1], W.shape[-1])

    def columns_gradient(self, dy: Array, W: Array, groups: int = 1) -> Array:
        """Back to the columns: dy · Wᵀ."""
        rows = self.matmul(_matrices(dy, groups), _matrices(W, groups).transpose(0, 2, 1))
        rows = rows.reshape(groups, rows.shape[1], math.prod(W.shape[:-2]), W.shape[-2])
        return rows.transpose(1, 2, 0, 3).reshape(*dy.shape[:-1], -1)

    def kernel_gradient(self, columns: Array, dy: Array, W_shape: Shape, groups: int = 1) -> Array:
        """Back to the kernel: columnsᵀ · dy."""
        rows = _rows(columns, W_shape, groups)
        dW = self.matmul(rows.transpose(0, 2, 1), _matrices(dy, groups))
        return dW.transpose(1, 0, 2).reshape(W_shape)


def _rows(columns: Array, W_shape: Shape, groups: int) -> Array:
    """Of each window and group the cells with the group's own channels: (groups, rows, K)."""
    *cells, channels, _ = W_shape
    apart = columns.reshape(-1, math.prod(cells), groups, channels)
    return apart.transpose(2, 0, 1, 3).reshape(groups, apart.shape[0], -1)


def _matrices(a: Array, groups: int) -> Array:
    """(..., F) as a matrix for each group: (groups, rows, F/groups)."""
    return a.reshape(-1, groups, a.shape[-1] // groups).transpose(1, 0, 2)
