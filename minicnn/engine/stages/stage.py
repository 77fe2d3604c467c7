"""What takes one block of samples through one step of a network (floor 3).

A stage does what one layer does, or a few in a row, on a block of a batch. Unlike a layer it
writes into memory that is used again: the job's scratch for what is needed for a moment,
the block's kept memory for what its backward pass will need.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minicnn.engine.scratch import Scratch
from minicnn.engine.tape import Bench
from minicnn.layers import Layer
from minicnn.typing import Array, Params, Shape


class Sums:
    """Gradients by lane: each adds up those of its blocks in order, and all lanes are added up."""

    def __init__(self, memory: Scratch, lanes: int) -> None:
        self.lanes = lanes
        self.totals: Params = {}  # by path, (lanes, ...)
        self._memory = memory
        self._lock = threading.Lock()

    def add(self, path: str, gradient: Array, lane: int, first: bool, bench: Bench) -> None:
        """Add one block's share of a parameter's gradient; the first of a lane begins it."""
        total = self._total(path, gradient)[lane]
        if first:
            bench.do.copyto(total, gradient)
        else:
            bench.do.add(total, gradient, out=total)

    def _total(self, path: str, gradient: Array) -> Array:
        with self._lock:
            if path not in self.totals:
                shape = (self.lanes, *gradient.shape)
                self.totals[path] = self._memory.take(path, shape, gradient.dtype)
            return self.totals[path]


@dataclass
class Block:
    """Some consecutive samples of a batch, on their way through a segment."""

    rows: slice  # its samples' places in the batch
    training: Any  # False, True or a Moment, as layers take it
    kept: Scratch  # lives until the block's backward pass is over
    bench: Bench = field(default_factory=Bench)  # where its job is done
    cache: dict[int, Any] = field(
        default_factory=dict
    )  # arrays that stages find again on the way back
    passing: dict[Hashable, Any] = field(
        default_factory=dict
    )  # layers' caches, fresh for every batch
    ready: dict[int, Any] = field(default_factory=dict)  # what the stages prepared, for all blocks
    sums: Sums | None = None
    lane: int = 0  # of the sums, into which its gradients go
    leads: bool = False  # the first of its lane
    target: tuple[int, Array] | None = None  # a stage's number, and where its result belongs

    def result(self, number: int, memory: Scratch, name: str, shape: Shape, dtype: Any) -> Array:
        """Where a stage writes its result: straight to where it belongs, if that is known."""
        if self.target is not None and self.target[0] == number:
            return self.target[1]
        return memory.take((number, name), shape, dtype)

    def add_gradient(self, path: str, gradient: Array, bench: Bench | None = None) -> None:
        """Hand over a parameter's gradient over this block, through its bench or another."""
        assert self.sums is not None
        self.sums.add(path, gradient, self.lane, self.leads, bench or self.bench)


class Stage(ABC):
    """Subclasses give the values of the layers they stand for, block by block.

    All they do they do through ``block.bench``, so that a tape can do it again (tape.py). A tape
    that plays writes nothing into ``block.cache``: what is there must lie where it lay, in
    ``block.kept``, or be x itself, and never be in the bench's scratch.
    """

    number = 0  # its own within the plan, to name its memory by
    title = ""  # the layers it stands for, "conv2d_1 + maxpool2d_1"

    @abstractmethod
    def forward(self, x: Array, block: Block) -> Array:
        """The output, with what backward needs kept in the block."""

    @abstractmethod
    def backward(self, dy: Array, block: Block, need_dx: bool) -> Array | None:
        """dx (None unless it is needed); the parameters' gradients go to the block."""

    @abstractmethod
    def infer(self, x: Array, block: Block) -> Array:
        """The output, with nothing kept."""

    def prepare_forward(self, dtype: Any, earlier: Any) -> Any:
        """What all blocks share on the way forward; it appears as ``block.ready[number]``.

        Tapes know its arrays by their place, so those that were made ``earlier`` are renewed.
        """
        return None

    def prepare_backward(self, dtype: Any, earlier: Any) -> Any:
        """And on the way back."""
        return None

    def inner(self) -> Iterator[Stage]:
        """This stage and all stages inside it."""
        yield self

    @abstractmethod
    def working_set(self, itemsize: int) -> int:
        """Bytes that one sample occupies while this stage works on it."""

    def rows(self) -> int:
        """Rows that one sample gives to a product with the stage's weights; here there is none."""
        return 1 << 30

    @abstractmethod
    def gradient_size(self) -> int:
        """How many numbers the parameters' gradients are."""


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


def numbers(shape: Shape | None) -> int:
    """How many numbers an array of this shape has."""
    return int(np.prod(shape or (), dtype=np.int64))
