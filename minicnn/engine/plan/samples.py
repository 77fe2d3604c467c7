"""Some samples on their way through a plan: a whole batch, or one block of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from minicnn.engine.memory.recording import Owner, Workspace
from minicnn.typing import Array, Shape

Work = Callable[..., object]  # (workspace, *into, *arrays): what to do with some of the samples


class Samples(ABC):
    """What a part may ask of the samples that go through it."""

    def __init__(self) -> None:
        self.notes: dict[int, Any] = {}  # what a part noted for the way back, by its number
        self.caches: dict[Any, Any] = {}  # layers' own caches: fresh ones in each batch

    @property
    @abstractmethod
    def moment(self) -> Any:
        """``training`` as layers take it: False, True, or a Moment that knows the first sample."""

    @abstractmethod
    def room(self, part: Owner, name: Any, shape: Shape, dtype: Any, keep: bool = False) -> Array:
        """An array of the part's; with ``keep`` it lasts until the backward pass."""

    def result(self, part: Owner, shape: Shape, dtype: Any, keep: bool) -> Array:
        """Where a part writes the value that it makes."""
        return self.room(part, "y", shape, dtype, keep)

    @abstractmethod
    def each(
        self, part: Owner, name: str, work: Work, into: tuple[Array, ...], *arrays: Array
    ) -> None:
        """``work`` that treats samples one by one: on all of them, in one go or in several."""

    @abstractmethod
    def call(self, work: Callable[[], object]) -> None:
        """Do what is no operation of NumPy on lasting arrays, such as a layer's own forward."""

    @abstractmethod
    def fresh(self, make: Callable[[], Array], place: Callable[[], Array]) -> Array:
        """An array that is made anew in each batch; copied to ``place`` if it has to stay there."""

    @abstractmethod
    def cache_of(self, part: Owner) -> Any:
        """The cache of a part's layer, on the way back."""

    @abstractmethod
    def add_gradient(self, path: str, gradient: Array, recorded: bool = True) -> None:
        """Hand over a parameter's gradient over these samples."""

    def sum(self, part: Owner, value: int, count: int, a: Array, b: Array) -> Array:
        """a + b for a value's gradient, in memory of the part's; a may be the sum before."""
        total = self.room(part, ("sum", value), a.shape, a.dtype)
        self.each(part, f"sum {value} {count}", _add, (total,), a, b)
        return total


def _add(workspace: Workspace, total: Array, a: Array, b: Array) -> None:
    workspace.do.add(a, b, out=total)
