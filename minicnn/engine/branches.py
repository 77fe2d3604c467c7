"""Residual and Concat: ways that part and meet again (floor 3).

Each comes twice. As a stage, when all inside treat samples one by one: then a block takes all
the ways before the next block starts. As a node, when something inside needs the whole batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Several
from typing import Any

import numpy as np

from minicnn.engine.node import Node, Run, Sequence
from minicnn.engine.stages.stage import Block, Stage, numbers
from minicnn.layers import Concat
from minicnn.layers.container import Container
from minicnn.typing import Array, Params


def join(ys: Several[Array], container: Container) -> Array:
    """What the ways give, added up or side by side."""
    if isinstance(container, Concat):
        return np.concatenate(ys, axis=-1)
    return ys[0] + ys[1]


def part(dy: Array, container: Container) -> list[Array]:
    """What each way gets back of dy."""
    if isinstance(container, Concat):
        return [np.ascontiguousarray(dy[..., its]) for its in container._slices]
    return [dy] * len(container.layers)


class BranchStage(Stage):
    """The ways of a Residual or a Concat, for one block."""

    def __init__(self, container: Container, ways: list[list[Stage]]) -> None:
        self.container, self.ways = container, ways

    def forward(self, x: Array, block: Block) -> Array:
        """All ways see the same x."""
        return join([self._along(way, x, block, True) for way in self.ways], self.container)

    def infer(self, x: Array, block: Block) -> Array:
        """The same."""
        return join([self._along(way, x, block, False) for way in self.ways], self.container)

    def _along(self, way: list[Stage], x: Array, block: Block, keep: bool) -> Array:
        for stage in way:
            x = stage.forward(x, block) if keep else stage.infer(x, block)
        return x

    def backward(self, dy: Array, block: Block, need_dx: bool) -> Array | None:
        """x, used by all ways, adds up what comes back."""
        dx: Any = None
        for way, its_dy in zip(self.ways, part(dy, self.container), strict=True):
            its_dx = self._back(way, its_dy, block, need_dx)
            if need_dx:
                dx = its_dx if dx is None else dx + its_dx
        return dx

    def _back(self, way: list[Stage], dy: Array, block: Block, need_dx: bool) -> Array | None:
        dx: Array | None = dy
        for i in range(len(way) - 1, -1, -1):
            needed = need_dx or any(stage.gradient_size() for stage in way[:i])
            assert dx is not None
            dx = way[i].backward(dx, block, needed)
            if not needed:
                return None
        return dx

    def inner(self) -> Iterator[Stage]:
        """All stages of all ways."""
        yield self
        for way in self.ways:
            for stage in way:
                yield from stage.inner()

    def working_set(self, itemsize: int) -> int:
        """That of the most demanding stage, or what comes in and goes out."""
        own = numbers(self.container.input_shape) + numbers(self.container.output_shape)
        return max([own * itemsize, *(s.working_set(itemsize) for way in self.ways for s in way)])

    def rows(self) -> int:
        """As few as any stage inside has."""
        return min([1 << 30, *(stage.rows() for way in self.ways for stage in way)])

    def gradient_size(self) -> int:
        """All ways together."""
        return sum(stage.gradient_size() for way in self.ways for stage in way)


class BranchNode(Node):
    """The ways of a Residual or a Concat, for a whole batch."""

    def __init__(self, container: Container, ways: list[Sequence]) -> None:
        self.container, self.ways = container, ways

    def forward(self, x: Array, run: Run) -> Array:
        """All ways see the same x."""
        return join([way.forward(x, run) for way in self.ways], self.container)

    def infer(self, x: Array, run: Run) -> Array:
        """The same."""
        return join([way.infer(x, run) for way in self.ways], self.container)

    def backward(self, dy: Array, run: Run, need_dx: bool) -> Array | None:
        """x, used by all ways, adds up what comes back."""
        dx: Any = None
        for way, its_dy in zip(self.ways, part(dy, self.container), strict=True):
            its_dx = way.backward(its_dy, run, need_dx)
            if need_dx:
                dx = its_dx if dx is None else dx + its_dx
        return dx

    def next_state(self, run: Run) -> Params:
        """Those of all ways."""
        return {path: s for way in self.ways for path, s in way.next_state(run).items()}

    def has_params(self) -> bool:
        """Whether any way can learn."""
        return any(way.has_params() for way in self.ways)

    def inner(self) -> Iterator[Node]:
        """All nodes of all ways."""
        yield self
        for way in self.ways:
            yield from way.inner()
