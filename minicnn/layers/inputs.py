"""What comes in, as the floats that the network computes with."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.backends import Ops, current_ops, ops_for
from minicnn.errors import DtypeError
from minicnn.layers.layer import Layer
from minicnn.typing import Array


def as_batch(x: Any, network: Layer) -> Array:
    """A batch where the network lives, if it holds numbers that a network can take."""
    x = home_of(network).asarray(x)
    if x.dtype.kind != "f" and x.dtype != np.uint8:
        raise DtypeError(
            f"expected pictures as uint8 (scaled to 0..1 here) or as floats (taken as they are), "
            f"got {x.dtype}; pixels from 0 to 255 become x.astype('uint8'), other numbers "
            f"x.astype('float32')"
        )
    return x


def floats(x: Any, network: Layer) -> Array:
    """A batch as floats of the network's dtype; uint8 becomes 0..1."""
    x = as_batch(x, network)
    return ops_for(x).floats(x, dtype_of(network))


def home_of(network: Layer) -> Ops:
    """The backend of a network's parameters; where new arrays are made if it has none."""
    p = next(iter(network.params.values()), None)
    return current_ops() if p is None else ops_for(p)


def dtype_of(network: Layer) -> Any:
    """The dtype of a network's parameters; float32 if it has none."""
    return next((p.dtype for p in network.params.values()), np.dtype(np.float32))
