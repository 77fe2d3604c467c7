"""Which operations belong to which arrays, and where new arrays are made (floor 1)."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

import numpy as np

from minicnn.backends.gpu import load_cupy
from minicnn.backends.numpy_ops import NumpyOps
from minicnn.backends.ops import Ops
from minicnn.errors import BackendError, DtypeError
from minicnn.typing import Array

_NUMPY = NumpyOps()
_loaded: dict[str, Ops] = {"numpy": _NUMPY}
_current: Ops = _NUMPY


def ops_for(*arrays: Any, where: str = "") -> Ops:
    """The operations for these arrays, which must all live in one place.

    ``where`` names the layer that asks, for errors.

    >>> ops_for(np.zeros(3)).name
    'numpy'
    """
    if all(isinstance(a, np.ndarray | np.generic) for a in arrays):
        return _NUMPY
    here = f"{where}: " if where else ""
    homes = sorted({_home(a, here) for a in arrays})
    if len(homes) > 1:
        raise BackendError(
            f"{here}expected arrays that live in one place, got some in "
            f"{' and some in '.join(homes)}"
            f"; put an array on the GPU with cupy.asarray(x), fetch one with x.get(), and build a "
            f"network where its data is: with mc.use_backend(...)"
        )
    return named("cupy")


def current_ops() -> Ops:
    """The operations of the backend where new arrays are made."""
    return _current


def to_numpy(a: Any) -> Array:
    """``a``, an array of any backend or a list of numbers, as a NumPy array."""
    return named("cupy").to_numpy(a) if _is_on_gpu(a) else np.asarray(a)


class use_backend:  # noqa: N801 - it reads as a verb: a call, and a ``with`` block
    """Say where new arrays are made: ``mc.use_backend("numpy")``, or ``"cupy"`` for a GPU.

    A call changes the setting until the next call; as a ``with`` block it is put back. Without
    a GPU that works, ``"cupy"`` is a :class:`BackendError`: nothing falls back by itself.

    >>> with use_backend("numpy"):
    ...     current_ops().name
    'numpy'
    """

    def __init__(self, name: str) -> None:
        global _current
        self._before = _current
        _current = named(name)

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


def named(name: str) -> Ops:
    """The operations of a backend; CuPy is loaded when first asked for."""
    if name not in ("numpy", "cupy"):
        raise BackendError(f'expected backend "numpy" or "cupy", got {name!r}')
    if name not in _loaded:
        from minicnn.backends.cupy_ops import CupyOps

        _loaded[name] = CupyOps(load_cupy())
    return _loaded[name]


def _is_on_gpu(a: Any) -> bool:
    cupy = sys.modules.get("cupy")  # whoever has an array of cupy has loaded it
    return cupy is not None and isinstance(a, cupy.ndarray)


def _home(a: Any, here: str) -> str:
    if isinstance(a, np.ndarray | np.generic):
        return "the computer's memory (NumPy)"
    if _is_on_gpu(a):
        return f"GPU {a.device.id} (CuPy)"
    raise DtypeError(
        f"{here}expected a NumPy or a CuPy array, got {type(a).__module__}.{type(a).__qualname__}; "
        f"convert it with numpy.asarray(...)"
    )
