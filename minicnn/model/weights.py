"""A network's arrays replaced by others, all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minicnn.backends import ops_for, to_numpy
from minicnn.errors import ConfigError, DtypeError, NotFiniteError, ShapeError
from minicnn.layers import Chain
from minicnn.saving import slots


def put_weights(network: Chain, weights: Sequence[Any]) -> None:
    """Put arrays in the places that ``slots`` lists; an error leaves every place as it was."""
    if weights is None or not hasattr(weights, "__len__"):
        raise ConfigError(f"set_weights: expected a list of arrays, got {weights!r}")
    places = list(slots(network))
    if len(weights) != len(places):
        raise ShapeError(
            f"set_weights: expected {len(places)} arrays "
            f"({', '.join(p for p, _, _ in places)}), got {len(weights)}"
        )
    try:
        arrays = [to_numpy(array) for array in weights]
    except ValueError as error:  # NumPy's word for rows of different lengths
        raise ShapeError(
            f"set_weights: expected a list of arrays, got rows of different lengths ({error}); "
            f"give the arrays of get_weights()"
        ) from None
    wheres = {layer.path: layer.where for layer in network.walk()}
    for (path, holder, key), array in zip(places, arrays, strict=True):
        place = f"for {key} of {wheres[path.rpartition('/')[0]]}"
        if array.shape != tuple(holder[key].shape):
            raise ShapeError(
                f"set_weights: expected shape {tuple(holder[key].shape)} {place}, got "
                f"{array.shape}; give the arrays in the order of get_weights()"
            )
        if array.dtype.kind not in "fiub":
            raise DtypeError(f"set_weights: expected numbers {place}, got {array.dtype}")
        if not np.isfinite(array).all():
            raise NotFiniteError(
                f"set_weights: expected finite numbers {place}, got NaN or infinity; take the "
                f"weights of an earlier epoch"
            )
    for (_, holder, key), array in zip(places, arrays, strict=True):
        holder[key][...] = ops_for(holder[key]).asarray(array, holder[key].dtype)
