"""The arena of one batch: all that it keeps from its forward pass to its backward pass."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any
from weakref import WeakKeyDictionary

from minicnn.engine.memory.buffers import Buffers, Moves


class Arena:
    """Buffers by owner, and what was recorded on them."""

    def __init__(self) -> None:
        self.moves = Moves()
        self.recordings: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()  # see recording.py
        self.followed: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
        self._buffers: dict[Hashable, Buffers] = {}

    def buffers(self, owner: Hashable) -> Buffers:
        """The owner's part of the arena."""
        found = self._buffers.get(owner)
        return found or self._buffers.setdefault(owner, Buffers(self.moves))


class Arenas:
    """Arenas that wait for the next batch. Each call has one to itself, so calls never mix."""

    def __init__(self) -> None:
        self._free: list[Arena] = []

    def __reduce__(self) -> tuple[type[Arenas], tuple[()]]:
        """A copy, of a model for example, begins with no memory of its own."""
        return Arenas, ()

    def take(self) -> Arena:
        """An arena that nobody uses."""
        try:
            return self._free.pop()  # atomic, as append is
        except IndexError:
            return Arena()

    def give(self, arena: Arena) -> None:
        """The batch is done with its arena."""
        self._free.append(arena)
