"""What a plan is for."""

from __future__ import annotations

from dataclasses import dataclass

from minicnn.typing import DType


@dataclass(frozen=True)
class Purpose:
    """With the layers, and with what learns, all that a plan depends on."""

    training: bool
    backward: bool  # whether a backward pass will follow
    dtype: DType  # of the computation
    convert: bool  # whether its input must be turned into floats of this dtype
