"""Names for the types that everyone uses.

An ``Array`` is a NumPy array, or a CuPy array: the two share one interface, and nothing
outside ``backends/`` may care which it is. Shapes stand in comments beside the code:
``(N, H, W, C)`` is batch, height, width, channels.
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Shape: TypeAlias = tuple[int, ...]
Pair: TypeAlias = tuple[int, int]
Cache: TypeAlias = Any
Params: TypeAlias = dict[str, Array]
DType: TypeAlias = np.dtype[Any]
