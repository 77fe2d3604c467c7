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
from tests.cupy_standin.array import (
    array,
    asarray,
    ascontiguousarray,
    asfortranarray,
    asnumpy,
    empty,
    ndarray,
    wrapped,
)
from tests.cupy_standin.raw import RawModule

__version__ = "14.0.0"

int32, int64, uint8 = np.int32, np.int64, np.uint8
float32, float64, bool_ = np.float32, np.float64, np.bool_

# What CuPy has under NumPy's names and with NumPy's meaning; only what is used is here.
for _name in """
    abs add all any arange argmax array_equal bincount broadcast_to clip concatenate cumsum diag
    divide empty_like equal exp expand_dims full full_like greater isfinite isnan less linspace
    log log1p maximum mean minimum multiply negative not_equal ones ones_like prod repeat reshape
    round sign sqrt square stack subtract sum swapaxes tanh tensordot trace transpose
    true_divide var where zeros zeros_like less_equal greater_equal matmul invert absolute power
    logical_and logical_or bitwise_and bitwise_or bitwise_xor isinf floor_divide remainder
    logical_not
""".split():
    setattr(sys.modules[__name__], _name, wrapped(getattr(np, _name)))
array_equal = wrapped(np.array_equal)

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
