"""What a plan depends on: what it is for, and the layers that it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minicnn.layers import Chain, Layer
from minicnn.typing import DType


@dataclass(frozen=True)
class Purpose:
    """What a plan is for."""

    training: bool
    backward: bool  # whether a backward pass will follow
    dtype: DType  # of the computation
    convert: bool  # whether its input must be turned into floats of this dtype


COMPUTES = ("forward", "backward", "infer", "next_state")  # what a faster part stands in for


def computes_anew(layer: Layer) -> bool:
    """Whether a layer has one of these methods of its own, as an instance. Asked for each batch."""
    own = vars(layer)
    return "forward" in own or "backward" in own or "infer" in own or "next_state" in own


def key_of(chain: Chain) -> tuple[Any, ...]:
    """Changes when the chain consists of other layers, or others learn or compute anew.

    A layer is known by its ``id``, so whoever keeps this must keep the layers, too.
    """
    return tuple((id(layer), layer.trainable, computes_anew(layer)) for layer in chain.walk())
