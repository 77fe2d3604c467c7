"""Products of matrices inside a CUDA graph: cuBLAS asked directly.

cuBLAS can be captured in a graph, but CuPy, up to 14.2 at least, refuses to (cupy/cupy#6290). So
here the library that CuPy has loaded is called by way of ctypes, with a handle of its own. Nothing
else goes this way.
"""

from __future__ import annotations

import ctypes
import os
import weakref
from typing import Any

import numpy as np

from minicnn.backends.uploads import address
from minicnn.typing import Array

WORKSPACE = 32 << 20  # bytes: what NVIDIA recommends for Hopper, the hungriest
TF32 = 3  # CUBLAS_TF32_TENSOR_OP_MATH
AS_IT_IS, TRANSPOSED = 0, 1
CALLS = {
    np.dtype(np.float32): ("cublasSgemm_v2", ctypes.c_float),
    np.dtype(np.float64): ("cublasDgemm_v2", ctypes.c_double),
}


class CublasError(RuntimeError):
    """cuBLAS would not."""


def loaded_library(cupy: Any) -> Any:
    """The cuBLAS that CuPy uses, found among this process's files; None if it can't be."""
    square = cupy.ones((2, 2), np.float32)
    cupy.dot(square, square)  # from now on it is loaded; a product of 1 by 1 CuPy does by itself
    try:
        with open("/proc/self/maps", encoding="utf-8") as maps:
            paths = {line.split(maxsplit=5)[-1].strip() for line in maps if "/libcublas.so" in line}
        libraries = [ctypes.CDLL(path) for path in sorted(paths)]
    except OSError:
        return None
    if len(libraries) > 1:  # PyTorch, say, has brought its own: one of the same version will do
        version = cupy.cuda.cublas.getVersion(cupy.cuda.device.get_cublas_handle())
        libraries = [library for library in libraries if version_of(library) == version]
    return libraries[0] if libraries else None


def version_of(library: Any) -> int:
    """As cuBLAS counts them, 120304 for 12.3.4; it has to be asked for each part."""
    version, part = 0, ctypes.c_int()
    for number in range(3):  # major, minor, patch
        library.cublasGetProperty(ctypes.c_int(number), ctypes.byref(part))
        version = 100 * version + part.value
    return version


class Cublas:
    """A handle, and memory to work in that stays: a graph remembers where it was."""

    def __init__(self, cupy: Any, library: Any) -> None:
        self.cupy, self.library = cupy, library
        self.handle = ctypes.c_void_p()
        self._workspace = cupy.empty(WORKSPACE, np.uint8)
        self._ask("cublasCreate_v2", ctypes.byref(self.handle))
        # It holds memory that CuPy knows nothing of. When Python ends, all of it goes anyway.
        weakref.finalize(self, library.cublasDestroy_v2, self.handle).atexit = False
        if os.environ.get("CUPY_TF32") == "1":
            self._ask("cublasSetMathMode", self.handle, ctypes.c_int(TF32))

    def dot(self, a: Array, b: Array, out: Array) -> None:
        """``out = a @ b``, in the current stream.

        cuBLAS counts down columns where we count along rows, so it sees every matrix transposed:
        it is asked for outᵀ = bᵀ aᵀ.
        """
        call, number = CALLS[np.dtype(a.dtype)]
        (M, K), N = a.shape, b.shape[1]
        (a, flip_a, step_a), (b, flip_b, step_b) = self._laid_out(a), self._laid_out(b)
        stream = self.cupy.cuda.get_current_stream()
        self._ask("cublasSetStream_v2", self.handle, ctypes.c_void_p(stream.ptr))
        # Setting the stream has taken the workspace away.
        where, size = ctypes.c_void_p(address(self._workspace)), ctypes.c_size_t(WORKSPACE)
        self._ask("cublasSetWorkspace_v2", self.handle, where, size)
        one, nought, pointer, whole = number(1), number(0), ctypes.c_void_p, ctypes.c_int
        self._ask(
            call, self.handle, whole(flip_b), whole(flip_a), whole(N), whole(M), whole(K),
            ctypes.byref(one), pointer(address(b)), whole(step_b), pointer(address(a)),
            whole(step_a), ctypes.byref(nought), pointer(address(out)), whole(N),
        )  # fmt: skip

    def _laid_out(self, a: Array) -> tuple[Array, int, int]:
        """A matrix, whether it lies there transposed, and the step from one line to the next."""
        if not a.flags.c_contiguous and a.flags.f_contiguous:
            return a, TRANSPOSED, a.shape[0]
        a = self.cupy.ascontiguousarray(a)
        return a, AS_IT_IS, a.shape[1]

    def _ask(self, name: str, *arguments: Any) -> None:
        status = getattr(self.library, name)(*arguments)
        if status:
            raise CublasError(f"{name}: status {status}")
