"""What batches are made by, as texts that another process would write too (needs nobody).

A checkpoint keeps them: a run that goes on with another batch size, order or augmentation would be
another run, and nothing else would tell.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from minicnn.typing import Array

ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
DEEP = 5  # things in things in things: from there on their class has to do


def settings_of(data: Any) -> dict[str, Any]:
    """What ``data.settings()`` says; nothing of a data set that has no such method."""
    settings = getattr(data, "settings", None)
    return dict(settings()) if callable(settings) else {}


def lasting_text(thing: Any, deep: int = 0) -> str:
    """``thing`` as a text without addresses, which are others in every process.

    >>> class Blur:
    ...     def __init__(self, radius):
    ...         self.radius = radius
    >>> lasting_text([Blur(2), lasting_text])
    '[Blur(radius=2), lasting_text]'
    """
    if isinstance(thing, list | tuple):
        return f"[{', '.join(lasting_text(inner, deep + 1) for inner in thing)}]"
    if hasattr(thing, "__qualname__"):  # a function or a class
        return str(thing.__qualname__)
    which: Any = type(thing)
    if which.__repr__ != object.__repr__:
        return ADDRESS.sub("", repr(thing))
    inside = vars(thing) if hasattr(thing, "__dict__") and deep < DEEP else {}
    told = sorted((name, value) for name, value in inside.items() if not name.startswith("_"))
    shown = (f"{name}={lasting_text(value, deep + 1)}" for name, value in told)
    return f"{type(thing).__qualname__}({', '.join(shown)})"


def digest_of(labels: Array, others: Iterable[str] = ()) -> str:
    """A few signs that stand for labels, and for other texts in their order."""
    total = hashlib.blake2b(np.ascontiguousarray(labels).tobytes(), digest_size=8)
    for text in others:
        total.update(text.encode())
    return total.hexdigest()
