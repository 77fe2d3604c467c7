"""What minicnn calls of cuBLAS by way of ctypes, as the library takes it: column by column."""

import ctypes

import numpy as np

from tests.cupy_standin import machine
from tests.cupy_standin.device_array import ADDRESSES

HANDLE = 4711


class Library:
    """Six of its functions; each gives 0 if all is well."""

    def __init__(self):
        self.stream = self.workspace = None
        self.handles = 0

    def cublasCreate_v2(self, handle):  # noqa: N802 - cuBLAS's names
        handle._obj.value = HANDLE
        self.handles += 1
        return 0

    def cublasDestroy_v2(self, handle):  # noqa: N802
        self.handles -= 1
        return int(handle.value != HANDLE)

    def cublasSetMathMode(self, handle, mode):  # noqa: N802
        return int(handle.value != HANDLE)

    def cublasSetStream_v2(self, handle, stream):  # noqa: N802
        self.stream, self.workspace = stream.value or 0, None
        return int(handle.value != HANDLE)

    def cublasSetWorkspace_v2(self, handle, where, size):  # noqa: N802
        self.workspace = where.value
        return int(handle.value != HANDLE)

    def cublasSgemm_v2(self, *arguments):  # noqa: N802
        return self._gemm(np.float32, *arguments)

    def cublasDgemm_v2(self, *arguments):  # noqa: N802
        return self._gemm(np.float64, *arguments)

    def _gemm(self, dtype, handle, flip_a, flip_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc):
        here = machine.get_current_stream()
        assert self.stream == here.ptr, "the product goes to another stream"
        assert not here.is_capturing() or self.workspace, "cuBLAS would allocate while capturing"
        assert (alpha._obj.value, beta._obj.value) == (1, 0)
        m, n, k = m.value, n.value, k.value
        left = columns(a, lda, *((k, m) if flip_a.value else (m, k)), dtype)
        right = columns(b, ldb, *((n, k) if flip_b.value else (k, n)), dtype)
        out = columns(c, ldc, m, n, dtype)
        left, right = (left.T if flip_a.value else left), (right.T if flip_b.value else right)
        machine.counts.launches += 1
        blocks = [ADDRESSES[p.value] for p in (a, b, c)]
        memory = [block.memory for block in blocks]

        def product():
            assert memory is not None
            with np.errstate(all="ignore"):
                np.dot(right.T, left.T, out=out.T)  # as rows: to the bit what cupy.dot gives

        machine.submit(product, blocks)
        return 0


def columns(pointer, step, rows, count, dtype):
    """A matrix whose columns begin ``step`` numbers apart."""
    assert step.value >= max(1, rows), "columns overlap"
    size = ((count - 1) * step.value + rows) * np.dtype(dtype).itemsize
    flat = np.frombuffer((ctypes.c_char * size).from_address(pointer.value), dtype)
    item = flat.itemsize
    return np.lib.stride_tricks.as_strided(flat, (rows, count), (item, item * step.value))
