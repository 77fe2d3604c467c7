"""Where the gradients of a backward pass go (floor 3)."""

from __future__ import annotations

from collections.abc import Callable

from minicnn.typing import Array, Params

MoveRows = Callable[[int, int, Array], None]


class Gradients:
    """Collects them: what the caller of ``Engine.backward`` gets."""

    def __init__(self) -> None:
        self.found: Params = {}

    def put(self, path: str, gradient: Array) -> None:
        """The gradient of one parameter, over the whole batch."""
        self.found[path] = gradient

    def mover(self, path: str) -> MoveRows | None:
        """If the gradient may be used up row by row: what to call with each piece of rows."""
        return None
