"""What a plan depends on: what it is for, and the layers that it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minicnn.layers import Chain
from minicnn.typing import DType


@dataclass(frozen=True)
class Purpose:
    """What a plan is for."""

    training: bool
    backward: bool  # whether a backward pass will follow
    dtype: DType  # of the computation
    convert: bool  # whether its input must be turned into floats of this dtype


def key_of(chain: Chain) -> tuple[Any, ...]:
    """Changes when the chain consists of other layers than before, or other layers learn."""
    return tuple((id(layer), layer.trainable) for layer in chain.walk())
