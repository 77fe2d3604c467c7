"""Which operations belong to which arrays, and where new arrays are made."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

import numpy as np

from minicnn.backends.gpu import load_cupy
from minicnn.backends.numpy_ops import NumpyOps
from minicnn.backends.ops import Ops
from minicnn.errors import BackendError, ConfigError, DtypeError
from minicnn.typing import Array

BUILT_IN = ("numpy", "cupy")
_NUMPY = NumpyOps()
_loaded: dict[str, Ops] = {"numpy": _NUMPY}
_current: Ops = _NUMPY
_own: dict[type, Ops] = {}  # backends of a user's own, under the type of their arrays


def ops_for(*arrays: Any, where: str = "") -> Ops:
    """The operations for these arrays, which must all live in one place.

    ``where`` names the layer that asks, for errors.

    >>> ops_for(np.zeros(3)).name
    'numpy'
    """
    if all(map(_is_numpys, arrays)):
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
    return _owner(arrays[0]) or named("cupy")


def are_numpys(*arrays: Any) -> bool:
    """Whether all of these are NumPy's own, and not of a backend derived from it."""
    return all(map(_is_numpys, arrays))


def current_ops() -> Ops:
    """The operations of the backend where new arrays are made."""
    return _current


def to_numpy(a: Any) -> Array:
    """``a``, an array of any backend or a list of numbers, as a NumPy array."""
    ops = _owner(a) or (named("cupy") if _is_on_gpu(a) else None)
    return np.asarray(a) if ops is None else ops.to_numpy(a)


def register_backend(ops: Ops, arrays: type | None = None) -> None:
    """Make a backend of your own known: ``mc.use_backend(ops.name)`` then makes its arrays.

    The arrays decide the backend, so its ``arrays`` need a type of their own; left out, it is
    ``ops.xp.ndarray``. A backend registered again under its name takes the place of the first.
    ``mc.testing.check_backend(ops.name)`` proves it right.
    """
    if not isinstance(ops, Ops) or not isinstance(getattr(ops, "name", None), str):
        raise ConfigError(
            f"register_backend: expected an Ops with a name, got {ops!r}; derive a class from "
            f"minicnn.backends.Ops, set name and xp, and hand over one of it"
        )
    kind = getattr(ops.xp, "ndarray", None) if arrays is None else arrays
    if ops.name in BUILT_IN:
        raise ConfigError(
            f"register_backend: expected a name of its own, got {ops.name!r}, which is built in"
        )
    if not isinstance(kind, type) or issubclass(np.ndarray, kind):
        raise ConfigError(
            f"register_backend: expected arrays of a type of their own for {ops.name!r}, got "
            f"{kind!r}; the arrays decide the backend, and NumPy's are NumPy's: derive a class "
            f"from np.ndarray, and let xp make such arrays"
        )
    if kind in _own and _own[kind].name != ops.name:
        raise ConfigError(
            f"register_backend: expected arrays of a type of their own for {ops.name!r}, got "
            f"{kind.__name__}, which belongs to {_own[kind].name!r}; derive another"
        )
    for other in [other for other, owner in _own.items() if owner.name == ops.name]:
        del _own[other]
    _own[kind] = ops


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
    if name not in BUILT_IN:
        for ops in _own.values():
            if ops.name == name:
                return ops
        names = " or ".join(f'"{known}"' for known in (*BUILT_IN, *(o.name for o in _own.values())))
        raise BackendError(f"expected backend {names}, got {name!r}")
    if name not in _loaded:
        from minicnn.backends.cupy_ops import CupyOps

        _loaded[name] = CupyOps(load_cupy())
    return _loaded[name]


def _is_on_gpu(a: Any) -> bool:
    cupy = sys.modules.get("cupy")  # whoever has an array of cupy has loaded it
    return cupy is not None and isinstance(a, cupy.ndarray)


def _owner(a: Any) -> Ops | None:
    """The backend of a user's own that an array belongs to, if any."""
    return next((ops for kind, ops in _own.items() if isinstance(a, kind)), None)


def _is_numpys(a: Any) -> bool:
    return isinstance(a, np.ndarray | np.generic) and not (_own and _owner(a))


def _home(a: Any, here: str) -> str:
    owner = _owner(a)
    if owner is not None:
        return f'the backend "{owner.name}"'
    if isinstance(a, np.ndarray | np.generic):
        return "the computer's memory (NumPy)"
    if _is_on_gpu(a):
        return f"GPU {a.device.id} (CuPy)"
    raise DtypeError(
        f"{here}expected a NumPy or a CuPy array, got {type(a).__module__}.{type(a).__qualname__}; "
        f"convert it with numpy.asarray(...)"
    )
