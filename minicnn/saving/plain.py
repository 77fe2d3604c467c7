"""What can stand in a document: plain values as JSON, arrays by their name.

>>> arrays = {}
>>> encode({"lr": 0.1, "memory": {"v": np.zeros(2)}}, arrays, "optimizer")
{'lr': 0.1, 'memory': {'v': {'$array': 'optimizer/memory/v'}}}
>>> decode(_, arrays)
{'lr': 0.1, 'memory': {'v': array([0., 0.])}}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from minicnn.backends import ops_for
from minicnn.errors import SavingError
from minicnn.typing import Array

ARRAY = "$array"
KINDS = "fiub"  # floats, whole numbers, truth values: what safetensors knows of NumPy


def encode(value: Any, arrays: dict[str, Array], where: str) -> Any:
    """``value`` as JSON; the arrays in it are put into ``arrays`` under a name of their own."""
    if value is None or isinstance(value, bool | str | int | float):
        return value
    if isinstance(value, np.generic) and value.dtype.kind in KINDS:
        return value.item()
    if isinstance(value, Mapping) and all(isinstance(k, str) and k != ARRAY for k in value):
        return {key: encode(inner, arrays, f"{where}/{key}") for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [encode(inner, arrays, f"{where}/{i}") for i, inner in enumerate(value)]
    if hasattr(value, "dtype") and value.dtype.kind in KINDS:
        name = where
        while name in arrays:
            name += "'"
        arrays[name] = ops_for(value).to_numpy(value)
        return {ARRAY: name}
    raise SavingError(
        f"{where}: expected numbers, texts, arrays, or lists and dictionaries of them, got a "
        f"{type(value).__name__}, which cannot be saved without executing anything"
    )


def decode(value: Any, arrays: Mapping[str, Array]) -> Any:
    """What ``encode`` was given (tuples come back as lists)."""
    if isinstance(value, list):
        return [decode(inner, arrays) for inner in value]
    if not isinstance(value, dict):
        return value
    if ARRAY not in value:
        return {key: decode(inner, arrays) for key, inner in value.items()}
    name = value[ARRAY]
    if not isinstance(name, str) or name not in arrays:
        raise SavingError(f"expected an array called {name!r} in the file, got none")
    return arrays[name]
