"""Switches for the engine's parts, for tests and measurements; nobody needs them.

with engine_options(pool_first=False):       # how much does that trick bring?
    model.fit(...)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields, replace
from typing import Any

from minicnn.arguments import whole
from minicnn.errors import ConfigError


@dataclass(frozen=True)
class EngineOptions:
    """Everything is on by default."""

    plain: bool = False  # the loop over the layers: the definition
    threads: bool = True  # the library's own threads; else all of it on the caller's
    hold_blas: bool = True  # BLAS at one thread meanwhile
    block: int | None = None  # samples in a block; None: by the size of the strips
    fast_conv: bool = True  # convolutions by strips; else layer.forward on each block
    strips: bool = True  # windows that overlap in memory; else each is copied
    small_products: bool = True  # products cut so that BLAS need not copy their operands
    pool_first: bool = True  # pool before bias and ReLU
    fast_norm: bool = True  # BatchNorm, and a Residual's sum, in sweeps, with the ReLU after it
    split_dense: bool = True  # the products of Dense on all threads
    fused_update: bool = True  # update Dense's W piece by piece while its gradient is in cache
    reuse: bool = True  # buffers that stay; else fresh ones every time
    record: bool = True  # operations recorded once and repeated; needs buffers that stay
    split_update: bool = True  # the optimizer's rule in cache-sized pieces on all threads
    stopwatch: Any = None  # a Stopwatch that times every layer


DEFAULTS = EngineOptions()
_current: ContextVar[EngineOptions] = ContextVar("engine_options", default=DEFAULTS)


def current_options() -> EngineOptions:
    """The switches as they stand here and now."""
    return _current.get()


@contextmanager
def engine_options(**changes: Any) -> Iterator[EngineOptions]:
    """Change some switches for the length of a ``with`` block, in this thread.

    ``record`` was called ``tapes`` before; that name still works.

    >>> with engine_options(plain=True):
    ...     current_options().plain
    True
    >>> current_options().plain
    False
    """
    if "tapes" in changes:
        if "record" in changes:
            raise ConfigError(
                "engine_options: expected record or its old name tapes, got both; leave out tapes"
            )
        changes["record"] = changes.pop("tapes")
    _check(changes)
    token = _current.set(replace(_current.get(), **changes))
    try:
        yield _current.get()
    finally:
        _current.reset(token)


def _check(changes: dict[str, Any]) -> None:
    """Raise one clear error for a switch that there is not, and for a block of no samples."""
    names = [field.name for field in fields(EngineOptions)]
    unknown = [repr(name) for name in changes if name not in names]
    if unknown:
        raise ConfigError(
            f"engine_options: expected switches from {', '.join(names)}, got {', '.join(unknown)}"
        )
    if changes.get("block") is not None:
        whole(changes["block"], "block", "engine_options")
