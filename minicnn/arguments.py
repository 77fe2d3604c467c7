"""Arguments that make no sense, refused in one sentence (knows only the errors).

``what`` names the argument and ``where`` the place it was given to:

>>> whole(0, "filters", "Conv2D")
Traceback (most recent call last):
minicnn.errors.ConfigError: Conv2D: expected filters to be a whole number of at least 1, got 0
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np

from minicnn.errors import ConfigError, ShapeError
from minicnn.typing import Shape


def is_whole(value: Any) -> bool:
    """Whether ``value`` is a whole number, NumPy's included; True and False are not meant.

    >>> is_whole(3), is_whole(3.0), is_whole(True)
    (True, False, False)
    """
    return isinstance(value, Integral) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Whether ``value`` is a real number, NumPy's included; True and False are not meant."""
    return isinstance(value, Real) and not isinstance(value, bool)


def whole(value: Any, what: str, where: str = "", least: int = 1) -> int:
    """``value`` if it is a whole number of at least ``least``."""
    if is_whole(value) and value >= least:
        return int(value)
    raise _refused(value, f"{what} to be a whole number of at least {least}", where)


def positive(value: Any, what: str, where: str = "") -> float:
    """``value`` if it is a finite number above 0."""
    if is_number(value) and 0 < value < math.inf:
        return float(value)
    raise _refused(value, f"{what} above 0", where)


def fraction(value: Any, what: str, where: str = "") -> float:
    """``value`` if it is a number from 0 to below 1."""
    if is_number(value) and 0 <= value < 1:
        return float(value)
    raise _refused(value, f"{what} to be at least 0 and less than 1", where)


def flag(value: Any, what: str, where: str = "") -> bool:
    """``value`` if it is True or False."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    remedy = f'; write activation="{value}"' if isinstance(value, str) else ""
    raise ConfigError(f"{where}: expected {what} to be True or False, got {value!r}{remedy}")


def sizes(shape: Any, where: str, what: str = "input_shape") -> Shape:
    """``shape`` as a tuple, if it is one of whole numbers above 0, as the inputs of layers are."""
    listed = tuple(shape) if isinstance(shape, Iterable) else (None,)
    if all(is_whole(size) and size > 0 for size in listed):
        return tuple(int(size) for size in listed)
    raise ShapeError(
        f"{where}: expected an {what} such as (150, 150, 3), whole numbers above 0 without the "
        f"batch, got {shape!r}"
    )


def number(value: Any, what: str, where: str = "") -> float:
    """``value`` if it is a finite number of at least 0."""
    if is_number(value) and 0 <= value < math.inf:
        return float(value)
    raise _refused(value, f"{what} to be a number of at least 0", where)


def takes(function: Callable[..., Any], count: int) -> bool:
    """Whether ``function`` can be called with ``count`` arguments, as far as Python can tell.

    >>> takes(lambda step: 0.1, 1), takes(lambda: 0.1, 1)
    (True, False)
    """
    try:
        signature = inspect.signature(function)
    except ValueError:  # some built-in functions do not tell
        return True
    try:
        signature.bind(*[None] * count)
    except TypeError:
        return False
    return True


def _refused(value: Any, expected: str, where: str) -> ConfigError:
    return ConfigError(f"{where}{': ' * bool(where)}expected {expected}, got {value!r}")
