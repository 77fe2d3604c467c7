"""Residual and Concat: ways that part and meet again (floor 3).

Each comes twice. As a stage, when all inside treat samples one by one: then a block takes all
the ways before the next block starts. As a node, when something inside needs the whole batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minicnn.engine.node import Node, Run, Sequence
from minicnn.engine.scratch import Scratch
from minicnn.engine.stages.conv import let_lend
from minicnn.engine.stages.stage import Block, Stage, numbers
from minicnn.engine.sweep import samples_of, sweep
from minicnn.engine.tape import Bench, reel_for
from minicnn.layers import Concat
from minicnn.layers.container import Container
from minicnn.typing import Array, Params


class BranchStage(Stage):
    """The ways of a Residual or a Concat, for one block."""

    def __init__(self, container: Container, ways: list[list[Stage]]) -> None:
        self.container, self.ways = container, ways
        for way in ways:
            let_lend(way)

    def forward(self, x: Array, block: Block) -> Array:
        """All ways see the same x."""
        ys = [self._along(way, x, block, True) for way in self.ways]
        return self._join(ys, block, block.kept)

    def infer(self, x: Array, block: Block) -> Array:
        """The same."""
        ys = [self._along(way, x, block, False) for way in self.ways]
        return self._join(ys, block, block.bench.scratch)

    def _join(self, ys: list[Array], block: Block, memory: Scratch) -> Array:
        """What the ways give, added up or side by side."""
        shape = (len(ys[0]), *(self.container.output_shape or ()))
        y = block.result(self.number, memory, "y", shape, ys[0].dtype)
        if not isinstance(self.container, Concat):
            return block.bench.do.add(ys[0], ys[1], out=y)
        for its_y, its_slice in zip(ys, self.container._slices, strict=True):
            block.bench.do.copyto(y[..., its_slice], its_y)
        return y

    def _along(self, way: list[Stage], x: Array, block: Block, keep: bool) -> Array:
        for stage in way:
            x = stage.forward(x, block) if keep else stage.infer(x, block)
        return x

    def backward(self, dy: Array, block: Block, need_dx: bool) -> Array | None:
        """x, used by all ways, adds up what comes back."""
        dx: Any = None
        for way, its_dy in zip(self.ways, self._part(dy, block), strict=True):
            its_dx = self._back(way, its_dy, block, need_dx)
            if need_dx:
                dx = its_dx if dx is None else self._sum(dx, its_dx, block)
        return dx

    def _part(self, dy: Array, block: Block) -> list[Array]:
        """What each way gets back of dy."""
        if not isinstance(self.container, Concat):
            return [dy] * len(self.ways)
        parts = []
        for i, its_slice in enumerate(self.container._slices):
            its_dy = dy[..., its_slice]
            whole = block.bench.scratch.take((self.number, "dy", i), its_dy.shape, dy.dtype)
            block.bench.do.copyto(whole, its_dy)
            parts.append(whole)
        return parts

    def _sum(self, a: Any, b: Any, block: Block) -> Array:
        total = block.bench.scratch.take((self.number, "dx"), a.shape, a.dtype)
        return block.bench.do.add(a, b, out=total)

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
    """The ways of a Residual or a Concat, for a whole batch, and perhaps the ReLU after it."""

    def __init__(self, container: Container, ways: list[Sequence], relu: bool = False) -> None:
        self.container, self.ways, self.relu = container, ways, relu

    def forward(self, x: Array, run: Run) -> Array:
        """All ways see the same x."""
        y = self._met([way.forward(x, run) for way in self.ways], run)
        run.cache[self.number] = y
        return y

    def infer(self, x: Array, run: Run) -> Array:
        """The same."""
        return self._met([way.infer(x, run) for way in self.ways], run)

    def _met(self, ys: list[Array], run: Run) -> Array:
        if isinstance(self.container, Concat):
            y = np.concatenate(ys, axis=-1)
            return np.maximum(y, 0, out=y) if self.relu else y
        reel = reel_for(run.frame, self, ("forward", ys[0].shape, ys[0].dtype))
        first = reel.settled(ys[0], "first", run.outside)
        second = reel.settled(ys[1], "second", run.outside)
        y = run.frame.scratch(self.number).take("y", first.shape, first.dtype)

        def add(i: int, bench: Bench) -> None:
            its_y = samples_of(y, i)
            bench.do.add(samples_of(first, i), samples_of(second, i), out=its_y)
            if self.relu:
                bench.do.maximum(its_y, 0, out=its_y)

        sweep(reel, "add", y, add)
        return y

    def backward(self, dy: Array, run: Run, need_dx: bool) -> Array | None:
        """x, used by all ways, adds up what comes back."""
        if self.relu:
            dy = self._before_relu(dy, run)
        dx: Array | None = None
        for number, (way, its_dy) in enumerate(zip(self.ways, self._part(dy), strict=True)):
            its_dx = way.backward(its_dy, run, need_dx)
            if need_dx:
                dx = its_dx if dx is None else self._sum(dx, its_dx, number, run)
        return dx

    def _before_relu(self, dy: Array, run: Run) -> Array:
        y: Array = run.cache[self.number]
        reel = reel_for(run.frame, self, ("relu", y.shape, y.dtype))
        y = reel.settled(y, "y", run.outside)
        dy = reel.settled(dy, "dy", run.outside)
        dz = run.frame.scratch(self.number).take("dz", y.shape, y.dtype)

        def multiply(i: int, bench: Bench) -> None:
            its_y = samples_of(y, i)
            alive = bench.scratch.take("alive", its_y.shape, np.bool_)
            bench.do.greater(its_y, 0, out=alive)
            bench.do.multiply(samples_of(dy, i), alive, out=samples_of(dz, i))

        sweep(reel, "multiply", y, multiply)
        return dz

    def _part(self, dy: Array) -> list[Array]:
        """What each way gets back of dy."""
        if isinstance(self.container, Concat):
            return [np.ascontiguousarray(dy[..., its]) for its in self.container._slices]
        return [dy] * len(self.ways)

    def _sum(self, a: Any, b: Any, number: int, run: Run) -> Array:
        reel = reel_for(run.frame, self, ("sum", number, a.shape, a.dtype))
        a, b = reel.settled(a, "a", run.outside), reel.settled(b, "b", run.outside)
        total = run.frame.scratch(self.number).take("dx", a.shape, a.dtype)

        def add(i: int, bench: Bench) -> None:
            bench.do.add(samples_of(a, i), samples_of(b, i), out=samples_of(total, i))

        sweep(reel, "add", a, add)
        return total

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
