"""A segment: layers that treat samples one by one, taken block by block, depth first (floor 3).

A block of the batch goes through all of the segment's stages before the next block starts, so
what one stage writes is still in the core's cache when the next one reads it. Blocks are dealt
to *lanes*; a lane is one job for the threads and adds up its blocks' gradients in order, and
the lanes are added up in order too. Neither blocks nor lanes depend on the number of threads,
so the result doesn't either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from minicnn.engine import threads
from minicnn.engine.node import Node, Run
from minicnn.engine.options import current_options
from minicnn.engine.stages.conv import let_lend
from minicnn.engine.stages.flatten import FlattenStage
from minicnn.engine.stages.stage import Block, Stage, Sums
from minicnn.engine.tape import Bench, Reel, address, reel_for
from minicnn.typing import Array, DType, Shape

CACHE = 4 << 20  # bytes that a block may work on at once: strips stream, weights and maps stay
ROWS = 256  # rows that make a product worth packing its weights for
SMALL = 1 << 18  # bytes below which a whole batch is one block: threads would cost more
LANES = 16  # at most, so that many cores find work
LANE_MEMORY = 1 << 27  # bytes for the lanes' sums of gradients


@dataclass
class Known:
    """What a segment knows of batches of one shape, in one frame."""

    blocks: list[Block]
    out: Array  # where their output goes
    sums: Sums  # of the parameters' gradients
    ready: dict[int, Any] = field(default_factory=lambda: defaultdict(lambda: None))
    back: dict[int, Any] = field(default_factory=lambda: defaultdict(lambda: None))


class Segment(Node):
    """Stages, and how to cut a batch for them."""

    def __init__(self, stages: list[Stage], output_shape: Shape) -> None:
        self.stages = stages
        self.output_shape = output_shape
        let_lend(stages)
        self._learns_before = [
            any(s.gradient_size() for s in stages[:i]) for i in range(len(stages))
        ]

    # ---- a batch -------------------------------------------------------------------------------

    def forward(self, x: Array, run: Run) -> Array:
        """Every block through every stage."""
        reel = self._reel(x, run, "forward")
        run.cache[self.number] = reel, x.shape[1:]
        return self._through("forward", x, reel, run)

    def infer(self, x: Array, run: Run) -> Array:
        """Every block through every stage, nothing kept."""
        return self._through("infer", x, self._reel(x, run, "infer"), run)

    def _through(self, way: str, x: Array, reel: Reel, run: Run) -> Array:
        known: Known = reel.kept
        its_x, bring = reel.arriving(x, "x", run.outside)
        for stage in self.inner_stages():
            known.ready[stage.number] = stage.prepare_forward(run.dtype, known.ready[stage.number])

        def job(i: int) -> None:
            block = known.blocks[i]
            bring(block.rows)
            reel.work((way, i), lambda bench: through(block, bench))

        def through(block: Block, bench: Bench) -> None:
            block.bench, block.ready = bench, known.ready
            y = its_x[block.rows]
            for stage in self.stages:
                y = getattr(stage, way)(y, block)
            if not _same_place(y, known.out[block.rows]):
                bench.do.copyto(known.out[block.rows], y)
            block.bench = Bench()  # a tape that knows its block would hold on to itself

        threads.run(job, len(known.blocks))
        return known.out

    def backward(self, dy: Array, run: Run, need_dx: bool) -> Array | None:
        """Every block back through every stage."""
        reel, input_shape = run.cache[self.number]
        known: Known = reel.kept
        its_dy, bring = reel.arriving(dy, "dy", run.outside)
        for stage in self.inner_stages():
            known.back[stage.number] = stage.prepare_backward(run.dtype, known.back[stage.number])
        dx: Array | None = None
        if need_dx:
            memory = run.frame.scratch((self.number, "dx"))
            dx = memory.take("dx", (len(dy), *input_shape), run.dtype)
        sums = known.sums

        def job(lane: int) -> None:
            for block in known.blocks[lane :: sums.lanes]:
                bring(block.rows)
            reel.work(("backward", need_dx, lane), lambda bench: back(lane, bench))

        def back(lane: int, bench: Bench) -> None:
            for number, block in enumerate(known.blocks[lane :: sums.lanes]):
                block.bench, block.ready = bench, known.back
                block.sums, block.lane, block.leads = sums, lane, number == 0
                its_dx = self._back(its_dy[block.rows], block, need_dx)
                if dx is not None:
                    bench.do.copyto(dx[block.rows], its_dx)
                block.bench = Bench()

        threads.run(job, sums.lanes)
        for block in known.blocks:
            block.passing.clear()
        for path, totals in sums.totals.items():
            run.gradients.put(path, np.add.reduce(totals, axis=0))
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

    def _reel(self, x: Array, run: Run, way: str) -> Reel:
        """The reel for such a batch."""
        reel = reel_for(run.frame, self, (way, x.shape, x.dtype))
        if reel.kept is None:
            out = run.frame.scratch((self.number, "y"))
            y = out.take("y", (len(x), *self.output_shape), run.dtype)
            blocks = self._blocks(x, y, run)
            lanes = min(len(blocks), self._most_lanes(run.dtype))
            sums = Sums(run.frame.scratch((self.number, "lanes")), lanes)
            reel.kept = Known(blocks, y, sums)
        for block in reel.kept.blocks:
            block.training = run.training
        return reel

    def inner_stages(self) -> Iterator[Stage]:
        """All stages, those inside others too."""
        return (inner for stage in self.stages for inner in stage.inner())

    def has_params(self) -> bool:
        """Whether any stage can learn."""
        return any(stage.gradient_size() for stage in self.stages)

    # ---- how it is cut -------------------------------------------------------------------------

    def _blocks(self, x: Array, out: Array, run: Run) -> list[Block]:
        count = block_count(len(x), self.stages, run.dtype.itemsize)
        cuts = [len(x) * i // count for i in range(count + 1)]
        blocks = []
        for i, (start, end) in enumerate(pairwise(cuts)):
            block = Block(slice(start, end), run.training, run.frame.scratch((self.number, i)))
            block.target = self._target(out[block.rows])
            blocks.append(block)
        return blocks

    def _target(self, y: Array) -> tuple[int, Array]:
        """The stage that writes a block's output, and where: in front of a Flatten, as maps."""
        last = len(self.stages) - 1
        while last > 0 and isinstance(stage := self.stages[last], FlattenStage):
            y, last = y.reshape(len(y), *stage.shape), last - 1
        return self.stages[last].number, y

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


def _same_place(a: Array, b: Array) -> bool:
    """Whether a stage has written its result where it belongs."""
    return a.shape == b.shape and a.strides == b.strides and address(a) == address(b)
