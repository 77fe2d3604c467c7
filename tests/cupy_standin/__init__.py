"""A strict stand-in for CuPy, for tests on machines without a GPU.

Put it in ``sys.modules["cupy"]``, and code written for CuPy runs: its arrays wrap NumPy's, and
its raw kernels are compiled as C++ and run on the CPU (``shim.h``). It is stricter than CuPy
wherever a mistake would go unseen: nothing converts to or from NumPy silently, fresh memory is
full of NaN, memory around an array is watched for stray writes, and a kernel's arguments must
have exactly the types that it declares. ``test_standin.py`` holds it to the real CuPy.
"""

import sys

import numpy as np

from tests.cupy_standin import cuda
from tests.cupy_standin.device_array import (
    array,
    asarray,
    ascontiguousarray,
    asfortranarray,
    asnumpy,
    empty,
    ndarray,
    product,
    wrapped,
)
from tests.cupy_standin.raw import RawModule

__version__ = "14.0.0"


def get_default_memory_pool():
    return cuda.MemoryPool()


int32, int64, uint8 = np.int32, np.int64, np.uint8
float32, float64, bool_ = np.float32, np.float64, np.bool_

# What CuPy has under NumPy's names and with NumPy's meaning; only what is used is here.
FUNCTIONS = (
    np.abs, np.arange, np.broadcast_to, np.clip, np.concatenate, np.exp, np.full, np.isfinite,
    np.log, np.log1p, np.maximum, np.minimum, np.ones, np.repeat, np.rint, np.sqrt, np.sum,
    np.tanh, np.where, np.zeros, np.zeros_like,
)  # fmt: skip
for _function in FUNCTIONS:
    setattr(sys.modules[__name__], _function.__name__, wrapped(_function))
abs = wrapped(np.abs)
dot, matmul = product(np.dot), product(np.matmul)

__all__ = [
    "RawModule",
    "array",
    "asarray",
    "ascontiguousarray",
    "asfortranarray",
    "asnumpy",
    "cuda",
    "empty",
    "ndarray",
]
