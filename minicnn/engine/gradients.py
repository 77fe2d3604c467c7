"""Where the gradients of a backward pass go (floor 3)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from minicnn.engine.tape import Bench
from minicnn.typing import Array, Params


class Mover(ABC):
    """Moves rows of one parameter as soon as their gradient is known, which is used up."""

    plays: bool  # whether it does all through ``bench.do``, so that a tape can do it again
    case: Any  # what a tape knows of it by heart
    scale = 1.0  # what it wants the gradient multiplied by
    rates: Sequence[float] = ()  # what follows the learning rate, so changes from step to step
    arrays: tuple[Array, ...]  # the parameter and what the optimizer remembers of it

    @abstractmethod
    def move(self, rows: slice, gradient: Array, rates: Array, bench: Bench) -> None:
        """Move some rows."""

    @abstractmethod
    def finish(self, rows: slice) -> None:
        """What is left to do for them, on no tape."""


class Gradients:
    """Collects them: what the caller of ``Engine.backward`` gets."""

    def __init__(self) -> None:
        self.found: Params = {}

    def put(self, path: str, gradient: Array) -> None:
        """The gradient of one parameter, over the whole batch."""
        self.found[path] = gradient

    def mover(self, path: str, rows: int) -> Mover | None:
        """If the gradient may be used up so many rows at a time: who does it."""
        return None
