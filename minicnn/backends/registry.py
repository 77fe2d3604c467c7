"""Which operations belong to which arrays, and where new arrays are made (floor 1)."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import numpy as np

from minicnn.backends.numpy_ops import NumpyOps
from minicnn.backends.ops import Ops
from minicnn.errors import BackendError, DtypeError

_NUMPY = NumpyOps()
_current: Ops = _NUMPY


def ops_for(*arrays: Any, where: str = "") -> Ops:
    """The operations for these arrays, which must all live in one place.

    ``where`` names the layer that asks, for errors.

    >>> ops_for(np.zeros(3)).name
    'numpy'
    """
    for a in arrays:
        if not isinstance(a, np.ndarray | np.generic):
            raise DtypeError(
                f"{where}{': ' * bool(where)}expected a NumPy array, got {type(a).__module__}."
                f"{type(a).__qualname__}; convert it with numpy.asarray(...)"
            )
    return _NUMPY


def current_ops() -> Ops:
    """The operations of the backend where new arrays are made."""
    return _current


class use_backend:  # noqa: N801 - it reads as a verb: a call, and a ``with`` block
    """Say where new arrays are made: ``mc.use_backend("numpy")``.

    A call changes the setting until the next call; as a ``with`` block it is put back.

    >>> with use_backend("numpy"):
    ...     current_ops().name
    'numpy'
    """

    def __init__(self, name: str) -> None:
        global _current
        self._before = _current
        _current = _named(name)

    def __enter__(self) -> Ops:
        return _current

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        global _current
        _current = self._before


def _named(name: str) -> Ops:
    if name == "numpy":
        return _NUMPY
    if name == "cupy":
        raise BackendError(
            'expected backend "numpy", got "cupy": this version of minicnn computes on the CPU '
            "only; the CuPy backend is not there yet"
        )
    raise BackendError(f'expected backend "numpy" or "cupy", got {name!r}')
