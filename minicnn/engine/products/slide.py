"""How a convolution's window slides over maps as they lie in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minicnn.engine.memory.recording import Workspace
from minicnn.typing import Array, Pair


@dataclass(frozen=True)
class Slide:
    """A window that slides over padded maps, and the pool behind it: along P, then along Q."""

    size: Pair  # of the maps
    kernel: Pair
    strides: Pair
    dilation: Pair
    pool: Pair  # (1, 1) without a pool
    out: Pair  # what the pool gives, (OP, OQ)

    def turned(self) -> Slide:
        """The same with P and Q exchanged."""
        pairs = (self.size, self.kernel, self.strides, self.dilation, self.pool, self.out)
        return Slide(*[(b, a) for a, b in pairs])


def stretch(maps: Array) -> Array:
    """The memory from their first number to the last, with what lies between, as one row."""
    last = sum((size - 1) * step for size, step in zip(maps.shape, maps.strides, strict=True))
    one = maps.itemsize
    return np.lib.stride_tricks.as_strided(maps, (last // one + 1,), (one,), writeable=False)


def in_runs(maps: Array) -> Array:
    """What lies in one piece as one thing: NumPy's copy of a few numbers takes longer."""
    return maps.view(np.dtype((np.void, maps.shape[-1] * maps.itemsize)))


def in_memory(x: Array, workspace: Workspace, apart: bool = False) -> tuple[Array, str]:
    """Maps (N, H, W, C) as they lie in memory, and along which axis: W, or H if exchanged.

    They lie in one piece, or if they may be ``apart``, with something between their rows.
    """
    for maps, lies in ((x, "W"), (x.transpose(0, 2, 1, 3), "H")):
        in_rows = maps[0, 0].flags.c_contiguous and min(maps.strides) >= 0
        if maps.flags.c_contiguous or (apart and in_rows):
            return maps, lies
    # A view that a layer of a user's made.
    maps = workspace.buffers.take("in order", x.shape, x.dtype)
    workspace.do.copyto(maps, x)
    return maps, "W"
