"""A segment: layers that treat samples one by one, taken block by block, depth first (floor 3).

A block of the batch goes through all of the segment's stages before the next block starts, so
what one stage writes is still in the core's cache when the next one reads it. Blocks are dealt
to *lanes*; a lane is one job for the threads and adds up its blocks' gradients in order, and
the lanes are added up in order too. Neither blocks nor lanes depend on the number of threads,
so the result doesn't either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from minicnn.engine import threads
from minicnn.engine.node import Node, Run
from minicnn.engine.options import current_options
from minicnn.engine.scratch import thread_scratch
from minicnn.engine.stages.stage import Block, Stage, Sums
from minicnn.typing import Array, DType, Shape

How = Callable[[Stage, Array, Block], Array]

CACHE = 6 << 20  # bytes that a block may work on at once: strips stream, weights and maps stay
ROWS = 256  # rows that make a product worth packing its weights for
SMALL = 1 << 18  # bytes below which a whole batch is one block: threads would cost more
LANES = 16  # at most, so that many cores find work
LANE_MEMORY = 1 << 27  # bytes for the lanes' sums of gradients


class Segment(Node):
    """Stages, and how to cut a batch for them."""

    def __init__(self, stages: list[Stage], output_shape: Shape) -> None:
        self.stages = stages
        self.output_shape = output_shape
        self._learns_before = [
            any(s.gradient_size() for s in stages[:i]) for i in range(len(stages))
        ]

    # ---- a batch -------------------------------------------------------------------------------

    def forward(self, x: Array, run: Run) -> Array:
        """Every block through every stage."""
        blocks = self._blocks(x, run)
        run.cache[self.number] = blocks, x.shape[1:]
        return self._through(Stage.forward, x, blocks, run)

    def infer(self, x: Array, run: Run) -> Array:
        """Every block through every stage, nothing kept."""
        return self._through(Stage.infer, x, self._blocks(x, run), run)

    def _through(self, how: How, x: Array, blocks: list[Block], run: Run) -> Array:
        memory = run.frame.scratch((self.number, "y"))
        out = memory.take("y", (len(x), *self.output_shape), run.dtype)
        step = how.__name__
        ready = {s.number: s.prepare_forward(run.dtype) for s in self.inner_stages()}

        def job(i: int) -> None:
            block = blocks[i]
            block.scratch, block.ready = thread_scratch(), ready
            block.target = self.stages[-1].number, out[block.rows]
            y = x[block.rows]
            for stage in self.stages:
                y = getattr(stage, step)(y, block)
            if y is not block.target[1]:
                block.target[1][...] = y

        threads.run(job, len(blocks))
        return out

    def backward(self, dy: Array, run: Run, need_dx: bool) -> Array | None:
        """Every block back through every stage."""
        blocks, input_shape = run.cache[self.number]
        ready = {s.number: s.prepare_backward(run.dtype) for s in self.inner_stages()}
        dx: Array | None = None
        if need_dx:
            memory = run.frame.scratch((self.number, "dx"))
            dx = memory.take("dx", (len(dy), *input_shape), run.dtype)
        count = min(len(blocks), self._most_lanes(run.dtype))
        sums = [Sums(run.frame.scratch((self.number, "lane", i))) for i in range(count)]

        def job(i: int) -> None:
            for block in blocks[i::count]:
                block.scratch, block.sums, block.ready = thread_scratch(), sums[i], ready
                its_dx = self._back(dy[block.rows], block, need_dx)
                if dx is not None:
                    dx[block.rows] = its_dx

        threads.run(job, count)
        for path in sums[0].totals:
            total = sums[0].totals[path].copy()
            for lane in sums[1:]:
                np.add(total, lane.totals[path], out=total)
            run.gradients.put(path, total)
        return dx

    def _back(self, dy: Array, block: Block, need_dx: bool) -> Array | None:
        dx: Array | None = dy
        for stage, learns_before in zip(
            reversed(self.stages), reversed(self._learns_before), strict=True
        ):
            assert dx is not None
            dx = stage.backward(dx, block, need_dx or learns_before)
            if not (need_dx or learns_before):
                return None
        return dx

    def inner_stages(self) -> Iterator[Stage]:
        """All stages, those inside others too."""
        return (inner for stage in self.stages for inner in stage.inner())

    def has_params(self) -> bool:
        """Whether any stage can learn."""
        return any(stage.gradient_size() for stage in self.stages)

    # ---- how it is cut -------------------------------------------------------------------------

    def _blocks(self, x: Array, run: Run) -> list[Block]:
        count = block_count(len(x), self.stages, run.dtype.itemsize)
        cuts = [len(x) * i // count for i in range(count + 1)]
        return [
            Block(slice(start, end), run.training, run.frame.scratch((self.number, i)))
            for i, (start, end) in enumerate(pairwise(cuts))
        ]

    def _most_lanes(self, dtype: DType) -> int:
        size = sum(stage.gradient_size() for stage in self.stages) * dtype.itemsize
        return max(1, min(LANES, LANE_MEMORY // max(size, 1)))


def ideal_block(stage: Stage, itemsize: int) -> int:
    """How many samples a stage would like to see at once."""
    fits = CACHE // max(stage.working_set(itemsize), 1)
    enough = -(-ROWS // stage.rows())
    return max(1, fits, enough)


def block_count(n: int, stages: list[Stage], itemsize: int) -> int:
    """How many blocks a batch of n is cut into: a function of shapes alone."""
    block = current_options().block
    if block is not None:
        return max(1, -(-n // block))
    if n * max(stage.working_set(itemsize) for stage in stages) <= SMALL:
        return 1
    count = -(-n // min(ideal_block(stage, itemsize) for stage in stages))
    # An even number shares out evenly between two threads. More blocks would suit more cores, but
    # small ones have the threads wait for Python's lock.
    return min(n, -(-count // 2) * 2)
