"""A block: some consecutive samples of a batch, on their way through a segment."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, cast

import numpy as np

from minicnn.engine.memory.buffers import Buffers
from minicnn.engine.memory.recording import Owner, Workspace
from minicnn.engine.plan.samples import Samples, Work
from minicnn.engine.plan.steps import Part, Step
from minicnn.layers import Layer
from minicnn.randomness import Moment
from minicnn.typing import Array, Params, Shape

NO_PRODUCT = 1 << 30  # rows of a part that multiplies nothing: more than any other has


class PartialSums:
    """Gradients in ``count`` partial sums: each adds up those of its blocks, in order."""

    def __init__(self, memory: Buffers, count: int) -> None:
        self.count = count
        self.by_path: Params = {}  # (count, ...)
        self._memory = memory
        self._lock = threading.Lock()

    def of(self, path: str, gradient: Array) -> Array:
        """All partial sums of a parameter's gradient."""
        with self._lock:
            if path not in self.by_path:
                shape = (self.count, *gradient.shape)
                self.by_path[path] = self._memory.take(path, shape, gradient.dtype)
            return self.by_path[path]


class Block(Samples):
    """A block of batches of one shape: it stays, with its memory, and so do its notes.

    What a part does it does through ``workspace``, so that it is recorded. When that is repeated
    no part is asked, and nothing is noted: what is in ``notes`` must lie where it lay, in kept
    memory, or be x itself, and never be in the workspace's buffers.
    """

    def __init__(self, rows: slice, kept: Buffers) -> None:
        super().__init__()
        self.rows = rows  # its samples' places in the batch
        self.training: Any = False  # this batch's
        self.workspace = Workspace()  # where its job is done
        self.prepared: dict[int, Any] = {}  # what the parts have prepared for all blocks
        self.target: tuple[int, Array] | None = None  # a part's number, and where it writes
        self.sums: PartialSums | None = None
        self.partial, self.is_first = 0, False  # which sum it goes into, and whether it begins it
        self._kept = kept

    @property
    def moment(self) -> Any:
        """The batch's, at the block's first sample."""
        if not self.training:
            return self.training
        return Moment.of(self.training).at_sample(self.rows.start)

    def room(self, part: Owner, name: Any, shape: Shape, dtype: Any, keep: bool = False) -> Array:
        """In the block's own memory, or for a moment in the workspace."""
        memory = self._kept if keep else self.workspace.buffers
        return memory.take((part.number, name), shape, dtype)

    def result(self, part: Owner, shape: Shape, dtype: Any, keep: bool) -> Array:
        """Straight to where it belongs, if that is known."""
        if self.target is not None and self.target[0] == part.number:
            return self.target[1]
        return self.room(part, "y", shape, dtype, keep)

    def each(
        self, part: Owner, name: str, work: Work, into: tuple[Array, ...], *arrays: Array
    ) -> None:
        """In one go: a block is small."""
        work(self.workspace, *into, *arrays)

    def call(self, work: Callable[[], object]) -> None:
        """Recorded as a call."""
        self.workspace.call(work)

    def fresh(self, make: Callable[[], Array], place: Callable[[], Array]) -> Array:
        """Copied to where the recording looks for it."""
        array = place()
        self.workspace.call(lambda: np.copyto(array, make()))
        return array

    def cache_of(self, part: Owner) -> Any:
        """Dropped as soon as it has been used."""
        return self.caches.pop(part.number)

    def add_gradient(self, path: str, gradient: Array, recorded: bool = True) -> None:
        """Into its partial sum. Not ``recorded`` if this is part of a call, made anew each time."""
        assert self.sums is not None
        do = self.workspace.do if recorded else np
        total = self.sums.of(path, gradient)[self.partial]
        if self.is_first:
            do.copyto(total, gradient)
        else:
            do.add(total, gradient, out=total)


class BlockPart(Part[Block]):
    """A part that treats samples one by one, so that a batch may come to it in blocks."""

    by_block = True

    def prepare_forward(self, dtype: Any, earlier: Any) -> Any:
        """What all blocks share on the way forward; it appears as ``block.prepared[number]``.

        Recordings know its arrays by their place, so those made ``earlier`` are renewed.
        """
        return None

    def prepare_backward(self, dtype: Any, earlier: Any) -> Any:
        """And on the way back."""
        return None

    @abstractmethod
    def working_set(self, itemsize: int) -> int:
        """Bytes that one sample occupies while this part works on it."""

    def rows(self) -> int:
        """Rows that one sample gives to a product with the part's weights."""
        return NO_PRODUCT


def block_parts(steps: Iterable[Step]) -> list[BlockPart]:
    """The parts of a segment's steps."""
    return [cast(BlockPart, step.part) for step in steps]


def renewed(earlier: Array | None, values: Array) -> Array:
    """The values in one piece, where they were before."""
    if earlier is None:
        return np.array(values, order="C")
    np.copyto(earlier, values)
    return earlier


def param(layer: Layer, key: str, dtype: Any) -> Array:
    """A parameter in the dtype that the computation has."""
    p = layer.whole_param(key)
    return p if p.dtype == dtype else p.astype(dtype)


def size_of(shape: Shape | None) -> int:
    """How many numbers an array of this shape has."""
    return int(np.prod(shape or (), dtype=np.int64))
